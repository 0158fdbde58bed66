// The touch screen comes alive: waits stay true, a tap is sent once, keys move the focus, a time-out asks first, a voice reads.
// All of it is extra: the page does the same without this file. Nothing is kept on the screen.

import { connect } from "/static/live.js";

const body = document.body;
const part = (name, within = document) => within.querySelector(`[data-part="${name}"]`);
const words = JSON.parse(document.getElementById("texts").textContent);
const own = new URL(location.href);
const LOOK_MS = 30_000; // waits also change by the clock alone
const PATIENCE_MS = 8_000;
const YOUNG_MS = 3_000;
const AGAIN_MS = 1_500;
const reading = () => import(body.dataset.speak);
let voice = null; // what reads this page aloud

// ---- the curtain: what is not seen is not touched, a finger brings the page back, also before there is a voice
if (body.classList.contains("curtain")) {
  const lift = () => location.replace(part("curtain").href);
  addEventListener("pointerup", lift);
  addEventListener("keydown", (event) => event.key === "Escape" && lift());
}

// ---- what the shop says
async function ask(path, wishes = {}) {
  const answer = await fetch(path, {
    cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS), ...wishes, headers: { Accept: "application/json", ...wishes.headers },
  });
  if (answer.status === 401) return location.assign("/pair");
  return answer;
}

const say = (node, text) => node && node.textContent !== text && (node.textContent = text);

async function freshWaits() {
  const answer = await ask(`/kiosk/waits${own.search}`);
  if (!answer.ok) return;
  const { services, heard } = await answer.json();
  voice?.learn(heard);
  for (const service of services) {
    const card = document.querySelector(`.svc[value="${CSS.escape(service.id)}"]`);
    if (!card) continue;
    // A queue that opened or stopped changes what can be touched: the page itself says it.
    if (service.open === card.hasAttribute("aria-disabled")) return again();
    say(part("ahead", card), service.ahead);
    say(part("wait", card), service.wait);
  }
}

async function freshTicket() {
  const main = document.querySelector("main");
  const answer = await ask(`/kiosk/tickets/${main.dataset.ticket}${own.search}`);
  if (!answer.ok || answer.redirected) return;
  const ticket = await answer.json();
  voice?.learn(ticket.heard);
  if (ticket.state !== main.dataset.state) return again();
  say(part("ahead"), ticket.ahead);
  const people = part("people");
  for (let extra = people ? people.children.length - 1 - ticket.people : 0; extra > 0; extra -= 1) people.firstElementChild.remove();
}

async function freshCall() {
  const main = document.querySelector("main");
  if (main.hasAttribute("data-coming")) return;
  const answer = await ask(`/kiosk/help/${main.dataset.call}${own.search}`);
  if (answer.ok && !answer.redirected && (await answer.json()).coming) again();
}

const again = () => location.replace(location.href);
const look = { start: freshWaits, ticket: freshTicket, help: freshCall }[body.dataset.page];

let looking = false, wanted = false;
async function refresh() {
  if (!look) return;
  wanted = true;
  if (looking) return;
  looking = true;
  while (wanted) {
    wanted = false;
    await look().catch(() => {}); // the link below says when nothing answers
  }
  looking = false;
}

const lost = document.getElementById("lost");
connect({
  events: "/events/board?at=kiosk", floor: "/api/v1/board",
  // A start page that has just been made is as true as the first word of the stream.
  onEvent: (name) => {
    // A young page is looked at again a little later: what happened between it and its stream is told by nobody else.
    const young = name === "snapshot" && body.dataset.page === "start" && performance.now() < YOUNG_MS;
    if (young) setTimeout(refresh, AGAIN_MS);
    else if (name !== "hb") refresh();
  },
  // Only the first page waits for a change; from any other the customer comes back to it.
  calm: () => body.dataset.page === "start" && !form?.dataset.sent,
  onState: ({ state }) => {
    if (state === "lost" && !lost.open) {
      lost.showModal();
      voice?.readDialog(lost);
    }
    if (state !== "lost" && lost.open) {
      lost.close();
      voice?.say([]); // what is no longer so is not said to its end
    }
  },
});
lost.addEventListener("cancel", (event) => event.preventDefault());
setInterval(refresh, body.dataset.page === "help" ? 1500 : LOOK_MS);

// ---- one tap, one ticket
const form = part("take");
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (form.dataset.sent) return; // the first tap is on its way
  form.dataset.sent = "yes";
  const tapped = new FormData(form, event.submitter);
  try {
    const answer = await ask(form.action, { method: "POST", body: tapped, headers: { "X-CSRFToken": document.querySelector("meta[name=csrf]").content } });
    const { go, shown, heard } = await answer.json();
    if (answer.ok) {
      voice?.learn(heard);
      show(shown); // the number is there before its page is
      return location.assign(go);
    }
    // What cannot be given is said by the page that the form itself leads to; the key makes sure that it gives nothing twice.
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "service", value: event.submitter.value }));
    form.submit();
  } catch {
    if (!lost.open) lost.showModal();
    setTimeout(() => delete form.dataset.sent, 1000);
  }
});

function show(number) {
  const got = part("got").content.cloneNode(true);
  part("number", got).textContent = number;
  part("number", got).classList.toggle("long", number.length > 5);
  document.querySelector("main").replaceWith(got);
  form.closest(".reach").classList.add("gone");
}

// ---- keys: arrows move in the order of the eye, space and Enter press
const reachable = () => [...(document.querySelector("dialog[open]") ?? document).querySelectorAll("a[href], button:not([aria-disabled])")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }));
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

function nearest([dx, dy]) {
  const all = reachable();
  const from = document.activeElement;
  if (!all.includes(from)) return all[0];
  const here = from.getBoundingClientRect();
  const far = (node) => {
    const box = node.getBoundingClientRect();
    const along = dx ? (box.left + box.right - here.left - here.right) * dx : (box.top + box.bottom - here.top - here.bottom) * dy;
    const apart = dx ? [box.top - here.bottom, here.top - box.bottom, box.top - here.top] : [box.left - here.right, here.left - box.right, box.left - here.left];
    return along < 8 ? Infinity : along + 9 * Math.max(0, apart[0], apart[1]) + Math.abs(apart[2]) / 9;
  };
  const best = all.reduce((one, other) => (far(other) < far(one) ? other : one));
  if (far(best) < Infinity) return best;
  return all[(all.indexOf(from) + dx + dy + all.length) % all.length];
}

addEventListener("keydown", (event) => {
  if (ARROWS[event.key]) {
    event.preventDefault();
    nearest(ARROWS[event.key])?.focus();
  } else if (event.key === " " && event.target.matches?.("a[href]")) {
    event.preventDefault();
    event.target.click();
  }
});

// ---- time: asked before it is over, as often as it takes
const idle = Number(body.dataset.idle ?? 0), more = Number(body.dataset.more ?? 0);
const dialog = document.getElementById("time");
const stay = part("stay");
const waits = idle > 0 && (body.dataset.page !== "start" || "chosen" in body.dataset || own.searchParams.has("page"));
let touchedAt = performance.now();

function touched() {
  touchedAt = performance.now();
  if (dialog.open) dialog.close();
}

function tone() {
  try {
    const audio = new AudioContext(), gain = audio.createGain(), wave = audio.createOscillator();
    gain.gain.setValueAtTime(0.12, audio.currentTime);
    gain.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.6);
    wave.frequency.value = 660;
    wave.connect(gain).connect(audio.destination);
    wave.start();
    wave.stop(audio.currentTime + 0.6);
    wave.onended = () => audio.close();
  } catch { /* a screen without sound shows the question all the same */ }
}

function tick() {
  // Whoever listens has not been idle.
  if (!dialog.open && !lost.open && voice?.speaking()) touchedAt = performance.now();
  const left = Math.ceil(idle + more - (performance.now() - touchedAt) / 1000);
  const text = words["time.left"].replace("%(n)d", Math.max(0, left));
  say(part("left"), text);
  if (left > more) return;
  say(part("countdown"), text);
  if (left <= 0) return location.replace("/kiosk");
  if (!dialog.open && !lost.open) {
    dialog.showModal();
    tone();
    voice?.readDialog(dialog);
  }
}

if (waits) {
  for (const sign of ["pointerdown", "keydown"]) addEventListener(sign, () => !dialog.open && touched(), { capture: true });
  dialog.querySelector("button").addEventListener("click", touched);
  dialog.addEventListener("cancel", touched);
  if (stay) stay.hidden = false;
  stay?.addEventListener("click", touched);
  setInterval(tick, 250);
  tick();
}

// ---- reading aloud, in sounds that the shop's server made
if ("aloud" in body.dataset) reading().then((found) => (voice = found).begin());
part("first")?.addEventListener("focus", async (event) => (await reading()).say([event.target.dataset.sound]));
