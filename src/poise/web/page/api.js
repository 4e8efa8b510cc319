// The server's REST interface, see docs/protocol.md. Every refusal becomes one kind of error, with what to do.

import { told, tr } from './words.js';

export class Refused extends Error {
  constructor(message, hint = '', status = 0, received = null) {
    super(message);
    [this.hint, this.status, this.received] = [hint, status, received];
  }
}

export const AWAY = tr('The server cannot be reached.');

async function ask(method, path, { body, raw, signal } = {}) {
  let answer;
  try {
    answer = await fetch(`/api${path}`, {
      method, signal, body: raw ?? (body && JSON.stringify(body)),
      headers: { ...(body && { 'Content-Type': 'application/json' }), ...(raw && { 'Content-Type': 'application/octet-stream' }) },
    });
  } catch (problem) {
    if (problem.name === 'AbortError') throw problem;
    throw new Refused(AWAY, tr('It keeps what you did; start it again with: poise live'));
  }
  const said = await answer.json().catch(() => null);
  if (answer.ok) return said;
  throw new Refused(said ? told(said.message) : tr('The server answered {status}.', { status: answer.status }), told(said?.hint ?? ''), answer.status, said?.received ?? null);
}

const query = (values) => {
  const given = Object.entries(values).filter(([, value]) => value !== '' && value !== undefined && value !== null);
  return given.length ? `?${new URLSearchParams(given)}` : '';
};

export const api = {
  get: (path, values = {}) => ask('GET', path + query(values)),
  post: (path, body) => ask('POST', path, { body }),
  patch: (path, body) => ask('PATCH', path, { body }),
  remove: (path, values = {}) => ask('DELETE', path + query(values)),
};

/** The address of a file to download. */
export const link = (path, values = {}) => `/api${path}${query(values)}`;

const TRIES = 6;

/** Send a film in pieces; after a lost connection it goes on where it was. The job that judges it. */
export async function upload(film, about, progress, signal) {
  const job = await ask('POST', '/uploads', { body: { ...about, size: film.size }, signal });
  let [offset, tries] = [0, 0];
  while (offset < film.size) {
    try {
      const piece = film.slice(offset, offset + job.chunk);
      const { received } = await ask('PUT', `/uploads/${job.id}?offset=${offset}`, { raw: piece, signal });
      [offset, tries] = [received, 0];
      progress(offset / film.size);
    } catch (problem) {
      if (problem.status === 409 && problem.received !== null) { offset = problem.received; continue; }
      if ((problem.status && problem.status !== 429 && problem.status < 500) || problem.name === 'AbortError' || ++tries > TRIES) throw problem;
      await new Promise((done) => { setTimeout(done, 500 * 2 ** tries); });
    }
  }
  return ask('POST', `/uploads/${job.id}/finish`, { signal });
}

/** Follow a job until it is done or has failed; `told` hears of every change. */
export async function followJob(id, told, signal) {
  for (;;) {
    const job = await ask('GET', `/jobs/${id}`, { signal }).catch((problem) => {
      if (problem.status || problem.name === 'AbortError') throw problem;
      return null; // the server is away: it goes on when it is back
    });
    if (job) told(job);
    if (job?.state === 'done' || job?.state === 'failed') return job;
    await new Promise((done) => { setTimeout(done, 700); });
    signal?.throwIfAborted();
  }
}
