"""A movement shown three to five times is counted when others do it, and said to be like what it is like."""

from __future__ import annotations

import pytest

from poise.coach import exercises, review
from poise.coach.exercise import parse_exercise
from poise.coach.measures import MEASURES
from poise.coach.teach import Lesson, Shown, teach
from poise.coach.teach.likeness import Likeness, verdict
from poise.coach.teach.signals import agreed, candidates
from poise.errors import InputError, NobodySeen
from poise.sim import Camera, film_poses, perform
from tests.coach.teach.shows import shows


@pytest.mark.parametrize(
    ("name", "reps", "yaw", "measures"),
    [
        ("squat", 3, 90.0, {"hip_height", "knee_over_hip"}),
        ("lateral_raise", 5, 0.0, {"hand_height", "shoulder_over_hands"}),
        ("sit_up", 4, 90.0, {"trunk_rise"}),
    ],
)
def test_ten_repetitions_of_somebody_else_are_counted(name: str, reps: int, yaw: float, measures: set[str]) -> None:
    lesson = teach("shown", [shows(name, reps, yaw)])
    assert lesson.reps == (reps,)
    assert lesson.exercise.signal.measure in measures
    for other in (shows(name, 10, yaw + 40, seed=5, tall=1.95), shows(name, 10, yaw, seed=6, tall=1.55, slow=True)):
        assert review(lesson.exercise, other).counts.full == 10


def test_a_draft_says_what_was_seen_of_the_movement() -> None:
    squat = teach("dip", [shows("squat", 4)]).exercise
    assert (squat.title, squat.plane, squat.towards, squat.bears) == ("Dip", "sagittal", "eccentric", ("feet",))
    assert squat.angle in ("knee_flexion", "hip_flexion")
    assert squat.signal.rest != squat.signal.turn
    assert 0.3 <= squat.min_s < 2.4
    raises = teach("wings", [shows("lateral_raise", 4, 0.0)], title="Wings out").exercise
    assert (raises.title, raises.plane, raises.towards) == ("Wings out", "frontal", "concentric")
    assert raises.angle == "shoulder_abduction"
    assert [condition.min for condition in raises.condition] == [0.2]
    lying = teach("crunch", [shows("push_up", 4)]).exercise
    assert "hands" in lying.bears
    assert [(condition.min, condition.max) for condition in lying.condition] == [(None, 0.8)]


def test_the_file_says_it_all_again() -> None:
    lesson = teach("dip", [shows("squat", 4)])
    text = lesson.text()
    assert parse_exercise(text, "dip.toml") == lesson.exercise
    assert "# 4 repetitions in 1 recording, seen from: side." in text


def test_what_a_film_shows_can_be_told() -> None:
    assert teach("dip", [shows("squat", 4)], reps=4).reps == (4,)
    told = teach("dip", [shows("squat", 4)], reps=6)
    assert told.reps == (6,)
    assert any("Of the 6 repetitions shown in it 4 are counted" in note for note in told.notes)


def test_two_recordings_teach_one_exercise() -> None:
    lesson = teach("dip", [shows("squat", 3), shows("squat", 5, 0.0, seed=2)])
    assert lesson.reps == (3, 5)
    assert {one.view for one in lesson.likeness} == {"side", "front"}


def test_a_squat_is_too_close_to_a_squat_and_a_knee_raise_is_not() -> None:
    dip = teach("dip", [shows("squat", 4)])
    assert dip.verdict == (
        f"From the side it is too close to squat ({dip.likeness[0].share:.0%}).",
        "Record it also from the front, or say which it is when you do it: --exercise dip.",
    )
    march = teach("march", [shows("knee_raise", 5, 0.0)])
    assert march.verdict == ("From the front it is told apart from every exercise of the library.",)


def test_a_verdict_asks_for_another_view_only_where_one_is_missing() -> None:
    side, front = Likeness("side", "squat", 0.9), Likeness("front", "unknown", 0.8)
    assert verdict("dip", [side])[-1].startswith("Record it also from the front, or say")
    assert verdict("dip", [side, front])[-1] == "Say which it is when you do it: --exercise dip."
    assert verdict("dip", [Likeness("front", "squat", 0.4)]) == (
        "From the front it is told apart from every exercise of the library.",
    )
    assert "rest" in verdict("dip", [Likeness("side", "rest", 0.9)])[0]


def test_nobody_and_nothing_are_sentences() -> None:
    still = film_poses(perform("standing"), Camera(), rate=20)
    with pytest.raises(InputError, match="repeated"):
        teach("still", [still])
    with pytest.raises(InputError, match="Nothing was shown"):
        teach("none", [])
    with pytest.raises(NobodySeen):
        teach("nobody", [[]])


@pytest.mark.parametrize("name", ["squat", "auto", "High Kick", "", "../kick", "kick.toml"])
def test_names_that_are_taken_or_none_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="name"):
        teach(name, [shows("squat", 4)])


def test_the_signals_agree_on_what_was_shown_and_are_worth_what_they_are() -> None:
    film = Shown.of(shows("squat", 4))
    found = candidates([film])
    assert agreed(found, [film]) == (4,)
    assert [one.worth for one in found] == sorted((one.worth for one in found), reverse=True)
    assert all(0 < one.worth <= 1 for one in found)
    worth = {one.signal.measure: one.worth for one in found}
    assert worth["hip_height"] > worth["knee_flexion"]  # heights need no view
    assert "shoulder_abduction" not in worth  # cannot be seen from the side
    assert max(worth, key=lambda name: worth[name]) in ("knee_over_hip", "hip_height")


def test_every_measure_spans_joints() -> None:
    from poise.coach.teach.signals import joints

    assert joints(MEASURES["hip_height"]) == ("hip", "knee", "ankle")
    assert joints(MEASURES["hand_over_nose"]) == ("wrist", "elbow", "shoulder")
    assert all(joints(measure) for measure in MEASURES.values())


def test_a_lesson_is_a_value() -> None:
    assert isinstance(teach("dip", [shows("squat", 4)]), Lesson)
    assert "dip" not in exercises()
