// What is so at this counter, as the server said it last, and as it will be once the answers on their way have arrived.
import { serverNow } from "../floor/time.js";

const LEAVES = new Set(["hold", "finish", "finish-next", "miss", "transfer", "cancel", "release"]);

export class Desk {
  #row = null;
  #waiting = []; // answers that are on their way, oldest first

  constructor(me) {
    this.me = me;
  }

  /** Take the counter as it stands; an older word than the last is ignored. */
  take(row) {
    if (!row || (this.#row && row.now < this.#row.now)) return;
    this.#row = row;
  }

  expect(answer) {
    this.#waiting.push(answer);
  }

  settle(answer) {
    this.#waiting = this.#waiting.filter((other) => other.key !== answer.key);
  }

  get known() {
    return this.#row !== null;
  }

  /** Whether a call is on its way: whom it brings only the shop knows. */
  get calling() {
    return this.#waiting.some(({ move }) => move === "next" || move === "call");
  }

  get sending() {
    return this.#waiting.length > 0;
  }

  /** The counter as it will stand. */
  get row() {
    return this.#waiting.reduce((row, answer) => foreseen(row, answer), this.#row);
  }

  get mine() {
    return this.row.shift?.staff === this.me.id;
  }

  /** Seconds that have passed since the server said how long everything had lasted. */
  get since() {
    return Math.max(0, (serverNow() - Date.parse(this.#row.now)) / 1000);
  }
}

/** The row once `answer` has been taken; what nobody can foresee is left as it is. */
function foreseen(row, answer) {
  const { here } = row;
  if (answer.move === "resume") {
    const back = row.line.find((one) => one.id === answer.ticket);
    return back && !here ? { ...row, here: { ...bare, ...back, state: "serving" }, line: row.line.filter((one) => one !== back) } : row;
  }
  if (!here || here.id !== answer.ticket) return row;
  if (answer.move === "start") return { ...row, here: { ...here, state: "serving", begun: answer.at } };
  if (answer.move === "recall") return { ...row, here: { ...here, calls: here.calls + 1, last_called: answer.tapped_at } };
  return LEAVES.has(answer.move) ? { ...row, here: null } : row;
}

const bare = { recap: null, briefing: null, notes: [], goodbyes: {}, greeted: null, lead: null };

/** Whole seconds for which `row` has waited, is old, or has been served; each goes on from the server's word. */
export const ageOf = (row) => Math.max(0, Math.floor((serverNow() - Date.parse(row.t0)) / 1000));
export const waitedOf = (row, desk) => Math.floor(row.waited + (row.state === "waiting" ? desk.since : 0));
export function servedOf(row, desk) {
  if (row.begun) return Math.max(0, Math.floor((Date.now() - row.begun) / 1000));
  return Math.floor(row.serving + (row.state === "serving" ? desk.since : 0));
}

/** Whether somebody has waited longer than the upper end of what they were told. */
export const longerThanTold = (row, desk) => row.told_to !== null && waitedOf(row, desk) > row.told_to;
