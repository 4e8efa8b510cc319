"""Holding a repetition or a hold to the rules of its exercise: fault, ok, unsure, or not observable.

Every rule is an independent measurement m with a limit τ. Its standard error σ follows from the geometry
(`measures.sigma`), and the probability that the limit is broken is p = Φ((m - τ) / σ): above `SURE` it is a
fault, below 1 - `SURE` it is fine, between it is unsure. It is not observable when the camera cannot show it:
the view is outside the gate of its plane, a keypoint it needs is unsure, or the error is too large for the limit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import NamedTuple

import numpy as np

from poise.body import Array, Keypoints, Pose, PoseSequence
from poise.coach.events import Fault, View
from poise.coach.exercise import Condition, Moment, Rule
from poise.coach.measures import Body, Measure
from poise.coach.view import observable, turn_advice, view_name

#: Probability above which a limit counts as broken, and below whose complement as kept.
SURE = 0.8
#: The least score every needed keypoint must have.
SEEN = 0.6
#: The least score for a keypoint to take part in a condition, or to be the second of two sides.
DIMLY = 0.1
#: The most a rule's standard error may be, as a share of the distance from ok to limit.
TOO_UNSURE = 1.0
#: Half the width of the neighbourhood whose median stands for a moment, seconds.
NEAR_S = 0.08


@dataclass(frozen=True, eq=False)
class Judged:
    """One pose of the judgement track, with what was known of scale and view when it was seen."""

    pose: Pose
    scale: float
    view: View


@dataclass(frozen=True, eq=False)
class Stretch:
    """A stretch of the judgement track, such as one repetition: its body, times, view, start and turn.

    It may reach beyond the repetition, from before ``start``: angles still change where heights hardly do.
    """

    t: Array
    body: Body
    view: View
    turn: float
    start: float = -math.inf

    @classmethod
    def of(cls, judged: Sequence[Judged], turn: float, start: float = -math.inf) -> Stretch:
        """Gather judged poses (at least one) into a stretch.

        The view is the median over it; its error is half of what its yaw spreads over, if that is more than usual.
        """
        poses = PoseSequence.of(j.pose for j in judged)
        yaws = sorted(j.view.yaw for j in judged if math.isfinite(j.view.yaw))
        yaw = median(yaws) if yaws else math.nan
        facing = sum(j.view.facing for j in judged)
        facing = (facing > 0) - (facing < 0)
        spread = (_ranked(yaws, 0.9) - _ranked(yaws, 0.1)) / 2 if yaws else 0.0
        view = View(view_name(yaw), yaw, max(judged[-1].view.sigma, spread), facing)
        scales = [j.scale for j in judged if math.isfinite(j.scale)]
        scale = median(scales) if scales else math.nan
        shape = poses.t.shape
        body = Body(poses, np.full(shape, scale), np.full(shape, yaw), np.full(shape, facing or 1))
        return cls(poses.t, body, view, turn, start)

    def between(self, first: float, last: float) -> Stretch:
        """The part of it between two times in seconds, both included."""
        part = slice(int(np.searchsorted(self.t, first)), int(np.searchsorted(self.t, last, "right")))
        return Stretch(self.t[part], self._body(part), self.view, self.turn, self.start)

    def instant(self, index: int) -> Body:
        """The body at one of its instants."""
        return self._body(index)

    def _body(self, part: int | slice) -> Body:
        body, pose = self.body, self.body.pose
        world = None if pose.world is None else pose.world[part]
        keypoints = Keypoints(pose.skeleton, pose.points[part], pose.score[part], world)
        return Body(keypoints, body.scale[part], body.yaw[part], body.facing[part])

    def at(self, moment: Moment, values: Array) -> Reading:
        """What stands for a moment; all NaN when nothing was seen then."""
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
            return Reading(
                high - low, self._when(values, max(low, high, key=lambda v: abs(v - begun))), near.tolist()
            )
        if moment == "start":
            begun = np.flatnonzero(seen & (self.t >= self.start))
            t = self.t[begun[0]] if begun.size else math.nan
        elif moment == "turn":
            t = self.turn
        else:
            extreme = _ranked(sorted(values[seen].tolist()), 0.95 if moment == "max" else 0.05)
            t = self._when(values, extreme)
        near = np.flatnonzero(seen & (np.abs(self.t - t) <= NEAR_S))
        if not near.size:
            return Reading(math.nan, self.turn, ())
        return Reading(median(values[near].tolist()), median(self.t[near].tolist()), near.tolist())

    def _when(self, values: Array, value: float) -> float:
        """The time at which a measure was nearest to a value."""
        return float(self.t[int(np.nanargmin(np.abs(values - value)))])


class Reading(NamedTuple):
    """What a measure was at a moment: its value, seconds, and the indices of the instants it is the median of.

    A range is told of when the measure was furthest from where it began, a median of when it was like that.
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
    """The side on which a measure is seen best over a stretch."""
    return measure.sides()[int(np.argmax(measure.scores(stretch.body).mean(-1)))]


@dataclass(frozen=True)
class _Reading:
    """What a rule measures on one side: value, standard error, when, and the keypoints' median score."""

    value: float
    sigma: float
    t: float
    score: float


def _readings(rule: Rule, stretch: Stretch, neutral: Stretch | None) -> list[_Reading]:
    """What a rule measures on every side."""
    measure, readings = rule.quantity, []
    scores = measure.scores(stretch.body)
    for i, (side, values) in enumerate(zip(measure.sides(), measure.each(stretch.body), strict=True)):
        value, t, near = stretch.at(rule.at, values)
        if not near:
            readings.append(_Reading(math.nan, math.nan, t, 0.0))
            continue
        sigma = float(measure.sigma(stretch.instant(near[len(near) // 2]), side, stretch.view.sigma))
        if rule.relative and neutral:
            value -= neutral.at("median", measure.compute(neutral.body, side)).value
        if rule.relative or rule.at == "range":
            sigma *= math.sqrt(2)
        readings.append(_Reading(value, sigma, t, median(scores[i, near].tolist())))
    return readings


def judge(rule: Rule, stretch: Stretch, neutral: Stretch | None, symmetric: bool = False) -> Fault:
    """The verdict of one rule on one stretch.

    Args:
        rule: what is held to what.
        stretch: the repetition or hold.
        neutral: the person before the first repetition, for rules relative to it.
        symmetric: whether both sides do the same, so that they are two measurements of one quantity: then what
            they disagree by is part of the error. Else the side that is seen best speaks alone.

    """
    measure, view = rule.quantity, stretch.view
    sides = measure.sides()
    chosen = sides.index(best_side(measure, stretch))
    verdict = Fault(
        name=rule.name,
        title=rule.title,
        state="not_observable",
        value=math.nan,
        sigma=math.nan,
        unit=measure.unit,
        limit=rule.limit,
        ok=rule.ok,
        probability=math.nan,
        t=stretch.turn,
        view=view.name,
        cue=rule.cue,
        why=rule.why,
        source=rule.source,
        evidence=rule.evidence,
        keypoints=measure.keypoints(sides[chosen]),
    )
    if not observable(view, measure.plane):
        return replace(verdict, reason=turn_advice(measure.plane).text)
    readings = _readings(rule, stretch, neutral)
    best = readings[chosen]
    if best.score < SEEN:
        return replace(verdict, reason="The part of the body it is about was not seen clearly enough.")
    if rule.relative and neutral is None:
        return replace(verdict, reason="Hold still for a moment before you start, so that there is a neutral.")
    value, sigma = best.value, best.sigma
    for other in readings if symmetric else ():
        if other is not best and other.score >= DIMLY and math.isfinite(other.value):
            a, b = (score**2 / (best.score**2 + other.score**2) for score in (best.score, other.score))
            value = a * best.value + b * other.value
            sigma = math.hypot(a * best.sigma, b * other.sigma, math.sqrt(a * b) * (best.value - other.value))
    if not (math.isfinite(value) and math.isfinite(sigma)):
        return replace(verdict, t=best.t, reason="It could not be measured in this picture.")
    probability, state, reason = _broken(rule, value, sigma), verdict.state, ""
    if sigma > TOO_UNSURE * abs(rule.limit - rule.ok):
        reason = "From here it cannot be measured exactly enough."
    else:
        state = "fault" if probability > SURE else "ok" if probability < 1 - SURE else "unsure"
    return replace(verdict, t=best.t, value=value, sigma=sigma, probability=probability, state=state, reason=reason)


def _broken(rule: Rule, value: float, sigma: float) -> float:
    beyond = (value - rule.limit) if rule.above else (rule.limit - value)
    return 0.5 * (1 + math.erf(beyond / (max(sigma, 1e-9) * math.sqrt(2))))


def violated(condition: Condition, stretch: Stretch) -> bool:
    """Whether a stretch clearly breaks a condition; what was not seen breaks none."""
    measure = condition.quantity
    if not observable(stretch.view, measure.plane):
        return False
    scores = measure.scores(stretch.body)
    side = int(np.argmax(scores.mean(-1)))
    values = np.where(scores[side] >= DIMLY, measure.each(stretch.body)[side], np.nan)
    value = stretch.at(condition.at, values).value
    if math.isnan(value):
        return False
    return (condition.min is not None and value < condition.min) or (
        condition.max is not None and value > condition.max
    )


def sway(stretch: Stretch, keypoint: str) -> float:
    """How far, in torso lengths, a keypoint moves sideways over a stretch; 0 when it is hardly seen."""
    seen = stretch.body.pose.score_at(keypoint) >= DIMLY
    x = sorted(stretch.body.at(keypoint)[seen, 0].tolist())
    if len(x) < 4:
        return 0.0
    return float((_ranked(x, 0.95) - _ranked(x, 0.05)) / stretch.body.scale[0])
