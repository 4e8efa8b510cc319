from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from poise.body import Array
from poise.coach.exercise import Benchmark, Exercise, Rule
from poise.report.plots import MOST_POINTS, Scale, curve, path, round_steps, thinned, time_share
from tests.report import made_up

T = np.linspace(0.0, 10.0, 501)


def rule(exercise: Exercise, **changes: object) -> Rule:
    return exercise.fault[0].model_copy(update=changes)


@given(arrays(np.float64, st.integers(0, 400), elements=st.floats(-1e6, 1e6) | st.just(np.nan)))
def test_thinning_keeps_the_extremes_in_order(values: Array) -> None:
    kept = thinned(values, most=40)
    assert len(kept) <= 40 or len(values) <= 40
    assert (np.diff(kept) > 0).all()
    if np.isfinite(values).any():
        assert np.nanmax(values[kept]) == np.nanmax(values)
        assert np.nanmin(values[kept]) == np.nanmin(values)


def test_a_short_curve_is_drawn_point_by_point_and_a_long_one_is_not() -> None:
    assert len(thinned(np.zeros(MOST_POINTS))) == MOST_POINTS
    assert len(thinned(np.random.default_rng(0).normal(size=100_000))) == MOST_POINTS


def test_thinning_keeps_a_gap_wider_than_a_bucket() -> None:
    values = np.sin(np.arange(1000.0))
    values[400:600] = np.nan
    kept = thinned(values, most=100)
    assert np.isnan(values[kept]).sum() == 10
    assert kept[np.isnan(values[kept])].min() == 400


def test_a_path_breaks_where_nothing_is_known() -> None:
    x = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    assert path(x, np.array([0.0, 0.5, np.nan, 0.5, 1.0])) == "M0 0L2500 500M7500 500L10000 1000"
    assert path(x, np.array([np.nan] * 5)) == ""


@given(st.floats(-1e4, 1e4), st.floats(1e-2, 1e4), st.integers(3, 12))
def test_round_steps_are_round_even_and_within(low: float, reach: float, about: int) -> None:
    steps = round_steps(low, low + reach, about)
    assert all(low - 1e-6 <= step <= low + reach + 1e-6 for step in steps)
    assert about / 3 <= len(steps) <= 2.5 * about + 1
    gaps = [b - a for a, b in pairwise(steps)]
    assert gaps == pytest.approx(gaps[:1] * len(gaps), rel=1e-4)
    assert all(f"{gap:.0e}"[0] in "125" for gap in gaps)


def test_a_scale_shows_what_it_was_made_around() -> None:
    scale = Scale.around([0.0, 100.0, np.nan])
    assert 0 < scale.share(100) < scale.share(50) == 0.5 < scale.share(0) < 1
    assert (scale.share(1e9), scale.share(-1e9)) == (0, 1)
    assert [tick.label for tick in scale.ticks("deg")] == ["100°", "50°", "0°"]


@pytest.mark.parametrize("values", [[], [np.nan], [0.0], [7.0, 7.0]])
def test_a_scale_around_a_single_value_or_none_still_has_a_height(values: list[float]) -> None:
    scale = Scale.around(values)
    assert scale.high > scale.low
    assert scale.ticks("deg")


def test_time_runs_from_left_to_right_and_stays_within() -> None:
    assert [time_share(t, (2.0, 6.0)) for t in (0.0, 2.0, 3.0, 6.0, 9.0)] == [0, 0, 0.25, 1, 1]
    assert time_share(1.0, (1.0, 1.0)) == 0


def test_a_curve_can_be_read_back_from_its_path() -> None:
    values = 50 + 40 * np.sin(T)
    drawn = curve("knee_flexion", "deg", T, values)
    assert drawn is not None
    points = np.array([[float(n) for n in pair] for pair in re.findall(r"[ML](\d+) (\d+)", drawn.path)])
    assert points[:, 0] / 10_000 * 10 == pytest.approx(T, abs=1e-3)
    assert drawn.high - points[:, 1] / 1_000 * (drawn.high - drawn.low) == pytest.approx(values, abs=0.1)


def test_what_was_never_measured_has_no_curve() -> None:
    assert curve("knee_flexion", "deg", T, np.full_like(T, np.nan)) is None
    assert curve("knee_flexion", "deg", np.zeros(0), np.zeros(0)) is None


def test_a_limit_is_drawn_where_it_belongs() -> None:
    exercise = made_up.exercise()
    drawn = curve("thigh_elevation", "deg", T, 90 - 9 * T, exercise.fault, exercise.benchmark)
    assert drawn is not None
    (limit,) = drawn.limits
    assert limit.label == "Not deep enough: above 10°"
    assert drawn.high - limit.top * (drawn.high - drawn.low) == pytest.approx(10)
    assert drawn.usual == ()


def test_a_usual_range_is_drawn_as_a_band() -> None:
    drawn = curve("knee_flexion", "deg", T, 10 * T, (), made_up.exercise().benchmark)
    assert drawn is not None
    (zone,) = drawn.usual
    assert zone.label == "Knee at the turn: 85° to 110°"
    assert zone.top == 0 < zone.bottom < 0.3


def test_limits_of_something_else_than_the_value_are_left_out() -> None:
    exercise = made_up.exercise()
    values = 90 - 9 * T
    for odd in (
        rule(exercise, at="range"),
        rule(exercise, relative=True),
        rule(exercise, measure="trunk_lean"),
        rule(exercise, limit=-91.0),
        rule(exercise, limit=181.0),
    ):
        drawn = curve("thigh_elevation", "deg", T, values, [odd])
        assert drawn is not None
        assert drawn.limits == ()
    near = curve("thigh_elevation", "deg", T, values, [rule(exercise, limit=-89.0)])
    assert near is not None
    assert near.limits
    assert near.low < -89


def test_a_rule_of_too_little_is_said_to_be_below() -> None:
    drawn = curve("thigh_elevation", "deg", T, 90 - 9 * T, [rule(made_up.exercise(), ok=20.0)])
    assert drawn is not None
    assert drawn.limits[0].label == "Not deep enough: below 10°"


def test_a_usual_range_far_off_is_left_out() -> None:
    mark = Benchmark(measure="knee_flexion", at="turn", title="Knee", low=300, high=320, source="made up")
    drawn = curve("knee_flexion", "deg", T, 10 * T, (), [mark])
    assert drawn is not None
    assert drawn.usual == ()
