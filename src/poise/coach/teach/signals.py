"""Which quantity a shown movement is best counted by.

Every measure of the catalogue is a candidate, both ends of it may be rest, and of two sides the mean or whichever
has gone further may count. Each is put to the machine that will count with it (`poise.coach.reps.CycleFinder`). Its
worth is the product of what counting needs, each from 0 to 1 and ours:

* *steady*: there and back without turning on the way, the way made good over the way gone;
* *even*: every repetition as large as the others (1 less the spread of their ranges over their median);
* *sure*: the range against the standard error r of the measure at each end, r / (r + `HALF_SURE`);
* *seen*: how surely its keypoints are seen;
* *free*: heights are seen alike from every level camera; what needs a view counts `BOUND`, from the wrong view 0;
* *its own*: what the arms do may be chance where the trunk moves too, and counts `ARMS`; and the more joints lie
  between the two keypoints of a height, the more else can change it: each counts `JOINT`.

How many repetitions were shown is what most of that worth agrees on, with the class-agnostic counter as one voice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Literal

import numpy as np

from poise.body import Array
from poise.coach.exercise import Signal
from poise.coach.measures import MEASURES, Measure
from poise.coach.reps import BACK, Cycle, CycleFinder
from poise.coach.teach.shown import Shown
from poise.coach.view import observable

Side = Literal["mean", "any"]

#: The range over standard error at which a signal is half sure. Ours.
HALF_SURE = 8.0
#: What a signal counts that needs its view, and has it. Ours.
BOUND = 0.5
#: The least range, in standard errors, of a signal at all. Ours.
LEAST_SURE = 4.0
#: The least share of rest-to-turn of a cycle that is looked at, and of one that is a repetition.
LEAST, FULL = 0.2, 0.4
#: What the class-agnostic counter's opinion weighs against the worth of the signals. Ours.
VOICE = 1.0
#: What a signal of the arms counts: in most exercises of trunk and legs they are free to do something else. Ours.
ARMS = 0.85
#: What every joint between the two ends of a signal counts, and the joints in their order. Ours.
JOINT = 0.95
_CHAIN = ("wrist", "elbow", "shoulder", "hip", "knee", "ankle", "heel", "foot_index")
#: Seconds at the start of a film in which the body is where it begins.
BEGIN_S = 0.3

_SIDES: tuple[Side, ...] = ("mean", "any")


@dataclass(frozen=True)
class Candidate:
    """A signal, how many repetitions it counts in every film, and its worth, 0 to 1."""

    signal: Signal
    counts: tuple[int, ...]
    worth: float


def candidates(films: Sequence[Shown]) -> list[Candidate]:
    """Every signal that counts at least one repetition in every film, the worthiest first.

    Of the two ends of a signal the one from which more repetitions are counted is rest; else the one it begins at.
    """
    found = []
    for measure in MEASURES.values():
        for side in _SIDES if measure.sided else _SIDES[:1]:
            both = [_candidate(films, measure, side, upwards) for upwards in (True, False)]
            known = [one for one in both if one]
            if known:
                found.append(max(known, key=lambda one: (sum(one.counts), _begins(films[0], one.signal))))
    return sorted(found, key=lambda one: -one.worth)


def agreed(found: Sequence[Candidate], films: Sequence[Shown]) -> tuple[int, ...]:
    """How many repetitions each film shows, as the signals and the class-agnostic counter agree."""
    out = []
    for i, film in enumerate(films):
        votes: dict[int, float] = defaultdict(float)
        votes[len(film.alike)] += VOICE
        for one in found:
            votes[one.counts[i]] += one.worth**2
        out.append(max(votes, key=lambda n: (n > 1, votes[n], n)))
    return tuple(out)


def _begins(film: Shown, signal: Signal) -> bool:
    """Whether a film begins nearer to the rest of a signal than to its turn."""
    first = signal.quantity.value(film.body)[film.t <= film.t[0] + BEGIN_S]
    first = first[np.isfinite(first)]
    return bool(np.median(np.abs(first - signal.rest) - np.abs(first - signal.turn)) <= 0) if len(first) else True


def _candidate(films: Sequence[Shown], measure: Measure, side: Side, upwards: bool) -> Candidate | None:
    courses = [_course(film, measure, side, upwards) for film in films]
    if any(np.isfinite(course).mean() < 0.5 for course in courses):
        return None
    ends = [np.nanpercentile(course, (5, 95)) for course in courses]
    low, high = (float(np.median([end[i] for end in ends])) for i in (0, 1))
    rest, turn = (low, high) if upwards else (high, low)
    counts, worths, rests, turns = [], [], [], []
    for film, course in zip(films, courses, strict=True):
        cycles = _cycles(film.t, (course - rest) / (turn - rest)) if rest != turn else []
        if not cycles:
            return None
        for cycle in cycles:
            rests.append(float(np.interp(cycle.start, film.t, course)))
            turns.append(float(np.interp(cycle.turn, film.t, course)))
        counts.append(len(cycles))
        worths.append(_worth(film, measure, course, cycles, abs(turn - rest)))
    rest, turn = (round(median(values), 2) for values in (rests, turns))
    if not min(worths) or rest == turn:
        return None
    return Candidate(Signal(measure=measure.name, rest=rest, turn=turn, side=side), tuple(counts), min(worths))


def _course(film: Shown, measure: Measure, side: Side, upwards: bool) -> Array:
    """A measure over a film as `poise.coach.counting.Progress` takes it, ``(T,)``."""
    if side == "mean":
        return measure.value(film.body)
    scores = measure.scores(film.body)
    each = np.where(scores >= 0.5 * scores.max(0), measure.each(film.body), np.nan)
    return np.asarray(np.fmax(*each) if upwards else np.fmin(*each))


def _cycles(t: Array, progress: Array) -> list[Cycle]:
    finder = CycleFinder(LEAST)
    told = [finder.update(float(at), float(value)) for at, value in zip(t, progress, strict=True)]
    return [c for c in (*told, finder.finish()) if c and c.returned >= BACK and c.range >= FULL]


def _worth(film: Shown, measure: Measure, course: Array, cycles: Sequence[Cycle], span: float) -> float:
    view = film.stretch.view
    if not observable(view, measure.plane):
        return 0.0
    ranges = [cycle.range * span for cycle in cycles]
    middle = median(ranges)
    sides = measure.sides()
    score = measure.scores(film.body).mean(-1)
    best = int(np.argmax(score))
    ends = [int(np.searchsorted(film.t, at)) for at in (cycles[0].start, cycles[0].turn)]
    sigma = max(
        float(measure.sigma(film.stretch.instant(min(i, len(film.t) - 1)), sides[best], view.sigma)) for i in ends
    )
    if not middle >= LEAST_SURE * sigma:
        return 0.0
    steady = fmean(_steady(film.t, course, cycle, span) for cycle in cycles)
    even = max(0.0, 1.0 - fmean(abs(one - middle) for one in ranges) / middle)
    sure = middle / (middle + HALF_SURE * sigma)
    free = 1.0 if measure.plane == "any" else BOUND
    return steady * even * sure * float(score[best]) * free * _own(measure)


def joints(measure: Measure) -> tuple[str, ...]:
    """The joints from one end of what a measure needs to the other, both included."""
    ends = ["shoulder" if name in ("nose", "mid_ear") else name for name in measure.needs]
    at = [i for i, joint in enumerate(_CHAIN) for name in ends if name.endswith(joint)]
    return _CHAIN[min(at) : max(at) + 1]


def _own(measure: Measure) -> float:
    """How far a measure is of one thing alone: less for arms, and for every joint between what it needs."""
    spanned = joints(measure)
    between = len(spanned) - 2 + ("nose" in measure.needs)
    return JOINT**between * (ARMS if spanned[0] in ("wrist", "elbow") else 1.0)


def _steady(t: Array, course: Array, cycle: Cycle, span: float) -> float:
    part = course[(t >= cycle.start) & (t <= cycle.end)]
    part = part[np.isfinite(part)]
    gone = float(np.abs(np.diff(part)).sum())
    return min(1.0, (cycle.towards + cycle.back) * span / gone) if gone else 0.0
