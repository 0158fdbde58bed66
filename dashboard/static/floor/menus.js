// The questions a floor screen asks: which zone, what became of them, who came in, what to pause, who you are.
import { again, closeSheet, openSheet } from "./sheet.js";
import { ask, field } from "../counter/ask.js";
import { made } from "./dom.js";
import { here, t, tn } from "./here.js";
import { age, serverNow, stopwatch } from "./time.js";

const REASONS = ["staff", "courier", "child", "false"];
const PAUSES = [5, 15, 30];
const WHYS = ["delivery", "cleaning", "event", "meeting", "crowd"];
const CALM = ["listen", "say", "sorry", "next", "pause"]; // of the calm card; its last step is this sheet's own button
const SIZES = [1, 2, 3, 4, 5, 6, 8, 10];

export class Menus {
  constructor({ floor, actions, view, sound, problems }) {
    Object.assign(this, { floor, actions, view, sound, problems });
  }

  #zones(chosen, choose) {
    return this.floor.zones.map((zone) => ({
      text: zone.name, pressed: chosen ? chosen.id === zone.id : null, act: () => choose(zone),
    }));
  }

  filter() {
    const pick = (id) => () => (this.view.setZone(id), closeSheet());
    const all = { text: t("all_zones"), pressed: this.view.zone === "", act: pick("") };
    const zones = this.floor.zones.map((zone) => ({ text: zone.name, pressed: this.view.zone === zone.id, act: pick(zone.id) }));
    openSheet(t("which_zone"), () => [{ buttons: [all, ...zones], note: t("which_zone_note") }]);
  }

  /** What else can be done with one party. */
  more(visit, others) {
    const done = (act) => () => (closeSheet(), act());
    const elsewhere = this.floor.zones.filter((zone) => zone.id !== visit.zone);
    const time = stopwatch(age(visit.t0, serverNow()));
    const title = t("party_of", { zone: visit.zone_name, who: tn("people", visit.size), time });
    openSheet(title, () => [
      { row: "pick", buttons: [...this.#answers(visit, done), ...this.#matters(visit)] },
      {
        label: t("not_customer"),
        buttons: REASONS.map((why) => ({ text: t(`is_${why}`), act: done(() => this.actions.dismiss(visit, why)) })),
      },
      elsewhere.length && {
        label: t("send_to"),
        buttons: elsewhere.map((zone) => ({ text: zone.name, act: done(() => this.actions.send(visit, zone)) })),
      },
      others.length && {
        label: t("same_party"),
        buttons: others.map((other) => ({ text: named(other), act: done(() => this.actions.merge(visit, other)) })),
      },
    ]);
  }

  #answers(visit, done) {
    const claimed = visit.state === "claimed";
    const greeted = { text: t("greeted"), symbol: "check", look: "done", act: done(() => this.actions.greet(visit)) };
    const going = { text: t("going"), symbol: "go", look: "main", act: done(() => this.actions.move("claim", visit)) };
    const help = { text: t("ask_help"), symbol: "help", act: done(() => this.actions.help(visit)) };
    return [...(claimed ? [] : [going]), greeted, help];
  }

  #matters(visit) {
    return [
      { text: t("is_upset"), symbol: "flag", act: () => this.upset(visit) },
      { text: t("problem_write"), symbol: "book", act: () => this.problems.write(visit) },
    ];
  }

  /** What helps with somebody who is upset, and the briefing that the lead reads before they come. Never shown to the customer. */
  upset(visit) {
    const fields = ["happened", "tried", "wanted"].map((name) => field("field", t(`counter.brief_${name}`)));
    ask(t("upset_title"), fields, {
      label: t("upset_call"), symbol: "flag", note: t("counter.lead_note"),
      groups: () => [{ label: t("upset_calm"), node: steps() }],
      done: ([happened, tried, wanted]) => this.actions.upset(visit, { happened, tried, wanted }),
    });
  }

  /** One of the parties of a grouped zone. */
  choose(card, others) {
    const buttons = card.visits.map((visit) => ({
      text: `${stopwatch(age(visit.t0, serverNow()))}  ${tn("people", visit.size)}`,
      act: () => this.more(visit, others.filter((other) => other.id !== visit.id)),
    }));
    openSheet(t("choose_one", { zone: this.floor.zone(card.zone) }), () => [{ row: "pick rows", buttons }]);
  }

  add() {
    const chosen = { zone: this.#firstZone(), size: 1 };
    const set = (change) => () => (Object.assign(chosen, change), again());
    const sizes = () => SIZES.map((size) => ({ text: String(size), pressed: size === chosen.size, act: set({ size }) }));
    const added = () => (closeSheet(), this.actions.add(chosen.zone, chosen.size));
    openSheet(t("add_visit"), () => [
      { label: t("where"), buttons: this.#zones(chosen.zone, (zone) => set({ zone })()) },
      { label: t("how_many"), buttons: sizes() },
      { row: "row", buttons: [{ text: t("add_visit"), symbol: "plus", look: "main grow", act: added }] },
    ]);
  }

  pause() {
    const chosen = { zone: this.#firstZone(), minutes: 15, why: null };
    const set = (change) => () => (Object.assign(chosen, change), again());
    const length = (minutes) => ({ text: tn("minutes", minutes), pressed: minutes === chosen.minutes, act: set({ minutes }) });
    openSheet(t("pause_zone"), () => [
      { label: t("where"), buttons: this.#zones(chosen.zone, (zone) => set({ zone })()), note: t("pause_note") },
      { label: t("how_long"), buttons: PAUSES.map((minutes) => length(minutes)) },
      { label: t("why"), buttons: WHYS.map((why) => ({ text: t(`why_${why}`), pressed: why === chosen.why, act: set({ why }) })) },
      { row: "row", buttons: [this.#pauseNow(chosen)] },
    ]);
  }

  /** Without a reason the button stays, says what is missing, and does nothing. */
  #pauseNow({ zone, minutes, why }) {
    const text = why ? t("pause_now", { zone: zone.name, n: minutes }) : t("choose_why");
    const act = () => why && (closeSheet(), this.actions.pause(zone, minutes, why));
    return { text, symbol: "pause", look: why ? "main grow" : "grow unready", act };
  }

  #firstZone() {
    return this.floor.zones.find((zone) => zone.id === this.view.zone) ?? this.floor.zones[0];
  }

  person() {
    const set = (quiet) => () => (this.sound.keepQuiet(quiet), again());
    openSheet(here.me.name, () => [
      {
        label: t("sound"), note: isSecureContext ? null : t("not_secure"),
        buttons: [
          { text: t("sound_on"), pressed: !this.sound.quiet, act: set(false) },
          { text: t("sound_quiet"), pressed: this.sound.quiet, act: set(true) },
        ],
      },
      { label: t("problems"), buttons: [{ text: t("problems_open"), symbol: "book", act: () => this.problems.list() }, { text: t("problem_write"), symbol: "plus", act: () => this.problems.write() }] },
      { row: "row", node: made("person") },
    ]);
  }
}

function steps() {
  const list = document.createElement("ol");
  list.className = "steps";
  for (const step of CALM) {
    const item = list.appendChild(document.createElement("li"));
    const title = Object.assign(document.createElement("b"), { textContent: `${t(`process.calm_${step}`)}.` });
    item.append(title, ` ${t(`process.calm_${step}_how`)}`);
  }
  return list;
}

const named = (visit) => `${visit.zone_name} ${stopwatch(age(visit.t0, serverNow()))}, ${tn("people", visit.size)}`;
