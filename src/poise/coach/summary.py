"""What a set of repetitions has in common: how alike they were, how even left and right, how it tired."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median, pstdev

from poise.coach.events import Rep, Summary

#: Full repetitions that make a set worth summing up, and to see it tire.
LEAST, TIRING = 3, 4
#: How much range must be lost, or lifting slowed, from the first to the last repetition to be called tiring: 20 %
#: of velocity is a usual end of a set where one trains by it; 10 % of range is ours.
RANGE_LOST, SLOWED = 0.10, 0.20
#: How many times the scatter about the trend the change must be.
CLEAR = 2.0


def summed_up(reps: Sequence[Rep]) -> Summary | None:
    """How alike, how even and how tiring the full repetitions of a set were; None of fewer than `LEAST`."""
    full = [rep for rep in reps if rep.kind == "full"]
    if len(full) < LEAST:
        return None
    roms = _known([rep.rom for rep in full])
    lifts = _known([rep.concentric_s for rep in full])
    sides = _known([rep.asymmetry for rep in full])
    lost, slowed = -_change(roms), _change(lifts)
    return Summary(
        reps=len(full),
        rom=median(roms) if roms else math.nan,
        unit=full[0].unit,
        rom_spread=_spread(roms),
        tempo_spread=_spread(_known([rep.end - rep.start for rep in full])),
        asymmetry=median(sides) if len(sides) >= LEAST else math.nan,
        range_lost=lost,
        slowed=slowed,
        tired=(lost >= RANGE_LOST and _clear(roms)) or (slowed >= SLOWED and _clear(lifts)),
    )


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _spread(values: Sequence[float]) -> float:
    """Standard deviation as a share of the mean."""
    mean = fmean(values) if len(values) >= LEAST else 0.0
    return pstdev(values) / mean if mean > 0 else math.nan


def _trend(values: Sequence[float]) -> tuple[float, float]:
    """The first and the last value of the straight line through values in a row."""
    n = len(values)
    middle, mean = (n - 1) / 2, fmean(values)
    slope = sum((i - middle) * v for i, v in enumerate(values)) / sum((i - middle) ** 2 for i in range(n))
    return mean - slope * middle, mean + slope * middle


def _change(values: Sequence[float]) -> float:
    """How much a quantity grew from first to last, by its trend, as a share of the first; NaN of too few."""
    if len(values) < TIRING:
        return math.nan
    first, last = _trend(values)
    return last / first - 1 if first > 0 else math.nan


def _clear(values: Sequence[float]) -> bool:
    """Whether a trend is more than the scatter about it."""
    first, last = _trend(values)
    step = (last - first) / (len(values) - 1)
    return abs(last - first) >= CLEAR * pstdev([v - first - i * step for i, v in enumerate(values)])
