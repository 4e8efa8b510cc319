"""Repetitions of a movement without a name: what resembles itself, over and over, is counted.

Every `LOOK_S` the last `BUFFER_S` seconds are looked at as a `periodicity.Window`. Of its signals the one is
followed whose cycles explain most of the movement by their likeness, weighted by its regularity q and its share e
of the movement; one that goes on with what was followed before is preferred, and which end of it is rest is kept.
A cycle is a repetition when it resembles a neighbour (`ALIKE`) and √(likeness · q) is at least `SURE`. Counting
begins when one of them reaches `CERTAIN`, or the same signal has been followed for `STEADY_S`: until then somebody
fidgets, paces or plays. Since the whole buffer is looked at, whatever came before that is counted too.

At the end a movement that was made only once is a repetition if the way back was the way there. Left and right in
turn are one repetition: whether each counts is for an exercise to say, and this has none.

A recording is counted by the same machine. At its end it is looked at once more as a whole (`periodicity.voted`),
since what is slower than the buffer is long, or seen badly for a while, is missed on the way; if more is found
then, that counts.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import numpy as np

from poise.body import Array
from poise.coach.events import Counts, Cue, Event, Rep, RepKind
from poise.coach.exercise import Exercise
from poise.coach.machine import Phase
from poise.coach.periodicity import (
    CLOSELY,
    COMPONENTS,
    KEYPOINTS,
    QUICK_HZ,
    RATE,
    Cycles,
    Signal,
    Swing,
    Window,
    voted,
)
from poise.coach.stretch import Judged
from poise.language import words

#: Seconds of movement that are looked at, how often, and the fewest that are worth it.
BUFFER_S, LOOK_S, FIRST_S = 8.0, 0.5, 2.0
#: Seconds out of sight that no repetition may span.
GAP_S = 1.5
#: The least likeness of a repetition to a neighbour, and the least √(likeness · q); and of one to begin with.
ALIKE, SURE, CERTAIN = 0.3, 0.25, 0.4
#: Seconds after which a signal that goes on is believed without such a one.
STEADY_S = 0.5
#: The least correlation of the signals of two looks to keep which end is rest, and to be steady.
GOES_ON, SAME = 0.5, 0.7
#: Seconds after the end of a cycle before it is told.
SETTLE_S = 0.3
#: The least size of a movement worth counting (standard deviation in torso lengths over all keypoints together).
LEAST = 0.1
#: Seconds from leaving rest to coming back below which a movement is no repetition.
BRIEF_S = 0.25
#: The least size of a repetition as a share of this person's usual: of any, of a full one.
PARTIAL, FULL = 0.35, 0.5
#: The least likeness of the way back to the way there, for a movement that was made only once.
RETRACED = 0.5


class UnknownReps:
    """Repetitions of whatever is repeated; a machine like those of `poise.coach.counting`.

    Args:
        recorded: whether this is a recording, of which everything is told at the end.

    """

    def __init__(self, recorded: bool = False) -> None:
        self.exercise: Exercise | None = None  # what it counts has no name
        self.cue: Cue | None = None  # and so nothing is said of it
        self.counts = Counts()
        self.phase: Phase = "unseen"
        self.progress = math.nan
        self._buffer: deque[tuple[float, Array]] = deque()
        self._scale = math.nan
        self._looked = math.nan
        self._followed: tuple[Array, Array] | None = None
        self._since = math.inf
        self._sizes: deque[float] = deque(maxlen=8)
        self._told = self._turned = -math.inf
        self._whole: list[tuple[float, Array]] | None = [] if recorded else None
        self._on_the_way: list[Event] = []

    def update(self, judged: Judged) -> list[Event]:
        """Advance by one pose of the judgement track."""
        t = judged.pose.t
        if not judged.pose.seen or not math.isfinite(judged.scale):
            self.phase = "unseen"
            return []
        if self.phase == "unseen":
            self.phase = "rest"
        self._scale = judged.scale
        self._buffer.append((t, judged.pose.all_at(KEYPOINTS)))
        if self._whole is not None:
            self._whole.append(self._buffer[-1])
        while self._buffer[0][0] < t - BUFFER_S:
            self._buffer.popleft()
        if math.isnan(self._looked):
            self._looked = t + FIRST_S - LOOK_S
        if t - self._looked < LOOK_S:
            return []
        self._looked = t
        events = self._look(SETTLE_S)
        if self._whole is None:
            return events
        self._on_the_way += events
        return []

    def finish(self) -> list[Event]:
        """The repetitions that end with the recording, or the only one; of a recording all of them."""
        events = self._look(0.0)
        if not events and not self.counts.full:
            events = self._once()
        return events if self._whole is None else self._settled(self._on_the_way + events, self._whole)

    def _settled(self, found: list[Event], whole: list[tuple[float, Array]]) -> list[Event]:
        """What was found on the way, or what another look at everything finds if that is more."""
        window = _window(whole, self._scale, QUICK_HZ)
        again = voted(window) if window else []
        if window is None or len(again) <= self.counts.full:
            return found
        self.counts, self._sizes = Counts(), deque()
        return [event for swing in again for event in self._tell(window, swing, 1.0, 1.0)]

    def _look(self, settle: float) -> list[Event]:
        """The repetitions in the buffer that are complete and were not told yet."""
        window = _window(self._buffer, self._scale)
        if window is None:
            return []
        found = self._choose(window)
        if found is None:
            return []
        signal, side, cycles = found
        self._show(side * signal.values)
        sure = np.sqrt(np.maximum(cycles.alike, 0.0) * signal.regular)
        good = (cycles.alike >= ALIKE) & (sure >= SURE) & (cycles.size >= LEAST)
        between = good[:-2] & good[2:] & (cycles.size[1:-1] >= FULL * cycles.size[:-2])
        good[1:-1] |= between
        steady = window.t[-1] - self._since >= STEADY_S
        if not (steady or (good & (sure >= CERTAIN)).any()):
            return []
        events: list[Event] = []
        for i in np.flatnonzero(good):
            swing = cycles.swings[i]
            new = window.t[swing.turn] > self._told and window.t[swing.start] >= self._turned
            if new and window.t[-1] - window.t[swing.end] >= settle:
                events += self._tell(window, swing, float(cycles.size[i]), float(cycles.alike[i]))
        return events

    def _choose(self, window: Window) -> tuple[Signal, int, Cycles] | None:
        """The signal to follow, which end of it is rest, and its cycles."""
        candidates = sorted(window.signals, key=lambda signal: signal.regular * signal.explains)[-CLOSELY:]
        best, best_weight = None, 0.0
        for signal in candidates:
            if signal.regular <= 0 or len(signal.turning) < 3:
                continue
            both = {side: window.cycles(signal, side) for side in (1, -1)}
            on = self._goes_on(window.t, signal.values)
            explained = sum(cycles.explained(ALIKE) for cycles in both.values())
            weight = explained * signal.regular * signal.explains * (1 + abs(on))
            if weight > best_weight:
                best, best_weight = (signal, on, both), weight
        if best is None:
            return None
        signal, on, both = best
        side = (1 if on > 0 else -1) if abs(on) >= GOES_ON else -signal.turning[0][1]
        if abs(on) < SAME:
            self._since = window.t[-1]
        self._followed = window.t, side * signal.values
        return signal, side, both[side]

    def _goes_on(self, t: Array, values: Array) -> float:
        """The correlation of a signal with the one that was followed, over the time that both know."""
        if self._followed is None:
            return 0.0
        then, before = self._followed
        n = round((then[-1] - t[0]) * RATE) + 1
        shared = min(n, len(before))
        if shared < RATE / 2:
            return 0.0
        a, b = values[n - shared : n], before[-shared:]
        a, b = a - a.mean(), b - b.mean()
        return float(a @ b / max(math.sqrt((a @ a) * (b @ b)), 1e-9))

    def _show(self, values: Array) -> None:
        low, high = np.percentile(values, (5, 95))
        self.progress = float((values[-1] - low) / max(high - low, 1e-9))
        self.phase = "towards" if values[-1] > values[-3] else "back"

    def _tell(self, window: Window, swing: Swing, size: float, alike: float) -> list[Event]:
        start, arrived, turn, left, end = (
            float(window.t[i]) for i in (swing.start, swing.arrived, swing.turn, swing.left, swing.end)
        )
        usual = median(self._sizes) if self._sizes else size
        if end - start < BRIEF_S or size < PARTIAL * usual:
            return []
        self._sizes.append(size)
        self._told, self._turned = end - (end - turn) / 4, turn
        kind: RepKind = "full" if size >= FULL * usual else "partial"
        share = f"{100 * size / usual:.0f}"
        short = words("the movement was only {share} % of your own usual range", share=share)
        self.counts = replace(self.counts, **{kind: getattr(self.counts, kind) + 1})
        return [
            Rep(
                number=self.counts.full + self.counts.partial,
                kind=kind,
                start=start,
                turn=turn,
                end=end,
                rom=window.range(swing),
                unit="torso",
                eccentric_s=max(arrived - start, 0.0),
                pause_s=left - arrived,
                concentric_s=max(end - left, 0.0),
                asymmetry=math.nan,
                confidence=max(0.0, min(1.0, alike)),
                reasons=() if kind == "full" else (short,),
            )
        ]

    def _once(self) -> list[Event]:
        """What was not repeated: a movement in the buffer that went and came back the same way."""
        window = _window(self._buffer, self._scale)
        if window is None:
            return []
        best, best_weight = None, 0.0
        for signal in window.signals[::COMPONENTS]:
            for side in (1, -1):
                cycles = window.cycles(signal, side)
                good = (cycles.retraced >= RETRACED) & (cycles.size >= LEAST)
                weight = signal.explains * float((cycles.retraced * cycles.size)[good].sum())
                if weight > best_weight:
                    best, best_weight = (cycles, good), weight
        if best is None:
            return []
        cycles, good = best
        told = [
            self._tell(window, cycles.swings[i], float(cycles.size[i]), float(cycles.retraced[i]))
            for i in np.flatnonzero(good)
        ]
        return [event for events in told for event in events]


def _window(buffer: Sequence[tuple[float, Array]], scale: float, quick_hz: float | None = None) -> Window | None:
    """The buffer, sampled evenly; None when it is too short. What is not seen for a while is passed over."""
    if not buffer or buffer[-1][0] - buffer[0][0] < FIRST_S / 2:
        return None
    t = np.array([t for t, _ in buffer])
    points = np.array([points for _, points in buffer]) / scale
    even = np.arange(math.ceil(t[0] * RATE), math.floor(t[-1] * RATE) + 1) / RATE
    seen = np.isfinite(points[..., 0])
    sampled = np.zeros((len(even), len(KEYPOINTS), 2))
    for k in np.flatnonzero(seen.sum(0) > 2):
        at = seen[:, k]
        for axis in range(2):
            sampled[:, k, axis] = np.interp(even, t[at], points[at, k, axis])
    mostly = t[seen.mean(1) > 0.5]
    if len(mostly) < 2:
        return None
    after = np.clip(np.searchsorted(mostly, even), 1, len(mostly) - 1)
    return Window(even, sampled, mostly[after] - mostly[after - 1] > GAP_S, quick_hz)
