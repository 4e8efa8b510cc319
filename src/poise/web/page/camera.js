// The camera: which there are, opening one, and handing its pictures to the worker.

import { tr } from './words.js';

/** Why the camera could not be opened, and what to do about it. */
export class CameraProblem extends Error {
  constructor(message, hint) { super(message); this.hint = hint; }
}

const LONGEST_S = 0.1; // from one picture of a film that is looked at to the next
const STANDS_S = 2.5; // the last one

const PROBLEMS = {
  NotAllowedError: [tr('The camera is not allowed.'), tr('Allow it for this page in the browser’s address bar, then try again.')],
  NotFoundError: [tr('No camera was found.'), tr('Plug one in, or open this page on a phone, then try again.')],
  NotReadableError: [tr('The camera is busy.'), tr('Close the other program that uses it, then try again.')],
  OverconstrainedError: [tr('That camera is gone.'), tr('Choose another one.')],
};

/** The stream of a camera; '' is any, the one facing the user first. */
export async function openCamera(deviceId = '') {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new CameraProblem(tr('The browser gives no camera to this page.'),
      tr('Browsers allow it on localhost and over HTTPS only: open the https address that poise printed.'));
  }
  const video = {
    width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 },
    ...(deviceId ? { deviceId: { exact: deviceId } } : { facingMode: 'user' }),
  };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video });
  } catch (problem) {
    if (problem.name === 'OverconstrainedError' && deviceId) return openCamera();
    const [message, hint] = PROBLEMS[problem.name] ?? [tr('The camera could not be opened ({name}).', problem), tr('Try again.')];
    throw new CameraProblem(message, hint);
  }
}

/** A film in the place of a camera, which waits for whoever looks: it plays while its pictures get to the coach, and is put back where it ran on unseen. */
export class Film {
  #video; #began = 0; #seen = 0; // #seen: seconds, to the last picture that was looked at, and beyond the end

  /** A film, at its first picture. */
  static async open(video, url) {
    const shown = new Promise((ready, failed) => {
      video.onloadeddata = ready;
      video.onerror = () => failed(new CameraProblem(tr('The film cannot be shown.'), tr('This browser cannot play it: try another one, or a camera.')));
    });
    video.src = url;
    try { await shown; } finally { [video.onloadeddata, video.onerror] = [null, null]; }
    return new Film(video);
  }

  constructor(video) { this.#video = video; }

  /** Whether the last picture has stood long enough for the coach to know that nothing follows. */
  get over() { return this.#seen > this.#video.duration + STANDS_S; }

  /** Go on if the coach was told of the last picture; stop if not. */
  told(sent) {
    if (!sent) this.#video.pause();
    else if (this.#video.paused && !this.#video.ended) void this.#video.play().catch(() => {}); // it was closed
  }

  /** When the next picture to look at was taken, ms since 1970. */
  async next() {
    const video = this.#video;
    this.#began ||= performance.timeOrigin + performance.now();
    const ahead = video.currentTime - this.#seen;
    if (video.ended && ahead <= 0) this.#seen += LONGEST_S;
    else {
      if (ahead > LONGEST_S) {
        video.pause(); // or it runs on while this page waits to hear that it was put back
        await new Promise((sought) => { video.onseeked = sought; video.currentTime = this.#seen + LONGEST_S; });
      }
      this.#seen = video.currentTime;
    }
    return this.#began + 1000 * this.#seen;
  }
}

/** The cameras there are, as [{id, label}]; labels are known once one was allowed. */
export async function cameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId)
    .map(({ deviceId, label }, i) => ({ id: deviceId, label: label || tr('Camera {n}', { n: i + 1 }) }));
}

/** Let the worker have the pictures: as a stream of frames where it is one and the browser can, else whenever it asks. */
export function handOver(stream, video, worker, how = '', film = null) {
  const Processor = globalThis.MediaStreamTrackProcessor;
  if (Processor && stream && how !== 'bitmap') {
    const { readable } = new Processor({ track: stream.getVideoTracks()[0], maxBufferSize: 1 });
    worker.postMessage({ type: 'stream', readable }, [readable]);
    return 'stream';
  }
  worker.addEventListener('message', async ({ data }) => {
    if (data.type !== 'want') return;
    const at = film ? await film.next() : performance.timeOrigin + performance.now();
    const frame = video.readyState >= 2 ? await createImageBitmap(video).catch(() => null) : null;
    worker.postMessage({ type: 'frame', frame, at, film: Boolean(film) }, frame ? [frame] : []);
  });
  worker.postMessage({ type: 'pull' });
  return 'bitmap';
}

/** Keeps the screen on while it is wanted, also after the page was hidden; does nothing where browsers cannot. */
export class Awake {
  #lock = null;
  #wanted = false;

  constructor() {
    document.addEventListener('visibilitychange', () => { if (this.#wanted) void this.#ask(); });
  }

  on() { this.#wanted = true; return this.#ask(); }

  off() { this.#wanted = false; void this.#lock?.release(); this.#lock = null; }

  get held() { return Boolean(this.#lock && !this.#lock.released); }

  async #ask() {
    if (document.visibilityState !== 'visible' || !navigator.wakeLock || this.held) return;
    try { this.#lock = await navigator.wakeLock.request('screen'); } catch { this.#lock = null; }
  }
}
