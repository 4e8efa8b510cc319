// Being coached: from the form to the stage, and back with what was done.
//
//   form ─► waiting (get into the picture, raise a hand) ─► work ⇄ rest ─► summary
//
// While waiting the coach only says how to stand: a session is begun, and kept, from `go` on.

import { CameraProblem, cameras } from './camera.js';
import { Stage, fullScreen } from './stage.js';
import { Voice } from './voice.js';
import { Workout, faultOf } from './workout.js';
import { $, clock, el, settings } from './dom.js';
import { plural, told, tr } from './words.js';
import { showAthlete, showSummary } from './summary.js';

const CUE_S = 5; // a cue, and the joints that were off, stay on the screen
const AGAIN_S = 12; // before the same advice is spoken again
const GONE_S = 45; // out of the picture before the session is ended
const ATHLETE = './athlete.mp4'; // a drawn athlete, who squats
const SEEN = {
  unknown: tr('I can see you.'), front: tr('I can see you from the front.'), side: tr('I can see you from the side.'),
  rear: tr('I can see you from behind.'), oblique: tr('I can see you from an angle.'),
};

export class Live {
  stage = null; state = 'form'; ready = null; workout = null; late = []; feedback = null;
  #voice; #exercises = []; #choice; #cueUntil = 0; #markUntil = 0; #advised = { name: '', at: -Infinity }; #seen = 0; #clock = 0; #profile = () => '';

  constructor(profile) {
    this.#profile = profile;
    this.#voice = new Voice((text, kind) => this.#caption(text, kind));
    this.#choice = settings.read('workout', { exercise: 'auto', sets: 1, target: 0, rest: 60, voice: 'voice', hands: true });
    this.#wire();
  }

  get voice() { return this.#voice; }

  /** What can be coached, for the form. */
  offer(exercises, body) {
    this.#exercises = exercises;
    $('body').value = body;
    const named = exercises.map(({ name, title }) => el('option', { value: name }, told(title)));
    $('exercise').replaceChildren(el('option', { value: 'auto' }, tr('Find out what I do')), ...named, el('option', { value: 'any' }, tr('Just count')));
    $('exercise').value = [...$('exercise').options].some(({ value }) => value === this.#choice.exercise) ? this.#choice.exercise : 'auto';
    this.#about();
  }

  #wire() {
    for (const name of ['sets', 'target', 'rest']) $(name).value = this.#choice[name];
    $('voice').value = this.#choice.voice;
    $('hands').checked = this.#choice.hands;
    $('exercise').addEventListener('change', () => this.#about());
    $('workout').addEventListener('submit', (event) => { event.preventDefault(); void this.start(); });
    $('athlete').addEventListener('click', () => void this.show());
    $('stop').addEventListener('click', () => this.stop());
    $('go').addEventListener('click', () => (this.state === 'rest' ? this.#follow(this.workout.skipRest()) : this.go()));
    $('full').addEventListener('click', fullScreen);
    $('flip').addEventListener('click', () => this.#flip());
    $('quiet').addEventListener('click', () => this.#quiet());
    $('lens').addEventListener('change', () => void this.#lens($('lens').value));
    document.addEventListener('keydown', (event) => this.#key(event));
  }

  #about() {
    const chosen = this.#exercises.find(({ name }) => name === $('exercise').value);
    $('about').textContent = told(chosen?.setup)
      ?? ($('exercise').value === 'any' ? tr('Counts any movement that repeats, without judging it.')
        : tr('Knows fifteen exercises, tells them apart as you go, and notices when you rest. Place the camera about three metres away.'));
    const unjudged = (chosen?.unjudged ?? []).map((title) => tr('Not judged of this body: {fault}.', { fault: told(title) }));
    $('body-about').textContent = [$('body').value === 'whole' ? '' : tr('The rest is neither asked for nor judged.'), ...unjudged].filter(Boolean).join(' ');
    $('unit').textContent = chosen?.kind === 'hold' ? tr('Seconds a set') : tr('Repetitions a set');
  }

  #key(event) {
    if (this.state === 'form' || event.target.closest('select, input, dialog')) return;
    const acts = { Escape: () => this.stop(), f: fullScreen, m: () => this.#flip(), v: () => this.#quiet() };
    if (event.key === ' ' && !event.target.closest('button')) { event.preventDefault(); $('go').click(); }
    acts[event.key]?.();
  }

  /** Open the camera and wait for the person to be in place. */
  async start() {
    const choice = {
      exercise: $('exercise').value, sets: Number($('sets').value) || 1, target: Number($('target').value) || 0,
      rest: Number($('rest').value) || 0, voice: $('voice').value, hands: $('hands').checked,
    };
    this.#choice = choice;
    settings.keep('workout', choice);
    const kept = settings.read('camera', { id: '', mirror: true });
    if (!await this.#open(tr('Starting the camera …'), kept.mirror, (stage) => stage.open(kept.id))) return;
    const list = await cameras();
    $('lens').replaceChildren(...list.map(({ id, label }) => el('option', { value: id }, label)));
    $('lens').value = this.stage.stream.getVideoTracks()[0].getSettings().deviceId ?? '';
    $('lens').hidden = list.length < 2;
    this.#to('waiting');
    this.#big('…', tr('Step back until I can see all of you.'));
    this.stage.coach({ exercise: choice.exercise, mode: 'setup', profile: this.#profile() });
    this.#voice.say('tick', '', tr('Step back until I can see all of you.'));
    this.#clock = setInterval(() => this.#tick(), 200);
    $('go').focus();
  }

  /** Show how it counts, by the film of a drawn athlete; nothing of it is kept. */
  async show() {
    this.#choice = { ...this.#choice, exercise: 'squat', sets: 1, target: 0, rest: 0, voice: $('voice').value, hands: false };
    if (!await this.#open(tr('Fetching the athlete …'), false, (stage) => stage.openFilm(ATHLETE))) return;
    $('lens').hidden = true;
    this.workout = new Workout(this.#choice);
    this.#seen = this.stage.now;
    this.stage.coach({ exercise: 'squat', body: 'whole', mode: 'setup' });
    this.#to('work');
    this.#count();
    this.#clock = setInterval(() => this.#tick(), 200);
  }

  /** The stage, opened with a camera or a film; whether that could be done. */
  async #open(words, mirror, open) {
    $('problem').replaceChildren();
    this.#voice.mode = this.#choice.voice;
    const speaking = this.#voice.open(); // sound must be woken by the click
    this.#to('starting');
    this.#big('', words);
    this.stage = new Stage((kind, data) => this.#hear(kind, data));
    this.stage.mirror = mirror;
    try {
      await open(this.stage);
    } catch (problem) {
      this.#leave();
      this.#trouble(problem);
      return false;
    }
    await speaking;
    this.#how();
    [this.late, this.feedback, this.ready] = [[], null, null];
    return true;
  }

  /** Begin to count. */
  go() {
    if (this.state !== 'waiting') return;
    const { exercise, sets, target, rest } = this.#choice;
    this.workout = new Workout({ sets, target, rest });
    this.#seen = this.stage.now;
    this.stage.coach({ exercise, profile: this.#profile() });
    this.#to('work');
    $('classified').textContent = '';
    this.#voice.say('begin', tr('Go!'));
    this.#count();
  }

  /** End the session, with a last word; what was done is shown when the coach has summed it up. */
  stop(word = tr('Well done.')) {
    if (this.state === 'form') return;
    if (this.state === 'waiting' || this.state === 'starting') { this.#leave(); return; }
    if (this.stage.film) { this.#leave(); showAthlete(this.workout.done); return; }
    this.#voice.say('end', word);
    this.stage.stopCoach();
    this.#to('ending');
    this.#big('', tr('Adding it up …'));
    setTimeout(() => { if (this.state === 'ending') { this.#leave(); showSummary(null, this.workout); } }, 4000);
  }

  #leave() {
    clearInterval(this.#clock);
    this.stage?.close();
    this.#to('form');
    $('start').focus();
  }

  #trouble(problem) {
    const known = problem instanceof CameraProblem || problem.hint !== undefined;
    $('problem').replaceChildren(
      el('strong', {}, known ? problem.message : tr('The page could not begin to see.')),
      ' ', known ? problem.hint : `${problem.message} ${tr('Reload the page, or try another browser.')}`);
    $('problem').focus();
  }

  #to(state) {
    this.state = state;
    document.documentElement.dataset.state = state;
    $('stage').hidden = state === 'form';
    for (const part of document.querySelectorAll('header, main')) part.inert = state !== 'form';
    $('go').hidden = !['waiting', 'rest'].includes(state);
    $('go').textContent = state === 'rest' ? tr('Skip the rest') : tr('Start now');
    $('wait').hidden = !['waiting', 'starting', 'rest', 'ending'].includes(state);
  }

  #hear(kind, data) {
    if (this.state === 'form') return;
    if (kind === 'pose') this.#posed(data);
    else if (kind === 'gesture') this.#gesture(data);
    else if (kind === 'told') this.#told(data);
    else if (kind === 'drawn') { this.late.push(data.late); if (this.late.length > 2000) this.late.shift(); }
    else if (kind === 'link') this.#link(data.up);
    else if (kind === 'problem') { this.#leave(); this.#trouble(new Error(data.message)); }
  }

  #posed({ keypoints, t }) {
    if (keypoints) this.#seen = t;
    if (this.state === 'waiting' && this.#choice.hands) {
      const { hand, still } = this.stage.gesturing;
      $('ring').style.setProperty('--turn', Math.max(hand, still > 0.3 ? still : 0));
    }
    if (this.state === 'work' && (t - this.#seen > GONE_S || this.stage.film?.over)) this.stop();
  }

  #gesture(gesture) {
    if (!this.#choice.hands) return;
    const placed = this.feedback?.advice.every(({ name }) => name === 'slow_camera' || name === 'ready');
    if (this.state === 'waiting' && (gesture === 'hand' || placed)) this.go();
    else if (gesture === 'hand' && this.state === 'rest') this.#follow(this.workout.skipRest());
    else if (gesture === 'hand' && this.state === 'work' && this.feedback?.phase !== 'towards') this.stop();
  }

  #link(up) {
    $('away').hidden = up;
    if (!up && this.state === 'work') this.#voice.beep('partial');
  }

  #told(message) {
    if (message.type === 'ready') {
      this.ready = message;
      this.#link(true);
    }
    else if (message.type === 'feedback') this.#judged(message);
    else if (message.type === 'summary' && this.state === 'ending') { this.#leave(); showSummary(message, this.workout, this.#titles()); }
    else if (message.type === 'error') this.#caption(`${told(message.message)} ${told(message.hint)}`, 'cue');
  }

  #titles() { return new Map(this.#exercises.map(({ name, title }) => [name, told(title)])); }

  #kind(exercise) { return this.#exercises.find(({ name }) => name === exercise)?.kind ?? 'reps'; }

  #judged(feedback) {
    const now = this.stage.now;
    this.feedback = feedback;
    this.stage.corrected = feedback.corrected;
    const advice = feedback.advice.find(({ name }) => name !== 'ready'); // which the big tick says
    $('advice').textContent = told(advice?.text ?? '');
    $('advice').hidden = !advice;
    if (advice && (this.state === 'waiting' || advice.name !== 'slow_camera')) this.#advise(advice, now);
    if (this.state === 'waiting') { this.#place(feedback); return; }
    if (!['work', 'rest'].includes(this.state)) return;
    const happened = this.workout.update(now, { ...feedback, kind: this.#kind(feedback.exercise) });
    if (this.state === 'work') this.#tell(feedback, now);
    this.#follow(happened);
    this.#count();
    if (now > this.#cueUntil) this.#cue('', '');
    if (now > this.#markUntil) this.stage.faults = new Set();
  }

  #advise({ name, text: english }, now) {
    const text = told(english);
    if (name === this.#advised.name && now - this.#advised.at < AGAIN_S) return;
    this.#advised = { name, at: now };
    this.#voice.say('tick', '', text);
    $('aloud').textContent = text;
  }

  #place({ view }) {
    const ok = !$('advice').textContent;
    const hands = this.#choice.hands ? tr('Raise a hand above your head for a second, or hold still.') : tr('Press the space bar, or the button.');
    this.#big(ok ? '✓' : '…', ok ? `${SEEN[view.name]} ${hands}` : tr('Getting you into the picture.'));
  }

  /** The count, and the one thing the coach has to say; joints that were off are marked after every repetition. */
  #tell({ events, cue }, now) {
    const count = events.some(({ type, kind }) => type === 'rep' && kind === 'full') ? String(this.workout.done) : '';
    const missed = events.find(({ kind }) => kind === 'partial');
    for (const event of events) {
      this.#mark(faultOf(event)?.keypoints ?? [], now);
      if (event.tempo) $('tempo').textContent = event.tempo.split('-').map((s) => `${s} s`).join(' · ');
    }
    if (cue) {
      if (cue.kind === 'correct') this.#mark(cue.keypoints, now);
      const text = told(cue.text);
      this.#voice.say(cue.kind === 'praise' ? 'good' : 'cue', text, [count, text].filter(Boolean).join('. '));
    } else if (missed) this.#voice.say('partial', tr('Not counted: {why}.', { why: told(missed.reasons[0]) ?? tr('only part of the way') }), tr('Not counted.'));
    else if (count) this.#voice.say('rep', '', count);
  }

  #mark(keypoints, now) { [this.stage.faults, this.#markUntil] = [new Set(keypoints), now + CUE_S]; }

  #follow(happened) {
    const { sets, rest } = this.#choice;
    for (const what of happened) {
      if (what === 'set') {
        this.#to('rest');
        this.#voice.say('good', `${tr('Set {n} done.', { n: this.workout.set })} ${plural('Rest for {n} second.', 'Rest for {n} seconds.', rest)}`);
      } else if (what === 'tick') this.#voice.beep('tick');
      else if (what === 'go') {
        this.#to('work');
        this.#voice.say('begin', tr('Set {n}. Go!', { n: this.workout.set }));
      } else if (what === 'done') {
        this.stop(plural('The set is done.', 'All {n} sets done.', sets));
        return;
      }
    }
    if (this.state === 'rest') {
      this.#big(clock(this.workout.left), tr('Rest. Then set {n} of {all}. Raise a hand to go on at once.', { n: this.workout.set + 1, all: sets }));
    }
  }

  #tick() {
    if (this.state === 'rest') this.#follow(this.workout.tick(this.stage.now));
    $('awake').hidden = !this.stage?.awake;
  }

  #count() {
    const { feedback, workout } = this;
    const kind = this.#kind(feedback?.exercise ?? this.#choice.exercise);
    const count = workout.done;
    const names = { any: tr('Counting'), rest: tr('Resting'), auto: tr('Watching') };
    $('doing').textContent = told(feedback?.title) || names[feedback?.exercise ?? this.#choice.exercise] || told(this.ready?.title) || '';
    $('count').textContent = kind === 'hold' ? clock(count) : String(count);
    $('of').textContent = [this.#choice.target ? tr('of {all}', { all: kind === 'hold' ? clock(this.#choice.target) : this.#choice.target }) : '',
      this.#choice.sets > 1 ? tr('set {n} of {all}', { n: workout.set, all: this.#choice.sets }) : ''].filter(Boolean).join(' · ');
    const odd = feedback?.counts.partial ?? 0;
    $('odd').textContent = odd ? tr('{n} not counted', { n: odd }) : '';
    const said = feedback?.classified;
    if (said) $('classified').textContent = `${said.label} ${Math.round(100 * said.probability)} %`;
    else if (feedback?.phase === 'unseen') $('classified').textContent = '';
    $('depth').style.setProperty('--depth', Math.max(0, Math.min(1, feedback?.progress ?? 0)));
  }

  #cue(text, kind) {
    $('cue').textContent = text;
    $('cue').dataset.kind = kind;
    $('cue').hidden = !text;
  }

  #caption(text, kind) {
    $('aloud').textContent = text;
    if (kind !== 'rep' && kind !== 'tick' && this.state !== 'form') this.#cue(text, kind);
    this.#cueUntil = (this.stage?.now ?? 0) + CUE_S;
  }

  #big(sign, text) { $('sign').textContent = sign; $('say').textContent = text; }

  #flip() {
    this.stage.mirror = !this.stage.mirror;
    settings.keep('camera', { ...settings.read('camera', { id: '' }), mirror: this.stage.mirror });
  }

  #quiet() {
    const modes = ['voice', 'beeps', 'off'];
    const mode = modes[(modes.indexOf(this.#choice.voice) + 1) % modes.length];
    [this.#choice.voice, this.#voice.mode] = [mode, mode];
    this.#how();
    $('aloud').textContent = { voice: tr('Voice on'), beeps: tr('Beeps only'), off: tr('Silent') }[mode];
  }

  #how() { $('quiet').textContent = { voice: tr('Sound: voice'), beeps: tr('Sound: beeps'), off: tr('Sound: off') }[this.#voice.speaks]; }

  async #lens(id) {
    settings.keep('camera', { ...settings.read('camera', { mirror: true }), id });
    try { await this.stage.change(id); } catch (problem) { this.#caption(`${problem.message} ${problem.hint ?? ''}`, 'cue'); }
  }
}
