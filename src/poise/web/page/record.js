// Recording a film hands-free, and having the server judge it.
//
//   form ─► waiting (raise a hand) ─► 3, 2, 1 ─► recording ─► sending ─► judged
//
// This is the one place where pictures leave the page, and only to the server that it came from.

import { CameraProblem } from './camera.js';
import { Stage } from './stage.js';
import { Voice } from './voice.js';
import { api, followJob, link, upload } from './api.js';
import { $, clock, confirmed, dayTime, el, percent, settings } from './dom.js';
import { askWhom } from './whom.js';
import { told, tr } from './words.js';

const COUNTDOWN_S = 3;
const TYPES = ['video/mp4;codecs=avc1', 'video/webm;codecs=vp9', 'video/webm;codecs=vp8', 'video/webm'];
const BITS = 2_500_000;
const STATES = { uploading: tr('being sent'), queued: tr('waiting'), running: tr('being looked at') };

export class Record {
  state = 'form';
  #stage = null; #voice; #recorder = null; #clock = 0; #profile; #choice; #sending = null;

  constructor(profile) {
    this.#profile = profile;
    this.#voice = new Voice((text) => { $('aloud').textContent = text; });
    this.#choice = settings.read('record', { exercise: 'auto', seconds: 30, difficulty: 70 });
    for (const name of ['seconds', 'difficulty']) $(`film-${name}`).value = this.#choice[name];
    this.#difficulty();
    $('film-difficulty').addEventListener('input', () => this.#difficulty());
    $('film').addEventListener('submit', (event) => { event.preventDefault(); void this.start(); });
    $('film-file').addEventListener('change', () => void this.#chosen());
    $('stop').addEventListener('click', () => this.#stop());
    $('go').addEventListener('click', () => { if (this.state === 'waiting') void this.#count(); });
    document.addEventListener('keydown', ({ key }) => { if (key === 'Escape') this.#stop(); });
  }

  /** What can be judged, for the form. */
  offer(exercises) {
    const named = exercises.map(({ name, title }) => el('option', { value: name }, told(title)));
    $('film-exercise').replaceChildren(el('option', { value: 'auto' }, tr('Find out what I do')), ...named);
    $('film-exercise').value = this.#choice.exercise;
  }

  #difficulty() { $('film-level').value = `${$('film-difficulty').value} %`; }

  #read() {
    const seconds = Math.min(300, Math.max(3, Number($('film-seconds').value) || 30));
    this.#choice = { exercise: $('film-exercise').value || 'auto', seconds, difficulty: Number($('film-difficulty').value) };
    settings.keep('record', this.#choice);
  }

  /** Open the camera and wait for the sign. */
  async start() {
    this.#read();
    $('film-problem').replaceChildren();
    this.#voice.mode = settings.read('workout', { voice: 'voice' }).voice;
    void this.#voice.open();
    this.#to('starting');
    this.#big('', tr('Starting the camera …'));
    const kept = settings.read('camera', { id: '', mirror: true });
    this.#stage = new Stage((kind, data) => {
      if (kind === 'gesture' && this.state === 'waiting') void this.#count();
      else if (kind === 'pose' && this.state === 'waiting') this.#ring();
    });
    this.#stage.mirror = kept.mirror;
    try {
      await this.#stage.open(kept.id);
    } catch (problem) {
      this.#leave();
      const known = problem instanceof CameraProblem || problem.hint !== undefined;
      this.#trouble(known ? problem : { message: problem.message, hint: tr('Reload the page, or choose a film instead.') });
      return;
    }
    this.#to('waiting');
    this.#big('✋', tr('Raise a hand above your head for a second, or hold still. {seconds} seconds are recorded.', this.#choice));
    $('go').focus();
  }

  #ring() {
    const { hand, still } = this.#stage.gesturing;
    $('ring').style.setProperty('--turn', Math.max(hand, still > 0.3 ? still : 0));
  }

  async #count() {
    this.#to('counting');
    this.#stage.blind(); // the camera needs the processor now
    for (let left = COUNTDOWN_S; left > 0; left -= 1) {
      this.#big(String(left), tr('Get ready'));
      this.#voice.beep('tick');
      await new Promise((done) => { setTimeout(done, 1000); });
      if (this.state !== 'counting') return;
    }
    this.#record();
  }

  #record() {
    const pieces = [];
    const type = TYPES.find((name) => MediaRecorder.isTypeSupported(name)) ?? '';
    const recorder = new MediaRecorder(this.#stage.stream, { mimeType: type, videoBitsPerSecond: BITS });
    this.#recorder = recorder;
    recorder.ondataavailable = ({ data }) => { if (data.size) pieces.push(data); };
    recorder.onstop = () => {
      clearInterval(this.#clock);
      this.#voice.beep('end');
      $('stage').dataset.done = tr('Done');
      document.documentElement.dataset.flash = 'end';
      const film = new Blob(pieces, { type: recorder.mimeType });
      setTimeout(() => { delete document.documentElement.dataset.flash; this.#leave(); void this.#send(film, nameOf(film)); }, 700);
    };
    recorder.start(1000);
    this.#voice.beep('begin');
    this.#to('recording');
    const began = performance.now();
    const tick = () => {
      const left = this.#choice.seconds - (performance.now() - began) / 1000;
      this.#big(clock(Math.ceil(left)), tr('Recording'));
      $('ring').style.setProperty('--turn', Math.max(0, left / this.#choice.seconds));
      if (left <= 0) this.#stop();
    };
    this.#clock = setInterval(tick, 100);
    tick();
  }

  #stop() {
    if (this.state === 'recording' && this.#recorder.state !== 'inactive') this.#recorder.stop();
    else if (['starting', 'waiting', 'counting'].includes(this.state)) this.#leave();
  }

  #leave() {
    clearInterval(this.#clock);
    this.#stage?.close();
    this.#to('form');
    $('film-start').focus();
  }

  #to(state) {
    this.state = state;
    document.documentElement.dataset.film = state;
    const on = state !== 'form';
    document.documentElement.dataset.state = on ? 'film' : 'form';
    $('stage').hidden = !on;
    for (const part of document.querySelectorAll('header, main')) part.inert = on;
    $('wait').hidden = !on;
    $('go').hidden = state !== 'waiting';
    $('go').textContent = tr('Record now');
  }

  #big(sign, text) { $('sign').textContent = sign; $('say').textContent = text; }

  #trouble({ message, hint }) {
    $('film-problem').replaceChildren(el('strong', {}, told(message)), ' ', told(hint ?? ''));
    $('film-problem').focus();
  }

  async #chosen() {
    const [film] = $('film-file').files;
    $('film-file').value = '';
    if (!film) return;
    this.#read();
    $('film-problem').replaceChildren();
    const person = await askWhom(film, $('film-result'));
    if (person) await this.#send(film, film.name, person);
  }

  async #send(film, name, person = 'largest') {
    const { exercise, difficulty } = this.#choice;
    const about = { name, exercise, person, profile: this.#profile(), difficulty: difficulty / 100 };
    const show = (share) => this.#busy(tr('Sending the film: {share}', { share: percent(share) }), share);
    show(0);
    this.#sending = new AbortController();
    try {
      const job = await upload(film, about, show, this.#sending.signal);
      await this.#follow(job.id);
    } catch (problem) {
      $('film-result').replaceChildren();
      if (problem.name === 'AbortError') return;
      this.#trouble(problem);
      this.#again(film, name, person);
    }
    void this.list();
  }

  #again(film, name, person) {
    $('film-result').replaceChildren(el('button', { onclick: () => void this.#send(film, name, person) }, tr('Send it again')));
  }

  #busy(text, share) {
    const bar = el('progress', share === null ? { max: 1, ariaLabel: text } : { max: 1, value: share, ariaLabel: text });
    $('film-result').replaceChildren(el('p', { role: 'status' }, text), bar,
      el('p', { className: 'row' }, el('button', { className: 'plain', onclick: () => this.#sending?.abort() }, tr('Leave it'))));
  }

  async #follow(id) {
    const job = await followJob(id, ({ state, stage, progress }) => {
      if (state === 'queued') this.#busy(tr('Waiting for its turn …'), null);
      else if (state === 'running') this.#busy(`${told(stage) || tr('Looking at it')} …`, progress);
    }, this.#sending?.signal);
    if (job.state === 'failed') { $('film-result').replaceChildren(); this.#trouble(job.problem ?? { message: tr('The film could not be judged.') }); return; }
    this.#judged(job);
  }

  #judged(job) {
    const { headline, score, passed, tips } = job.verdict;
    const film = job.results.find(({ name }) => name === 'annotated.mp4');
    const file = (name) => link(`/jobs/${job.id}/results/${name}`);
    $('film-result').replaceChildren(el('article', { className: 'verdict', tabIndex: -1 },
      el('h2', {}, told(headline)),
      score === null ? null : el('p', { className: `score ${passed ? 'pass' : 'miss'}` },
        el('strong', {}, percent(score)), ' ', passed ? `✓ ${tr('Passed: you asked for {share}.', { share: percent(job.difficulty) })}` : `✗ ${tr('Not passed: you asked for {share}.', { share: percent(job.difficulty) })}`),
      film ? el('video', { src: file(film.name), controls: true, playsInline: true, muted: true, preload: 'metadata', ariaLabel: tr('The film with skeleton, count and cues') }) : null,
      tips.length ? el('ul', { className: 'tips' }, tips.map((tip) => el('li', {}, told(tip)))) : null,
      el('p', { className: 'row' },
        job.session ? el('a', { className: 'button', href: `#/history/${job.session}` }, tr('Look at it closely')) : null,
        job.results.map(({ name }) => el('a', { href: file(name), target: '_blank', rel: 'noopener', className: 'file' }, name)))));
    $('film-result').firstChild.focus();
  }

  /** The films sent before. */
  async list() {
    const jobs = await api.get('/jobs', { profile: this.#profile() }).catch(() => []);
    $('films').replaceChildren(...jobs.map((job) => el('li', { className: 'film' },
      el('span', {}, el('strong', {}, job.name), el('small', {}, dayTime(job.created_at))),
      el('span', {}, job.state === 'done' ? told(job.verdict?.headline) ?? tr('Done') : job.state === 'failed' ? told(job.problem?.message) ?? tr('Failed') : STATES[job.state]),
      el('span', { className: 'row' },
        job.state === 'done' ? el('button', { className: 'plain', onclick: () => this.#judged(job) }, tr('Show')) : null,
        job.state === 'queued' || job.state === 'running' ? el('button', { className: 'plain', onclick: () => void this.#follow(job.id) }, tr('Follow')) : null,
        el('button', { className: 'plain danger', ariaLabel: tr('Delete {name}', job), onclick: () => void this.#remove(job) }, tr('Delete'))))));
    $('films-none').hidden = jobs.length > 0;
  }

  async #remove(job) {
    if (!await confirmed(tr('Delete “{name}”, what was found in it, and its session? This cannot be undone.', job), tr('Delete'))) return;
    await api.remove(`/jobs/${job.id}`).catch((problem) => this.#trouble(problem));
    $('film-result').replaceChildren();
    void this.list();
  }
}

const nameOf = (film) => `${new Date().toISOString().slice(0, 16).replace('T', ' ').replace(':', '.')}.${film.type.includes('mp4') ? 'mp4' : 'webm'}`;
