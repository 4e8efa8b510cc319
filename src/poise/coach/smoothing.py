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
        joints = [name.split("_", 1)[-1] for name in skeleton.keypoints]
        belongs = np.array([[joint in half for joint in joints] for half in (arms, legs)])
        self._halves, self._sums = [np.flatnonzero(half) for half in belongs], belongs.astype(float)
        self._mirror = skeleton.mirror
        self._last: Array | None = None
        self._t = np.full(len(skeleton), -math.inf)
        self._looked = -math.inf
        self._leapt = np.full(len(skeleton), math.inf)
        self._swapped = [math.inf, math.inf]

    def update(self, pose: Pose, scale: float) -> Pose:
        """The pose with swaps undone and leaps blanked; `scale` is pixels per torso length, or NaN."""
        if not pose.seen:
            return pose
        gap, self._looked = pose.t - self._looked, pose.t
        if self._last is None or not math.isfinite(scale) or gap > 2 * INSIST:
            self._believe(pose)
            return pose
        off = np.abs(pose.points - self._last)
        most = off.max()
        if most < CALM * scale or (most < STEP * scale and not self._crossing(off, scale)):  # false for NaN
            self._believe(pose)
            self._leapt.fill(math.inf)
            self._swapped = [math.inf, math.inf]
            return pose
        self._last = last = self._last.copy()
        return self._blank(self._unswap(pose, last, scale), last, scale)

    def _crossing(self, off: Array, scale: float) -> bool:
        """Whether the limbs of a half of the body moved so far that they may have swapped sides."""
        arms, legs = self._sums.dot(off[:, 0] + off[:, 1]).tolist()
        return bool(arms >= STEP * scale * len(self._halves[0]) or legs >= STEP * scale * len(self._halves[1]))

    def _believe(self, pose: Pose) -> None:
        self._last = pose.points
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
        goal = pose.points
        off = goal - self._x
        if math.isnan(np.vdot(off, off)):
            goal = self._without_gaps(pose, self._x)
            off = goal - self._x
        else:
            self._score = pose.score
            self._seen.fill(pose.t)
        unit = scale if math.isfinite(scale) else 100.0
        swing = 2 * math.pi * dt
        self._dx += (off / (unit * dt) - self._dx) * (swing * DERIVATE_CUTOFF / (1 + swing * DERIVATE_CUTOFF))
        self._x = goal - off / (1 + swing * MIN_CUTOFF + swing * BETA * np.abs(self._dx))
        return pose.moved(self._x, self._score, pose.world)

    def _without_gaps(self, pose: Pose, before: Array) -> Array:
        """Where each keypoint goes: what is unseen stays, what is new is there; the long unseen are forgotten."""
        new = np.isfinite(pose.points[:, 0])
        fresh = new & np.isnan(before[:, 0])
        self._seen[new] = pose.t
        gone = pose.t - self._seen > HOLD
        self._score = np.where(new, pose.score, np.where(gone, 0.0, self._score))
        self._dx[fresh] = 0.0
        self._x = np.where(fresh[:, None], pose.points, before)
        return np.where(new[:, None], pose.points, np.where(gone[:, None], np.nan, before))


class JudgementTrack:
    """A centred Gaussian over ± `DELAY` seconds; `update` gives the poses that have become ready, 0.15 s late."""

    def __init__(self) -> None:
        self._waiting: deque[Pose] = deque()
        self._times: list[float] = []
        self._rows = np.zeros((0, 0))
        self._first = 0

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
        """Write points, scores and world one after the other into the next row; NaN for what there is not."""
        k = len(pose.score)
        if len(self._times) == len(self._rows):
            self._times, kept = self._times[self._first :], self._rows[self._first :].reshape(-1, 6 * k)
            self._rows, self._first = np.full((max(16, 2 * len(kept)), 6 * k), np.nan), 0
            self._rows[: len(kept)] = kept
        row = self._rows[len(self._times)]
        row[: 2 * k], row[2 * k : 3 * k] = pose.points.ravel(), pose.score
        if pose.world is not None:
            row[3 * k :] = pose.world.ravel()
        self._times.append(pose.t)

    def _smoothed(self, pose: Pose) -> Pose:
        times, k = self._times, len(pose.score)
        while times[self._first] < pose.t - DELAY:
            self._first += 1
        end = len(times)
        while times[end - 1] > pose.t + DELAY:
            end -= 1
        weights = np.array([math.exp(-0.5 * ((t - pose.t) / SIGMA) ** 2) for t in times[self._first : end]])
        rows = self._rows[self._first : end, : 3 * k if pose.world is None else 6 * k]
        mean = weights.dot(rows) / weights.sum()
        gaps = math.isnan(mean.dot(mean))
        if gaps:
            seen = np.isfinite(rows)
            with np.errstate(invalid="ignore"):
                mean = weights.dot(np.where(seen, rows, 0.0)) / weights.dot(seen)
        points, score, world = mean[: 2 * k].reshape(k, 2), mean[2 * k : 3 * k], mean[3 * k :].reshape(-1, 3)
        if gaps:
            unseen = np.isnan(pose.points[:, 0])
            points[unseen], score[unseen], world[unseen[: len(world)]] = np.nan, 0.0, np.nan
            score = np.fmax(score, 0.0)
        return pose.moved(points, score, None if pose.world is None else world)
