// Who asks for the lead: one card each with what the lead should know before they come, and a clock until they should be there.
import { attribute, icon, made, part, show, write } from "../floor/dom.js";
import { t } from "../floor/here.js";
import { age, hms, left, stopwatch } from "../floor/time.js";

export class Calls {
  #nodes = new Map();
  #rows = [];

  constructor(list, actions) {
    Object.assign(this, { list, actions });
  }

  draw(rows, now) {
    this.#rows = rows;
    const keep = new Set(rows.map((row) => row.about));
    for (const [key, node] of this.#nodes) if (!keep.has(key)) (node.remove(), this.#nodes.delete(key));
    rows.forEach((row) => {
      const node = this.#nodes.get(row.about) ?? made("call");
      if (!node.isConnected) this.list.append(node); // a new one enters at the end: cards never move under a finger
      node.dataset.key = row.about;
      this.#nodes.set(row.about, node);
      fill(node, row, now);
    });
  }

  answer(what, control) {
    const row = this.#rows.find((one) => one.about === control.closest("[data-key]").dataset.key);
    if (row) this.actions.call(what, row.about);
  }
}

function fill(node, row, now) {
  const late = row.due && left(row.due, now) === 0;
  attribute(node, "data-s", row.coming ? "mine" : late ? "all" : row.due ? "over" : "due");
  icon(node, row.due ? "flag" : "help");
  write(part(node, "title"), row.briefing?.number ?? row.zone_name);
  write(part(node, "clock"), stopwatch(age(row.since, now)));
  write(part(node, "state"), words(row, late, now));
  show(part(node, "brief"), Boolean(row.briefing));
  for (const name of ["happened", "tried", "wanted"]) write(part(node, name), row.briefing?.[name] ?? "");
  show(part(node, "going"), !row.coming && Boolean(row.alert));
  show(part(node, "came"), Boolean(row.coming) || !row.alert);
}

function words(row, late, now) {
  if (row.coming) return t("is_coming", { name: row.coming });
  const who = row.by_name ? t(row.due ? "called_by" : "hand_for", { name: row.by_name, time: hms(row.since) }) : t("upset_since", { time: hms(row.since) });
  if (!row.due) return who;
  return `${who} ${late ? t("past_due") : t("be_there", { time: stopwatch(left(row.due, now)) })}`;
}
