// The programs begin anew with the new settings: go on as soon as this one runs with them.
const EVERY = 300;
const TRIES = 100;
const to = document.querySelector("[data-to]").dataset.to;

async function current() {
  try {
    const answer = await fetch("/admin/settings/running", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(2000) });
    return answer.ok && (await answer.json()).current;
  } catch {
    return false; // Nobody answers while it begins anew.
  }
}

for (let n = 0; n < TRIES; n++) {
  await new Promise((done) => setTimeout(done, EVERY));
  if (await current()) break;
}
location.replace(to);
