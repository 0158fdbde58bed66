// What alarms and is no party at the door: a queue that is too long, somebody on hold or to be called back whom nobody has
// come back to. Each is a card. The foot of the page has a quiet line for each queue, counted by cameras or by numbers.
import { attribute, icon, made, part, show, write } from "./dom.js";
import { here, t, tn } from "./here.js";
import { age, hm, stopwatch } from "./time.js";

const beginning = "queue:";

/** The key of a card is that of a queue, not of a visit. */
export const isQueue = (key) => key.startsWith(beginning);

const CARDS = new Set(["queue_over", "hold_overdue"]);

/** What alarms and concerns this screen, as cards are made of: the zone's own, then everybody's. */
export function longQueues(floor, zone) {
  const mine = floor.alerts.filter((alert) => CARDS.has(alert.kind) && (!zone || alert.zone === zone || alert.level >= 1));
  return mine.map((alert) => ({
    id: `${beginning}${alert.id}`, queue: true, zone: alert.zone, zone_name: named(floor, alert), state: "queue", t0: alert.since, alert,
  }));
}

const named = (floor, { kind, zone, detail, ticket }) =>
  kind === "hold_overdue" ? [detail, ticket ? serviceName(ticket) : floor.zone(zone)].filter(Boolean).join(" · ") : floor.zone(zone);

/** The name of the service a ticket waits for, in the person's language. */
export const serviceName = ({ service, service_name }) => here.services?.[service] ?? service_name;

const isCallBack = ({ ticket }) => ticket?.state === "callback_booked";

/** What is said to those who listen when it begins. */
export const spoken = ({ alert, zone_name }) =>
  alert.kind === "queue_over" ? t("spoken_queue", { zone: zone_name }) : t(isCallBack(alert) ? "spoken_callback" : "spoken_hold", { number: alert.detail });

/** The card of one of them. */
export function fillQueue(node, { alert, zone_name }, { floor, me, now }) {
  const taken = alert.state === "acknowledged";
  const mine = taken && alert.acknowledged_by === me.id;
  attribute(node, "data-s", taken ? (mine ? "mine" : "kept") : alert.level >= 1 ? "all" : "over");
  icon(node, taken ? "sq" : "tri");
  write(part(node, "zone"), zone_name);
  write(part(node, "clock"), stopwatch(age(alert.since, now)));
  write(part(node, "state"), taken ? t(mine ? "mine" : "kept", { name: alert.acknowledged_name ?? "" }) : t(WORDS(alert), { name: alert.by_name ?? "" }));
  write(part(node, "facts"), alert.kind === "queue_over" ? facts(rowOf(floor, alert.zone), now) : promised(alert));
  const going = part(node, "going");
  going.disabled = false;
  show(going, !taken);
  attribute(going, "data-about", alert.id);
}

const WORDS = (alert) => (alert.kind === "queue_over" ? "queue_over" : isCallBack(alert) ? "callback_over" : "hold_late");

function promised({ ticket }) {
  if (!ticket?.until) return "";
  return t(ticket.state === "callback_booked" ? "callback_by" : "hold_said", { time: hm(ticket.until), name: ticket.staff ?? "" });
}

const rowOf = (floor, zone) => floor.queues.find((queue) => queue.zone === zone);

function facts(queue, now) {
  if (!queue || queue.people === null) return t("queue_unwatched");
  const people = tn("people", queue.people);
  return queue.longest_since ? t("queue_facts", { people, time: stopwatch(age(queue.longest_since, now)) }) : people;
}

const AGAIN_MS = 5000;

/** The counter at which this person stands: the one this browser was set to, if they have several. */
export function counterOf(floor) {
  const mine = floor.line.counters.filter(({ staff }) => staff === here.me.id);
  return mine.find(({ id }) => id === localStorage.getItem("greetline.counter")) ?? mine[0] ?? null;
}

/** The quiet lines at the foot of the page, one for each zone with a queue. */
export class Lines {
  #calling = null;
  #asked = false;

  constructor(list, { floor, redraw }) {
    Object.assign(this, { list, floor, redraw });
  }

  /** Only whoever stands at a counter calls somebody: a tablet that needs no "Call next" does not fetch what it takes. */
  async #need() {
    if (this.#asked || !counterOf(this.floor)) return;
    this.#asked = true;
    try {
      const { Calling } = await import("./calling.js");
      this.#calling = new Calling({ floor: this.floor, redraw: this.redraw });
      this.redraw();
    } catch {
      setTimeout(() => (this.#asked = false), AGAIN_MS);
    }
  }

  call(service) {
    this.#calling?.call(service);
  }

  draw(now, zone, link) {
    this.#need();
    const shown = [...counted(this.floor, now, zone), ...numbered(this.floor, now, zone, this.#calling)];
    while (this.list.children.length > shown.length) this.list.lastElementChild.remove();
    while (this.list.children.length < shown.length) this.list.append(made("line"));
    shown.forEach((one, place) => {
      fillLine(this.list.children[place], one);
      this.#calling?.draw(this.list.children[place], one.service, link);
    });
    show(this.list, shown.length > 0);
  }
}

function fillLine(row, { sign, crit, name, count, more, service, numbered = false }) {
  attribute(part(row, "way"), "href", service && here.serves ? "/counter" : null);
  row.classList.toggle("numbered", numbered);
  const mark = part(row, "mark");
  mark.toggleAttribute("hidden", !sign); // an SVG element has no property for it
  if (sign) icon(mark, sign);
  mark.classList.toggle("is-crit", Boolean(crit));
  write(part(row, "name"), name);
  write(part(row, "count"), count);
  write(part(row, "more"), more);
}

/** The queues that cameras count. */
function counted(floor, now, zone) {
  return floor.queues.filter((queue) => !zone || queue.zone === zone).map((queue) => {
    const seen = queue.people !== null && !floor.serviceSilent;
    const over = floor.alerts.some((alert) => alert.kind === "queue_over" && alert.zone === queue.zone);
    return {
      sign: !seen ? "eyeoff" : over ? "tri" : null, crit: seen && over, name: queue.zone_name,
      count: seen ? String(queue.people) : "–", more: seen ? waits(queue, now) : t("queue_unwatched"),
    };
  });
}

const MOST_SERVICES = 2; // those this person serves, then those whose first in line has waited longest; the list by age has them all

/** The queues of those who hold a number, and how many are on hold. */
function numbered(floor, now, zone, calling) {
  const services = floor.line.services.filter((one) => !zone || one.zone === zone || !one.zone || calling?.serves(one.id));
  const own = (one) => (calling?.serves(one.id) ? 0 : 1);
  const longest = [...services].sort((a, b) => own(a) - own(b) || (a.oldest < b.oldest ? -1 : 1)).slice(0, MOST_SERVICES);
  const rows = services.filter((one) => longest.includes(one)).map((one) => ({
    service: one.id, name: serviceName({ service: one.id, service_name: one.name }), count: String(calling?.left(one) ?? one.waiting), more: t("oldest", { time: stopwatch(age(one.oldest, now)) }), numbered: true,
  }));
  const held = [...floor.tickets.values()].filter((one) => one.state === "held" && one.until).sort((a, b) => (a.until < b.until ? -1 : 1));
  if (held.length) rows.push({ numbered: true, name: t("on_hold"), count: String(floor.line.held), more: t("back_by", { number: held[0].shown, time: hm(held[0].until) }) });
  return rows;
}

function waits(queue, now) {
  if (!queue.watched) return t("queue_partly");
  if (!queue.people) return t("queue_empty");
  if (!queue.longest_since) return t("queue_waiting");
  const minutes = Math.floor(age(queue.longest_since, now) / 60);
  return minutes < 1 ? t("queue_new") : t("queue_longest", { m: minutes });
}
