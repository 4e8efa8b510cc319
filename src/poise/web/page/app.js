// The page: which part of it is shown, and whether the server is there.

import { tr, translate } from './words.js';
import { Live } from './live.js';
import { Record } from './record.js';
import { History } from './history.js';
import { Sit } from './sit.js';
import { api } from './api.js';
import { $ } from './dom.js';

const CHECK_MS = 5000;

translate();

const history = new History();
const live = new Live(() => history.profile);
const record = new Record(() => history.profile);
const sit = new Sit(() => history.profile);
globalThis.poise = { live, record, history, sit }; // for who wants to look, and for the tests

function route() {
  const [, path, query] = /^#?\/?([^?]*)\??(.*)$/.exec(location.hash);
  const [name, id] = path.split('/');
  const view = ['record', 'desk', 'history', 'privacy'].includes(name) ? name : 'coach';
  for (const section of document.querySelectorAll('[data-page]')) section.hidden = section.id !== view;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.dataset.view === view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.title = view === 'coach' ? 'poise' : `${document.querySelector('nav [aria-current]').textContent} · poise`;
  if (view !== 'coach') $('done').hidden = true;
  if (view === 'history') void history.show(id ?? '', new URLSearchParams(query).get('day') ?? '');
  if (view === 'record') void record.list();
  if (view === 'desk') void sit.show();
  scrollTo(0, 0);
}

let offered = false;

/** What can be done with the body of whoever it is now. */
async function offer() {
  const exercises = await api.get('/exercises', { body: history.body });
  live.offer(exercises, history.body);
  record.offer(exercises);
}

history.changed = offer;
$('body').addEventListener('change', () => void history.keep({ body: $('body').value }));

/** Whether the server answers; what needs it says so when it does not. */
async function check() {
  try {
    if (!offered) {
      await history.profiles();
      await offer();
      offered = true;
    } else await api.get('/health');
    $('offline').hidden = true;
  } catch (problem) {
    $('offline').hidden = false;
    $('offline').textContent = problem.status === 401 ? `${problem.message} ${problem.hint}`
      : tr('The server cannot be reached. The page opens and draws your skeleton without it; counting, judging, recording and history need it. Start it with: poise live');
  }
  document.documentElement.dataset.server = $('offline').hidden ? 'here' : 'away';
}

addEventListener('hashchange', route);
addEventListener('online', () => void check());
route();
await check();
setInterval(() => { if (document.documentElement.dataset.state === 'form' || $('offline').hidden === false) void check(); }, CHECK_MS);
document.documentElement.dataset.state = 'form';

try {
  await navigator.serviceWorker.register('./sw.js');
  await navigator.serviceWorker.ready;
  document.documentElement.dataset.kept = 'yes';
} catch { // browsers keep no page that came over a certificate they do not trust
  document.documentElement.dataset.kept = 'no';
}
