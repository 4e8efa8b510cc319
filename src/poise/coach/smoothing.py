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

#: A keypoint that moves faster than `LEAP` torso lengths per second beyond a step of `STEP` is not believed ...
STEP, LEAP = 0.25, 12.0
#: (where none moves half of such a step along either axis, nothing leapt or swapped, and nobody need look further)
CALM = STEP / 2
#: ... unless it stays where it leapt to for this long, seconds. The same holds for sides that swap.
INSIST = 0.25


class Guard:
    """Undoes left/right swaps and blanks leaps; `update` gives the pose to believe.

    A swap is undone when the limbs of one half of the body (arms, legs) would each have to leap to the other
    side's place, and staying on their own side would be much the shorter way. Whoever insists is believed.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        arms = ("shoulder", "elbow", "wrist", "pinky", "index", "thumb")
        legs = ("hip", "knee", "ankle", "heel", "foot_index")
        self._halves = [
            np.array([i for i, name in enumerate(skeleton.keypoints) if name.split("_", 1)[-1] in half])
            for half in (arms, legs)
        ]
        self._mirror = skeleton.mirror
        self._last: Array | None = None
        self._t = np.full(len(skeleton), -math.inf)
        self._leapt = np.full(len(skeleton), math.inf)
        self._swapped = [math.inf, math.inf]

    def update(self, pose: Pose, scale: float) -> Pose:
        """The pose with swaps undone and leaps blanked; `scale` is pixels per torso length, or NaN."""
        if not pose.seen:
            return pose
        if self._last is None or not math.isfinite(scale) or pose.t - self._t.max() > 2 * INSIST:
            self._believe(pose)
            return pose
        off = np.abs(pose.points - self._last)
        most = off.max()
        if most < CALM * scale or (most < STEP * scale and not self._crossing(off, scale)):  # false for NaN
            self._believe(pose)
            self._leapt.fill(math.inf)
            self._swapped = [math.inf, math.inf]
            return pose
        return self._blank(self._unswap(pose, self._last, scale), self._last, scale)

    def _crossing(self, off: Array, scale: float) -> bool:
        """Whether the limbs of a half of the body moved so far that they may have swapped sides."""
        moved = off.sum(-1)
        return any(moved[half].sum() >= STEP * scale * len(half) for half in self._halves)

    def _believe(self, pose: Pose) -> None:
        self._last = pose.points.copy()
        self._t.fill(pose.t)

    def _blank(self, pose: Pose, last: Array, scale: float) -> Pose:
        leaps = np.abs(pose.points - last).max(-1) > scale * (STEP + LEAP * (pose.t - self._t))
        self._leapt = np.where(leaps, np.minimum(self._leapt, pose.t), math.inf)
        blank = leaps & (pose.t - self._leapt < INSIST)
        self._t[np.isfinite(pose.points[:, 0])] = pose.t
        if blank.any():
            points, score = pose.points.copy(), pose.score.copy()
            points[blank], score[blank] = np.nan, 0.0
            pose = pose.moved(points, score, pose.world)
        seen = np.isfinite(pose.points[:, 0])
        last[seen] = pose.points[seen]
        return pose

    def _unswap(self, pose: Pose, last: Array, scale: float) -> Pose:
        moved = np.abs(pose.points - last).sum(-1)
        for half, keypoints in enumerate(self._halves):
            if float(moved[keypoints].sum()) < STEP * scale * len(keypoints):  # false for NaN
                self._swapped[half] = math.inf
                continue
            here, there = pose.points[keypoints], pose.points[self._mirror[keypoints]]
            before = last[keypoints]
            straight, crossed = np.abs(here - before).sum(-1), np.abs(there - before).sum(-1)
            ok = np.isfinite(straight + crossed)
            n, kept, swapped = int(ok.sum()), float(straight[ok].sum()), float(crossed[ok].sum())
            if not n or kept < STEP * scale * n or swapped > 0.4 * kept:
                self._swapped[half] = math.inf
                continue
            self._swapped[half] = min(self._swapped[half], pose.t)
            if pose.t - self._swapped[half] >= INSIST:
                last[keypoints] = here
            else:
                order = np.arange(len(pose.points))
                order[keypoints] = self._mirror[keypoints]
                world = None if pose.world is None else pose.world[order]
                pose = pose.moved(pose.points[order], pose.score[order], world)
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
        off = pose.points - self._x
        if math.isnan(off.sum()):
            off = self._without_gaps(pose, self._x)
        else:
            self._score = pose.score
            self._seen.fill(pose.t)
        unit = scale if math.isfinite(scale) else 100.0
        swing = 2 * math.pi * dt
        self._dx += (off / (unit * dt) - self._dx) * (swing * DERIVATE_CUTOFF / (1 + swing * DERIVATE_CUTOFF))
        pull = swing * (MIN_CUTOFF + BETA * np.abs(self._dx))
        self._x = self._x + off * (pull / (1 + pull))
        return pose.moved(self._x, self._score, pose.world)

    def _without_gaps(self, pose: Pose, before: Array) -> Array:
        """How far each keypoint is off its place: 0 where it is unseen or new; the long unseen are forgotten."""
        new = np.isfinite(pose.points[:, 0])
        fresh = new & np.isnan(before[:, 0])
        self._seen[new] = pose.t
        gone = pose.t - self._seen > HOLD
        self._score = np.where(new, pose.score, np.where(gone, 0.0, self._score))
        self._dx[fresh] = 0.0
        self._x = np.where(fresh[:, None], pose.points, np.where(gone[:, None], np.nan, before))
        return np.where(new[:, None], pose.points - self._x, 0.0)


class JudgementTrack:
    """A centred Gaussian over ± `DELAY` seconds; `update` gives the poses that have become ready, 0.15 s late."""

    def __init__(self) -> None:
        self._waiting: deque[Pose] = deque()
        self._times = np.zeros(0)
        self._values = np.zeros((0, 0, 0))
        self._first = self._end = 0

    def update(self, pose: Pose) -> list[Pose]:
        """The smoothed poses whose whole neighbourhood is now known."""
        self._waiting.append(pose)
        self._remember(pose)
        ready = []
        while self._waiting and pose.t - self._waiting[0].t >= DELAY:
            ready.append(self._smoothed(self._waiting.popleft()))
        return ready

    def finish(self) -> list[Pose]:
        """The last poses, with what neighbourhood there is."""
        ready = [self._smoothed(pose) for pose in self._waiting]
        self._waiting.clear()
        return ready

    def _remember(self, pose: Pose) -> None:
        """Write points, score and world side by side into the next row, ``(K, 6)``; NaN for what there is not."""
        if self._end == len(self._times):
            kept = slice(self._first, self._end)
            n = self._end - self._first
            times, values = np.zeros(max(64, 2 * n)), np.full((max(64, 2 * n), len(pose.points), 6), np.nan)
            times[:n], values[:n] = self._times[kept], self._values[kept] if n else 0.0
            self._times, self._values, self._first, self._end = times, values, 0, n
        self._times[self._end] = pose.t
        row = self._values[self._end]
        row[:, :2], row[:, 2], row[:, 3:] = pose.points, pose.score, np.nan if pose.world is None else pose.world
        self._end += 1

    def _smoothed(self, pose: Pose) -> Pose:
        while self._times[self._first] < pose.t - DELAY:
            self._first += 1
        end = self._end
        while self._times[end - 1] > pose.t + DELAY:
            end -= 1
        near = slice(self._first, end)
        away = (self._times[near] - pose.t) / SIGMA
        weights = np.exp(-0.5 * away * away)
        weights /= weights.sum()
        values = self._values[near] if pose.world is not None else self._values[near, :, :3]
        mean = (weights[:, None, None] * values).sum(0)
        if math.isnan(mean.sum()):
            seen = np.isfinite(values)
            mean = np.einsum("t,tkd->kd", weights, np.where(seen, values, 0.0))
            with np.errstate(invalid="ignore"):
                mean /= np.einsum("t,tkd->kd", weights, seen)
            mean[np.isnan(pose.points[:, 0])] = np.nan
        world = None if pose.world is None else mean[:, 3:]
        return pose.moved(mean[:, :2], np.fmax(mean[:, 2], 0.0), world)
