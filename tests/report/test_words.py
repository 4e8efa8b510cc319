from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poise.report import words
from poise.report.schema import Fault
from tests.report import made_up


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (18.4, "deg", "18°"),
        (-0.4, "deg", "0°"),
        (-12.6, "deg", "−13°"),
        (0.456, "torso", "0.46 torso"),
        (0.456, "ratio", "0.46"),
        (1.26, "s", "1.3 s"),
        (3.0, "cubits", "3.00 cubits"),
        (None, "deg", "–"),
    ],
)
def test_quantities_carry_their_unit(value: float | None, unit: str, text: str) -> None:
    assert words.quantity(value, unit) == text


@pytest.mark.parametrize(
    ("value", "sigma", "text"), [(17.6, 3.9, "18 ± 4°"), (17.6, math.nan, "18°"), (math.nan, 1.0, "not measured")]
)
def test_a_measured_value_comes_with_its_error(value: float, sigma: float, text: str) -> None:
    fault = Fault.model_validate(made_up.fault("depth", 2, 1.0, value=value, sigma=sigma))
    assert words.measured(fault) == text


def test_axis_marks_have_no_more_decimals_than_they_need() -> None:
    assert [words.mark(v, "ratio") for v in (0.0, 0.5, 100.0, -0.25)] == ["0", "0.5", "100", "−0.25"]


@given(st.floats(0, 1e5))
def test_a_clock_reads_back_to_the_tenth(seconds: float) -> None:
    *hours, minutes, rest = (float(part) for part in words.clock(seconds).split(":"))
    assert (hours[0] if hours else 0) * 3600 + minutes * 60 + rest == pytest.approx(seconds, abs=0.0501)
    assert rest < 60


def test_a_clock_carries_and_may_be_before_the_film() -> None:
    assert words.clock(59.96) == "1:00.0"
    assert words.clock(-1.5) == "−0:01.5"
    assert words.clock(-0.01) == "0:00.0"


def test_lengths_of_time_carry() -> None:
    assert [words.duration(s) for s in (0, 59.94, 59.96, 3599.6, 86400)] == [
        *("0.0 s", "59.9 s", "1 min 0 s", "1 h 0 min", "24 h 0 min")
    ]


@pytest.mark.parametrize("title", ["Squat", "Biceps curl", "Sit-up", "Lunge", "Deadlift"])
def test_most_exercises_take_an_s(title: str) -> None:
    assert words.counted(2, title) == f"2 {title.lower()}s"
    assert words.counted(0, title).endswith("s")


def test_lists_are_cut_after_six() -> None:
    assert words.listed([]) == ""
    assert words.listed([1, 2, 3, 4, 5, 6]) == "1, 2, 3, 4, 5 and 6"
    assert words.listed(range(7)) == "0, 1, 2, 3, 4 and 2 more"
    assert words.listed(range(9)) == "0, 1, 2, 3, 4 and 4 more"
