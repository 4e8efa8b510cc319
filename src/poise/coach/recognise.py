"""Which exercise this is, as it happens.

::

    Judged ─► the last 3 s on a regular grid ─► describe ─► Network ─► HMM ─► Recognised
              every quarter of a second         268 numbers             commit, release

The network was trained on simulated people alone (`poise.learn.recogniser`; ``models/recogniser.md``). It says how
likely each exercise is, or rest, or something it has no name for; a hidden Markov model, in which exercises last,
holds that against what was believed before. Something is said once it has been likely for a while.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from poise.body import Array
from poise.coach.descriptor import FEWEST, KEYPOINTS, RATE, SAMPLES, describe, interpolated
from poise.coach.network import Network
from poise.coach.stretch import Judged

#: What is recognised besides exercises: nothing that is repeated, and repetitions without a name.
REST, UNKNOWN = "rest", "unknown"
#: The model that ships with poise.
MODEL = Path(__file__).parent / "models" / "recogniser.onnx"

#: Seconds from one look to the next.
HOP_S = 0.25
#: How long rest and anything else lasts on average, seconds.
REST_S, EXERCISE_S = 6.0, 20.0
#: Looks share most of their window, so each counts as this share of an independent one.
INDEPENDENT = 0.4
#: What must be likely for how many seconds before it is said: anything that is done, and that nothing is done.
COMMIT, COMMIT_S = 0.8, 1.5
RELEASE, RELEASE_S = 0.7, 2.0
#: What must be likely at the end of a recording to be said after all.
AT_LAST = 0.5
#: How likely what cannot be done is made.
LEAST = 1e-6
#: The longest gap in which nobody is seen that is bridged, seconds: a window leaves out a longer one.
GAP_S = 0.75
#: Poses closer together than this tell nothing new, seconds.
_CLOSE_S = 0.5 / RATE


@dataclass(frozen=True)
class Recognised:
    """What is being done: the name of an exercise, ``rest`` or ``unknown``.

    ``probability`` is how likely that is now. ``since`` is when it began, in seconds. Out of rest, that is the
    start of the first window that did not look like rest, as a first repetition often looks like something else; of
    one movement after another, the start of the first window that showed it; of rest, the middle of that window, as
    rest shows once the last repetition is mostly out of it.
    """

    name: str
    probability: float
    since: float


class Recogniser:
    """Says what is being done: `update` takes the poses of the judgement track in order.

    ``looked`` is when it last looked at a window, seconds, and ``seen`` how likely that window alone makes each of
    ``classes``.

    Args:
        model: the network.
        only: the exercises it may be; None for any.

    Raises:
        InputError: when the model is not an ONNX network it can run.

    """

    def __init__(self, model: Path = MODEL, only: Collection[str] | None = None) -> None:
        self._network = Network(model)
        self.classes = tuple(self._network.metadata["classes"].split(","))
        self._may = np.array([only is None or name in (REST, UNKNOWN, *only) for name in self.classes])
        self._moves = _transitions(self.classes)
        self.belief = np.full(len(self.classes), 0.5 / (len(self.classes) - 1))
        self.belief[self.classes.index(REST)] = 0.5
        self.looked = math.nan
        self.seen = self.belief
        self._t: deque[float] = deque()
        self._points: deque[Array] = deque()
        self._next = math.nan
        self._began = np.full(len(self.classes), math.nan)
        self._likely = np.full(len(self.classes), math.nan)
        self._busy = math.nan
        self._said = Recognised(REST, float(self.belief.max()), math.nan)

    def update(self, judged: Judged) -> Recognised:
        """What is being done as of this pose."""
        pose = judged.pose
        if math.isnan(self._next):
            self._next = pose.t + FEWEST / RATE
            self._said = Recognised(REST, self._said.probability, pose.t)
        if pose.seen and not (self._t and pose.t - self._t[-1] < _CLOSE_S):
            self._t.append(pose.t)
            self._points.append(pose.all_at(KEYPOINTS))
            while self._t[0] < pose.t - SAMPLES / RATE:
                self._t.popleft()
                self._points.popleft()
        if pose.t >= self._next:
            self._next += HOP_S * math.ceil((pose.t - self._next + 1e-9) / HOP_S)
            self._look(pose.t)
        return self._said

    def finish(self) -> Recognised:
        """What was being done last, now that nothing more comes: the likeliest, however short it was seen."""
        best = int(self.belief.argmax())
        if self.belief[best] > AT_LAST and self.classes[best] != self._said.name:
            self._say(best)
        return self._said

    def _look(self, t: float) -> None:
        """Hold what the last seconds look like against what was believed."""
        known, grid = np.array(self._t), np.empty(0)
        if self._t and t - known[-1] < GAP_S:
            grid = known[-1] - np.arange(SAMPLES - 1, -1, -1) / RATE
            grid = grid[_near(grid, known)]
        self.belief = self._moves @ self.belief
        if len(grid) >= FEWEST:
            window = interpolated(known, np.array(self._points), grid)
            seen = self._network(describe(window)[None])[0].astype(np.float64)
        else:  # nobody there to do anything
            grid = np.array([t])
            seen = np.where(np.array(self.classes) == REST, 0.5, 0.5 / len(self.classes))
        seen = np.where(self._may, seen, LEAST)
        self.looked, self.seen = t, seen
        self.belief = self.belief * seen**INDEPENDENT
        self.belief /= self.belief.sum()
        self._decide(t, int(seen.argmax()), float(grid[0]), float(grid[len(grid) // 2]))

    def _decide(self, t: float, looks_like: int, start: float, middle: float) -> None:
        """Say what has been likely for long enough."""
        rest = np.array(self.classes) == REST
        like = np.arange(len(self.classes)) == looks_like
        likely = self.belief > np.where(rest, RELEASE, COMMIT)
        began = np.where(rest, middle, start)
        self._busy = math.nan if (like & rest).any() else float(np.fmin(self._busy, start))
        self._began = np.where(like | likely, np.fmin(self._began, began), math.nan)
        self._likely = np.where(likely, np.fmin(self._likely, t), math.nan)
        long = t - self._likely >= np.where(rest, RELEASE_S, COMMIT_S) - 1e-9
        best = int(self.belief.argmax())
        if long[best] and self.classes[best] != self._said.name:
            self._say(best)
        else:
            now = self.belief[self.classes.index(self._said.name)]
            self._said = Recognised(self._said.name, float(now), self._said.since)

    def _say(self, best: int) -> None:
        began = self._began[best]
        if self._said.name == REST:
            began = np.fmin(began, self._busy)
        since = np.fmax(began, self._said.since)
        self._said = Recognised(self.classes[best], float(self.belief[best]), float(since))


def _near(grid: Array, known: Array) -> Array:
    """Which instants of a grid lie between known ones that are close together."""
    if len(known) < 2:
        return np.zeros(len(grid), dtype=bool)
    after = np.clip(np.searchsorted(known, grid - 1e-9), 1, len(known) - 1)
    inside = grid >= known[0] - 1e-6
    return np.asarray(inside & (known[after] - known[after - 1] <= GAP_S))


def _transitions(classes: tuple[str, ...]) -> Array:
    """How likely each class is after each, a look later, ``(after, before)``: most exercises end in rest."""
    rest = classes.index(REST)
    stay = np.array([1.0 - HOP_S / (REST_S if name == REST else EXERCISE_S) for name in classes])
    out = np.zeros((len(classes), len(classes)))
    for before, share in enumerate(stay):
        others = np.full(len(classes), 1.0)
        others[before] = 0.0
        if before != rest:
            others[rest] = others.sum() - 1.0  # as likely as all others together
        out[:, before] = (1.0 - share) * others / others.sum()
        out[before, before] = share
    return out
