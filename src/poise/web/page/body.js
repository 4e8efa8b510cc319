// What a body is: the 33 keypoints of BlazePose by name, the bones between them, and gestures.
// A pose is a list of 33 [x, y, score] in pixels of the picture, or null where nobody is seen.

const sides = (...names) => ['left', 'right'].flatMap((side) => names.map((name) => `${side}_${name}`));
const pairs = (...names) => names.flatMap((name) => sides(name));

export const KEYPOINTS = [
  'nose', ...sides('eye_inner', 'eye', 'eye_outer'), ...pairs('ear'), 'mouth_left', 'mouth_right',
  ...pairs('shoulder', 'elbow', 'wrist', 'pinky', 'index', 'thumb', 'hip', 'knee', 'ankle', 'heel', 'foot_index'),
];

const LIMBS = [
  ['shoulder', 'elbow'], ['elbow', 'wrist'], ['shoulder', 'hip'], ['hip', 'knee'], ['knee', 'ankle'],
  ['ankle', 'heel'], ['heel', 'foot_index'], ['ankle', 'foot_index'],
];

/** Pairs of names to draw lines between; hands and faces are left out, for three metres away. */
export const BONES = [
  ['left_shoulder', 'right_shoulder'], ['left_hip', 'right_hip'],
  ...['left', 'right'].flatMap((side) => LIMBS.map(([a, b]) => [`${side}_${a}`, `${side}_${b}`])),
];

const INDEX = new Map(KEYPOINTS.map((name, i) => [name, i]));

/** How surely a keypoint must be seen to be drawn or believed. */
export const SEEN = 0.5;

/** A keypoint [x, y, score] of a pose if it is surely seen, else null. */
export function at(pose, name) {
  const point = pose?.[INDEX.get(name)];
  return point && (point[2] ?? 1) >= SEEN ? point : null;
}

const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** Length of the trunk in pixels, of the side that is seen; 0 where neither is. */
export function torso(pose) {
  const lengths = ['left', 'right'].map((side) => {
    const [shoulder, hip] = [at(pose, `${side}_shoulder`), at(pose, `${side}_hip`)];
    return shoulder && hip ? distance(shoulder, hip) : 0;
  });
  return Math.max(...lengths);
}

/** The wrist that is raised above the head while the other arm hangs below its shoulder; null when there is none. */
function raised(pose) {
  const head = at(pose, 'nose');
  if (!head) return null;
  const margin = 0.35 * torso(pose); // from the nose to the top of the head
  for (const [side, other] of [['left', 'right'], ['right', 'left']]) {
    const wrist = at(pose, `${side}_wrist`);
    const elsewhere = at(pose, `${other}_wrist`);
    const shoulder = at(pose, `${other}_shoulder`);
    if (wrist && wrist[1] < head[1] - margin && (!elsewhere || !shoulder || elsewhere[1] > shoulder[1])) return wrist;
  }
  return null;
}

const HAND_S = 1.0; // of a hand up
const STILL_S = 3.0; // of standing still
const HAND_MOVES = 0.35; // torso lengths a raised hand may move
const BODY_MOVES = 0.10; // and the body of who holds still

/** Tells gestures: `update` is given every pose, and answers 'hand', 'still' or null; each once until it ends. */
export class Gestures {
  #since = { hand: null, still: null };
  #place = { hand: null, still: null };
  #told = { hand: false, still: false };

  update(t, pose) {
    const scale = torso(pose);
    const hand = raised(pose);
    const middle = ['nose', 'left_shoulder', 'right_shoulder', 'left_hip', 'right_hip', 'left_ankle', 'right_ankle']
      .map((name) => at(pose, name)).filter(Boolean);
    const still = scale && middle.length > 3 && !hand ? middle.flatMap(([x, y]) => [x, y]) : null;
    if (this.#lasts('hand', t, hand?.slice(0, 2), HAND_MOVES * scale, HAND_S)) return 'hand';
    if (this.#lasts('still', t, still, BODY_MOVES * scale, STILL_S)) return 'still';
    return null;
  }

  /** How far a gesture has got, 0 to 1, for a ring that fills. */
  progress(t) {
    const share = (name, seconds) => (this.#since[name] === null ? 0 : Math.min(1, (t - this.#since[name]) / seconds));
    return { hand: share('hand', HAND_S), still: share('still', STILL_S) };
  }

  #lasts(name, t, place, within, seconds) {
    const before = this.#place[name];
    const kept = place && before && before.length === place.length
      && place.every((value, i) => Math.abs(value - before[i]) <= within);
    if (!kept) {
      this.#since[name] = place ? t : null;
      this.#place[name] = place ?? null;
      this.#told[name] = false;
      return false;
    }
    if (this.#told[name] || t - this.#since[name] < seconds) return false;
    this.#told[name] = true;
    return true;
  }
}
