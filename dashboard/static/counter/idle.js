// Nobody is here: which counter this is, whether it is open, who comes next, and whom this counter has on hold.
import { attribute, icon, made, part, show, write } from "../floor/dom.js";
import { here as page, listed, t, tn } from "../floor/here.js";
import { hm, left, serverNow, stopwatch } from "../floor/time.js";
import { waitedOf } from "./desk.js";
import { holdReason, serviceName, told } from "./say.js";

/** Let the person choose which counter this screen stands at. */
export function drawChoices(root, counters, choose) {
  show(root, true);
  part(root, "choices").replaceChildren(...counters.map((counter) => {
    const node = made("choice-of-counter");
    write(part(node, "name"), counter.name);
    write(part(node, "serves"), counter.services.length ? listed(counter.services.map((id) => page.services[id] ?? id)) : t("serves_all"));
    write(part(node, "who"), counter.shift ? t(counter.shift.kind === "open" ? "has_it" : "has_it_break", { name: counter.shift.staff_name }) : t("is_closed"));
    node.firstElementChild.addEventListener("click", () => choose(counter.id));
    return node;
  }));
}

export class Idle {
  constructor(root, desk) {
    Object.assign(this, { root, desk, holds: part(root, "holds") });
  }

  /** Returns what the big button does: open, back from a break, take over, or nothing. */
  draw() {
    const { row } = this.desk;
    show(this.root, !row.here);
    if (row.here) return null;
    const [over, words, sub, act] = this.#words(row);
    write(part(this.root, "over"), over);
    write(part(this.root, "words"), words);
    write(part(this.root, "sub"), sub);
    const button = part(this.root, "act");
    show(button, Boolean(act));
    if (act) write(part(button, "label"), act === "back" ? t("back_to_work") : act === "take" ? t("take_over") : t("open_counter", { counter: row.counter_name }));
    this.#drawHolds(row);
    return act;
  }

  #words(row) {
    const { shift, counter_name: counter } = row;
    if (!shift) return [t(row.open ? "ready_when" : "shop_closed"), t("counter_closed", { counter }), tn("waiting_n", this.#able(row).length), "open"];
    if (!this.desk.mine) return [t("somebody_else"), t("has_counter", { name: shift.staff_name, counter }), t("take_over_note"), "take"];
    if (shift.kind !== "open") return [t("break_since", { time: hm(shift.since) }), t("on_break"), tn("waiting_n", this.#able(row).length), "back"];
    const next = row.line.find((one) => one.id === row.next);
    if (!next) return [t("counter_open"), t("nobody_waits"), t("nobody_waits_more"), null];
    const waited = [t("waited", { time: stopwatch(waitedOf(next, this.desk)) }), told(next)].filter(Boolean).join(", ");
    return [t("next_is"), next.shown, `${serviceName(next)}. ${waited}`, null];
  }

  #able(row) {
    const served = new Set(row.services.map(({ id }) => id));
    return row.line.filter((one) => one.state === "waiting" && served.has(one.service));
  }

  #drawHolds(row) {
    const own = row.line.filter((one) => one.state === "held" && one.counter === row.counter);
    while (this.holds.children.length > own.length) this.holds.lastElementChild.remove();
    while (this.holds.children.length < own.length) this.holds.append(made("own-hold"));
    own.forEach((one, place) => this.#fillHold(this.holds.children[place], one, row));
    show(this.holds, own.length > 0);
  }

  #fillHold(node, one, row) {
    const now = serverNow();
    const late = Date.parse(one.until) < now;
    node.dataset.key = one.id;
    const picture = node.querySelector("svg");
    picture.classList.toggle("is-crit", late);
    picture.classList.toggle("is-warn", !late);
    icon(node, "hold");
    write(part(node, "number"), one.shown);
    write(part(node, "until"), t(late ? "hold_late" : "hold_until", { time: hm(one.until) }) + ` · ${holdReason(one.reason)}`);
    const due = left(Date.parse(one.updated_at) + row.hold_update * 1000, now);
    write(part(node, "told"), due ? t("tell_in", { time: stopwatch(due) }) : t("tell_now"));
    node.classList.toggle("due", !due || late);
    attribute(part(node, "resume"), "aria-label", t("resume_number", { number: one.shown }));
    attribute(part(node, "update"), "aria-label", t("told_number", { number: one.shown }));
  }
}
