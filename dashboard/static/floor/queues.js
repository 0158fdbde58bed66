// Queues at counters without tickets, as cameras count them: a card when one is too long, and a quiet line for each.
import { attribute, icon, made, part, show, write } from "./dom.js";
import { t, tn } from "./here.js";
import { age, stopwatch } from "./time.js";

const beginning = "queue:";

/** The key of a card is that of a queue, not of a visit. */
export const isQueue = (key) => key.startsWith(beginning);

/** The queues that are too long and concern this screen, as cards are made of: the zone's own, then everybody's. */
export function longQueues(floor, zone) {
  const here = floor.alerts.filter((alert) => alert.kind === "queue_over" && (!zone || alert.zone === zone || alert.level >= 1));
  return here.map((alert) => ({
    id: `${beginning}${alert.id}`, queue: true, zone: alert.zone, zone_name: floor.zone(alert.zone), state: "queue", t0: alert.since, alert,
  }));
}

/** The card of a queue that is too long. */
export function fillQueue(node, { alert, zone_name }, { floor, me, now }) {
  const taken = alert.state === "acknowledged";
  const mine = taken && alert.acknowledged_by === me.id;
  attribute(node, "data-s", taken ? (mine ? "mine" : "kept") : alert.level >= 1 ? "all" : "over");
  icon(node, taken ? "sq" : "tri");
  write(part(node, "zone"), zone_name);
  write(part(node, "clock"), stopwatch(age(alert.since, now)));
  write(part(node, "state"), taken ? t(mine ? "mine" : "kept", { name: alert.acknowledged_name ?? "" }) : t("queue_over"));
  write(part(node, "facts"), facts(rowOf(floor, alert.zone), now));
  const going = part(node, "going");
  going.disabled = false;
  show(going, !taken);
  attribute(going, "data-about", alert.id);
}

const rowOf = (floor, zone) => floor.queues.find((queue) => queue.zone === zone);

function facts(queue, now) {
  if (!queue || queue.people === null) return t("queue_unwatched");
  const people = tn("people", queue.people);
  return queue.longest_since ? t("queue_facts", { people, time: stopwatch(age(queue.longest_since, now)) }) : people;
}

/** The quiet lines at the foot of the page, one for each zone with a queue. */
export class Lines {
  constructor(list, floor) {
    Object.assign(this, { list, floor });
  }

  draw(now, zone) {
    const queues = this.floor.queues.filter((queue) => !zone || queue.zone === zone);
    while (this.list.children.length > queues.length) this.list.lastElementChild.remove();
    while (this.list.children.length < queues.length) this.list.append(made("line"));
    queues.forEach((queue, place) => fillLine(this.list.children[place], queue, this.floor, now));
    show(this.list, queues.length > 0);
  }
}

function fillLine(row, queue, floor, now) {
  const seen = queue.people !== null && !floor.serviceSilent;
  const over = floor.alerts.some((alert) => alert.kind === "queue_over" && alert.zone === queue.zone);
  const mark = part(row, "mark");
  mark.toggleAttribute("hidden", seen && !over); // an SVG element has no property for it
  icon(mark, seen ? "tri" : "eyeoff");
  mark.classList.toggle("is-crit", seen && over);
  write(part(row, "name"), queue.zone_name);
  write(part(row, "count"), seen ? String(queue.people) : "–");
  write(part(row, "more"), seen ? waits(queue, now) : t("queue_unwatched"));
}

function waits(queue, now) {
  if (!queue.watched) return t("queue_partly");
  if (!queue.people) return t("queue_empty");
  if (!queue.longest_since) return t("queue_waiting");
  const minutes = Math.floor(age(queue.longest_since, now) / 60);
  return minutes < 1 ? t("queue_new") : t("queue_longest", { m: minutes });
}
