"""How somebody got into what they hold, which three seconds of it do not show.

Who sits on a chair looks like who sits against a wall. What differs is the way there: along a wall the trunk stays
upright; onto a chair it leans, so that the feet bear the body until the chair does.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from poise.coach.exercise import Exercise, load_exercise
from poise.coach.recognise import REST, UNKNOWN, Recognised
from poise.coach.stretch import DIMLY, Judged, Stretch
from poise.coach.workout import Announcer

#: For how many seconds the way in is remembered, and how far apart the poses kept of it are at least; ours.
MEMORY_S, STEP_S = 120.0, 0.1
#: Shares of the signal's way to its turn up to which nobody has set out, and from which they are there; ours.
OUT, IN = 0.25, 0.75


class Doubting:
    """Says what an announcer says, but rest for a hold whose ``entry`` (`Exercise`) was not seen."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer
        self._past: deque[Judged] = deque()
        self._asked = ("", math.nan)
        self._believed = True

    def update(self, judged: Judged) -> Recognised:
        """What is being done as of this pose."""
        t = judged.pose.t
        if judged.pose.seen and not (self._past and t - self._past[-1].pose.t < STEP_S):
            self._past.append(judged)
            while self._past[0].pose.t < t - MEMORY_S:
                self._past.popleft()
        return self._believable(self._announcer.update(judged))

    def finish(self) -> Recognised:
        """What was being done last."""
        return self._believable(self._announcer.finish())

    def _believable(self, said: Recognised) -> Recognised:
        if self._asked != (said.name, said.since):
            self._asked = said.name, said.since
            self._believed = said.name in (REST, UNKNOWN) or entered(load_exercise(said.name), self._past)
        return said if self._believed else Recognised(REST, said.probability, said.since)


def entered(exercise: Exercise, past: deque[Judged]) -> bool:
    """Whether somebody got into a hold as its ``entry`` asks; true of exercises that ask for nothing."""
    entry = exercise.entry
    if entry is None or not past:
        return entry is None
    stretch = Stretch.of(past, past[-1].pose.t)
    signal = exercise.signal
    kept, values = (stretch.values(one.quantity)[0] for one in (entry, signal))
    seen = (stretch.scores(signal.quantity)[0] >= DIMLY) & np.isfinite(kept)
    values = np.where(seen, values, np.nan)
    share = (values - signal.rest) / (signal.turn - signal.rest)
    out = np.flatnonzero(share <= OUT)
    there = np.flatnonzero(share >= IN)
    there = there[there > out[-1]] if out.size else there[:0]
    if not there.size:
        return False
    way = stretch.between(stretch.t[out[-1]], stretch.t[there[0]])
    least = way.at("min", way.values(entry.quantity)[0]).value
    return bool(least >= entry.keeps * min(np.median(kept[out]), np.median(kept[there])))
