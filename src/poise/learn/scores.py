"""How good a classifier is, and how sure that is: pure functions of probabilities, labels and who is who."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Floats = NDArray[Any]

#: Bins of the reliability table; and how often people are drawn again for an interval.
BINS, DRAWS = 10, 2000


@dataclass(frozen=True)
class Interval:
    """A share, and between what it lies with 95 % confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PerClass:
    """How one class fared."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class PerSubject:
    """How one person fared."""

    subject: str
    accuracy: float
    count: int


@dataclass(frozen=True)
class Bin:
    """The answers whose probability lay in a bin: its mean, how many of them were right, how many there were."""

    confidence: float
    accuracy: float
    count: int


@dataclass(frozen=True)
class Scores:
    """Everything there is to say about answers whose truth is known.

    ``confusion`` has a row for each true class and a column for each answer. ``ece`` is the expected calibration
    error over ten bins, ``brier`` the Brier score over all classes. ``over`` says what was drawn again for the
    interval: subjects where there are any, since examples of one person are alike; else examples (Wilson).
    """

    labels: tuple[str, ...]
    count: int
    subjects: int
    accuracy: Interval
    over: str
    balanced: float
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[PerClass, ...]
    people: tuple[PerSubject, ...]
    bins: tuple[Bin, ...]
    ece: float
    brier: float

    @property
    def precision(self) -> float:
        """The mean over classes."""
        return float(np.mean([one.precision for one in self.classes]))

    @property
    def recall(self) -> float:
        """The mean over classes."""
        return float(np.mean([one.recall for one in self.classes]))

    @property
    def f1(self) -> float:
        """The mean over classes."""
        return float(np.mean([one.f1 for one in self.classes]))

    def plain(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {**asdict(self), "precision": self.precision, "recall": self.recall, "f1": self.f1}


def scored(likely: Floats, truth: Labels, labels: tuple[str, ...], subject: NDArray[np.str_]) -> Scores:
    """The scores of probabilities ``(N, labels)`` given the true classes ``(N,)`` and whose examples they are."""
    answers = likely.argmax(1)
    right = answers == truth
    confusion = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(confusion, (truth, answers), 1)
    known = set(subject.tolist()) - {""}
    people = [
        PerSubject(str(who), float(right[subject == who].mean()), int((subject == who).sum()))
        for who in sorted(known)
    ]
    accuracy = drawn_again(right, subject) if len(known) > 1 else wilson(int(right.sum()), len(right))
    classes = tuple(_class(name, i, confusion) for i, name in enumerate(labels))
    bins, ece = _reliability(likely.max(1), right)
    return Scores(
        labels,
        len(truth),
        len(known),
        accuracy,
        "subjects" if len(known) > 1 else "examples",
        float(np.mean([one.recall for one in classes if one.support])) if len(truth) else math.nan,
        tuple(tuple(int(n) for n in row) for row in confusion),
        classes,
        tuple(people),
        bins,
        ece,
        float(((likely - np.eye(len(labels))[truth]) ** 2).sum(1).mean()) if len(truth) else math.nan,
    )


def _class(name: str, i: int, confusion: NDArray[np.int64]) -> PerClass:
    hit, said, there = int(confusion[i, i]), int(confusion[:, i].sum()), int(confusion[i].sum())
    precision = hit / said if said else 0.0
    recall = hit / there if there else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return PerClass(name, precision, recall, f1, there)


def _reliability(confidence: Floats, right: NDArray[np.bool_]) -> tuple[tuple[Bin, ...], float]:
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins, off = [], 0.0
    for i in range(BINS):
        inside = place == i
        if inside.any():
            one = Bin(float(confidence[inside].mean()), float(right[inside].mean()), int(inside.sum()))
            bins.append(one)
            off += one.count * abs(one.confidence - one.accuracy)
    return tuple(bins), off / max(len(right), 1)


def wilson(hits: int, count: int, z: float = 1.959964) -> Interval:
    """A share of independent trials with its 95 % interval (Wilson 1927).

    >>> one = wilson(13, 14)
    >>> round(one.value, 3), round(one.low, 2), round(one.high, 2)
    (0.929, 0.69, 0.99)
    """
    if not count:
        return Interval(math.nan, 0.0, 1.0)
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def drawn_again(values: Floats, subject: NDArray[np.str_], seed: int = 0) -> Interval:
    """The mean of values ``(N,)`` with the 95 % interval of drawing people again, with all their examples."""
    _, who = np.unique(subject, return_inverse=True)
    total, count = np.bincount(who, values), np.bincount(who)
    picks = np.random.default_rng(seed).integers(0, len(count), (DRAWS, len(count)))
    means = total[picks].sum(1) / count[picks].sum(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(np.mean(values)), float(low), float(high))
