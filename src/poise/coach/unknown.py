"""Repetitions of a movement without a name: counted along the axis on which the body moves most.

Every pose becomes a vector: the places of thirteen keypoints from the hips, and the height of the hips in the
picture, in torso lengths. The axis is the first principal component of the last `BUFFER_S` seconds. It is kept
while it explains at least `EXPLAINS` of the movement; else a new one is taken, and what was not yet counted is
gone through again along it, so that the first repetitions are not lost while the axis is being found. Along an axis
the same `CycleFinder` decides what a repetition is.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

import numpy as np

from poise.body import Array
from poise.coach.events import Counts, Event, Rep, RepKind
from poise.coach.exercise import Exercise
from poise.coach.form import Judged
from poise.coach.machine import Phase
from poise.coach.reps import Cycle, CycleFinder, shortfall

#: Seconds of movement an axis is taken from, and between looks at whether it still holds.
BUFFER_S, LOOK_S = 8.0, 1.0
#: Seconds before the first axis is taken.
FIRST_S = 2.0
#: The least share of the movement an axis must explain to be kept.
EXPLAINS = 0.5
#: The least range of a movement worth counting, torso lengths over all keypoints together.
LEAST = 0.5
#: The least range of a repetition, as a share of the axis's usual range; and of a full one.
PARTIAL, FULL = 0.35, 0.5
#: Seconds below which a repetition cannot be one.
MIN_S = 0.4

_KEYPOINTS = (
    "nose",
    *(
        f"{side}_{joint}"
        for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in ("left", "right")
    ),
)


class UnknownReps:
    """Repetitions of whatever is repeated; a machine like those of `poise.coach.counting`."""

    def __init__(self) -> None:
        self.exercise: Exercise | None = None  # what it counts has no name
        self.counts = Counts()
        self.phase: Phase = "unseen"
        self.progress = math.nan
        self._buffer: deque[tuple[float, Array]] = deque()
        self._axis: Array | None = None
        self._origin = 0.0
        self._unit = 1.0
        self._finder = CycleFinder(PARTIAL)
        self._looked = math.nan
        self._told = -math.inf

    def update(self, judged: Judged) -> list[Event]:
        """Advance by one pose of the judgement track."""
        t, x = judged.pose.t, _vector(judged)
        if x is None:
            self.phase = "unseen"
            return []
        self._buffer.append((t, x))
        while self._buffer[0][0] < t - BUFFER_S:
            self._buffer.popleft()
        if math.isnan(self._looked):
            self._looked = t + FIRST_S - LOOK_S
        events: list[Event] = []
        if t - self._looked >= LOOK_S:
            self._looked = t
            if not self._explained():
                return self._turn_to_new_axis()
        if self._axis is not None:
            events = self._step(t, x)
        return events

    def finish(self) -> list[Event]:
        """The repetition that the end of the recording cuts short."""
        events = self._turn_to_new_axis() if self._axis is None else []
        usual = self._finder.usual
        cycle = self._finder.finish()
        return events + ([self._tell(cycle, usual)] if cycle and cycle.start >= self._told else [])

    def _step(self, t: float, x: Array) -> list[Event]:
        assert self._axis is not None
        self.progress = (float(x @ self._axis) - self._origin) / self._unit
        usual = self._finder.usual
        cycle = self._finder.update(t, self.progress)
        self.phase = self._finder.state
        if cycle is None or cycle.end - cycle.start < MIN_S or cycle.turn <= self._told:
            return []
        return [self._tell(cycle, usual)]

    def _tell(self, cycle: Cycle, usual: float) -> Rep:
        self._told = cycle.end
        reasons = shortfall(cycle, FULL, usual)
        kind: RepKind = "partial" if reasons else "full"
        self.counts = replace(self.counts, **{kind: getattr(self.counts, kind) + 1})
        return Rep(
            number=self.counts.full + self.counts.partial,
            kind=kind,
            start=cycle.start,
            turn=cycle.turn,
            end=cycle.end,
            rom=cycle.range * self._unit,
            unit="torso",
            eccentric_s=max(cycle.arrived - cycle.start, 0.0),
            pause_s=cycle.left - cycle.arrived,
            concentric_s=max(cycle.end - cycle.left, 0.0),
            asymmetry=math.nan,
            confidence=max(0.0, min(1.0, cycle.returned * (1 - cycle.unseen))),
            reasons=reasons,
        )

    def _explained(self) -> bool:
        """Whether the axis still accounts for enough of the movement; nothing needs one while nothing moves."""
        moved = np.array([x for _, x in self._buffer])
        moved = moved - moved.mean(0)
        total = float((moved**2).sum())
        if total / len(moved) < (LEAST / 4) ** 2:
            return True
        return self._axis is not None and float(((moved @ self._axis) ** 2).sum()) >= EXPLAINS * total

    def _turn_to_new_axis(self) -> list[Event]:
        """Take the axis of the buffer, and count along it what was not yet told."""
        if len(self._buffer) < 3:
            return []
        moved = np.array([x for _, x in self._buffer])
        axis = np.linalg.svd(moved - moved.mean(0), full_matrices=False)[2][0]
        along = moved @ axis
        low, high = np.percentile(along, (5, 95))
        if high - low < LEAST:
            return []
        if along[: max(3, len(along) // 10)].mean() > (low + high) / 2:
            axis, low, high = -axis, -high, -low
        self._axis, self._origin, self._unit = axis, float(low), float(high - low)
        self._finder = CycleFinder(PARTIAL)
        return [event for t, x in self._buffer if t > self._told for event in self._step(t, x)]


def _vector(judged: Judged) -> Array | None:
    """The pose as a vector in torso lengths; None when too little of it is seen."""
    points = judged.pose.all_at(_KEYPOINTS)
    hips = judged.pose.at("mid_hip")
    if not (np.isfinite(points).all() and math.isfinite(judged.scale)):
        return None
    return np.append((points - hips).ravel(), hips[1]) / judged.scale
