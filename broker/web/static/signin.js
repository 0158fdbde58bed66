// The PIN pad, by touch and by keyboard. The digits live in the form's own field, which pages without scripts show instead.

const form = document.querySelector("form.pad");
const [person, pin, password] = [form.elements.person, form.elements.pin, form.elements.password];
const at = (name) => form.querySelector(`[data-part="${name}"]`);
const [dots, said, ask, face, keys] = ["dots", "said", "ask", "face", "keys"].map(at);
const names = [...document.querySelectorAll("a[data-person]")];
let sent = false;

const byPassword = () => form.dataset.secret === "password";
const digits = () => dots.children.length;

function draw() {
  const n = pin.value.length;
  [...dots.children].forEach((dot, place) => dot.classList.toggle("on", place < n));
  dots.setAttribute("aria-label", dots.dataset.said.replace("%(n)d", n).replace("%(of)d", digits()));
  for (const key of form.querySelectorAll("[data-key]")) key.setAttribute("aria-disabled", String(resting() || !person.value));
}

let restsUntil = performance.now() + 1000 * Number(dots.dataset.wait ?? 0);
const resting = () => performance.now() < restsUntil;

function choose(link) {
  names.forEach((name) => name.removeAttribute("aria-current"));
  link.setAttribute("aria-current", "true");
  person.value = link.dataset.person;
  form.dataset.secret = link.dataset.secret;
  password.value = "";
  ask.textContent = link.dataset.ask;
  face.replaceChildren(link.querySelector(".face").textContent);
  said.classList.add("gone");
  dots.replaceChildren(...Array.from({ length: Number(link.dataset.digits) }, () => document.createElement("i")));
  restsUntil = 0; // another person may not have to wait; the server knows
  press("clear");
}

/** Bring the keys into view, where they are below the names. */
function begin() {
  form.scrollIntoView({ block: form.offsetHeight > innerHeight ? "start" : "nearest" });
}

function press(key) {
  if (sent || resting() || !person.value || byPassword()) return;
  if (key === "clear") pin.value = "";
  else if (key === "back") pin.value = pin.value.slice(0, -1);
  else if (pin.value.length < digits()) pin.value += key;
  if (/\d/.test(key)) said.classList.add("gone"); // keeps its place: keys must not move under a finger
  draw();
  if (pin.value.length === digits()) send();
}

function send() {
  sent = true;
  form.setAttribute("aria-busy", "true");
  // The last dot is seen before the page goes.
  requestAnimationFrame(() => requestAnimationFrame(() => form.requestSubmit()));
}

for (const link of names)
  link.addEventListener("click", (tap) => {
    tap.preventDefault();
    choose(link);
    (byPassword() ? password : keys).focus({ preventScroll: true }); // not one of the keys: Enter must not type a digit
    begin();
  });

form.addEventListener("click", (tap) => {
  const key = tap.target.closest("[data-key]");
  if (key) press(key.dataset.key);
});

addEventListener("keydown", (typed) => {
  if (typed.ctrlKey || typed.metaKey || typed.altKey || typed.target === pin || byPassword()) return;
  const key = /^\d$/.test(typed.key) ? typed.key : { Backspace: "back", Delete: "clear", Escape: "clear" }[typed.key];
  if (!key) return;
  typed.preventDefault();
  press(key);
});

// A page that comes back from the browser's memory starts afresh.
addEventListener("pageshow", (shown) => {
  if (shown.persisted) location.reload();
});

if (resting()) setTimeout(() => (said.classList.add("gone"), draw()), restsUntil - performance.now() + 50);
form.addEventListener("submit", (asked) => {
  if (byPassword() && (resting() || !password.value)) asked.preventDefault();
});

pin.value = "";
draw();
if (person.value) begin();
if (person.value && byPassword()) password.focus({ preventScroll: true });
