// What the page asks of the shop, and through it of the camera's box. Whatever goes wrong comes back as a sentence.
import { here, t } from "./words.js";

const PATIENCE_MS = 30_000;
const csrf = document.querySelector('meta[name="csrf"]').content;

/** Something that was not done. `words` say so to the person; `status` is 0 when the shop itself was not reached. */
export class NotDone extends Error {
  constructor(words, { status = 0, problem = {} } = {}) {
    super(words);
    Object.assign(this, { words, status, problem });
  }
}

/** Send a POST and return the Response. Raises NotDone. */
export async function post(path, body = {}, { signal, patience = PATIENCE_MS, lost = "camera.no_connection" } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      body: JSON.stringify(body),
      cache: "no-store",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf },
      signal: signal ?? AbortSignal.timeout(patience),
    });
  } catch (wrong) {
    throw wrong.name === "AbortError" ? wrong : new NotDone(t(lost));
  }
  if (!answer.ok) throw await told(answer);
  return answer;
}

/** Send a GET and return its JSON. Raises NotDone. */
export async function get(path, lost = "camera.no_connection") {
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new NotDone(t(lost));
  }
  if (!answer.ok) throw await told(answer);
  return answer.json();
}

async function told(answer) {
  const json = /json/.test(answer.headers.get("Content-Type") ?? "");
  const problem = json ? await answer.json() : {};
  const reason = problem.reason ? ` ${problem.reason}` : "";
  return new NotDone(`${problem.detail || problem.title || answer.status}${reason}`, { status: answer.status, problem });
}

const camera = `/api/v1/cameras/${here.camera}`;
export const standing = () => get(camera);
export const still = () => post(`${camera}/still`);
export const shown = async () => (await (await post(`${camera}/shown`)).json()).plan;
export const trial = async (plan, signal) => (await post(`${camera}/trial`, { plan }, { signal })).json();
export const uniform = async (box) => (await (await post(`${camera}/uniform`, { box })).json()).uniform;
export const save = async (plan, base) => (await post(`${camera}/plan`, { plan, base })).json();
export const putBack = async (version, base) => (await post(`${camera}/put-back`, { version, base })).json();

/** Yield each word of the live count by `plan` until it ends or `signal` aborts. */
export async function* counting(plan, signal) {
  const answer = await post(`${camera}/counting`, { plan }, { signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) yield JSON.parse(line);
  }
}
