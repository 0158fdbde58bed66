// The page as an app: kept for when there is no connection, and honest about how old it is.
const HEARD = "greetline.heard";

/** Let the worker keep the shell, where the browser has one: only https and 127.0.0.1 are trusted with it. */
export function keepShell() {
  if (!isSecureContext || !("serviceWorker" in navigator)) return;
  const own = (address) => {
    if (address !== "/worker.js") throw new TypeError("not our worker");
    return address;
  };
  const policy = globalThis.trustedTypes?.createPolicy("greetline", { createScriptURL: own });
  navigator.serviceWorker.register(policy ? policy.createScriptURL("/worker.js") : "/worker.js").catch(() => {});
}

let written = 0;
/** Note that the shop was heard at `now` (server time), so that a page opened without a connection can say since when. */
export function noteHeard(now) {
  if (now - written < 5000) return;
  written = now;
  localStorage.setItem(HEARD, String(now));
}

/** When the shop was last heard by this screen, in server time, or null. */
export const lastHeard = () => Number(localStorage.getItem(HEARD)) || null;
