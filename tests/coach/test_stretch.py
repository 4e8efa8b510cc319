"""What stands for a moment of a stretch of poses."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from poise.body import Array
from poise.coach.events import View
from poise.coach.exercise import Moment
from poise.coach.stretch import NEAR_S, Judged, Stretch, sway
from tests.coach.bodies import SIDE, figure, moved, stretch


def series(values: list[float], turn: float) -> tuple[Stretch, Array]:
    """A stretch of as many instants, 0.05 s apart."""
    judged = [Judged(figure(t=0.05 * i), 100.0, SIDE) for i in range(len(values))]
    return Stretch.of(judged, turn), np.array(values)


def test_a_range_is_told_of_when_it_was_furthest_from_where_it_began_and_a_median_of_when_it_was_like_that() -> (
    None
):
    dip, values = series([16.0, 18.0, -10.0, 5.0, 21.0, 6.0, 7.0], turn=0.1)
    assert dip.at("range", values).t == pytest.approx(0.1)
    assert dip.at("median", values).t == pytest.approx(0.3)
    late = Stretch(dip.t, dip.body, dip.view, dip.turn, start=0.1)  # it began at the lowest
    assert late.at("range", values).t == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("moment", "value", "t"),
    [
        ("start", 1.0, 0.025),  # the median of the first two, within 0.08 s of the first
        ("turn", 50.0, 0.50),  # of 40, 50, 60
        ("max", 95.0, 0.95),  # about the 95th percentile
        ("min", 5.0, 0.05),
        ("range", 90.0, 0.95),
        ("median", 50.0, 0.5),
    ],
)
def test_what_stands_for_a_moment_of_a_steady_rise(moment: Moment, value: float, t: float) -> None:
    assert NEAR_S == 0.08
    ramp, values = series([5.0 * i for i in range(21)], turn=0.5)
    if moment == "start":
        values[:2] = 0.0, 2.0
    assert ramp.at(moment, values)[:2] == pytest.approx((value, t))


def test_a_way_is_timed_from_a_tenth_to_nine_tenths_of_it_between_the_pictures() -> None:
    rest, way = [1.0] * 6, [1.0 - 0.125 * i for i in range(1, 9)]  # down in 0.4 s, of which four fifths are 0.32
    down, values = series(rest + way + [0.0] * 6, turn=0.8)
    assert down.crossing(values)[:2] == pytest.approx((0.32, 0.25 + 0.9 * 0.4))
    up, _ = series(values[::-1].tolist(), turn=0.8)
    assert up.crossing(values[::-1]).value == pytest.approx(0.32)
    wandering = values + np.array([0.0, -0.05, 0.05, 0.0, 0.05, *[0.0] * 15])
    assert down.crossing(wandering).value == pytest.approx(0.32, abs=0.02)
    assert math.isnan(down.crossing(np.full(20, 1.0)).value)
    assert math.isnan(down.crossing(np.full(20, math.nan)).value)


def test_a_gain_since_another_was_lowest_is_the_least_where_that_cannot_be_told_exactly() -> None:
    ramp, values = series([0.0, 0.0, 0.0, 10.0, 20.0, 30.0, 40.0, *[40.0] * 12], turn=0.5)
    other = np.array([1.0, 0.9, 0.8, 0.72, 0.71, 0.7, 0.71, *[1.0] * 12])
    assert ramp.gain(values, other).value == pytest.approx(10.0)  # lowest at 30
    assert ramp.gain(values, other, 0.015).value == pytest.approx(0.0)  # or as late as at 40


def test_the_start_is_the_first_instant_seen_and_a_turn_unseen_is_unknown() -> None:
    ramp, values = series([math.nan, math.nan, 7.0, 7.0, 7.0, math.nan, math.nan, math.nan, 9.0], turn=0.31)
    assert ramp.at("start", values)[:2] == pytest.approx((7.0, 0.125))
    value, t, near = ramp.at("turn", values)
    assert (math.isnan(value), t, near) == (True, 0.31, ())


def test_the_start_is_that_of_the_repetition_where_the_stretch_reaches_before_it() -> None:
    ramp, values = series([5.0 * i for i in range(21)], turn=0.5)
    later = replace(ramp, start=0.29)
    assert later.at("start", values)[:2] == pytest.approx((30.0, 0.3))  # the median of 25, 30, 35
    gone = replace(ramp, start=1.5)
    assert math.isnan(gone.at("start", values).value)


def test_one_spike_is_not_the_largest() -> None:
    flat, values = series([10.0] * 20 + [500.0] + [10.0] * 20, turn=0.5)
    assert flat.at("max", values)[0] == 10.0
    assert flat.at("range", values)[0] == 0.0


def test_an_extreme_that_lasts_is_the_median_of_all_that_is_as_much() -> None:
    course, values = series([0.0, 10.0, math.nan, 11.0, 12.0, 13.0, 3.0, 12.5], turn=0.2)
    most = course.at("max", values)
    assert most.value == 12.0  # of 11, 12 and 13, about the 95th percentile
    lasting = course.lasting(values, most, 2.0)
    assert (lasting.value, lasting.t, lasting.near) == (12.0, most.t, [1, 3, 4, 5, 7])
    assert course.lasting(values, most, 1.0).near == [3, 4, 5, 7]
    assert course.lasting(values, most, math.nan) == most


def test_a_stretch_in_which_nothing_was_seen_has_no_moments() -> None:
    nothing, values = series([math.nan] * 5, turn=0.1)
    for moment in ("start", "turn", "max", "min", "range", "median"):
        value, t, near = nothing.at(moment, values)
        assert (math.isnan(value), t, near) == (True, 0.1, ())


def test_the_view_of_a_stretch_is_its_median_and_the_facing_that_of_most() -> None:
    views = [View("oblique", yaw, 9.0, facing) for yaw, facing in ((50, -1), (70, 1), (71, -1), (math.nan, 0))]
    judged = [Judged(figure(t=float(i)), 100.0 + i, view) for i, view in enumerate(views)]
    whole = Stretch.of(judged, 0.0)
    assert (whole.view.yaw, whole.view.name, whole.view.facing) == (70.0, "side", -1)
    assert (whole.body.yaw[0], whole.body.facing[0], whole.body.scale[0]) == (70.0, -1, 101.5)


def test_sway_is_the_sideways_range_in_torso_lengths() -> None:
    poses = [moved(figure(), "left_wrist", (10.0 * i, 4.0 * i)) for i in range(11)]
    assert sway(stretch(*poses), "left_wrist") == pytest.approx(0.9)
    assert sway(stretch(*poses), "right_wrist") == 0.0
    assert sway(stretch(*(moved(p, "left_wrist", (0, 0), score=0.09) for p in poses)), "left_wrist") == 0.0
    three_seen = [moved(p, "left_wrist", (0, 0), score=1.0 if i % 5 == 0 else 0.0) for i, p in enumerate(poses)]
    assert sway(stretch(*three_seen), "left_wrist") == 0.0


def test_the_part_of_a_stretch_between_two_times_includes_both() -> None:
    ramp, _ = series([float(i) for i in range(21)], turn=0.5)
    part = ramp.between(0.25, 0.4)
    assert part.t == pytest.approx([0.25, 0.3, 0.35, 0.4])
    assert part.body.at("left_knee").shape == (4, 2)
    assert (part.view, part.turn) == (ramp.view, ramp.turn)


@pytest.mark.parametrize("lowers_first", [True, False])
def test_lowering_and_lifting_are_the_ways_to_the_turn_and_back(lowers_first: bool) -> None:
    whole = replace(stretch(figure(), turn=0.35), start=0.05, end=0.85, lowers_first=lowers_first)
    first, second = ("lowering", "lifting") if lowers_first else ("lifting", "lowering")
    assert whole.part(first).t.tolist() == pytest.approx([0.1, 0.2, 0.3])  # type: ignore[arg-type]
    assert whole.part(second).t.tolist() == pytest.approx([0.4, 0.5, 0.6, 0.7, 0.8])  # type: ignore[arg-type]
    assert whole.part("whole") is whole
