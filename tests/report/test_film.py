"""What stands on the annotated film when: the set, its count, and the rest."""

from __future__ import annotations

import math

import numpy as np
import pytest

from poise.body import BLAZEPOSE33, Pose
from poise.coach import Counts, Feedback, View, load_exercise
from poise.report.film import PAUSE_S, _Story
from tests.report import made_up


def at(t: float, exercise: str = "squat", held_s: float = 0.0) -> tuple[str, str]:
    """Title and count of the made-up workout at a time."""
    pose = Pose.missing(BLAZEPOSE33, t)
    view = View("unknown", math.nan, math.nan, 0)
    counts = Counts(held_s=held_s)
    feedback = Feedback(t, exercise, "rest", math.nan, counts, {}, view, pose)
    return _Story(made_up.workout())._set(t, feedback, load_exercise(exercise))


def test_a_set_shows_its_own_count() -> None:
    first = made_up.workout().reps[0]
    assert at(first.start - 0.5) == ("Squat", "0")
    assert at(first.end - 0.1) == ("Squat, set 1", "0")
    assert at(first.end + 0.1) == ("Squat, set 1", "1")
    lunges = made_up.workout().sets[1]
    assert at(lunges.start + 0.1, "lunge") == ("Lunge, set 2", "0")
    assert at(lunges.end + 0.1, "lunge") == ("Lunge, set 2", "4")


def test_after_a_while_a_rest_is_shown_unless_it_was_the_last_set() -> None:
    squats, _, plank = made_up.workout().sets
    assert at(squats.end + PAUSE_S + 7.0) == ("Rest", f"{PAUSE_S + 7.0:.0f} s")
    assert at(plank.start + 5.0, "plank", held_s=4.0) == ("Plank", "4 s")
    assert at(plank.end + 60.0, "plank", held_s=31.0) == ("Plank", "31 s")


@pytest.mark.parametrize("t", np.arange(0.0, 120.0, 5.0))
def test_titles_can_be_drawn(t: float) -> None:
    assert "".join(at(float(t))).isascii()
