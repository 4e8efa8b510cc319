// The full-screen stage: a camera, the worker that sees, and the skeleton drawn over the picture.

import { openCamera, Film, handOver, Awake } from './camera.js';
import { Gestures } from './body.js';
import { drawPose } from './draw.js';
import { $ } from './dom.js';
import { api } from './api.js';
import { tr } from './words.js';

const FPS = 20; // enough for jumping jacks, and leaves half of a small machine free

export class Stage {
  pose = null; corrected = null; faults = new Set(); stream = null; film = null; source = ''; model = '';
  size = { width: 640, height: 480 };
  poses = 0; ms = 0; // how many were found so far, and milliseconds spent on them
  #worker = null; #epoch = 0; #heard; #gestures = new Gestures(); #awake = new Awake(); #drawing = 0; #mirror = true; #told = null;

  /** `heard(kind, data)` is told 'pose', 'told' (what the coach says), 'link', 'gesture', 'model' and 'problem'. */
  constructor(heard) {
    this.#heard = heard;
    this.video = $('video');
    this.overlay = $('overlay');
  }

  /** Seconds on the session's clock. */
  get now() { return (performance.timeOrigin + performance.now() - this.#epoch) / 1000; }

  set mirror(on) { this.#mirror = on; $('stage').classList.toggle('mirror', on); }
  get mirror() { return this.#mirror; }

  get awake() { return this.#awake.held; }

  /** Open the camera, then the worker; the camera's refusal is thrown before anything is loaded. */
  async open(camera) {
    this.stream = await openCamera(camera);
    this.video.srcObject = this.stream;
    await this.video.play();
    void this.#awake.on();
    await this.#see();
  }

  /** A film in the place of the camera, at its first picture. */
  async openFilm(url) {
    this.film = await Film.open(this.video, url);
    void this.#awake.on();
    await this.#see();
  }

  /** Another camera, while all goes on. */
  async change(camera) {
    const before = this.stream;
    this.stream = await openCamera(camera);
    before.getTracks().forEach((track) => track.stop());
    this.video.srcObject = this.stream;
    await this.video.play();
    if (this.source === 'stream') handOver(this.stream, this.video, this.#worker);
  }

  #asked() { return new URLSearchParams(location.search); } // ?source=bitmap&fps=15&model=lite, to compare

  async #see() {
    const { vendor } = await api.get('/page');
    const worker = new Worker('./eyes.js', { type: 'module' });
    this.#worker = worker;
    const asked = this.#asked();
    await new Promise((ready, failed) => {
      worker.addEventListener('error', (event) => failed(new Error(event.message || tr('The part that sees could not be loaded.'))));
      worker.addEventListener('message', ({ data }) => {
        if (data.type === 'ready') { [this.#epoch, this.model] = [data.epoch, data.model]; ready(); }
        else if (data.type === 'problem') { failed(new Error(data.message)); this.#heard('problem', data); }
        else this.#hear(data);
      });
      worker.postMessage({
        type: 'init', vendor, fps: Number(asked.get('fps')) || FPS, wanted: asked.get('model'),
        socket: `${location.origin.replace(/^http/, 'ws')}/ws`,
      });
    });
    this.source = handOver(this.stream, this.video, worker, asked.get('source') ?? '', this.film);
  }

  #hear(data) {
    if (data.type === 'pose') {
      this.poses += 1;
      this.ms += data.ms;
      this.pose = data.keypoints;
      this.size = { width: data.width, height: data.height };
      const gesture = this.#gestures.update(data.t, data.keypoints);
      this.film?.told(data.sent);
      this.#heard('pose', data);
      if (gesture) this.#heard('gesture', gesture);
      this.#draw();
    } else if (data.type === 'told') {
      if (data.message.type === 'feedback') this.#told = data.message.t;
      this.#heard('told', data.message);
      this.#draw();
    } else {
      if (data.type === 'model') this.model = data.model;
      this.#heard(data.type, data);
    }
  }

  /** How far the gestures have got: { hand, still }, 0 to 1. */
  get gesturing() { return this.#gestures.progress(this.now); }

  #draw() {
    if (this.#drawing) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      drawPose(this.overlay, this.pose, { ...this.size, corrected: this.corrected, faults: this.faults });
      if (this.#told !== null) this.#heard('drawn', { late: this.now - this.#told });
      this.#told = null;
    });
  }

  /** Begin a session with the coach: poses go to it from now on. */
  coach(message) { this.#worker.postMessage({ type: 'start', message: { type: 'start', ...this.size, ...message } }); }

  stopCoach() { this.#worker?.postMessage({ type: 'stop' }); }

  /** Stop seeing, but keep the camera. */
  blind() {
    this.#worker?.postMessage({ type: 'close' });
    this.#worker = null;
    this.pose = null;
    this.#draw();
  }

  close() {
    this.blind();
    this.stream?.getTracks().forEach((track) => track.stop());
    [this.stream, this.film, this.video.srcObject] = [null, null, null];
    this.video.removeAttribute('src'); // of a film
    [this.corrected, this.faults] = [null, new Set()];
    this.#awake.off();
    if (document.fullscreenElement) void document.exitFullscreen();
  }
}

/** The picture fills the screen, where browsers let it. */
export function fullScreen() {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void $('stage').requestFullscreen?.().catch(() => {});
}
