// What must be said above the cards and cannot be wiped away: doors nobody watches, zones that are paused, calls for help.
import { attribute, icon, made, part, show, write } from "./dom.js";
import { listed, t, tn } from "./here.js";
import { printerBars } from "./printer.js";
import { hm, hms, left, stopwatch } from "./time.js";
import { webhookBars } from "./webhooks.js";

const MOST_BLIND = 2; // above it, one bar names them all: the cards need the room

export class Bars {
  #nodes = new Map();

  constructor(region, { floor, me, zone }) {
    Object.assign(this, { region, floor, me, zone });
  }

  /** Bring the bars to how things stand at `now` (server time). */
  draw(now) {
    const wanted = [...this.#help(), ...blindBars(this.floor), ...printerBars(this.floor), ...webhookBars(this.floor), ...this.#pauses(now)];
    const keys = new Set(wanted.map((bar) => bar.key));
    for (const [key, node] of this.#nodes) if (!keys.has(key)) this.#drop(key, node);
    wanted.forEach((bar, place) => {
      const node = this.#nodes.get(bar.key) ?? made(bar.look);
      this.#nodes.set(bar.key, node);
      if (this.region.children[place] !== node) this.region.insertBefore(node, this.region.children[place] ?? null);
      fill(node, bar);
    });
    show(this.region, wanted.length > 0);
  }

  #drop(key, node) {
    node.remove();
    this.#nodes.delete(key);
  }

  #pauses(now) {
    return this.floor.pauses.map((pause) => ({
      key: `pause:${pause.zone}`, look: "paused", act: "resume", about: pause.zone,
      strong: t("paused", { zone: pause.zone_name, time: stopwatch(left(pause.until, now)) }),
      text: t("paused_more", { reason: t(`why_${pause.reason}`), name: pause.by_name ?? "" }),
    }));
  }

  #help() {
    return this.floor.alerts.filter((alert) => alert.kind === "help").map((alert) => {
      const taken = alert.state === "acknowledged";
      const zone = this.floor.zone(alert.zone);
      const own = alert.by === this.me.id;
      return {
        key: `help:${alert.id}`, look: "helpcall", about: alert.id, act: taken ? "resolve" : own ? null : "acknowledge",
        strong: own ? t("help_mine", { zone }) : called(alert, zone),
        text: briefed(alert) + (taken ? t("help_coming", { name: alert.acknowledged_name ?? "" }) : t("help_since", { time: hms(alert.raised_at) })),
        label: taken ? t("help_done") : t("help_go"), symbol: taken ? "check" : "go", main: !taken,
      };
    });
  }
}

/** Who calls for help and where; a lead is called for a number. */
function called({ by_name, briefing }, zone) {
  const name = by_name ?? "";
  return briefing ? t("lead_call", { name, number: briefing.number }) : t("help_from", { name, zone });
}

const briefed = ({ briefing }) => (briefing ? `${t("lead_brief", briefing)} ` : "");

/** The doors nobody watches, and the service when it says nothing: one bar each, or one for all when there are many. */
export function blindBars(floor) {
  const bars = [];
  if (floor.known && ["low", "full"].includes(floor.service?.room)) bars.push(roomBar(floor.service));
  if (floor.known && floor.serviceSilent) {
    const since = floor.service?.heard_at;
    bars.push({
      key: "blind:service", look: "blind", act: "add",
      strong: since ? t("service_silent", { time: hms(since) }) : t("service_never"), text: t("service_silent_more"),
    });
  }
  if (floor.known && !floor.cameras.length) bars.push(bar("blind:none", t("no_camera"), t("no_camera_more")));
  const blind = floor.blind;
  if (blind.length > MOST_BLIND) {
    const names = listed(blind.map((camera) => since(camera)));
    bars.push(bar("blind:many", tn("blind_many", blind.length, { names }), t("blind_more_many")));
  } else for (const camera of blind) bars.push(bar(`blind:${camera.id}`, sentence(camera), t("blind_more")));
  return bars;
}

/** Little room for the store is told while it can still be put right; none is told although nothing can be written. */
function roomBar({ room, room_since: since }) {
  const strong = room === "full" && since ? t("health.room_full_since", { time: hm(since) }) : t(`health.room_${room}`);
  return { key: "blind:room", look: "blind", strong, text: t(`health.room_${room}_more`) };
}

const bar = (key, strong, text) => ({ key, look: "blind", act: "add", strong, text });
const since = (camera) => (camera.since ? t("blind_name", { camera: camera.name, time: hm(camera.since) }) : camera.name);

function sentence(camera) {
  if (camera.since && camera.watch !== "starting") return t("blind", { camera: camera.name, time: hm(camera.since) });
  return t("blind_yet", { camera: camera.name });
}

function fill(node, bar) {
  write(part(node, "strong"), bar.strong);
  write(part(node, "text"), bar.text);
  const control = part(node, "act");
  show(control, Boolean(bar.act));
  attribute(control, "data-do", bar.act);
  attribute(control, "data-about", bar.about ?? null);
  if (bar.label) write(part(node, "label"), bar.label);
  if (bar.symbol) icon(control, bar.symbol);
  if ("main" in bar) control.classList.toggle("main", bar.main);
}
