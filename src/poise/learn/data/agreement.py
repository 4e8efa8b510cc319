"""How far two labellers agree: Cohen's kappa for pictures and frames, the overlap of intervals for stretches.

Kappa is (p_o - p_e) / (1 - p_e), with p_o the share of things both labelled alike and p_e what chance would give if
each labelled at their own rates (Cohen 1960, Educ. Psychol. Meas. 20:37). Intervals agree by their intersection
over union in time, label by label (the Jaccard index), and one is found by the other when they overlap by at least
`FOUND` (the temporal IoU of ActivityNet, Caba Heilbron 2015).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from poise.errors import InputError
from poise.learn.data.labels import Interval

#: Seconds by which two labels of one frame may be apart: less than half a frame at 25 a second.
SAME_S = 0.02
#: The least overlap, intersection over union, by which an interval is found.
FOUND = 0.5


@dataclass(frozen=True)
class Agreement:
    """How two labellers agree; NaN where neither kind was labelled by both.

    ``frames`` is how many pictures and frames both labelled, ``alike`` the share labelled alike, ``kappa`` that
    beyond chance. ``overlap`` is the intersection over union of their intervals in time by label; ``intervals`` how
    many each made, and ``found`` how many of the first's overlap one of the second's of the same label by `FOUND`.
    """

    frames: int
    alike: float
    kappa: float
    overlap: dict[str, float]
    intervals: tuple[int, int]
    found: int


def agreement(one: Sequence[Interval], other: Sequence[Interval]) -> Agreement:
    """How the labels of one agree with those of another, on the same pictures and films.

    >>> a = [Interval("f.mp4", 0.0, 4.0, "up"), Interval("p.jpg", math.nan, math.nan, "up")]
    >>> b = [Interval("f.mp4", 1.0, 5.0, "up"), Interval("p.jpg", math.nan, math.nan, "up")]
    >>> agreed = agreement(a, b)
    >>> agreed.overlap, agreed.found, agreed.frames, agreed.alike
    ({'up': 0.6}, 1, 1, 1.0)
    """
    pairs = _pairs([row for row in one if _is_frame(row)], [row for row in other if _is_frame(row)])
    alike = sum(a == b for a, b in pairs) / len(pairs) if pairs else math.nan
    stretches = [[row for row in rows if not _is_frame(row)] for rows in (one, other)]
    a, b = stretches
    labels = sorted({row.label for rows in stretches for row in rows})
    return Agreement(
        frames=len(pairs),
        alike=alike,
        kappa=kappa(pairs),
        overlap={label: _overlap(a, b, label) for label in labels},
        intervals=(len(a), len(b)),
        found=_matched(a, b),
    )


def two_labellers(files: Sequence[Sequence[Interval]], names: str = "") -> list[tuple[str, list[Interval]]]:
    """The two labellers to compare, each with their labels: of two files, or by name in what there is.

    >>> said = [Interval("f", 0.0, 1.0, "a", labeller=who) for who in ("ann", "ben")]
    >>> [name for name, _ in two_labellers([said])]
    ['ann', 'ben']

    Raises:
        InputError: when there are not two.

    """
    rows = [row for file in files for row in file]
    found = sorted({row.labeller for row in rows})
    wanted = [name.strip() for name in names.split(",")] if names else found
    if not names and len(files) == 2 and len(found) != 2:
        return [(f"file {i}", list(file)) for i, file in enumerate(files, 1)]
    if len(wanted) != 2 or not {*wanted} <= {*found}:
        raise InputError(
            f"Agreement is between two labellers, and there are {', '.join(map(repr, found)) or 'none'}.",
            "Give two files, or name two with --labellers ann,ben.",
        )
    return [(name, [row for row in rows if row.labeller == name]) for name in wanted]


def kappa(pairs: Sequence[tuple[str, str]]) -> float:
    """Cohen's kappa of pairs of labels; NaN without any, 1 when all are alike.

    >>> kappa([("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15)
    0.4
    """
    n = len(pairs)
    if not n:
        return math.nan
    observed = sum(a == b for a, b in pairs) / n
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(first[label] * second[label] for label in first) / n**2
    return 1.0 if chance == 1 else round((observed - chance) / (1 - chance), 12)


def _is_frame(row: Interval) -> bool:
    return row.is_picture or row.start == row.end


def _pairs(one: Sequence[Interval], other: Sequence[Interval]) -> list[tuple[str, str]]:
    """What both said of each thing that both labelled; of several things said of one, the last."""
    pairs: dict[tuple[str, int], tuple[str, str]] = {}
    for a in one:
        for b in other:
            if a.file == b.file and ((a.is_picture and b.is_picture) or abs(a.start - b.start) <= SAME_S):
                pairs[a.file, -1 if a.is_picture else round(a.start / SAME_S)] = a.label, b.label
    return list(pairs.values())


def _overlap(one: Sequence[Interval], other: Sequence[Interval], label: str) -> float:
    """Intersection over union of the time that both give a label, over all films."""
    both = either = 0.0
    for file in {row.file for row in (*one, *other)}:
        times = [
            _merged([(row.start, row.end) for row in rows if row.file == file and row.label == label])
            for rows in (one, other)
        ]
        shared = sum(max(0.0, min(a[1], b[1]) - max(a[0], b[0])) for a in times[0] for b in times[1])
        both += shared
        either += sum(end - start for spans in times for start, end in spans) - shared
    return both / either if either else math.nan


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    out: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = out[-1][0], max(out[-1][1], end)
        else:
            out.append((start, end))
    return out


def _matched(one: Sequence[Interval], other: Sequence[Interval]) -> int:
    """How many of one's intervals overlap one of the other's well, each taken once, the best pairs first."""
    pairs = []
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            if a.file == b.file and a.label == b.label:
                shared = min(a.end, b.end) - max(a.start, b.start)
                union = max(a.end, b.end) - min(a.start, b.start)
                if shared >= FOUND * union:
                    pairs.append((shared / union, i, j))
    left, right = set[int](), set[int]()
    for _, i, j in sorted(pairs, reverse=True):
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
    return len(left)
