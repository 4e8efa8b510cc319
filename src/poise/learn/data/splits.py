"""Who is learned from and who is measured on: splits that keep people apart, and the search for what leaks through.

A figure on people that were learned from says nothing about others: on sitting postures of 13 people a random split
says 91 % and leaving one person out 62 %. So people are kept apart by default, and what is on both sides stops it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from poise.errors import InputError
from poise.learn.data.examples import Examples
from poise.learn.data.table import SPLITS

#: How splits may be made. "given" is by the data's own column.
By = Literal["subject", "view", "random", "given"]
#: Two frames closer than this, as a share of the size of the body, are the same picture for all that matters: the
#: steadiest estimators jitter by 0.3 to 0.5 % of a body's box. Ours.
SAME = 0.01
#: How many splits are drawn, of which the one is taken whose sides have most alike shares of every class.
_DRAWS = 60
#: Frames compared on either side at most, and of a window how many.
_MOST, _FRAMES = 12_000, 5

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Split:
    """Places among examples: what is learned from, what decides when to stop, and what is measured."""

    train: Rows
    validation: Rows
    test: Rows
    by: str


@dataclass(frozen=True)
class Leak:
    """Something on both sides: ``what`` of a ``kind`` ("subject", "file" or "frame"), in so many examples."""

    kind: str
    what: str
    count: int


class LeakySplit(InputError):
    """A split with the same person, film or picture on both sides."""


def split(
    examples: Examples, by: By = "subject", test: float = 0.2, validation: float = 0.2, seed: int = 0
) -> Split:
    """A split into what is learned from, what decides when to stop, and what is measured.

    "subject" keeps people apart (films, where nobody said who it is). "view" measures only views that were not
    learned from, of people that were not learned from. "random" keeps nothing apart; "given" is as the data says.

    Args:
        examples: what is split.
        by: how.
        test: the share of groups that is measured.
        validation: the share that decides when to stop.
        seed: of the draw.

    Raises:
        InputError: when there are too few groups or views, or the data does not say.

    """
    if by == "given":
        return _given(examples, validation, seed)
    if by == "random":
        order = np.random.default_rng(seed).permutation(len(examples))
        a, b = int(len(order) * test), int(len(order) * (test + validation))
        return Split(np.sort(order[b:]), np.sort(order[a:b]), np.sort(order[:a]), by)
    side = _apart(examples, examples.groups, test, validation, seed)
    rows = [np.flatnonzero(side == i) for i in range(3)]
    if by == "view":
        views = np.unique(examples.view)
        if len(views) < 2:
            raise InputError("The data has fewer than two views.", "Keep people apart instead: --split subject")
        held = views[:: max(2, round(1 / test))] if len(views) > 2 else views[:1]
        unseen = np.isin(examples.view, held)
        rows = [r[~unseen[r]] if i < 2 else r[unseen[r]] for i, r in enumerate(rows)]
    return Split(rows[0], rows[1], rows[2], by)


def _given(examples: Examples, validation: float, seed: int) -> Split:
    rows = [np.flatnonzero(examples.split == name) for name in SPLITS]
    if not len(rows[0]) or not len(rows[2]):
        raise InputError(
            "The data does not say which of it is for training and which for testing.",
            "Keep people apart instead: --split subject",
        )
    if not len(rows[1]):  # nobody said what decides when to stop: some of what is learned from does
        side = _apart(examples[rows[0]], examples.groups[rows[0]], validation, 0.0, seed)
        rows[0], rows[1] = rows[0][side == 0], rows[0][side == 2]
    return Split(rows[0], rows[1], rows[2], "given")


def _apart(
    examples: Examples, groups: NDArray[np.str_], test: float, validation: float, seed: int
) -> NDArray[np.int8]:
    """0 train, 1 validation or 2 test for each example, every group on one side."""
    names, group = np.unique(groups, return_inverse=True)
    wanted = (
        max(1, round(test * len(names))) if test else 0,
        max(1, round(validation * len(names))) if validation else 0,
    )
    if sum(wanted) >= len(names):
        raise InputError(
            f"There {'is' if len(names) == 1 else 'are'} {len(names)} of what must be kept apart "
            f"({', '.join(names[:3])}), too few to split.",
            "Record more people; or, knowing that the figures will flatter, use --split random.",
        )
    kinds, label = np.unique(examples.label, return_inverse=True)
    table = np.zeros((len(names), len(kinds)))
    np.add.at(table, (group, label), 1)
    share = table.sum(0) / table.sum()
    rng, best, found = np.random.default_rng(seed), np.inf, np.zeros(len(names), np.int8)
    for _ in range(_DRAWS):
        order = rng.permutation(len(names))
        side = np.zeros(len(names), np.int8)
        side[order[: wanted[0]]], side[order[wanted[0] : sum(wanted)]] = 2, 1
        off = 0.0
        for i, part in ((0, 1 - test - validation), (1, validation), (2, test)):
            inside = table[side == i].sum(0)
            off += np.abs(inside / max(inside.sum(), 1) - share).sum() + abs(inside.sum() / table.sum() - part)
            off += 10.0 * (inside == 0).sum() * (part > 0)
        if off < best:
            best, found = off, side
    return found[group]


def folds(examples: Examples, count: int = 0) -> Iterator[tuple[str, Rows, Rows]]:
    """Every group left out in turn, or ``count`` shares of them: a name, what to learn from, what to measure."""
    names, group = np.unique(examples.groups, return_inverse=True)
    share = np.arange(len(names)) if not count else np.random.default_rng(0).permutation(len(names)) % count
    for i in range(share.max() + 1):
        held = share[group] == i
        name = str(names[i]).partition(" ")[2] if not count else str(i + 1)
        yield name, np.flatnonzero(~held), np.flatnonzero(held)


def leaks(examples: Examples, made: Split) -> list[Leak]:
    """What is measured and was learned from as well: people, films, and frames that are nearly the same."""
    learned, measured = np.concatenate([made.train, made.validation]), made.test
    out = []
    for kind, words in (("subject", examples.subject), ("file", examples.file)):
        known = set(words[learned].tolist()) - {""}
        both = [name for name in words[measured].tolist() if name in known]
        if both:
            names = sorted(set(both))
            out.append(Leak(kind, ", ".join(names[:3]) + (" and others" if len(names) > 3 else ""), len(both)))
    twins = _twins(examples, learned, measured)
    if len(twins):
        one = int(twins[0])
        at = "" if np.isnan(examples.at[one]) else f" at {examples.at[one]:.1f} s"
        out.append(Leak("frame", f"{examples.file[one]}{at}", len(twins)))
    return out


def check(examples: Examples, made: Split) -> None:
    """Stop where something leaks.

    Raises:
        LeakySplit: says what is on both sides, why that matters, and what to do.

    """
    found = leaks(examples, made)
    if not found:
        return
    words = {"subject": "the same person", "file": "the same film", "frame": "nearly the same frame"}
    said = "; ".join(f"{words[leak.kind]} ({leak.what}) in {leak.count} examples" for leak in found)
    raise LeakySplit(
        f"What would be measured was learned from: {said}. The figures would flatter: they would say how well it "
        "remembers, not how well it knows others.",
        "Say who is who (--subject-from, or the column 'subject') and split by subject; or say --despite-leaks, "
        "and the report will repeat this.",
    )


def _twins(examples: Examples, learned: Rows, measured: Rows) -> Rows:
    """The measured examples for which there is one nearly the same that was learned from.

    Two people who are known to be two may stand alike, and are no leak.
    """
    if len(learned) > _MOST:
        learned = learned[:: len(learned) // _MOST + 1]
    one, other = _bodies(examples[measured]), _bodies(examples[learned])
    square = (other * other).sum(1)
    limit = SAME**2 * one.shape[1] / 2
    close = np.zeros(len(one), dtype=bool)
    who, others = examples.subject[measured], examples.subject[learned]
    for start in range(0, len(one), 512):
        part = one[start : start + 512]
        near = square[None] + (part * part).sum(1)[:, None] - 2 * part @ other.T
        mine = who[start : start + 512, None]
        near[(mine != others) & (mine != "") & (others != "")] = np.inf
        close[start : start + 512] = near.min(1) < limit
    return measured[close]


def _bodies(examples: Examples) -> NDArray[np.float32]:
    """Each example as one row of numbers, moved to its middle and divided by its size; what is unseen is 0."""
    frames = np.unique(np.linspace(0, examples.values.shape[1] - 1, _FRAMES).astype(int))
    xy = examples.values[:, frames, :, :2].astype(np.float64)
    seen = np.asarray(np.isfinite(xy).all(-1))
    xy = np.where(seen[..., None], xy, 0.0)
    count = np.maximum(seen.sum((1, 2)), 1)
    xy -= (xy.sum((1, 2)) / count[:, None])[:, None, None]
    xy = np.where(seen[..., None], xy, 0.0)
    size = np.sqrt((xy**2).sum((1, 2, 3)) / count)
    flat = (xy / np.maximum(size, 1e-9)[:, None, None, None]).reshape(len(examples), -1)
    return np.asarray(flat, dtype=np.float32)
