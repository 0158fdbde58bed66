// The first tap of a shift: browsers give sound only after one, and the screen should stay awake until the shift is over.
import { part, show } from "./dom.js";

const UNLOCKS_WITHIN_MS = 500;

let lock = null;

async function stayAwake() {
  if (document.visibilityState !== "visible" || (lock && !lock.released)) return;
  try {
    lock = (await navigator.wakeLock?.request("screen")) ?? null;
  } catch {
    lock = null; // a low battery refuses it; the hint of the operating system then counts
  }
}

/** Ask for the tap if sound is locked, and keep the screen awake from now on. */
export function startShift(sound) {
  const dialog = document.getElementById("shift");
  show(part(dialog, "insecure"), !isSecureContext);
  const begin = (quiet) => async () => {
    sound.keepQuiet(quiet);
    dialog.close();
    await sound.unlock();
    stayAwake();
  };
  part(dialog, "start").addEventListener("click", begin(false));
  part(dialog, "quiet").addEventListener("click", begin(true));
  addEventListener("pointerdown", () => sound.unlock(), { once: true });
  document.addEventListener("visibilitychange", stayAwake);
  stayAwake();
  askUnless(sound, dialog);
}

/** A tap on the page before this one may still count: then the sound is there already and nobody needs to be asked. */
async function askUnless(sound, dialog) {
  if (navigator.userActivation?.hasBeenActive) {
    await Promise.race([sound.unlock(), new Promise((later) => setTimeout(later, UNLOCKS_WITHIN_MS))]);
    if (sound.unlocked) return;
  }
  dialog.showModal();
}
