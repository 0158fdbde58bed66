// Looks how a trial that is on its way ended, and then shows the page anew: its words are the server's.
const LOOK_MS = 1000;
const going = () => [...document.querySelectorAll(".trial")].filter((trial) => ["asked", "going"].includes(trial.dataset.state));

async function look() {
  try {
    const answer = await fetch("/api/v1/office/trials", { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { trials } = await answer.json();
    const changed = going().some((trial) => trials.some((one) => one.kind === trial.id && one.state !== trial.dataset.state && ["done", "failed"].includes(one.state)));
    if (changed) location.reload();
  } catch {
    // The next look may get through.
  }
}

if (going().length > 0) setInterval(look, LOOK_MS);
