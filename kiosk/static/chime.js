// Two soft tones before a call is read: made here, so that no sound file and no network is needed.

const TONES = [[784, 0, 0.9], [587, 0.28, 1.3]]; // pitch in Hz, begin and length in s
const LOUD = 0.22;

export class Chime {
  #audio = null;

  constructor() {
    try {
      this.#audio = new AudioContext();
    } catch { /* a machine without sound */ }
    // Browsers that are not set up as a wall give sound after the first touch.
    addEventListener("pointerdown", () => this.#audio?.resume());
  }

  get audible() {
    return this.#audio?.state === "running";
  }

  ring() {
    if (!this.#audio) return;
    this.#audio.resume().catch(() => {});
    if (!this.audible) return; // a tone that comes when the call is over would say something that is not so
    for (const [pitch, begin, length] of TONES) this.#tone(pitch, this.#audio.currentTime + begin, length);
  }

  #tone(pitch, at, length) {
    const wave = this.#audio.createOscillator(), gain = this.#audio.createGain();
    wave.frequency.value = pitch;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(LOUD, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, at + length);
    wave.connect(gain).connect(this.#audio.destination);
    wave.start(at);
    wave.stop(at + length);
  }
}
