// Labelling pictures and films with keys. What is said goes into a queue, and from there to the server one at a time;
// what the server answers is what is on disk. While it is away the queue waits here, and over a reload in the browser.

import { $, el } from '/page/dom.js';
import { api } from '/page/api.js';

/** Seconds of a step: a frame at 25 a second; the film shows the frame that is nearest. */
const FRAME = 0.04;
const AGAIN_MS = 1000;

const work = await api.get('/labels');
const WAITING = `poise.labels.${work.labeller}`;
const film = $('film');
let rows = work.rows;
let at = 0; // which of work.media is shown
let begun = null; // an interval that is not ended: {label, start}
let sending = false;
let waiting = JSON.parse(localStorage.getItem(WAITING) ?? '[]');

const medium = () => work.media[at];
const here = () => rows.filter((row) => row.file === medium().name);
const seconds = (t) => `${t.toFixed(3)} s`;
const rounded = (t) => Math.round(t * 1000) / 1000;
const hue = (label) => `hsl(${(137 * Object.values(work.keys).indexOf(label) + 200) % 360} 65% 50%)`;

// ---- what is said, and kept

function say(path, body) {
  waiting.push({ path, body });
  keep();
  send();
}

function keep() {
  localStorage.setItem(WAITING, JSON.stringify(waiting));
  $('kept').textContent = waiting.length ? `${waiting.length} not kept yet` : 'All kept';
  $('kept').classList.toggle('unkept', waiting.length > 0);
}

async function send() {
  if (sending) return;
  sending = true;
  while (waiting.length) {
    const [{ path, body }] = waiting;
    try {
      ({ rows } = await api.post(path, body));
      $('problem').textContent = '';
    } catch (problem) {
      $('problem').textContent = `${problem.message} ${problem.hint}`;
      if (!problem.status || problem.status === 429 || problem.status >= 500) {
        setTimeout(send, AGAIN_MS); // it is away, or cannot write: what was said waits
        break;
      }
    }
    waiting.shift();
    keep();
    show();
  }
  sending = false;
}

function label(name) {
  const said = { file: medium().name, label: name, subject: $('subject').value, note: $('note').value };
  if (!medium().film) {
    for (const row of here()) say('/labels/remove', row); // a picture has one label
    say('/labels', { ...said, start: null, end: null });
  } else if (!$('intervals').checked) {
    const t = rounded(film.currentTime);
    say('/labels', { ...said, start: t, end: t });
  } else if (begun?.label === name) {
    const [start, end] = [begun.start, rounded(film.currentTime)].sort((a, b) => a - b);
    begun = null;
    if (end > start) say('/labels', { ...said, start, end });
  } else {
    begun = { label: name, start: rounded(film.currentTime) };
    return show();
  }
  $('note').value = '';
  return show();
}

function undo() {
  if (begun) begun = null;
  else say('/labels/undo');
  show();
}

// ---- what is seen

function show() {
  const { name } = medium();
  $('medium').value = String(at);
  $('count').textContent = `${here().length} of ${rows.length} labels`;
  $('open').textContent = begun ? `${begun.label} since ${seconds(begun.start)}` : '';
  for (const button of $('labels').children) button.setAttribute('aria-pressed', String(begun?.label === button.value));
  $('rows').replaceChildren(...here().map((row) => el('li', {},
    el('button', { type: 'button', className: 'plain', onclick: () => go(row) }, when(row)), ` ${row.label} `,
    el('span', { className: 'quiet' }, [row.subject, row.note].filter(Boolean).join(', ')), ' ',
    el('button', { type: 'button', className: 'danger', ariaLabel: `Remove ${row.label}, ${when(row)}`, onclick: () => say('/labels/remove', row) }, '×'))));
  document.title = `${name}: labels`;
  draw();
}

const when = (row) => (row.start === null ? 'picture' : row.start === row.end ? seconds(row.start) : `${seconds(row.start)} – ${seconds(row.end)}`);

function draw() {
  $('time').textContent = medium().film ? seconds(film.currentTime) : '';
  $('course').hidden = !medium().film;
  const whole = film.duration || 1;
  const bar = (from, to, colour, opacity) => el('svg:rect', {
    x: `${100 * from / whole}%`, width: `${Math.max(0.25, 100 * (to - from) / whole)}%`, y: 0, height: '100%', fill: colour, opacity,
  });
  const open = begun ? [bar(...[begun.start, film.currentTime].sort((a, b) => a - b), hue(begun.label), 0.35)] : [];
  $('course').replaceChildren(el('svg:svg', { 'aria-hidden': 'true' },
    here().filter((row) => row.start !== null).map((row) => bar(row.start, row.end, hue(row.label), 0.75)),
    open, bar(film.currentTime, film.currentTime, 'currentColor', 1)));
}

function go(row) {
  film.pause();
  if (row.start !== null) film.currentTime = row.start;
}

function turn(to, t = 0) {
  at = Math.max(0, Math.min(work.media.length - 1, to));
  begun = null;
  const source = `/media/${at}`;
  film.hidden = !medium().film;
  $('picture').hidden = medium().film;
  film.pause();
  if (medium().film) {
    film.src = source;
    film.addEventListener('loadedmetadata', () => { film.currentTime = t; }, { once: true });
  } else {
    film.removeAttribute('src');
    $('picture').src = source;
  }
  show();
}

function step(by) {
  film.pause();
  film.currentTime = Math.max(0, Math.min(film.duration || 0, film.currentTime + by));
}

// ---- keys

const KEYS = {
  ' ': () => (film.paused ? film.play() : film.pause()),
  ArrowLeft: (event) => step(event.shiftKey ? -1 : -FRAME),
  ArrowRight: (event) => step(event.shiftKey ? 1 : FRAME),
  PageUp: () => turn(at - 1),
  PageDown: () => turn(at + 1),
  Escape: () => { begun = null; show(); },
  i: () => $('intervals').click(),
  u: undo,
};

document.addEventListener('keydown', (event) => {
  if (event.target.matches('input:not([type=checkbox]), select')) {
    if (event.key === 'Enter' || event.key === 'Escape') event.target.blur();
    return;
  }
  if (event.altKey || event.metaKey || (event.ctrlKey && event.key !== 'z')) return;
  const said = work.keys[event.key];
  const act = event.ctrlKey ? undo : said ? () => label(said) : KEYS[event.key];
  if (!act || (event.repeat && (said || act === undo))) return;
  event.preventDefault();
  act(event);
});

$('who').textContent = `labelled by ${work.labeller}`;
$('labels').append(...Object.entries(work.keys).map(([key, name]) => el('button', {
  type: 'button', value: name, onclick: (event) => { event.currentTarget.blur(); label(name); },
}, `${name} `, el('kbd', {}, key))));
$('medium').append(...work.media.map((one, i) => el('option', { value: String(i) }, one.name)));
$('medium').addEventListener('change', (event) => { turn(Number(event.target.value)); event.target.blur(); });
$('before').addEventListener('click', () => turn(at - 1));
$('after').addEventListener('click', () => turn(at + 1));
$('undo').addEventListener('click', (event) => { event.currentTarget.blur(); undo(); });
$('intervals').addEventListener('change', (event) => { begun = null; event.target.blur(); show(); });
$('course').addEventListener('click', (event) => {
  const box = $('course').getBoundingClientRect();
  step(film.duration * (event.clientX - box.left) / box.width - film.currentTime);
});
for (const change of ['timeupdate', 'seeked', 'loadedmetadata']) film.addEventListener(change, draw);

// Go on where it was left: at the last label, or at the first film.
const last = rows.at(-1);
const place = last ? work.media.findIndex((one) => one.name === last.file) : 0;
if (last) $('subject').value = last.subject;
keep();
turn(Math.max(place, 0), last?.end ?? 0);
send();
document.documentElement.dataset.state = 'ready';
