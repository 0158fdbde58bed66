// Notices of this browser for whoever is signed in: shown only where the page is trusted with them and the browser has them.

const part = document.querySelector('[data-part="push"]');
const said = part.querySelector('[data-part="said"]');
const button = (what) => part.querySelector(`[data-do="${what}"]`);
const ANSWER_MS = 8000;

function show(on, tell = on ? "on" : "") {
  button("on").hidden = on;
  button("off").hidden = !on;
  said.textContent = tell ? said.dataset[tell] : "";
}

async function post(path, fields = {}) {
  const answer = await fetch(path, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { Accept: "application/json", "X-CSRFToken": document.querySelector('meta[name="csrf"]').content },
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
}

const own = (address) => {
  if (address !== "/worker.js") throw new TypeError("not our worker");
  return address;
};

async function worker() {
  const policy = globalThis.trustedTypes?.createPolicy("greetline", { createScriptURL: own });
  await navigator.serviceWorker.register(policy ? policy.createScriptURL("/worker.js") : "/worker.js");
  return navigator.serviceWorker.ready;
}

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const same = (one, other) => one?.byteLength === other.length && new Uint8Array(one).every((byte, at) => byte === other[at]);

/** What the browser allowed this shop, asked for anew where it was allowed under another key. */
async function allowed(registration) {
  const key = bytes(part.dataset.key);
  const kept = await registration.pushManager.getSubscription();
  if (kept && same(kept.options.applicationServerKey, key)) return kept;
  await kept?.unsubscribe();
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

async function turnOn(ready) {
  if ((await Notification.requestPermission()) !== "granted") return show(false, "blocked");
  const { endpoint, keys } = (await allowed(await ready)).toJSON();
  await post("/me/push", { endpoint, p256dh: keys.p256dh, auth: keys.auth });
  return show(true);
}

async function turnOff() {
  // The browser's own address stays: a colleague on this tablet may be told by it.
  await post("/me/push/off");
  show(false, "off");
}

async function begin() {
  const ready = worker();
  ready.catch(() => {});
  const doing = (what) => async () => {
    try {
      await what(ready);
    } catch {
      said.textContent = said.dataset.failed;
    }
  };
  button("on").addEventListener("click", doing(turnOn));
  button("off").addEventListener("click", doing(turnOff));
  part.hidden = false;
  show(part.dataset.on === "1" && Notification.permission === "granted");
}

if (isSecureContext && "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis) begin();
