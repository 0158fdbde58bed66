// The page is read aloud, with sounds that the shop's own server made of what stands on it. Nothing else can be said.

import { Sound } from "./sound.js";

const body = document.body;
const STEP = 20; // per cent, louder or quieter
const LEAST = 10;

const heard = JSON.parse(document.getElementById("heard")?.textContent ?? "{}");
const most = Number(body.dataset.most);
let volume = Number(body.dataset.volume);
const sound = new Sound(volume);
let turn = 0;
let under = 0; // the turn that is still fetching what it has to say

/** Whether something is being said, so that no time runs out meanwhile. */
export const speaking = () => sound.audible && (under === turn || sound.left > 0);

/** What a script was told anew about this page can be said too. */
export const learn = (fresh) => Object.assign(heard, fresh);

/** Say sounds, one after the other, instead of what is being said. */
export async function say(addresses) {
  turn += 1;
  const mine = turn;
  under = mine;
  sound.silence();
  for (const address of addresses) {
    const found = address && (await sound.load(address));
    if (mine !== turn) return;
    if (found) sound.play(found);
  }
  under = 0;
}

// A hard space holds a number together, there as here.
const oneLine = (text) => text.replace(/[^\S\u00a0]+/g, " ").trim();

function pieces(node) {
  const found = [], walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const within = walker.currentNode.parentElement;
    const address = heard[oneLine(walker.currentNode.data)];
    if (!address || within.closest("[aria-hidden=true]") || !within.checkVisibility()) continue;
    found.push(address);
    if (within.matches(".num")) found.push(address); // a number is said twice
  }
  return found;
}

/** Say a part of the page that has just appeared. */
export const readPart = (part) => say(pieces(part));

/** Say the page: its heading, the number twice, place and wait, what follows. */
export function readPage() {
  const parts = [...document.querySelectorAll("main, .reach > p")].filter((part) => !part.querySelector("a, button"));
  const hint = body.dataset.page === "start" ? [heard[document.getElementById("heard").dataset.hint]] : [];
  return say([...parts.flatMap(pieces), ...hint]);
}

/** Say a question that stands above the page, and the answer that has the focus. */
export function readDialog(dialog) {
  return say([...dialog.querySelectorAll("h2, p:not([role=timer]), button")].flatMap(pieces));
}

function carry(name, value) {
  const own = new URL(location.href);
  own.searchParams.set(name, value);
  history.replaceState(null, "", own);
  for (const link of document.querySelectorAll("a[href*='?']")) {
    const there = new URL(link.href);
    there.searchParams.set(name, value);
    link.href = there.href;
  }
  for (const form of document.querySelectorAll("form[method=post]")) {
    form.querySelector(`[name=${name}]`)?.remove();
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
}

function louder(by, button) {
  volume = Math.min(most, Math.max(LEAST, Math.round((volume + by) / 10) * 10));
  sound.volume = volume;
  carry("volume", volume);
  say(pieces(button));
}

async function fetchAhead() {
  // Questions first: they must be heard also when the network has gone since.
  const all = [...document.querySelectorAll("dialog")].flatMap((dialog) => [...dialog.querySelectorAll("h2, button, p")]).map((part) => heard[oneLine(part.textContent)]);
  for (const address of new Set([...all, ...Object.values(heard)])) if (address) await sound.load(address);
}

/** Read this page from now on. */
export async function begin() {
  const part = (name) => document.querySelector(`[data-part="${name}"]`);
  part("repeat")?.addEventListener("click", readPage);
  part("quieter")?.addEventListener("click", (event) => louder(-STEP, event.currentTarget));
  part("louder")?.addEventListener("click", (event) => louder(STEP, event.currentTarget));
  addEventListener("focusin", (event) => {
    const open = document.querySelector("dialog[open]");
    if (open) readDialog(open);
    else if (event.target.matches("a, button")) say(pieces(event.target));
  });
  await readPage();
  await fetchAhead();
}
