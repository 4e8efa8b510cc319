"""The field's metric: average precision over object keypoint similarity, as COCO defines it.

The definition is that of pycocotools (Lin et al. 2014; https://cocodataset.org/#keypoints-eval), matched number for
number: who is matched with whom, what is ignored, and how precision is read off, down to the order of ties.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from poise.body import Array

#: How far off, in shares of a person's size, annotators are at each of COCO's keypoints.
SIGMAS = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1000

_THRESHOLDS = np.linspace(0.5, 0.95, 10)
_RECALLS = np.linspace(0.0, 1.0, 101)
_AREAS = {"all": (0.0, 1e10), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}
_MOST = 20  # people of one picture that count


@dataclass(frozen=True, eq=False)
class Labelled:
    """A person as annotated.

    Args:
        image: which picture.
        keypoints: ``(17, 3)`` x, y and whether it is labelled (0: no).
        box: left, top, width and height in pixels.
        area: pixels of the person's outline.
        crowd: whether this is a crowd, which nobody need find.

    """

    image: int
    keypoints: Array
    box: Array
    area: float
    crowd: bool = False

    @property
    def ignored(self) -> bool:
        """Whether finding them counts neither way."""
        return self.crowd or not (self.keypoints[:, 2] > 0).any()


@dataclass(frozen=True, eq=False)
class Found:
    """A person as found: which picture, ``(17, 2)`` keypoints, and how surely."""

    image: int
    keypoints: Array
    score: float

    @property
    def area(self) -> float:
        """Pixels of the box around the keypoints."""
        return float(np.ptp(self.keypoints, axis=0).prod())


@dataclass(frozen=True)
class Scores:
    """Average precision (over all thresholds, at 0.5 and 0.75, of medium and large people) and recall, 0..1.

    What there was nothing to find for is NaN.
    """

    ap: float
    ap50: float
    ap75: float
    medium: float
    large: float
    ar: float


def similarity(person: Labelled, found: Array) -> float:
    """Object keypoint similarity of one person and keypoints ``(17, 2)``, 0..1."""
    labelled = person.keypoints[:, 2] > 0
    if labelled.any():
        off = found - person.keypoints[:, :2]
    else:  # of somebody without keypoints, how far beyond twice their box
        low, size = person.box[:2], person.box[2:]
        off = np.maximum(0, low - size - found) + np.maximum(0, found - (low + 2 * size))
        labelled = np.ones(len(found), bool)
    e = (off**2).sum(1) / (2 * SIGMAS) ** 2 / (person.area + np.spacing(1)) / 2
    return float(np.exp(-e[labelled]).mean())


def evaluate(truth: Iterable[Labelled], found: Iterable[Found]) -> Scores:
    """How well the people found are those annotated; who is found where nobody is annotated counts too."""
    pictures = _pictures(truth, found)
    results = {name: _curves([_counted(one, area) for one in pictures]) for name, area in _AREAS.items()}
    precision, recall = results["all"]
    return Scores(
        ap=_mean(precision),
        ap50=_mean(precision[:1]),
        ap75=_mean(precision[5:6]),
        medium=_mean(results["medium"][0]),
        large=_mean(results["large"][0]),
        ar=_mean(recall),
    )


def interval(
    truth: Iterable[Labelled], found: Iterable[Found], draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Between which two values average precision lies 95 times of 100 when pictures are drawn again (bootstrap).

    NaN where there was nothing to find.
    """
    counted = [_counted(one, _AREAS["all"]) for one in _pictures(truth, found)]
    if not any(wanted for *_, wanted in counted):
        return float("nan"), float("nan")
    drawn = np.random.default_rng(seed).integers(0, len(counted), (draws, len(counted)))
    means = np.array([_mean(_curves([counted[i] for i in row])[0]) for row in drawn])
    low, high = np.percentile(means[np.isfinite(means)], (2.5, 97.5))
    return float(low), float(high)


_Flags = np.ndarray[tuple[int, int], np.dtype[np.bool_]]
#: Of one picture who is annotated, who was found, the surest first, and how alike they are.
_Picture = tuple[list[Labelled], list[Found], Array]
#: Of one picture how sure each find is, whether it matches, whether it counts neither way, and how many to find.
_Counted = tuple[list[float], _Flags, _Flags, int]


def _pictures(truth: Iterable[Labelled], found: Iterable[Found]) -> list[_Picture]:
    people: defaultdict[int, list[Labelled]] = defaultdict(list)
    guesses: defaultdict[int, list[Found]] = defaultdict(list)
    for person in truth:
        people[person.image].append(person)
    for guess in found:
        guesses[guess.image].append(guess)
    pictures = []
    for image in sorted(people.keys() | guesses.keys()):
        scores = np.array([guess.score for guess in guesses[image]])
        best = [guesses[image][i] for i in np.argsort(-scores, kind="stable")[:_MOST]]
        table = np.array([[similarity(person, guess.keypoints) for person in people[image]] for guess in best])
        pictures.append((people[image], best, table.reshape(len(best), len(people[image]))))
    return pictures


def _mean(values: Array) -> float:
    return float(values.mean()) if np.isfinite(values).all() else float("nan")


def _counted(picture: _Picture, area: tuple[float, float]) -> _Counted:
    people, guesses, table = picture
    return [guess.score for guess in guesses], *_matched(people, guesses, table, area)


def _curves(pictures: Sequence[_Counted]) -> tuple[Array, Array]:
    """Precision ``(10, 101)`` by threshold and recall, and the highest recall ``(10,)``; NaN without people."""
    wanted = sum(needed for *_, needed in pictures)
    precision, recall = np.full((10, 101), np.nan), np.full(10, np.nan)
    if not wanted:
        return precision, recall
    order = np.argsort(-np.array([score for scores, *_ in pictures for score in scores]), kind="stable")
    hits = np.concatenate([hit for _, hit, _, _ in pictures], axis=1)[:, order]
    passed = np.concatenate([passed for _, _, passed, _ in pictures], axis=1)[:, order]
    for t in range(len(_THRESHOLDS)):
        right, wrong = np.cumsum(hits[t] & ~passed[t]), np.cumsum(~hits[t] & ~passed[t])
        reached = right / wanted
        share = np.maximum.accumulate((right / (right + wrong + np.spacing(1)))[::-1])[::-1]
        at = np.searchsorted(reached, _RECALLS, side="left")
        precision[t] = np.append(share, 0.0)[at]
        recall[t] = reached[-1] if len(reached) else 0.0
    return precision, recall


def _matched(
    people: list[Labelled], guesses: list[Found], table: Array, area: tuple[float, float]
) -> tuple[_Flags, _Flags, int]:
    """Which guesses ``(10, N)`` match somebody, which count neither way, and how many people are to be found."""
    low, high = area
    out = [person.ignored or not low <= person.area <= high for person in people]
    order = sorted(range(len(people)), key=lambda i: out[i])  # those who count come first
    beyond = [not low <= guess.area <= high for guess in guesses]
    hit, passed = (np.zeros((len(_THRESHOLDS), len(guesses)), dtype=np.bool_) for _ in range(2))
    for t, threshold in enumerate(_THRESHOLDS):
        taken: set[int] = set()
        for d in range(len(guesses)):
            best, match = min(float(threshold), 1 - 1e-10), -1
            for g in order:
                if g in taken and not people[g].crowd:
                    continue
                if match > -1 and not out[match] and out[g]:
                    break
                if table[d, g] >= best:
                    best, match = table[d, g], g
            if match > -1:
                hit[t, d], passed[t, d] = True, out[match]
                taken.add(match)
            else:
                passed[t, d] = beyond[d]
    return hit, passed, len(people) - sum(out)
