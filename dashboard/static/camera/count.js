// Counting along: taps are shown at once, kept in this browser until the shop has them, and sent as often as it takes; each has
// a key, so it counts once. What the camera counts is not shown before the end: whoever sees it would count towards it.
import { part, show, write } from "../floor/dom.js";
import { get, post } from "./box.js";
import { here, t, tn } from "./words.js";

const AGAIN_MS = 2000; // after a failure, taps are sent again so much later
const SETTLE_MS = 4000; // so long the camera's last word may be on its way
const MOST_AT_ONCE = 200;

const page = Object.fromEntries([...document.querySelectorAll("[id]")].map((element) => [element.id, element]));
let ahead = -Infinity; // the server's clock minus our monotonic one, ms
const serverNow = () => ahead + performance.now();
const KEY = `tally.${here.camera}`;
const key = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

let tally = here.tally;
let waiting = kept(); // taps the shop does not have yet
let sending = false;
let ending = false;
let timer = 0;

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY));
    return found && found.tally === tally?.id ? found.taps : [];
  } catch {
    return [];
  }
}

function keep() {
  try {
    if (tally && waiting.length) localStorage.setItem(KEY, JSON.stringify({ tally: tally.id, taps: waiting }));
    else localStorage.removeItem(KEY);
  } catch {
    return; // a browser that keeps nothing: taps live as long as the page
  }
}

/** Take the server's word on what time it is: every word was delayed, the least delayed is right. */
function hear(now) {
  if (now) ahead = Math.max(ahead, Date.parse(now) - performance.now());
}

/** Ask the shop and return how the tally stands. Raises NotDone. */
async function request(path, body) {
  const said = await (await post(path, body, { lost: "tally.no_connection" })).json();
  hear(said.now);
  return said.tally;
}

hear(here.now);
const over = () => tally && !tally.ended && serverNow() >= Date.parse(tally.until);
const waits = (way) => waiting.filter((tap) => tap.way === way).reduce((sum, tap) => sum + tap.step, 0);

function trouble(words) {
  show(page.trouble, Boolean(words));
  write(part(page.trouble, "words"), words);
}

function draw() {
  const mine = tally && tally.by === here.me;
  show(page.before, !tally);
  show(page.during, Boolean(mine && !tally.ended));
  show(page.other, Boolean(tally && !mine && !tally.ended));
  show(page.after, Boolean(tally?.ended));
  if (mine && !tally.ended) drawDuring();
  if (tally && !mine && !tally.ended) drawOther();
  if (tally?.ended) drawAfter();
}

function drawDuring() {
  const left = Math.max(0, Math.ceil((Date.parse(tally.until) - serverNow()) / 1000));
  write(page.left, `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`);
  write(page["left-words"], t(left ? "tally.left" : "tally.settling"));
  for (const way of ["in", "out"]) write(part(page.during, way), String(Math.max(0, tally[way] + waits(way))));
  show(page.unsent, waiting.some((tap) => tap.failed));
  write(page.unsent, tn("tally.unsent", waiting.length));
  for (const button of page.during.querySelectorAll("[data-way]")) button.setAttribute("aria-disabled", String(!left));
}

function drawOther() {
  write(part(page.other, "words"), t("tally.other", { name: tally.name ?? "" }));
  show(page["take-over"], over());
}

function drawAfter() {
  const { found } = tally;
  for (const name of ["hand", "camera", "share", "why", "formula"]) {
    write(part(page.after, name), name === "share" && found.share ? t("tally.share", { share: found.share }) : (found[name] ?? ""));
    show(part(page.after, name), Boolean(found[name]));
  }
}

function tap(way, step = 1) {
  if (!tally || tally.ended || over() || ending) return;
  if (step < 0 && tally[way] + waits(way) <= 0) return;
  // Our idea of the server's clock lags a little: a tap just after the beginning is not before it.
  const at = Math.max(serverNow(), Date.parse(tally.began));
  waiting.push({ key: key(), at: new Date(at).toISOString(), way, step });
  keep();
  draw();
  navigator.vibrate?.(20);
  write(page.spoken, t("tally.spoken", { n_in: tally.in + waits("in"), n_out: tally.out + waits("out") }));
  send();
}

/** Send what waits, in parts. Returns whether the shop has everything. */
async function send() {
  clearTimeout(timer);
  if (sending) return false;
  sending = true;
  try {
    while (waiting.length && tally && !tally.ended) {
      const some = waiting.slice(0, MOST_AT_ONCE);
      tally = await request(`/api/v1/tallies/${tally.id}/taps`, { taps: some.map(({ failed, ...rest }) => rest) });
      waiting = waiting.filter((each) => !some.includes(each));
      keep();
    }
    trouble("");
    return true;
  } catch (wrong) {
    failed(wrong);
    return false;
  } finally {
    sending = false;
    draw();
  }
}

/** Ask how the tally stands: the page before this one may have heard of its last taps while this one, older, was on its way. */
async function look() {
  const mine = tally;
  try {
    const said = await get(`/api/v1/tallies/${mine.id}`, "tally.no_connection");
    hear(said.now);
    if (tally === mine && !waiting.length) tally = said.tally;
  } catch (wrong) {
    trouble(wrong.words ?? String(wrong));
  }
  draw();
}

function failed(wrong) {
  if (wrong.status === 404) return gone();
  for (const each of waiting) each.failed = true;
  trouble(wrong.words ?? String(wrong));
  timer = setTimeout(send, AGAIN_MS);
  return undefined;
}

function gone() {
  tally = null;
  waiting = [];
  keep();
  trouble(t("tally.no_such"));
  draw();
}

/** End the count as of `at`: first every tap, then a moment for the camera's last word. */
async function finish(at) {
  if (ending || !tally || tally.ended) return;
  ending = true;
  write(page["left-words"], t("tally.settling"));
  try {
    await new Promise((done) => setTimeout(done, Math.max(0, at + SETTLE_MS - serverNow())));
    while (waiting.length && !(await send())) await new Promise((done) => setTimeout(done, AGAIN_MS));
    if (!tally) return;
    tally = await request(`/api/v1/tallies/${tally.id}/finish`, { at: new Date(at).toISOString() });
    trouble("");
    draw();
    page.after.focus();
  } catch (wrong) {
    trouble(wrong.words ?? String(wrong));
    if (wrong.status === 404) gone();
    if (wrong.status === 0) timer = setTimeout(tick, AGAIN_MS);
  } finally {
    ending = false;
  }
}

async function begin(event) {
  event.preventDefault();
  try {
    const wish = { id: key(), line: page["which-line"].value, minutes: Number(page.minutes.value) };
    tally = await request(`/api/v1/cameras/${here.camera}/tallies`, wish);
    waiting = [];
    trouble("");
    draw();
    page.during.querySelector(".tap").focus();
  } catch (wrong) {
    trouble(wrong.words ?? String(wrong));
    if (wrong.problem?.why === "running") location.reload();
  }
}

async function abandon() {
  try {
    await request(`/api/v1/tallies/${tally.id}/abandon`, {});
    tally = null;
    waiting = [];
    keep();
    trouble("");
  } catch (wrong) {
    trouble(wrong.words ?? String(wrong));
  }
  draw();
}

function tick() {
  if (tally && !tally.ended) draw();
  if (tally?.by === here.me && over()) finish(Date.parse(tally.until));
}

page.begin.addEventListener("submit", begin);
page.finish.addEventListener("click", () => finish(serverNow()));
page.abandon.addEventListener("click", abandon);
page["take-over"].addEventListener("click", abandon);
page["once-more"].addEventListener("click", () => location.reload());
for (const button of page.during.querySelectorAll("[data-way]")) button.addEventListener("click", () => tap(button.dataset.way, Number(button.dataset.step ?? 1)));
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.matches?.("input, select")) return;
  const way = { i: "in", o: "out" }[event.key.toLowerCase()];
  if (way && !page.during.hidden) tap(way, event.shiftKey ? -1 : 1);
});
addEventListener("online", send);
setInterval(tick, 250);
draw();
if (waiting.length) send();
else if (tally) look();
