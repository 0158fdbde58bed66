// The wall: a call is shown large for a while, one after the other, with two tones and a voice, and once more if nobody came.
// What is queued already stands in "Recently called", so nobody waits for a turn of the wall to learn of their own.

import { connect, serverNow } from "/static/live.js";
import { Sound } from "./sound.js";

const SHOWN_MS = 15_000; // a call is large for so long
const AGAIN_MS = 20_000; // and is called out once more so long after the first time
const OLD_MS = 60_000; // a call that is older when the wall opens is not called out
const RECENT = 4;
const PATIENCE_MS = 3_000; // then a call goes on without its voice
const KEPT_VOICES = 40;
const KEPT_CALLS = 40;
const CALLED = "greetline.called";
const LONG_DESK = 9; // letters
const LONG_NUMBER = 5;

const said = JSON.parse(document.getElementById("said").textContent);
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const page = document.documentElement;
const panel = part("call");
const sound = new Sound(said.sound.volume);
const say = (node, text) => node.textContent !== text && (node.textContent = text);
const fill = (text, values) => text.replace(/%\((\w+)\)[sd]/g, (_, name) => values[name] ?? "").replaceAll("%%", "%");
const clock = new Intl.DateTimeFormat(page.lang, { hour: "2-digit", minute: "2-digit", timeZone: said.timezone });
const day = new Intl.DateTimeFormat(page.lang, { weekday: "long", timeZone: said.timezone });
const plain = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: said.timezone });
const hour = (at) => clock.format(new Date(at));

let row = said.row;
let shown = null; // { call, until } while a call is large
let settled = null; // the call that stays on the large panel
const queue = []; // calls that nobody has heard yet
const repeats = []; // and those to be called out once more, which wait for all of the others
const announced = new Map(); // number of the call -> when it was last called out, and whether again
const called = new Map(remembered()); // number of the call -> "once" or "twice", as this wall has called it out

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(CALLED)) ?? [];
  } catch { return []; } // a browser that keeps nothing calls out once more
}

function remember(call) {
  called.set(call.id, called.has(call.id) ? "twice" : "once");
  while (called.size > KEPT_CALLS) called.delete(called.keys().next().value);
  try {
    sessionStorage.setItem(CALLED, JSON.stringify([...called]));
  } catch { /* then it is called out once more after the page was loaded anew */ }
}

function desk(call, language, form) {
  const counter = said.counters[call.counter];
  return counter?.number ? fill(said.languages[language][form], { n: counter.number }) : (counter?.name ?? call.counter_name ?? "");
}

function come(call, language) {
  const numbered = said.counters[call.counter]?.number;
  return fill(said.languages[language][numbered ? "turn.goto" : "turn.goto_named"], { desk: desk(call, language, "desk.gen") });
}

const stands = (call) => row.calls.find((each) => each.id === call.id && (each.calling || each.serving));
const unanswered = (call) => row.calls.find((each) => each.id === call.id && each.calling);

function take(fresh, opening) {
  row = fresh;
  for (const call of [...row.calls].reverse()) {
    if (announced.has(call.id) || !call.calling) continue;
    const late = opening && serverNow() - Date.parse(call.at) > OLD_MS;
    const heard = opening && called.get(call.id); // before this page was loaded anew
    announced.set(call.id, { at: late ? null : heard ? performance.now() : Infinity, again: late || heard === "twice" });
    if (late || heard) continue;
    queue.push(call);
    prepare(call);
  }
  const known = new Set(row.calls.map((call) => call.id));
  for (const id of announced.keys()) if (!known.has(id)) announced.delete(id);
  step();
}

/** Go on: end what was large long enough, take the next, call once more who has not come when everybody was called once. */
function step() {
  const now = performance.now();
  if (shown && now >= shown.until) {
    settled = shown.call;
    shown = null;
  }
  for (const [id, known] of announced) {
    const call = row.calls.find((each) => each.id === id);
    if (known.again || !known.at || now - known.at < AGAIN_MS) continue;
    known.again = true;
    if (call?.calling) repeats.push(call);
  }
  while (!shown && (queue.length || repeats.length)) {
    const call = queue.length ? stands(queue.shift()) : unanswered(repeats.shift());
    if (call) begin(call, now);
  }
  draw();
}

function begin(call, now) {
  const known = announced.get(call.id);
  if (known && !known.again) known.at = now;
  shown = { call, until: now + SHOWN_MS };
  remember(call);
  if (quiet()) return;
  sound.ring();
  speak(shown);
}

// ---- the voice: asked for as soon as a call is known, so that it is there when the tones are over
const voices = new Map();

function prepare(call) {
  if (!said.sound.speaks || voices.has(call.id)) return;
  voices.set(call.id, spoken(call.id).catch(() => []));
  if (voices.size > KEPT_VOICES) voices.delete(voices.keys().next().value);
}

async function spoken(id) {
  const answer = await fetch(`/voice/calls/${id}`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) return [];
  return Promise.all((await answer.json()).say.map((address) => sound.load(address)));
}

async function speak(mine) {
  prepare(mine.call);
  const found = (await voices.get(mine.call.id)) ?? [];
  if (found.includes(null)) voices.delete(mine.call.id); // asked for again when the call is repeated
  // A voice that comes when the call is no longer large would say something that is not so.
  if (shown !== mine || !sound.audible) return;
  for (const each of found) if (each) sound.play(each);
  mine.until = Math.max(mine.until, performance.now() + sound.left * 1000);
}

function quiet() {
  const now = plain.format(serverNow());
  return said.sound.quiet.some(([from, to]) => (from < to ? from <= now && now < to : now >= from || now < to));
}

function headline(call) {
  if (shown) return said.texts["display.come"];
  if (call) return said.texts["display.now"];
  if (!row.open) return row.opens_at ? fill(said.texts["display.closed"], { when: opens() }) : said.texts["display.closed"].split(".")[0];
  return said.texts[row.waiting ? "display.shortly" : "display.nobody"];
}

function opens() {
  const then = new Date(row.opens_at);
  return day.format(then) === day.format(serverNow()) ? clock.format(then) : `${day.format(then)} ${clock.format(then)}`;
}

function draw() {
  const call = shown?.call ?? (settled && stands(settled)) ?? row.calls.find((each) => each.calling || each.serving) ?? row.calls[0];
  panel.classList.toggle("calm", !shown);
  panel.classList.toggle("none", !call);
  say(part("head"), headline(call));
  part("to").hidden = !call;
  say(part("number"), call?.shown ?? "");
  part("number").classList.toggle("long", (call?.shown.length ?? 0) > LONG_NUMBER);
  const where = call ? desk(call, said.shop, "desk.name") : "";
  say(part("desk"), where);
  part("to").classList.toggle("long", where.length > LONG_DESK);
  const foreign = call && call.language !== said.shop && said.languages[call.language];
  say(part("also"), foreign ? come(call, call.language) : "");
  part("also").lang = foreign ? call.language : page.lang;
  drawRecent(row.calls.filter((each) => each.id !== call?.id).slice(0, RECENT));
  say(part("waiting"), fill(said.texts["display.waiting"], { n: row.waiting }));
  const soon = row.open && row.closes_at && Date.parse(row.closes_at) - serverNow() < 3_600_000;
  say(part("news"), soon ? fill(said.texts["shop.closes"], { time: hour(row.closes_at) }) : "");
}

function drawRecent(calls) {
  const list = part("recent");
  const queued = new Set([...queue, ...repeats].map((call) => call.id));
  const wanted = calls.map((call) => [call.shown, desk(call, said.shop, "desk.name"), queued.has(call.id)]);
  const text = JSON.stringify(wanted);
  if (list.dataset.drawn === text) return;
  list.dataset.drawn = text;
  list.replaceChildren(...wanted.map(([number, where, fresh]) => {
    const item = document.createElement("li"), bold = document.createElement("b"), place = document.createElement("span");
    bold.className = "num";
    bold.textContent = number;
    place.textContent = where;
    item.append(bold, " ", place);
    item.classList.toggle("long", where.length > LONG_DESK);
    item.classList.toggle("fresh", fresh);
    return item;
  }));
}

function tell({ state, since }) {
  document.body.classList.toggle("off", state === "lost");
  const note = part("lost");
  note.hidden = state !== "lost";
  say(note, state === "lost" ? fill(said.texts["display.lost"], { time: hour(since) }) : "");
}

take(said.row, true);
connect({
  events: "/events/board?at=wall", floor: "/api/v1/board", onState: tell, calm: () => !shown && !queue.length,
  onEvent: (name, fresh) => (fresh.calls ? take(fresh, false) : (Object.assign(row, fresh), draw())),
});
setInterval(() => {
  say(part("time"), hour(serverNow()));
  const hush = quiet();
  part("mute").hidden = sound.audible && !hush;
  say(part("mute").querySelector("span"), hush ? said.sound.text : said.texts["display.mute"]);
  step();
}, 250);
