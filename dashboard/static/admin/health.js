// Looks anew at how the machine is, and changes only the words that are no longer so: a reader's place stays.
const box = document.getElementById("health");
const lost = document.getElementById("lost");
const TONES = ["is-ok", "is-warn", "is-crit"];

function put(part, text) {
  if (part.textContent !== text) part.textContent = text;
}

function tone(state, told) {
  for (const each of TONES) state.classList.toggle(each, each === told.tone);
  state.querySelector("use").setAttribute("href", `#${told.icon}`);
}

function show(told) {
  const all = box.querySelector("[data-of=all]");
  put(all.querySelector("h2"), told.overall);
  tone(all, told);
  put(box.querySelector("[data-is=at]"), told.at);
  for (const part of told.parts) {
    const row = box.querySelector(`[data-part="${part.name}"]`);
    if (!row) continue;
    tone(row.querySelector(".state"), part);
    for (const name of ["word", "says", "since", "do"]) put(row.querySelector(`[data-is=${name}]`), part[name]);
    row.querySelector("[data-is=do]").hidden = !part.do;
    const see = row.querySelector(".see");
    see.hidden = !part.go;
    if (part.go) see.href = part.go;
  }
}

async function look() {
  try {
    const answer = await fetch("/api/v1/office/health", { headers: { Accept: "application/json" } });
    if (answer.status === 401) location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
}

setInterval(() => document.hidden || look(), Number(box.dataset.every) * 1000);
document.addEventListener("visibilitychange", () => document.hidden || look());
