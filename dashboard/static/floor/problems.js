// Problems that somebody owns: written down, told to the customer, closed with how it ended. Never closed untold.
import { ask, field } from "../counter/ask.js";
import { here, t } from "./here.js";
import { closeSheet, openSheet } from "./sheet.js";
import { hm, serverNow } from "./time.js";
import { say } from "./toast.js";

const KINDS = ["product", "service", "wait", "price", "other"];
const OUTCOMES = ["solved", "partly", "not_solved"];
const PATIENCE_MS = 5000;
const HOURS = [1, 4, 24, 72];
const HOUR_MS = 3_600_000;

const day = new Intl.DateTimeFormat(here.language, { timeZone: here.store.timezone, weekday: "short", day: "numeric", month: "short" });

/** When something was promised, in words: the time today, the day and the time otherwise. */
export function promisedAt(at) {
  const then = Date.parse(at);
  return day.format(then) === day.format(serverNow()) ? hm(then) : `${day.format(then)} ${hm(then)}`;
}

export class Problems {
  /** `actions.problem(what, path, body)` sends one. */
  constructor({ actions }) {
    this.actions = actions;
  }

  /** The open ones: whose time has passed stands on top. */
  async list() {
    let rows;
    try {
      const said = await fetch("/api/v1/problems", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE_MS) });
      ({ problems: rows } = await said.json());
    } catch {
      return say(t("problems_later"));
    }
    const buttons = rows.map((row) => ({ text: brief(row), symbol: row.overdue ? "tri" : "book", look: row.overdue ? "late" : "", act: () => this.one(row) }));
    const write = { text: t("problem_write"), symbol: "plus", act: () => this.write() };
    return openSheet(t("problems_open"), () => [{ row: "pick rows", buttons, note: rows.length ? null : t("problems_none") }, { row: "pick", buttons: [write] }]);
  }

  /** One of them: what was heard, who sees to it, and what can be done. */
  one(row) {
    const path = `/api/v1/problems/${row.id}`;
    const send = (what, body) => () => (closeSheet(), this.actions.problem(what, `${path}/${what}`, body));
    const told = { text: t(row.told_at ? "problem_told_again" : "problem_told"), symbol: "talk", look: row.told_at ? "" : "main", act: send("told", {}) };
    const outcomes = OUTCOMES.map((outcome) => ({ text: t(`counter.outcome_${outcome}`), symbol: "check", act: send("close", { outcome }) }));
    openSheet(brief(row), () => [
      { node: facts(row), row: "row" },
      { label: t("problem_customer"), note: row.told_at ? t("problem_told_at", { time: promisedAt(row.told_at) }) : null, buttons: [told] },
      row.told_at ? { label: t("problem_ended"), buttons: outcomes } : { note: t("problem_tell_first") },
    ]);
  }

  /** Write one down, about a party on the floor if it is known which. */
  write(visit = null) {
    const promises = HOURS.map((hours) => ({ id: String(hours), name: t(`within_${hours}`) }));
    const fields = [
      field("choice-field", t("counter.problem_kind"), { value: "product", choices: KINDS.map((id) => ({ id, name: t(`counter.kind_${id}`) })) }),
      field("field", t("counter.problem_heard")),
      field("choice-field", t("counter.problem_owner"), { value: here.me.id, choices: here.people }),
      field("line-field", t("counter.problem_action"), { needed: false }),
      field("choice-field", t("counter.problem_by"), { value: "24", choices: [...promises, { id: "", name: t("within_none") }], needed: false }),
    ];
    ask(t("problem_new"), fields, {
      label: t("counter.problem_save"), symbol: "book",
      done: ([kind, heard, owner, action, hours]) => {
        const promised = hours ? { promised_by: new Date(serverNow() + Number(hours) * HOUR_MS).toISOString() } : {};
        this.actions.problem("write", "/api/v1/problems", { kind, heard, owner, action, ...promised, ...(visit && { visit: visit.id }) });
      },
    });
  }
}

/** One problem in one line: whose, what, and by when. */
export function brief(row) {
  const by = row.promised_by ? t(row.overdue ? "promise_over" : "promise_by", { time: promisedAt(row.promised_by) }) : t("promise_none");
  const heard = row.heard.length > 60 ? `${row.heard.slice(0, 57)}…` : row.heard;
  return [row.about, heard, row.owner_name, by].filter(Boolean).join(" · ");
}

function facts(row) {
  const list = document.createElement("dl");
  list.className = "facts-of";
  const pairs = [[t("counter.problem_heard"), row.heard], [t("counter.problem_action"), row.action], [t("counter.problem_owner"), row.owner_name], [t("counter.problem_kind"), t(`counter.kind_${row.kind}`)]];
  for (const [term, said] of pairs)
    if (said) list.append(Object.assign(document.createElement("dt"), { textContent: term }), Object.assign(document.createElement("dd"), { textContent: said }));
  return list;
}
