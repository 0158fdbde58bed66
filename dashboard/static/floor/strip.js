// The foot of the page is one line. Where its words do not fit, they give way one after the other, what is needed least first.
import { attribute } from "./dom.js";

const STEPS = ["words", "tight", "figures", "names", "initials", "rows"]; // the style sheet says what each gives up

let last = "";

function outgrown(strip) {
  const box = strip.getBoundingClientRect(), { paddingLeft, paddingRight } = getComputedStyle(strip);
  const least = box.left + parseFloat(paddingLeft) - 1, most = box.right - parseFloat(paddingRight) + 1;
  return [...strip.children].map((each) => each.getBoundingClientRect()).some((each) => each.width && (each.left < least || each.right > most));
}

/** Give up as little as the width of `strip` asks for. Measured again when what it says, or the screen, has changed. */
export function fitStrip(strip) {
  const shown = [...strip.querySelectorAll("button")].map((button) => (button.hidden ? 0 : 1)).join("");
  const key = `${strip.clientWidth} ${shown} ${strip.innerText.replace(/\d/g, "0")}`;
  if (key === last && !outgrown(strip)) return;
  strip.removeAttribute("data-fold");
  for (let step = 1; outgrown(strip) && step <= STEPS.length; step++) attribute(strip, "data-fold", STEPS.slice(0, step).join(" "));
  const folded = strip.hasAttribute("data-fold");
  for (const words of strip.querySelectorAll(".short")) attribute(words.closest("button"), "title", folded ? words.textContent.trim() : null);
  last = `${strip.clientWidth} ${shown} ${strip.innerText.replace(/\d/g, "0")}`;
}
