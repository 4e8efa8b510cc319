// What was done, right after it was done.

import { faultOf } from './workout.js';
import { $, clock, el, percent, plural } from './dom.js';

/** Show what the coach summed up; null when it could not be reached. */
export function showSummary(summary, workout, titles = new Map()) {
  const place = $('done');
  const again = el('p', { className: 'row' }, el('a', { className: 'button', href: '#/history' }, 'See all you did'));
  if (!summary) {
    const counted = workout?.sets.concat(workout.done) ?? [];
    place.replaceChildren(el('h2', {}, 'Done'),
      el('p', {}, `Counted here: ${counted.join(', ') || '0'}. The coach could not be reached to sum it up; what reached it is kept.`));
  } else if (!summary.session) {
    place.replaceChildren(el('h2', {}, 'Nothing to keep'), el('p', {}, 'Nobody was seen, so nothing was kept.'));
  } else {
    place.replaceChildren(el('h2', {}, 'Well done'), ...sums(summary, titles),
      el('p', { className: 'row' }, el('a', { className: 'button', href: `#/history/${summary.session}` }, 'Look at it closely'), again.firstChild));
  }
  unveil(place);
}

/** Say what was counted of the drawn athlete. */
export function showAthlete(count) {
  $('done').replaceChildren(el('h2', {}, `${plural(count, 'squat')} counted`),
    el('p', {}, 'That was a film of a drawn athlete, seen and counted as you would be. Nothing of it is kept. Now you.'));
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
    full.length || !held ? [full.length, plural(full.length, 'repetition').replace(/^\d+ /, '')] : null,
    held ? [clock(held), 'held'] : null,
    sets.length > 1 ? [sets.length, 'sets'] : null,
    events.length && judged ? [percent(clean.length / events.length), 'without a fault'] : null,
    [clock(seconds), 'in all'],
  ].filter(Boolean);
  const seen = new Map();
  for (const event of events) {
    for (const fault of event.faults) if (fault.state === 'fault') seen.set(fault.title, { ...fault, times: (seen.get(fault.title)?.times ?? 0) + 1 });
  }
  const worst = [...seen.values()].sort((a, b) => b.times - a.times);
  return [
    el('dl', { className: 'figures' }, figures.map(([value, name]) => el('div', {}, el('dt', {}, name), el('dd', {}, String(value))))),
    el('p', {}, sets.map((set) => `${titles.get(set.exercise) ?? 'Anything'}: ${set.counts.held_s ? clock(set.counts.held_s) : set.counts.full}`).join(' · ')),
    worst.length ? el('ul', { className: 'tips' }, worst.map(({ title, cue, times }) => el('li', {}, el('strong', {}, `${title}, ${plural(times, 'time')}. `), cue))) : null,
  ].filter(Boolean);
}
