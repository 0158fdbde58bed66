// The first tap of a shift: browsers give sound only after one, and the screen should stay awake until the shift is over.
import { part, show } from "./dom.js";

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
  if (!navigator.userActivation?.hasBeenActive) dialog.showModal();
}
