// A number on paper: asked for once, and within three seconds the page says how it went. Later news is said as well.

const wish = document.querySelector("[data-part=paper]");
const own = new URL(location.href);
const LOOK_MS = 200;
const KNOWN_MS = 3_000;
const LATER_MS = 1_500;
const FOLLOWED_MS = 60_000;
const asked = wish.dataset.state ? performance.now() : null;

function show(state) {
  wish.dataset.state = state;
  const buttons = wish.querySelector("[data-part=wish]");
  if (buttons && state) buttons.hidden = true;
  for (const text of wish.querySelectorAll("[data-says]")) {
    const fresh = text.hidden && text.dataset.says === state;
    text.hidden = text.dataset.says !== state;
    if (fresh) read(text);
  }
}

// Whoever asked by ear is told by ear.
const read = async (text) => "aloud" in document.body.dataset && (await import(document.body.dataset.speak)).readPart(text);

const rest = (ms) => new Promise((done) => setTimeout(done, ms));

async function ask(wishes = {}) {
  const answer = await fetch(wish.dataset.ask + own.search, {
    cache: "no-store", signal: AbortSignal.timeout(KNOWN_MS), ...wishes, headers: { Accept: "application/json", ...wishes.headers },
  });
  return answer.ok ? (await answer.json()).state : "failed";
}

async function follow(since) {
  for (let state = "going"; state !== "done" && performance.now() - since < FOLLOWED_MS; ) {
    const young = performance.now() - since < KNOWN_MS;
    await rest(young ? LOOK_MS : LATER_MS);
    state = (await ask().catch(() => state)) || state; // no answer, or nobody took the wish down: as it was
    const late = performance.now() - since >= KNOWN_MS;
    show(state === "going" && late ? "failed" : state);
  }
}

const form = wish.querySelector("form");
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (wish.dataset.state) return; // the first tap is on its way
  show("going");
  const since = performance.now();
  const late = setTimeout(() => wish.dataset.state === "going" && show("failed"), KNOWN_MS);
  const csrf = document.querySelector("meta[name=csrf]").content;
  if (wish.dataset.by === "browser") print();
  else {
    const state = await ask({ method: "POST", body: new FormData(form), headers: { "X-CSRFToken": csrf } }).catch(() => "failed");
    show(state);
    if (state !== "done") await follow(since);
  }
  clearTimeout(late);
});

if (wish.dataset.by === "browser") {
  addEventListener("afterprint", () => show("done"));
  wish.querySelector("[data-part=wish]").hidden = false;
}
if (asked !== null && wish.dataset.state !== "done") follow(asked);
