// The tools: a radio group. The chosen one says what dragging on the picture draws.
import { part as piece, write } from "../floor/dom.js";
import { t } from "./words.js";

/** Begin with the first tool. Returns a function that says which one is chosen. */
export function startTools() {
  const all = [...document.querySelectorAll("[data-tool]")];
  let tool = "";

  function take(button) {
    tool = button.dataset.tool;
    for (const each of all) {
      each.setAttribute("aria-checked", String(each === button));
      each.tabIndex = each === button ? 0 : -1;
    }
    write(piece(document.getElementById("add"), "words"), t(`camera.add_${tool}`));
  }

  for (const button of all) {
    button.addEventListener("click", () => take(button));
    button.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const next = all[(all.indexOf(button) + by + all.length) % all.length];
      take(next);
      next.focus();
    });
  }
  take(all[0]);
  return () => tool;
}
