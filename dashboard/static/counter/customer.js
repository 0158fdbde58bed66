// Whoever is here: called and expected, or served, with what is known of their matter.
import { attribute, icon, part, show, write } from "../floor/dom.js";
import { here as page, t } from "../floor/here.js";
import { hm, left, serverNow, stopwatch } from "../floor/time.js";
import { servedOf, waitedOf } from "./desk.js";
import { HoldForm } from "./hold.js";
import { Radio } from "./radio.js";
import { goodbye, languageName, noteWords, serviceName, told } from "./say.js";

const OUTCOMES = ["solved", "partly", "not_solved", "referred"];
const PROMISE = 75; // where the promise stands on the line, of 100

export class Customer {
  #ticket = null;

  constructor(root, { desk, actions, sheets }) {
    Object.assign(this, { root, desk, actions, sheets, outcome: null, reason: "" });
    this.holdForm = new HoldForm(part(root, "hold"), {
      language: page.language.slice(0, 2), hold: (here, until, reason) => actions.hold(here, until, reason),
    });
    this.outcomes = new Radio(part(root, "outcomes"), (outcome) => this.#choose(outcome));
  }

  draw() {
    const { here } = this.desk.row;
    show(this.root, Boolean(here));
    if (!here) return void (this.#ticket = null);
    if (this.#ticket !== here.id) Object.assign(this, { outcome: null, reason: "" });
    this.#ticket = here.id;
    const serving = here.state === "serving";
    this.root.dataset.state = here.state;
    this.#head(here, serving);
    this.#recap(here, serving);
    show(part(this.root, "called"), !serving);
    show(part(this.root, "hold"), serving);
    show(part(this.root, "fin"), serving);
    if (serving) this.#serving(here);
    else this.#called(here);
  }

  #head(here, serving) {
    const values = { service: serviceName(here), language: languageName(here.language) };
    write(part(this.root, "over"), t(serving ? "with_you" : "called_over", values));
    write(part(this.root, "number"), here.shown);
    const { row } = this.desk;
    const seconds = serving ? servedOf(here, this.desk) : Math.floor((serverNow() - Date.parse(here.called_at)) / 1000);
    const aim = serving ? row.serve_within : row.answer_call;
    const late = serving && seconds >= aim;
    write(part(this.root, "clock"), stopwatch(Math.max(0, seconds)));
    part(this.root, "clock").classList.toggle("is-warn", late);
    write(part(this.root, "aim"), t(serving ? "aim" : "answer_within", { time: stopwatch(aim) }));
    const age = part(this.root, "age");
    attribute(part(age, "full"), "d", `M0 5h${Math.min(100, (Math.max(0, seconds) / aim) * PROMISE).toFixed(1)}`);
    attribute(age, "aria-label", t("line_says", { s: Math.max(0, seconds), aim }));
    age.classList.toggle("is-warn", late);
    this.#waited(here, late);
  }

  #waited(here, late) {
    show(part(this.root, "offers"), late);
    const pill = part(this.root, "waited");
    show(pill, !late);
    const waited = waitedOf(here, this.desk);
    const kept = here.told_to === null || waited <= here.told_to;
    pill.classList.toggle("is-ok", kept && here.told_to !== null);
    pill.classList.toggle("is-warn", !kept);
    icon(pill, here.told_to === null ? "clock" : kept ? "sq" : "circ");
    write(pill.querySelector("span"), [t("waited", { time: stopwatch(waited) }), told(here)].filter(Boolean).join(", "));
    const { help } = this.desk.row;
    const second = part(this.root, "second");
    second.setAttribute("aria-disabled", String(Boolean(help)));
    const coming = help?.acknowledged_name;
    write(part(second, "words"), coming ? t("second_coming", { name: coming }) : help ? t("second_called") : t("second"));
  }

  #called(here) {
    const panel = part(this.root, "called");
    const { recalls, recall_every: every, answer_call: within, counter_name: counter } = this.desk.row;
    write(part(panel, "title"), t("waiting_for", { number: here.shown }));
    write(part(panel, "sofar"), t("called_at", { time: hm(here.called_at), counter }));
    const done = here.calls - 1;
    const rest = left(Date.parse(here.last_called) + every * 1000, serverNow());
    const recall = part(panel, "recall");
    const none = done >= recalls;
    recall.setAttribute("aria-disabled", String(none || rest > 0));
    write(part(recall, "words"), none || !rest ? t("recall") : t("recall_in", { s: rest }));
    write(part(panel, "recalls"), none ? t("recalls_over", { n: done, most: recalls }) : t("recalls", { n: done, most: recalls }));
    const ends = left(Date.parse(here.called_at) + within * 1000, serverNow());
    write(part(panel, "then"), t(here.missed ? "then_over" : "then_waits", { time: stopwatch(ends) }));
  }

  #serving(here) {
    this.holdForm.draw(here);
    const choices = OUTCOMES.map((id) => ({ id, text: t(`outcome_${id}`) }));
    choices[3].act = () => this.#choose("referred");
    this.outcomes.draw(choices, this.outcome);
    const next = this.desk.row.line.find((one) => one.id === this.desk.row.next);
    for (const name of ["finish", "finish-next"]) part(this.root, name).setAttribute("aria-disabled", String(!this.outcome));
    show(part(this.root, "finish-next"), Boolean(next) && this.desk.mine);
    if (next) write(part(part(this.root, "finish-next"), "words"), t("finish_next", { number: next.shown }));
  }

  #choose(outcome) {
    if (outcome === "referred") return this.sheets.referred(this.desk.row.here, this.reason, (reason) => this.#chosen(outcome, reason));
    return this.#chosen(outcome, "");
  }

  #chosen(outcome, reason) {
    Object.assign(this, { outcome, reason });
    this.draw();
  }

  /** Finish with the outcome that was chosen; without one, lead there. Returns whether it was done. */
  finish() {
    const { here } = this.desk.row;
    if (!this.outcome || here?.state !== "serving") return void this.outcomes.focus();
    this.actions.finish(here, this.outcome, this.reason);
    return true;
  }

  #recap(here, serving) {
    const { recap } = here;
    write(part(this.root, "heard"), recap?.heard ?? t(serving ? "nothing_heard" : "nothing_heard_yet"));
    part(this.root, "heard").classList.toggle("none", !recap);
    this.#facts(here);
    const pill = part(this.root, "confirmed");
    show(pill, Boolean(recap?.confirmed));
    const yes = recap?.confirmed === "yes";
    pill.classList.toggle("is-ok", yes);
    icon(pill, yes ? "sq" : "ring");
    if (recap?.confirmed) write(pill.querySelector("span"), t(yes ? "said_yes" : "skipped", { time: hm(recap.confirmed_at) }));
    show(part(this.root, "ask"), serving && Boolean(recap) && !recap.confirmed);
    write(part(this.root, "write"), t(recap ? "change" : "write_heard"));
    this.#lead(here);
    const say = part(this.root, "say");
    const parts = here.goodbyes?.[this.outcome] ?? [];
    show(say, serving && parts.length > 0);
    write(say.querySelector("b"), parts.length ? t("quoted", { words: goodbye(parts) }) : "");
  }

  #lead({ briefing, lead }) {
    const label = part(this.root, "call-lead").querySelector("span");
    const called = Boolean(briefing) && !briefing.answered_by;
    write(label, t(called ? "lead_here" : "call_lead"));
    const note = part(this.root, "lead");
    show(note, Boolean(briefing));
    if (!briefing) return;
    const coming = lead?.acknowledged_name;
    if (briefing.answered_by) write(note, t("lead_came", { name: briefing.answered_by }));
    else write(note, coming ? t("lead_coming", { name: coming }) : t("lead_called", { time: hm(briefing.at) }));
  }

  #facts({ recap, greeted, notes }) {
    const rows = notes.map((note) => [t("note_of", { name: note.by ?? "" }), noteWords(note)]);
    if (greeted?.by) rows.push([t("before"), t("greeted_by", { name: greeted.by, time: hm(greeted.at) })]);
    for (const name of ["has", "tried", "next"]) if (recap?.[name]) rows.push([t(`fact_${name}`), recap[name]]);
    const list = part(this.root, "facts");
    const said = JSON.stringify(rows);
    if (list.dataset.said === said) return;
    list.dataset.said = said;
    list.replaceChildren(...rows.flatMap(([name, words]) => [term("dt", name), term("dd", words)]));
  }
}

function term(tag, words) {
  const node = document.createElement(tag);
  node.textContent = words;
  return node;
}
