// Everything that was done: a calendar, trends, the progress in each exercise, and the list of sessions.

import { AWAY, api, link } from './api.js';
import { bars, calendar, keyOf, line } from './charts.js';
import { $, amount, asked, clock, confirmed, day, dayTime, digits, el } from './dom.js';
import { language, plural, told, tr } from './words.js';
import { showSession } from './session.js';

const WEEK_MS = 7 * 86_400_000;
const WEEKS = 12;
const PAGE = 200; // sessions asked for at once

const reps = (n) => plural('{n} repetition', '{n} repetitions', n);
const counted = ({ full, held_s: held }) => full + Math.round(held);
const volume = (session) => session.done.reduce((sum, one) => sum + counted(one), 0);

export class History {
  #profile = ''; #profiles = []; #sessions = []; #exercise = ''; #shown = 20;

  constructor() {
    $('profile').addEventListener('change', () => { this.#profile = $('profile').value; localStorage.setItem('poise.profile', this.#profile); void this.changed(); void this.show(); });
    $('profile-new').addEventListener('click', () => void this.#newProfile());
    $('profile-name').addEventListener('click', () => void this.#rename());
    $('profile-remove').addEventListener('click', () => void this.#removeProfile());
    $('progress-of').addEventListener('change', () => { this.#exercise = $('progress-of').value; this.#progress(); });
    $('erase').addEventListener('click', () => void this.#erase());
    $('more').addEventListener('click', () => { this.#shown += 40; this.#list(); });
  }

  /** Whose sessions are kept and shown; '' is the first profile. */
  get profile() { return this.#profile; }

  get #own() { return this.#profiles.find(({ id }) => id === this.#profile); }

  /** What of their body exercises. */
  get body() { return this.#own?.body ?? 'whole'; }

  /** Called when that may be another now. */
  changed = async () => {};

  /** Change the profile, and keep it so. */
  async keep(change) {
    const changed = await api.patch(`/profiles/${this.#profile}`, change);
    this.#profiles = this.#profiles.map((one) => (one.id === changed.id ? changed : one));
    await this.changed();
  }

  /** The profiles there are. */
  async profiles() {
    this.#profiles = await api.get('/profiles');
    const kept = localStorage.getItem('poise.profile') ?? '';
    this.#profile = this.#profiles.some(({ id }) => id === kept) ? kept : this.#profiles[0]?.id ?? '';
    $('profile').replaceChildren(...this.#profiles.map(({ id, name }) => el('option', { value: id }, name)));
    $('profile').value = this.#profile;
    $('profile-remove').disabled = this.#profiles.length < 2;
  }

  /** Show the page, or one session of it. */
  async show(session = '', onDay = '') {
    $('session').hidden = !session;
    $('session').replaceChildren();
    $('overview').hidden = Boolean(session);
    $('history-problem').hidden = true;
    try {
      if (session) { await showSession(session, () => { location.hash = '#/history'; }); return; }
      await this.profiles();
      this.#sessions = await this.#all();
    } catch (problem) {
      $('history-problem').hidden = false;
      $('history-problem').replaceChildren(el('strong', {}, problem.message === AWAY ? tr('Your history is kept by the server, which cannot be reached.') : problem.message), ' ', problem.hint ?? '',
        ' ', el('button', { className: 'plain', onclick: () => void this.show(session, onDay) }, tr('Try again')));
      $('overview').hidden = true;
      return;
    }
    this.#overview();
    this.#list(onDay);
  }

  async #all() {
    const all = [];
    for (;;) {
      const some = await api.get('/sessions', { profile: this.#profile, limit: PAGE, offset: all.length });
      all.push(...some);
      if (some.length < PAGE) return all;
    }
  }

  #overview() {
    const days = new Map();
    for (const session of this.#sessions) days.set(keyOf(session.started_at), (days.get(keyOf(session.started_at)) ?? 0) + volume(session));
    $('calendar').replaceChildren(calendar(days));
    const now = Date.now();
    const week = this.#sessions.filter(({ started_at: at }) => now - new Date(at) < WEEK_MS);
    const figures = [[week.length, plural('session in 7 days', 'sessions in 7 days', week.length)], [week.reduce((sum, s) => sum + s.done.reduce((n, { full }) => n + full, 0), 0), tr('repetitions in 7 days')],
      [Math.round(week.reduce((sum, s) => sum + s.duration_s, 0) / 60), tr('minutes in 7 days')], [streak(days), tr('days in a row')]];
    $('figures').replaceChildren(...figures.map(([value, name]) => el('div', {}, el('dt', {}, name), el('dd', {}, String(value)))));
    const weeks = Array.from({ length: WEEKS }, (_, i) => {
      const [from, to] = [now - (WEEKS - i) * WEEK_MS, now - (WEEKS - i - 1) * WEEK_MS];
      const value = this.#sessions.filter(({ started_at: at }) => new Date(at) > from && new Date(at) <= to)
        .reduce((sum, s) => sum + s.done.reduce((n, { full }) => n + full, 0), 0);
      return { label: new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' }).format(from + 86_400_000), value, text: reps(value) };
    });
    $('trend').replaceChildren(bars(tr('Repetitions a week'), weeks));
    const done = new Map(this.#sessions.flatMap((session) => session.done.map((one) => [one.exercise, told(one.title) || tr('Anything')])));
    $('progress-of').replaceChildren(...[...done].map(([name, title]) => el('option', { value: name }, title)));
    if (!done.has(this.#exercise)) this.#exercise = [...done.keys()][0] ?? '';
    $('progress-of').value = this.#exercise;
    $('progress').hidden = !done.size;
    this.#progress();
    for (const format of ['csv', 'json']) $(`all-${format}`).href = link('/export', { profile: this.#profile, format });
    $('none').hidden = this.#sessions.length > 0;
    for (const part of ['calendar', 'figures', 'trend', 'exports', 'list-head']) $(part).hidden = !this.#sessions.length;
  }

  #progress() {
    const of = this.#sessions.flatMap((session) => session.done.filter(({ exercise }) => exercise === this.#exercise)
      .map((one) => ({ ...one, label: day(session.started_at) }))).reverse().slice(-30);
    const points = (value, text) => of.map((one) => ({ label: one.label, value: value(one), text: value(one) === null ? '' : text(one) }));
    const faults = (one) => Object.values(one.faults).reduce((sum, count) => sum + count, 0);
    const holds = of.some(({ full, held_s: held }) => held > 0 && !full);
    $('progress-charts').replaceChildren(
      holds ? line(tr('Seconds held'), points(({ held_s: s }) => s, ({ held_s: s }) => clock(s)), { low: 0 })
        : line(tr('Repetitions a session'), points(({ full }) => full, ({ full }) => reps(full)), { low: 0 }),
      ...(holds ? [] : [
        line(tr('Range of motion'), points(({ rom }) => rom, ({ rom, unit }) => amount(rom, unit)), {}),
        line(tr('Seconds a repetition'), points(({ tempo_s: s }) => s, ({ tempo_s: s }) => amount(s, 's')), { low: 0 })]),
      line(tr('Faults a repetition'), points((one) => (counted(one) ? faults(one) / Math.max(1, one.full) : null), (one) => digits(faults(one) / Math.max(1, one.full))), { low: 0 }));
  }

  #list(onDay = '') {
    const chosen = onDay ? this.#sessions.filter(({ started_at: at }) => keyOf(at) === onDay) : this.#sessions;
    $('list-head').textContent = onDay ? tr('Sessions of {day}', { day: day(`${onDay}T12:00`) }) : tr('Sessions');
    $('sessions').replaceChildren(...chosen.slice(0, this.#shown).map((session) => el('li', {},
      el('a', { href: `#/history/${session.id}` },
        el('span', {}, el('strong', {}, session.done.map(({ title }) => told(title) || tr('Anything')).join(', ') || tr('Nothing counted')),
          el('small', {}, `${dayTime(session.started_at)} · ${clock(session.duration_s)}${session.source === 'film' ? ` · ${tr('film')}` : ''}${session.state === 'interrupted' ? ` · ${tr('interrupted')}` : ''}`)),
        el('span', { className: 'sum' }, session.done.map((one) => (one.full || !one.held_s ? String(one.full) : clock(one.held_s))).join(' + ') || '0')))));
    $('more').hidden = chosen.length <= this.#shown;
  }

  async #newProfile() {
    const name = await asked(tr('Name of the new profile'), '', tr('Make it'));
    if (!name) return;
    const made = await api.post('/profiles', { name });
    localStorage.setItem('poise.profile', made.id);
    await this.show();
    await this.changed();
  }

  async #rename() {
    const name = await asked(tr('Name of the profile'), this.#own?.name ?? '', tr('Rename'));
    if (!name) return;
    await this.keep({ name });
    void this.show();
  }

  async #removeProfile() {
    if (!await confirmed(tr('Delete the profile “{name}” with all its sessions and films? This cannot be undone.', this.#own), tr('Delete'))) return;
    await api.remove(`/profiles/${this.#profile}`);
    await this.show();
    await this.changed();
  }

  async #erase() {
    if (!await confirmed(plural('Delete the {n} session of this profile? This cannot be undone.', 'Delete all {n} sessions of this profile? This cannot be undone.', this.#sessions.length), tr('Delete all'))) return;
    await api.remove('/sessions', { profile: this.#profile });
    void this.show();
  }
}

/** Days in a row, up to today or yesterday, on which something was done. */
function streak(days) {
  let count = 0;
  const date = new Date();
  if (!days.has(keyOf(date))) date.setDate(date.getDate() - 1);
  while (days.has(keyOf(date))) { count += 1; date.setDate(date.getDate() - 1); }
  return count;
}

