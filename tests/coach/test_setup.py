from __future__ import annotations

import math
from dataclasses import replace

import pytest

from poise.body import BLAZEPOSE33, COCO17, Pose, PoseSequence
from poise.coach.events import Advice, View
from poise.coach.exercise import load_exercise
from poise.coach.setup import CLOSE, CLOSE_BY, CUT_OFF, FAR, LOOK_S, NOBODY, SLOW, SLOW_S, SMALL_PX, SetupCoach
from poise.coach.view import turn_advice
from tests.coach.bodies import figure, moved, unseen

SIDE, FRONT = View("side", 90.0, 9.0, 1), View("front", 0.0, 9.0, 0)
UNKNOWN = View("unknown", math.nan, math.nan, 0)


def advice(
    pose: Pose, scale: float = 100.0, view: View = SIDE, exercise: str | None = "squat"
) -> tuple[Advice, ...]:
    """What is said at first sight."""
    return SetupCoach(load_exercise(exercise) if exercise else None).update(pose, scale, view)


def test_a_good_set_up_needs_no_advice() -> None:
    assert advice(figure()) == ()


def test_when_nobody_is_seen_that_is_all_there_is_to_say() -> None:
    assert advice(Pose.missing(BLAZEPOSE33, 0.0, (640, 480)), math.nan, UNKNOWN) == (NOBODY,)


@pytest.mark.parametrize("by", [(-400.0, 0.0), (400.0, 0.0), (0.0, -400.0), (0.0, 400.0)])
def test_a_keypoint_beyond_any_edge_of_the_picture_is_cut_off(by: tuple[float, float]) -> None:
    assert advice(moved(figure(), "left_knee", by)) == (CUT_OFF,)


def test_only_keypoints_that_the_exercise_needs_must_lie_in_the_picture() -> None:
    out = moved(figure(), "left_wrist", (0.0, 900.0))
    assert advice(out) == ()
    assert advice(out, exercise="biceps_curl") == (CUT_OFF,)
    assert advice(out, exercise=None) == ()


def test_what_is_unseen_lacking_or_in_a_picture_of_unknown_size_is_not_cut_off() -> None:
    assert advice(unseen(figure(), "left_knee")) == ()
    assert advice(replace(moved(figure(), "left_knee", (0.0, 900.0)), size=None), 1000.0) == ()
    (coco,) = PoseSequence.of([figure()]).to(COCO17)
    assert advice(coco) == ()


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        *((CLOSE * 480 + 1, (CLOSE_BY,)), (CLOSE * 480 - 1, ())),
        *((SMALL_PX - 1, (FAR,)), (SMALL_PX + 1, ()), (math.nan, ())),
    ],
)
def test_a_torso_too_large_or_too_small_in_the_picture(scale: float, said: tuple[Advice, ...]) -> None:
    assert advice(figure(), scale) == said


def test_the_plane_of_the_exercise_must_be_shown() -> None:
    assert advice(figure(), view=FRONT) == (turn_advice("sagittal"),)
    assert advice(figure(), view=SIDE, exercise="jumping_jack") == (turn_advice("frontal"),)
    assert advice(figure(), view=FRONT, exercise="jumping_jack") == ()
    assert advice(figure(), view=UNKNOWN) == ()
    assert advice(figure(), view=FRONT, exercise=None) == ()


@pytest.mark.parametrize(("step", "said"), [(SLOW_S + 0.02, (SLOW,)), (SLOW_S - 0.02, ())])
def test_a_film_of_few_pictures_a_second_is_slow(step: float, said: tuple[Advice, ...]) -> None:
    setup = SetupCoach(load_exercise("squat"))
    for i in range(20):
        last = setup.update(figure(t=step * i), 100.0, SIDE)
    assert last == said


def test_one_dropped_picture_does_not_make_a_film_slow() -> None:
    setup = SetupCoach(load_exercise("squat"))
    times = [*(0.03 * i for i in range(20)), 1.1]
    assert [setup.update(figure(t=t), 100.0, SIDE) for t in times] == [()] * 21


def test_what_matters_most_is_said_first() -> None:
    setup = SetupCoach(load_exercise("squat"))
    out = moved(figure(), "left_knee", (0.0, 900.0))
    for i in range(4):
        last = setup.update(replace(out, t=0.2 * i), 300.0, FRONT)
    assert last == (CUT_OFF, CLOSE_BY, turn_advice("sagittal"), SLOW)


def test_it_looks_anew_twice_a_second() -> None:
    setup = SetupCoach(load_exercise("squat"))
    assert setup.update(figure(t=0.0), 100.0, SIDE) == ()
    assert setup.update(figure(t=LOOK_S - 0.01), 100.0, FRONT) == ()
    said = setup.update(figure(t=LOOK_S), 100.0, FRONT)
    assert turn_advice("sagittal") in said
    assert setup.update(figure(t=LOOK_S + 0.1), 100.0, SIDE) == said
