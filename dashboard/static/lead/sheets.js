// The questions of the lead's page: whom to put forward and why, which service to pause, for how long and why.
import { ask, field } from "../counter/ask.js";
import { t, tn } from "../floor/here.js";
import { serviceName } from "../floor/queues.js";

const PAUSES = [15, 30, 60];

export class Sheets {
  constructor(actions) {
    this.actions = actions;
  }

  /** Those whom `one` may be put before: the same service, and nobody who came so long before that they must not be passed. */
  passable(one, row) {
    const bound = Date.parse(one.t0) - row.max_wait * 1000;
    const waits = row.tickets.filter((other) => other.id !== one.id && other.state === "waiting" && other.service === one.service);
    const before = waits.filter((other) => Date.parse(other.place) - 1 >= bound && Date.parse(other.place) <= Date.parse(one.place));
    return before.sort((a, b) => Date.parse(a.place) - Date.parse(b.place));
  }

  reorder(one, passable) {
    let before = passable[0];
    const why = field("line-field", t("why"));
    const show = () => ask(t("forward_title", { number: one.shown, service: serviceName(one) }), [why], {
      label: t("forward_now", { number: one.shown, other: before.shown }), symbol: "go", note: t("forward_note"),
      groups: () => [{ label: t("before_whom"), buttons: passable.slice(0, 8).map((other) => ({ text: other.shown, pressed: other === before, act: () => ((before = other), show()) })) }],
      done: ([reason]) => this.actions.reorder(one.id, before.id, reason),
    });
    show();
  }

  pause(one, name) {
    let minutes = PAUSES[1];
    const why = field("line-field", t("why"));
    const length = (value, text) => ({ text, pressed: minutes === value, act: () => ((minutes = value), show()) });
    const show = () => ask(t("pause_title", { service: name }), [why], {
      label: t("pause_now_service"), symbol: "pause", note: t("pause_service_note"),
      groups: () => [{ label: t("how_long"), buttons: [...PAUSES.map((value) => length(value, tn("minutes", value))), length(null, t("until_closing"))] }],
      done: ([reason]) => this.actions.pause(one.id, { reason, ...(minutes && { minutes }) }),
    });
    show();
  }
}
