// What a tap at the counter does: written down, sent, and answered with the counter as it stands, or with words why not.
import { t } from "../floor/here.js";
import { newKey } from "../floor/outbox.js";
import { serverNow } from "../floor/time.js";
import { hide, say } from "../floor/toast.js";

const UNDONE = { call: "called", next: "called", start: "started", finish: "finished", "finish-next": "finished", cancel: "cancelled" };
const SAID = { hold: "held", transfer: "sent_on", update: "told", problem: "problem_kept", release: "released", miss: "missed" };

export class Actions {
  constructor({ desk, counter, redraw }) {
    Object.assign(this, { desk, counter, redraw });
  }

  /** Answers are sent through `outbox`; those an earlier page left behind are shown as on their way again. */
  async begin(outbox) {
    this.outbox = outbox;
    const own = `/api/v1/counters/${this.counter}/`;
    for (const answer of await outbox.open()) if (answer.path.startsWith(own)) this.desk.expect(answer);
    this.redraw();
  }

  #send(move, path, ticket = null, body = {}) {
    const answer = { key: newKey(), move, path: `/api/v1/counters/${this.counter}/${path}`, ticket, body, at: Date.now() };
    Object.assign(answer, { tapped_at: new Date(serverNow()).toISOString(), person: this.desk.me.id });
    this.desk.expect(answer);
    this.outbox.add(answer);
    this.redraw();
  }

  /** Open the counter, take a break, close it. */
  shift(what) {
    this.#send(what, what);
  }

  second() {
    this.#send("second", "help");
  }

  next() {
    this.#send("next", "next");
  }

  call(one, reason = "") {
    this.#send("call", "call", one.id, { ticket: one.id, ...(reason && { reason }) });
  }

  /** A move of one ticket: the plain ones need no body. */
  move(what, one, body = {}) {
    this.#send(what, `tickets/${one.id}/${what}`, one.id, body);
  }

  hold(one, until, reason) {
    this.move("hold", one, { until: new Date(until).toISOString(), reason });
  }

  finish(one, outcome, reason) {
    this.move("finish", one, { outcome, ...(reason && { reason }) });
  }

  /** The shop has answered: take what it says, and offer to take it back where that is possible. */
  answered(answer, { status, body }) {
    this.desk.settle(answer);
    this.desk.take(body?.counter);
    if (status >= 200 && status < 300) this.#done(answer, body ?? {});
    else {
      hide();
      say(body?.detail ?? t(status ? "refused" : "answer_expired"));
    }
    this.redraw();
  }

  #done({ move }, { ticket }) {
    if (move === "next" && !ticket) return say(t("nobody_waits"));
    const number = ticket?.shown ?? "";
    if (UNDONE[move] && ticket) return say(t(`done_${UNDONE[move]}`, { number }), () => this.move("undo", ticket));
    return SAID[move] ? say(t(`done_${SAID[move]}`, { number })) : undefined;
  }
}
