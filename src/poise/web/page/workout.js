// A workout as planned: sets, how much in each, and rests between them. Knows nothing of the page.
//
//   work ── the set is full ─► rest ── time is up ─► work … ── the last set is full ─► done
//
// A plan is { sets, target, rest }: target repetitions (or seconds of a hold) a set, rest in seconds.
// A target of 0 never ends a set: the user does.

const WARN_S = 3; // seconds before a rest ends that are counted down

export class Workout {
  stage = 'work';
  set = 1;
  done = 0; // of the set going on: repetitions, or whole seconds held
  left = 0; // seconds of rest
  #plan; #base = 0; #value = 0; #exercise = ''; #until = 0; #warned = 0; #best = [];

  constructor(plan) { this.#plan = plan; }

  /** What the sets done so far held. */
  get sets() { return [...this.#best]; }

  /** Take in what the coach counted at time t (seconds); what happened: a list of 'set', 'tick', 'go', 'done'. */
  update(t, { counts, exercise, kind }) {
    const value = kind === 'hold' ? Math.floor(counts.held_s + 1e-6) : counts.full;
    if (value < this.#value || exercise !== this.#exercise) this.#base = value < this.#base ? 0 : this.#base;
    [this.#value, this.#exercise] = [value, exercise];
    if (this.stage !== 'work') return this.tick(t);
    this.done = Math.max(0, value - this.#base);
    if (!this.#plan.target || this.done < this.#plan.target) return [];
    this.#best.push(this.done);
    if (this.set >= this.#plan.sets) { this.stage = 'done'; return ['done']; }
    [this.stage, this.#until, this.left, this.#warned] = ['rest', t + this.#plan.rest, this.#plan.rest, this.#plan.rest];
    return ['set'];
  }

  /** Let time pass. */
  tick(t) {
    if (this.stage !== 'rest') return [];
    this.left = Math.max(0, this.#until - t);
    if (this.left <= 0) return this.skipRest();
    const second = Math.ceil(this.left);
    if (second <= WARN_S && second < this.#warned) { this.#warned = second; return ['tick']; }
    return [];
  }

  /** Begin the next set now. */
  skipRest() {
    if (this.stage !== 'rest') return [];
    [this.stage, this.#base, this.done, this.left] = ['work', this.#value, 0, 0];
    this.set += 1;
    return ['go'];
  }
}

/** The fault of a repetition or hold that is surest; null when there is none. */
export function faultOf(event) {
  const faults = event.faults.filter(({ state }) => state === 'fault');
  return faults.sort((a, b) => (b.probability ?? 0) - (a.probability ?? 0))[0] ?? null;
}
