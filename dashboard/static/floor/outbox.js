// Answers on their way to the shop. Each is written down before it is sent and struck out when the shop has answered, so a
// tablet that lost its connection, or was reloaded, sends every answer once: the Idempotency-Key stays the same.

export const KEPT_MS = 10 * 60 * 1000; // the shop takes an answer up to ten minutes after it was tapped
const ANSWER_MS = 8000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 15000;

/** 128 random bits; `crypto.randomUUID` is missing where the address is not https. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The notebook: IndexedDB, or plain memory in a browser that keeps nothing. */
export async function openNotes() {
  try {
    const db = await new Promise((done, wrong) => {
      const asked = indexedDB.open("greetline", 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("answers", { keyPath: "key" });
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => wrong(asked.error);
    });
    return new Notes(db);
  } catch {
    return new Memory();
  }
}

class Notes {
  constructor(db) {
    this.db = db;
  }

  #do(mode, what) {
    return new Promise((done, wrong) => {
      const asked = what(this.db.transaction("answers", mode).objectStore("answers"));
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => wrong(asked.error);
    });
  }

  all = () => this.#do("readonly", (rows) => rows.getAll());
  keep = (answer) => this.#do("readwrite", (rows) => rows.put(answer));
  strike = (key) => this.#do("readwrite", (rows) => rows.delete(key));
}

class Memory {
  #rows = new Map();
  all = async () => [...this.#rows.values()];
  keep = async (answer) => void this.#rows.set(answer.key, answer);
  strike = async (key) => void this.#rows.delete(key);
}

export class Outbox {
  #waiting = []; // every answer that was not answered yet, in the order it was tapped
  #sending = false;
  #timer = 0;
  #pause = FIRST_RETRY_MS;
  #notes = null;

  /**
   * `onAnswer(answer, {status, body})` is called once for each, with status 0 for one that waited too long to be sent;
   * `onChange()` whenever the number that waits changes; `onSignedOut()` when nobody is signed in any more.
   */
  constructor({ person, onAnswer, onChange, onSignedOut }) {
    Object.assign(this, { person, onAnswer, onChange, onSignedOut });
    this.csrf = document.querySelector('meta[name="csrf"]').content;
    addEventListener("online", () => this.flush());
  }

  /** Take up what an earlier page left behind. Returns those answers. */
  async open() {
    this.#notes = await openNotes();
    const found = (await this.#notes.all()).sort((a, b) => a.at - b.at);
    const old = found.filter((answer) => Date.now() - answer.at > KEPT_MS);
    for (const answer of old) await this.#notes.strike(answer.key);
    const mine = found.filter((answer) => !old.includes(answer) && answer.person === this.person);
    this.#waiting.unshift(...mine);
    this.onChange();
    this.flush();
    return mine;
  }

  /** How many answers wait because they could not be sent. */
  get stuck() {
    return this.#waiting.filter((answer) => answer.failed).length;
  }

  add(answer) {
    this.#waiting.push(answer);
    this.#notes?.keep(answer);
    this.onChange();
    this.flush();
  }

  async flush() {
    clearTimeout(this.#timer);
    if (this.#sending) return;
    this.#sending = true;
    while (this.#waiting.length && (await this.#sent(this.#waiting[0])));
    this.#sending = false;
  }

  /** Send one answer. Returns whether the shop has answered it, yes or no. */
  async #sent(answer) {
    const said = Date.now() - answer.at > KEPT_MS ? { status: 0, body: null } : await this.#post(answer);
    if (!said) {
      for (const each of this.#waiting) each.failed = true;
      this.onChange();
      this.#timer = setTimeout(() => this.flush(), this.#pause);
      this.#pause = Math.min(LAST_RETRY_MS, this.#pause * 2);
      return false;
    }
    this.#pause = FIRST_RETRY_MS;
    this.#waiting.shift();
    await this.#notes?.strike(answer.key);
    this.onAnswer(answer, said);
    this.onChange();
    return true;
  }

  /** Returns {status, body}, or null when nobody answered or the answer is to try again. */
  async #post(answer) {
    try {
      const said = await fetch(answer.path, {
        method: "POST",
        body: JSON.stringify({ ...answer.body, tapped_at: answer.tapped_at }),
        headers: { "Content-Type": "application/json", "Idempotency-Key": answer.key, "X-CSRFToken": this.csrf },
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      // The answer is kept: it is sent when the same person has signed in again.
      if (said.status === 401) return this.onSignedOut() ?? null;
      if (said.status >= 500 || said.status === 408 || said.status === 429) return null;
      const json = /json/.test(said.headers.get("Content-Type") ?? "");
      return { status: said.status, body: json ? await said.json() : null };
    } catch {
      return null;
    }
  }
}
