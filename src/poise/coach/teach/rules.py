"""Rules learnt from good and bad examples: the measure that tells them apart, and the limit halfway between.

Every measure at every moment that a rule may take is measured by the judge itself (`poise.coach.form`), in every
repetition of either kind. One is a rule when the worst good and the least bad repetition are apart by at least
`APART` standard errors: then, with the limit halfway, the judge says *fine* to every good and *fault* to every bad
one (p = Φ(1) = 0.84 is more than the 0.8 it asks for). Of several the clearest is taken. Few examples and many
measures: so each repetition is left out in turn and told by what the others teach, and the rule's source says how
often that was right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poise.body import Array
from poise.coach.exercise import Exercise, Moment, Part, Rule
from poise.coach.measures import MEASURES
from poise.coach.teach.draft import counted
from poise.coach.teach.shown import Shown
from poise.errors import InputError

#: When measures are taken, and how far apart good and bad must be, in standard errors.
MOMENTS: tuple[Moment, ...] = ("start", "turn", "max", "min", "range")
APART = 2.0
#: The fewest repetitions of either kind, and the least share of the bad ones in which a measure must be seen.
FEWEST, SEEN = 2, 0.8

_DIGITS = {"deg": 1, "torso": 3, "ratio": 3}


def learned(exercise: Exercise, title: str, good: Sequence[Shown], bad: Sequence[Shown]) -> Rule:
    """The rule that tells bad repetitions of an exercise from good ones.

    Raises:
        InputError: when there are too few of either, or nothing tells them apart.

    """
    tries = exercise.model_copy(update={"fault": _tries(exercise)})
    values: list[list[float]] = []
    sigmas: list[list[float]] = []
    kinds: list[tuple[bool, bool]] = []
    for films, faulty in ((good, False), (bad, True)):
        for film in films:
            for rep in counted(tries, film):
                if rep.faults:
                    values.append([fault.value for fault in rep.faults])
                    sigmas.append([fault.sigma for fault in rep.faults])
                    kinds.append((faulty, rep.kind != "full"))
    is_bad = np.array([faulty for faulty, _ in kinds], dtype=np.bool_)
    for which, n in (("good", int((~is_bad).sum())), ("bad", int(is_bad.sum()))):
        if n < FEWEST:
            raise InputError(
                f"{n} {which} repetitions of {exercise.title.lower()} were counted for {title!r}.",
                f"Show at least {FEWEST}, better three to five.",
            )
    times = np.array([rule.at == "seconds" for rule in tries.fault])
    seen = _Examples(np.array(values), np.array(sigmas), is_bad, times)
    best = seen.clearest()
    if best is None:
        raise InputError(
            f"Nothing that poise measures tells the bad repetitions of {title!r} from the good ones.",
            f"They must differ by {APART:g} times the error of the measure: exaggerate the fault, or show it from "
            "another side, good and bad alike.",
        )
    known = np.flatnonzero(np.isfinite(seen.values[:, best.index])).tolist()
    right = sum(seen.without(i).tells(seen.values[i], bool(is_bad[i])) for i in known)
    return _rule(tries.fault[best.index], title, best, seen, (right, len(known)), any(short for _, short in kinds))


@dataclass(frozen=True)
class _Edge:
    """A candidate's place among the tries, and the values that good and bad come closest with."""

    index: int
    good: float
    bad: float

    @property
    def limit(self) -> float:
        return (self.good + self.bad) / 2


@dataclass(frozen=True, eq=False)
class _Examples:
    """What every candidate measured in every repetition: values and errors ``(N, C)``, which repetitions are bad
    ``(N,)``, which candidates are times ``(C,)``.
    """

    values: Array
    sigmas: Array
    bad: NDArray[np.bool_]
    times: NDArray[np.bool_]

    def clearest(self) -> _Edge | None:
        """The candidate by which good and bad are furthest apart against its error; None when none is enough.

        Postures come before times: who shows a fault also shows it slowly.
        """
        return next((edge for part in (~self.times, self.times) if (edge := self._clearest(part))), None)

    def _clearest(self, part: NDArray[np.bool_]) -> _Edge | None:
        best, clear = None, APART
        for i in np.flatnonzero(part).tolist():
            good, bad = self.values[~self.bad, i], self.values[self.bad, i]
            good, known = good[np.isfinite(good)], bad[np.isfinite(bad)]
            if not len(good) or not len(known) or len(known) < SEEN * len(bad):
                continue
            above = np.median(known) > np.median(good)
            edge = _Edge(i, *map(float, (good.max(), known.min()) if above else (good.min(), known.max())))
            gap = (edge.bad - edge.good) if above else (edge.good - edge.bad)
            sigma = float(np.nanmedian(self.sigmas[:, i]))
            if gap >= clear * sigma > 0:
                best, clear = edge, gap / sigma
        return best

    def without(self, i: int) -> _Examples:
        """All but one repetition."""
        values, sigmas = (np.delete(part, i, axis=0) for part in (self.values, self.sigmas))
        return _Examples(values, sigmas, np.delete(self.bad, i), self.times)

    def tells(self, values: Array, bad: bool) -> bool:
        """Whether what these teach tells rightly if another repetition is bad."""
        edge = self.clearest()
        if edge is None or not np.isfinite(values[edge.index]):
            return False
        return bool((values[edge.index] > edge.limit) == (edge.bad > edge.good)) == bad


def _tries(exercise: Exercise) -> tuple[Rule, ...]:
    """Every rule there might be, with limits that nobody breaks."""
    taken: list[tuple[str, Moment, Part]] = [(name, at, "whole") for name in MEASURES for at in MOMENTS]
    taken += [(exercise.signal.measure, "seconds", "lowering"), (exercise.signal.measure, "seconds", "lifting")]
    return tuple(
        Rule(
            name=f"try_{i}",
            title="try",
            measure=measure,
            at=at,
            phase=phase,
            short=True,
            ok=0.0,
            limit=1e9,
            cue=".",
            why=".",
            source=".",
            evidence="own",
        )
        for i, (measure, at, phase) in enumerate(taken)
    )


def _rule(form: Rule, title: str, edge: _Edge, seen: _Examples, told: tuple[int, int], short: bool) -> Rule:
    digits = 2 if form.at == "seconds" else _DIGITS[form.quantity.unit]
    ranges = []
    for word, which in (("good", ~seen.bad), ("bad", seen.bad)):
        values = seen.values[which, edge.index]
        values = values[np.isfinite(values)]
        low, high = (round(float(v), digits) for v in (values.min(), values.max()))
        ranges.append(f"{word} {low:g} to {high:g} {form.unit} (n = {len(values)})")
    ok, limit = round(edge.good, digits), round(edge.limit, digits)
    way = "at most" if edge.bad > edge.good else "at least"
    return form.model_copy(
        update={
            "name": re.sub(r"\W+", "_", title.lower()).strip("_"),
            "title": title[:1].upper() + title[1:].replace("_", " "),
            "ok": ok,
            "limit": limit,
            "short": short,
            "cue": f"Keep it as in your good examples: {form.taken} {way} {ok:g} {form.unit}.",
            "why": "It is what tells your bad examples from your good ones.",
            "source": f"Your own examples: {', '.join(ranges)}; the limit is halfway; with each left out in turn, "
            f"{told[0]} of {told[1]} were told right",
        }
    )
