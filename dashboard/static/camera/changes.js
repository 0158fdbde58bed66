// What a plan does otherwise than another, in words, each with whether something is taken away.
import { alike, centre } from "./plan.js";
import { here, t } from "./words.js";

const zoneName = (id) => here.zones.find((zone) => zone.id === id)?.name ?? id;
const json = JSON.stringify;

/** The words for a kind of area. */
export const kindName = (kind) => t(`camera.kind_${kind.replace("-", "_")}`);

/** Return [{ words, gone }] of what `after` changes against `before`. */
export function changes(before, after) {
  if (alike(before, after)) return [];
  const said = [...parts(before.lines, after.lines, "line"), ...parts(before.areas, after.areas, "area")];
  if (before.view !== after.view) said.push({ words: t("camera.now_view", { view: t(`camera.view_${after.view}`) }) });
  const [was, now] = [before.staff, after.staff];
  if (was.badges !== now.badges) said.push(now.badges ? { words: t("camera.badges_on") } : { words: t("camera.badges_off"), gone: true });
  if (was.greets !== now.greets) said.push(now.greets ? { words: t("camera.greets_on") } : { words: t("camera.greets_off"), gone: true });
  if (json(was.uniform) !== json(now.uniform)) said.push(now.uniform.length ? { words: t("camera.uniform_on") } : { words: t("camera.uniform_off"), gone: true });
  return said;
}

function parts(before, after, kind) {
  const was = new Map(before.map((each) => [each.id, each]));
  const now = new Map(after.map((each) => [each.id, each]));
  const gone = before.filter((each) => !now.has(each.id)).map((each) => ({ words: t("camera.part_gone", { name: each.id }), gone: true }));
  const there = after.flatMap((each) => {
    const old = was.get(each.id);
    if (!old) return [{ words: t("camera.part_new", { name: each.id, what: kind === "line" ? t("camera.tool_line") : kindName(each.kind) }) }];
    return one(old, each);
  });
  return [...gone, ...there];
}

function one(old, now) {
  const said = [];
  const name = now.id;
  if (json(old.points) !== json(now.points)) {
    const [a, b] = [centre(old.points), centre(now.points)];
    const far = Math.round(Math.hypot(b[0] - a[0], b[1] - a[1]) * 100);
    said.push({ words: far ? t("camera.part_moved", { name, n: far }) : t("camera.part_shaped", { name }) });
  }
  if (old.inside !== now.inside) said.push({ words: t("camera.part_turned", { name, side: t(`camera.side_${now.inside}`) }) });
  if (old.kind !== now.kind) said.push({ words: t("camera.part_kind", { name, what: kindName(now.kind) }) });
  if ((old.zone ?? "") !== (now.zone ?? "")) said.push({ words: now.zone ? t("camera.part_zone", { name, zone: zoneName(now.zone) }) : t("camera.part_no_zone", { name }) });
  if (old.anchor !== now.anchor) said.push({ words: t("camera.part_anchor", { name, anchor: t(`camera.anchor_${now.anchor}`) }) });
  return said;
}

/** What a shape does, in a few words, for the list of what is drawn. */
export function about(shape, part) {
  if (shape.kind === "line") return t("camera.about_line", { zone: zoneName(part.zone), side: t(`camera.side_${part.inside}`) });
  if (part.kind === "greet") return t("camera.about_greet", { zone: zoneName(part.zone ?? part.id), s: here.promise });
  if (["ignore", "staff-only"].includes(part.kind)) return kindName(part.kind);
  return t("camera.about_zone", { zone: zoneName(part.zone ?? part.id), what: kindName(part.kind) });
}
