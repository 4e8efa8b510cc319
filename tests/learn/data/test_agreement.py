"""Agreement of two labellers, against what was worked out by hand."""

from __future__ import annotations

import math

import pytest

from poise.errors import InputError
from poise.learn.data.agreement import agreement, kappa, two_labellers
from poise.learn.data.labels import Interval


def at(t: float, label: str, file: str = "a.mp4", who: str = "") -> Interval:
    return Interval(file, t, t, label, labeller=who)


def test_kappa_is_cohens() -> None:
    # Cohen's own kind of table: 70 % alike, 50 % by chance.
    assert kappa([("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15) == pytest.approx(0.4)
    assert kappa([("y", "n"), ("n", "y")]) == -1.0
    assert kappa([("y", "y")]) == 1.0
    assert math.isnan(kappa([]))


def test_frames_are_the_same_within_half_a_frame() -> None:
    one = [at(1.0, "up"), at(2.0, "up"), at(3.0, "down")]
    other = [at(1.01, "up"), at(2.03, "up"), at(3.0, "up"), at(1.0, "down", "b.mp4")]
    agreed = agreement(one, other)
    assert (agreed.frames, agreed.alike) == (2, 0.5)
    assert agreed.overlap == {}


def test_pictures_are_compared_by_name() -> None:
    nan = math.nan
    one = [Interval("a.jpg", nan, nan, "good"), Interval("b.jpg", nan, nan, "bad")]
    other = [Interval("b.jpg", nan, nan, "bad"), Interval("a.jpg", nan, nan, "bad")]
    assert (agreement(one, other).frames, agreement(one, other).alike) == (2, 0.5)


def test_overlap_is_over_all_films_and_counts_nothing_twice() -> None:
    one = [Interval("a", 0, 2, "up"), Interval("a", 1, 4, "up"), Interval("b", 0, 1, "up")]
    other = [Interval("a", 2, 6, "up"), Interval("a", 0, 1, "down")]
    agreed = agreement(one, other)
    assert agreed.overlap == {"down": 0.0, "up": pytest.approx(2 / 7)}
    assert agreed.intervals == (3, 2)
    assert agreed.found == 0


def test_an_interval_is_found_once_and_only_under_its_label() -> None:
    one = [Interval("a", 0, 4, "up"), Interval("a", 0.5, 4, "up"), Interval("a", 5, 6, "up")]
    other = [Interval("a", 0, 4, "up"), Interval("a", 5, 6, "down")]
    assert agreement(one, other).found == 1


def test_two_labellers_are_found_or_named() -> None:
    rows = [at(1.0, "up", who=who) for who in ("ann", "ben", "cat")]
    assert [name for name, _ in two_labellers([rows], "ben, cat")] == ["ben", "cat"]
    with pytest.raises(InputError, match="between two"):
        two_labellers([rows])
    with pytest.raises(InputError, match="between two"):
        two_labellers([rows], "ann,dan")
    assert [len(said) for _, said in two_labellers([rows[:1], rows[:1]])] == [1, 1]
