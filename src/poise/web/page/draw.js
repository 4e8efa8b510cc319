// Drawing a body: as it is, what is off about it, and how it should be. Shape says what colour says.

import { BONES, at } from './body.js';

const INK = { halo: 'rgb(8 14 20 / 65%)', body: '#f4f7fa', fault: '#ffb000', ghost: '#56d4f5' };

/** Draw onto a canvas that lies over a picture of width × height. `faults` are names of keypoints that are off. */
export function drawPose(canvas, pose, { width, height, corrected = null, faults = new Set() }) {
  const sharp = Math.min(2, globalThis.devicePixelRatio || 1) * Math.max(1, Math.min(2, canvas.clientWidth / width || 1));
  const [w, h] = [Math.round(width * sharp), Math.round(height * sharp)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const ink = canvas.getContext('2d');
  ink.setTransform(sharp, 0, 0, sharp, 0, 0);
  ink.clearRect(0, 0, width, height);
  if (!pose) return;
  const unit = Math.max(width, height) / 640;
  [ink.lineCap, ink.lineJoin] = ['round', 'round'];
  if (corrected) bones(ink, corrected, { color: INK.ghost, thick: 6 * unit, dash: [2 * unit, 11 * unit] });
  bones(ink, pose, { color: INK.halo, thick: 9 * unit });
  bones(ink, pose, { color: INK.body, thick: 4.5 * unit });
  if (faults.size) {
    bones(ink, pose, { color: INK.fault, thick: 7 * unit, only: faults });
    for (const name of faults) {
      const point = at(pose, name);
      if (point) ring(ink, point, 10 * unit, 4 * unit);
    }
  }
}

function bones(ink, pose, { color, thick, dash = [], only = null }) {
  [ink.strokeStyle, ink.lineWidth] = [color, thick];
  ink.setLineDash(dash);
  ink.beginPath();
  for (const [from, to] of BONES) {
    if (only && !(only.has(from) && only.has(to))) continue;
    const [a, b] = [at(pose, from), at(pose, to)];
    if (!a || !b) continue;
    ink.moveTo(a[0], a[1]);
    ink.lineTo(b[0], b[1]);
  }
  const [ear, shoulder] = ['left', 'right'].map((side) => [at(pose, `${side}_ear`), at(pose, `${side}_shoulder`)])
    .find(([a, b]) => a && b) ?? [];
  if (ear && !only) { // a head, so that one sees which way is up
    const size = 0.55 * Math.hypot(ear[0] - shoulder[0], ear[1] - shoulder[1]);
    const nose = at(pose, 'nose') ?? ear;
    ink.moveTo((ear[0] + nose[0]) / 2 + size, (ear[1] + nose[1]) / 2);
    ink.arc((ear[0] + nose[0]) / 2, (ear[1] + nose[1]) / 2, size, 0, 7);
  }
  ink.stroke();
  ink.setLineDash([]);
}

function ring(ink, [x, y], radius, thick) {
  [ink.strokeStyle, ink.lineWidth] = [INK.fault, thick];
  ink.beginPath();
  ink.arc(x, y, radius, 0, 7);
  ink.stroke();
}
