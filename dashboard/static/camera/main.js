// Setting up one camera: a still, what is drawn over it, what the camera would count by it, and saving it.
import { attribute, part as piece, show, write } from "../floor/dom.js";
import * as box from "./box.js";
import { changes } from "./changes.js";
import * as draft from "./draft.js";
import { startLive } from "./live_count.js";
import * as panel from "./panel.js";
import * as shapes from "./plan.js";
import { startStaff } from "./staff.js";
import { Stage } from "./stage.js";
import { startStill } from "./still.js";
import { startTools } from "./tools.js";
import { startTrial } from "./trial.js";
import { drawDiff, drawVersions } from "./versions.js";
import { here, t } from "./words.js";

const UNDO_STEPS = 100;
const LOOK_MS = 4000; // how often the page asks how the camera is
const TELL_MS = 350;

const page = Object.fromEntries([...document.querySelectorAll("[id]")].map((element) => [element.id, element]));
const zones = new Set(here.zones.map((zone) => zone.id));

let saved = here.plan; // the newest saved plan; null until a box of another settings file has said its own
let standing = here.standing;
let plan = saved ?? shapes.empty();
let base = standing.version;
let chosen = plan.lines.length ? { kind: "line", n: 0 } : null;
let past = [];
let lastKeys = 0;
let corner = 0; // the corner the person was at last
let saving = false;

const spoken = (() => {
  let timer = 0;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => write(page.spoken, text), TELL_MS);
  };
})();

function trouble(words) {
  show(page.trouble, Boolean(words));
  write(piece(page.trouble, "words"), words);
}

// --- changing the drawing

/** Remember the drawing as it is, so that one step leads back to it. Arrow keys in a row are one step. */
function begin(how = "") {
  const now = performance.now();
  const joined = how === "keys" && now - lastKeys < 1000;
  lastKeys = how === "keys" ? now : 0;
  if (joined) return;
  past.push(plan);
  if (past.length > UNDO_STEPS) past.shift();
}

function set(next) {
  plan = next;
  draw();
}

function settled() {
  if (shapes.alike(plan, saved ?? shapes.empty())) draft.drop();
  else draft.keep(plan, base);
  trial.later();
}

function edit(change) {
  begin();
  set(change(plan));
  settled();
}

function undo() {
  if (!past.length) return;
  plan = past.pop();
  if (!shapes.find(plan, chosen)) chosen = shapes.shapes(plan)[0] ?? null;
  draw();
  settled();
  spoken(t("camera.undone"));
}

function choose(shape, focus = false) {
  if (!shapes.same(shape, chosen)) corner = 0;
  chosen = shape;
  draw();
  if (shape && focus) stage.focus(0);
}

function add(from, to) {
  const zone = here.zones[0]?.id ?? "entrance";
  const drawn = shapes.draw(plan, tool(), from, to, zone, stage.pixels);
  if (!drawn) return trouble(t("camera.full"));
  begin();
  chosen = drawn.shape;
  set(drawn.plan);
  settled();
  stage.focus(0);
  return spoken(t("camera.added", { name: shapes.find(plan, chosen).id }));
}

/** Put what the tool draws into the middle: for those who do not drag. */
function addInMiddle() {
  const shift = (plan.lines.length + plan.areas.length) * 0.03;
  const [x1, y1, x2, y2] = tool() === "line" ? [0.25, 0.5, 0.75, 0.5] : [0.35, 0.35, 0.65, 0.65];
  add([x1 + shift, y1 + shift], [x2 + shift, y2 + shift]);
}

function remove() {
  if (!chosen) return;
  const { id } = shapes.find(plan, chosen);
  edit((now) => shapes.remove(now, chosen));
  choose(shapes.shapes(plan)[0] ?? null);
  page.add.focus();
  spoken(t("camera.removed", { name: id }));
}

function drop(n) {
  const part = shapes.find(plan, chosen);
  if (!part) return;
  if (n === undefined || chosen.kind === "line" || part.points.length <= 3) return remove();
  edit((now) => shapes.dropCorner(now, chosen, n));
  corner = Math.max(0, n - 1);
  stage.focus(corner);
  spoken(t("camera.corner_gone", { name: part.id }));
}

function addCorner(after, point) {
  if (shapes.find(plan, chosen).points.length >= shapes.MOST.corners) {
    trouble(t("camera.full"));
    return false;
  }
  set(shapes.addCorner(plan, chosen, after, point));
  corner = after + 1;
  return true;
}

const tool = startTools();
const stage = new Stage(page.still, {
  plan: () => plan,
  chosen: () => chosen,
  tool,
  boxing: () => staff.boxing(),
  box: (from, to) => staff.box(from, to),
  choose,
  begin,
  settled,
  draw: add,
  drop,
  addCorner: (after, point) => addCorner(after, point) && (settled(), true),
  moveCorner: (n, point) => {
    corner = n;
    set(shapes.moveCorner(plan, chosen, n, point, stage.pixels));
  },
  moveWhole: (dx, dy) => set(shapes.moveWhole(plan, chosen, dx, dy)),
  tell: spoken,
});

const sides = {
  plan: () => plan,
  choose,
  edit,
  remove,
  addCorner: () => {
    const { points } = shapes.find(plan, chosen);
    const at = Math.min(corner, points.length - 1);
    begin();
    if (addCorner(at, shapes.middle(points[at], points[(at + 1) % points.length]))) {
      settled();
      stage.focus(at + 1);
    }
  },
  dropCorner: () => {
    if (shapes.find(plan, chosen).points.length > 3) drop(Math.min(corner, shapes.find(plan, chosen).points.length - 1));
  },
};

// --- the page

function draw() {
  stage.draw();
  panel.draw(plan, chosen, sides);
  staff.draw();
  for (const radio of document.querySelectorAll("input[name=view]")) radio.checked = radio.value === plan.view;
  attribute(page["undo-step"], "aria-disabled", String(!past.length));
  attribute(page.turn, "aria-disabled", String(chosen?.kind !== "line"));
  drawChanges();
}

function drawChanges() {
  const found = changes(saved ?? shapes.empty(), plan);
  drawDiff(found);
  const idle = !found.length || saving;
  for (const button of [page.save, page["put-back"]]) attribute(button, "aria-disabled", String(idle));
}

function drawStanding() {
  write(page.state, standing.state);
  page.state.classList.toggle("lost", !standing.watching);
  write(page.force, standing.force);
  drawVersions(standing, useAgain);
}

// --- saving

async function change(send) {
  if (saving) return;
  saving = true;
  drawChanges();
  show(page.conflict, false);
  trouble("");
  try {
    const said = await send();
    taken(said.plan, said.standing);
    draft.drop();
    trial.later();
    spoken(t("camera.saved"));
  } catch (wrong) {
    refused(wrong);
  } finally {
    saving = false;
    draw();
  }
}

function taken(newest, now) {
  // An older version that is used again takes the place of a drawing: one step back brings that back.
  if (!shapes.alike(plan, newest)) begin();
  saved = plan = newest;
  base = newest.version;
  standing = now;
  if (!shapes.find(plan, chosen)) chosen = shapes.shapes(plan)[0] ?? null;
  drawStanding();
}

function refused(wrong) {
  if (wrong.status !== 409) return trouble(wrong.words ?? String(wrong));
  saved = wrong.problem.plan ?? saved;
  standing = wrong.problem.standing ?? standing;
  show(page.conflict, true);
  write(piece(page.conflict, "words"), wrong.words);
  drawStanding();
  return page.conflict.scrollIntoView({ block: "nearest" });
}

function save() {
  if (page.save.getAttribute("aria-disabled") === "true") return undefined;
  const fault = shapes.fault(plan, zones);
  if (fault) return trouble(t(fault[0], { name: fault[1] }));
  return change(() => box.save(plan, base));
}

function putBack() {
  if (page["put-back"].getAttribute("aria-disabled") === "true") return;
  begin();
  plan = saved ?? shapes.empty();
  base = standing.version;
  show(page.conflict, false);
  if (!shapes.find(plan, chosen)) chosen = shapes.shapes(plan)[0] ?? null;
  draw();
  settled();
  spoken(t("camera.is_back"));
}

const useAgain = (version) => change(() => box.putBack(version, standing.version));

async function look() {
  if (document.visibilityState !== "visible" || saving) return;
  try {
    const now = await box.standing();
    if (now.version !== standing.version && !saving) newer(now);
    standing = now;
    drawStanding();
  } catch (wrong) {
    if (wrong.status === 401 || wrong.status === 403) location.assign("/");
  }
}

/** Somebody else has saved. A page on which nothing is drawn shows theirs; a drawing is left as it is. */
function newer(now) {
  const untouched = shapes.alike(plan, saved ?? shapes.empty());
  saved = now.history[0]?.plan ?? saved;
  if (untouched) {
    plan = saved;
    base = now.version;
    past = [];
  }
  draw();
}

// --- begin

const ask = startStill(stage, spoken);
const trial = startTrial({ plan: () => plan, saved: () => saved, chosen: () => chosen, fault: () => shapes.fault(plan, zones) });
const staff = startStaff({ plan: () => plan, edit, trouble, tell: spoken });
startLive({ plan: () => plan, stage, trouble, tell: spoken, fault: () => shapes.fault(plan, zones) });

async function start() {
  const kept = draft.read();
  if (kept) ({ plan, base } = kept);
  if (kept) spoken(t("camera.draft"));
  if (!shapes.find(plan, chosen)) chosen = shapes.shapes(plan)[0] ?? null;
  drawStanding();
  draw();
  const picture = ask();
  if (!saved) {
    try {
      saved = await box.shown();
      if (!kept) plan = saved;
      chosen ??= shapes.shapes(plan)[0] ?? null;
      draw();
    } catch (wrong) {
      trouble(wrong.words ?? "");
    }
  }
  await picture;
  trial.later();
}

for (const radio of document.querySelectorAll("input[name=view]")) radio.addEventListener("change", () => edit((now) => ({ ...now, view: radio.value })));
page.turn.addEventListener("click", () => {
  if (chosen?.kind !== "line") return;
  edit((now) => shapes.turn(now, chosen));
  spoken(t("camera.part_turned", { name: shapes.find(plan, chosen).id, side: t(`camera.side_${shapes.find(plan, chosen).inside}`) }));
});
page["undo-step"].addEventListener("click", undo);
page.add.addEventListener("click", addInMiddle);
page.save.addEventListener("click", save);
page["put-back"].addEventListener("click", putBack);
piece(page.conflict, "take").addEventListener("click", () => {
  base = standing.version;
  show(page.conflict, false);
  draw();
  save();
});
addEventListener("keydown", (event) => {
  const typing = event.target.matches?.("input:not([type=radio], [type=checkbox]), textarea, select");
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z" && !typing) {
    event.preventDefault();
    undo();
  }
});
document.addEventListener("visibilitychange", look);
setInterval(look, LOOK_MS);
start();
