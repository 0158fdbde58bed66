// The counter: news in, the customer and the line out, four times a second, on the shop's own time.
import { connect } from "/static/live.js";
import { attribute, part, show, write } from "../floor/dom.js";
import { here, listed, t } from "../floor/here.js";
import { drawLink, speak } from "../floor/link.js";
import { Outbox } from "../floor/outbox.js";
import { sheetOpen } from "../floor/sheet.js";
import { say } from "../floor/toast.js";
import { Actions } from "./actions.js";
import { Customer } from "./customer.js";
import { Desk, servedOf } from "./desk.js";
import { drawChoices, Idle } from "./idle.js";
import { Line } from "./line.js";
import { Sheets } from "./sheets.js";

const TICK_MS = 250;
const ASK_MS = 4000;
const PARTS = ["name", "serves", "shift", "aside", "next", "why", "pick", "idle", "with"];

const page = Object.fromEntries(PARTS.map((name) => [name, part(document, name)]));
const counter = localStorage.getItem("greetline.counter");
const desk = new Desk(here.me);
const actions = new Actions({ desk, counter, redraw: draw });
const sheets = new Sheets({ desk, actions });
const customer = new Customer(page.with, { desk, actions, sheets });
const idle = new Idle(page.idle, desk);
const line = new Line(page.aside, desk);
let link = { state: "connecting", since: null };
let bigButton = null;
let shown = "";
let past = false;

function draw() {
  drawLink(link, outbox.stuck);
  if (!desk.known) return;
  const { row } = desk;
  show(page.aside, true);
  line.draw();
  customer.draw();
  bigButton = idle.draw();
  drawBar(row);
  drawNext(row);
  drawTitle(row);
  follow(row);
}

function drawBar(row) {
  write(page.name, row.counter_name);
  write(page.serves, listed(row.services.map(({ id, name }) => here.services[id] ?? name)));
  show(page.shift, true);
  const working = desk.mine && row.shift?.kind === "open";
  const words = working ? t("take_break") : row.shift ? t("on_break") : t("is_closed");
  write(part(page.shift, "words"), desk.mine || !row.shift ? words : t("has_it", { name: row.shift.staff_name }));
  attribute(page.with, "aria-busy", desk.sending ? "true" : null);
}

/** Why nobody can be called now, or nothing. */
function whyNot(row) {
  if (link.state === "lost") return t("not_while_lost");
  if (row.here) return t("ready_after", { number: row.here.shown });
  if (!row.shift) return t("open_first", { counter: row.counter_name });
  if (!desk.mine) return t("no_yours", { counter: row.counter_name, name: row.shift.staff_name });
  if (row.shift.kind !== "open") return t("after_break");
  if (desk.calling) return t("calling");
  return row.next ? "" : t("nobody_waits");
}

function drawNext(row) {
  const why = whyNot(row);
  page.next.setAttribute("aria-disabled", String(Boolean(why)));
  page.next.classList.toggle("main", !why);
  write(page.why, why || t("next_hint"));
}

function drawTitle(row) {
  const title = [row.here?.shown, row.counter_name, here.store.name].filter(Boolean).join(" · ");
  if (document.title !== title) document.title = title;
}

/** When somebody comes, is served or goes, the keyboard follows to what is next, and it is said to those who listen. */
function follow(row) {
  const now = row.here ? `${row.here.id} ${row.here.state}` : `nobody ${bigButton}`;
  const late = row.here?.state === "serving" && servedOf(row.here, desk) >= row.serve_within;
  if (late && !past) speak(t("past_aim", { number: row.here.shown }));
  past = late;
  if (now === shown) return;
  const first = shown === "";
  shown = now;
  if (row.here) speak(t(row.here.state === "serving" ? "spoken_serving" : "spoken_called", { number: row.here.shown }));
  const focus = document.activeElement;
  const lost = !focus || [document.body, page.next].includes(focus) || !focus.checkVisibility();
  if (first || sheetOpen() || !lost) return;
  if (row.here?.state === "called") part(page.with, "start").focus();
  else if (row.here) part(page.with, "number").focus();
  else page.next.focus();
}

const outbox = new Outbox({
  person: here.me.id,
  onAnswer: (answer, said) => actions.answered(answer, said),
  onChange: () => draw(),
  onSignedOut: () => say(t("sign_in_again")),
});

let asking = false;
let again = false;
let etag = "";

/** Ask how this counter stands. What happens while an answer is on its way is asked for once more. */
async function ask() {
  again = asking;
  if (asking || !counter) return;
  asking = true;
  try {
    const headers = { Accept: "application/json", ...(etag && { "If-None-Match": etag }) };
    const said = await fetch(`/api/v1/counters/${counter}`, { headers, cache: "no-store", signal: AbortSignal.timeout(ASK_MS) });
    if (said.status === 401 || said.status === 403) return location.assign("/");
    if (said.status === 404) return forget();
    if (said.status !== 304) {
      etag = said.headers.get("ETag") ?? "";
      desk.take(await said.json());
      draw();
    }
  } catch {
    // The link says when it is lost; the next news asks again.
  } finally {
    asking = false;
  }
  return again ? ask() : undefined;
}

/** The counter is gone from the settings: choose another. */
function forget() {
  localStorage.removeItem("greetline.counter");
  location.reload();
}

async function choose() {
  const said = await fetch("/api/v1/counters", { headers: { Accept: "application/json" } });
  drawChoices(page.pick, (await said.json()).counters, (id) => {
    localStorage.setItem("greetline.counter", id);
    location.reload();
  });
}

function callNext() {
  if (!whyNot(desk.row)) actions.next();
}

const able = (name) => part(page.with, name).getAttribute("aria-disabled") !== "true";
const current = () => desk.row.here;
const heldOne = (control) => desk.row.line.find((one) => one.id === control.closest("[data-key]").dataset.key);
const serving = () => current()?.state === "serving";
const called = () => current()?.state === "called";

const TAPS = {
  next: callNext,
  hero: () => bigButton && actions.shift("open"),
  entry: (control) => sheets.entry(heldOne(control)),
  update: (control) => actions.move("update", heldOne(control)),
  resume: (control) => actions.move("resume", heldOne(control)),
  shift: () => sheets.shift(),
  keys: () => sheets.keys(),
  person: () => sheets.person(),
  second: () => able("second") && actions.second(),
  start: () => called() && actions.move("start", current()),
  recall: () => called() && able("recall") && actions.move("recall", current()),
  miss: () => called() && actions.move("miss", current()),
  yes: () => actions.move("confirm", current(), { said_yes: true }),
  skip: () => actions.move("confirm", current(), { said_yes: false }),
  recap: () => sheets.recap(current()),
  transfer: () => current() && sheets.transfer(current()),
  lead: () => sheets.lead(current()),
  problem: () => sheets.problem(current()),
  finish: () => customer.finish(),
  "finish-next": () => customer.finish() && actions.next(),
};

const KEYS = {
  n: "next", r: "recall", s: "start", t: "transfer", "?": "keys",
  f: () => serving() && customer.finish(),
  h: () => serving() && customer.holdForm.focus(),
};

addEventListener("click", (tap) => {
  const control = tap.target.closest?.("button[data-do]");
  if (control && (desk.known || control.dataset.do === "person")) TAPS[control.dataset.do]?.(control);
});

addEventListener("keydown", (key) => {
  if (!desk.known || sheetOpen() || key.ctrlKey || key.metaKey || key.altKey || key.repeat) return;
  if (key.target.closest?.("input, textarea, select")) return;
  const what = KEYS[key.key.toLowerCase()];
  if (!what) return;
  key.preventDefault();
  if (typeof what === "string") TAPS[what]();
  else what();
});

connect({
  events: "/events/board?at=counter",
  also: ["case"],
  floor: counter ? `/api/v1/counters/${counter}` : "/api/v1/counters",
  onEvent: (event, row) => {
    if (row.counter) desk.take(row);
    else ask();
    draw();
  },
  onState: (state) => {
    link = state;
    if (state.state !== "lost") outbox.flush();
    draw();
  },
});

if (counter) {
  actions.begin(outbox);
  setInterval(draw, TICK_MS);
} else choose();
