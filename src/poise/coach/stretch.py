"""A stretch of the judgement track, such as a repetition, and what stands for a moment of it."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median
from typing import NamedTuple

import numpy as np

from poise.body import Array, Keypoints, Pose, PoseSequence
from poise.coach.events import View
from poise.coach.exercise import Moment, Part
from poise.coach.measures import Body, Measure
from poise.coach.view import beyond, view_name

#: Half the width of the neighbourhood whose median stands for a moment, seconds, and that a speed is taken over.
NEAR_S = 0.08
#: The least score for a keypoint to take part in a condition, or to be the second of two sides.
DIMLY = 0.1
#: The share of its way at either end of which a measure is not timed.
MIDWAY = 0.1
#: How far two measures may be out of step, as a share of the repetition, to be told.
MOST_LAG = 0.4


@dataclass(frozen=True, eq=False)
class Judged:
    """One pose of the judgement track, with what was known of scale and view when it was seen."""

    pose: Pose
    scale: float
    view: View


@dataclass(frozen=True, eq=False)
class Stretch:
    """A stretch of the judgement track, such as one repetition: its body, times, view, start and turn.

    It may reach beyond the repetition, from before ``start`` to after ``end``: angles still change where heights
    hardly do. ``lowers_first`` says which way comes first; ``ways`` are the seconds of lowering and lifting.
    ``side`` is the one that works, "" when both do.
    """

    t: Array
    body: Body
    view: View
    turn: float
    start: float = -math.inf
    end: float = math.inf
    lowers_first: bool = True
    ways: tuple[float, float] = (math.nan, math.nan)
    side: str = ""

    @classmethod
    def of(cls, judged: Sequence[Judged], turn: float, start: float = -math.inf) -> Stretch:
        """Gather judged poses (at least one) into a stretch.

        The view is the median over it; its error is half of what its yaw spreads over, if that is more than usual.
        What lies beyond the edge of the picture counts as unseen: an estimator can only have guessed it.
        """
        poses = PoseSequence.of(j.pose for j in judged)
        poses = replace(poses, score=np.where(beyond(poses.points, poses.size).any(-1), 0.0, poses.score))
        yaws = sorted(j.view.yaw for j in judged if math.isfinite(j.view.yaw))
        yaw = median(yaws) if yaws else math.nan
        facing = sum(j.view.facing for j in judged)
        facing = (facing > 0) - (facing < 0)
        spread = (_ranked(yaws, 0.9) - _ranked(yaws, 0.1)) / 2 if yaws else 0.0
        tilt = judged[len(judged) // 2].view.tilt
        view = View(view_name(yaw), yaw, max(judged[-1].view.sigma, spread), facing, tilt)
        scales = [j.scale for j in judged if math.isfinite(j.scale)]
        scale = median(scales) if scales else math.nan
        shape = poses.t.shape
        body = Body(poses, np.full(shape, scale), np.full(shape, yaw), np.full(shape, facing or 1), tilt)
        return cls(poses.t, body, view, turn, start)

    def between(self, first: float, last: float) -> Stretch:
        """The part of it between two times in seconds, both included."""
        part = slice(int(np.searchsorted(self.t, first)), int(np.searchsorted(self.t, last, "right")))
        return replace(self, t=self.t[part], body=self._body(part))

    def part(self, phase: Part) -> Stretch:
        """The lowering or the lifting of it, or all of it."""
        if phase == "whole":
            return self
        return self._towards if (phase == "lowering") == self.lowers_first else self._back

    @cached_property
    def _times(self) -> list[float]:
        return list(self.t.tolist())

    @cached_property
    def _towards(self) -> Stretch:
        return self.between(self.start, self.turn)

    @cached_property
    def _back(self) -> Stretch:
        return self.between(self.turn, self.end)

    def instant(self, index: int) -> Body:
        """The body at one of its instants."""
        return self._body(index)

    def each_at(self, indices: Sequence[int]) -> Body:
        """The body at an instant, or it and its mirror image (`Body.twins`) at one each: ``(1 or 2, ...)``."""
        at = tuple(indices)
        found = self._each_at.get(at)
        if found is None:
            sides, whole = (range(len(at)), at), self.body.twins.pose
            pose = Keypoints(whole.skeleton, whole.points[sides], whole.score[sides])
            body = self.body
            found = Body(pose, body.scale[[*at]], body.yaw[[*at]], body.facing[[*at]], body.tilt)
            self._each_at[at] = found
        return found

    @cached_property
    def _each_at(self) -> dict[tuple[int, ...], Body]:
        return {}

    def scores(self, measure: Measure) -> Array:
        """How surely the keypoints of every side of a measure were seen, ``(S, T)``."""
        found = self._scores.get(measure.name)
        if found is None:
            found = self._scores[measure.name] = measure.scores(self.body)
        return found

    def values(self, measure: Measure) -> Array:
        """A measure on every side it has, ``(S, T)``."""
        found = self._values.get(measure.name)
        if found is None:
            found = self._values[measure.name] = measure.each(self.body)
        return found

    @cached_property
    def _scores(self) -> dict[str, Array]:
        return {}

    @cached_property
    def _values(self) -> dict[str, Array]:
        return {}

    def _body(self, part: int | slice) -> Body:
        body, pose = self.body, self.body.pose
        world = None if pose.world is None else pose.world[part]
        keypoints = Keypoints(pose.skeleton, pose.points[part], pose.score[part], world)
        return Body(keypoints, body.scale[part], body.yaw[part], body.facing[part], body.tilt)

    def at(self, moment: Moment, values: Array) -> Reading:
        """What stands for a moment; all NaN when nothing was seen then."""
        if moment == "turn":
            return self._near(values, self.turn)
        seen = np.isfinite(values)
        if not seen.any():
            return Reading(math.nan, self.turn, ())
        if moment in ("range", "median"):
            near = np.flatnonzero(seen)
            known = values[near].tolist()
            ordered = sorted(known)
            if moment == "median":
                return Reading(median(known), self._when(values, median(known)), near.tolist())
            low, high = _ranked(ordered, 0.05), _ranked(ordered, 0.95)
            begun = known[int(np.searchsorted(self.t[near], self.start).clip(0, len(known) - 1))]
            furthest = self._near(values, self._when(values, max(low, high, key=lambda v: abs(v - begun))))
            return furthest._replace(value=high - low)
        if moment == "speed":
            return self._fastest(values, seen)
        if moment == "gain":
            return self.gain(values, self.t)
        if moment == "start":
            begun = np.flatnonzero(seen & (self.t >= self.start))
            t = float(self.t[begun[0]]) if begun.size else math.nan
        else:
            extreme = _ranked(sorted(values[seen].tolist()), 0.95 if moment == "max" else 0.05)
            t = self._when(values, extreme)
        return self._near(values, t)

    def _near(self, values: Array, t: float) -> Reading:
        """The median of what was seen close to a time."""
        times, first = self._times, bisect_left(self._times, t - 2 * NEAR_S)
        read = values[first : bisect_left(times, t + 2 * NEAR_S)].tolist()
        near = [i for i, x in enumerate(read, first) if abs(times[i] - t) <= NEAR_S and math.isfinite(x)]
        if not near:
            return Reading(math.nan, self.turn, ())
        return Reading(median(read[i - first] for i in near), median(times[i] for i in near), near)

    def lasting(self, values: Array, reading: Reading, within: float) -> Reading:
        """A reading of an extreme, as the median of all that was read ``within`` of it.

        Of readings that differ by their errors only, the outermost is wrong by more than any.
        """
        near = np.flatnonzero(np.abs(values - reading.value) <= within)
        if not near.size:
            return reading
        return Reading(median(values[near].tolist()), reading.t, near.tolist())

    def _when(self, values: Array, value: float) -> float:
        """The time at which a measure was nearest to a value."""
        off = np.abs(values - value)
        off[np.isnan(off)] = math.inf
        return float(self.t[int(off.argmin())])

    def _fastest(self, values: Array, seen: Array) -> Reading:
        """The largest change a second, up or down, over twice `NEAR_S`."""
        t = self.t[seen]
        after, before = (np.interp(t + by, t, values[seen]) for by in (NEAR_S, -NEAR_S))
        speed = np.abs(after - before) / (np.minimum(t + NEAR_S, t[-1]) - np.maximum(t - NEAR_S, t[0]) + 1e-9)
        i = int(np.argmax(speed))
        return Reading(float(speed[i]), float(t[i]), (int(np.flatnonzero(seen)[i]),))

    def crossing(self, values: Array) -> Reading:
        """How long a measure takes for its way between `MIDWAY` of it and as much before its end, in seconds.

        Where it begins and ends is hard to tell in noise, that it is on its way is not.
        """
        seen = np.flatnonzero(np.isfinite(values))
        if len(seen) < 4:
            return Reading(math.nan, self.turn, ())
        t, x = self.t[seen], values[seen]
        ordered = sorted(x.tolist())
        low, high = _ranked(ordered, 0.05), _ranked(ordered, 0.95)
        half = len(x) // 2
        begun, ended = (low, high) if x[:half].mean() < x[half:].mean() else (high, low)
        share = (x - begun) / (ended - begun) if ended != begun else np.zeros(len(x))
        last = int(np.argmax(share >= 1 - MIDWAY))
        first = int(np.flatnonzero(share[: last + 1] <= MIDWAY).max(initial=0))
        if first == last:
            return Reading(math.nan, self.turn, ())
        leaves = np.interp(MIDWAY, share[first : first + 2], t[first : first + 2])
        arrives = np.interp(1 - MIDWAY, share[last - 1 : last + 1], t[last - 1 : last + 1])
        return Reading(float(arrives - leaves), float(arrives), seen[first : last + 1].tolist())

    def gain(self, values: Array, other: Array, sigma: float = 0.0) -> Reading:
        """How far a measure rises above what it was where another was lowest.

        Where that cannot be told exactly, because of the other's standard error ``sigma``, it is what was most.
        """
        seen = np.flatnonzero(np.isfinite(values) & np.isfinite(other))
        if not seen.size:
            return Reading(math.nan, self.turn, ())
        low = seen[other[seen] <= other[seen].min() + sigma]
        first = max((self._near(values, float(self.t[i])).value for i in low), default=math.nan)
        most = self.at("max", values)
        return Reading(most.value - first, most.t, most.near)

    def lag(self, values: Array, other: Array) -> Reading:
        """How far the course of a measure is out of step with another's, as a share of the repetition.

        It is the shift, at most `MOST_LAG`, at which the two correlate best, without sign.
        """
        seen = np.isfinite(values) & np.isfinite(other)
        length = self.end - self.start
        if seen.sum() < 5 or not math.isfinite(length):
            return Reading(math.nan, self.turn, ())
        t = self.t[seen]
        x, y = values[seen] - values[seen].mean(), other[seen] - other[seen].mean()
        shares = np.linspace(-MOST_LAG, MOST_LAG, 41)
        shifted = np.array([np.interp(t + share * length, t, y) for share in shares])
        shifted -= shifted.mean(-1, keepdims=True)
        norm = np.sqrt((shifted * shifted).sum(-1) * (x * x).sum()) + 1e-12
        best = float(shares[int(np.argmax((shifted * x).sum(-1) / norm))])
        return Reading(abs(best), self.turn, np.flatnonzero(seen).tolist())


class Reading(NamedTuple):
    """What a measure was at a moment: its value, seconds, and the indices of the instants it is the median of.

    A range is told of when the measure was furthest from where it began, a median of when it was like that, an
    extreme that lasts of when it was most.
    """

    value: float
    t: float
    near: Sequence[int]


def _ranked(ordered: Sequence[float], share: float) -> float:
    """The value below which a share of ordered values lies, between two of them in proportion."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def best_side(measure: Measure, stretch: Stretch) -> str:
    """The side on which a measure is taken over a stretch: the one that works, else the one seen best."""
    if not measure.sided:
        return ""
    if stretch.side:
        return stretch.side
    return measure.sides()[int(stretch.scores(measure).sum(-1).argmax())]


def sway(stretch: Stretch, keypoint: str) -> float:
    """How far, in torso lengths, a keypoint moves sideways over a stretch; 0 when it is hardly seen."""
    seen = stretch.body.pose.score_at(keypoint) >= DIMLY
    x = sorted(stretch.body.at(keypoint)[seen, 0].tolist())
    if len(x) < 4:
        return 0.0
    return float((_ranked(x, 0.95) - _ranked(x, 0.05)) / stretch.body.scale[0])
