// The still and the drawing over it. The picture lies on a canvas; lines and areas are an SVG in the pixels of the screen,
// so that nothing shrinks with the picture; each handle is a button for keyboards and screen readers. A finger or the mouse
// goes to the nearest handle, whatever lies on top.
import { attribute, svg } from "../floor/dom.js";
import { centre, clamp, find, inward, middle, same, shapes, within } from "./plan.js";
import { t } from "./words.js";

const REACH_PX = 26; // a handle is taken from so far away
const LINE_PX = 16;
const SLIP_PX = 6; // less than this is a tap
const LEAST_PX = 16; // what is drawn smaller is a slip of the finger
const ARROW_PX = 54;

export class Stage {
  #size = [0, 0]; // of the picture on the screen, px
  #drag = null;
  #held = new Map(); // handle id -> button
  #counts = null;

  /**
   * `acts` has: plan(), chosen(), tool(), choose(shape), begin() before a change that can be undone, set(plan), draw(from, to),
   * box(from, to) in place of drawing while boxing() is true, moveCorner, addCorner, moveWhole, drop(shape, corner), tell(text).
   */
  constructor(figure, acts) {
    this.figure = figure;
    this.acts = acts;
    this.canvas = figure.querySelector("canvas");
    this.over = figure.querySelector("svg.ov");
    this.handles = figure.querySelector(".handles");
    this.pixels = [16, 9]; // of the camera's whole picture
    new ResizeObserver(() => this.draw()).observe(figure);
    const on = (name, take) => this.handles.addEventListener(name, take);
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", () => this.#cancel());
    on("lostpointercapture", () => this.#drag && this.#cancel());
    on("keydown", (event) => this.#key(event));
  }

  /** Show a picture, which is not kept in any other form. `whole` is the size of the camera's own. */
  async show(blob, whole) {
    const bitmap = await createImageBitmap(blob);
    [this.canvas.width, this.canvas.height] = [bitmap.width, bitmap.height];
    this.canvas.getContext("2d").drawImage(bitmap, 0, 0);
    this.pixels = whole ?? [bitmap.width, bitmap.height];
    this.figure.style.setProperty("--shape", `${bitmap.width} / ${bitmap.height}`);
    this.figure.style.setProperty("--wide", String(bitmap.width / bitmap.height));
    bitmap.close();
    this.figure.classList.add("seen");
    this.draw();
  }

  /** Forget the picture. */
  wipe() {
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    [this.canvas.width, this.canvas.height] = [16, 9];
    this.figure.classList.remove("seen");
  }

  /** Lay live counts over the shapes: { lines: [{line, ins, outs}], areas: [{area, people}] }, or null. */
  counts(said) {
    this.#counts = said;
    this.draw();
  }

  draw() {
    const { width, height } = this.figure.getBoundingClientRect();
    this.#size = [width, height];
    attribute(this.over, "viewBox", `0 0 ${Math.max(1, width)} ${Math.max(1, height)}`);
    const plan = this.acts.plan();
    const chosen = this.acts.chosen();
    const areas = plan.areas.map((area, n) => this.#area(area, same(chosen, { kind: "area", n })));
    const lines = plan.lines.map((line, n) => this.#line(line, same(chosen, { kind: "line", n })));
    const drag = this.#drag?.rubber ? [this.#rubber(this.#drag)] : [];
    this.over.replaceChildren(...areas, ...lines, ...drag);
    this.#place(plan, chosen);
  }

  #px = (point) => [point[0] * this.#size[0], point[1] * this.#size[1]];
  #d = (points) => points.map((point, n) => `${n ? "L" : "M"}${this.#px(point).map((value) => value.toFixed(1)).join(" ")}`).join("");

  #area(area, chosen) {
    const group = svg("g", { class: `area ${area.kind}${chosen ? " chosen" : ""}` });
    group.append(svg("path", { d: `${this.#d(area.points)}Z` }));
    const lowest = area.points.map(this.#px).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    const [x, y] = lowest[0][0] <= lowest[1]?.[0] || lowest[0][1] - lowest[1][1] > 12 ? lowest[0] : lowest[1];
    const seen = this.#counts?.areas.find((each) => each.area === area.id);
    const label = { x: Math.min(Math.max(6, x + 10), this.#size[0] - 40), y: Math.max(18, Math.min(y - 10, this.#size[1] - 8)) };
    group.append(svg("text", label, seen ? `${area.id}: ${seen.people}` : area.id));
    return group;
  }

  #line(line, chosen) {
    const group = svg("g", { class: `line${chosen ? " chosen" : ""}` });
    const [x, y] = this.#px(middle(...line.points));
    const [nx, ny] = inward(line, line.points, this.#size);
    const tip = [x + nx * ARROW_PX, y + ny * ARROW_PX];
    const wing = (turn) => [tip[0] - nx * 15 + ny * 14 * turn, tip[1] - ny * 15 - nx * 14 * turn];
    const at = (point) => point.map((value) => value.toFixed(1)).join(" ");
    const arrow = `M${at([x + nx * 8, y + ny * 8])}L${at(tip)}M${at(wing(1))}L${at(tip)}L${at(wing(-1))}`;
    group.append(svg("path", { class: "cross", d: this.#d(line.points) }), svg("path", { class: "arrow", d: arrow }));
    const seen = this.#counts?.lines.find((each) => each.line === line.id);
    const words = seen ? t("camera.live_pill", { n_in: seen.ins, n_out: seen.outs }) : t("camera.in");
    group.append(this.#pill(words, [x + nx * ARROW_PX * 0.6 - ny * 40, y + ny * ARROW_PX * 0.6 + nx * 40], !seen && Math.abs(ny) < 0.5));
    return group;
  }

  #pill(words, [x, y], below) {
    const width = 22 + words.length * 9;
    const half = width / 2;
    const cx = Math.min(Math.max(half + 4, x + (below ? 0 : half - 16)), this.#size[0] - half - 4);
    const cy = Math.min(Math.max(20, y), this.#size[1] - 20);
    const group = svg("g", { class: "lbl" });
    group.append(svg("rect", { x: cx - half, y: cy - 15, width, height: 30, rx: 15 }), svg("text", { x: cx, y: cy + 5.5 }, words));
    return group;
  }

  #rubber({ from, to, line }) {
    const [[x1, y1], [x2, y2]] = [this.#px(from), this.#px(to)];
    const d = line ? `M${x1} ${y1}L${x2} ${y2}` : `M${x1} ${y1}H${x2}V${y2}H${x1}Z`;
    return svg("path", { class: "rubber", d });
  }

  /** Put the handles of the chosen shape in place; a button that is focused stays the same button. */
  #place(plan, chosen) {
    const part = find(plan, chosen);
    const wanted = new Map();
    if (part) {
      part.points.forEach((point, n) => wanted.set(`c${n}`, { point, corner: n }));
      if (chosen.kind === "area") part.points.forEach((point, n) => wanted.set(`m${n}`, { point: middle(point, part.points[(n + 1) % part.points.length]), after: n }));
      wanted.set("w", { point: chosen.kind === "line" ? middle(...part.points) : centre(part.points), whole: true });
    }
    for (const [id, button] of this.#held) if (!wanted.has(id)) { button.remove(); this.#held.delete(id); }
    for (const [id, handle] of wanted) this.#button(id, handle, part, chosen);
  }

  #button(id, handle, part, chosen) {
    let button = this.#held.get(id);
    if (!button) {
      button = document.getElementById("handle").content.firstElementChild.cloneNode(true);
      this.#held.set(id, button);
      this.handles.append(button);
      // Only for the keyboard: a picture that moved under a finger would move the handle with it.
      button.addEventListener("focus", () => button.matches(":focus-visible") && !this.#drag && this.figure.scrollIntoView({ block: "nearest" }));
    }
    const [x, y] = this.#px(handle.point);
    [button.style.left, button.style.top] = [`${x}px`, `${y}px`];
    button.className = `handle ${handle.whole ? "whole" : handle.after === undefined ? "corner" : "more"} ${chosen.kind}`;
    button.handle = handle;
    attribute(button, "aria-label", this.name(handle, part, chosen));
  }

  /** What a handle is called: which corner of what, and where it is. */
  name(handle, part, chosen) {
    const [x, y] = handle.point.map((value) => Math.round(value * 100));
    const where = { name: part.id, x, y };
    if (handle.whole) return t("camera.handle_whole", where);
    if (handle.after !== undefined) return t("camera.handle_more", { ...where, n: handle.after + 1 });
    return chosen.kind === "line" ? t("camera.handle_end", { ...where, n: handle.corner + 1 }) : t("camera.handle_corner", { ...where, n: handle.corner + 1 });
  }

  /** Put the keyboard on corner `n` of the chosen shape. */
  focus(n) {
    this.#held.get(`c${n}`)?.focus();
  }

  #at(event) {
    const box = this.figure.getBoundingClientRect();
    return [clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height)];
  }

  #far = (one, other) => Math.hypot((one[0] - other[0]) * this.#size[0], (one[1] - other[1]) * this.#size[1]);

  #nearest(point) {
    const rank = ({ handle }) => this.#far(handle.point, point) + (handle.whole ? 10 : handle.after === undefined ? 0 : 6);
    const [best] = [...this.#held.values()].filter(({ handle }) => this.#far(handle.point, point) <= REACH_PX).sort((a, b) => rank(a) - rank(b));
    return best ?? null;
  }

  /** The shape under `point`: a line that is near, else the smallest area around it. */
  #under(point) {
    const plan = this.acts.plan();
    const near = ([a, b]) => {
      const [px, ax, bx] = [point, a, b].map(this.#px);
      const long = (bx[0] - ax[0]) ** 2 + (bx[1] - ax[1]) ** 2 || 1;
      const along = Math.min(1, Math.max(0, ((px[0] - ax[0]) * (bx[0] - ax[0]) + (px[1] - ax[1]) * (bx[1] - ax[1])) / long));
      return Math.hypot(px[0] - ax[0] - along * (bx[0] - ax[0]), px[1] - ax[1] - along * (bx[1] - ax[1])) <= LINE_PX;
    };
    const found = shapes(plan).filter((shape) => (shape.kind === "line" ? near(find(plan, shape).points) : within(find(plan, shape).points, point)));
    const spread = (shape) => (shape.kind === "line" ? 0 : Math.max(...find(plan, shape).points.map((each) => this.#far(each, centre(find(plan, shape).points)))));
    return found.sort((a, b) => spread(a) - spread(b))[0] ?? null;
  }

  #down(event) {
    if (!event.isPrimary || event.button !== 0) return;
    event.preventDefault();
    const point = this.#at(event);
    this.handles.setPointerCapture(event.pointerId);
    this.#drag = { from: point, to: point, moved: false, last: point };
    if (this.acts.boxing()) return Object.assign(this.#drag, { box: true });
    const held = this.#nearest(point);
    if (held) {
      held.focus({ preventScroll: true });
      return Object.assign(this.#drag, { handle: held.handle });
    }
    const shape = this.#under(point);
    return Object.assign(this.#drag, { shape, chosen: same(shape, this.acts.chosen()) });
  }

  #move(event) {
    const drag = this.#drag;
    if (!drag) return;
    const point = this.#at(event);
    if (!drag.moved && this.#far(point, drag.from) < SLIP_PX) return;
    if (!drag.moved) this.#begin(drag);
    const by = [point[0] - drag.last[0], point[1] - drag.last[1]];
    Object.assign(drag, { moved: true, to: point, last: point });
    if (drag.handle?.corner !== undefined) this.acts.moveCorner(drag.handle.corner, point);
    else if (drag.whole) this.acts.moveWhole(...by);
    else this.draw();
  }

  /** What a drag does is decided when it begins to move: a tap changes nothing. */
  #begin(drag) {
    if (drag.box) return Object.assign(drag, { rubber: true });
    if (drag.handle?.after !== undefined) {
      this.acts.begin();
      if (this.acts.addCorner(drag.handle.after, drag.from)) drag.handle = { corner: drag.handle.after + 1 };
      return drag;
    }
    if (drag.handle || drag.chosen) {
      this.acts.begin();
      return Object.assign(drag, { whole: drag.handle ? drag.handle.whole : true });
    }
    return Object.assign(drag, { rubber: true, line: this.acts.tool() === "line" });
  }

  #up() {
    const drag = this.#drag;
    this.#drag = null;
    if (!drag) return;
    const long = this.#far(drag.from, drag.to);
    if (drag.rubber && long >= LEAST_PX) (drag.box ? this.acts.box : this.acts.draw)(drag.from, drag.to);
    else if (!drag.moved && !drag.handle && !drag.box) this.acts.choose(drag.shape);
    else if (drag.moved && !drag.rubber) this.acts.settled();
    this.draw();
  }

  #cancel() {
    this.#drag = null;
    this.draw();
  }

  #key(event) {
    const { handle } = event.target;
    if (!handle || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      const by = (event.shiftKey ? 10 : 1) * 1;
      this.#nudge(handle, (step[0] * by) / this.#size[0], (step[1] * by) / this.#size[1], event.target);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.acts.drop(handle.corner);
    } else if ((event.key === "Enter" || event.key === " ") && handle.after !== undefined) {
      event.preventDefault();
      this.acts.begin();
      if (this.acts.addCorner(handle.after, handle.point)) this.focus(handle.after + 1);
    }
  }

  #nudge(handle, dx, dy, button) {
    if (handle.after !== undefined) return;
    this.acts.begin("keys");
    if (handle.whole) this.acts.moveWhole(dx, dy);
    else this.acts.moveCorner(handle.corner, [handle.point[0] + dx, handle.point[1] + dy]);
    this.acts.settled();
    this.acts.tell(button.getAttribute("aria-label"));
  }
}
