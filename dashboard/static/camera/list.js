// The list of cameras says how each is now, not how it was when the page was opened.
import { part, write } from "../floor/dom.js";

const LOOK_MS = 5000;

async function look() {
  if (document.visibilityState !== "visible") return;
  try {
    const answer = await fetch("/api/v1/cameras", { cache: "no-store", headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    for (const camera of (await answer.json()).cameras) tell(camera);
  } catch {
    return; // the next look finds it
  }
}

function tell(camera) {
  const row = document.querySelector(`[data-camera="${CSS.escape(camera.id)}"]`);
  if (!row) return;
  write(part(row, "state"), camera.state);
  part(row, "state").classList.toggle("lost", !camera.watching);
  write(part(row, "force"), camera.force);
}

setInterval(look, LOOK_MS);
document.addEventListener("visibilitychange", look);
