// What is drawn and not saved, kept for a page that is reloaded or loses its way: shapes only, in this tab only.
import { here } from "./words.js";

const KEY = `camera.${here.camera}`;

/** { plan, base } as an earlier page left them, or null. */
export function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

export function keep(plan, base) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ plan, base }));
  } catch {
    return; // a browser that keeps nothing: the drawing lives as long as the page
  }
}

export function drop() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    return;
  }
}
