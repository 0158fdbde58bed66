// Everybody in the shop who holds a ticket, oldest first: those who wait, are on hold, will be called back, stand elsewhere.
import { attribute, icon, made, part, show, write } from "../floor/dom.js";
import { t } from "../floor/here.js";
import { hm, serverNow, stopwatch } from "../floor/time.js";
import { ageOf, longerThanTold } from "./desk.js";
import { serviceName, told } from "./say.js";

export class Line {
  constructor(aside, desk) {
    Object.assign(this, { desk, list: part(aside, "line"), count: part(aside, "count"), nobody: part(aside, "nobody") });
  }

  draw() {
    const { row } = this.desk;
    const known = new Map([...this.list.children].map((node) => [node.dataset.key, node]));
    row.line.forEach((one, place) => {
      const node = known.get(one.id) ?? made("person-row");
      known.delete(one.id);
      node.dataset.key = one.id;
      if (this.list.children[place] !== node) this.list.insertBefore(node, this.list.children[place] ?? null);
      this.#fill(node, one, one.id === row.next);
    });
    for (const node of known.values()) node.remove();
    write(this.count, String(row.line.length));
    show(this.nobody, row.line.length === 0);
  }

  #fill(node, one, next) {
    const [shape, tone, what, more] = this.#facts(one, next);
    icon(node, shape);
    const picture = node.querySelector("svg");
    for (const look of ["is-warn", "is-crit", "is-new"]) picture.classList.toggle(look, look === tone);
    attribute(node, "aria-current", next ? "true" : null);
    write(part(node, "number"), one.shown);
    write(part(node, "what"), what);
    write(part(node, "more"), more);
    const age = part(node, "age");
    write(age, stopwatch(ageOf(one)));
    age.classList.toggle("is-warn", one.state === "waiting" && longerThanTold(one, this.desk));
  }

  /** Shape, colour, what is so, and the small line below it. */
  #facts(one, next) {
    const time = one.until ? hm(one.until) : "";
    if (one.state === "held") {
      const late = Date.parse(one.until) < serverNow();
      const who = t("on_hold", { name: one.staff ?? "" });
      return ["hold", late ? "is-crit" : "is-warn", who, t(late ? "hold_late" : "hold_until", { time })];
    }
    if (one.state === "callback_booked") return ["bell", "is-new", t("call_back"), t("until", { time })];
    if (one.state === "stepped_away") return ["cup", "is-new", t("away"), t("back_until", { time })];
    if (one.state !== "waiting") return ["people", "is-new", serviceName(one), t("at", { counter: one.counter_name ?? "" })];
    const late = longerThanTold(one, this.desk);
    const shape = next || late ? "circ" : "ring";
    return [shape, late ? "is-warn" : "is-new", next ? t("next_for_you") : serviceName(one), told(one) || (next ? serviceName(one) : "")];
  }
}
