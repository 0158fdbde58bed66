// Tones for what alarms, at moments that come from the server, so that two tablets in one room agree.
// Due: nothing. Overdue: one soft tone, again every `every` seconds, at most `times` in all, until somebody goes.
// A grouped zone or a flood: one tone for all of it. Help: two tones. Quiet: a short vibration and a glowing edge instead.

const LATE_MS = 1500; // a tone older than this is left out: it would say that something is new
const APART_MS = 2000; // two tones closer than this are one

const TONES = {
  overdue: [[587, 0, 0.55]],
  flood: [[440, 0, 0.8]],
  help: [[784, 0, 0.3], [988, 0.34, 0.45]],
};

export class Sound {
  #audio = null;
  #played = new Map(); // alert id -> how many of its tones are behind us
  #again = new Map(); // alert id -> when this screen heard that it was raised again
  #lastOf = new Map(); // group, flood or "one" -> when its last tone was

  constructor(edge) {
    this.edge = edge;
    this.quiet = localStorage.getItem("greetline.quiet") === "yes";
  }

  get unlocked() {
    return this.#audio?.state === "running";
  }

  /** Must be called from a tap: browsers give sound only after one. */
  async unlock() {
    this.#audio ??= new AudioContext();
    await this.#audio.resume();
  }

  keepQuiet(quiet) {
    this.quiet = quiet;
    localStorage.setItem("greetline.quiet", quiet ? "yes" : "no");
  }

  /** Sound what is due at `now` (server time). `alarms` are {alert, group} for this screen, `zone` is its zone or "". */
  tick(alarms, { now, zone, sound, flood }) {
    const due = alarms.filter(({ alert }) => alert.sounding && (alert.level >= 1 || !zone || alert.zone === zone));
    const kinds = due.filter(({ alert }) => this.#due(alert, now, sound)).map(({ alert, group }) => this.#kind(alert, group, flood));
    for (const [kind, key] of new Map(kinds.map((pair) => [pair.join(), pair])).values()) this.#once(kind, key, now, sound);
    const live = new Set(alarms.map(({ alert }) => alert.id));
    for (const name of this.#played.keys()) if (!live.has(name.replace("+", ""))) this.#played.delete(name);
    for (const id of this.#again.keys()) if (!live.has(id)) this.#again.delete(id);
    for (const [key, at] of this.#lastOf) if (now - at > sound.every * 2000) this.#lastOf.delete(key);
  }

  #due(alert, now, sound) {
    const began = this.#began(alert, now);
    const number = Math.floor((now - began) / (sound.every * 1000)); // 0 is the first tone
    const on = now - began - number * sound.every * 1000;
    if (number < 0 || number >= sound.times || on > LATE_MS) return false;
    const name = `${alert.id}${alert.again ? "+" : ""}`;
    if ((this.#played.get(name) ?? -1) >= number) return false;
    this.#played.set(name, number);
    return true;
  }

  /** An alert that comes back has no new moment of raising: it begins when this screen hears of it. */
  #began(alert, now) {
    if (!alert.again) return Date.parse(alert.raised_at);
    if (!this.#again.has(alert.id)) this.#again.set(alert.id, now);
    return this.#again.get(alert.id);
  }

  #kind(alert, group, flood) {
    if (alert.kind === "help") return ["help", alert.id];
    if (flood) return ["flood", "flood"];
    return group ? ["flood", group] : ["overdue", "one"];
  }

  #once(kind, key, now, sound) {
    const apart = kind === "flood" ? sound.every * 1000 - LATE_MS : APART_MS;
    if (now - (this.#lastOf.get(key) ?? -Infinity) < apart) return;
    this.#lastOf.set(key, now);
    this.#tell(kind);
  }

  #tell(kind) {
    document.dispatchEvent(new CustomEvent("greetline:tone", { detail: { kind, quiet: this.quiet } }));
    if (navigator.userActivation?.hasBeenActive ?? true) navigator.vibrate?.(kind === "help" ? [160, 120, 160] : [220]);
    if (this.quiet || !this.unlocked) this.#glow();
    else for (const tone of TONES[kind]) this.#tone(...tone);
  }

  #glow() {
    this.edge.hidden = false;
    clearTimeout(this.glowing);
    this.glowing = setTimeout(() => (this.edge.hidden = true), 3000);
  }

  #tone(hertz, after, seconds) {
    const begin = this.#audio.currentTime + after;
    const wave = new OscillatorNode(this.#audio, { type: "sine", frequency: hertz });
    const gain = new GainNode(this.#audio, { gain: 0 });
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(0.22, begin + 0.04);
    gain.gain.exponentialRampToValueAtTime(0.001, begin + seconds);
    wave.connect(gain).connect(this.#audio.destination);
    wave.start(begin);
    wave.stop(begin + seconds + 0.05);
  }
}
