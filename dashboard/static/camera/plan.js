// A plan as values: what can be done to its shapes. Every function returns a new plan and leaves the old one alone.
// A shape is named by { kind: "line" | "area", n }.

export const MOST = { lines: 8, areas: 16, corners: 32 };
export const NO_ZONE = new Set(["ignore", "staff-only"]);
const SHORTEST = 0.01; // of the picture; as broker/desk/plans.py has it
const SMALLEST = 0.0001;
const BYTES = 7400;

export const empty = () => ({ version: 0, view: "overhead", lines: [], areas: [], staff: { badges: false, uniform: [], greets: false } });
export const clamp = (value) => Math.min(1, Math.max(0, value));
const rounded = (point) => point.map((value) => Math.round(clamp(value) * 1e4) / 1e4);

const list = (plan, shape) => (shape.kind === "line" ? plan.lines : plan.areas);
export const find = (plan, shape) => (shape ? (list(plan, shape)[shape.n] ?? null) : null);
export const same = (one, other) => one?.kind === other?.kind && one?.n === other?.n;
export const shapes = (plan) => [
  ...plan.lines.map((_, n) => ({ kind: "line", n })),
  ...plan.areas.map((_, n) => ({ kind: "area", n })),
];

/** Change one shape by `fields`. */
export function change(plan, shape, fields) {
  const key = shape.kind === "line" ? "lines" : "areas";
  return { ...plan, [key]: plan[key].map((each, n) => (n === shape.n ? { ...each, ...fields } : each)) };
}

export function remove(plan, shape) {
  const key = shape.kind === "line" ? "lines" : "areas";
  return { ...plan, [key]: plan[key].filter((_, n) => n !== shape.n) };
}

/** Move corner `n` to `point`; a line that turns past 45 degrees keeps its inner side. `size` is the picture's [width, height]. */
export function moveCorner(plan, shape, n, point, size) {
  const part = find(plan, shape);
  const points = part.points.map((each, at) => (at === n ? rounded(point) : each));
  return change(plan, shape, shape.kind === "line" ? { points, inside: inner(part, points, size) } : { points });
}

/** Move the whole shape by (dx, dy), as far as it stays in the picture. */
export function moveWhole(plan, shape, dx, dy) {
  const { points } = find(plan, shape);
  const room = (axis, by) => Math.min(1 - Math.max(...points.map((p) => p[axis])), Math.max(-Math.min(...points.map((p) => p[axis])), by));
  const [x, y] = [room(0, dx), room(1, dy)];
  return change(plan, shape, { points: points.map((point) => rounded([point[0] + x, point[1] + y])) });
}

export function addCorner(plan, shape, after, point) {
  const { points } = find(plan, shape);
  return change(plan, shape, { points: [...points.slice(0, after + 1), rounded(point), ...points.slice(after + 1)] });
}

export function dropCorner(plan, shape, n) {
  const { points } = find(plan, shape);
  return change(plan, shape, { points: points.filter((_, at) => at !== n) });
}

export const middle = (one, other) => [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
export const centre = (points) => [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);

const TOWARDS = { up: [0, -1], down: [0, 1], left: [-1, 0], right: [1, 0] };
const OPPOSITE = { up: "down", down: "up", left: "right", right: "left" };

/** The unit vector, in pixels of `size`, that points inside across the line. */
export function inward(line, points = line.points, size = [16, 9]) {
  const [dx, dy] = [(points[1][0] - points[0][0]) * size[0], (points[1][1] - points[0][1]) * size[1]];
  const length = Math.hypot(dx, dy) || 1;
  const normal = [-dy / length, dx / length];
  const towards = TOWARDS[line.inside];
  const sign = normal[0] * towards[0] + normal[1] * towards[1] < 0 ? -1 : 1;
  return [normal[0] * sign, normal[1] * sign];
}

/** The word for the inner side when the ends have moved to `points`: the side that lies across, not along. */
const inner = (line, points, size) => side(inward(line, points, size));

const side = ([x, y]) => (Math.abs(y) >= Math.abs(x) ? (y < 0 ? "up" : "down") : x < 0 ? "left" : "right");

export const turn = (plan, shape) => change(plan, shape, { inside: OPPOSITE[find(plan, shape).inside] });

/** A name that no other shape of its kind has: `wanted`, or that and a number. */
export function free(plan, kind, wanted, but = null) {
  const taken = new Set((kind === "line" ? plan.lines : plan.areas).filter((each) => each !== but).map((each) => each.id));
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted.slice(0, 28)}-${n}`;
    if (!taken.has(name)) return name;
  }
}

/** What was typed as a name the wire can carry: a-z, 0-9 and inner hyphens, 32 at most; empty when nothing is left. */
export function slug(text) {
  const plain = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/ø/g, "o").replace(/æ/g, "ae");
  return plain.replace(/[^a-z0-9]+/g, "-").slice(0, 32).replace(/^-+|-+$/g, "");
}

const AREA_KINDS = { zone: "queue", ignore: "ignore", staff: "staff-only" };

/** Add what `tool` draws from corner to corner. Returns { plan, shape }, or null when there is no room for more. */
export function draw(plan, tool, from, to, zone, size) {
  if (tool === "line") {
    if (plan.lines.length >= MOST.lines) return null;
    const points = [rounded(from), rounded(to)];
    const flat = Math.abs((to[0] - from[0]) * size[0]) >= Math.abs((to[1] - from[1]) * size[1]);
    const line = { id: free(plan, "line", "door"), zone, points, inside: flat ? "down" : "right", anchor: "centre" };
    return { plan: { ...plan, lines: [...plan.lines, line] }, shape: { kind: "line", n: plan.lines.length } };
  }
  if (plan.areas.length >= MOST.areas) return null;
  const kind = AREA_KINDS[tool];
  const [[x1, y1], [x2, y2]] = [from, to];
  const points = [[x1, y1], [x2, y1], [x2, y2], [x1, y2]].map(rounded);
  const area = { id: free(plan, "area", NO_ZONE.has(kind) ? tool : zone), zone: NO_ZONE.has(kind) ? null : zone, kind, points };
  return { plan: { ...plan, areas: [...plan.areas, area] }, shape: { kind: "area", n: plan.areas.length } };
}

export function within(points, [x, y]) {
  let inside = false;
  points.forEach(([x1, y1], n) => {
    const [x2, y2] = points[(n + 1) % points.length];
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
  });
  return inside;
}

function surface(points) {
  return Math.abs(points.reduce((sum, [x1, y1], n) => {
    const [x2, y2] = points[(n + 1) % points.length];
    return sum + x1 * y2 - x2 * y1;
  }, 0)) / 2;
}

/** What is wrong with a plan: [key of a message, name of the shape], or null. */
export function fault(plan, zones) {
  for (const line of plan.lines) {
    const [[x1, y1], [x2, y2]] = line.points;
    if (Math.abs(x2 - x1) + Math.abs(y2 - y1) < SHORTEST) return ["camera.bad_line", line.id];
    if (!zones.has(line.zone)) return ["camera.bad_zone", line.id];
  }
  for (const area of plan.areas) {
    if (surface(area.points) < SMALLEST) return ["camera.bad_area", area.id];
    const wanted = NO_ZONE.has(area.kind) ? area.zone : (area.zone ?? area.id);
    if (wanted && !zones.has(wanted)) return ["camera.bad_zone", area.id];
  }
  return JSON.stringify(plan).length > BYTES ? ["camera.bad_size", ""] : null;
}

const still = (plan) => JSON.stringify({ ...plan, version: 0 });
export const alike = (one, other) => still(one) === still(other);
