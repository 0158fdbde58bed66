// The quiet lists of the lead's page. Rows are filled in place, so that nothing moves under a finger without need.
import { attribute, icon, made, part, show, write } from "../floor/dom.js";
import { t, tn } from "../floor/here.js";
import { promisedAt } from "../floor/problems.js";
import { serviceName } from "../floor/queues.js";
import { age, hm, stopwatch } from "../floor/time.js";

const SIGNS = { waiting: "me", stepped_away: "cup", callback_booked: "bell", held: "hold" };
const BANDS = { fine: "sq", busy: "circ", heavy: "tri", flood: "tri" };

/** Draw every list of `row` at `now` (server time). */
export function drawLists(row, now, { actions, problems, sheets }) {
  list("late", row.overdue.map((alert) => overdue(alert, now, actions)));
  list("problems", row.problems.map((one) => problem(one, problems)));
  list("line", row.tickets.map((one) => number(one, row, now, sheets)));
  const more = row.line.total - row.tickets.length;
  const note = part(document, "line-more");
  show(note, more > 0);
  if (more > 0) write(note, tn("more_by_age", more));
  list("services", row.services.map((one) => service(one, now, { actions, sheets })));
  list("shift", row.shift.map(person));
  list("ended", row.ended.map((one) => over(one, actions)));
  for (const [name, count] of [["late", row.overdue.length], ["problems", row.problems.length], ["line", row.line.total], ["shift", row.shift.length]])
    write(part(document, `${name}-n`), String(count));
  load(row.load);
}

/** Fill the list called `name` with `rows`: {sign, name, more, age, late, act}. */
function list(name, rows) {
  const root = part(document, name);
  while (root.children.length > rows.length) root.lastElementChild.remove();
  while (root.children.length < rows.length) root.append(made("row"));
  rows.forEach((row, place) => fill(root.children[place], row));
  const none = part(document, `${name}-none`);
  if (none) show(none, rows.length === 0);
}

function fill(node, { sign, name, more, age: old = "", late = false, act = null }) {
  node.classList.toggle("late", late);
  icon(node, sign);
  write(part(node, "name"), name);
  write(part(node, "more"), more);
  write(part(node, "age"), old);
  const control = part(node, "act");
  show(control, Boolean(act));
  if (!act) return;
  write(control, act.text);
  attribute(control, "aria-label", `${act.text}: ${name}`);
  control.onclick = act.do;
}

function overdue(alert, now, actions) {
  const { ticket } = alert;
  const back = ticket?.state === "callback_booked";
  const taken = alert.state === "acknowledged";
  const words = back ? t("callback_by", { time: hm(ticket.until) }) : t("hold_late", { name: alert.by_name ?? "" });
  return {
    sign: "tri", late: !taken, name: [alert.detail, ticket && serviceName(ticket)].filter(Boolean).join(" · "),
    more: taken ? t("is_coming", { name: alert.acknowledged_name ?? "" }) : words, age: stopwatch(age(alert.since, now)),
    act: taken ? null : { text: t("going"), do: () => actions.alert(alert.id) },
  };
}

function problem(row, problems) {
  const by = row.promised_by ? t(row.overdue ? "promise_over" : "promise_by", { time: promisedAt(row.promised_by) }) : t("promise_none");
  return {
    sign: row.overdue ? "tri" : "book", late: row.overdue, name: [row.about, row.heard].filter(Boolean).join(" · ").slice(0, 120),
    more: [row.owner_name, row.action, by].filter(Boolean).join(" · "), act: { text: t("look"), do: () => problems.one(row) },
  };
}

function number(one, row, now, sheets) {
  const more = { waiting: serviceName(one), stepped_away: one.until && t("is_away", { time: hm(one.until) }), callback_booked: one.until && t("call_back_by", { time: hm(one.until) }), held: one.until && t("held_by", { time: hm(one.until) }) };
  const passable = one.state === "waiting" ? sheets.passable(one, row) : [];
  return {
    sign: SIGNS[one.state], name: one.shown, more: more[one.state] ?? serviceName(one), age: stopwatch(age(one.t0, now)),
    act: passable.length ? { text: t("forward"), do: () => sheets.reorder(one, passable) } : null,
  };
}

function service(one, now, { actions, sheets }) {
  const waits = one.waiting ? `${tn("waiting_n", one.waiting)}, ${t("oldest", { time: stopwatch(age(one.oldest, now)) })}` : t("nobody_waits");
  const name = serviceName({ service: one.id, service_name: one.name });
  if (!one.paused_until) return { sign: "sq", name, more: waits, act: { text: t("pause"), do: () => sheets.pause(one, name) } };
  return {
    sign: "pause", name, more: `${t("paused_until", { time: hm(one.paused_until), reason: one.reason })} ${waits}`,
    act: { text: t("open_again"), do: () => actions.resume(one.id) },
  };
}

function person(one) {
  const at = one.counter ? t(one.kind === "open" ? "at_counter" : "on_break", { counter: one.counter, time: hm(one.since) }) : one.screens.join(", ");
  return { sign: one.kind === "break" ? "cup" : "me", name: one.name, more: at };
}

function over(one, actions) {
  const outcome = one.outcome ? t(`counter.outcome_${one.outcome}`) : t(`ended_${one.state}`);
  return { sign: "check", name: one.shown, more: `${serviceName(one)} · ${outcome} · ${hm(one.ended_at)}`, act: { text: t("reopen"), do: () => actions.reopen(one.id) } };
}

function load({ per_person, people, band }) {
  const node = part(document, "load");
  node.dataset.band = band;
  icon(node, BANDS[band]);
  write(node.querySelector("span"), `${tn("load", people, { rate: per_person })} ${t(`band_${band}`)}`);
}
