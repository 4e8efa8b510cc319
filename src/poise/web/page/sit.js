// Sitting well: the desk coach on the page.
//
//   form ─► learning (sit well, ten seconds) ─► watching ⇄ an exercise in a break ─► form
//
// The worker looks twice a second, also while the tab is hidden, and talks to the coach by itself; this file shows
// and says what comes back. How loud an alert is follows its level: 1 the page's border and a notification, 2 also
// dims and sounds, 3 also speaks.

import { CameraProblem, cameras, handOver, openCamera } from './camera.js';
import { api, link } from './api.js';
import { bars } from './charts.js';
import { Voice } from './voice.js';
import { $, clock, confirmed, el, settings } from './dom.js';
import { language, plural, told, tr } from './words.js';

const LOOKS = 2; // a second
const MOVES = 15; // a second, while an exercise is counted
const SHOWN_S = 20; // an alert stays
const SNOOZE = 30; // minutes, as its button says
const MINUTE = 60;

/** The parts of this page by name; they are found here also while they are in the small window. */
const PARTS = new Map([...document.querySelectorAll('[id^=sit-]')].map((node) => [node.id.slice(4), node]));
const part = (name) => PARTS.get(name);

const UNITS = { deg: '°', '%': ' %', cm: ' cm' };
const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;
const amount = (value, unit) => (value === null ? '–' : `${Math.round(value)}${UNITS[unit] ?? ` ${unit}`}`);
const minutes = (seconds) => plural('{n} minute', '{n} minutes', Math.round(seconds / MINUTE));

export class Sit {
  state = 'form'; told = null; looks = 0; alerts = []; late = 0;
  #profile; #voice; #worker = null; #stream = null; #video = null; #choice; #sees = new Map(); #shown = 0; #pace = LOOKS; #snoozed = false; #small = null;

  constructor(profile) {
    this.#profile = profile;
    this.#voice = new Voice(() => {});
    this.#choice = settings.read('desk', { place: 'desk', distance: 0, nudge: 10, break: 45, quiet: '', voice: 'voice', notify: false, near: true });
    for (const [name, value] of Object.entries(this.#choice)) {
      if (part(name)?.type === 'checkbox') part(name).checked = value;
      else if (part(name)) part(name).value = value || '';
    }
    $('sit').addEventListener('submit', (event) => { event.preventDefault(); void this.start(); });
    part('stop').addEventListener('click', () => this.stop());
    part('snooze').addEventListener('click', () => this.#snooze());
    part('again').addEventListener('click', () => this.#begin({ calibrate: true }));
    part('small').hidden = !globalThis.documentPictureInPicture;
    part('small').addEventListener('click', () => void this.#inSmall());
    part('erase').addEventListener('click', () => void this.#erase());
    part('notify').addEventListener('change', () => void this.#ask());
  }

  /** Notifications are asked for when they are chosen, never before. */
  async #ask() {
    if (!part('notify').checked) return;
    const answer = await globalThis.Notification?.requestPermission() ?? 'denied';
    part('notify').checked = answer === 'granted';
    part('denied').hidden = answer === 'granted';
  }

  #read() {
    const { value: place } = part('place');
    this.#choice = {
      place: place.trim().replace(/\W+/g, '_').slice(0, 24) || 'desk', distance: Number(part('distance').value) || 0,
      nudge: Number(part('nudge').value) || 10, break: Number(part('break').value) || 45, quiet: part('quiet').value.trim(),
      voice: part('voice').value, notify: part('notify').checked, near: part('near').checked,
    };
    settings.keep('desk', this.#choice);
  }

  /** Open the camera and sit down before it. */
  async start() {
    this.#read();
    part('problem').replaceChildren();
    this.#voice.mode = this.#choice.voice;
    void this.#voice.open(); // sound must be woken by the click
    this.#to('starting', tr('Starting the camera …'));
    try {
      this.#stream = await openCamera(settings.read('camera', { id: '' }).id);
      this.#video = el('video', { muted: true, playsInline: true, srcObject: this.#stream });
      await this.#video.play();
      await this.#see();
    } catch (problem) {
      this.#leave();
      this.#trouble(problem);
      return;
    }
    part('cameras').textContent = (await cameras()).length > 1 ? tr('The camera chosen under Coach is used.') : '';
    this.#begin({ calibrate: part('calibrate').checked, slouch: part('slouch').checked });
    part('calibrate').checked = false;
    part('stop').focus();
  }

  async #see() {
    const { vendor } = await api.get('/page');
    const worker = new Worker('./eyes.js', { type: 'module' });
    this.#worker = worker;
    await new Promise((ready, failed) => {
      worker.addEventListener('error', (event) => failed(new Error(event.message || tr('The part that sees could not be loaded.'))));
      worker.addEventListener('message', ({ data }) => {
        if (data.type === 'ready') ready();
        else if (data.type === 'problem') { failed(new Error(data.message)); if (this.state !== 'starting') { this.stop(); this.#trouble(data); } } else this.#hear(data);
      });
      worker.postMessage({ type: 'init', vendor, fps: LOOKS, wanted: 'lite', socket: `${location.origin.replace(/^http/, 'ws')}/ws/desk` });
    });
    handOver(this.#stream, this.#video, worker, 'bitmap'); // twice a second; a stream would bring thirty
  }

  #begin({ calibrate = false, slouch = false }) {
    const { width = 640, height = 480 } = this.#stream.getVideoTracks()[0].getSettings();
    const { place, distance, nudge, break: pause, quiet, near } = this.#choice;
    this.#paced(LOOKS);
    this.#worker.postMessage({ type: 'start', message: {
      type: 'start', width, height, profile: this.#profile(), place, calibrate, slouch, quiet,
      nudge_minutes: nudge, break_minutes: pause, leave_out: near ? [] : ['near', 'far'], ...(distance ? { distance } : {}),
    } });
    this.#to('learning', tr('Sit well and still for ten seconds.'));
  }

  #paced(fps) {
    if (fps === this.#pace) return;
    this.#pace = fps;
    this.#worker?.postMessage({ type: 'pace', fps });
  }

  #hear(data) {
    if (this.state === 'form') return;
    if (data.type === 'pose') this.looks += 1;
    else if (data.type === 'link') part('away').hidden = data.up;
    else if (data.type === 'told') this.#answer(data.message);
  }

  #answer(message) {
    const kinds = { learning: () => this.#learning(message), watching: () => this.#watching(message), desk: () => this.#looked(message), ended: () => this.#leave() };
    if (message.type === 'error') { this.#leave(); this.#trouble(message); } else kinds[message.type]?.();
  }

  #learning({ what, share, problem }) {
    this.#to('learning', told(problem) || (what === 'slouch' ? tr('Thank you. Now slouch as you usually do, for five seconds.') : tr('Sit well and still for ten seconds.')));
    part('share').value = share ?? 0;
  }

  #watching({ view, distance, measured, signatures }) {
    this.#sees = new Map(signatures.map(({ name, sees }) => [name, told(sees)]));
    this.#to('watching', '');
    part('from').textContent = `${view === 'front' ? tr('Seen from the front.') : tr('Seen from the side.')} ${measured
      ? tr('You sat about {cm} cm away when you sat well, as you measured.', { cm: Math.round(distance) })
      : tr('You sat about {cm} cm away when you sat well, if this is a usual camera (±20 %).', { cm: Math.round(distance) })}`;
    this.#voice.say('begin', '', '');
  }

  #looked(look) {
    this.told = look;
    const bad = look.signs.filter(({ state }) => state === 'bad');
    part('say').textContent = bad.map(({ title }) => told(title)).join(', ') || (look.presence === 'sitting' ? tr('You sit well.') : sentence(told(look.words)));
    part('now').dataset.bad = bad.length > 0;
    part('figures').replaceChildren(...[
      [look.distance === null ? '–' : `${Math.round(look.distance)} cm`, tr('to the camera')], [clock(look.sat_s), tr('sat without a break')], [clock(look.streak_s), tr('sitting well')],
      [String(Object.values(look.counts.nudges).reduce((sum, n) => sum + n, 0)), tr('nudges')], [tr('{n} of {all}', { n: look.counts.breaks_taken, all: look.counts.breaks_due }), tr('breaks taken')],
    ].map(([value, name]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))));
    this.#signs([...look.signs, ...(look.opinion ? [look.opinion] : [])]);
    this.#snoozed = look.silent;
    part('snooze').textContent = look.silent ? tr('Speak again') : tr('Silent for 30 minutes');
    look.events.forEach((event) => this.#alert(event));
    this.#paced(look.exercise ? MOVES : LOOKS);
    part('exercise').hidden = !look.exercise;
    if (look.exercise) part('exercise').textContent = `${told(look.exercise.title)}: ${look.exercise.reps} · ${tr('{time} left', { time: clock(look.exercise.left_s) })}`;
    if (this.#shown && look.t > this.#shown) this.#quieten();
  }

  #signs(signs) {
    const words = { ok: tr('fine'), bad: tr('off') };
    const marks = { ok: '✓', bad: '!', not_observable: '–' };
    part('signs').replaceChildren(...signs.map((sign) => el('li', { className: sign.state === 'bad' ? 'fault' : sign.state, title: this.#sees.get(sign.name) ?? '' },
      el('span', { className: 'sign', ariaHidden: 'true' }, marks[sign.state]),
      el('span', {}, el('strong', {}, told(sign.title)), `: ${sign.state === 'not_observable' ? told(sign.reason) : `${words[sign.state]}, ${tr('{n} of {all}', { n: amount(sign.value, sign.unit), all: amount(sign.limit, sign.unit) })}`}`,
        el('small', {}, this.#sees.get(sign.name) ?? '')))));
  }

  /** An event reaches the user as loudly as it must, and no louder; praise and disagreement are only written. */
  #alert({ type, text: english, level }) {
    const text = told(english);
    const loud = { nudge: level, break_due: 2, recalibrate: 1 }[type] ?? 0;
    this.alerts.push({ type, text, level: loud });
    part('aloud').textContent = text;
    part('last').textContent = text;
    part('last').hidden = false;
    if (!loud) return;
    this.#shown = this.told.t + SHOWN_S;
    document.documentElement.dataset.nudge = loud;
    if (this.#small) this.#small.document.documentElement.dataset.nudge = loud;
    if (loud >= 3) this.#voice.say('cue', '', text);
    else if (loud === 2) this.#voice.beep('tick');
    void this.#notify(text, loud);
  }

  #quieten() {
    this.#shown = 0;
    delete document.documentElement.dataset.nudge;
    if (this.#small) delete this.#small.document.documentElement.dataset.nudge;
  }

  async #notify(text, loud) {
    if (!this.#choice.notify || globalThis.Notification?.permission !== 'granted') return;
    const about = { body: text, tag: 'poise', renotify: loud > 1, silent: loud === 1, icon: './icon.svg' };
    const kept = await navigator.serviceWorker?.getRegistration();
    if (kept?.active) await kept.showNotification('poise', about); // phones know no other way
    else new Notification('poise', about);
  }

  #snooze() {
    this.#worker?.postMessage({ type: 'say', message: { type: 'snooze', minutes: this.#snoozed ? 0 : SNOOZE } });
    this.#quieten();
  }

  /** The card in a small window that stays on top of others; back when that is closed. */
  async #inSmall() {
    const small = await documentPictureInPicture.requestWindow({ width: 380, height: 300 });
    this.#small = small;
    small.document.head.append(el('link', { rel: 'stylesheet', href: new URL('./style.css', location.href).href }));
    small.document.documentElement.dataset.small = 'yes';
    small.document.body.append(part('now'));
    small.addEventListener('pagehide', () => { part('place-of-now').append(part('now')); this.#small = null; });
  }

  /** End it; what was so is in the diary. */
  stop() {
    if (this.state === 'form') return;
    this.#worker?.postMessage({ type: 'stop' });
    this.#to('ending', tr('Writing the diary …'));
    setTimeout(() => { if (this.state === 'ending') this.#leave(); }, 3000);
  }

  #leave() {
    this.#worker?.postMessage({ type: 'close' });
    this.#stream?.getTracks().forEach((track) => track.stop());
    [this.#worker, this.#stream, this.#video, this.#pace] = [null, null, null, LOOKS];
    this.#small?.close();
    this.#quieten();
    this.#to('form', '');
    void this.show();
  }

  #to(state, say) {
    if (state !== this.state) part('signs').replaceChildren();
    this.state = state;
    document.documentElement.dataset.sit = state;
    $('sit').hidden = state !== 'form';
    part('now').hidden = state === 'form';
    part('share').hidden = state !== 'learning';
    part('last').hidden = true;
    if (state !== 'watching') part('figures').replaceChildren();
    part('say').textContent = say;
  }

  #trouble(problem) {
    const known = problem instanceof CameraProblem || problem.hint !== undefined;
    part('problem').replaceChildren(el('strong', {}, known ? told(problem.message) : tr('The page could not begin to see.')), ' ', known ? told(problem.hint) : `${problem.message} ${tr('Reload the page.')}`);
    part('problem').focus();
  }

  /** The diary: today by the hour, and the last days. */
  async show() {
    const diary = await api.get('/desk/diary', { profile: this.#profile(), days: 14 }).catch(() => null);
    part('diary').hidden = !diary || !diary.days.some((one) => one.good_s + one.bad_s + one.away_s + one.unseen_s > 0);
    if (part('diary').hidden) return;
    const chart = (title, rows, name) => bars(title, rows.map((one) => ({
      label: name(one.when), value: Math.round(one.good_s / MINUTE), more: Math.round(one.bad_s / MINUTE),
      text: tr('{good} well, {bad} badly, {away} away', { good: minutes(one.good_s), bad: minutes(one.bad_s), away: minutes(one.away_s) }),
    })));
    part('charts').replaceChildren(
      chart(tr('Today, by the hour: minutes well, and badly (outlined)'), diary.hours, (hour) => hour),
      chart(tr('Days'), diary.days, (day) => new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' }).format(new Date(`${day}T12:00`))));
    const names = [...new Set(diary.days.flatMap(({ signatures, nudges }) => [...Object.keys(signatures), ...Object.keys(nudges)]))];
    const sum = (of, name) => diary.days.reduce((all, one) => all + (one[of][name] ?? 0), 0);
    part('table').replaceChildren(
      el('thead', {}, el('tr', {}, [tr('What was off in two weeks'), tr('Time'), tr('Nudges')].map((name) => el('th', { scope: 'col' }, name)))),
      el('tbody', {}, names.map((name) => el('tr', {}, el('td', {}, told(diary.titles[name] ?? name)), el('td', {}, minutes(sum('signatures', name))), el('td', {}, String(sum('nudges', name)))))));
    for (const format of ['csv', 'json']) part(format).href = link('/desk/diary/export', { profile: this.#profile(), format });
  }

  async #erase() {
    if (!await confirmed(tr('Delete the diary and what was learnt of how you sit? This cannot be undone.'), tr('Delete'))) return;
    await api.remove('/desk/diary', { profile: this.#profile() }).catch((problem) => this.#trouble(problem));
    void this.show();
  }
}
