// One list by age of everybody who waits for something: a greeting, their number, somebody who holds them, a call, a hand.
// The cards are for what needs somebody now; here is the rest, and on a tap all of it.
import { attribute, icon, made, part, show, write } from "./dom.js";
import { t, tn } from "./here.js";
import { serviceName } from "./queues.js";
import { openSheet } from "./sheet.js";
import { age, hm, serverNow, stopwatch } from "./time.js";

const SIGNS = { waiting: "me", stepped_away: "cup", callback_booked: "bell", held: "hold", greeting: "ring", help: "help" };

const MOST_CHIPS = 12;

export class Everyone {
  constructor(root, floor) {
    Object.assign(this, { root, floor });
    this.chips = part(root, "chips");
  }

  /** Show who holds a number and is on no card, those who came first, as many as fit in a line. */
  draw(now, zone) {
    const rows = this.#numbers(zone);
    const onCards = new Set(this.floor.alerts.map((alert) => alert.about));
    const quiet = rows.filter((row) => !onCards.has(row.id));
    show(this.root, quiet.length > 0 || this.floor.problems.open > 0);
    show(part(this.root, "all"), rows.length > 0);
    list(this.chips, quiet.slice(0, MOST_CHIPS), now);
    write(part(part(this.root, "all"), "words"), t("all_by_age", { n: this.#total(zone) }));
  }

  #total(zone) {
    return zone ? this.#all(zone).length : this.floor.line.total + this.floor.crowd.total + this.#help().length;
  }

  #numbers(zone) {
    return [...this.floor.tickets.values()].filter((row) => !zone || !row.zone || row.zone === zone).sort(byAge).map(ofTicket);
  }

  #help() {
    return this.floor.alerts.filter((alert) => alert.kind === "help");
  }

  #all(zone) {
    const visits = [...this.floor.visits.values()].filter((row) => row.waiting && (!zone || row.zone === zone));
    const helps = this.#help().map((one) => ({ t0: one.since, state: "help", name: this.floor.zone(one.zone), what: t("help_call") }));
    return [...visits.map(ofVisit), ...this.#numbers(zone), ...helps].sort(byAge);
  }

  /** Everybody, those who came first on top. */
  open() {
    const now = serverNow();
    const all = this.#all("");
    const rows = document.createElement("ol");
    rows.className = "everyone";
    list(rows, all, now);
    const more = this.floor.line.total + this.floor.crowd.total + this.#help().length - all.length;
    openSheet(t("by_age"), () => [{ row: "row", node: rows, note: more > 0 ? tn("more_by_age", more) : all.length ? null : t("nobody_by_age") }]);
  }
}

const byAge = (a, b) => (a.t0 < b.t0 ? -1 : a.t0 > b.t0 ? 1 : 0);

const ofVisit = (row) => ({ t0: row.t0, state: "greeting", name: row.zone_name, what: row.state === "claimed" ? t("kept", { name: row.claimed_name ?? "" }) : t("for_hello") });

function ofTicket(row) {
  const what = { waiting: serviceName(row), stepped_away: t("is_away", { time: hm(row.until) }), callback_booked: t("call_back_by", { time: hm(row.until) }), held: t("held_by", { time: hm(row.until) }) };
  return { id: row.id, t0: row.t0, state: row.state, name: row.shown, what: row.until || row.state === "waiting" ? what[row.state] : serviceName(row) };
}

function list(root, rows, now) {
  while (root.children.length > rows.length) root.lastElementChild.remove();
  while (root.children.length < rows.length) root.append(made("chip"));
  rows.forEach((row, place) => {
    const chip = root.children[place];
    attribute(chip, "data-state", row.state);
    icon(chip, SIGNS[row.state]);
    write(part(chip, "number"), row.name);
    write(part(chip, "what"), row.what);
    write(part(chip, "age"), stopwatch(age(row.t0, now)));
  });
}
