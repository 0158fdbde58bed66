// The lead's page: news in, one row out, drawn four times a second on the shop's own time. Answers wait like those of the floor.
import { connect } from "/static/live.js";
import { part, show, write } from "../floor/dom.js";
import { here, t, tn } from "../floor/here.js";
import { drawLink, speak } from "../floor/link.js";
import { Outbox, newKey } from "../floor/outbox.js";
import { Problems } from "../floor/problems.js";
import { openSheet } from "../floor/sheet.js";
import { keepShell, lastHeard, noteHeard } from "../floor/shell.js";
import { serverNow } from "../floor/time.js";
import { hide, say } from "../floor/toast.js";
import { made } from "../floor/dom.js";
import { Calls } from "./calls.js";
import { drawLists } from "./lists.js";
import { Sheets } from "./sheets.js";

const TICK_MS = 250;
const ASK_AFTER_MS = 150;
const ASK_MS = 5000;
const SHIFT_MS = 30_000; // who signs in or out is no news of the floor

let row = null;
let link = { state: "connecting", since: null };
let spoken = new Set();

/** Write an answer down, send it, and say so. */
function post(move, path, body = {}) {
  outbox.add({ key: newKey(), move, path, visit: null, body, at: Date.now(), tapped_at: new Date(serverNow()).toISOString(), person: here.me.id });
  draw();
}

const actions = {
  call: (what, about) => post(what, `/api/v1/lead/calls/${about}/${what}`),
  alert: (id) => post("going", `/api/v1/alerts/${id}/acknowledge`),
  pause: (id, body) => post("pause", `/api/v1/lead/services/${id}/pause`, body),
  resume: (id) => post("resume", `/api/v1/lead/services/${id}/resume`),
  reorder: (id, before, reason) => post("reorder", `/api/v1/lead/tickets/${id}/reorder`, { before, reason }),
  reopen: (id) => post("reopen", `/api/v1/lead/tickets/${id}/reopen`),
  problem: (what, path, body) => post(`problem-${what}`, path, body),
};

const problems = new Problems({ actions });
const sheets = new Sheets(actions);
const calls = new Calls(part(document, "calls"), actions);

function draw() {
  drawLink(!row && link.state === "lost" ? { ...link, since: lastHeard() ?? link.since } : link, outbox.stuck);
  if (!row) return;
  const now = serverNow();
  calls.draw(row.calls, now);
  drawCalm();
  drawLists(row, now, { actions, problems, sheets });
  drawTitle();
  tell();
}

function drawCalm() {
  const calm = part(document, "calm");
  show(calm, row.calls.length === 0);
  write(calm.querySelector("b"), t(row.open ? "calm" : "closed"));
  write(calm.querySelector("span"), row.open ? t("calm_more") : "");
}

function drawTitle() {
  const count = row.calls.length;
  const pill = part(document, "pill");
  show(pill, count > 0);
  write(pill.querySelector("span"), tn("calls_n", count));
  const title = `${count ? `(${count}) ` : ""}${t("title")} · ${here.store.name}`;
  if (document.title !== title) document.title = title;
}

/** Say each new call once, to those who listen. */
function tell() {
  const fresh = row.calls.filter((one) => !spoken.has(one.about));
  if (fresh.length) speak(fresh.map((one) => t("spoken_call", { where: one.briefing?.number ?? one.zone_name })).join(" "));
  spoken = new Set(row.calls.map((one) => one.about));
}

const SAID = { pause: "done_pause", resume: "done_resume", reorder: "done_reorder", reopen: "done_reopen", "problem-write": "done_write", "problem-told": "done_told", "problem-close": "done_close" };

const outbox = new Outbox({
  person: here.me.id,
  onAnswer: (answer, { status, body }) => {
    if (body?.lead) row = body.lead;
    else ask();
    hide();
    if (status < 200 || status >= 300) say(body?.detail ?? t(status ? "refused" : "answer_expired"));
    else if (SAID[answer.move]) say(t(SAID[answer.move]));
    draw();
  },
  onChange: () => draw(),
  onSignedOut: () => say(t("sign_in_again")),
});

let timer = 0;
let etag = "";
/** Ask how things stand, a moment after the news so that a burst of it is one question. */
function ask() {
  timer ||= setTimeout(async () => {
    timer = 0;
    try {
      const headers = { Accept: "application/json", ...(etag && { "If-None-Match": etag }) };
      const said = await fetch("/api/v1/lead", { headers, cache: "no-store", signal: AbortSignal.timeout(ASK_MS) });
      if (said.status === 401 || said.status === 403) return location.assign("/");
      if (said.status === 200) {
        etag = said.headers.get("ETag") ?? "";
        row = await said.json();
      }
      draw();
    } catch {
      // The link says when it is lost; the next news asks again.
    }
    return undefined;
  }, ASK_AFTER_MS);
}

const TAPS = {
  going: (control) => calls.answer("going", control),
  came: (control) => calls.answer("came", control),
  write: () => problems.write(),
  person: () => openSheet(here.me.name, () => [{ row: "row", node: made("person") }]),
};

addEventListener("click", (tap) => {
  const control = tap.target.closest?.("button[data-do]");
  if (control) TAPS[control.dataset.do]?.(control);
});

connect({
  floor: "/api/v1/lead",
  also: ["line", "lead"],
  onEvent: (event, said) => {
    if (said.lead) row = said;
    else if (event !== "hb" && event !== "cameras") ask();
    noteHeard(serverNow());
    draw();
  },
  onState: (state) => {
    link = state;
    if (state.state !== "lost") outbox.flush();
    draw();
  },
});
outbox.open();
keepShell();
setInterval(draw, TICK_MS);
setInterval(ask, SHIFT_MS);
