// Making elements, and what words and numbers look like everywhere on the page.

import { language, told, tr } from './words.js';

export const $ = (id) => document.getElementById(id);

/** An element; properties that are no properties of it become attributes. Text is always text, never markup. */
export function el(tag, properties = {}, ...children) {
  const node = tag.startsWith('svg:')
    ? document.createElementNS('http://www.w3.org/2000/svg', tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (!tag.startsWith('svg:') && name in node && name !== 'list') node[name] = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** 75 as 1:15. */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

export const percent = (share) => `${Math.round(100 * share)} %`;

const FEW = new Intl.NumberFormat(language, { maximumSignificantDigits: 3, useGrouping: false });

/** A number in few digits. */
export const digits = (value) => FEW.format(value);

/** '2.4 torso': a measured value with its unit, in few digits. */
export const amount = (value, unit) => (value === null || value === undefined ? '–' : `${digits(value)} ${unit === 'deg' ? '°' : told(unit)}`.replace(' °', '°'));

const DAY = new Intl.DateTimeFormat(language, { weekday: 'short', day: 'numeric', month: 'short' });
const DAY_TIME = new Intl.DateTimeFormat(language, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

export const day = (date) => DAY.format(new Date(date));
export const dayTime = (date) => DAY_TIME.format(new Date(date));

/** Settings of this browser, kept between visits. */
export const settings = {
  read(name, otherwise) {
    try { return { ...otherwise, ...JSON.parse(localStorage.getItem(`poise.${name}`) ?? '{}') }; } catch { return otherwise; }
  },
  keep(name, value) {
    try { localStorage.setItem(`poise.${name}`, JSON.stringify(value)); } catch { /* private windows keep nothing */ }
  },
};

/** Ask before something that cannot be undone; whether the answer is yes. */
export function confirmed(question, yes) {
  return new Promise((answer) => {
    const dialog = el('dialog', { className: 'ask' },
      el('p', {}, question),
      el('form', { method: 'dialog', className: 'row end' },
        el('button', { value: '', className: 'plain', autofocus: true }, tr('Cancel')),
        el('button', { value: 'yes', className: 'danger' }, yes)));
    dialog.addEventListener('close', () => { answer(dialog.returnValue === 'yes'); dialog.remove(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Ask for a short text; null when it was left. */
export function asked(question, value, yes) {
  return new Promise((answer) => {
    const input = el('input', { value, maxLength: 60, required: true, autofocus: true, id: 'asked' });
    const dialog = el('dialog', { className: 'ask' },
      el('form', { method: 'dialog' },
        el('label', { htmlFor: 'asked' }, question), input,
        el('div', { className: 'row end' },
          el('button', { value: '', className: 'plain', formNoValidate: true }, tr('Cancel')),
          el('button', { value: 'yes' }, yes))));
    dialog.addEventListener('close', () => { answer(dialog.returnValue === 'yes' ? input.value.trim() : null); dialog.remove(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}
