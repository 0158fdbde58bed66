// One sheet for every question: a title and groups of buttons. It opens over the floor, and closes by Escape, by its own
// button or by a choice. The floor goes on behind it.
import { button, made, part, write } from "./dom.js";

const dialog = document.getElementById("sheet");
part(dialog, "close").addEventListener("click", () => dialog.close());
// A tap beside the sheet closes it, as a tap beside a menu does.
dialog.addEventListener("click", (tap) => tap.target === dialog && dialog.close());

let redraw = null;

/** Open the sheet. `groups()` returns [{label, buttons: [spec], note}] and is asked again after each `again()`. */
export function openSheet(title, groups) {
  write(part(dialog, "title"), title);
  redraw = () => part(dialog, "groups").replaceChildren(...groups().filter(Boolean).map(grouped));
  redraw();
  if (!dialog.open) dialog.showModal();
}

export const closeSheet = () => dialog.close();
export const sheetOpen = () => dialog.open;

/** Draw the groups again after a choice changed them, and leave the keyboard where it was. */
export function again() {
  const all = () => [...part(dialog, "groups").querySelectorAll("button")];
  const place = all().indexOf(document.activeElement);
  redraw?.();
  if (place >= 0) all()[place]?.focus();
}

function grouped({ label, note, buttons = [], node, row = "pick" }) {
  const group = made("group-of-buttons");
  write(part(group, "label"), label ?? "");
  part(group, "label").hidden = !label;
  write(part(group, "note"), note ?? "");
  part(group, "note").hidden = !note;
  const place = part(group, "buttons");
  place.className = row;
  place.append(...buttons.map((spec) => button(spec.text, spec)), ...(node ? [node] : []));
  place.hidden = !place.children.length;
  return group;
}
