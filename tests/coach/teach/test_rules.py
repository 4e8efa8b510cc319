"""With bad examples an exercise is judged: what tells them apart is found, and its limit lies between."""

from __future__ import annotations

import pytest

from poise.body import PoseSequence
from poise.coach import Exercise, review
from poise.coach.teach import teach
from poise.errors import InputError
from tests.coach.teach.shows import shows


@pytest.fixture(scope="module")
def leaning() -> Exercise:
    return teach(
        "dip", [shows("squat", 4)], bad={"leaning over": [shows("squat", 4, seed=3, trunk_lean=25.0)]}
    ).exercise


def states(exercise: Exercise, poses: PoseSequence) -> list[str]:
    return [rep.faults[0].state for rep in review(exercise, poses).reps]


def test_the_rule_is_about_what_is_bad(leaning: Exercise) -> None:
    (rule,) = leaning.fault
    assert (rule.name, rule.title, rule.evidence) == ("leaning_over", "Leaning over", "own")
    assert rule.measure in ("trunk_lean", "trunk_beyond_shin", "trunk_elevation", "trunk_rise", "hip_flexion")
    assert "(n = 4)" in rule.source
    assert "8 of 8 were told right" in rule.source


def test_others_are_judged_by_it(leaning: Exercise) -> None:
    good = states(leaning, shows("squat", 5, seed=8, tall=1.6, slow=True))
    bad = states(leaning, shows("squat", 5, seed=9, tall=1.6, trunk_lean=28.0))
    assert len(good) == len(bad) == 5
    assert "fault" not in good
    assert bad == ["fault"] * 5


def test_from_where_it_was_not_shown_nothing_is_said(leaning: Exercise) -> None:
    if leaning.fault[0].quantity.plane == "sagittal":
        assert set(states(leaning, shows("squat", 4, 0.0, seed=9, trunk_lean=28.0))) == {"not_observable"}


def test_what_is_no_different_teaches_nothing() -> None:
    with pytest.raises(InputError, match="Nothing that poise measures tells"):
        teach("dip", [shows("squat", 4)], bad={"no fault": [shows("squat", 4, seed=3)]})


def test_one_bad_repetition_is_too_few() -> None:
    with pytest.raises(InputError, match="1 bad repetitions"):
        teach("dip", [shows("squat", 4)], bad={"leaning": [shows("squat", 1, seed=3, trunk_lean=25.0)]})


def test_faults_from_two_views_are_each_told_from_theirs() -> None:
    exercise = teach(
        "dip",
        [shows("squat", 4), shows("squat", 4, 0.0, seed=2)],
        bad={
            "leaning": [shows("squat", 4, seed=3, trunk_lean=25.0)],
            "knees in": [shows("squat", 4, 0.0, seed=4, valgus=0.08)],
        },
    ).exercise
    assert [rule.quantity.plane for rule in exercise.fault] == ["sagittal", "frontal"]
