// What was done, right after it was done.

import { faultOf } from './workout.js';
import { $, clock, el, percent } from './dom.js';
import { plural, told, tr } from './words.js';

/** Show what the coach summed up; null when it could not be reached. */
export function showSummary(summary, workout, titles = new Map()) {
  const place = $('done');
  const again = el('p', { className: 'row' }, el('a', { className: 'button', href: '#/history' }, tr('See all you did')));
  if (!summary) {
    const counted = workout?.sets.concat(workout.done) ?? [];
    place.replaceChildren(el('h2', {}, tr('Done')),
      el('p', {}, tr('Counted here: {counts}. The coach could not be reached to sum it up; what reached it is kept.', { counts: counted.join(', ') || '0' })));
  } else if (!summary.session) {
    place.replaceChildren(el('h2', {}, tr('Nothing to keep')), el('p', {}, tr('Nobody was seen, so nothing was kept.')));
  } else {
    place.replaceChildren(el('h2', {}, tr('Well done')), ...sums(summary, titles),
      el('p', { className: 'row' }, el('a', { className: 'button', href: `#/history/${summary.session}` }, tr('Look at it closely')), again.firstChild));
  }
  unveil(place);
}

/** Say what was counted of the drawn athlete. */
export function showAthlete(count) {
  $('done').replaceChildren(el('h2', {}, plural('{n} squat counted', '{n} squats counted', count)),
    el('p', {}, tr('That was a film of a drawn athlete, seen and counted as you would be. Nothing of it is kept. Now you.')));
  unveil($('done'));
}

function unveil(place) {
  place.hidden = false;
  place.scrollIntoView({ block: 'start' });
  place.focus();
}

function sums({ reps, holds, sets, duration_s: seconds }, titles) {
  const full = reps.filter(({ kind }) => kind === 'full');
  const events = [...full, ...holds];
  const clean = events.filter((event) => !faultOf(event));
  const held = holds.reduce((sum, { held_s: s }) => sum + s, 0);
  const judged = events.some(({ faults }) => faults.some(({ state }) => state !== 'not_observable'));
  const figures = [
    full.length || !held ? [full.length, plural('repetition', 'repetitions', full.length)] : null,
    held ? [clock(held), tr('held')] : null,
    sets.length > 1 ? [sets.length, tr('sets')] : null,
    events.length && judged ? [percent(clean.length / events.length), tr('without a fault')] : null,
    [clock(seconds), tr('in all')],
  ].filter(Boolean);
  const seen = new Map();
  for (const event of events) {
    for (const fault of event.faults) if (fault.state === 'fault') seen.set(fault.title, { ...fault, times: (seen.get(fault.title)?.times ?? 0) + 1 });
  }
  const worst = [...seen.values()].sort((a, b) => b.times - a.times);
  return [
    el('dl', { className: 'figures' }, figures.map(([value, name]) => el('div', {}, el('dt', {}, name), el('dd', {}, String(value))))),
    el('p', {}, sets.map((set) => `${titles.get(set.exercise) ?? tr('Anything')}: ${set.counts.held_s ? clock(set.counts.held_s) : set.counts.full}`).join(' · ')),
    worst.length ? el('ul', { className: 'tips' }, worst.map(({ title, cue, times }) => el('li', {}, el('strong', {}, `${told(title)}, ${plural('{n} time', '{n} times', times)}. `), told(cue)))) : null,
  ].filter(Boolean);
}
