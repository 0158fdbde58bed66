// What is so on the floor, as the server said it last. Rows replace rows by id; an older version is ignored.

export const UNCLAIMED = new Set(["entered", "due", "overdue", "escalated"]);

/** As many of each list as the server sends; how many more there are it says. */
export const MOST = 50;
const NOBODY = { total: 0, horizon: null, held: 0, booked: 0, services: [], counters: [] };

export class Floor {
  constructor() {
    this.visits = new Map();
    this.gone = new Map(); // id -> the row with which a visit left the list; for a card that has not yet been cleared away
    this.tickets = new Map(); // who holds a number and is at no counter, those who came first
    this.waited = new Map(); // id -> answers that are on their way, oldest first
    Object.assign(this, { known: false, open: true, flood: false, service: null, standards: null, sound: null, zones: [] });
    Object.assign(this, { cameras: [], pauses: [], alerts: [], queues: [], today: null, last: null, hour: [] });
    Object.assign(this, { line: NOBODY, crowd: { total: 0, horizon: null, zones: {}, known: {} }, shows: "", problems: { open: 0, overdue: 0 } });
  }

  /** Take one event of the stream. Returns whether a visit ended or began, so that the day's figures are old now. */
  take(event, row) {
    if (event === "snapshot") return this.#snapshot(row);
    if (event === "visit") return this.visit(row);
    if (event === "line") return this.#line(row);
    if (event === "oldest") return this.#oldest(row);
    if (event === "lead") Object.assign(this, this.#known(row));
    if (["cameras", "pauses", "alerts", "queues", "hb", "today"].includes(event)) Object.assign(this, this.#known(row));
    return false;
  }

  #known(row) {
    return Object.fromEntries(Object.entries(row).filter(([name]) => name in this && name !== "visits" && name !== "tickets"));
  }

  #snapshot(row) {
    Object.assign(this, this.#known(row), { known: true });
    const rows = new Map(row.visits.map((visit) => [visit.id, visit]));
    for (const [id, visit] of this.visits) if (!rows.has(id)) this.gone.set(id, { ...visit, waiting: false, state: "gone" });
    this.visits = rows;
    for (const id of rows.keys()) this.gone.delete(id);
    this.tickets = new Map((row.tickets ?? []).map((ticket) => [ticket.id, ticket]));
    return false;
  }

  /** Those who wait longest, asked for because a line longer than this screen shows has moved up. */
  #oldest(row) {
    for (const visit of row.visits) this.visit(visit);
    this.tickets = new Map(row.tickets.map((ticket) => [ticket.id, ticket]));
    Object.assign(this, { line: row.line, crowd: row.crowd });
    return false;
  }

  #line({ tickets, line }) {
    this.line = line;
    for (const row of tickets) {
      const known = this.tickets.get(row.id);
      if (known && known.version > row.version) continue;
      if (row.open) this.tickets.set(row.id, row);
      else this.tickets.delete(row.id);
    }
    // Beyond the horizon this screen does not know everybody, so it shows nobody: the count says how many there are.
    if (line.horizon) for (const [id, row] of this.tickets) if (row.t0 > line.horizon) this.tickets.delete(id);
    return false;
  }

  /** Whether people who should be on this screen are not known to it yet: a long line has moved up. */
  get short() {
    const rows = [...this.visits.values()];
    const within = rows.filter((row) => !this.crowd.horizon || row.t0 <= this.crowd.horizon).length;
    const here = this.crowd.known[this.shows];
    const inZone = here ? rows.filter((row) => row.zone === this.shows && (!here.horizon || row.t0 <= here.horizon)).length : 0;
    return this.tickets.size < Math.min(MOST, this.line.total) || within < Math.min(MOST, this.crowd.total) || (here && inZone < here.count);
  }

  /** Whether this screen is sent everybody who came before `row`, in the shop or in the zone that it `shows`. */
  #reached(row) {
    const { horizon, known } = this.crowd, here = row.zone === this.shows ? known[row.zone] : null;
    return !horizon || row.t0 <= horizon || (here && (!here.horizon || row.t0 <= here.horizon));
  }

  /** Take one visit as it stands. Returns whether it entered or left the list. */
  visit(row) {
    if (row.crowd) this.crowd = row.crowd;
    const known = this.visits.get(row.id) ?? this.gone.get(row.id);
    if (known && known.version > row.version) return false;
    const was = this.visits.has(row.id);
    if (row.waiting) {
      this.visits.set(row.id, row);
      this.gone.delete(row.id);
    } else {
      this.visits.delete(row.id);
      this.gone.set(row.id, row);
    }
    return was !== row.waiting;
  }

  /** Every visit nobody has greeted yet, as it will stand once the answers on their way have arrived. */
  waiting(me) {
    const here = [...this.visits.values()].filter((row) => this.#reached(row) || row.claimed_by === me.id);
    return here.map((row) => this.foreseen(row, me)).filter((row) => row.waiting);
  }

  /** How many wait for a greeting besides those of `waiting`. */
  beyond(waiting) {
    const { horizon, total } = this.crowd;
    return horizon ? Math.max(0, total - MOST - waiting.filter((row) => row.t0 > horizon).length) : 0;
  }

  /** How many of those wait in `zone` with nobody on the way to them. */
  beyondIn(zone) {
    const { horizon, zones } = this.crowd;
    if (!horizon) return 0;
    const known = [...this.visits.values()].filter((row) => row.zone === zone && this.#reached(row) && UNCLAIMED.has(row.state) && !row.late);
    return Math.max(0, (zones[zone] ?? 0) - known.length);
  }

  /** A counter has called somebody: so it stands until the news of it comes, which has the same to say. */
  called(counter, ticket) {
    const counters = this.line.counters.map((one) => (one.id === counter ? { ...one, here: ticket.shown } : one));
    this.line = { ...this.line, counters };
  }

  foreseen(row, me) {
    const answer = this.waited.get(row.id)?.at(-1);
    if (!answer) return row;
    if (answer.move === "claim")
      return { ...row, state: "claimed", claimed_by: me.id, claimed_name: me.name, claimed_until: null, sending: true };
    if (answer.move === "release") return { ...row, state: "entered", claimed_by: null, sending: true };
    if (answer.move === "send") return { ...row, zone: answer.body.zone, zone_name: this.zone(answer.body.zone), sending: true };
    if (answer.move === "greet" || answer.move === "dismiss" || answer.move === "merge") {
      const state = { greet: "acknowledged", dismiss: "dismissed", merge: "merged" }[answer.move];
      return { ...row, waiting: false, state, acknowledged_by: me.id, acknowledged_name: me.name, sending: true };
    }
    return row;
  }

  expect(answer) {
    this.waited.set(answer.visit, [...(this.waited.get(answer.visit) ?? []), answer]);
  }

  settle(answer) {
    const rest = (this.waited.get(answer.visit) ?? []).filter((other) => other.key !== answer.key);
    if (rest.length) this.waited.set(answer.visit, rest);
    else this.waited.delete(answer.visit);
  }

  zone(id) {
    return this.zones.find((zone) => zone.id === id)?.name ?? id;
  }

  /** Forget rows of visits that left the list, but those still shown. */
  forget(shown) {
    for (const id of this.gone.keys()) if (!shown.has(id)) this.gone.delete(id);
  }

  /** The cameras that do not see: anything but watching. */
  get blind() {
    return this.cameras.filter((camera) => camera.watch !== "watching");
  }

  get serviceSilent() {
    return this.service?.watch !== "watching";
  }
}

/** How an unclaimed visit stands by its age alone: the screen turns in time even if the news of it is slow. */
export function stateNow(visit, standards, seconds) {
  if (visit.late) return "late";
  if (!UNCLAIMED.has(visit.state)) return visit.state;
  if (seconds >= standards.escalate) return "escalated";
  if (seconds >= standards.greet_within) return "overdue";
  return seconds >= standards.warn ? "due" : "entered";
}
