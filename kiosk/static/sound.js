// One line of sound for a page: what is played waits for what is playing, so nothing ever overlaps.
// The two tones are made here; speech comes as WAV from the shop's own server. A sound that does not come is left out.

const TONES = [[784, 0, 0.9], [587, 0.28, 1.3]]; // pitch in Hz, begin and length in s
const TONES_S = 1.6;
const LOUD = 0.28;
const PATIENCE_MS = 3000; // speech that takes longer is not waited for
const GAP_S = 0.15;
const MOST_KEPT = 80; // sounds in memory

export class Sound {
  #audio = null;
  #out = null;
  #free = 0; // time of the audio clock from which nothing is planned
  #playing = new Set();
  #kept = new Map();

  constructor(volume) {
    try {
      this.#audio = new AudioContext();
      this.#out = this.#audio.createGain();
      this.#out.connect(this.#audio.destination);
      this.volume = volume;
    } catch { /* a machine without sound */ }
    // Browsers that are not set up for it give sound after the first touch.
    for (const sign of ["pointerdown", "keydown"]) addEventListener(sign, () => this.#audio?.resume());
  }

  get audible() {
    return this.#audio?.state === "running";
  }

  set volume(percent) {
    if (this.#out) this.#out.gain.value = percent / 100;
  }

  /** Seconds until everything that is planned has been played. */
  get left() {
    return this.#audio ? Math.max(0, this.#free - this.#audio.currentTime) : 0;
  }

  ring() {
    if (!this.#audio) return;
    this.#audio.resume().catch(() => {});
    if (!this.audible) return; // a tone that comes when the call is over would say something that is not so
    const at = this.#next();
    for (const [pitch, begin, length] of TONES) this.#tone(pitch, at + begin, length);
    this.#free = at + TONES_S;
  }

  /** The sound at an address of this shop, or null when it does not come or is none. */
  load(address) {
    if (!this.#kept.has(address)) {
      if (this.#kept.size >= MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value);
      this.#kept.set(address, this.#fetched(address).then((found) => {
        if (!found) this.#kept.delete(address); // asked for again next time
        return found;
      }));
    }
    return this.#kept.get(address);
  }

  play(buffer) {
    if (!this.#audio) return;
    const source = this.#audio.createBufferSource(), at = this.#next();
    source.buffer = buffer;
    source.connect(this.#out);
    source.onended = () => this.#playing.delete(source);
    this.#playing.add(source);
    source.start(at);
    this.#free = at + buffer.duration + GAP_S;
  }

  silence() {
    for (const source of this.#playing) source.stop();
    this.#playing.clear();
    this.#free = 0;
  }

  #next() {
    return Math.max(this.#audio.currentTime, this.#free);
  }

  async #fetched(address) {
    try {
      const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS) });
      return answer.ok && this.#audio ? await this.#audio.decodeAudioData(await answer.arrayBuffer()) : null;
    } catch {
      return null;
    }
  }

  #tone(pitch, at, length) {
    const wave = this.#audio.createOscillator(), gain = this.#audio.createGain();
    wave.frequency.value = pitch;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(LOUD, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, at + length);
    wave.connect(gain).connect(this.#out);
    wave.start(at);
    wave.stop(at + length);
  }
}
