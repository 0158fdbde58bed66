// What saving changes, and the versions that were saved before.
import { made, part as piece, show, write } from "../floor/dom.js";
import { changes } from "./changes.js";
import { t } from "./words.js";

const diff = document.getElementById("diff");
const history = document.getElementById("history");

/** List `found`, as `changes` gives it, and what that means. */
export function drawDiff(found) {
  const rows = found.map(({ words, gone }) => {
    const row = document.createElement("li");
    const mark = document.createElement(gone ? "del" : "ins");
    mark.textContent = words;
    row.append(mark);
    return row;
  });
  const note = document.createElement("li");
  note.className = "dim";
  note.textContent = t(found.length ? "camera.from_then" : "camera.no_changes");
  diff.replaceChildren(...rows, note);
}

/** List the versions of `standing`, newest first; `useAgain(version)` is called for one that is wanted back. */
export function drawVersions(standing, useAgain) {
  show(history.closest("section"), standing.history.length > 0);
  const list = history.querySelector("ol");
  if (list.dataset.newest === String(standing.version)) return;
  list.dataset.newest = standing.version;
  list.replaceChildren(...standing.history.map((each, n) => row(each, standing.history[n + 1]?.plan, n === 0, useAgain)));
}

function row(each, before, newest, useAgain) {
  const line = made("version");
  write(piece(line, "title"), t("camera.version", { n: each.version }));
  write(piece(line, "who"), `${each.name}, ${each.when}`);
  write(piece(line, "what"), before ? changes(before, each.plan).map(({ words }) => words).join(" · ") : "");
  const button = line.querySelector("button");
  if (newest) button.remove();
  button.setAttribute("aria-label", t("camera.use_version", { n: each.version }));
  button.addEventListener("click", () => useAgain(each.version));
  return line;
}
