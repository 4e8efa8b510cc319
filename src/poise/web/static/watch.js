// A page without a server behind it: the camera's pictures to poses to this classifier's labels, all on the device.
//
//   camera ─► eyes.js (a worker) ─► keypoints ─► window ─► classifier.onnx ─► the label, a sound when it is off

import { openCamera, handOver, Awake } from './camera.js';
import { drawPose } from './draw.js';
import { Classifier } from './classifier.js';

const LASTING_S = 1.0; // how long a label must last to be said, and to sound

const $ = (id) => document.getElementById(id);
const here = new URL('./', location.href).href;

let classifier = null;
let asking = false;
let worker = null;
let sound = null;
let doing = { label: null, since: 0, told: false };

function beep() {
  sound ??= new AudioContext();
  const [tone, volume] = [sound.createOscillator(), sound.createGain()];
  tone.frequency.value = 440;
  volume.gain.setValueAtTime(0.25, sound.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + 0.5);
  tone.connect(volume).connect(sound.destination);
  tone.start();
  tone.stop(sound.currentTime + 0.5);
  document.documentElement.dataset.beeps = Number(document.documentElement.dataset.beeps ?? 0) + 1;
}

function tell(t, { label, probability }) {
  if (label !== doing.label) doing = { label, since: t, told: false };
  const off = label === $('alert').value;
  $('verdict').textContent = label;
  $('verdict').classList.toggle('off', off);
  $('score').textContent = `${Math.round(100 * probability)} %`;
  if (doing.told || t - doing.since < LASTING_S) return;
  doing.told = true;
  if (off && $('sound').checked) beep();
}

async function heard({ data }) {
  if (data.type === 'problem') problem(data.message);
  if (data.type !== 'pose') return;
  const { t, keypoints, width, height } = data;
  drawPose($('overlay'), keypoints, { width, height });
  classifier.see(t, keypoints);
  if (asking) return;
  asking = true;
  try {
    const verdict = await classifier.ask(t);
    if (verdict) tell(t, verdict);
    else if (!keypoints) { $('verdict').textContent = 'Nobody is seen.'; $('score').textContent = ''; }
  } finally { asking = false; }
}

async function start() {
  $('start').disabled = true;
  $('problem').hidden = true;
  try {
    sound ??= new AudioContext(); // browsers let a page sound only once it was touched
    const stream = await openCamera();
    $('video').srcObject = stream;
    await $('video').play();
    worker = new Worker('eyes.js', { type: 'module' });
    worker.addEventListener('message', (event) => {
      if (event.data.type === 'ready') handOver(stream, $('video'), worker);
      heard(event).catch(problem);
    });
    worker.postMessage({ type: 'init', vendor: `${here}vendor/`, socket: '', fps: 20, wanted: null });
    await new Awake().on();
  } catch (failed) {
    problem(failed);
    $('start').disabled = false;
  }
}

function problem(failed) {
  $('problem').textContent = [failed?.message ?? String(failed), failed?.hint].filter(Boolean).join(' ');
  $('problem').hidden = false;
}

async function open() {
  classifier = await Classifier.open(here);
  const { about } = classifier;
  $('title').textContent = document.title = about.title || 'poise';
  $('card').textContent = about.card;
  for (const label of about.labels) $('alert').append(new Option(label, label));
  const worst = about.labels.find((label) => /bad|incorrect|slump|slouch|wrong/i.test(label));
  if (worst) $('alert').value = worst;
  $('start').addEventListener('click', start);
  $('alert').addEventListener('change', () => { doing.told = false; }); // what goes on already sounds, too
  document.documentElement.dataset.state = 'ready';
}

open().catch(problem);
