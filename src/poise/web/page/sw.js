// Keeps the page, so that it opens without a network. The page itself: from the network first. What is under
// /vendor/<id>/ never changes: kept first. What the server knows (/api, but for where that is) is never kept.

const CACHE = 'poise-page';
const PAGE = [
  './', './app.js', './api.js', './body.js', './camera.js', './charts.js', './dom.js', './draw.js', './eyes.js', './history.js',
  './live.js', './record.js', './session.js', './sit.js', './stage.js', './summary.js', './voice.js', './watch.css', './watch.html', './watch.js', './whom.js', './words.js', './workout.js', './style.css', './icon.svg',
  './manifest.webmanifest', './words/de.json', './words/es.json', './words/fr.json', './words/ko.json',
];
const WHERE = '/api/page';
const VENDOR = ['vision_bundle.mjs', 'vision_wasm_module_internal.js', 'vision_wasm_module_internal.wasm', 'pose_full.task', 'pose_lite.task'];

async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll([...PAGE, WHERE].map((path) => new Request(path, { cache: 'reload' })));
  const { vendor } = await (await cache.match(WHERE)).json();
  for (const name of VENDOR) if (!await cache.match(vendor + name)) await cache.add(vendor + name);
  for (const { url } of await cache.keys()) {
    const { pathname } = new URL(url);
    if (pathname.startsWith('/vendor/') && !pathname.startsWith(vendor)) await cache.delete(url);
  }
}

async function answer(request, pathname) {
  const cache = await caches.open(CACHE);
  if (pathname.startsWith('/vendor/')) {
    const kept = await cache.match(pathname);
    if (kept) return kept;
  }
  try {
    const fresh = await fetch(request);
    if (fresh.ok && !fresh.redirected && (await cache.match(pathname) || pathname.startsWith('/vendor/'))) await cache.put(pathname, fresh.clone());
    return fresh;
  } catch (problem) {
    const kept = await cache.match(pathname);
    if (kept) return kept;
    throw problem;
  }
}

addEventListener('install', (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
addEventListener('fetch', (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== 'GET' || origin !== location.origin) return;
  if (pathname.startsWith('/api/') && pathname !== WHERE) return;
  event.respondWith(answer(event.request, pathname));
});
