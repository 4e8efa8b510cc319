// A classifier of poise in a browser: poses into windows, windows into labels. Raw keypoints go in, as in Python
// (`poise.classify`): by name, in pixels, on a regular grid of time; what was not seen is 0, 0 and scores 0.

import * as ort from './vendor/ort.wasm.min.mjs';
import { KEYPOINTS } from './body.js';

const GAP_S = 0.75; // without a sight of somebody a window is not filled any more
const LEAST = 0.9; // the share of a window that must have been there
const HOP_S = 0.25;

const INDEX = new Map(KEYPOINTS.map((name, i) => [name, i]));
const PAIR = (name) => (name === 'neck' ? 'shoulder' : name.startsWith('mid_') ? name.slice(4) : null);

/** One keypoint [x, y, score] of BlazePose's 33 by name; a neck is the middle of the shoulders; null where unseen. */
function keypoint(pose, name) {
  if (INDEX.has(name)) return pose[INDEX.get(name)];
  const pair = PAIR(name);
  const [a, b] = ['left', 'right'].map((side) => pose[INDEX.get(`${side}_${pair}`)]);
  return a && b ? [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, Math.min(a[2], b[2])] : null;
}

export class Classifier {
  #session; #seen = []; #due = -Infinity;

  constructor(session, about) {
    [this.#session, this.about] = [session, about];
    this.frames = Math.max(1, Math.round(about.seconds * about.rate));
  }

  static async open(folder) {
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = `${folder}vendor/`;
    const [about, session] = await Promise.all([
      fetch(`${folder}about.json`).then((answer) => answer.json()),
      ort.InferenceSession.create(`${folder}classifier.onnx`, { executionProviders: ['wasm'] }),
    ]);
    return new Classifier(session, about);
  }

  /** Take in a pose of 33 [x, y, score], or null where nobody was seen. */
  see(t, pose) {
    if (!pose) return;
    if (this.#seen.length && t - this.#seen.at(-1).t > GAP_S) this.#seen = [];
    this.#seen.push({ t, points: this.about.keypoints.map((name) => keypoint(pose, name)) });
    const since = t - this.about.seconds - 0.5 / Math.max(this.about.rate, 1);
    while (this.#seen[0].t < since) this.#seen.shift();
  }

  /** The verdict as of now: { label, probability, all }; null between two, and where too little was seen. */
  async ask(t) {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (!last || t < this.#due || t - last.t > GAP_S) return null;
    if (last.t - first.t < LEAST * this.about.seconds - 1e-9) return null;
    this.#due = t + HOP_S;
    return this.classify(this.#window(last.t));
  }

  /** What the network says of a window: a flat list of frames × keypoints × (x, y, score). */
  async classify(values) {
    const given = new ort.Tensor('float32', Float32Array.from(values), [1, this.frames, this.about.keypoints.length, 3]);
    const { made } = await this.#session.run({ given });
    const all = [...made.data];
    const best = all.indexOf(Math.max(...all));
    return { label: this.about.labels[best], probability: all[best], all };
  }

  #window(end) {
    if (this.frames === 1) return this.#seen.at(-1).points.flatMap((point) => point ?? [0, 0, 0]);
    const out = [];
    for (let i = this.frames - 1; i >= 0; i -= 1) {
      const at = end - i / this.about.rate;
      for (let k = 0; k < this.about.keypoints.length; k += 1) out.push(...this.#between(k, at));
    }
    return out;
  }

  /** A keypoint at an instant: between two sights, and as it was seen first or last before and after them. */
  #between(k, at) {
    let [before, after] = [null, null];
    for (const { t, points } of this.#seen) {
      if (!points[k]) continue;
      if (t <= at) before = [t, points[k]];
      else { after = [t, points[k]]; break; }
    }
    if (!before || !after) return (before ?? after)?.[1] ?? [0, 0, 0];
    const share = (at - before[0]) / (after[0] - before[0]);
    return before[1].map((value, j) => value + share * (after[1][j] - value));
  }
}
