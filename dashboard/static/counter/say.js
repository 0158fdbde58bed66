// Words that several parts of the counter need.
import { here, t } from "../floor/here.js";
import { hm } from "../floor/time.js";

export const serviceName = (row) => here.services[row.service] ?? row.service_name;

const OWN_NAMES = { en: "English", nb: "Norsk", nl: "Nederlands", ms: "Melayu", lv: "Latviešu" };
export const languageName = (code) => OWN_NAMES[code] ?? code;

/** "told 5–10 min", or nothing when no wait was told. */
export function told(row) {
  if (row.told_to === null) return "";
  return t("told", { lo: Math.floor(row.told_from / 60), hi: Math.ceil(row.told_to / 60) });
}

const REASONS = new Set(["stockroom", "colleague", "payment"]);

/** Why somebody is on hold, in words. */
export const holdReason = (reason) => (REASONS.has(reason) ? t(`why_${reason}`) : reason);

/** What the customer reads while they are on hold. */
export function customerReads(reason, until) {
  const values = { name: here.me.name, time: hm(until) };
  return t(REASONS.has(reason) ? `reads_${reason}` : "reads_other", values);
}

/** The whole goodbye, part after part. */
export const goodbye = (parts) => parts.map((part) => t(`goodbye.${part}`)).join(" ");

const CALL_REASONS = new Set(["child", "stand", "quick", "agreed"]);

/** What a colleague wrote with a move, in words: a call out of order and a hold have reasons by name. */
export function noteWords({ move, note }) {
  if (move === "call") return t("note_call", { why: CALL_REASONS.has(note) ? t(`call_${note}`) : note });
  return move === "hold" ? t("note_hold", { why: holdReason(note) }) : note;
}
