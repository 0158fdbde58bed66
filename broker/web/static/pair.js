// Waits until somebody lets this screen in, then goes on by itself. A code that ran out is replaced by the next one.

const ASK_MS = 2000;
const said = document.querySelector('[data-part="said"]');

function tell(what) {
  said.classList.toggle("lost", what === "lost");
  if (said.textContent !== said.dataset[what]) said.textContent = said.dataset[what];
}

async function ask() {
  try {
    const answer = await fetch("/pair/state", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    const { asked, approved } = await answer.json();
    tell("waiting");
    if (!asked) return location.replace("/pair");
    if (approved) {
      tell("done");
      return document.querySelector("form").requestSubmit();
    }
  } catch {
    tell("lost"); // the code stays good, so ask again
  }
  return setTimeout(ask, ASK_MS);
}

setTimeout(ask, ASK_MS);
