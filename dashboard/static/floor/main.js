// The floor screen: news in, cards out, four times a second, on the shop's own time.
import { connect } from "/static/live.js";
import { Actions } from "./actions.js";
import { Arrangement, sorted } from "./arrange.js";
import { Bars } from "./bars.js";
import { Calm } from "./calm.js";
import { Cards } from "./cards.js";
import { part, show, write } from "./dom.js";
import { here, t, tn } from "./here.js";
import { drawCount, drawLink, drawPill, speak } from "./link.js";
import { Menus } from "./menus.js";
import { Outbox } from "./outbox.js";
import { Everyone } from "./everyone.js";
import { Problems } from "./problems.js";
import { isQueue, Lines, longQueues, spoken as spokenOf } from "./queues.js";
import { keepShell, lastHeard, noteHeard } from "./shell.js";
import { startShift } from "./shift.js";
import { fitStrip } from "./strip.js";
import { Sound } from "./sound.js";
import { say } from "./toast.js";
import { Floor, stateNow, UNCLAIMED } from "./state.js";
import { age, serverNow } from "./time.js";

const TICK_MS = 250;
const FEW_VISITS = 10; // below it a share would be read as a finding: say "3 of 4"
const QUIET_CARDS = 3; // up to so many leave room for the last hour
const TODAY_AFTER_MS = 800;
const OLDEST_AFTER_MS = 600;

const PARTS = ["bars", "cards", "calm", "pill", "zone", "today", "elsewhere", "below", "queues", "rest", "problems", "strip"];
const page = Object.fromEntries(PARTS.map((name) => [name, part(document, name)]));
const floor = new Floor();
const arrangement = new Arrangement();
const sound = new Sound(document.getElementById("edge"));
const view = { zone: kept(), setZone };
const actions = new Actions({ floor, me: here.me, redraw: draw });
const problems = new Problems({ actions });
const menus = new Menus({ floor, actions, view, sound, problems });
const everyone = new Everyone(page.rest, floor);
const cards = new Cards(page.cards, { floor, me: here.me });
const bars = new Bars(page.bars, { floor, me: here.me });
const calm = new Calm(page.calm, floor);
const lines = new Lines(page.queues, { floor, redraw: draw });
let link = { state: "connecting", since: null };
let drawn = []; // the cards on the page
let spoken = new Set();

/** The zone this screen was set to, or the one it was paired for. */
function kept() {
  return localStorage.getItem("greetline.zone") ?? here.screen.zone;
}

function setZone(zone) {
  localStorage.setItem("greetline.zone", zone);
  view.zone = zone;
  arrangement.reset();
  draw();
}

function draw() {
  if (!floor.known) return drawLink(link.state === "lost" ? { ...link, since: lastHeard() ?? link.since } : link, outbox.stuck);
  const now = serverNow();
  const zone = floor.zones.some((one) => one.id === view.zone) ? view.zone : "";
  floor.shows = zone;
  const waiting = floor.waiting(here.me);
  const { shown, elsewhere } = sorted(waiting, { zone, me: here.me.id, now, standards: floor.standards });
  const queues = longQueues(floor, zone);
  drawn = arrangement.cards([...shown, ...queues].sort(byAge), floor.flood, performance.now());
  cards.draw(drawn, now);
  floor.forget(new Set(drawn.map((card) => card.key)));
  bars.draw(now);
  everyone.draw(now, zone);
  lines.draw(now, zone, { lost: link.state === "lost" });
  drawPage({ now, zone, waiting, elsewhere });
  sound.tick(alarms(), { now, zone, sound: floor.sound, flood: floor.flood });
  tell(shown, queues, now);
  return drawLink(link, outbox.stuck);
}

function drawPage({ now, zone, waiting, elsewhere }) {
  const grouped = drawn.some((card) => card.group);
  const quiet = drawn.length <= QUIET_CARDS && !grouped;
  document.body.dataset.cards = grouped ? "grouped" : drawn.length === 0 ? "none" : quiet ? "few" : "many";
  show(page.cards, drawn.length > 0);
  show(page.calm, quiet);
  const seen = link.state === "live" || link.state === "polling";
  if (quiet) calm.draw(now, { seen, waiting: drawn.length, elsewhere: elsewhere.length });
  const unclaimed = waiting.filter((visit) => visit.state !== "claimed");
  const states = new Set(unclaimed.map((visit) => stateNow(visit, floor.standards, age(visit.t0, now))));
  const worst = states.has("overdue") || states.has("escalated") ? "overdue" : states.has("due") ? "due" : "entered";
  const beyond = floor.beyond(waiting);
  drawPill(page.pill, unclaimed.length + beyond, worst);
  drawCount(unclaimed.length + beyond, worst === "overdue");
  write(part(page.zone, "name"), zone ? floor.zone(zone) : t("all_zones"));
  show(page.elsewhere, elsewhere.length > 0);
  if (elsewhere.length) write(part(page.elsewhere, "words"), tn("elsewhere", elsewhere.length));
  const open = floor.problems.open;
  show(page.problems, open > 0);
  if (open) write(part(page.problems, "words"), tn("problems_n", open));
  page.problems.classList.toggle("is-late", floor.problems.overdue > 0);
  drawBelow(beyond);
  drawToday();
  fitStrip(page.strip);
}

const byAge = (a, b) => Date.parse(a.t0) - Date.parse(b.t0) || (a.id < b.id ? -1 : 1);

/** The cards that lie below the edge are counted where there is always room. */
function drawBelow(beyond) {
  const edge = Math.min(page.cards.getBoundingClientRect().bottom, innerHeight);
  const hidden = [...page.cards.children].filter((card) => card.getBoundingClientRect().top > edge - 48).length;
  const more = hidden + beyond;
  show(page.below, more > 0);
  if (more) write(part(page.below, "words"), tn("below", more));
}

function drawToday() {
  const today = floor.today;
  if (!today) return;
  const s = floor.standards.greet_within;
  const share = { n: Math.round((today.share ?? 0) * 100), s, kept: today.within, all: today.visits };
  write(part(page.today, "share"), !today.visits ? t("today_none") : t(today.visits < FEW_VISITS ? "today_few" : "today_share", share));
  const median = today.median === null || today.visits < FEW_VISITS ? "" : ` ${t("median", { s: Math.round(today.median) })}`;
  write(part(page.today, "more"), tn("today_visits", today.visits) + median);
}

/** What may sound on this screen: parties nobody goes to, colleagues who call, and queues that are too long. */
function alarms() {
  const waiting = drawn.flatMap((card) =>
    card.visits
      .filter((visit) => visit.alert && UNCLAIMED.has(visit.state) && !visit.late)
      .map((visit) => ({ alert: visit.alert, group: card.group ? card.key : null })),
  );
  const calls = floor.alerts.filter(({ kind, by }) => kind === "queue_over" || kind === "hold_overdue" || (kind === "help" && by !== here.me.id));
  return [...waiting, ...calls.map((alert) => ({ alert, group: null }))];
}

/** Say each party that has just waited too long and each queue that has grown too long, once, to those who listen. */
function tell(shown, queues, now) {
  const late = shown.filter((visit) => ["overdue", "escalated"].includes(stateNow(visit, floor.standards, age(visit.t0, now))));
  const all = [...late, ...queues];
  const fresh = all.filter((one) => !spoken.has(one.id));
  const words = (one) => (one.queue ? spokenOf(one) : t("spoken_overdue", { zone: one.zone_name }));
  if (fresh.length) speak(fresh.map(words).join(" "));
  spoken = new Set(all.map((one) => one.id));
}

let asked = 0;
let later = false;
/**
 * The figures of the day are slow: ask for them a moment after a visit began or ended, not with every tablet at once. They are
 * reckoned once for all who ask within half a second: what is heard of while we wait to ask may be younger, so ask once more.
 */
function askToday() {
  later = Boolean(asked);
  asked ||= setTimeout(async () => {
    try {
      const said = await fetch("/api/v1/today", { signal: AbortSignal.timeout(5000) });
      if (said.ok) floor.take("today", await said.json());
    } catch {
      // the link says that it is lost; the next visit asks again
    }
    asked = 0;
    if (later) askToday();
    draw();
  }, TODAY_AFTER_MS * (1 + Math.random()));
}

let asking = 0;
/** A line longer than this screen shows has moved up: ask who is next, a moment later and not with every tablet at once. */
function askOldest() {
  asking ||= setTimeout(async () => {
    asking = 0;
    try {
      const said = await fetch("/api/v1/floor/oldest", { signal: AbortSignal.timeout(5000) });
      if (said.ok) floor.take("oldest", await said.json());
    } catch {
      return; // the next news asks again
    }
    draw();
  }, OLDEST_AFTER_MS * (1 + Math.random()));
}

const outbox = new Outbox({
  person: here.me.id,
  onAnswer: (answer, said) => {
    actions.answered(answer, said);
    if (answer.visit) askToday(); // the news of it may come later, and is none by then
  },
  onChange: () => draw(),
  onSignedOut: () => say(t("sign_in_again")),
});

const known = (card) => isQueue(card.key) || floor.visits.has(card.visits[0].id);
const cardOf = (element) => drawn.find((card) => card.key === element.closest("[data-key]")?.dataset.key);
const others = (id) => floor.waiting(here.me).filter((visit) => visit.id !== id);

const TAPS = {
  claim: (card) => actions.move("claim", card.visits[0]),
  greet: (card) => actions.greet(card.visits[0]),
  release: (card) => actions.move("release", card.visits[0]),
  help: (card) => actions.help(card.visits[0]),
  more: (card) => menus.more(card.visits[0], others(card.visits[0].id)),
  choose: (card) => menus.choose(card, others(null)),
  add: () => menus.add(),
  pause: () => menus.pause(),
  resume: (card, about) => actions.resume(about),
  acknowledge: (card, about) => actions.alert(about, "acknowledge"),
  resolve: (card, about) => actions.alert(about, "resolve"),
  call: (card, about) => lines.call(about),
  filter: () => menus.filter(),
  everywhere: () => setZone(""),
  below: () => page.cards.lastElementChild?.scrollIntoView({ block: "end" }),
  person: () => menus.person(),
  everyone: () => everyone.open(),
  problems: () => problems.list(),
};

addEventListener("click", (tap) => {
  const control = tap.target.closest?.("button[data-do]");
  if (!control || !floor.known) return;
  const card = cardOf(control);
  const ofCard = control.closest("[data-key]");
  if (ofCard && (!card || card.ghost || !known(card))) return;
  TAPS[control.dataset.do]?.(card, control.dataset.about);
});

for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"])
  addEventListener(kind, () => arrangement.touch(performance.now()), { passive: true, capture: true });

connect({
  also: ["line", "lead"],
  onEvent: (event, row) => {
    // A snapshot has the figures with it; what was asked for before may be older and must not stay.
    const overtaken = event === "snapshot" && asked;
    if (floor.take(event, row) || overtaken) askToday();
    if (floor.known && floor.short) askOldest();
    noteHeard(serverNow());
    draw();
  },
  onState: (state) => {
    link = state;
    if (state.state !== "lost") outbox.flush();
    draw();
  },
});
actions.begin(outbox);
startShift(sound);
keepShell();
setInterval(draw, TICK_MS);
addEventListener("resize", () => draw());
