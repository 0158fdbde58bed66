// Nobody waits. Quiet is not empty: the clock, the cameras and the last hour prove that somebody is looking. It says that
// everyone is greeted only when that is so: the shop is open, the connection lives, every camera watches and nobody left
// without a greeting in the last hour.
import { icon, made, part, show, write } from "./dom.js";
import { drawHour } from "./chart.js";
import { t } from "./here.js";
import { age, hms } from "./time.js";

const CHART_MS = 15_000;

export class Calm {
  #drawn = { at: -Infinity, width: 0, hour: null };

  constructor(root, floor) {
    Object.assign(this, { root, floor });
    this.hero = part(root, "hero");
    this.plot = part(root, "plot");
    this.cameras = part(root, "cameras");
  }

  /** Show what is so at `now`. `seen` tells whether news arrives; `waiting` how many cards stand above. */
  draw(now, { seen, waiting, elsewhere }) {
    const [look, words, more] = this.#words(seen, elsewhere);
    show(part(this.hero, "claim"), waiting === 0);
    show(part(this.hero, "sub"), waiting === 0);
    show(part(this.hero, "title"), waiting > 0);
    part(this.hero, "claim").dataset.look = look;
    icon(part(this.hero, "claim"), { ok: "sq", closed: "lock", unsure: "eyeoff", other: "people" }[look]);
    write(part(this.hero, "words"), words);
    write(part(this.hero, "sub"), more);
    this.#chart(now, waiting);
    this.#list(now);
  }

  #words(seen, elsewhere) {
    const floor = this.floor;
    const last = lastOne(floor.last);
    if (!floor.open) return ["closed", t("closed"), t("closed_more")];
    if (!seen || floor.serviceSilent || floor.blind.length || !floor.cameras.length)
      return ["unsure", t("nobody_here"), t("nobody_here_more")];
    const missed = this.floor.hour.some((visit) => visit.left);
    if (elsewhere || missed) return ["other", t("zone_clear"), last];
    return ["ok", t(floor.last ? "everyone_greeted" : "zone_clear"), last];
  }

  #chart(now, waiting) {
    const width = Math.round(this.plot.parentElement.clientWidth);
    const was = this.#drawn;
    if (!width || (was.width === width && was.waiting === waiting && was.hour === this.floor.hour && now - was.at < CHART_MS)) return;
    this.#drawn = { at: now, width, waiting, hour: this.floor.hour };
    const height = waiting || innerHeight < 640 ? 140 : 190;
    drawHour(this.plot, this.floor.hour, { now, promise: this.floor.standards.greet_within, width, height });
  }

  #list(now) {
    const list = this.cameras;
    const cameras = this.floor.cameras;
    while (list.children.length > cameras.length) list.lastElementChild.remove();
    while (list.children.length < cameras.length) list.append(made("camera"));
    cameras.forEach((camera, place) => fill(list.children[place], camera, now));
  }
}

function fill(row, camera, now) {
  const sees = camera.watch === "watching";
  icon(part(row, "eye"), sees ? "eye" : "eyeoff");
  part(row, "eye").classList.toggle("is-ok", sees);
  write(part(row, "name"), camera.name);
  write(part(row, "word"), sees ? t("watching", { ago: ago(camera.heard_at, now) }) : t("not_watching"));
  write(part(row, "count"), String(camera.in_today));
}

const ago = (at, now) => t("ago", { s: at ? age(at, now) : "?" });

function lastOne(last) {
  if (!last) return t("nobody_yet");
  const came = t("last_came", { time: hms(last.t0), zone: last.zone_name });
  if (last.greet_seconds === null) return came;
  const s = Math.round(last.greet_seconds);
  return `${came} ${last.by_name ? t("last_hello", { name: last.by_name, s }) : t("last_hello_nobody", { s })}`;
}
