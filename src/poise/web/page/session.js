// One session, closely: its sets, every repetition and what was off about it, and the skeleton again.

import { api, link } from './api.js';
import { drawPose } from './draw.js';
import { KEYPOINTS } from './body.js';
import { faultOf } from './workout.js';
import { $, amount, clock, confirmed, dayTime, digits, el } from './dom.js';
import { plural, told, tr } from './words.js';

/** Show a session; `back` is called when it is left or deleted. */
export async function showSession(id, back) {
  const session = await api.get(`/sessions/${id}`);
  const titles = new Map(session.done.map(({ exercise, title }) => [exercise, told(title) || tr('Anything')]));
  const replay = new Replay(id, session);
  const events = [...session.reps.map((rep) => ({ ...rep, type: 'rep' })), ...session.holds.map((hold) => ({ ...hold, type: 'hold' }))]
    .sort((a, b) => a.start - b.start);
  $('session').replaceChildren(
    el('p', {}, el('a', { href: '#/history', className: 'back' }, `← ${tr('All sessions')}`)),
    el('h1', {}, session.done.map(({ title }) => told(title) || tr('Anything')).join(', ') || tr('Nothing counted')),
    el('p', { className: 'lead' }, `${dayTime(session.started_at)} · ${clock(session.duration_s)}${session.state === 'interrupted' ? ` · ${tr('interrupted')}` : ''}`),
    replay.element,
    session.sets.length ? setsTable(session.sets, titles) : null,
    events.length ? el('section', {}, el('h2', {}, tr('Each repetition')), el('ol', { className: 'reps' }, events.map((event) => repItem(event, titles, (t) => replay.seek(t))))) : null,
    el('p', { className: 'row' },
      ...['csv', 'json', 'npz'].map((format) => el('a', { className: 'button plain', href: link(`/sessions/${id}/export`, { format }), download: '' },
        { csv: tr('Repetitions (CSV)'), json: tr('Everything (JSON)'), npz: tr('Keypoints (NPZ)') }[format])),
      session.job ? el('a', { className: 'button plain', href: link(`/jobs/${session.job}/results/report.html`), target: '_blank', rel: 'noopener' }, tr('Report')) : null,
      el('button', { className: 'plain danger', onclick: async () => {
        if (!await confirmed(tr('Delete this session with its keypoints? This cannot be undone.'), tr('Delete'))) return;
        await api.remove(`/sessions/${id}`);
        back();
      } }, tr('Delete'))));
  void replay.load();
}

function setsTable(sets, titles) {
  const row = (set) => el('tr', {},
    el('td', {}, String(set.number)), el('td', {}, titles.get(set.exercise) ?? tr('Anything')),
    el('td', {}, set.counts.held_s ? clock(set.counts.held_s) : String(set.counts.full)),
    el('td', {}, clock(set.end - set.start)), el('td', {}, set.rest_s === null ? '–' : clock(set.rest_s)));
  return el('section', {}, el('h2', {}, tr('Sets')), el('div', { className: 'scroll' }, el('table', {},
    el('thead', {}, el('tr', {}, [tr('Set'), tr('Exercise'), tr('Counted'), tr('Time'), tr('Rest before')].map((name) => el('th', { scope: 'col' }, name)))),
    el('tbody', {}, sets.map(row)))));
}

const SIGNS = { fault: ['!', tr('off')], ok: ['✓', tr('fine')], unsure: ['?', tr('too close to call')], not_observable: ['–', tr('not visible from here')] };

function repItem(event, titles, seek) {
  const fault = faultOf(event);
  const name = event.type === 'hold' ? tr('Hold {n}: {time}', { n: event.number, time: clock(event.held_s) }) : `${titles.get(event.exercise) ?? tr('Anything')} ${event.number}`;
  const about = event.type === 'hold' ? '' : [event.kind === 'full' ? '' : tr('not counted: {why}', { why: event.reasons.map(told).join(', ') || (event.kind === 'partial' ? tr('only part of the way') : tr('not this exercise')) }), amount(event.rom, event.unit), event.tempo ?? [event.eccentric_s, event.pause_s, event.concentric_s].map((s) => s?.toFixed(1)).join('-')].filter(Boolean).join(' · ');
  return el('li', { className: fault ? 'off' : event.kind && event.kind !== 'full' ? 'partial' : '' },
    el('details', {},
      el('summary', {}, el('span', { className: 'sign', ariaHidden: 'true' }, fault ? '!' : event.kind && event.kind !== 'full' ? '×' : '✓'),
        el('strong', {}, name), el('small', {}, about), fault ? el('span', { className: 'fault' }, told(fault.title)) : null),
      el('button', { className: 'plain', onclick: () => seek(event.start) }, tr('Show it ({time})', { time: clock(event.start) })),
      el('ul', { className: 'rules' }, event.faults.map((rule) => el('li', { className: rule.state },
        el('span', { className: 'sign', title: SIGNS[rule.state][1] }, SIGNS[rule.state][0]), el('span', {}, el('strong', {}, told(rule.title)), `: ${SIGNS[rule.state][1]}`,
          rule.value === null ? '' : ` (${tr('{value} ± {error}, limit {limit}', { value: amount(rule.value, rule.unit), error: amount(rule.sigma, rule.unit), limit: amount(rule.limit, rule.unit) })})`, '. ',
          rule.state === 'fault' ? `${told(rule.cue)} ${told(rule.why)}` : rule.state === 'not_observable' ? told(rule.reason) : ''))))));
}

const CHUNK_S = 60;

/** Plays a session's keypoints again. */
class Replay {
  #id; #session; #t = []; #points = []; #size = { width: 640, height: 480 }; #at = 0; #playing = 0; #last = 0; #speed = 1; #canvas; #slider; #button; #clock;

  constructor(id, session) {
    [this.#id, this.#session] = [id, session];
    this.#canvas = el('canvas', { className: 'replay', width: 640, height: 480, role: 'img', ariaLabel: tr('The skeleton of this session') });
    this.#slider = el('input', { type: 'range', min: 0, max: 1, step: 0.01, value: 0, disabled: true, ariaLabel: tr('Where in the session'), oninput: () => this.seek(Number(this.#slider.value), false) });
    this.#button = el('button', { className: 'plain', disabled: true, onclick: () => this.#toggle() }, tr('Play'));
    this.#clock = el('output', {}, '0:00');
    const speed = el('select', { ariaLabel: tr('Speed'), onchange: () => { this.#speed = Number(speed.value); } }, [0.25, 0.5, 1, 2, 4].map((value) => el('option', { value, selected: value === 1 }, `${digits(value)}×`)));
    this.element = el('figure', { className: 'player' }, this.#canvas, el('div', { className: 'row' }, this.#button, this.#slider, this.#clock, speed));
  }

  async load() {
    try {
      for (let from = 0; ; from = this.#t.at(-1) + 1e-4) {
        const part = await api.get(`/sessions/${this.#id}/keypoints`, { start: from, end: from + CHUNK_S });
        const order = KEYPOINTS.map((name) => part.keypoints.indexOf(name));
        this.#size = { width: part.width, height: part.height };
        this.#t.push(...part.t);
        this.#points.push(...part.points.map((points) => order.map((i) => points[i] ?? null)));
        if (this.#t.length) this.#ready();
        if (!part.more || !part.t.length) break;
      }
    } catch { /* told below */ }
    if (!this.#t.length) this.element.replaceChildren(el('p', { className: 'none' }, tr('Its keypoints are not kept any more.')));
  }

  #ready() {
    [this.#slider.min, this.#slider.max] = [this.#t[0], this.#t.at(-1)];
    [this.#slider.disabled, this.#button.disabled] = [false, false];
    this.#show();
  }

  /** Go to a second of the session; on a jump it is looked at, and plays on unless little motion is wished for. */
  seek(t, jump = true) {
    const index = this.#t.findIndex((at) => at >= t);
    this.#at = index < 0 ? this.#t.length - 1 : index;
    this.#show();
    if (!jump) return;
    this.element.scrollIntoView({ block: 'center' });
    if (!this.#playing && !matchMedia('(prefers-reduced-motion: reduce)').matches) this.#toggle();
  }

  #toggle() {
    if (this.#playing) { cancelAnimationFrame(this.#playing); this.#playing = 0; } else {
      if (this.#at >= this.#t.length - 1) this.#at = 0;
      [this.#last, this.#playing] = [performance.now(), requestAnimationFrame((now) => this.#step(now))];
    }
    this.#button.textContent = this.#playing ? tr('Pause') : tr('Play');
  }

  #step(now) {
    const until = this.#t[this.#at] + ((now - this.#last) / 1000) * this.#speed;
    let next = this.#at;
    while (next + 1 < this.#t.length && this.#t[next + 1] <= until) next += 1;
    if (next !== this.#at) { [this.#at, this.#last] = [next, now]; this.#show(); }
    if (!this.element.isConnected || this.#at >= this.#t.length - 1) { this.#playing = 0; this.#button.textContent = tr('Play'); return; }
    this.#playing = requestAnimationFrame((then) => this.#step(then));
  }

  #show() {
    const t = this.#t[this.#at];
    const event = [...this.#session.reps, ...this.#session.holds].find(({ start, end }) => start <= t && t <= end);
    const fault = event && faultOf(event);
    const body = this.#points[this.#at].map((point) => point && [...point, 1]);
    drawPose(this.#canvas, body.some(Boolean) ? body : null, { ...this.#size, faults: new Set(fault?.keypoints ?? []) });
    this.#slider.value = t;
    const done = this.#session.reps.filter(({ kind, end }) => kind === 'full' && end <= t).length;
    this.#clock.value = `${clock(t)} · ${plural('{n} repetition', '{n} repetitions', done)}`;
  }
}

