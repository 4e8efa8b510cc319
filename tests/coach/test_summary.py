"""How alike, how even and how tiring a set was, against what can be worked out by hand."""

from __future__ import annotations

import math

import pytest

from poise.coach import Rep, review
from poise.coach.summary import LEAST, summed_up
from poise.sim import Camera, film_poses, perform


def reps(roms: list[float], lifts: list[float] | None = None, sides: float = 2.0) -> list[Rep]:
    lifts = lifts or [1.0] * len(roms)
    return [
        Rep(i + 1, "full", 3.0 * i, 3.0 * i + 1, 3.0 * i + 2, rom, "deg", 1.0, 0.0, lift, sides, 1.0)
        for i, (rom, lift) in enumerate(zip(roms, lifts, strict=True))
    ]


def test_too_few_are_not_summed_up_and_partial_ones_do_not_count() -> None:
    few = reps([100.0] * (LEAST + 1))
    assert summed_up(few[: LEAST - 1]) is None
    summary = summed_up([*few, *reps([10.0])])
    assert summary is not None
    assert summary.reps == LEAST + 2
    cut = [Rep(9, "partial", 0, 1, 2, 10.0, "deg", 1, 0, 1, 0, 1)]
    assert summed_up([*few, *cut]) == summed_up(few)


def test_equal_repetitions_have_no_spread_and_do_not_tire() -> None:
    summary = summed_up(reps([100.0] * 5))
    assert summary is not None
    assert (summary.rom, summary.unit, summary.asymmetry, summary.tired) == (100.0, "deg", 2.0, False)
    assert (summary.rom_spread, summary.tempo_spread, summary.range_lost, summary.slowed) == (0.0, 0.0, 0.0, 0.0)


def test_range_that_falls_steadily_by_a_fifth_is_tiring() -> None:
    summary = summed_up(reps([100.0, 95.0, 90.0, 85.0, 80.0]))
    assert summary is not None
    assert summary.range_lost == pytest.approx(0.2)
    assert summary.rom_spread == pytest.approx(math.sqrt(50) / 90)
    assert summary.tired


def test_lifting_that_slows_by_half_is_tiring_and_what_jumps_about_is_not() -> None:
    slower = summed_up(reps([100.0] * 5, [1.0, 1.125, 1.25, 1.375, 1.5]))
    assert slower is not None
    assert slower.slowed == pytest.approx(0.5)
    assert slower.tired
    restless = summed_up(reps([100.0] * 6, [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]))
    assert restless is not None
    assert restless.slowed > 0.2
    assert not restless.tired


def test_three_say_nothing_of_a_trend_and_one_side_unseen_nothing_of_sides() -> None:
    summary = summed_up(reps([100.0, 90.0, 80.0], sides=math.nan))
    assert summary is not None
    assert math.isnan(summary.range_lost)
    assert math.isnan(summary.asymmetry)
    assert not summary.tired


def test_a_tiring_set_of_squats_is_told_in_its_set() -> None:
    squats = perform("squat", reps=8, form={"depth": [120, 117, 114, 111, 108, 105, 102, 99]}, lead=1.5)
    (one,) = review("squat", film_poses(squats, Camera(yaw=90), rate=25)).sets
    assert one.summary is not None
    assert one.summary.reps == 8
    assert one.summary.range_lost == pytest.approx(1 - 93 / 114, abs=0.03)
    assert one.summary.tired
