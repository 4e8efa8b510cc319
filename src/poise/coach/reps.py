"""What a repetition is. Everything that decides it lives in this file.

The signal is how far the body is from rest (0) to the turn (1)::

                  rises by `start`             falls by `start` of its height
        REST ───────────────────────► TOWARDS ───────────────────────────────► BACK
         ▲                               ▲                                      │ │
         │                               └──── rises above the turn again ──────┘ │
         │                                                                        │
         └── has come back, and settles or turns up again: a cycle is told ◄──────┘

A cycle goes there and comes back: the shorter of its two ways is at least `BACK` of the longer. It is *full* when
its range reaches the exercise's least share and `USUAL` of what this person usually does, *partial* when it falls
short of one of these, and *invalid* when it cannot have been the exercise: too quick, mostly out of sight, out of
position, or on the move. Smaller movements are no repetitions at all.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Literal

from poise.language import words

#: A rise by this much of rest-to-turn (or this share of the usual range, if more) starts a cycle.
START, START_SHARE = 0.15, 0.2
#: The least ratio of the shorter way to the longer.
BACK = 0.7
#: The least share of this person's median range for a full repetition.
USUAL = 0.5
#: Seconds without further fall after which a body that has come back is at rest.
SETTLE_S = 0.2
#: Seconds out of sight, or at the turn, after which a cycle is given up.
LOST_S, STUCK_S = 3.0, 15.0
#: Seconds without a signal that count as out of sight.
GAP_S = 0.25
#: Within this share of the range of the turn or the rest, the body pauses: the first and the last moments of a
#: smooth movement count as pause, so the ways measure a little short.
PAUSE = 0.05


@dataclass(frozen=True)
class Cycle:
    """There and back again: times in seconds, heights as shares of rest-to-turn.

    ``arrived`` and ``left`` bound the pause at the turn; ``unseen`` is the share of its time without a signal.
    """

    start: float
    arrived: float
    turn: float
    left: float
    end: float
    towards: float
    back: float
    unseen: float

    @property
    def range(self) -> float:
        """The longer of its two ways."""
        return max(self.towards, self.back)

    @property
    def returned(self) -> float:
        """The shorter way as a share of the longer."""
        return min(self.towards, self.back) / self.range


class CycleFinder:
    """The state machine above; `update` takes the signal and gives a `Cycle` when one is complete.

    Args:
        least: the range below which a movement is no repetition at all.

    """

    def __init__(self, least: float) -> None:
        self._least = least
        #: The median range of the last cycles that came back; 0 before the first.
        self.usual = 0.0
        self.state: Literal["rest", "towards", "back"] = "rest"
        self._ranges: deque[float] = deque(maxlen=8)
        self._samples: deque[tuple[float, float]] = deque()
        self._since = 0.0
        self._bottom = math.inf
        self._bottom_t = 0.0
        self._low = math.inf
        self._low_t = 0.0
        self._top = -math.inf
        self._top_t = 0.0
        self._last_t = math.nan
        self._gaps: deque[tuple[float, float]] = deque(maxlen=64)

    def update(self, t: float, signal: float) -> Cycle | None:
        """Advance to time ``t``; a NaN signal holds the state."""
        if math.isnan(signal):
            return None
        gap = 0.0 if math.isnan(self._last_t) else t - self._last_t
        self._last_t = t
        if gap > LOST_S or (self.state != "rest" and t - self._since > STUCK_S):
            self._rest(t, signal)
            return None
        self._samples.append((t, signal))
        while self._samples[0][0] < t - 2 * STUCK_S:
            self._samples.popleft()
        if gap > GAP_S:
            self._gaps.append((t - gap, t))
        return getattr(self, f"_{self.state}_step")(t, signal)  # type: ignore[no-any-return]

    def finish(self) -> Cycle | None:
        """The cycle that the end of the recording cuts short, if it had turned."""
        return self._told() if self.state == "back" else None

    def _told(self) -> Cycle | None:
        cycle = self._cycle()
        if cycle.range < self._least:
            return None
        if cycle.returned >= BACK:
            self._ranges.append(cycle.range)
            self.usual = median(self._ranges)
        return cycle

    @property
    def _threshold(self) -> float:
        return max(START, START_SHARE * self.usual)

    def _rest(self, t: float, signal: float) -> None:
        self.state = "rest"
        self._low, self._low_t = signal, t
        self._samples = deque(sample for sample in self._samples if sample[0] >= t) or deque([(t, signal)])

    def _rest_step(self, t: float, signal: float) -> Cycle | None:
        if signal <= self._low:
            self._low, self._low_t = signal, t
            self._samples = deque([(t, signal)])
        elif signal - self._low > self._threshold:
            self._leave_rest(t, signal)
        return None

    def _leave_rest(self, t: float, signal: float) -> None:
        self.state = "towards"
        self._since = t
        self._top, self._top_t = signal, t

    def _towards_step(self, t: float, signal: float) -> Cycle | None:
        if signal >= self._top:
            self._top, self._top_t = signal, t
        elif self._top - signal > max(self._threshold, 0.2 * (self._top - self._low)):
            self.state = "back"
            self._bottom, self._bottom_t = signal, t
        return None

    def _back_step(self, t: float, signal: float) -> Cycle | None:
        if signal > self._top:
            self.state = "towards"
            self._top, self._top_t = signal, t
            return None
        if signal < self._bottom:
            self._bottom, self._bottom_t = signal, t
            return None
        returned = (self._top - self._bottom) / (self._top - self._low)
        settled = returned >= BACK and t - self._bottom_t >= SETTLE_S
        if settled or signal - self._bottom > max(self._threshold, 0.3 * (self._top - self._low)):
            cycle = self._told()
            self._rest(self._bottom_t, self._bottom)
            if not settled:
                self._leave_rest(t, signal)
            return cycle
        return None

    def _cycle(self) -> Cycle:
        towards, back = self._top - self._low, self._top - self._bottom
        near_top = [t for t, x in self._samples if x >= self._top - PAUSE * max(towards, back)]
        start = max(
            (t for t, x in self._samples if t <= self._top_t and x <= self._low + PAUSE * towards),
            default=self._low_t,
        )
        end = min(
            (t for t, x in self._samples if t >= self._top_t and x <= self._bottom + PAUSE * back),
            default=self._bottom_t,
        )
        duration = max(end - start, 1e-6)
        unseen = sum(max(0.0, min(end, after) - max(start, before)) for before, after in self._gaps)
        return Cycle(
            start=start,
            arrived=near_top[0],
            turn=(near_top[0] + near_top[-1]) / 2,
            left=near_top[-1],
            end=end,
            towards=towards,
            back=back,
            unseen=min(1.0, unseen / duration),
        )


def shortfall(cycle: Cycle, full: float, usual: float) -> tuple[str, ...]:
    """Why a cycle is less than a full repetition; empty when it is full.

    Args:
        cycle: what was found.
        full: the least range of a full repetition of the exercise.
        usual: the median range of this person's repetitions so far, 0 when there are none.

    """
    reasons = []
    if cycle.returned < BACK:
        share = f"{100 * cycle.returned:.0f}"
        back = cycle.back < cycle.towards
        reasons.append(
            words("you came back only {share} % of the way", share=share)
            if back
            else words("you went only {share} % of the way", share=share)
        )
    if cycle.range < full:
        share = f"{100 * cycle.range:.0f}"
        reasons.append(words("the movement was only {share} % of the usual range of the exercise", share=share))
    elif cycle.range < USUAL * usual:
        share = f"{100 * cycle.range / usual:.0f}"
        reasons.append(words("the movement was only {share} % of your own usual range", share=share))
    return tuple(reasons)
