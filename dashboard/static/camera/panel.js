// The side of the page: the list of what is drawn, and the fields of the shape that is chosen.
import { icon, made, part as piece, write } from "../floor/dom.js";
import { about, kindName } from "./changes.js";
import { change, find, free, MOST, NO_ZONE, same, shapes, slug } from "./plan.js";
import { here, t } from "./words.js";

const KINDS = ["queue", "service", "greet", "staff-only", "ignore"];
const ICONS = { ignore: "eyeoff", "staff-only": "lock" };
const items = document.getElementById("items");
const chosenBox = document.getElementById("chosen");
let built = ""; // which shape the fields were made for

/** Draw the list and the fields. `acts` has choose(shape), edit(plan), remove(), addCorner(), dropCorner(), stage. */
export function draw(plan, chosen, acts) {
  drawItems(plan, chosen, acts);
  const name = chosen ? `${chosen.kind}${chosen.n}` : "";
  if (name !== built) build(plan, chosen, acts);
  built = name;
  fill(plan, chosen);
}

function drawItems(plan, chosen, acts) {
  const all = shapes(plan);
  while (items.children.length > all.length) items.lastElementChild.remove();
  all.forEach((shape, n) => {
    let row = items.children[n];
    if (!row) {
      row = made("item");
      row.firstElementChild.addEventListener("click", () => acts.choose(row.shape, true));
      items.append(row);
    }
    const part = find(plan, shape);
    row.shape = shape;
    row.firstElementChild.setAttribute("aria-pressed", String(same(shape, chosen)));
    icon(row, shape.kind === "line" ? "line" : (ICONS[part.kind] ?? "zone"));
    write(piece(row, "name"), part.id);
    write(piece(row, "what"), about(shape, part));
  });
  document.getElementById("empty").hidden = all.length > 0;
}

function field(label, control) {
  const box = made("field");
  const id = `f-${label.replace(/\W/g, "-")}`;
  control.id = id;
  box.firstElementChild.htmlFor = id;
  write(box.firstElementChild, t(label));
  box.append(control);
  return box;
}

function choice(values, act) {
  const select = document.createElement("select");
  for (const [value, words] of values) select.append(new Option(words, value));
  select.addEventListener("change", () => act(select.value));
  return select;
}

function build(plan, chosen, acts) {
  chosenBox.hidden = !chosen;
  chosenBox.replaceChildren();
  if (!chosen) return;
  const set = (fields) => acts.edit((now) => change(now, chosen, fields));
  const name = document.createElement("input");
  Object.assign(name, { maxLength: 32, autocomplete: "off", spellcheck: false });
  name.addEventListener("change", () => acts.edit((now) => renamed(now, chosen, name.value)));
  chosenBox.append(field("camera.name", name));
  const zones = here.zones.map((zone) => [zone.id, zone.name]);
  if (chosen.kind === "line") {
    chosenBox.append(field("camera.zone_line", choice(zones, (zone) => set({ zone }))));
    chosenBox.append(field("camera.anchor", choice(["centre", "feet"].map((each) => [each, t(`camera.anchor_${each}`)]), (anchor) => set({ anchor }))));
  } else {
    const kinds = KINDS.map((kind) => [kind, kindName(kind)]);
    chosenBox.append(field("camera.kind", choice(kinds, (kind) => set(NO_ZONE.has(kind) ? { kind, zone: null } : { kind, zone: zoneOf(acts, chosen) }))));
    chosenBox.append(field("camera.zone", choice(zones, (zone) => set({ zone }))));
    chosenBox.append(corners(acts));
  }
  const gone = made("remove");
  gone.addEventListener("click", () => acts.remove());
  chosenBox.append(gone);
}

function corners(acts) {
  const row = document.createElement("div");
  row.className = "pick corners";
  for (const [key, act] of [["camera.corner_more", acts.addCorner], ["camera.corner_less", acts.dropCorner]]) {
    const button = made("corner");
    write(button, t(key));
    button.addEventListener("click", () => act());
    row.append(button);
  }
  return row;
}

const zoneOf = (acts, chosen) => find(acts.plan(), chosen).zone ?? here.zones[0]?.id ?? null;

function renamed(plan, chosen, typed) {
  const part = find(plan, chosen);
  const wanted = slug(typed) || part.id;
  // An area without a zone of its own belongs to the zone it is named after: the name alone changes.
  const zone = chosen.kind === "area" && !part.zone && !NO_ZONE.has(part.kind) ? { zone: part.id } : {};
  return change(plan, chosen, { id: free(plan, chosen.kind, wanted, part), ...zone });
}

function fill(plan, chosen) {
  const part = find(plan, chosen);
  if (!part) return;
  const value = (id, now) => {
    const control = document.getElementById(`f-camera-${id}`);
    if (!control || control === document.activeElement && control.tagName === "INPUT") return;
    if (control.tagName === "SELECT" && ![...control.options].some((option) => option.value === now)) control.append(new Option(now, now));
    control.value = now;
  };
  value("name", part.id);
  if (chosen.kind === "line") {
    value("zone_line", part.zone);
    value("anchor", part.anchor);
    return;
  }
  value("kind", part.kind);
  document.getElementById("f-camera-zone").closest(".field").hidden = NO_ZONE.has(part.kind);
  if (!NO_ZONE.has(part.kind)) value("zone", part.zone ?? part.id);
  const [more, less] = chosenBox.querySelectorAll(".corners .btn");
  more.setAttribute("aria-disabled", String(part.points.length >= MOST.corners));
  less.setAttribute("aria-disabled", String(part.points.length <= 3));
}
