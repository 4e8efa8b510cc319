"""Windows of movement as a pose estimator would give them, from everywhere, with their descriptors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from poise.body import BLAZEPOSE33, Array, PoseSequence
from poise.coach.descriptor import FEWEST, KEYPOINTS, NAMES, RATE, SAMPLES, describe, interpolated
from poise.coach.recognise import GAP_S, REST, UNKNOWN
from poise.learn.deepfit import frames_of
from poise.learn.performances import CLASSES, HOLDS, KINDS, Section, perform_class
from poise.learn.styles import HANGING
from poise.sim import Camera, Noise
from poise.sim.film import seen_poses
from poise.sim.move import wander

#: Seconds of a section, cameras that watch it, and windows cut from what each sees.
SECTION_S, CAMERAS, CUTS = 5.0, 3, 2
#: Of a window of an exercise, the least share during which repetitions go on, or it is held; and of rest the most.
BUSY, HELD, IDLE = 0.6, 1.0, 0.1
#: How often a class is drawn relative to one exercise: what has no name may be anything, and squats are done in
#: more ways than any other exercise.
SHARE = {REST: 6.0, UNKNOWN: 9.0, "squat": 2.0}
#: A limb: what it hangs on, and what hangs on that.
_LIMBS = {"shoulder": ("elbow", "wrist", "pinky", "index", "thumb"), "hip": ("knee", "ankle", "heel", "foot_index")}


@dataclass(frozen=True)
class Windows:
    """Descriptors ``(N, F)``, kinds ``(N,)`` as places in `KINDS`, frames ``(N, 36)`` as DeepFit has them."""

    descriptors: NDArray[np.float32]
    kinds: NDArray[np.int64]
    frames: NDArray[np.float32]

    @property
    def labels(self) -> NDArray[np.int64]:
        """The classes that the kinds count as ``(N,)``, as places in `CLASSES`."""
        return np.array([CLASSES.index(name) for name in KINDS.values()])[self.kinds]

    @classmethod
    def of(cls, parts: list[Windows]) -> Windows:
        """All of them."""
        return cls(
            np.concatenate([p.descriptors for p in parts]),
            np.concatenate([p.kinds for p in parts]),
            np.concatenate([p.frames for p in parts]),
        )


def simulate(
    per_class: int, seed: int, workers: int, classes: Sequence[str] = CLASSES, hanging: int = HANGING
) -> Windows:
    """Windows of about ``per_class`` sections of each exercise among the classes; the same for the same seed.

    ``hanging`` is how often the arms of who squats hang (`varied`).
    """
    jobs = [
        (label, int(n), (seed, CLASSES.index(label), j), hanging)
        for label in classes
        for j, n in enumerate(_shares(int(per_class * SHARE.get(label, 1.0)), 50))
    ]
    if workers == 1:
        return Windows.of([_batch(*job) for job in jobs])
    with ProcessPoolExecutor(workers) as pool:
        return Windows.of(list(pool.map(_batch, *zip(*jobs, strict=True))))


def _shares(count: int, most: int) -> Iterator[int]:
    for start in range(0, count, most):
        yield min(most, count - start)


def _batch(label: str, sections: int, seed: tuple[int, ...], hanging: int) -> Windows:
    rng = np.random.default_rng(seed)
    cut: dict[int, list[Array]] = {}
    kinds: dict[int, list[int]] = {}
    busy = HELD if label in HOLDS else BUSY
    for _ in range(sections):
        section = perform_class(label, rng, SECTION_S, RATE, hanging)
        for _ in range(CAMERAS):
            points, active = _seen(section, rng), section.active
            if rng.random() < 0.15:  # nobody is seen for a while, which a window leaves out
                gone = float(rng.uniform(0.0, SECTION_S))
                kept = (section.t < section.t[0] + gone) | (
                    section.t > section.t[0] + gone + rng.uniform(GAP_S, 2.0)
                )
                points, active = points[kept], active[kept]
            length = SAMPLES if rng.random() < 0.6 else int(rng.integers(FEWEST, SAMPLES))
            length = min(length, len(points))
            for start in rng.integers(0, len(points) - length + 1, CUTS):
                part = slice(int(start), int(start) + length)
                share = active[part].mean()
                kind = section.kind if label == REST or share >= busy else "start" if share <= IDLE else None
                if kind is None or (kind == "start" and label in ("push_up", "plank", "dumbbell_row", UNKNOWN)):
                    continue
                cut.setdefault(length, []).append(points[part])
                kinds.setdefault(length, []).append(list(KINDS).index(kind))
    stacks = {length: np.stack(parts) for length, parts in cut.items()}
    described = [describe(stack) for stack in stacks.values()]
    frames = [frames_of(s[np.arange(len(s)), rng.integers(0, length, len(s))]) for length, s in stacks.items()]
    return Windows(
        np.concatenate(described).astype(np.float32) if described else np.zeros((0, len(NAMES)), np.float32),
        np.concatenate([kinds[length] for length in stacks]).astype(np.int64) if stacks else np.zeros(0, np.int64),
        np.concatenate(frames).astype(np.float32) if frames else np.zeros((0, 36), np.float32),
    )


def _seen(section: Section, rng: np.random.Generator) -> Array:
    """What an estimator makes of a section through some camera: ``(T, K, 2)``, as `describe` takes it."""
    middle = np.median(section.joints.reshape(-1, 3), axis=0)
    camera = Camera.random(rng, target=(float(middle[0]), float(middle[1]), float(middle[2])))
    if rng.random() < 0.6:  # most people put it at the height of a table or of their chest
        camera = replace(camera, height=float(rng.uniform(0.6, 1.5)))
    poses = seen_poses(section.joints, section.t, section.stature, camera)
    points = _mistaken(poses, rng)
    noise = Noise.random(rng)
    worse = float(rng.uniform(1.0, 4.0)) if section.level else 1.0
    noise = replace(noise, jitter=0.6 * noise.jitter, outliers=0.5 * noise.outliers)  # poses arrive smoothed
    noise = replace(noise, bias=worse * noise.bias, swaps=max(noise.swaps, 0.2 * (worse > 2.0)))
    hardly = section.level and rng.random() < 0.25  # a body on the floor that is lost again and again
    if hardly:
        noise = replace(noise, gaps=float(rng.uniform(0.3, 1.2)), gap_s=float(rng.uniform(0.1, 0.5)))
    noisy = noise.applied(replace(poses, points=points), int(rng.integers(2**31)))
    if hardly or rng.random() < (0.5 if section.level else 0.3):
        often = 5.0 if hardly else 1.6 if section.level else 0.8
        noisy = replace(noisy, points=_lost(noisy, rng, often))
    out = interpolated(noisy.t, noisy.all_at(KEYPOINTS), section.t)
    if rng.random() < 0.3:  # a camera held in the hand
        out += np.cumsum(rng.normal(0.0, rng.uniform(0.0, 0.01), (len(out), 1, 2)), axis=0) * camera.size[1]
    return np.asarray(out * np.stack([_squeeze(section, rng), np.ones(len(out))], axis=-1)[:, None])


def _squeeze(section: Section, rng: np.random.Generator) -> Array:
    """How much wider than it is the body appears, ``(T,)``: proportions come out wrong, and not always alike."""
    size = rng.uniform(0.0, 0.25 if section.level else 0.1) if rng.random() < 0.4 else 0.0
    return np.exp(rng.normal(0.0, 0.06) + size * wander(section.t, float(rng.uniform(0, 1000)), 0, 0.1, 1.0))


def _mistaken(poses: PoseSequence, rng: np.random.Generator) -> Array:
    """The points with what an estimator invents where it cannot see.

    A hidden arm or leg is put where the other one is, or hardly moves; legs beyond the picture are too short, now
    more and now less, or follow the true ones only in part.
    """
    points = poses.points.copy()
    if not np.isfinite(points).all():  # somebody stepped behind the camera
        return points
    for root in _LIMBS:
        for side, other in (("left", "right"), ("right", "left")):
            own, near = _limb(side, root), _limb(other, root)
            if np.median(poses.score[:, own]) > 0.8 or rng.random() < 0.4:
                continue
            mine, theirs = poses.at(f"{side}_{root}")[:, None], poses.at(f"{other}_{root}")[:, None]
            lazy = points[:, own] - mine
            lazy = np.median(lazy, axis=0) + rng.uniform(0.0, 1.0) * (lazy - np.median(lazy, axis=0))
            copied = points[:, near] - theirs
            share = rng.uniform(0.0, 1.0) if rng.random() < 0.6 else 0.0
            points[:, own] = mine + (1 - share) * lazy + share * copied
    if rng.random() < 0.15:
        legs = sorted(_limb("left", "hip") + _limb("right", "hip"))
        hips = poses.at("mid_hip")[:, None]
        away = points[:, legs] - hips
        still = np.median(away, axis=0)
        away = still + rng.uniform(0.0, 1.0) * (away - still)
        guess = 0.3 * rng.random() * wander(poses.t, float(rng.uniform(0, 1000)), 0, 0.1, 1.0)
        points[:, legs] = hips + away * rng.uniform(0.4, 1.1) * np.exp(guess)[:, None, None]
    if rng.random() < 0.25:  # the picture ends above the feet, and what is beyond is drawn towards its edge
        low = float(rng.uniform(*np.sort(np.median(poses.all_at(("mid_knee", "mid_ankle"))[..., 1], axis=0))))
        beyond = np.maximum(points[..., 1] - low, 0.0)
        points[..., 1] -= rng.uniform(0.3, 1.0) * beyond
    return points


def _limb(side: str, root: str) -> list[int]:
    """Where the keypoints of an arm or a leg are."""
    return [BLAZEPOSE33.index(f"{side}_{part}") for part in _LIMBS[root]]


def _lost(poses: PoseSequence, rng: np.random.Generator, often: float) -> Array:
    """The points with spells of some tenths of a second in which the estimator sees a body that is not there.

    Single keypoints are somewhere else, or whole limbs point elsewhere and left is taken for right. There are up to
    ``often`` spells a second.
    """
    points = poses.points.copy()
    seen = points[np.isfinite(points).all((1, 2))]
    if not len(seen):
        return points
    size = np.median(np.ptp(seen, axis=1), axis=0).max()
    t = poses.t
    for start in rng.uniform(t[0], t[-1], rng.poisson(rng.uniform(0.1, often) * (t[-1] - t[0]))):
        spell = (t >= start) & (t < start + rng.exponential(rng.choice((0.25, 0.25, 1.0))))
        if rng.random() < 0.5:
            wrong = rng.random(points.shape[1]) < rng.choice((0.3, 1.0))
            points[np.ix_(spell, wrong)] += rng.normal(0.0, rng.uniform(0.03, 0.2), (wrong.sum(), 2)) * size
            continue
        if rng.random() < 0.5:
            points[spell] = points[spell][:, poses.skeleton.mirror]
        for root in _LIMBS:
            for side in ("left", "right"):
                own, hangs_on = np.ix_(spell, _limb(side, root)), BLAZEPOSE33.index(f"{side}_{root}")
                angle, long = rng.normal(0.0, rng.choice((0.1, 1.0, 3.0))), rng.uniform(0.5, 1.1)
                turn = long * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
                middle = points[spell, hangs_on][:, None]
                points[own] = middle + (points[own] - middle) @ turn.T
    return points
