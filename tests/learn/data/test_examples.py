"""What a network is shown, who is kept apart, and what leaks."""

from __future__ import annotations

import numpy as np
import pytest

from poise.body import COCO17
from poise.errors import InputError
from poise.learn.data import Examples, LandmarkTable, LeakySplit, check, examples_of, folds, leaks, split
from poise.learn.data.splits import Split
from tests.learn.data.made import film, pictures

HIPS = ("left_hip", "right_hip", "neck", "left_heel")


def test_rows_become_examples_of_one_frame() -> None:
    table = pictures(4)
    shown = examples_of(table, HIPS)
    assert shown.values.shape == (4, 1, 4, 3)
    np.testing.assert_array_equal(shown.values[:, 0, 0, :2], table.points[:, 11])
    np.testing.assert_allclose(shown.values[:, 0, 2, :2], table.points[:, 5:7].mean(1), rtol=1e-6)
    assert np.isnan(shown.values[:, 0, 3, :2]).all()
    assert (shown.values[:, 0, 3, 2] == 0).all()
    assert shown.classes == ("bad", "good")


def test_windows_lie_in_the_middle_of_short_parts_and_side_by_side_in_long_ones() -> None:
    table = LandmarkTable.joined([film("a", ["x", "", "y"], 2.0), film("b", ["x"], 6.0)])
    shown = examples_of(table, HIPS, seconds=3.0, rate=5.0, hop=1.0)
    assert shown.values.shape == (2 + 3, 15, 4, 3)
    assert shown.label.tolist() == ["x", "y", "x", "x", "x"]
    np.testing.assert_allclose(shown.at[:2], [0.95, 4.95])
    np.testing.assert_allclose(np.diff(shown.at[2:]), 1.0)
    np.testing.assert_allclose(shown.at[2:].mean(), 2.95)  # as far from either end
    # the window's own middle shows the row of that instant, between two
    middle = table.points[:20].astype(float)[9:11, 11].mean(0)
    np.testing.assert_allclose(shown.values[0, 7, 0, :2], middle, rtol=1e-5)


def test_what_cannot_be_learned_from_is_told() -> None:
    with pytest.raises(InputError, match="only 'x'"):
        examples_of(film("a", ["x"]), HIPS)
    with pytest.raises(InputError, match="single pictures"):
        examples_of(pictures(4), HIPS, 2.0, 10.0)


def test_people_are_on_one_side_and_every_class_is_on_every_side() -> None:
    shown = examples_of(pictures(60, people=10), COCO17.keypoints)
    made = split(shown)
    sides = [set(shown.subject[rows].tolist()) for rows in (made.train, made.validation, made.test)]
    assert [len(side) for side in sides] == [6, 2, 2]
    assert len(set.union(*sides)) == 10
    assert sum(len(rows) for rows in (made.train, made.validation, made.test)) == 60
    for rows in (made.train, made.validation, made.test):
        assert set(shown.label[rows].tolist()) == {"good", "bad"}
    check(shown, made)


def test_views_that_are_measured_were_not_learned_from() -> None:
    table = pictures(80, people=8)
    table.__dict__["view"] = np.array([f"{i // 16 % 5}" for i in range(80)])
    shown = examples_of(table, HIPS)
    made = split(shown, "view")
    assert len(made.test)
    learned = np.concatenate([made.train, made.validation])
    assert not set(shown.view[learned].tolist()) & set(shown.view[made.test].tolist())
    assert not set(shown.subject[learned].tolist()) & set(shown.subject[made.test].tolist())
    with pytest.raises(InputError, match="two views"):
        split(examples_of(pictures(20), HIPS), "view")


def test_the_datas_own_split_is_kept() -> None:
    table = pictures(40, people=8)
    table.__dict__["split"] = np.array(["test" if i < 10 else "train" for i in range(40)])
    made = split(examples_of(table, HIPS), "given")
    assert made.test.tolist() == list(range(10))
    assert len(made.validation)
    assert sorted([*made.train, *made.validation]) == list(range(10, 40))
    with pytest.raises(InputError, match="does not say"):
        split(examples_of(pictures(40), HIPS), "given")


def test_too_few_people_are_told() -> None:
    with pytest.raises(InputError, match="too few"):
        split(examples_of(pictures(20, people=2), HIPS))


def test_everybody_is_left_out_once() -> None:
    shown = examples_of(pictures(40, people=4), HIPS)
    left = {name: set(shown.subject[held].tolist()) for name, _, held in folds(shown)}
    assert left == {f"p{i}": {f"p{i}"} for i in range(4)}
    assert sum(len(held) for _, _, held in folds(shown, 2)) == 40


def leaky(shown: Examples) -> Split:
    return Split(np.arange(0, len(shown), 2), np.array([], dtype=np.intp), np.arange(1, len(shown), 2), "mine")


def test_a_person_a_film_or_a_picture_on_both_sides_stops_it() -> None:
    table = pictures(20)
    with pytest.raises(LeakySplit, match="the same person") as told:
        check(examples_of(table, HIPS), leaky(examples_of(table, HIPS)))
    assert "--despite-leaks" in str(told.value)
    table.__dict__["subject"] = np.full(20, "")
    assert not leaks(examples_of(table, HIPS), leaky(examples_of(table, HIPS)))
    table.points[7] = 2 * table.points[4] + 50  # the same picture, larger and elsewhere
    (leak,) = leaks(examples_of(table, HIPS), leaky(examples_of(table, HIPS)))
    assert (leak.kind, leak.what, leak.count) == ("frame", "bad/007.jpg", 1)
    table.__dict__["file"] = np.full(20, "film")
    assert [leak.kind for leak in leaks(examples_of(table, HIPS), leaky(examples_of(table, HIPS)))] == [
        "file",
        "frame",
    ]
