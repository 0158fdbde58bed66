// A customer's own page stays true while it is looked at: asked for again, swapped where it changed, said aloud once.
// All of it is extra: the page does the same without this file. What is on a page of ours is put there by the server alone.

const NEAR_MS = 5_000;
const CALM_MS = 10_000;
const ENDED_MS = 30_000;
const ASLEEP_MS = 60_000; // nobody looks at a page in the background
const PATIENCE_MS = 8_000;
const IDLE_MS = 4_000; // a page that a hand was on is let alone for so long before it loads anew
const LOST_MS = 1_000; // an answer that fails is asked for once more before the page says so

const words = JSON.parse(document.getElementById("texts").textContent);
const part = (name) => document.querySelector(`[data-part="${name}"]`);
const live = () => document.getElementById("live");
const mine = `greetline${location.pathname.split("/").slice(0, 3).join("/")}`;
const kept = (name, value) => {
  try {
    if (value !== undefined) sessionStorage.setItem(`${mine} ${name}`, value);
    return sessionStorage.getItem(`${mine} ${name}`) ?? "";
  } catch { return ""; } // a browser that keeps nothing
};

let etag = "", heard = Date.now(), skew = 0, timer = 0, busy = false, again = false, lost = false, failed = 0, sound = null, newer = false, touched = 0, telling = false;

// ---- asking. A document is parsed without running anything in it, and needs no HTML put together here.
function ask(method, url, body = null) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.responseType = "document";
    request.timeout = PATIENCE_MS;
    if (method === "GET" && etag) request.setRequestHeader("If-None-Match", etag);
    request.onload = () => (request.status < 500 ? done(request) : fail());
    request.onerror = request.ontimeout = fail;
    request.send(body);
  });
}

const editionOf = (page) => page?.querySelector("meta[name=edition]")?.content ?? "";

/**
 * What this page was drawn from is of another time than the shop: it loads anew once nobody is at it. Not while it is to tell
 * somebody that it is their turn: a page that nobody has touched may neither sound nor move the phone.
 */
function renew() {
  if (telling && !("ended" in live().dataset)) return;
  if (newer && !lost && !busy && Date.now() - touched > IDLE_MS && !document.querySelector(".tongues[open]")) location.reload();
}

function take(answer) {
  [heard, lost, failed] = [Date.now(), false, 0];
  if (answer.status === 304) return;
  newer ||= editionOf(answer.response) !== editionOf(document);
  const fresh = answer.response?.getElementById("live");
  if (!fresh) return;
  etag = answer.getResponseHeader("ETag") ?? "";
  for (const name of ["href", "action", "data-here"])
    for (const node of [fresh, ...fresh.querySelectorAll(`[${name}]`)])
      if (node.hasAttribute(name) && !node.getAttribute(name).startsWith("#")) node.setAttribute(name, new URL(node.getAttribute(name), answer.responseURL));
  swap(fresh);
  document.title = answer.response.title;
}

function swap(fresh) {
  const old = live(), focus = document.activeElement, inside = old.contains(focus);
  const open = [...old.querySelectorAll("details[open]")].map((each) => each.dataset.keep);
  const was = { ...old.dataset, nearly: "nearly" in old.dataset };
  old.replaceWith(document.adoptNode(fresh));
  for (const each of fresh.querySelectorAll("details")) each.open = open.includes(each.dataset.keep);
  dress();
  // The focus stays where it was; where that is gone, it goes to the head of what is there now.
  if (inside) (fresh.querySelector(`[data-key="${CSS.escape(focus.dataset.key ?? "")}"]:not([hidden])`) ?? fresh.querySelector("h1"))?.focus({ preventScroll: true });
  tellOf(was, fresh.dataset);
}

// ---- what is said aloud: a change once, bad news once
function tellOf(was, is) {
  const news = is.news && !kept("news") ? is.news : "";
  if (news) kept("news", "said");
  if (!is.news) kept("news", "");
  const said = [is.say !== was.say ? is.say : "", news].filter(Boolean).join(" ");
  if (said) part("say").textContent = said;
  const nearer = ("nearly" in is && !was.nearly) || (is.state === "called" && was.state !== "called");
  if (nearer) alarm(is.state === "called");
  else if (news) buzz([120]);
}

// A browser lets a page move the phone only once somebody has touched it.
const buzz = (pattern) => navigator.userActivation?.hasBeenActive && navigator.vibrate?.(pattern);

function alarm(called) {
  if (kept("tell") !== "on") return;
  buzz(called ? [300, 150, 300, 150, 300] : [200, 100, 200]);
  (called ? [660, 880, 660, 880] : [660, 880]).forEach(tone);
}

function tone(pitch, nth) {
  if (!sound) return;
  const at = sound.currentTime + nth * 0.28, wave = sound.createOscillator(), gain = sound.createGain();
  gain.gain.setValueAtTime(0.25, at);
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.26);
  wave.frequency.value = pitch;
  wave.connect(gain).connect(sound.destination);
  wave.start(at);
  wave.stop(at + 0.27);
}

async function listenUp() {
  kept("tell", "on");
  telling = true;
  try {
    sound ??= new AudioContext();
    await sound.resume();
  } catch { sound = null; }
  try { await navigator.wakeLock?.request("screen"); } catch { /* the hint says to keep the page open */ }
}

// ---- what only a script can offer, put on whatever the server sent
function dress() {
  const now = live().dataset.now;
  if (now) skew = Date.parse(now) - Date.now();
  const tell = part("tell"), button = tell?.querySelector("button");
  if (!tell) return;
  const on = kept("tell") === "on";
  tell.hidden = false;
  button.setAttribute("aria-pressed", String(on));
  button.classList.toggle("main", !on);
  if (on) button.querySelector("span").textContent = "nearly" in live().dataset ? button.dataset.nearly : button.dataset.on;
}

for (const sign of ["pointerdown", "keydown"]) document.addEventListener(sign, () => (touched = Date.now()), { capture: true, passive: true });
document.addEventListener("click", async (event) => {
  const told = event.target.closest?.("[data-part=tell] button");
  if (told) {
    await listenUp();
    dress();
    tone(660, 0); // so they know how it sounds
  }
  const refresh = event.target.closest?.("[data-part=refresh]");
  if (refresh) {
    event.preventDefault();
    etag = "";
    look();
  }
  const menu = document.querySelector(".tongues[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  const menu = document.querySelector(".tongues[open]");
  if (event.key !== "Escape" || !menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// ---- a tap is sent once
document.addEventListener("submit", async (event) => {
  if (!live().contains(event.target)) return;
  event.preventDefault();
  if (busy) return;
  busy = true;
  try {
    const answer = await ask("POST", event.target.action, new FormData(event.target, event.submitter));
    etag = "";
    // What was asked on a page of its own leads on to one's own page; what was refused is said where it was asked.
    const leads = answer.status < 400 && "still" in live().dataset;
    if (leads) return location.assign(answer.responseURL);
    take(answer);
  } catch {
    lose();
  } finally {
    busy = false;
    draw();
    settle(pause());
  }
});

// ---- asking again, less often where nobody looks
function pause() {
  const { every, state } = { every: Number(document.body.dataset.every ?? 0) * 1000, state: live().dataset };
  if (every) return every;
  if ("ended" in state) return ENDED_MS;
  if (document.hidden && kept("tell") !== "on") return ASLEEP_MS;
  return "nearly" in state ? NEAR_MS : CALM_MS;
}

function next(wait = pause()) {
  clearTimeout(timer);
  if (!("still" in live().dataset)) timer = setTimeout(look, wait);
}

async function look() {
  if ("still" in live().dataset) return;
  again ||= busy; // what happened since that was asked is asked for next
  if (busy) return;
  busy = true;
  try {
    take(await ask("GET", live().dataset.here || location.href));
  } catch {
    lose();
  } finally {
    busy = false;
    draw();
    settle(failed === 1 ? LOST_MS : pause());
  }
}

function settle(wait) {
  const soon = again && !lost;
  again = false;
  if (soon) look();
  else next(wait);
}

function lose() {
  failed += 1;
  lost = failed > 1 || !navigator.onLine;
}

// ---- the clock of the page
const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });

function draw() {
  const ago = Math.max(0, Math.round((Date.now() - heard) / 1000));
  const updated = part("updated");
  if (updated) {
    const text = lost ? words["mobile.offline"] : words["mobile.updated"].replace("%(ago)s", ago < 60 ? relative.format(-ago, "second") : relative.format(-Math.round(ago / 60), "minute"));
    if (updated.textContent !== text) updated.textContent = text;
    updated.classList.toggle("lost", lost);
  }
  const good = Number(document.body.dataset.good ?? 0);
  if (good) document.body.classList.toggle("stale", ago > good);
  for (const each of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.round((Date.parse(each.dataset.until) - Date.now() - skew) / 1000));
    each.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }
}

addEventListener("online", look);
addEventListener("offline", () => ((lost = true), (failed = 2), draw()));
addEventListener("pageshow", (shown) => shown.persisted && look());
document.addEventListener("visibilitychange", () => (document.hidden ? next() : look()));
if (live()) {
  dress();
  tellOf({ ...live().dataset, nearly: "nearly" in live().dataset }, live().dataset);
  setInterval(() => (draw(), renew()), 1000);
  draw();
  next();
}
