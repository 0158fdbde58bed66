// Small tools for the page: nothing here ever parses text as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** A copy of the only element in `<template id=...>`. */
export const made = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/** The element marked `data-part=name` inside `root`. */
export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

/** Write `text` only when it differs, so that a screen reader and the browser are left in peace. */
export function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

export function attribute(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? "" : value);
}

export function show(element, visible) {
  if (element && element.hidden === visible) element.hidden = !visible;
}

/** An SVG element with attributes and, if given, text. */
export function svg(name, attributes = {}, text = null) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== null) element.textContent = text;
  return element;
}

/** Point the icon inside `element` at another symbol of the sprite. */
export function icon(element, name) {
  const use = element.querySelector("use");
  const target = `${use.getAttribute("href").split("#")[0]}#${name}`;
  if (use.getAttribute("href") !== target) use.setAttribute("href", target);
}

/** A button as the design system has it. */
export function button(text, { look = "", symbol = null, pressed = null, act }) {
  const element = made("button");
  if (look) element.classList.add(...look.split(" "));
  const picture = element.querySelector("svg");
  if (symbol) icon(element, symbol);
  else picture.remove();
  element.append(document.createTextNode(text));
  if (pressed !== null) element.setAttribute("aria-pressed", String(pressed));
  element.addEventListener("click", act);
  return element;
}
