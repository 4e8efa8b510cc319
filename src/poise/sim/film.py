"""A performance seen by a camera: as the poses an estimator would find, or as a film.

>>> from poise.sim import Camera, Noise, film_poses, perform
>>> poses = film_poses(perform("squat", reps=2), Camera(yaw=90), rate=30, noise=Noise(), seed=1)
>>> poses.skeleton.name, poses.size, poses.at("left_knee").shape[1]
('blazepose33', (640, 640), 2)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from poise.body import BLAZEPOSE33, Array, PoseSequence
from poise.body.skeleton import MIDPOINTS
from poise.sim.camera import Camera
from poise.sim.noise import Noise
from poise.sim.performance import Performance

#: What can hide a keypoint: limbs as capsules, their ends and radius as a share of stature.
_CAPSULES = (
    ("mid_shoulder", "mid_hip", 0.075),
    ("mid_ear", "mid_ear", 0.050),
    *(
        (f"{side}_{a}", f"{side}_{b}", radius)
        for side in ("left", "right")
        for a, b, radius in (
            ("shoulder", "elbow", 0.026),
            ("elbow", "wrist", 0.020),
            ("wrist", "index", 0.020),
            ("hip", "knee", 0.042),
            ("knee", "ankle", 0.028),
        )
    ),
)

_SEEN = 0.98
#: How surely BlazePose still reports what is hidden behind the body (medians over rendered athletes seen from the
#: side); it hardly ever doubts a face, and shoulders and hips little.
_HIDDEN = {
    **dict.fromkeys(("shoulder", "hip"), 0.93),
    **dict.fromkeys(("elbow", "wrist", "pinky", "index", "thumb"), 0.20),
    **{"knee": 0.40, "ankle": 0.60, "heel": 0.65, "foot_index": 0.75},
}


def instants(performance: Performance, rate: float) -> Array:
    """The times of the frames of a film at ``rate`` frames per second: ``(T,)`` seconds from 0."""
    return np.arange(int(performance.seconds * rate)) / rate


def film_poses(
    performance: Performance,
    camera: Camera,
    rate: float = 30.0,
    noise: Noise | None = None,
    seed: int = 0,
    t: Array | None = None,
) -> PoseSequence:
    """What a pose estimator would make of the performance: exact without ``noise``, else erring like one.

    Keypoints hidden by the body score lower, and lower still outside the picture. ``t`` gives the instants
    instead of ``rate``. World landmarks have their origin between the hips and are turned as the body is seen from
    the camera, as those of a network are that sees no more than a crop of the picture.
    """
    t = instants(performance, rate) if t is None else np.asarray(t, dtype=np.float64)
    poses = seen_poses(performance.joints(t), t, performance.body.stature, camera)
    poses = replace(poses, meta={"source": f"simulated {performance.move.name}"})
    return poses if noise is None else noise.applied(poses, seed)


def seen_poses(joints: Array, t: Array, stature: float, camera: Camera) -> PoseSequence:
    """The poses of joints ``(T, 33, 3)`` of a body, in the room's axes, as a camera sees them: exact."""
    seen = camera.seen_from(joints)
    hips = [BLAZEPOSE33.index(f"{side}_hip") for side in ("left", "right")]
    points = camera.project(joints)
    score = _score(seen, points, camera, stature)
    middle = seen[:, hips].mean(1)
    return PoseSequence(BLAZEPOSE33, t, points, score, _centred(seen - middle[:, None], middle), camera.size)


def _centred(places: Array, sight: Array) -> Array:
    """Places ``(T, K, 3)`` in the axes of a camera that looks along ``sight`` ``(T, 3)``, upright as well."""
    away = sight / np.linalg.norm(sight, axis=-1, keepdims=True)
    right = np.cross(np.array((0.0, 1.0, 0.0)), away)
    right /= np.linalg.norm(right, axis=-1, keepdims=True)
    return np.asarray(places @ np.stack([right, np.cross(away, right), away], axis=-1))


def film_video(
    performance: Performance,
    camera: Camera,
    path: str | Path,
    rate: float = 25.0,
    look: str = "blue",
    samples: int = 2,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Draw the performance and write it as a film; takes about half a second a frame.

    Raises:
        MissingExtra: the renderer is not installed.
        UnknownName: a look nobody knows.
        PoiseError: the film cannot be written there.

    """
    from poise.sim.render import draw  # needs the extra
    from poise.vision.frame import Frame
    from poise.vision.writer import open_writer

    times = instants(performance, rate)
    with open_writer(path, camera.size, preset="veryslow", crf=26) as writer:
        for i, t in enumerate(times):
            writer.write(Frame(draw(performance, camera, float(t), look, samples), float(t)))
            progress(i + 1, len(times))


def _score(seen: Array, points: Array, camera: Camera, stature: float) -> Array:
    """How surely each keypoint is seen, ``(T, K)``: less behind a limb, and less still beyond the edge."""

    def at(name: str) -> Array:
        ends = MIDPOINTS.get(name, (name,))
        return np.asarray(seen[:, [BLAZEPOSE33.index(end) for end in ends]].mean(1))

    start = np.stack([at(a) for a, _, _ in _CAPSULES], axis=1)
    along = np.stack([at(b) for _, b, _ in _CAPSULES], axis=1) - start
    radius = stature * np.array([share for _, _, share in _CAPSULES])[:, None]
    away = np.linalg.norm(seen, axis=-1)
    ray = np.swapaxes(seen / away[..., None], 1, 2)
    # Where on a capsule's axis the line of sight (from the camera, the origin) passes it, how deep and how close;
    # everything is (T, capsules, keypoints).
    start_ray, along_ray = start @ ray, along @ ray
    square, cross = (along * along).sum(-1)[..., None], (start * along).sum(-1)[..., None]
    where = (start_ray * along_ray - cross) / np.maximum(square - along_ray**2, 1e-9)
    where = np.clip(where, 0.0, 1.0)
    depth = start_ray + where * along_ray
    gap = np.sqrt(
        np.maximum((start * start).sum(-1)[..., None] + where * (2 * cross + where * square) - depth**2, 0.0)
    )
    buried = np.clip((1.25 * radius - gap) / (0.5 * radius), 0.0, 1.0)
    buried[away[:, None] - depth <= 1.6 * radius] = 0.0  # a joint is not hidden by the limb it is in
    width, height = camera.size
    beyond = np.maximum(np.maximum(-points, points - (width, height)), 0.0).max(-1) / max(width, height)
    hidden = np.array([_HIDDEN.get(name.partition("_")[2], _SEEN) for name in BLAZEPOSE33.keypoints])
    score = (_SEEN + (hidden - _SEEN) * buried.max(1)) * np.exp(-beyond / 0.03)
    return np.where(np.isfinite(points).all(-1), score, 0.0)
