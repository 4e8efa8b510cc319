// What the coach says aloud: with the browser's own voices, else as beeps; and always as text.

import { language } from './words.js';

/** Beeps: a pattern is a list of [hertz, seconds]. */
const TONES = {
  rep: [[880, 0.09]],
  partial: [[440, 0.08], [0, 0.05], [440, 0.08]],
  cue: [[520, 0.12], [0, 0.04], [390, 0.2]],
  good: [[660, 0.1], [880, 0.16]],
  tick: [[600, 0.08]],
  begin: [[660, 0.1], [0, 0.04], [990, 0.3]],
  end: [[990, 0.1], [0, 0.04], [660, 0.3]],
};

const LOUD = 0.25;
const PATIENCE_MS = 1000; // a voice that has not begun by then never will

export class Voice {
  #context = null; #analyser = null; #voice = null; #broken = false; #mode = 'voice'; #show;

  /** `show(text, kind)` puts what is said on the screen and before screen readers. */
  constructor(show) { this.#show = show; }

  /** 'voice', 'beeps' or 'off'. */
  set mode(mode) { this.#mode = mode; if (mode !== 'voice') globalThis.speechSynthesis?.cancel(); }

  /** How it speaks at the moment: 'voice', 'beeps' or 'off'. */
  get speaks() { return this.#mode === 'voice' && (this.#broken || !this.#voice) ? 'beeps' : this.#mode; }

  /** Wakes up sound and looks for voices; browsers want this to happen on a click. */
  async open() {
    this.#context ??= new AudioContext();
    this.#analyser ??= this.#context.createAnalyser();
    this.#analyser.connect(this.#context.destination);
    void this.#context.resume();
    this.#voice = await findVoice();
    return this.speaks;
  }

  /** Say something of a kind (see TONES). `spoken` is what to say aloud when it is not the text. */
  say(kind, text, spoken = text) {
    if (text) this.#show(text, kind);
    if (this.speaks === 'voice' && spoken) this.#speak(kind, spoken);
    else this.beep(kind);
  }

  /** Only the sound of a kind; a signal that is to be heard whatever the voice does. */
  beep(kind) {
    if (this.#mode === 'off' || !this.#context) return;
    let at = this.#context.currentTime;
    for (const [hertz, seconds] of TONES[kind] ?? []) {
      if (hertz) this.#tone(hertz, at, seconds);
      at += seconds;
    }
  }

  /** The loudest sample of what sounds now, 0 to 1. */
  get loudness() {
    if (!this.#analyser) return 0;
    const wave = new Float32Array(this.#analyser.fftSize);
    this.#analyser.getFloatTimeDomainData(wave);
    return Math.max(...wave.map(Math.abs));
  }

  #tone(hertz, at, seconds) {
    const [tone, gain] = [this.#context.createOscillator(), this.#context.createGain()];
    tone.frequency.value = hertz;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(LOUD, at + 0.01);
    gain.gain.setTargetAtTime(0, at + seconds - 0.02, 0.01);
    tone.connect(gain).connect(this.#analyser);
    tone.start(at);
    tone.stop(at + seconds + 0.05);
  }

  #speak(kind, text) {
    const words = new SpeechSynthesisUtterance(text);
    [words.voice, words.lang, words.rate] = [this.#voice, this.#voice.lang, 1.1];
    let begun = false;
    const failed = () => { if (!begun) { this.#broken = true; speechSynthesis.cancel(); this.beep(kind); } };
    const patience = setTimeout(failed, PATIENCE_MS);
    words.onstart = () => { begun = true; clearTimeout(patience); };
    words.onerror = ({ error }) => {
      clearTimeout(patience);
      if (error !== 'interrupted' && error !== 'canceled') failed();
    };
    if (kind !== 'rep' || speechSynthesis.pending) speechSynthesis.cancel(); // the newest is said, never a queue
    speechSynthesis.speak(words);
  }
}

/** A voice of this machine for the page's language, waited for a little; null when there is none. */
async function findVoice() {
  const speech = globalThis.speechSynthesis;
  if (!speech) return null;
  if (!speech.getVoices().length) {
    await new Promise((done) => {
      speech.addEventListener('voiceschanged', done, { once: true });
      setTimeout(done, 1500);
    });
  }
  return speech.getVoices().find(({ lang, localService }) => localService && lang.toLowerCase().split(/[-_]/)[0] === language) ?? null;
}
