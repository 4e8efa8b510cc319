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

import numpy as np
from numpy.typing import NDArray

from poise.body import Array, Pose, PoseSequence
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
    """A stretch of the judgement track, such as one repetition: its body, times, view and turn."""

    t: Array
    body: Body
    view: View
    turn: float

    @classmethod
    def of(cls, judged: Sequence[Judged], turn: float) -> Stretch:
        """Gather judged poses (at least one) into a stretch; the view is the median over it."""
        poses = PoseSequence.of(j.pose for j in judged)
        yaws = np.array([j.view.yaw for j in judged])
        yaw = float(np.median(yaws[np.isfinite(yaws)])) if np.isfinite(yaws).any() else math.nan
        facing = int(np.sign(sum(j.view.facing for j in judged)))
        view = View(view_name(yaw), yaw, judged[-1].view.sigma, facing)
        scales = [j.scale for j in judged if math.isfinite(j.scale)]
        scale = float(np.median(scales)) if scales else math.nan
        shape = poses.t.shape
        body = Body(poses, np.full(shape, scale), np.full(shape, yaw), np.full(shape, facing or 1))
        return cls(poses.t, body, view, turn)

    def part(self, indices: NDArray[np.intp]) -> Body:
        """The body at some of its instants."""
        body, pose = self.body, self.body.pose
        assert isinstance(pose, PoseSequence)
        part = replace(pose, t=pose.t[indices], points=pose.points[indices], score=pose.score[indices], world=None)
        return Body(part, body.scale[indices], body.yaw[indices], body.facing[indices])

    def neighbours(self, moment: Moment, values: Array) -> NDArray[np.intp]:
        """The indices whose values stand for a moment; none when nothing was seen then."""
        seen = np.isfinite(values)
        if not seen.any():
            return np.zeros(0, dtype=np.intp)
        if moment in ("range", "median"):
            return np.flatnonzero(seen)
        if moment == "start":
            t = self.t[seen][0]
        elif moment == "turn":
            t = self.turn
        else:
            extreme = np.nanpercentile(values, 95 if moment == "max" else 5)
            t = self.t[int(np.nanargmin(np.abs(values - extreme)))]
        return np.flatnonzero(seen & (np.abs(self.t - t) <= NEAR_S))

    def at(self, moment: Moment, values: Array) -> tuple[float, float]:
        """The value that stands for a moment, and its time in seconds; NaN when nothing was seen then."""
        near = self.neighbours(moment, values)
        if not near.size:
            return math.nan, self.turn
        if moment == "range":
            high, low = np.percentile(values[near], (95, 5))
            return float(high - low), float(self.t[near[int(np.argmax(values[near]))]])
        return float(np.median(values[near])), float(np.median(self.t[near]))


def best_side(measure: Measure, stretch: Stretch) -> str:
    """The side on which a measure is seen best over a stretch."""
    return max(measure.sides(), key=lambda side: float(np.median(measure.score(stretch.body, side))))


@dataclass(frozen=True)
class _Reading:
    """What a rule measures on one side: value, standard error, when, and the keypoints' median score."""

    value: float
    sigma: float
    t: float
    score: float


def _read(rule: Rule, stretch: Stretch, neutral: Stretch | None, side: str) -> _Reading:
    measure = rule.quantity
    values = measure.compute(stretch.body, side)
    value, t = stretch.at(rule.at, values)
    near = stretch.neighbours(rule.at, values)
    if not near.size:
        return _Reading(math.nan, math.nan, t, 0.0)
    sigma = float(np.median(measure.sigma(stretch.part(near), side, stretch.view.sigma)))
    if rule.relative and neutral:
        value -= neutral.at("median", measure.compute(neutral.body, side))[0]
    if rule.relative or rule.at == "range":
        sigma *= math.sqrt(2)
    return _Reading(value, sigma, t, float(np.median(measure.score(stretch.body, side)[near])))


def judge(rule: Rule, stretch: Stretch, neutral: Stretch | None, symmetric: bool = False) -> Fault:
    """The verdict of one rule on one stretch.

    Args:
        rule: what is held to what.
        stretch: the repetition or hold.
        neutral: the person before the first repetition, for rules relative to it.
        symmetric: whether both sides do the same, so that they are two measurements of one quantity: then what
            they disagree by is part of the error. Else the side that is seen best speaks alone.

    """
    measure = rule.quantity
    side = best_side(measure, stretch)
    best = _read(rule, stretch, neutral, side)
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
        t=best.t,
        view=stretch.view.name,
        cue=rule.cue,
        why=rule.why,
        source=rule.source,
        evidence=rule.evidence,
        keypoints=measure.keypoints(side),
    )
    if not observable(stretch.view.yaw, measure.plane):
        return replace(verdict, reason=turn_advice(measure.plane).text)
    if best.score < SEEN:
        return replace(verdict, reason="The part of the body it is about was not seen clearly enough.")
    if rule.relative and neutral is None:
        return replace(verdict, reason="Hold still for a moment before you start, so that there is a neutral.")
    value, sigma = best.value, best.sigma
    for other in measure.sides() if symmetric else ():
        reading = _read(rule, stretch, neutral, other)
        if other != side and reading.score >= DIMLY and math.isfinite(reading.value):
            a, b = (score**2 / (best.score**2 + reading.score**2) for score in (best.score, reading.score))
            value = a * best.value + b * reading.value
            sigma = math.hypot(a * best.sigma, b * reading.sigma, math.sqrt(a * b) * (best.value - reading.value))
    if not (math.isfinite(value) and math.isfinite(sigma)):
        return replace(verdict, reason="It could not be measured in this picture.")
    measured = replace(verdict, value=value, sigma=sigma, probability=_broken(rule, value, sigma))
    if sigma > TOO_UNSURE * abs(rule.limit - rule.ok):
        return replace(measured, reason="From here it cannot be measured exactly enough.")
    if measured.probability > SURE:
        return replace(measured, state="fault")
    return replace(measured, state="ok" if measured.probability < 1 - SURE else "unsure")


def _broken(rule: Rule, value: float, sigma: float) -> float:
    beyond = (value - rule.limit) if rule.above else (rule.limit - value)
    return 0.5 * (1 + math.erf(beyond / (max(sigma, 1e-9) * math.sqrt(2))))


def violated(condition: Condition, stretch: Stretch) -> bool:
    """Whether a stretch clearly breaks a condition; what was not seen breaks none."""
    measure = condition.quantity
    if not observable(stretch.view.yaw, measure.plane):
        return False
    side = best_side(measure, stretch)
    values = np.where(measure.score(stretch.body, side) >= DIMLY, measure.compute(stretch.body, side), np.nan)
    value, _ = stretch.at(condition.at, values)
    if math.isnan(value):
        return False
    return (condition.min is not None and value < condition.min) or (
        condition.max is not None and value > condition.max
    )


def sway(stretch: Stretch, keypoint: str) -> float:
    """How far, in torso lengths, a keypoint moves sideways over a stretch; 0 when it is hardly seen."""
    seen = stretch.body.pose.score_at(keypoint) >= DIMLY
    x = np.asarray(stretch.body.at(keypoint))[seen, 0]
    if len(x) < 4:
        return 0.0
    high, low = np.percentile(x, (95, 5))
    return float((high - low) / stretch.body.scale[0])
