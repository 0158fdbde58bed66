// One card for each party that waits for hello: shape, word and colour, in that order, and a line that grows with age.
import { attribute, icon, made, part, show, write } from "./dom.js";
import { t, tn } from "./here.js";
import { fillQueue, isQueue } from "./queues.js";
import { stateNow } from "./state.js";
import { age, hms, left, stopwatch } from "./time.js";

// State -> shape of the icon, look of the card, words.
const LOOK = {
  entered: ["ring", "new", "entered"],
  due: ["circ", "due", "due"],
  overdue: ["tri", "over", "overdue"],
  escalated: ["tri", "all", "escalated"],
  late: ["circ", "due", "late"],
};

export class Cards {
  #nodes = new Map();

  constructor(region, { floor, me }) {
    Object.assign(this, { region, floor, me });
  }

  /** Bring the page to `cards`, in that order, as things stand at `now` (server time). */
  draw(cards, now) {
    const keep = new Set(cards.map((card) => card.key));
    for (const [key, node] of this.#nodes) if (!keep.has(key)) this.#drop(key, node);
    const focused = document.activeElement;
    cards.forEach((card, place) => {
      const node = this.#node(card);
      if (this.region.children[place] !== node) this.region.insertBefore(node, this.region.children[place] ?? null);
      this.#fill(node, card, now);
    });
    // Moving a card in the document takes the keyboard away from it.
    if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
  }

  #drop(key, node) {
    const next = node.contains(document.activeElement) ? (node.nextElementSibling ?? node.previousElementSibling) : null;
    node.remove();
    this.#nodes.delete(key);
    next?.querySelector("button:not([hidden])")?.focus({ preventScroll: true });
  }

  #node(card) {
    let node = this.#nodes.get(card.key);
    if (!node) {
      node = made(card.group ? "group" : isQueue(card.key) ? "long-queue" : "card");
      node.dataset.key = card.key;
      this.#nodes.set(card.key, node);
    }
    return node;
  }

  #fill(node, card, now) {
    if (card.ghost) this.#ghost(node, card);
    else if (card.group) this.#group(node, card, now);
    else if (isQueue(card.key)) fillQueue(node, card.visits[0], { floor: this.floor, me: this.me, now });
    else this.#one(node, card.visits[0], now);
  }

  /** What is over keeps its place until nobody touches the screen; it says how it ended and has nothing to tap. */
  #ghost(node, card) {
    if (isQueue(card.key)) return this.#over(node, "sq", t("queue_gone"));
    const row = this.floor.gone.get(card.key) ?? this.floor.visits.get(card.key);
    const end = row ? this.floor.foreseen(row, this.me) : null;
    const greeted = end?.acknowledged_by && end.state !== "dismissed" && end.state !== "merged";
    return this.#over(node, greeted ? "sq" : "ring", ended(end));
  }

  #over(node, shape, words) {
    attribute(node, "data-s", "gone");
    icon(node, shape);
    write(part(node, "state"), words);
    for (const control of node.querySelectorAll("button")) control.disabled = true;
    for (const name of ["parties", "sending"]) show(part(node, name), false);
  }

  #one(node, visit, now) {
    const seconds = age(visit.t0, now);
    const claimed = visit.state === "claimed";
    const mine = claimed && visit.claimed_by === this.me.id;
    const state = stateNow(visit, this.floor.standards, seconds);
    const [shape, look, words] = LOOK[state] ?? ["sq", mine ? "mine" : "kept", mine ? "mine" : "kept"];
    this.#head(node, visit.zone_name, { shape, look, seconds });
    write(part(node, "state"), t(words, { name: visit.claimed_name ?? "" }));
    write(part(node, "facts"), claimed ? heldFor(visit, mine, now) : facts(visit, state));
    this.#buttons(node, { claimed, mine, urgent: look !== "new", zone: visit.zone_name, help: visit.help });
    show(part(node, "sending"), Boolean(visit.sending));
    attribute(node, "aria-busy", visit.sending ? "true" : null);
  }

  #head(node, zone, { shape, look, seconds }) {
    attribute(node, "data-s", look);
    icon(node, shape);
    write(part(node, "zone"), zone);
    write(part(node, "clock"), stopwatch(seconds));
    line(part(node, "age"), seconds, this.floor.standards);
  }

  #buttons(node, { claimed, mine, urgent, zone, help }) {
    for (const control of node.querySelectorAll("button")) control.disabled = false;
    const going = part(node, "going");
    show(going, !claimed);
    going.classList.toggle("main", urgent);
    show(part(node, "greeted"), claimed);
    part(node, "greeted").classList.toggle("done", mine);
    show(part(node, "release"), mine);
    show(part(node, "help"), !claimed);
    attribute(part(node, "help"), "aria-disabled", help ? "true" : null);
    attribute(part(node, "more"), "aria-label", t("more_for", { zone }));
  }

  #group(node, card, now) {
    const oldest = card.visits[0];
    const seconds = age(oldest.t0, now);
    const state = stateNow(oldest, this.floor.standards, seconds);
    const [shape, look, words] = LOOK[state];
    this.#head(node, oldest.zone_name, { shape, look, seconds });
    const all = card.visits.length + this.floor.beyondIn(card.zone);
    write(part(node, "count"), tn("waiting_n", all));
    write(part(node, "state"), t(words));
    const lead = card.visits.find((visit) => visit.lead_name);
    const longest = tn("longest_of", all);
    write(part(node, "facts"), lead ? `${longest} ${leadCalled(lead)}` : longest);
    for (const control of node.querySelectorAll("button")) control.disabled = false;
    part(node, "going").classList.toggle("main", look !== "new");
    this.#parties(part(node, "parties"), card.visits, now);
  }

  #parties(list, visits, now) {
    while (list.children.length > visits.length) list.lastElementChild.remove();
    while (list.children.length < visits.length) list.append(made("party"));
    visits.forEach((visit, place) => {
      const row = list.children[place];
      const seconds = age(visit.t0, now);
      icon(row, LOOK[stateNow(visit, this.floor.standards, seconds)][0]);
      write(part(row, "age"), stopwatch(seconds));
      write(part(row, "size"), tn("people", visit.size));
    });
    show(list, true);
    // More than fit can be scrolled, with the keyboard too; the longest waiting stand first.
    list.toggleAttribute("tabindex", list.scrollHeight > list.clientHeight);
    if (list.hasAttribute("tabindex")) list.tabIndex = 0;
  }
}

function facts(visit, state) {
  const who = `${tn("people", visit.size)}, ${hms(visit.t0)}`;
  if (visit.help) return visit.help.state === "acknowledged" ? t("help_coming", { name: visit.help.acknowledged_name }) : t("help_called");
  return state === "escalated" && visit.lead_name ? leadCalled(visit) : who;
}

const leadCalled = (visit) => t("lead_called", { name: visit.lead_name, time: hms(visit.lead_called_at) });

function heldFor(visit, mine, now) {
  if (!visit.claimed_until) return t("sending");
  return t(mine ? "yours_for" : "held_for", { s: left(visit.claimed_until, now) });
}

function ended(row) {
  if (row?.sending) return t("sending");
  const name = row?.acknowledged_name;
  if (row?.acknowledged_at && row.state !== "left_unacknowledged") return name ? t("greeted_by", { name }) : t("greeted_done");
  const words = { acknowledged: "greeted_done", dismissed: "not_customer", merged: "merged", left_unacknowledged: "left" };
  return t(words[row?.state] ?? "moved");
}

/** Draw the age line: 100 wide is the moment everybody is called, cut where the shop warns, a tall tick at the promise. */
function line(svg, seconds, standards) {
  const x = (value) => Math.min(100, (value / standards.escalate) * 100);
  attribute(part(svg, "cut"), "d", `M${x(standards.warn)} 0v10`);
  attribute(part(svg, "promise"), "d", `M${x(standards.greet_within)} -4v18`);
  attribute(part(svg, "full"), "d", `M0 5h${x(seconds).toFixed(2)}`);
  attribute(svg, "aria-label", t("age_line", { s: seconds, promise: standards.greet_within }));
}
