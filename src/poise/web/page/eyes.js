// A module worker: pictures in, keypoints out, and straight over the socket to the coach.
// No pixel leaves this file: every frame is closed here. Time is paced here too, since pages that are hidden sleep.
//
//   page ── init, stream | pull, frame, pace, start, say, stop ─► worker ◄─ socket ─► server
//   page ◄─ ready, pose, want, told, link, problem ─── worker

const SLOW_MS = 45; // a frame that takes longer than this, on the whole, is too much for this device: with it the
// wait for a frame (33 ms), for the coach and for the screen (16 ms) would come to more than 100 ms
const TRIED = 40; // frames after which that is decided
const ANSWER_MS = 20; // the most that the next frame waits for the coach's answer to the last
const FILM_MS = 5000; // the same where a film waits for the coach
const FULL_BUFFER = 32_768; // bytes waiting in the socket: the newest pose wins, the others are let go

let landmarker = null;
let folder = '';
let changing = false;
let model = 'full';
let link = null;
let epoch = 0; // when the session's clock began, ms since 1970
let period = 0;
let last = -Infinity; // of the clock, seconds
let due = 0;
let spent = { frames: 0, ms: 0 };

const now = () => performance.timeOrigin + performance.now() - epoch;

/** The connection to the coach: it begins again by itself, and goes on with the session it was in. */
class Link {
  #url; #socket = null; #start = null; #session = null; #tries = 0; #timer = 0; #closed = false; #answered = null; #sent = 0;

  constructor(url) { this.#url = url; }

  /** Begin a session; its poses go to the coach once it says that it is ready. */
  start(message) {
    [this.#start, this.#session, this.ready] = [message, null, false];
    if (this.#socket) this.say(message);
    else this.#open();
  }

  stop() { if (this.ready) this.say({ type: 'stop' }); this.#start = null; }

  pose(message) {
    if (!this.ready || this.#socket.bufferedAmount > FULL_BUFFER) return false;
    this.#sent = message.t;
    return this.say(message);
  }

  ready = false;

  /** Until the last pose is answered, or a moment later: while this thread looks at a frame, it hears nothing. */
  answer(most = ANSWER_MS) { return new Promise((answered) => { this.#answered = answered; setTimeout(answered, most); }); }

  /** Whether a message could be sent. */
  say(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #open() {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#tries = 0;
      postMessage({ type: 'link', up: true });
      if (this.#start) this.say({ ...this.#start, ...(this.#session && { resume: this.#session }) });
    };
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => {
      this.ready = false;
      if (this.#closed) return;
      postMessage({ type: 'link', up: false, code });
      const wait = Math.min(5000, 400 * 2 ** this.#tries++);
      this.#timer = setTimeout(() => this.#open(), wait);
    };
  }

  #hear(message) {
    if (message.type === 'ready') { this.#session = message.session; this.ready = true; }
    if (message.type === 'summary' || message.type === 'ended') { this.#session = null; this.ready = false; }
    if (message.type === 'watching') this.#start = { ...this.#start, calibrate: false, slouch: false }; // it is learnt
    if (message.type === 'error' && message.code === 'name' && this.#session) { // it knows the session no more
      this.#session = null;
      this.say(this.#start);
      return;
    }
    postMessage({ type: 'told', message });
    if (message.t >= this.#sent) this.#answered?.(); // an answer to the pose before does not end the wait
  }

  close() { this.#closed = true; clearTimeout(this.#timer); this.#socket?.close(1000); }
}

const network = (name) => ({ modelAssetPath: `${folder}pose_${name}.task`, delegate: 'CPU' });

async function init({ vendor, socket, fps, wanted }) {
  const began = performance.now();
  const { FilesetResolver, PoseLandmarker } = await import(`${vendor}vision_bundle.mjs`);
  const files = await FilesetResolver.forVisionTasks(vendor.replace(/\/$/, ''), true);
  [folder, model] = [vendor, wanted ?? 'full'];
  period = 1000 / fps;
  if (wanted) spent = null; // as asked for, however slow
  landmarker = await PoseLandmarker.createFromOptions(files, {
    baseOptions: network(model), runningMode: 'VIDEO', numPoses: 1,
  });
  epoch = performance.timeOrigin + began;
  link = new Link(socket);
  postMessage({ type: 'ready', epoch, model, ms: performance.now() - began });
}

const rounded = (value, digits) => Math.round(value * digits) / digits;

/** What is seen in a frame, said to coach and page; whether it went to the coach. */
function look(frame, ms) {
  if (changing) { frame.close(); return false; }
  const t = Math.max(ms / 1000, last + 0.001);
  last = t;
  const width = frame.displayWidth ?? frame.width;
  const height = frame.displayHeight ?? frame.height;
  const began = performance.now();
  let found;
  try { found = landmarker.detectForVideo(frame, t * 1000); } finally { frame.close(); }
  const cost = performance.now() - began;
  const body = found.landmarks[0];
  const keypoints = body?.map(({ x, y, visibility }) => [
    rounded(x * width, 10), rounded(y * height, 10), rounded(visibility, 1000)]) ?? null;
  const world = found.worldLandmarks[0]?.map(({ x, y, z }) => [rounded(x, 1000), rounded(y, 1000), rounded(z, 1000)]) ?? null;
  const sent = link.pose({ type: 'pose', t: rounded(t, 1000), keypoints, world, width, height });
  postMessage({ type: 'pose', t, keypoints, width, height, ms: cost, sent });
  if (spent) mind(cost).catch(({ message }) => postMessage({ type: 'problem', message }));
  return sent;
}

/** After the first frames: a device too slow for the full network takes the light one. */
async function mind(cost) {
  spent.frames += 1;
  if (spent.frames > 5) spent.ms += cost; // the first are slow everywhere
  if (spent.frames < TRIED) return;
  const mean = spent.ms / (spent.frames - 5);
  spent = null;
  if (mean < SLOW_MS) return;
  changing = true;
  await landmarker.setOptions({ baseOptions: network('lite') });
  [changing, model] = [false, 'lite'];
  postMessage({ type: 'model', model });
}

/** Frames as the camera gives them; those that come too soon are let go. Their times are the camera's. */
async function stream(readable) {
  const reader = readable.getReader();
  let offset = Infinity; // the camera's clock to ours: the least delay there was
  for (;;) {
    const { value: frame, done } = await reader.read();
    if (done) return;
    offset = Math.min(offset, now() - frame.timestamp / 1000);
    const taken = frame.timestamp / 1000 + offset;
    if (taken < due) { frame.close(); continue; }
    due = Math.max(due + period, taken + 0.5 * period);
    if (look(frame, taken)) await link.answer();
  }
}

let asked = false;
let timer = 0;

/** A picture that was asked for; of a film the next is not asked for before the coach has answered. */
async function pulled({ frame, at, film }) {
  try {
    if (frame && look(frame, at - epoch) && film) await link.answer(FILM_MS);
  } finally { asked = false; }
}

function want() { if (!asked && !changing) { asked = true; postMessage({ type: 'want' }); } }

onmessage = async ({ data }) => {
  try {
    if (data.type === 'init') await init(data);
    else if (data.type === 'stream') await stream(data.readable);
    else if (data.type === 'pull') timer = setInterval(want, period);
    else if (data.type === 'frame') await pulled(data);
    else if (data.type === 'pace') { period = 1000 / data.fps; if (timer) { clearInterval(timer); timer = setInterval(want, period); } }
    else if (data.type === 'start') link.start(data.message);
    else if (data.type === 'say') link.say(data.message);
    else if (data.type === 'stop') link.stop();
    else if (data.type === 'close') { clearInterval(timer); link?.close(); landmarker?.close(); close(); }
  } catch (problem) {
    postMessage({ type: 'problem', message: String(problem?.message ?? problem) });
  }
};
