// Keeps the shell of the staff screens: the pages and the files they are made of. News and answers are never kept.
// When the page is closed, it shows what the shop sends of an alert, and a tap on that opens the floor.
// Each version of those files has a shell of its own; when a new one takes over, the old one is forgotten.
const SHELL = "greetline-{version}";
const PAGES = ["/floor", "/counter", "/lead"];
const PATIENCE_MS = 3000;

const isPage = (url) => PAGES.includes(url.pathname);
const isFile = (url) => /^\/(static|dashboard-static)\//.test(url.pathname);

addEventListener("install", (event) => {
  // The browser goes to the network by itself for these, without waking the worker.
  event.addRoutes?.([
    { condition: { urlPattern: "/events*" }, source: "network" },
    { condition: { urlPattern: "/api/*" }, source: "network" },
  ]);
  event.waitUntil(skipWaiting());
});

addEventListener("activate", (event) => {
  const forget = async () => {
    for (const name of await caches.keys()) if (name.startsWith("greetline-") && name !== SHELL) await caches.delete(name);
  };
  event.waitUntil(forget());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (isPage(url) || isFile(url)) event.respondWith(networkFirst(event, isPage(url)));
  else if (request.mode === "navigate" && ["/signin", "/pair"].includes(url.pathname)) event.waitUntil(forgetPages());
});

addEventListener("push", (event) => {
  const { title, text, tag, lang } = told(event.data);
  const looks = { icon: "/icon-192.png", badge: "/icon-mask-192.png" };
  event.waitUntil(registration.showNotification(title, { body: text, tag, lang, renotify: true, ...looks }));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openFloor());
});

/** What a push says; a browser wants something shown for each, also for one that says nothing. */
function told(data) {
  const plain = { title: "Greetline", text: "", tag: "greetline", lang: "" };
  try {
    return { ...plain, ...data?.json() };
  } catch {
    return plain;
  }
}

async function openFloor() {
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const floor = pages.find((page) => new URL(page.url).pathname === "/floor");
  return floor ? floor.focus() : clients.openWindow("/floor");
}

/** The network's answer if it comes in time, else what was kept; a late answer is kept all the same. */
async function networkFirst(event, page) {
  const { request } = event;
  const shell = await caches.open(SHELL);
  const name = page ? new URL(request.url).pathname : request;
  const asked = fetch(request).then((answer) => {
    if (answer.ok && !answer.redirected && answer.type === "basic") event.waitUntil(shell.put(name, answer.clone()));
    return answer;
  });
  asked.catch(() => {});
  const late = new Promise((done) => setTimeout(done, PATIENCE_MS));
  const kept = async () => (await shell.match(name)) ?? asked;
  try {
    return (await Promise.race([asked, late])) ?? (await kept());
  } catch {
    return kept();
  }
}

/** Whoever was here has gone: the next one must not see their page. */
async function forgetPages() {
  const shell = await caches.open(SHELL);
  for (const page of PAGES) await shell.delete(page);
}
