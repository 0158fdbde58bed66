// One short sentence at the lower edge, with "Undo" while that is possible. Never a question.
import { part, show, write } from "./dom.js";

const SHOWN_MS = 5000;
const toast = document.getElementById("toast");
const undo = part(toast, "undo");
let timer = 0;
let taken = null;

/** Say `text` for five seconds; `back` is done on "Undo". Looking at it with the keyboard or a pointer holds it. */
export function say(text, back = null) {
  write(part(toast, "text"), text);
  taken = back;
  show(undo, Boolean(back));
  toast.classList.remove("runs");
  show(toast, true);
  void toast.offsetWidth; // so that the bar begins again from its full length
  toast.classList.add("runs");
  hold();
  timer = setTimeout(hide, SHOWN_MS);
}

const hold = () => clearTimeout(timer);

export function hide() {
  hold();
  show(toast, false);
  taken = null;
}

undo.addEventListener("click", () => {
  const back = taken;
  hide();
  back?.();
});
for (const kind of ["focusin", "pointerenter"]) toast.addEventListener(kind, () => (hold(), toast.classList.remove("runs")));
for (const kind of ["focusout", "pointerleave"])
  toast.addEventListener(kind, () => {
    hold();
    toast.classList.add("runs");
    timer = setTimeout(hide, SHOWN_MS);
  });
