// The link to the shop, always on the same spot: live, asking now and then, or lost and since when. When it is lost the
// whole page turns grey, because what it shows may no longer be so. Title and icon of the tab carry the count.
import { attribute, show, write } from "./dom.js";
import { here, t, tn } from "./here.js";
import { hms, serverNow } from "./time.js";

const mark = document.getElementById("link");
const spoken = document.getElementById("spoken");
let said = "live";

export function drawLink({ state, since }, stuck) {
  if (state === "connecting") return;
  const lost = state === "lost";
  document.body.classList.toggle("off", lost);
  mark.classList.toggle("lost", lost);
  mark.classList.toggle("polling", state === "polling");
  write(mark, words(state, since, stuck));
  if (lost !== (said === "lost")) speak(lost ? words(state, since, stuck) : t("live_again"));
  said = state;
}

function words(state, since, stuck) {
  const waits = stuck ? ` ${tn("answers_wait", stuck)}` : "";
  if (state === "lost") return t("lost", { time: hms(since) }) + waits;
  return t(state === "polling" ? "polling" : "live", { time: hms(serverNow()) }) + waits;
}

/** Say something to those who listen to the page; politely, and again even if it is the same. */
export function speak(text) {
  spoken.textContent = "";
  requestAnimationFrame(() => write(spoken, text));
}

let drawn = null;

/** Put the number of waiting parties into the title and the icon of the tab. */
export function drawCount(count, urgent) {
  const title = `${count ? `(${count}) ` : ""}${t("title")} · ${here.store.name}`;
  if (document.title !== title) document.title = title;
  const look = `${count}${urgent}`;
  if (look === drawn) return;
  drawn = look;
  drawIcon(count, urgent);
}

const icons = document.querySelector('link[rel="icon"]');
const plain = icons?.getAttribute("href");

function drawIcon(count, urgent) {
  if (!icons) return;
  if (!count) return attribute(icons, "href", plain);
  const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
  const pen = canvas.getContext("2d");
  pen.fillStyle = urgent ? "#b3121d" : "#8a5300";
  pen.beginPath();
  pen.roundRect(0, 0, 64, 64, 16);
  pen.fill();
  Object.assign(pen, { fillStyle: "#fff", font: "700 44px system-ui, sans-serif", textAlign: "center", textBaseline: "middle" });
  pen.fillText(count > 99 ? "99" : String(count), 32, 35);
  return attribute(icons, "href", canvas.toDataURL());
}

/** The pill in the bar: how many wait, with the shape and colour of the worst of them. */
export function drawPill(pill, count, worst) {
  show(pill, count > 0);
  const [shape, look] = { overdue: ["tri", "is-crit"], due: ["circ", "is-warn"] }[worst] ?? ["ring", "is-new"];
  const use = pill.querySelector("use");
  attribute(use, "href", `#${shape}`);
  for (const other of ["is-crit", "is-warn", "is-new"]) pill.classList.toggle(other, other === look);
  write(pill.querySelector("span"), tn("waiting_n", count));
}
