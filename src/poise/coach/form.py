"""Holding a repetition or a hold to the rules of its exercise: fault, ok, unsure, or not observable.

Every rule is an independent measurement m with a limit τ. Its standard error σ follows from the geometry
(`measures.sigma`), and the probability that the limit is broken is p = Φ((m - τ) / σ): above `SURE` it is a
fault, below 1 - `SURE` it is fine, between it is unsure. It is not observable when the camera cannot show it:
the view is outside the gate of its plane, a keypoint it needs is unsure, or the error is too large for the limit
and the limit not clearly broken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

import numpy as np

from poise.body import Array
from poise.coach.events import Fault, State
from poise.coach.exercise import Condition, Rule
from poise.coach.measures import KEYPOINT_SIGMA, find_measure
from poise.coach.stretch import DIMLY, Reading, Stretch, best_side
from poise.coach.view import YAW_SIGMA, observable, off_plane, turn_advice
from poise.language import words

#: Probability above which a limit counts as broken, and below whose complement as kept.
SURE = 0.8
#: The least score every needed keypoint must have.
SEEN = 0.6
#: The most a rule's standard error may be, as a share of the distance from ok to limit, and the probability from
#: which a limit is broken all the same (2 standard errors beyond it: errors grow with what is measured), unless the
#: measure assumes how limbs point. Ours.
TOO_UNSURE, BEYOND_DOUBT = 1.0, 0.977
#: How long an error of an estimator lasts, seconds (as long as simulated ones; what lasts longer is the same in the
#: neutral and in what is held against it).
LASTING_S = 0.5
#: Standard errors within which a reading is as good as the extreme beside it. Ours.
AS_MUCH = 1.0
#: How strictly limits are taken: by how many standard errors they are moved away from ok (AIFit's one parameter).
Strictness = Literal["beginner", "standard", "strict"]
STRICTNESS: dict[Strictness, float] = {"beginner": 1.0, "standard": 0.0, "strict": -0.5}
#: Standard deviations from the usual beyond which a captured neutral is no good form.
UNUSUAL = 2.0
#: Standard error of how large the body is taken to be, as a share: limbs differ from those of most people, and what
#: is nearer than the trunk seems larger. Of simulated bodies it is 0.08 to 0.1.
SIZE_SIGMA = 0.08
#: Standard errors of a time in seconds and of a lag as a share of the repetition, where pictures are no further
#: apart; and of a speed, a second, as a multiple of the measure's own (only its quick part counts). Ours.
TIME_SIGMA, LAG_SIGMA, SPEED_SIGMA = 0.04, 0.03, 2.0
#: How far off its plane a condition may be read, degrees: it asks for much or little, not for a number. Ours.
ROUGHLY = 60.0


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
    for i, (side, reading, sigma) in enumerate(zip(measure.sides(), taken, sigmas, strict=True)):
        if not reading.near:
            readings.append(_Reading(math.nan, math.nan, reading.t, 0.0))
            continue
        if (rule.relative or rule.short) and rule.at in ("max", "min"):
            reading = stretch.lasting(stretch.values(measure)[i], reading, AS_MUCH * sigma)
        value, t, near = reading
        if measure.unit == "torso":
            sigma = math.hypot(sigma, SIZE_SIGMA * value)
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
    if rule.quantity.unit == "torso":
        words += f", {100 * SIZE_SIGMA:g} % of how large the body is"
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
        return verdict("not_observable", words("The part of the body it is about was not seen clearly enough."))
    if rule.relative and neutral is None and rule.usual is None:
        return verdict(
            "not_observable", words("Hold still for a moment before you start, so that there is a neutral.")
        )
    value, sigma = best.value, best.sigma
    for other in readings if symmetric and not stretch.side else ():
        if other is not best and other.score >= DIMLY and math.isfinite(other.value):
            a, b = (score**2 / (best.score**2 + other.score**2) for score in (best.score, other.score))
            value = a * best.value + b * other.value
            sigma = math.hypot(a * best.sigma, b * other.sigma, math.sqrt(a * b) * (best.value - other.value))
    if not (math.isfinite(value) and math.isfinite(sigma)):
        return verdict("not_observable", words("It could not be measured in this picture."), best.t)
    probability = _broken(rule, value, sigma, STRICTNESS[strictness])
    clear = probability >= BEYOND_DOUBT and measure.squeeze == 1
    if sigma > TOO_UNSURE * abs(rule.limit - rule.ok) and not clear:
        reason = words("From here it cannot be measured exactly enough.")
        return verdict("not_observable", reason, best.t, value, sigma, probability)
    state: State = "fault" if probability > SURE else "ok" if probability < 1 - SURE else "unsure"
    return verdict(state, "", best.t, value, sigma, probability)


def _broken(rule: Rule, value: float, sigma: float, lenience: float) -> float:
    """The probability that a limit, moved away from ok by ``lenience`` standard errors, is broken."""
    beyond = (value - rule.limit) if rule.above else (rule.limit - value)
    return 0.5 * (1 + math.erf((beyond / max(sigma, 1e-9) - lenience) / math.sqrt(2)))


def violated(condition: Condition, stretch: Stretch) -> bool:
    """Whether a stretch clearly breaks a condition; what was not seen most of the time breaks none.

    It asks for less than a rule, so it is read from further off its plane.
    """
    measure = condition.quantity
    if not off_plane(stretch.view.yaw, measure.plane) <= ROUGHLY:
        return False
    scores = stretch.scores(measure)
    side = int(np.argmax(scores.mean(-1)))
    if np.median(scores[side]) < DIMLY:
        return False
    values = np.where(scores[side] >= DIMLY, stretch.values(measure)[side], np.nan)
    value = stretch.at(condition.at, values).value
    if math.isnan(value):
        return False
    return (condition.min is not None and value < condition.min) or (
        condition.max is not None and value > condition.max
    )
