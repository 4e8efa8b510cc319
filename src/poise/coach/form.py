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
from functools import cached_property
from statistics import median
from typing import Literal, NamedTuple

import numpy as np

from poise.body import Array, Keypoints, Pose, PoseSequence
from poise.coach.events import Fault, State, View
from poise.coach.exercise import Condition, Moment, Part, Rule
from poise.coach.measures import KEYPOINT_SIGMA, Body, Measure, find_measure
from poise.coach.view import YAW_SIGMA, beyond, observable, off_plane, turn_advice, view_name

#: Probability above which a limit counts as broken, and below whose complement as kept.
SURE = 0.8
#: The least score every needed keypoint must have.
SEEN = 0.6
#: The least score for a keypoint to take part in a condition, or to be the second of two sides.
DIMLY = 0.1
#: The most a rule's standard error may be, as a share of the distance from ok to limit.
TOO_UNSURE = 1.0
#: Half the width of the neighbourhood whose median stands for a moment, seconds, and that a speed is taken over.
NEAR_S = 0.08
#: How long an error of an estimator lasts, seconds (as long as simulated ones; what lasts longer is the same in the
#: neutral and in what is held against it).
LASTING_S = 0.5
#: How strictly limits are taken: by how many standard errors they are moved away from ok (AIFit's one parameter).
Strictness = Literal["beginner", "standard", "strict"]
STRICTNESS: dict[Strictness, float] = {"beginner": 1.0, "standard": 0.0, "strict": -0.5}
#: Standard deviations from the usual beyond which a captured neutral is no good form.
UNUSUAL = 2.0
#: Standard errors of a time in seconds and of a lag as a share of the repetition, where pictures are no further
#: apart; and of a speed, a second, as a multiple of the measure's own (only its quick part counts). Ours.
TIME_SIGMA, LAG_SIGMA, SPEED_SIGMA = 0.04, 0.03, 2.0
#: How far off its plane a condition may be read, degrees: it asks for much or little, not for a number. Ours.
ROUGHLY = 50.0
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
            t = self.t[begun[0]] if begun.size else math.nan
        elif moment == "turn":
            t = self.turn
        else:
            extreme = _ranked(sorted(values[seen].tolist()), 0.95 if moment == "max" else 0.05)
            t = self._when(values, extreme)
        return self._near(values, t)

    def _near(self, values: Array, t: float) -> Reading:
        """The median of what was seen close to a time."""
        near = np.flatnonzero(np.isfinite(values) & (np.abs(self.t - t) <= NEAR_S))
        if not near.size:
            return Reading(math.nan, self.turn, ())
        return Reading(median(values[near].tolist()), median(self.t[near].tolist()), near.tolist())

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
    """The side on which a measure is taken over a stretch: the one that works, else the one seen best."""
    if not measure.sided:
        return ""
    if stretch.side:
        return stretch.side
    return measure.sides()[int(stretch.scores(measure).mean(-1).argmax())]


@dataclass(frozen=True)
class _Reading:
    """What a rule measures on one side: value, standard error, when, and the keypoints' median score."""

    value: float
    sigma: float
    t: float
    score: float


def _readings(rule: Rule, whole: Stretch, neutral: Stretch | None) -> list[_Reading]:
    """What a rule measures on every side."""
    measure, stretch, readings = rule.quantity, whole.part(rule.phase), []
    if not len(stretch.t):
        return [_Reading(math.nan, math.nan, whole.turn, 0.0) for _ in measure.sides()]
    scores = stretch.scores(measure)
    taken = [_taken(rule, stretch, values) for values in stretch.values(measure)]
    sigmas = _sigmas(rule, stretch, [near[len(near) // 2] if near else 0 for _, _, near in taken])
    for i, (side, (value, t, near), sigma) in enumerate(zip(measure.sides(), taken, sigmas, strict=True)):
        if not near:
            readings.append(_Reading(math.nan, math.nan, t, 0.0))
            continue
        if rule.relative:
            own, error = neutral_of(rule, neutral, side, sigma)
            value, sigma = value - own, math.hypot(sigma, error)
        readings.append(_Reading(value, sigma, t, median(scores[i, near].tolist())))
    return readings


def _taken(rule: Rule, stretch: Stretch, values: Array) -> Reading:
    """What a rule takes of the values of its measure over its phase."""
    if rule.at == "seconds":
        return stretch.crossing(values)
    if rule.against is None:
        return stretch.at(rule.at, values)
    against = find_measure(rule.against)
    other = against.value(stretch.body)
    if rule.at == "lag":
        return stretch.lag(values, other)
    turn = int(np.argmin(np.abs(stretch.t - stretch.turn)))
    error = float(against.sigma(stretch.instant(turn), best_side(against, stretch), stretch.view.sigma))
    return stretch.gain(values, other, 2 * error if math.isfinite(error) else 0.0)


def _sigmas(rule: Rule, stretch: Stretch, at: Sequence[int]) -> list[float]:
    """The standard errors of what a rule takes, before any neutral, on every side: at one instant for each."""
    if rule.at == "seconds":
        return [max(TIME_SIGMA, _step(stretch))] * len(at)
    if rule.at == "lag":
        return [max(LAG_SIGMA, _step(stretch) / (stretch.end - stretch.start))] * len(at)
    measure = rule.quantity
    errors = measure.sigma(stretch.each_at(at), "left" if measure.sided else "", stretch.view.sigma)
    more = {"range": math.sqrt(2), "gain": math.sqrt(2), "speed": SPEED_SIGMA}.get(rule.at, 1.0)
    return [error * more for error in errors.tolist()]


def _step(stretch: Stretch) -> float:
    """The usual time between pictures, seconds."""
    return median(np.diff(stretch.t).tolist()) if len(stretch.t) > 1 else 0.0


def error_model(rule: Rule) -> str:
    """How the standard error of a rule comes about, in words."""
    if rule.at == "seconds":
        return f"{TIME_SIGMA:g} s, or the time between pictures if that is more"
    if rule.at == "lag":
        return f"{LAG_SIGMA:g} of the repetition, or the time between pictures if that is more"
    words = f"{100 * KEYPOINT_SIGMA:g} % of the torso at each keypoint"
    if rule.quantity.plane != "any":
        words += f" and {YAW_SIGMA:g} degrees of the view, and what perspective adds askew"
    words += ", carried through"
    if rule.quantity.squeeze < 1:
        words += f"; what is seen may be {100 - 100 * rule.quantity.squeeze:.0f} % short"
    if rule.at in ("range", "gain", "speed"):
        words += "; twice, as it is a difference" if rule.at != "speed" else "; twice a second"
    if rule.relative:
        words += "; and that of the neutral"
    return words


def neutral_of(rule: Rule, neutral: Stretch | None, side: str, sigma: float = 0.0) -> tuple[float, float]:
    """What a relative rule is taken against, and its standard error: the person's own neutral, or the usual one.

    ``sigma`` is the standard error of one reading, of which a neutral has one every `LASTING_S`; NaN where there is
    no neutral at all.
    """
    measure, own = rule.quantity, math.nan
    if neutral:
        own = neutral.at("median", measure.compute(neutral.body, side)).value
        sigma /= math.sqrt(max(1.0, (neutral.t[-1] - neutral.t[0]) / LASTING_S))
    if rule.usual is None:
        return own, sigma
    usual, spread = rule.usual
    return (own, sigma) if abs(own - usual) <= UNUSUAL * spread else (usual, spread)


def judge(
    rule: Rule,
    stretch: Stretch,
    neutral: Stretch | None,
    symmetric: bool = False,
    strictness: Strictness = "standard",
) -> Fault:
    """The verdict of one rule on one stretch.

    Args:
        rule: what is held to what.
        stretch: the repetition or hold.
        neutral: the person before the first repetition, for rules relative to it.
        symmetric: whether both sides do the same, so that they are two measurements of one quantity: then what
            they disagree by is part of the error. Else the side that works, or is seen best, speaks alone.
        strictness: how strictly the limit is taken.

    """
    measure, view = rule.quantity, stretch.view
    side = best_side(measure, stretch)

    def verdict(
        state: State,
        reason: str = "",
        t: float = stretch.turn,
        value: float = math.nan,
        sigma: float = math.nan,
        probability: float = math.nan,
    ) -> Fault:
        return Fault(
            name=rule.name,
            title=rule.title,
            state=state,
            value=value,
            sigma=sigma,
            unit=rule.unit,
            limit=rule.limit,
            ok=rule.ok,
            probability=probability,
            t=t,
            view=view.name,
            cue=rule.cue,
            why=rule.why,
            source=rule.source,
            evidence=rule.evidence,
            keypoints=measure.keypoints(side),
            reason=reason,
        )

    if not observable(view, measure.plane, measure.gate) or rule.hidden(view.yaw):
        return verdict("not_observable", turn_advice(measure.plane).text)
    readings = _readings(rule, stretch, neutral)
    best = readings[measure.sides().index(side)]
    if best.score < SEEN:
        return verdict("not_observable", "The part of the body it is about was not seen clearly enough.")
    if rule.relative and neutral is None and rule.usual is None:
        return verdict("not_observable", "Hold still for a moment before you start, so that there is a neutral.")
    value, sigma = best.value, best.sigma
    for other in readings if symmetric and not stretch.side else ():
        if other is not best and other.score >= DIMLY and math.isfinite(other.value):
            a, b = (score**2 / (best.score**2 + other.score**2) for score in (best.score, other.score))
            value = a * best.value + b * other.value
            sigma = math.hypot(a * best.sigma, b * other.sigma, math.sqrt(a * b) * (best.value - other.value))
    if not (math.isfinite(value) and math.isfinite(sigma)):
        return verdict("not_observable", "It could not be measured in this picture.", best.t)
    probability = _broken(rule, value, sigma, STRICTNESS[strictness])
    if sigma > TOO_UNSURE * abs(rule.limit - rule.ok):
        reason = "From here it cannot be measured exactly enough."
        return verdict("not_observable", reason, best.t, value, sigma, probability)
    state: State = "fault" if probability > SURE else "ok" if probability < 1 - SURE else "unsure"
    return verdict(state, "", best.t, value, sigma, probability)


def _broken(rule: Rule, value: float, sigma: float, lenience: float) -> float:
    """The probability that a limit, moved away from ok by ``lenience`` standard errors, is broken."""
    beyond = (value - rule.limit) if rule.above else (rule.limit - value)
    return 0.5 * (1 + math.erf((beyond / max(sigma, 1e-9) - lenience) / math.sqrt(2)))


def violated(condition: Condition, stretch: Stretch) -> bool:
    """Whether a stretch clearly breaks a condition; what was not seen breaks none.

    It asks for less than a rule, so it is read from further off its plane.
    """
    measure = condition.quantity
    if not off_plane(stretch.view.yaw, measure.plane) <= ROUGHLY:
        return False
    scores = stretch.scores(measure)
    side = int(np.argmax(scores.mean(-1)))
    values = np.where(scores[side] >= DIMLY, stretch.values(measure)[side], np.nan)
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
