// Which cards there are and in which order. Cards never jump under a finger: new ones enter at the end, one that is done
// keeps its place, and the list is put in order only when nobody has touched the screen for a while.
import { UNCLAIMED } from "./state.js";

export const GROUPED_FROM = 4;
export const UNTOUCHED_MS = 2000;

/** Everybody is called, so every screen shows it. */
const called = (visit, now, standards) =>
  (visit.alert?.level ?? 0) >= 1 || (now - Date.parse(visit.t0)) / 1000 >= standards.escalate;

/** Split visits into those this screen shows and those of other zones. An escalated visit is shown on every screen. */
export function sorted(visits, { zone, me, now, standards }) {
  const oldest = [...visits].sort((a, b) => Date.parse(a.t0) - Date.parse(b.t0) || (a.id < b.id ? -1 : 1));
  const mine = (visit) => !zone || visit.zone === zone || visit.claimed_by === me || called(visit, now, standards);
  return { shown: oldest.filter(mine), elsewhere: oldest.filter((visit) => !mine(visit)) };
}

/** The cards of `shown`, oldest first: a zone with many waiting, or any with two in a flood, is one card. */
export function cardsOf(shown, flood) {
  const zones = new Map();
  for (const visit of shown)
    if (UNCLAIMED.has(visit.state) && !visit.late) zones.set(visit.zone, [...(zones.get(visit.zone) ?? []), visit]);
  const grouped = new Set([...zones].filter(([, all]) => all.length >= (flood ? 2 : GROUPED_FROM)).map(([zone]) => zone));
  return structured(shown, grouped);
}

function structured(shown, grouped) {
  const cards = new Map();
  for (const visit of shown) {
    const joins = grouped.has(visit.zone) && UNCLAIMED.has(visit.state) && !visit.late;
    const key = joins ? `zone:${visit.zone}` : visit.id;
    cards.set(key, { key, zone: visit.zone, group: joins, visits: [...(cards.get(key)?.visits ?? []), visit] });
  }
  return [...cards.values()];
}

const same = (a, b) => a.length === b.length && a.every((key, place) => key === b[place]);

export class Arrangement {
  #keys = [];
  #touched = -Infinity;
  #since = null;

  touch(now) {
    this.#touched = now;
  }

  /** Put everything in order at once: the person asked for another view. */
  reset() {
    this.#keys = [];
    this.#since = null;
  }

  /** The cards to show now, in order. `ghost` marks one that is over and only keeps its place. `now` is monotonic. */
  cards(shown, flood, now) {
    const wanted = cardsOf(shown, flood);
    const keys = wanted.map((card) => card.key);
    if (same(keys, this.#keys) || !this.#keys.length) return this.#adopt(wanted);
    this.#since ??= now;
    if (now - this.#since >= UNTOUCHED_MS && now - this.#touched >= UNTOUCHED_MS) return this.#adopt(wanted);
    return this.#kept(shown);
  }

  #adopt(cards) {
    this.#keys = cards.map((card) => card.key);
    this.#since = null;
    return cards;
  }

  #kept(shown) {
    const groups = this.#keys.filter((key) => key.startsWith("zone:"));
    const live = new Map(structured(shown, new Set(groups.map((key) => key.slice(5)))).map((card) => [card.key, card]));
    const stay = this.#keys.map((key) => live.get(key) ?? { key, ghost: true, group: key.startsWith("zone:"), visits: [] });
    const fresh = [...live.values()].filter((card) => !this.#keys.includes(card.key));
    this.#keys = [...this.#keys, ...fresh.map((card) => card.key)];
    return [...stay, ...fresh];
  }
}
