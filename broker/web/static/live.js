// One page, one stream of what happens in the shop, and an honest answer to the question whether it still flows.
//
// The browser's own reconnecting is left alone: a tablet that sleeps may lose any timer of ours, but not that. We close a
// stream only when it has been silent for too long. What comes is told as (name, row); names are those of the server.

const SILENT_MS = 25_000; // the server says something every 10 s
const TROUBLE_MS = 4_000; // a broken stream may mend itself for so long before the page says it is lost
const POLL_MS = 5_000;
const POLL_PATIENCE_MS = 4_000;
const AGAIN_MS = 30_000; // while asking now and then, try a stream this often
const STALE_MS = 12_000; // a page that comes back to the front looks for itself when it heard nothing for so long
const JITTER_MS = 250;
const CALM_MS = 4_000; // a page that a hand was on is let alone for so long before it loads anew
const LOOK_MS = 500;
const YOUNG_MS = 5_000; // and so is one that has only just been loaded: it never does nothing else
const NAMES = ["snapshot", "visit", "cameras", "pauses", "alerts", "queues", "board", "hb", "resync"];

const EDITION = document.querySelector("meta[name=edition]")?.content;
let touchedAt = -Infinity;
for (const sign of ["pointerdown", "keydown", "input"]) addEventListener(sign, () => (touchedAt = performance.now()), { capture: true, passive: true });

/** Whether somebody may be in the middle of something: a sheet is open, words are typed, a hand was here just now. */
function inUse() {
  const typed = [...document.querySelectorAll("input:not([type=hidden]), textarea")].some((field) => field.value !== field.defaultValue);
  return typed || performance.now() - touchedAt < CALM_MS || document.querySelector("dialog[open], :popover-open") !== null;
}

let ahead = null; // the server's clock minus our monotonic one, in ms

/** The server's time in ms since 1970, by its last word and our monotonic clock. Before its first word, our own time. */
export function serverNow() {
  return ahead === null ? Date.now() : ahead + performance.now();
}

/** Take the server's word on what time it is. Of two near answers the one that was less delayed is right. */
function hear(now) {
  const said = Date.parse(now) - performance.now();
  if (Number.isNaN(said)) return;
  ahead = ahead === null || Math.abs(said - ahead) > JITTER_MS ? said : Math.max(said, ahead);
}

/**
 * Follow the shop. `onEvent(name, row)` gets every event; `onState({ state, since })` is told when the link becomes
 * "live", "polling" (asking every 5 s) or "lost", and since when, in server time. `also` names events of this page alone.
 * When the shop is set otherwise, the page loads itself anew as soon as nobody uses it; `calm` says whether it may now.
 * Returns a function that ends it.
 */
export function connect({ onEvent, onState, events = "/events", floor = "/api/v1/floor", also = [], calm = () => true }) {
  const link = new Link({ onEvent, onState, events, floor, also, calm });
  link.begin();
  return () => link.end();
}

class Link {
  constructor(wishes) {
    Object.assign(this, wishes);
    this.source = null;
    this.heardAt = performance.now();
    this.openedAt = 0;
    this.troubleAt = null;
    this.polledAt = -Infinity;
    this.etag = "";
    this.replaced = false;
    this.asking = false;
    this.state = null;
    this.stop = new AbortController();
  }

  begin() {
    const { signal } = this.stop;
    addEventListener("online", () => this.look(true), { signal });
    addEventListener("offline", () => this.say("lost"), { signal });
    addEventListener("pageshow", (shown) => shown.persisted && this.look(true), { signal });
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.look(false), { signal });
    this.timer = setInterval(() => this.tick(), 1000);
    this.open();
  }

  end() {
    this.stop.abort();
    clearInterval(this.timer);
    clearInterval(this.anew);
    this.source?.close();
  }

  open() {
    this.source?.close();
    this.replaced = false;
    this.openedAt = performance.now();
    const source = new EventSource(this.events);
    this.source = source;
    for (const name of [...NAMES, ...this.also]) source.addEventListener(name, (event) => source === this.source && this.take(name, event.data));
    source.addEventListener("replaced", () => source === this.source && this.giveWay());
    source.addEventListener("error", () => source === this.source && (this.troubleAt ??= performance.now()));
  }

  take(name, text) {
    const row = JSON.parse(text);
    this.heardAt = performance.now();
    this.troubleAt = null;
    if (row.now) hear(row.now);
    this.say("live");
    this.onEvent(name, row);
    if (row.edition && EDITION) this.drawnOf(row.edition);
  }

  /** What this page was drawn from is of another time than the shop: it waits for a calm moment and loads anew. */
  drawnOf(edition) {
    clearInterval(this.anew);
    if (edition === EDITION) return;
    this.anew = setInterval(() => {
      if (this.state === "lost" || this.replaced || performance.now() < YOUNG_MS || inUse() || !this.calm()) return;
      clearInterval(this.anew);
      location.reload();
    }, LOOK_MS);
  }

  /** Another page of this screen has the stream now; this one asks now and then until it is looked at again. */
  giveWay() {
    this.source.close();
    this.replaced = true;
    this.poll();
  }

  tick() {
    const now = performance.now();
    const silent = now - this.heardAt > SILENT_MS && now - this.openedAt > SILENT_MS;
    if (silent) this.troubleAt ??= now - TROUBLE_MS - 1; // a silent stream is no calm one
    const broken = this.troubleAt !== null && now - this.troubleAt > TROUBLE_MS;
    const given = this.source.readyState === EventSource.CLOSED;
    if (!this.replaced && (silent || (given && now - this.openedAt > AGAIN_MS))) this.open();
    if ((silent || broken || given || this.replaced) && now - this.polledAt >= POLL_MS) this.poll();
  }

  /** The page is in front again, or the network is back: do not wait for a timer. */
  look(surely) {
    if (surely || this.replaced || performance.now() - this.heardAt > STALE_MS) this.open();
  }

  async poll() {
    if (this.asking) return;
    this.asking = true;
    this.polledAt = performance.now();
    try {
      await this.ask();
    } catch {
      if (this.troubleAt !== null || this.source.readyState === EventSource.CLOSED) this.say("lost");
    } finally {
      this.asking = false;
    }
  }

  async ask() {
    const headers = { Accept: "application/json", ...(this.etag && { "If-None-Match": this.etag }) };
    const answer = await fetch(this.floor, { headers, cache: "no-store", signal: AbortSignal.timeout(POLL_PATIENCE_MS) });
    if (answer.status === 401 || answer.status === 403) return location.assign("/");
    if (!answer.ok && answer.status !== 304) throw new Error(`${answer.status}`);
    const row = answer.status === 304 ? null : await answer.json();
    hear(row ? row.now : answer.headers.get("Greetline-Now"));
    const edition = answer.headers.get("Greetline-Edition");
    if (edition && EDITION) this.drawnOf(edition);
    this.etag = answer.headers.get("ETag") ?? "";
    if (this.state === "live" && this.troubleAt === null && !this.replaced) return undefined; // the stream was faster
    this.say("polling");
    this.onEvent(row ? "snapshot" : "hb", row ?? { now: new Date(serverNow()).toISOString() });
    return undefined;
  }

  say(state) {
    if (state === this.state) return;
    const heard = serverNow() - (performance.now() - this.heardAt);
    this.state = state;
    this.onState({ state, since: state === "lost" ? heard : serverNow() });
  }
}
