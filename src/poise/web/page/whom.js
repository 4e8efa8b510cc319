// Whom of several people in a film to judge: asked of its first picture, before anything is sent.

import { el } from './dom.js';
import { tr } from './words.js';

const SHOWN_MS = 8000; // for a browser to show the film's first picture

/** Whether the browser can show the film's first picture. */
function shows(video) {
  return new Promise((shown) => {
    video.onloadeddata = () => shown(video.videoWidth > 0);
    video.onerror = () => shown(false);
    setTimeout(() => shown(false), SHOWN_MS);
  });
}

/** Show a film's first picture in `place`; 'largest', 'central' or 'X,Y' in pixels of the film, and null where it is left. */
export async function askWhom(film, place) {
  const url = URL.createObjectURL(film);
  const video = el('video', { src: url, muted: true, playsInline: true, preload: 'auto', ariaLabel: tr('The first picture of the film') });
  if (!await shows(video)) { URL.revokeObjectURL(url); return 'largest'; } // the server may know the film all the same
  const mark = el('span', { className: 'mark', hidden: true });
  const clicked = el('option', { value: '', disabled: true }, tr('whoever I click on'));
  const select = el('select', { id: 'film-person' },
    el('option', { value: 'largest' }, tr('the largest')), el('option', { value: 'central' }, tr('the one in the middle')), clicked);
  select.addEventListener('change', () => { mark.hidden = select.value !== clicked.value; });
  video.addEventListener('click', (event) => {
    const { left, top, width, height } = video.getBoundingClientRect();
    const [x, y] = [(event.clientX - left) / width, (event.clientY - top) / height];
    clicked.value = `${Math.round(x * video.videoWidth)},${Math.round(y * video.videoHeight)}`;
    [clicked.disabled, mark.hidden, select.value] = [false, false, clicked.value];
    mark.style.setProperty('--x', x);
    mark.style.setProperty('--y', y);
  });
  const send = el('button', { id: 'film-send' }, tr('Send it'));
  const answer = await new Promise((answered) => {
    send.onclick = () => answered(select.value);
    place.replaceChildren(el('article', { className: 'whom' },
      el('p', {}, tr('Several people in it? Click on the one to be judged.')),
      el('div', { className: 'first' }, video, mark),
      el('p', { className: 'row' },
        el('label', { htmlFor: select.id }, tr('Who is judged')), select,
        send, el('button', { className: 'plain', onclick: () => answered(null) }, tr('Leave it')))));
    send.focus();
  });
  place.replaceChildren();
  URL.revokeObjectURL(url);
  return answer;
}
