// What a board's camera sees, on a screen beside it or on another machine: shown large, spoken, and as an alert.

import { Voice } from './voice.js';
import { told, tr, translate } from './words.js';

const AGAIN_MS = 2000;
const KINDS = { rep: 'rep', partial: 'partial', invalid: 'partial', correct: 'cue', praise: 'good', advice: 'cue', hold: 'end' };
const at = (id) => document.getElementById(id);
const voice = new Voice(() => {});
let aloud = false;

function heard(saying) {
  at('exercise').textContent = told(saying.exercise) || tr('Any movement');
  at('count').textContent = saying.held_s ? `${Math.round(saying.held_s)} s` : saying.count;
  if (!saying.text) return;
  const text = told(saying.text);
  if (saying.kind !== 'rep') {
    at('text').textContent = text;
    at('text').className = saying.kind;
  }
  if (!aloud) return;
  voice.say(KINDS[saying.kind] ?? 'cue', text);
  if (saying.kind === 'correct' && globalThis.Notification?.permission === 'granted' && document.hidden) {
    new Notification('poise', { body: text, tag: 'poise' });
  }
}

function listen() {
  const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/watch`);
  socket.onopen = () => { at('state').textContent = tr('Watching'); };
  socket.onmessage = (message) => heard(JSON.parse(message.data));
  socket.onclose = () => { at('state').textContent = tr('The board cannot be reached; trying again'); setTimeout(listen, AGAIN_MS); };
}

at('aloud').onclick = async () => {
  aloud = true;
  at('aloud').hidden = true;
  await voice.open();
  await globalThis.Notification?.requestPermission();
};

translate();
listen();
