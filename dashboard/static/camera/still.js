// The still: asked for when the page is opened and when somebody wants a new one, shown, kept nowhere.
import { part as piece, show, write } from "../floor/dom.js";
import * as box from "./box.js";
import { hms, t } from "./words.js";

const figure = document.getElementById("still");
const veil = figure.querySelector(".veil");

function say(words, again) {
  show(veil, true);
  write(piece(veil, "words"), words);
  show(piece(veil, "again"), again);
}

/** Returns a function that asks for a still and shows it on `stage`; the buttons of the page do the same. */
export function startStill(stage, tell) {
  async function ask() {
    stage.wipe();
    say(t("camera.asking"), false);
    try {
      const answer = await box.still();
      const size = answer.headers.get("Greetline-Size")?.split("x").map(Number);
      await stage.show(await answer.blob(), size);
      show(veil, false);
      write(document.getElementById("taken"), t("camera.taken", { time: hms(Date.now()) }));
      tell(t("camera.here_it_is"));
    } catch (wrong) {
      say(wrong.words ?? t("camera.no_garbled"), true);
    }
  }

  document.getElementById("new-still").addEventListener("click", ask);
  piece(figure, "again").addEventListener("click", ask);
  addEventListener("pagehide", () => stage.wipe());
  addEventListener("pageshow", (shown) => shown.persisted && ask());
  return ask;
}
