// The server's time, as people on the floor read it: the shop's zone, 24 hours.
import { serverNow } from "/static/live.js";
import { here } from "./here.js";

export { serverNow };

const shown = (parts) => new Intl.DateTimeFormat("en-GB", { timeZone: here.store.timezone, hourCycle: "h23", ...parts });
const long = shown({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const short = shown({ hour: "2-digit", minute: "2-digit" });

const moment = (at) => (typeof at === "string" ? Date.parse(at) : at);

/** 14:05:12 */
export const hms = (at) => long.format(moment(at));
/** 14:05 */
export const hm = (at) => short.format(moment(at));
/** Whole seconds from `since` to `now`, never below zero: two clocks may disagree by a little. */
export const age = (since, now) => Math.max(0, Math.floor((now - moment(since)) / 1000));
/** Whole seconds left until `end`, never below zero. */
export const left = (end, now) => Math.max(0, Math.ceil((moment(end) - now) / 1000));
/** 1:12, and 1:02:09 above an hour. */
export function stopwatch(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const rest = two(seconds % 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}
