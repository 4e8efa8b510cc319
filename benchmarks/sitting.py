"""Can one be told how somebody sits who was never seen before? Classifiers on published sets of sitting people.

python benchmarks/sitting.py [--multiposture FOLDER] [--jiayii FOLDER] [--trees 150]

MultiPosture: 4794 frames of 13 people, the eight features published with them, five classes. Every person is left
out in turn (LOSO); beside it stands what a random split would have claimed, and what always saying the commonest
class scores. *Ranked* puts each feature in the order of the same person's frames, unlabelled: what a desk coach
knows after an hour. *Smoothed* averages the answers over a frame's ten nearest of that person. The personal
baseline is the first 60 upright frames of each person that has 20 more, which are then left out of the test.

sitting-jiayii: 781 pictures, four classes, no names of people: blocks of pictures in the order they come are left
out in turn, which only bounds what a split by people would say.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from machine import machine
from numpy.typing import NDArray
from peers import SHARED
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.neighbors import NearestNeighbors

Array = NDArray[np.float64]
Labels = NDArray[np.str_]
Split = Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]

BASELINE, LEFT, NEAREST = 60, 20, 10


def probabilities(x: Array, y: Labels, splits: Split, trees: int) -> Array:
    """What is said of each frame by a model that did not see its group: ``(N, classes)``, NaN where untested."""
    out = np.full((len(y), len(np.unique(y))), np.nan)
    for train, test in splits:
        model = ExtraTreesClassifier(trees, min_samples_leaf=5, random_state=0)
        out[test] = model.fit(x[train], y[train]).predict_proba(x[test])
    return out


def left_out(groups: NDArray[np.generic], used: NDArray[np.bool_]) -> Split:
    """Each group in turn for testing, the others for training."""
    for group in np.unique(groups[used]):
        yield used & (groups != group), used & (groups == group)


def random_split(count: int, used: NDArray[np.bool_]) -> Split:
    """Five random fifths in turn: what leaks."""
    fold = np.random.default_rng(0).integers(0, 5, count)
    yield from left_out(fold, used)


def per_person(groups: NDArray[np.generic], function: Callable[[NDArray[np.intp]], Array], columns: int) -> Array:
    """Rows computed for each person from all their frames."""
    out = np.zeros((len(groups), columns))
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        out[rows] = function(rows)
    return out


def smoothed(p: Array, x: Array, groups: NDArray[np.generic], used: NDArray[np.bool_]) -> Array:
    """Answers averaged over the nearest frames of the same person."""
    out = p.copy()
    for group in np.unique(groups[used]):
        rows = np.flatnonzero((groups == group) & used)
        near = NearestNeighbors(n_neighbors=min(NEAREST, len(rows))).fit(x[rows]).kneighbors(x[rows])[1]
        out[rows] = p[rows][near].mean(1)
    return out


def row(label: str, p: Array, y: Labels, groups: NDArray[np.generic], used: NDArray[np.bool_]) -> None:
    """A line: accuracy with its interval over people, and for two classes balanced accuracy and AUROC."""
    classes = np.unique(y)
    right = classes[p[used].argmax(1)] == y[used]
    people = np.unique(groups[used])
    draws = np.random.default_rng(0).choice(people, (2000, len(people)))
    hits = {g: right[groups[used] == g] for g in people}
    sums, counts = ({g: f(h) for g, h in hits.items()} for f in (np.sum, len))
    shares = [sum(sums[g] for g in draw) / sum(counts[g] for g in draw) for draw in draws]
    low, high = np.percentile(shares, (2.5, 97.5))
    more = ""
    if len(classes) == 2:
        auc = [
            roc_auc_score(y[used & (groups == g)] == classes[1], p[used & (groups == g), 1])
            for g in people
            if len(np.unique(y[used & (groups == g)])) == 2
        ]
        balanced = balanced_accuracy_score(y[used], classes[p[used].argmax(1)])
        more = f", balanced {100 * balanced:.1f} %, AUROC within a person {np.mean(auc):.3f}"
    print(f"  {label:44s} {100 * right.mean():.1f} % [{100 * low:.1f}, {100 * high:.1f}]{more}", flush=True)


def multiposture(folder: Path, trees: int) -> None:
    with (folder / "features.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in ("label", "label_raw", "subject")]
    x = np.array([[float(r[name]) for name in names] for r in rows])
    five = np.array([r["label_raw"] for r in rows])
    two = np.where(five == "TUP", "upright", "rest")
    who = np.array([int(r["subject"]) for r in rows])
    ranks = per_person(who, lambda i: (x[i].argsort(0).argsort(0) / len(i)).astype(np.float64), x.shape[1])
    every = np.ones(len(who), bool)

    kept, against = every.copy(), np.zeros((len(who), 2))
    for person in np.unique(who):
        mine, upright = who == person, np.flatnonzero((who == person) & (two == "upright"))
        if len(upright) < BASELINE + LEFT:
            kept[mine] = False
            continue
        first, scale = x[upright[:BASELINE]], x.std(0)
        kept[upright[:BASELINE]] = False
        cov = np.cov(first.T) + np.diag((0.05 * scale) ** 2)
        off = x[mine] - np.median(first, 0)
        mahalanobis = np.sqrt(np.einsum("ij,jk,ik->i", off, np.linalg.inv(cov), off))
        nearest = NearestNeighbors(n_neighbors=3).fit(first / scale).kneighbors(x[mine] / scale)[0].mean(1)
        against[mine] = np.stack([np.log(mahalanobis + 1e-9), nearest], -1)

    print(f"MultiPosture: {len(x)} frames, {len(np.unique(who))} people; accuracy [95 % over people]")
    for title, y in (("five classes", five), ("upright against rest", two)):
        for used, note in ((every, ""), (kept, ", the people and frames of the baseline test")):
            common = max(np.mean(y[used] == c) for c in np.unique(y))
            print(f" {title}{note}: n = {used.sum()}, {len(np.unique(who[used]))} people")
            print(f"  {'always the commonest':44s} {100 * common:.1f} %")
            row("random split, as given", probabilities(x, y, random_split(len(y), used), trees), y, who, used)
            row("LOSO, as given", probabilities(x, y, left_out(who, used), trees), y, who, used)
            p = probabilities(ranks, y, left_out(who, used), trees)
            row("LOSO, ranked", p, y, who, used)
            row("LOSO, ranked, smoothed", smoothed(p, ranks, who, used), y, who, used)
        p = probabilities(np.hstack([ranks, against]), y, left_out(who, kept), trees)
        row("LOSO, ranked, personal baseline", p, y, who, kept)
        row("LOSO, ranked, personal baseline, smoothed", smoothed(p, ranks, who, kept), y, who, kept)


def jiayii(folder: Path, trees: int) -> None:
    with gzip.open(folder / "full_mediapipe_keypoints.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name.endswith(("_x", "_y"))]
    points = np.array([[float(r[name] or "nan") for name in names] for r in rows]).reshape(len(rows), -1, 2)
    joints = [name[:-2] for name in names[::2]]
    at = {name: points[:, i] for i, name in enumerate(joints)}
    middle = (at["left_shoulder"] + at["right_shoulder"]) / 2
    size = np.linalg.norm(middle - (at["left_hip"] + at["right_hip"]) / 2, axis=-1)
    x = np.nan_to_num(((points - middle[:, None]) / size[:, None, None]).reshape(len(rows), -1))
    y = np.array([r["class"] for r in rows])
    block = np.zeros(len(y), int)
    for name in np.unique(y):  # the pictures of each class in order, in five blocks
        mine = np.flatnonzero(y == name)
        block[mine] = np.arange(len(mine)) * 5 // len(mine)
    every = np.ones(len(y), bool)
    print(f"sitting-jiayii: {len(y)} pictures, {', '.join(np.unique(y))}; people are not named")
    row("random split", probabilities(x, y, random_split(len(y), every), trees), y, block, every)
    row("blocks in the order of the pictures", probabilities(x, y, left_out(block, every), trees), y, block, every)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--multiposture", type=Path, default=SHARED / "data" / "multiposture")
    parser.add_argument("--jiayii", type=Path, default=SHARED / "data" / "sitting-jiayii")
    parser.add_argument("--trees", type=int, default=150)
    asked = parser.parse_args()
    print(machine())
    multiposture(asked.multiposture, asked.trees)
    jiayii(asked.jiayii, asked.trees)


if __name__ == "__main__":
    main()
