// Who would have been counted in and out over the last hour, as ticks on a line; what the box does not remember is hatched off.
import { svg } from "../floor/dom.js";
import { hm, t } from "./words.js";

const HOUR = 3600;
const LEFT = 44;
const [NARROW, WIDE] = [300, 800];
const QUARTERS = [3600, 2700, 1800, 900, 0];

/** Draw `line`, a trial of one line or null, as it stood at `now` (ms); the box remembers `seconds`. */
export function strip(picture, line, seconds, now) {
  // As many units as there are pixels, so that a narrow screen has the same letters.
  const right = Math.min(WIDE, Math.max(NARROW, Math.round(picture.getBoundingClientRect().width)));
  picture.setAttribute("viewBox", `0 0 ${right} 92`);
  const x = (ago) => right - (Math.min(HOUR, ago) / HOUR) * (right - LEFT);
  const ticks = (agos, y, way) => svg("path", { class: way, d: agos.map((ago) => `M${x(ago).toFixed(1)} ${y}v${way === "in" ? -16 : 16}`).join("") || "M0 0" });
  const parts = [svg("path", { class: "axis", d: `M${LEFT} 40H${right}` })];
  if (seconds < HOUR - 60) parts.unshift(svg("rect", { class: "unknown", x: LEFT, y: 10, width: (x(seconds) - LEFT).toFixed(1), height: 60, rx: 6 }));
  parts.push(svg("text", { class: "s", x: 0, y: 32 }, t("camera.in")), svg("text", { class: "s", x: 0, y: 60 }, t("camera.out")));
  if (line) parts.push(ticks(line.ins_ago, 32, "in"), ticks(line.outs_ago, 48, "out"));
  if (now) for (const ago of right < 480 ? QUARTERS.filter((each) => each % 1800 === 0) : QUARTERS) parts.push(svg("text", { class: ago === HOUR ? "s" : ago === 0 ? "e" : "", x: x(ago).toFixed(0), y: 88 }, hm(now - ago * 1000)));
  picture.replaceChildren(...parts);
}
