// The questions of a counter: whom and why, where to and with which note, what was heard, what the lead should know.
import { here as page, t } from "../floor/here.js";
import { made } from "../floor/dom.js";
import { closeSheet, openSheet } from "../floor/sheet.js";
import { hm, serverNow } from "../floor/time.js";
import { ask, field } from "./ask.js";
import { nextAt, soon } from "./hold.js";
import { holdReason, serviceName } from "./say.js";

const CALLS = ["child", "stand", "quick", "agreed"];
const KINDS = ["product", "service", "wait", "price", "other"];
const KEYS = [["N", "key_next"], ["R", "key_recall"], ["S", "key_start"], ["H", "key_hold"], ["T", "key_transfer"], ["F", "key_finish"], ["?", "key_keys"]];

const done = (act) => () => (closeSheet(), act());

export class Sheets {
  constructor({ desk, actions }) {
    Object.assign(this, { desk, actions });
  }

  /** What can be done with somebody in the list. */
  entry(one) {
    const { row, mine } = this.desk;
    const act = (symbol, text, what, look = "") => ({ text, symbol, look, act: done(what) });
    const move = (symbol, key, what) => act(symbol, t(key), () => this.actions.move(what, one));
    const groups = [];
    if (one.state === "held") groups.push({ label: this.#held(one), buttons: this.#holding(one, act) });
    else if (["waiting", "callback_booked"].includes(one.state)) groups.push(...this.#calling(one, mine && !row.here));
    else if (one.state === "stepped_away") groups.push({ label: t("away_until", { time: hm(one.until) }), buttons: [move("back", "back_in_line", "back")] });
    else groups.push({ label: t("at_now", { name: one.staff ?? "", counter: one.counter_name ?? "" }) });
    if (!["called", "serving"].includes(one.state) && (one.state !== "held" || one.counter === row.counter)) {
      groups.push({ label: t("otherwise"), buttons: [
        ...(one.state === "stepped_away" || one.state === "callback_booked" ? [] : [{ text: t("transfer"), symbol: "swap", act: () => this.transfer(one) }]),
        move("exit", "has_left", "cancel"),
      ] });
    }
    openSheet(t("entry_title", { number: one.shown, service: serviceName(one) }), () => groups);
  }

  #calling(one, free) {
    const serves = this.desk.row.services.some(({ id }) => id === one.service);
    if (!serves) return [{ label: t("not_served_here", { counter: this.desk.row.counter_name }) }];
    if (!free) return [{ label: this.desk.row.here ? t("after_here", { number: this.desk.row.here.shown }) : t("open_to_call") }];
    const call = (reason) => done(() => this.actions.call(one, reason));
    if (one.id === this.desk.row.next || one.state === "callback_booked")
      return [{ row: "row", buttons: [{ text: t("call_number", { number: one.shown }), symbol: "bell", look: "main grow", act: call("") }] }];
    const reasons = CALLS.map((why) => ({ text: t(`call_${why}`), act: call(why) }));
    const other = { text: t("other"), act: () => this.#otherReason(one) };
    return [{ label: t("out_of_order"), note: t("out_of_order_note"), buttons: [...reasons, other] }];
  }

  #otherReason(one) {
    const why = field("line-field", t("why"));
    ask(t("call_number", { number: one.shown }), [why], { label: t("call_number", { number: one.shown }), symbol: "bell", done: ([reason]) => this.actions.call(one, reason) });
  }

  #held(one) {
    const why = holdReason(one.reason);
    return t("held_why", { name: one.staff ?? "", time: hm(one.until), why });
  }

  #holding(one, act) {
    const own = one.counter === this.desk.row.counter;
    const told = act("talk", t("told_them"), () => this.actions.move("update", one));
    const free = own && !this.desk.row.here;
    const back = free ? [act("go", t("resume"), () => this.actions.move("resume", one), "main")] : [];
    const longer = own ? soon().slice(1).map((until) => act("clock", t("longer_until", { time: hm(until) }), () => this.actions.hold(one, until, one.reason))) : [];
    return [...back, told, ...longer, act("people", t("release"), () => this.actions.move("release", one))];
  }

  /** On to another service, with a note for whoever serves them there. */
  transfer(one) {
    let service = null;
    const note = field("field", t("note_for_next"), { value: one.recap ? this.#short(one.recap) : "" });
    const others = this.desk.row.transfers.filter(({ id }) => id !== one.service);
    const pick = () => ({
      label: t("where_to"),
      buttons: others.map(({ id, name }) => ({ text: page.services[id] ?? name, pressed: id === service, act: () => ((service = id), again()) })),
    });
    const again = () => this.#asked?.();
    const show = () => ask(t("transfer_title", { number: one.shown }), [note], {
      label: service ? t("send_on") : t("choose_service"), ready: Boolean(service), symbol: "swap", note: t("transfer_note"), groups: () => [pick()],
      done: ([words]) => (service ? this.actions.move("transfer", one, { service, note: words }) : show()),
    });
    this.#asked = show;
    show();
  }

  #asked = null;

  #short({ heard, next }) {
    return [heard, next].filter(Boolean).join(" ").slice(0, 500);
  }

  /** Where somebody was sent, and what was done already: a referral without it is asked again elsewhere. */
  referred(one, reason, chosen) {
    const where = field("field", t("referred_where"), { value: reason });
    ask(t("referred_title", { number: one.shown }), [where], { label: t("outcome_referred"), symbol: "go", done: ([words]) => chosen(words) });
  }

  /** What was heard, in the customer's words. */
  recap(one) {
    const was = one.recap ?? { heard: "", has: "", tried: "", next: "" };
    const names = ["has", "tried", "next"];
    const fields = [field("field", t("heard_label"), { value: was.heard }), ...names.map((name) => field("line-field", t(`fact_${name}`), { value: was[name], needed: false }))];
    ask(t("heard_title", { number: one.shown }), fields, {
      label: t("save"), note: t("heard_note"),
      done: ([heard, has, tried, next]) => this.actions.move("recap", one, { heard, has, tried, next }),
    });
  }

  /** Call the lead with a briefing of three fields, filled in from what was heard. */
  lead(one) {
    if (one.briefing && !one.briefing.answered_by) return this.actions.move("lead-came", one);
    const was = one.briefing ?? { happened: one.recap?.heard ?? "", tried: one.recap?.tried ?? "", wanted: one.recap?.next ?? "" };
    const fields = ["happened", "tried", "wanted"].map((name) => field("field", t(`brief_${name}`), { value: was[name] }));
    return ask(t("lead_title", { number: one.shown }), fields, {
      label: t("call_lead"), symbol: "flag", note: t("lead_note"),
      done: ([happened, tried, wanted]) => this.actions.move("lead", one, { happened, tried, wanted }),
    });
  }

  /** A problem that somebody owns and has promised to see to. */
  problem(one) {
    const fields = [
      field("choice-field", t("problem_kind"), { value: "product", choices: KINDS.map((id) => ({ id, name: t(`kind_${id}`) })) }),
      field("field", t("problem_heard"), { value: one.recap?.heard ?? "" }),
      field("choice-field", t("problem_owner"), { value: page.me.id, choices: page.people }),
      field("line-field", t("problem_action"), { value: one.recap?.next ?? "", needed: false }),
      field("time-field", t("problem_by"), { needed: false }),
    ];
    ask(t("problem_title", { number: one.shown }), fields, {
      label: t("problem_save"), symbol: "book",
      done: ([kind, heard, owner, action, by]) => {
        const promised = by ? { promised_by: new Date(nextAt(by, serverNow())).toISOString() } : {};
        this.actions.move("problem", one, { kind, heard, owner, action, ...promised });
      },
    });
  }

  /** Break, close, or another counter. */
  shift() {
    const { row, mine } = this.desk;
    const to = (what) => done(() => this.actions.shift(what));
    const working = mine && row.shift?.kind === "open";
    openSheet(row.counter_name, () => [
      { buttons: [
        ...(working ? [{ text: t("take_break"), symbol: "cup", act: to("rest") }] : [{ text: t("open_counter", { counter: row.counter_name }), symbol: "go", look: "main", act: to("open") }]),
        ...(row.shift ? [{ text: t("close_counter", { counter: row.counter_name }), symbol: "lock", act: to("close") }] : []),
      ] },
      { label: t("other_counter"), buttons: [{ text: t("choose_counter"), symbol: "swap", act: () => (localStorage.removeItem("greetline.counter"), location.reload()) }] },
    ]);
  }

  keys() {
    const list = document.createElement("dl");
    list.className = "keylist";
    for (const [key, what] of KEYS) for (const [tag, words] of [["dt", key], ["dd", t(what)]]) list.append(Object.assign(document.createElement(tag), { textContent: words }));
    openSheet(t("keys"), () => [{ row: "row", node: list }]);
  }

  person() {
    openSheet(page.me.name, () => [{ row: "row", node: made("person") }]);
  }
}
