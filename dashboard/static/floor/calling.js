// "Call next" in the strip: for whoever stands at a counter that they have opened. A call is never sent late, so it does not
// go through the outbox: without a connection there is none, and one that nobody answered is given up, and said.
import { attribute, part, show } from "./dom.js";
import { t } from "./here.js";
import { newKey } from "./outbox.js";
import { counterOf } from "./queues.js";
import { closeSheet, openSheet } from "./sheet.js";
import { serverNow } from "./time.js";
import { hide, say } from "./toast.js";

const ANSWER_MS = 5000;
const REASONS = ["child", "stand", "quick", "agreed"];
const csrf = document.querySelector('meta[name="csrf"]').content;

export class Calling {
  #service = null; // of the call that is on its way
  #before = 0; // how many waited for it
  #lost = false;

  constructor({ floor, redraw }) {
    Object.assign(this, { floor, redraw });
  }

  get counter() {
    return counterOf(this.floor);
  }

  /** Whether this person's counter would call somebody of `service`. */
  serves(service) {
    return Boolean(this.counter?.first[service]);
  }

  /** How many wait for `service` once the call that is on its way has arrived. */
  left({ id, waiting }) {
    return this.#service === id ? Math.min(waiting, this.#before - 1) : waiting;
  }

  /** Bring the button of one line of the strip to how things stand; a line of no service has none. */
  draw(row, service, { lost }) {
    this.#lost = lost;
    const control = part(row, "call");
    const served = Boolean(service) && (this.serves(service) || this.#service === service);
    show(control, served);
    row.classList.toggle("served", served);
    if (!served) return;
    attribute(control, "data-about", service);
    attribute(control, "aria-label", `${control.textContent}: ${part(row, "name").textContent}`);
    attribute(control, "aria-disabled", this.#why() ? "true" : null);
    attribute(control, "aria-busy", this.#service === service ? "true" : null);
    attribute(control, "title", this.#why() || null);
  }

  /** Why nobody can be called now, or nothing. */
  #why() {
    if (this.#lost) return t("counter.not_while_lost");
    if (this.#service) return t("counter.calling");
    const number = this.counter?.here;
    return number ? t("counter.ready_after", { number }) : "";
  }

  /** Call the next one of `service`. Before others whom the same counter serves only with a reason. */
  call(service) {
    const { counter } = this;
    if (this.#why()) return say(this.#why());
    if (!counter?.first[service]) return say(t("counter.nobody_waits"));
    if (counter.next === service) return this.#send("next", service, {});
    const number = (one) => t("counter.call_number", { number: counter.first[one].shown });
    const early = (why) => ({ text: t(`counter.call_${why}`), act: () => (closeSheet(), this.#send("call", service, { ticket: counter.first[service].id, reason: why })) });
    const inOrder = { text: number(counter.next), symbol: "bell", look: "main grow", act: () => (closeSheet(), this.call(this.counter?.next)) };
    return openSheet(number(service), () => [{ row: "row", buttons: [inOrder] }, { label: t("counter.out_of_order"), note: t("counter.out_of_order_note"), buttons: REASONS.map(early) }]);
  }

  async #send(path, service, body) {
    const { id } = this.counter;
    this.#service = service;
    this.#before = this.floor.line.services.find((one) => one.id === service)?.waiting ?? 1;
    this.redraw();
    const { status, body: answer } = await posted(`/api/v1/counters/${id}/${path}`, body);
    this.#service = null;
    hide();
    if (status === 200) this.#called(id, answer.ticket);
    else say(status ? (answer?.detail ?? t("refused")) : t("counter.not_while_lost"));
    this.redraw();
  }

  #called(counter, ticket) {
    if (!ticket) return say(t("counter.nobody_waits"));
    this.floor.called(counter, ticket);
    return say(t("counter.done_called", { number: ticket.shown }), () => this.#undo(counter, ticket));
  }

  async #undo(counter, ticket) {
    const { status, body } = await posted(`/api/v1/counters/${counter}/tickets/${ticket.id}/undo`, {});
    if (status !== 200) say(body?.detail ?? t(status ? "refused" : "counter.not_while_lost"));
  }
}

/** Send one change, once more under the same key when the connection broke, and never later. Status 0: nobody answered. */
async function posted(path, body) {
  const asked = {
    method: "POST",
    body: JSON.stringify({ ...body, tapped_at: new Date(serverNow()).toISOString() }),
    headers: { "Content-Type": "application/json", "Idempotency-Key": newKey(), "X-CSRFToken": csrf },
  };
  for (const again of [true, false]) {
    try {
      const said = await fetch(path, { ...asked, signal: AbortSignal.timeout(ANSWER_MS) });
      const json = /json/.test(said.headers.get("Content-Type") ?? "");
      return { status: said.status, body: json ? await said.json() : null };
    } catch {
      if (!again) break;
    }
  }
  return { status: 0, body: null };
}
