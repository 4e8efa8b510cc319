// Small charts as SVG, with the same as a table for who cannot see them.

import { digits, el } from './dom.js';
import { language, plural, tr } from './words.js';

const [W, H, PAD] = [320, 120, 22];

/** Bars over time: points are [{label, value, more, text}], where more is stacked on value, as an outline. */
export function bars(title, points) {
  const top = Math.max(1, ...points.map(({ value, more = 0 }) => value + more));
  const high = (value) => Math.max(value ? 2 : 0, (H - 2 * PAD) * (value / top));
  const step = W / points.length;
  return figure(title, points, [
    ...points.flatMap(({ value, more = 0, text, label }, i) => [['bar', 0, value], ...(more ? [['bar more', value, more]] : [])].map(([kind, under, size]) => el('svg:rect', {
      class: kind, x: i * step + 1.5, width: Math.max(1, step - 3), rx: 2,
      y: PAD + (H - 2 * PAD) * (1 - (under + size) / top), height: high(size),
    }, el('svg:title', {}, `${label}: ${text}`)))),
    el('svg:text', { class: 'tick', x: 0, y: 12 }, points.length ? String(top) : ''),
    el('svg:text', { class: 'tick', x: 0, y: H - 4 }, points[0]?.label ?? ''),
    el('svg:text', { class: 'tick end', x: W, y: H - 4 }, points.at(-1)?.label ?? ''),
  ]);
}

/** A line over time; points whose value is null are left out. */
export function line(title, points, { unit = '', low = null, high = null } = {}) {
  const known = points.filter(({ value }) => value !== null && value !== undefined);
  if (!known.length) return el('p', { className: 'none' }, tr('{title}: nothing measured yet.', { title }));
  const values = known.map(({ value }) => value);
  let [bottom, top] = [low ?? Math.min(...values), high ?? Math.max(...values)];
  if (top - bottom < 1e-6) [bottom, top] = [low ?? bottom - 1, top + 1];
  const x = (i) => (known.length === 1 ? W / 2 : 6 + (i / (known.length - 1)) * (W - 12));
  const y = (value) => PAD + (H - 2 * PAD) * (1 - (value - bottom) / (top - bottom));
  return figure(title, known, [
    el('svg:polyline', { class: 'line', points: known.map(({ value }, i) => `${x(i)},${y(value)}`).join(' ') }),
    ...known.map(({ value, text, label }, i) => el('svg:circle', { class: 'dot', cx: x(i), cy: y(value), r: 3.5 },
      el('svg:title', {}, `${label}: ${text}`))),
    el('svg:text', { class: 'tick', x: 0, y: 12 }, `${digits(top)}${unit}`),
    el('svg:text', { class: 'tick', x: 0, y: H - 4 }, `${known[0].label}`),
    el('svg:text', { class: 'tick end', x: W, y: H - 4 }, known.length > 1 ? known.at(-1).label : ''),
    el('svg:text', { class: 'tick end strong', x: W, y: 12 }, known.at(-1).text),
  ]);
}

function figure(title, points, drawn) {
  return el('figure', { className: 'chart' },
    el('figcaption', {}, title),
    el('svg:svg', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': `${title}. ${points.map(({ label, text }) => `${label}: ${text}`).join('; ')}` }, ...drawn));
}

const WEEKS = 16;

/** A calendar of the last weeks: a square a day, darker and with a number where more was done. */
export function calendar(days, today = new Date()) {
  const first = new Date(today.getFullYear(), today.getMonth(), today.getDate() - ((today.getDay() + 6) % 7) - 7 * (WEEKS - 1));
  const name = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' });
  const short = new Intl.DateTimeFormat(language, { month: 'short' });
  const most = Math.max(1, ...days.values());
  const cells = [];
  const heads = [];
  for (let week = 0; week < WEEKS; week += 1) {
    const monday = new Date(first.getFullYear(), first.getMonth(), first.getDate() + 7 * week);
    heads.push(el('span', { className: 'month' }, monday.getDate() <= 7 || week === 0 ? short.format(monday) : ''));
    for (let i = 0; i < 7; i += 1) {
      const date = new Date(monday.getFullYear(), monday.getMonth(), monday.getDate() + i);
      const count = days.get(keyOf(date)) ?? 0;
      const level = count ? Math.ceil((4 * count) / most) : 0;
      const future = date > today;
      const cell = count ? el('a', { href: `#/history?day=${keyOf(date)}`, className: 'day' }) : el('span', { className: 'day' });
      cell.dataset.level = future ? 'none' : level;
      cell.title = `${name.format(date)}: ${count ? plural('{n} repetition or second', '{n} repetitions or seconds', count) : tr('nothing')}`;
      if (count) { cell.setAttribute('aria-label', cell.title); cell.textContent = String(date.getDate()); }
      cells.push(cell);
    }
  }
  return el('div', { className: 'calendar', role: 'group', ariaLabel: tr('What you did in the last {weeks} weeks', { weeks: WEEKS }) }, el('div', { className: 'months' }, heads), el('div', { className: 'days' }, cells));
}

/** A day as 2026-11-21, in the user's own time. */
export function keyOf(date) {
  const at = new Date(date);
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`;
}
