// The last hour: one stem for each visit, as high as its greeting took, against the promise. Drawn in the pixels it gets,
// so that its letters stay readable on a phone.
import { svg } from "./dom.js";
import { t, tn } from "./here.js";
import { hm } from "./time.js";

const HOUR = 3600_000;
const QUARTER = HOUR / 4;
const LABEL_PX = 48; // two numbers nearer than this would be written over each other

/** Draw the last hour of `rows` into `plot`, `width` x `height` pixels. */
export function drawHour(plot, rows, { now, promise, width, height }) {
  const base = height - 40;
  const goal = Math.round(base * 0.4);
  const x = (at) => Math.round(8 + ((Date.parse(at) - now + HOUR) / HOUR) * (width - 16));
  const y = (seconds) => Math.max(22, base - (seconds / promise) * (base - goal));
  plot.setAttribute("viewBox", `0 0 ${width} ${height}`);
  plot.setAttribute("aria-label", summary(rows, promise));
  plot.replaceChildren(
    svg("path", { class: "goal", d: `M0 ${goal}H${width}` }),
    svg("text", { class: "s goalt", x: 0, y: goal - 10 }, t("our_promise", { s: promise })),
    svg("path", { class: "axis", d: `M0 ${base}H${width}` }),
    ...marks(rows, x, base, y, promise),
    ...times(now, width, base + 28),
  );
}

/** The marks of all rows; seconds are written where there is room for them. */
function marks(rows, x, base, y, promise) {
  let written = -Infinity;
  const drawn = rows.map((row) => {
    const room = x(row.t0) - written >= LABEL_PX;
    if (room && row.greet_seconds > promise) written = x(row.t0);
    return mark(row, x(row.t0), { base, y, promise, room });
  });
  return [...drawn.map(([stem]) => stem), ...drawn.flatMap(([, ...shape]) => shape)];
}

function mark(row, x, { base, y, promise, room }) {
  if (row.greet_seconds === null) {
    const top = y(promise * 1.15);
    const cross = `M${x - 6} ${top - 6}l12 12M${x + 6} ${top - 6}l-12 12`;
    return [svg("path", { class: "stem", d: `M${x} ${base}V${top}` }), svg("path", { class: "hs", d: cross })];
  }
  const top = y(row.greet_seconds);
  const stem = svg("path", { class: "stem", d: `M${x} ${base}V${top}` });
  if (row.greet_seconds <= promise) return [stem, svg("rect", { class: "okm", x: x - 6, y: top - 6, width: 12, height: 12, rx: 3 })];
  const late = svg("path", { class: "late", d: `M${x} ${top - 11}l11 18h-22z` });
  const label = t("seconds", { s: Math.round(row.greet_seconds) });
  return room ? [stem, late, svg("text", { class: "big", x, y: top - 16 }, label)] : [stem, late];
}

function times(now, width, y) {
  const step = width < 520 ? 2 : 1;
  const marks = [];
  for (let quarter = 4; quarter > 0; quarter -= step) {
    const x = Math.round(((4 - quarter) / 4) * width);
    marks.push(svg("text", { class: quarter === 4 ? "s" : "", x, y }, hm(now - quarter * QUARTER)));
  }
  return [...marks, svg("text", { class: "e", x: width, y }, t("now"))];
}

function summary(rows, promise) {
  const kept = rows.filter((row) => row.greet_seconds !== null && row.greet_seconds <= promise).length;
  return tn("hour_summary", rows.length, { kept, s: promise });
}
