"""Curves and dots as numbers that a page can draw: everything is a share of the width or the height, 0 to 1.

A curve is an SVG path in a box `WIDE` by `HIGH`, stretched over the plot, so that labels keep their size on any
screen. Shares of the height grow downwards, as in SVG.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poise.body import Array
from poise.coach.events import State
from poise.coach.exercise import Benchmark, Rule
from poise.report.words import mark, quantity

WIDE, HIGH = 10_000, 1_000
#: The most points one curve is drawn with.
MOST_POINTS = 1_500

#: The moments of a rule whose limit is a level of its measure; others are ranges, speeds or times.
_LEVELS = ("start", "turn", "max", "min", "median")


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis."""

    share: float
    label: str


@dataclass(frozen=True)
class Zone:
    """A labelled stretch of the value axis; a limit is one without height."""

    top: float
    bottom: float
    label: str


@dataclass(frozen=True)
class Curve:
    """A quantity over time."""

    name: str
    unit: str
    path: str
    low: float
    high: float
    ticks: tuple[Tick, ...]
    limits: tuple[Zone, ...]
    usual: tuple[Zone, ...]


@dataclass(frozen=True)
class Dot:
    """One measured value: where it stands, from where to where its standard error reaches, how it came out."""

    x: float
    y: float
    top: float
    bottom: float
    state: State
    number: int
    t: float
    label: str


@dataclass(frozen=True)
class Dots:
    """One rule over all repetitions."""

    dots: tuple[Dot, ...]
    ticks: tuple[Tick, ...]
    limit: float
    ok: float
    above: bool


@dataclass(frozen=True)
class Scale:
    """Values from ``low`` to ``high``, the higher the further up."""

    low: float
    high: float

    @classmethod
    def around(cls, values: Iterable[float]) -> Scale:
        """The scale that shows all those values, with some air above and below; of nothing, 0 to 1."""
        finite = [value for value in values if math.isfinite(value)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        air = 0.08 * (high - low) or max(0.5 * abs(high), 0.01)
        return cls(low - air, high + air)

    def share(self, value: float) -> float:
        """How far down a value is, 0 at the top and 1 at the bottom, kept within."""
        return min(1.0, max(0.0, (self.high - value) / (self.high - self.low)))

    def ticks(self, unit: str, about: int = 3) -> tuple[Tick, ...]:
        """Round values within the scale, the highest first."""
        steps = round_steps(self.low, self.high, about)
        return tuple(Tick(self.share(value), mark(value, unit)) for value in reversed(steps))


def round_steps(low: float, high: float, about: int) -> list[float]:
    """Round numbers within a range: steps of 1, 2 or 5 times a power of ten, about so many.

    >>> round_steps(-3, 97, 4), round_steps(0.12, 0.31, 3)
    ([0.0, 20.0, 40.0, 60.0, 80.0], [0.15, 0.2, 0.25, 0.3])
    """
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * min((1, 2, 5, 10), key=lambda n: abs(n * power - rough))
    return [round(i * step, 10) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def thinned(values: Array, most: int = MOST_POINTS) -> NDArray[np.intp]:
    """Which values to draw so that a curve looks the same: each bucket's lowest and highest, in time order.

    Where nothing is known in a whole bucket, one NaN is kept, so that the curve breaks there.

    Returns:
        indices, rising, at most ``most`` of them; all of them when there are no more than that.

    """
    if len(values) <= most:
        return np.arange(len(values))
    kept: list[int] = []
    for bucket in np.array_split(np.arange(len(values)), most // 2):
        known = bucket[np.isfinite(values[bucket])]
        if known.size:
            kept += sorted({int(known[np.argmin(values[known])]), int(known[np.argmax(values[known])])})
        else:
            kept.append(int(bucket[0]))
    return np.array(kept)


def path(x: Array, y: Array) -> str:
    """An SVG path through points given as shares, broken where ``y`` is NaN; a lone point is a dot.

    >>> path(np.array([0, 0.5, 0.6, 1]), np.array([1, np.nan, 0.5, 0]))
    'M0 1000h1M6000 500L10000 0'
    """
    known = np.isfinite(y)
    parts = []
    for i in np.flatnonzero(known):
        first = i == 0 or not known[i - 1]
        last = i == len(y) - 1 or not known[i + 1]
        parts.append(f"{'M' if first else 'L'}{round(x[i] * WIDE)} {round(y[i] * HIGH)}")
        if first and last:
            parts.append("h1")
    return "".join(parts)


def time_share(t: float, span: tuple[float, float]) -> float:
    """How far along a span of time an instant is, 0 to 1, kept within."""
    start, end = span
    return min(1.0, max(0.0, (t - start) / (end - start))) if end > start else 0.0


def curve(
    name: str,
    unit: str,
    t: Array,
    values: Array,
    rules: Sequence[Rule] = (),
    benchmarks: Sequence[Benchmark] = (),
) -> Curve | None:
    """A quantity over time, with the limits and usual ranges it is held to; None when it was never measured.

    A limit that lies so far off that the curve would be flat beside it is left out, as are limits of something
    else than the value itself (a range, or against the person's own neutral).

    Args:
        name: of the measure.
        unit: of the values.
        t: ``(T,)`` seconds.
        values: ``(T,)``, NaN where unknown.
        rules: those of the exercise; the ones on other measures are passed over.
        benchmarks: likewise.

    """
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    lowest, highest = float(known.min()), float(known.max())
    reach = highest - lowest
    limits = [
        (rule.limit, f"{rule.title}: {'above' if rule.above else 'below'} {quantity(rule.limit, unit)}")
        for rule in rules
        if rule.measure == name and rule.at in _LEVELS and not rule.relative
        if lowest - reach <= rule.limit <= highest + reach
    ]
    usual = [
        one
        for one in benchmarks
        if one.measure == name and one.at != "range" and one.low <= highest + reach and one.high >= lowest - reach
    ]
    scale = Scale.around([lowest, highest, *(limit for limit, _ in limits)])
    kept = thinned(values)
    span = (float(t[0]), float(t[-1]))
    x = np.array([time_share(float(instant), span) for instant in t[kept]])
    y = (scale.high - values[kept]) / (scale.high - scale.low)
    return Curve(
        name,
        unit,
        path(x, y),
        scale.low,
        scale.high,
        scale.ticks(unit),
        tuple(Zone(scale.share(limit), scale.share(limit), label) for limit, label in limits),
        tuple(
            Zone(
                scale.share(one.high),
                scale.share(one.low),
                f"{one.title}: {quantity(one.low, unit)} to {quantity(one.high, unit)}",
            )
            for one in usual
        ),
    )
