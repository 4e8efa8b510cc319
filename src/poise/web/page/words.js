// What the page says, in the user's language. Every text is written in English, and is its own key in the catalogue.
//
// The catalogue is fetched before any other module runs, from the folder that <html data-words="…"> names; pages that
// name none, and languages that have none, are in English.

export const LANGUAGES = ['en', 'de', 'es', 'fr', 'ko'];

const KEPT = 'poise.language';
const PLACE = /\{(\w+)\}/;
const CATEGORIES = ['zero', 'one', 'two', 'few', 'many', 'other']; // in the order in which catalogues have them

function kept() { try { return localStorage.getItem(KEPT); } catch { return null; } }

async function open() {
  const { words } = document.documentElement.dataset;
  const chosen = [kept(), ...navigator.languages].map((tag) => tag?.split('-')[0]).find((tag) => LANGUAGES.includes(tag)) ?? 'en';
  if (words === undefined || chosen === 'en') return ['en', {}];
  try {
    const answer = await fetch(`${words}${chosen}.json`);
    if (answer.ok) return [chosen, await answer.json()];
  } catch { /* without the server, and never kept */ }
  return ['en', {}];
}

const [code, { texts: said = {}, plurals: counts = [] }] = await open();
const texts = new Map(Object.entries(said));
const plurals = new Map(counts.map(([one, , forms]) => [one, forms]));
const rules = new Intl.PluralRules(code);
const order = CATEGORIES.filter((name) => rules.resolvedOptions().pluralCategories.includes(name));

/** The language the page is in. */
export const language = code;

/** Have the page in another language, from now on. */
export function choose(other) {
  try { localStorage.setItem(KEPT, other); } catch { /* private windows keep nothing */ }
  location.reload();
}

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);

/** A text of the page, with its {places} filled in. */
export const tr = (text, values = {}) => fill(texts.get(text) ?? text, values);

const form = (forms, n) => forms[Math.min(Math.max(order.indexOf(rules.select(n)), 0), forms.length - 1)];

/** A text that counts: for one, and for many; {n} is how many. */
export const plural = (text, many, n) => fill(form(plurals.get(text) ?? [text, many], n), { n });

// What the server says comes with its values filled in: the template it was made from is found by what it looks like.
const pattern = (template) => new RegExp(`^${template.split(PLACE)
  .map((piece, i) => (i % 2 ? `(?<${piece}>${piece === 'n' ? '\\d+' : '.+?'})` : piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))).join('')}$`, 's');
const literal = (template) => template.split(PLACE).filter((_, i) => i % 2 === 0).join('').length;
const templates = [
  ...[...texts].filter(([text]) => PLACE.test(text)),
  ...counts.flatMap(([one, many, forms]) => [[one, forms], [many, forms]]),
].sort(([a], [b]) => literal(b) - literal(a)).map(([text, into]) => [pattern(text), into]);
const known = new Map();

/** Anything the coach or the server says; what is in no catalogue, such as names, stays as it is. */
export function told(text) {
  if (!text || code === 'en') return text;
  if (!known.has(text)) known.set(text, texts.get(text) ?? texts.get(text[0].toUpperCase() + text.slice(1)) ?? byTemplate(text));
  return known.get(text);
}

function byTemplate(text) {
  for (const [looks, into] of templates) {
    const values = looks.exec(text)?.groups;
    if (values) {
      const inside = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, told(value)]));
      return fill(typeof into === 'string' ? into : form(into, Number(values.n)), inside);
    }
  }
  return text;
}

/** Translate what stands in the page's HTML, and let the user choose the language where it offers to. */
export function translate() {
  const root = document.documentElement;
  root.lang = code;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { currentNode: node } = walker;
    const text = node.data.trim().replace(/\s+/g, ' ');
    if (texts.has(text)) node.data = node.data.replace(node.data.trim(), () => texts.get(text));
  }
  for (const name of ['title', 'aria-label', 'placeholder']) {
    for (const node of document.querySelectorAll(`[${name}]`)) node.setAttribute(name, texts.get(node.getAttribute(name)) ?? node.getAttribute(name));
  }
  const select = document.getElementById('language');
  if (!select) return;
  for (const one of LANGUAGES) {
    const name = new Intl.DisplayNames([one], { type: 'language' }).of(one);
    const option = new Option(name[0].toUpperCase() + name.slice(1), one, false, one === code);
    option.lang = one;
    select.append(option);
  }
  select.addEventListener('change', () => choose(select.value));
}
