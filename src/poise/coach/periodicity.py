"""What is repeated in a few seconds of movement: signals of a body, their cycles, and how alike the cycles are.

A `Window` is a body sampled evenly in time. Its signals are the first three principal components of where the
keypoints are, of where the bones point and of the joint angles. The period of each is the first high peak of its
autocorrelation, whose height q says how regular it is; the share e of the movement that it explains says how much
it matters. A cycle of a signal goes from a turning point to the opposite one and back; swings of less than half the
usual range are no cycles. Cycles are compared by the path of the whole body, whatever the signal: real repetitions
resemble their neighbours (cosine of 0.7 and more), other movements that a signal happens to swing with do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from poise.body import Array
from poise.body.geometry import interior_angle

KEYPOINTS = (
    "nose",
    *(
        f"{side}_{joint}"
        for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in ("left", "right")
    ),
)
_INDEX = {name: i for i, name in enumerate(KEYPOINTS)}


def _at(*names: str) -> tuple[list[int], ...]:
    """The indices of the joints named between dashes, on the left and on the right."""
    return tuple(
        [_INDEX[f"{side}_{joint}"] for joint in name.split("-")] for name in names for side in ("left", "right")
    )


_BONES = np.array(
    [
        *_at("wrist-elbow", "elbow-shoulder", "shoulder-hip", "hip-knee", "knee-ankle"),
        [_INDEX["left_shoulder"], _INDEX["right_shoulder"]],
        [_INDEX["left_hip"], _INDEX["right_hip"]],
        [_INDEX["nose"], _INDEX["left_shoulder"]],
    ]
)
_JOINTS = np.array(_at("wrist-elbow-shoulder", "elbow-shoulder-hip", "shoulder-hip-knee", "hip-knee-ankle"))

#: Samples a second of a window.
RATE = 15.0
#: Principal components of each kind, and how many of the signals, the best first, are looked at closely.
COMPONENTS, CLOSELY = 3, 4
#: Seconds that a repetition lasts at least (RepCount: 1 % are shorter than 0.5 s) and at most.
SHORTEST_S, LONGEST_S = 0.4, 10.0
#: The first peak of the autocorrelation that is this share of its highest gives the period.
FIRST_PEAK = 0.8
#: A signal is smoothed at this many times its frequency, within bounds in Hz.
SMOOTH_AT, SMOOTH_HZ = 3.0, (0.6, 6.0)
#: Percentiles between which a signal's usual range lies, and the least swing as a share of that range.
USUALLY, SWING = (10, 90), 0.5
#: The least ratio of the shorter of a cycle's two ways to the longer.
RETURNED = 0.5
#: Hertz above which a whole recording is not looked at (RepCount: 1 % of repetitions are shorter than 0.5 s).
QUICK_HZ = 2.5
#: The least regularity q of what a whole recording repeats, and its least range, torso lengths over all keypoints.
REPETITIVE, LEAST_RANGE = 0.3, 0.5
#: Within this share of a cycle's height of its rest or its turn, the body rests or has turned.
AT_REST, AT_TURN = 0.1, 0.05
#: Points by which the path of a cycle is described, and components of the movement in which.
POINTS, PATH_COMPONENTS = 16, 6


@dataclass(frozen=True)
class Swing:
    """A cycle of a signal, in samples of its window: from rest to the turn and back, and the time at the turn."""

    start: int
    arrived: int
    turn: int
    left: int
    end: int


@dataclass(frozen=True, eq=False)
class Cycles:
    """The cycles of one signal that begin at one of its two ends.

    ``alike`` is the resemblance of each with the neighbour it is most like (0 when it has none), ``retraced`` that
    of its way back with its way there; ``size`` is the movement's standard deviation in torso lengths over
    all keypoints together.
    """

    swings: list[Swing]
    alike: Array
    retraced: Array
    size: Array

    def explained(self, least: float) -> float:
        """How much of the movement is cycles that are more alike than the least."""
        seconds = np.array([swing.end - swing.start for swing in self.swings]) / RATE
        return float((self.size**2 * seconds * np.maximum(self.alike - least, 0.0)).sum())


@dataclass(frozen=True, eq=False)
class Signal:
    """A smoothed signal of a window, its regularity q, the share e of the movement it explains."""

    values: Array
    regular: float
    explains: float

    @cached_property
    def least_swing(self) -> float:
        """The least way there or back of a cycle."""
        low, high = np.percentile(self.values, USUALLY)
        return SWING * float(high - low)

    @cached_property
    def turning(self) -> list[tuple[int, int]]:
        """Where it turns, and which way it pointed: +1 at the top of a swing, -1 at the bottom."""
        return turning_points(self.values, self.least_swing)


class Window:
    """A body sampled evenly in time.

    Args:
        t: ``(T,)`` seconds, evenly spaced by 1 / `RATE`.
        points: ``(T, 13, 2)`` where `KEYPOINTS` are, in torso lengths, without gaps.
        unseen: ``(T,)`` whether the body was out of sight for long around then.
        quick_hz: what is quicker is left out, hertz; None leaves nothing out.

    """

    def __init__(self, t: Array, points: Array, unseen: NDArray[np.bool_], quick_hz: float | None = None) -> None:
        self.t = t
        self.unseen = unseen
        hips = (points[:, _INDEX["left_hip"]] + points[:, _INDEX["right_hip"]]) / 2
        places = np.concatenate([(points - hips[:, None]).reshape(len(t), -1), hips[:, 1:]], 1)
        bones = points[:, _BONES[:, 1]] - points[:, _BONES[:, 0]]
        bones = bones / np.maximum(np.linalg.norm(bones, axis=-1, keepdims=True), 1e-6)
        joints = np.nan_to_num(np.radians(interior_angle(*(points[:, _JOINTS[:, i]] for i in range(3)))))
        parts = [places, bones.reshape(len(t), -1), joints]
        if quick_hz is not None:
            parts = [low_passed(part, np.array([quick_hz / RATE])) for part in parts]
        self._moved = [part - part.mean(0) for part in parts]
        # Not by eigenvectors: for these LAPACK starts threads, which cost ten times the work on a busy machine.
        parts = [np.linalg.svd(part, full_matrices=False)[:2] for part in self._moved]
        self._explains = [stretch**2 / max(float(stretch @ stretch), 1e-9) for _, stretch in parts]
        self._along = [along * stretch for along, stretch in parts]

    @cached_property
    def signals(self) -> list[Signal]:
        """The nine signals, smoothed according to their periods."""
        values = np.concatenate([along[:, :COMPONENTS] for along in self._along], 1)
        explains = np.concatenate([shares[:COMPONENTS] for shares in self._explains])
        period, regular = periods(autocorrelation(values))
        frequency = np.clip(SMOOTH_AT * RATE / np.where(period > 0, period, len(values)), *SMOOTH_HZ)
        smooth = low_passed(values, frequency / RATE)
        return [Signal(smooth[:, i], float(regular[i]), float(explains[i])) for i in range(values.shape[1])]

    def cycles(self, signal: Signal, side: int) -> Cycles:
        """The cycles of a signal that begin and end at its bottom (``side`` 1) or its top (-1)."""
        swings = [
            swing
            for swing in _swings(side * signal.values, [(i, side * way) for i, way in signal.turning])
            if not self.unseen[swing.start : swing.end].any()
        ]
        if not swings:
            return Cycles([], np.zeros(0), np.zeros(0), np.zeros(0))
        paths = self._paths(swings)
        squares = (paths**2).sum((1, 2))
        back = (paths * paths[:, ::-1]).sum((1, 2)) / np.maximum(squares, 1e-9)
        return Cycles(swings, _alike(paths, squares), back, np.sqrt(squares / POINTS))

    def range(self, swing: Swing) -> float:
        """How far the body goes from rest to the turn, torso lengths over all keypoints together."""
        return float(np.linalg.norm(self._moved[0][swing.turn] - self._moved[0][swing.start]))

    def _paths(self, swings: Sequence[Swing]) -> Array:
        along = self._along[0][:, :PATH_COMPONENTS]
        start, end = (np.array([[getattr(swing, edge)] for swing in swings]) for edge in ("start", "end"))
        at = start + (end - start) * np.linspace(0, 1, POINTS)
        before = np.minimum(at.astype(np.intp), len(along) - 2)
        share = (at - before)[..., None]
        paths: Array = along[before] * (1 - share) + along[before + 1] * share
        return np.asarray(paths - paths.mean(1, keepdims=True))


def autocorrelation(values: Array) -> Array:
    """The biased autocorrelation of each column of ``(T, N)``, 1 at no lag."""
    n = len(values)
    spectrum = np.fft.rfft(values - values.mean(0), 2 * n, axis=0)
    r = np.fft.irfft(np.abs(spectrum) ** 2, 2 * n, axis=0)[:n]
    return r / np.maximum(r[:1], 1e-12)


def periods(r: Array) -> tuple[NDArray[np.intp], Array]:
    """Periods in samples and their autocorrelation, column by column of ``(T, N)``; 0 where nothing is periodic."""
    low = max(1, int(SHORTEST_S * RATE))
    high = min(int(LONGEST_S * RATE), int(0.6 * len(r)), len(r) - 2)
    here = r[low : high + 1]
    if not len(here):
        return np.zeros(r.shape[1], dtype=np.intp), np.zeros(r.shape[1])
    peak = (here >= r[low - 1 : high]) & (here > r[low + 1 : high + 2]) & (here > 0)
    heights = np.where(peak, here, -1.0)
    first = np.argmax(heights >= FIRST_PEAK * heights.max(0), axis=0)
    found = peak.any(0)
    return np.where(found, first + low, 0), np.where(found, heights[first, np.arange(r.shape[1])], 0.0)


def low_passed(values: Array, frequency: Array) -> Array:
    """Columns of ``(T, N)`` through Gaussians that halve the amplitude at ``frequency`` (per sample)."""
    n = len(values)
    mirrored = np.concatenate([values, values[::-1]])
    gain = np.exp2(-((np.fft.rfftfreq(2 * n)[:, None] / frequency) ** 2))
    return np.fft.irfft(np.fft.rfft(mirrored, axis=0) * gain, 2 * n, axis=0)[:n]


def turning_points(values: Array, least: float) -> list[tuple[int, int]]:
    """Where a signal turns between swings of at least ``least``: sample and +1 for a top, -1 for a bottom.

    The last is where the swing that is under way has got to.

    >>> turning_points(np.array([0.0, 1, 0.9, 1.2, 0, 0.1, 1]), 0.5)
    [(0, -1), (3, 1), (4, -1), (6, 1)]
    """
    steps = np.diff(values)
    bends = np.flatnonzero((steps[:-1] * steps[1:] <= 0) & (steps[:-1] != 0)) + 1
    at = [0, *bends.tolist(), len(values) - 1]
    heights = values[at].tolist()
    points: list[tuple[int, int]] = []
    top = bottom = way = 0
    for i, height in enumerate(heights):
        if way >= 0 and height > heights[top]:
            top = i
        if way <= 0 and height < heights[bottom]:
            bottom = i
        if way >= 0 and heights[top] - height >= least:
            points.append((at[top], 1))
            way, bottom = -1, i
        elif way <= 0 and height - heights[bottom] >= least:
            points.append((at[bottom], -1))
            way, top = 1, i
    last = at[top if way > 0 else bottom]
    if way and last > points[-1][0]:
        points.append((last, way))
    return points


def _swings(values: Array, turning: list[tuple[int, int]]) -> list[Swing]:
    """The cycles from bottom to bottom, without the rest before and after."""
    swings = []
    for (low, way), (top, _), (after, _) in zip(turning, turning[1:], turning[2:], strict=False):
        there, back = values[top] - values[low], values[top] - values[after]
        if way < 0 and min(there, back) >= RETURNED * max(there, back) and back > 0:
            swings.append(_swing(values, low, top, after))
    return swings


def _swing(values: Array, low: int, top: int, after: int) -> Swing:
    """The cycle from a bottom over a top to the next bottom, without the rest before and after."""
    there, back = values[top] - values[low], values[top] - values[after]
    near = np.flatnonzero(values[low : after + 1] >= values[top] - AT_TURN * max(there, back)) + low
    resting = np.flatnonzero(values[low:top] <= values[low] + AT_REST * there)
    rested = np.flatnonzero(values[top + 1 : after + 1] <= values[after] + AT_REST * back)
    return Swing(low + int(resting[-1]), int(near[0]), top, int(near[-1]), top + 1 + int(rested[0]))


def voted(window: Window) -> list[Swing]:
    """The cycles of a whole recording that its signals agree on; none where nothing is regular.

    Each signal has a vote, as many cycles as it turns at its top or its bottom, whichever is less often; it weighs
    the more, the more regular the signal is and the more it explains (q² e). The weighted median is taken, and of
    the signals that voted for it the weightiest gives the cycles.
    """
    votes = []
    for signal in window.signals:
        ways = [way for _, way in signal.turning[1:-1]]
        votes.append((min(ways.count(1), ways.count(-1)), signal.regular**2 * signal.explains, signal))
    votes.sort(key=lambda vote: vote[:2])
    weights = np.cumsum([weight for _, weight, _ in votes])
    count, _, _ = votes[int(np.searchsorted(weights, weights[-1] / 2))]
    _, _, best = max((vote for vote in votes if vote[0] == count), key=lambda vote: vote[1])
    if not count or best.regular < REPETITIVE:
        return []
    turning = best.turning
    ways = [way for _, way in turning[1:-1]]
    turn = ways[0] if ways.count(ways[0]) == count else -ways[0]
    at = [i for i, (_, way) in enumerate(turning) if way == turn and 0 < i < len(turning) - 1]
    swings = [_swing(turn * best.values, turning[i - 1][0], turning[i][0], turning[i + 1][0]) for i in at]
    return swings if np.median([window.range(swing) for swing in swings]) >= LEAST_RANGE else []


def _alike(paths: Array, squares: Array) -> Array:
    """The resemblance of each path ``(N, P, C)`` with the more alike of its neighbours, 1 when the same."""
    alike = np.zeros(len(paths))
    if len(paths) > 1:
        pairs = (paths[1:] * paths[:-1]).sum((1, 2)) / np.maximum(np.maximum(squares[1:], squares[:-1]), 1e-9)
        alike[1:] = pairs
        alike[:-1] = np.maximum(np.concatenate([[-1.0], pairs[:-1]]), pairs)
    return alike
