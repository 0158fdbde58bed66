// On hold: until when, and why. Both are needed; the sentence that the customer reads is shown before it is sent.
import { part, write } from "../floor/dom.js";
import { t } from "../floor/here.js";
import { hm, serverNow } from "../floor/time.js";
import { ask, field } from "./ask.js";
import { Radio } from "./radio.js";
import { customerReads, languageName } from "./say.js";

const MINUTE = 60_000;
const SOON = [2, 5, 10]; // minutes from now
const WHYS = ["stockroom", "colleague", "payment"];
const DAY = 24 * 60;

/** The next moment at which the shop's clock shows `time` ("14:07"), in ms since 1970. */
export function nextAt(time, now = serverNow()) {
  const minutes = (shown) => Number(shown.slice(0, 2)) * 60 + Number(shown.slice(3, 5));
  const ahead = (minutes(time) - minutes(hm(now)) + DAY) % DAY;
  return Math.floor(now / MINUTE) * MINUTE + (ahead || DAY) * MINUTE;
}

/** Moments a few minutes from now, on whole minutes. */
export const soon = (now = serverNow()) => SOON.map((minutes) => Math.floor(now / MINUTE) * MINUTE + minutes * MINUTE);

export class HoldForm {
  #ticket = null;

  constructor(form, { hold, language }) {
    Object.assign(this, { form, hold, language });
    this.times = new Radio(part(form, "times"), (id) => this.#set({ until: Number(id), own: null }));
    this.whys = new Radio(part(form, "whys"), (why) => this.#set({ why }));
    form.addEventListener("submit", (event) => (event.preventDefault(), this.#submit()));
  }

  focus() {
    this.times.focus();
  }

  draw(here) {
    if (this.#ticket !== here.id) Object.assign(this, { until: null, why: null, own: null, offered: [], here });
    this.#ticket = here.id;
    this.here = here;
    if (!this.until) this.offered = soon();
    const own = this.own ? { id: String(this.own), text: hm(this.own), act: () => this.#askTime() } : { id: "other", text: t("other"), act: () => this.#askTime() };
    this.times.draw([...this.offered.map((at) => ({ id: String(at), text: hm(at) })), own], String(this.until));
    const other = WHYS.includes(this.why) || !this.why ? null : this.why;
    const last = { id: other ?? "other", text: other ?? t("other"), act: () => this.#askWhy() };
    this.whys.draw([...WHYS.map((why) => ({ id: why, text: t(`why_${why}`) })), last], this.why);
    write(part(this.form, "title"), t("hold_title", { number: here.shown }));
    const ready = this.until && this.why;
    this.#drawReads(ready, here);
    const submit = part(this.form, "submit");
    write(submit, this.until ? t("hold_until_time", { time: hm(this.until) }) : t("hold"));
    submit.setAttribute("aria-disabled", String(!ready));
    this.form.classList.toggle("ready", Boolean(ready));
  }

  #drawReads(ready, here) {
    const note = part(this.form, "reads");
    const reads = ready ? customerReads(this.why, this.until) : "";
    const lead = ready ? t(here.language === this.language ? "reads" : "reads_in", { language: languageName(here.language) }) : t("hold_needs");
    if (note.dataset.said === lead + reads) return;
    note.dataset.said = lead + reads;
    const strong = document.createElement("b");
    strong.textContent = reads;
    note.replaceChildren(`${lead} `, ...(reads ? [strong] : []));
  }

  #set(change) {
    Object.assign(this, change);
    this.draw(this.here);
  }

  #askTime() {
    const time = field("time-field", t("back_by"));
    ask(t("hold_title", { number: this.here.shown }), [time], { label: t("choose_time"), done: ([at]) => this.#own(nextAt(at)) });
  }

  #own(at) {
    this.#set({ until: at, own: at });
    this.whys.focus();
  }

  #askWhy() {
    const why = field("line-field", t("why"), { value: WHYS.includes(this.why) ? "" : this.why ?? "" });
    ask(t("hold_title", { number: this.here.shown }), [why], { label: t("choose_why_other"), note: t("why_note"), done: ([text]) => this.#set({ why: text }) });
  }

  #submit() {
    if (!this.until) return this.times.focus();
    if (!this.why) return this.whys.focus();
    return this.hold(this.here, this.until, this.why);
  }
}
