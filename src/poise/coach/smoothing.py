"""Steadier poses: two tracks of one stream.

::

    Pose ─► Guard ─┬─► DisplayTrack    at once: an adaptive low-pass without lag to speak of, for drawing
                   └─► JudgementTrack  0.15 s late: a centred Gaussian, unbiased at the turn, for measuring

The guard undoes left/right swaps and blanks keypoints that leap. Filters work in timestamps and accept
irregular steps. Nothing here invents a keypoint: what is unseen for longer than `HOLD` is NaN.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

import numpy as np

from poise.body import Array, Pose, Skeleton

#: Seconds for which the display track shows a keypoint after it was last seen.
HOLD = 0.3

#: Standard deviation of the judgement track's Gaussian, seconds: 1.5 frames at 30 fps had the lowest error of
#: the depth of a repetition among the filters compared (RMSE 4.3 degrees against 5.8 unfiltered, simulation).
SIGMA = 0.05

#: How late the judgement track is, seconds: three standard deviations.
DELAY = 3 * SIGMA

#: One-Euro parameters (Casiez 2012) for positions in torso lengths.
MIN_CUTOFF, BETA, DERIVATE_CUTOFF = 1.5, 3.0, 1.0

#: A keypoint that moves faster than this, torso lengths per second beyond its usual step, is not believed ...
LEAP = 12.0
#: ... unless it stays where it leapt to for this long, seconds. The same holds for sides that swap.
INSIST = 0.25


class Guard:
    """Undoes left/right swaps and blanks leaps; `update` gives the pose to believe.

    A swap is undone when the limbs of one half of the body (arms, legs) would each have to leap to the other
    side's place, and staying on their own side would be much the shorter way. Whoever insists is believed.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        mirror = np.array(skeleton.mirror)
        arms = ("shoulder", "elbow", "wrist", "pinky", "index", "thumb")
        legs = ("hip", "knee", "ankle", "heel", "foot_index")
        self._halves = [
            np.array([i for i, name in enumerate(skeleton.keypoints) if name.split("_", 1)[-1] in half])
            for half in (arms, legs)
        ]
        self._mirror = mirror
        self._last: Array | None = None
        self._t = np.full(len(skeleton), -math.inf)
        self._leapt = np.full(len(skeleton), math.inf)
        self._swapped = [math.inf, math.inf]

    def update(self, pose: Pose, scale: float) -> Pose:
        """The pose with swaps undone and leaps blanked; `scale` is pixels per torso length, or NaN."""
        if not pose.seen:
            return pose
        if self._last is None or not math.isfinite(scale) or pose.t - self._t.max() > 2 * INSIST:
            self._last = pose.points.copy()
            self._t[:] = pose.t
            return pose
        pose = self._unswap(pose, self._last, scale)
        leaps = np.abs(pose.points - self._last).max(-1) > scale * (0.25 + LEAP * (pose.t - self._t))
        self._leapt = np.where(leaps, np.minimum(self._leapt, pose.t), math.inf)
        blank = leaps & (pose.t - self._leapt < INSIST)
        self._t[np.isfinite(pose.points[:, 0])] = pose.t
        if blank.any():
            points, score = pose.points.copy(), pose.score.copy()
            points[blank], score[blank] = np.nan, 0.0
            pose = replace(pose, points=points, score=score)
        seen = np.isfinite(pose.points[:, 0])
        self._last[seen] = pose.points[seen]
        return pose

    def _unswap(self, pose: Pose, last: Array, scale: float) -> Pose:
        for half, keypoints in enumerate(self._halves):
            here, there = pose.points[keypoints], pose.points[self._mirror[keypoints]]
            before = last[keypoints]
            straight, crossed = np.abs(here - before).sum(-1), np.abs(there - before).sum(-1)
            ok = np.isfinite(straight + crossed)
            n, kept, swapped = int(ok.sum()), float(straight[ok].sum()), float(crossed[ok].sum())
            if not n or kept < 0.25 * scale * n or swapped > 0.4 * kept:
                self._swapped[half] = math.inf
                continue
            self._swapped[half] = min(self._swapped[half], pose.t)
            if pose.t - self._swapped[half] >= INSIST:
                last[keypoints] = here
            else:
                order = np.arange(len(pose.points))
                order[keypoints] = self._mirror[keypoints]
                world = None if pose.world is None else pose.world[order]
                pose = replace(pose, points=pose.points[order], score=pose.score[order], world=world)
        return pose


class DisplayTrack:
    """A One-Euro filter (Casiez 2012) on every keypoint; `update` gives the pose to draw."""

    def __init__(self) -> None:
        self._x: Array | None = None
        self._dx = np.zeros(0)
        self._seen = np.zeros(0)
        self._score = np.zeros(0)
        self._t = 0.0

    def update(self, pose: Pose, scale: float) -> Pose:
        """The smoothed pose at the same instant; `scale` is pixels per torso length."""
        if self._x is None:
            self._x, self._dx = pose.points.copy(), np.zeros_like(pose.points)
            self._seen = np.where(np.isfinite(pose.points[:, 0]), pose.t, -math.inf)
            self._score, self._t = pose.score.copy(), pose.t
            return pose
        dt = max(pose.t - self._t, 1e-3)
        self._t = pose.t
        new = np.isfinite(pose.points[:, 0])
        fresh = new & np.isnan(self._x[:, 0])
        if fresh.any():
            self._x[fresh], self._dx[fresh] = pose.points[fresh], 0.0
        unit = scale if math.isfinite(scale) else 100.0
        step = (pose.points - self._x) / (unit * dt)
        self._dx += _gain(DERIVATE_CUTOFF, dt) * np.where(new[:, None], step - self._dx, 0.0)
        cutoff = MIN_CUTOFF + BETA * np.abs(self._dx)
        gain = 1.0 / (1.0 + 1.0 / (2 * math.pi * cutoff * dt))
        self._x += np.where(new[:, None], gain * (pose.points - self._x), 0.0)
        self._score = np.where(new, pose.score, self._score)
        self._seen[new] = pose.t
        gone = pose.t - self._seen > HOLD
        if gone.any():
            self._x[gone], self._score[gone] = np.nan, 0.0
        return replace(pose, points=self._x.copy(), score=self._score.copy())


def _gain(cutoff: float, dt: float) -> float:
    return 1.0 / (1.0 + 1.0 / (2 * math.pi * cutoff * dt))


class JudgementTrack:
    """A centred Gaussian over ± `DELAY` seconds; `update` gives the poses that have become ready, 0.15 s late."""

    def __init__(self) -> None:
        self._window: deque[Pose] = deque()
        self._values: deque[Array] = deque()
        self._waiting: deque[Pose] = deque()

    def update(self, pose: Pose) -> list[Pose]:
        """The smoothed poses whose whole neighbourhood is now known."""
        self._window.append(pose)
        self._values.append(_stacked(pose))
        self._waiting.append(pose)
        ready = []
        while self._waiting and pose.t - self._waiting[0].t >= DELAY:
            ready.append(self._smoothed(self._waiting.popleft()))
        return ready

    def finish(self) -> list[Pose]:
        """The last poses, with what neighbourhood there is."""
        ready = [self._smoothed(pose) for pose in self._waiting]
        self._waiting.clear()
        return ready

    def _smoothed(self, pose: Pose) -> Pose:
        while self._window and self._window[0].t < pose.t - DELAY:
            self._window.popleft()
            self._values.popleft()
        near = [i for i, other in enumerate(self._window) if other.t <= pose.t + DELAY]
        times = np.array([self._window[i].t for i in near])
        values = np.array([self._values[i] for i in near])
        weights = np.exp(-0.5 * ((times - pose.t) / SIGMA) ** 2)
        if np.isnan(values).any():
            seen = np.isfinite(values)
            total = np.tensordot(weights, seen, 1)
            total[np.isnan(_stacked(pose))] = np.nan
            mean = np.tensordot(weights, np.where(seen, values, 0.0), 1) / total
        else:
            mean = np.tensordot(weights / weights.sum(), values, 1)
        world = None if pose.world is None else mean[:, 3:]
        return replace(pose, points=mean[:, :2], score=np.fmax(mean[:, 2], 0.0), world=world)


def _stacked(pose: Pose) -> Array:
    """Points, score and world side by side, ``(K, 6)``; NaN where there are no world keypoints."""
    values = np.empty((len(pose.points), 6))
    values[:, :2], values[:, 2] = pose.points, pose.score
    values[:, 3:] = np.nan if pose.world is None else pose.world
    return values
