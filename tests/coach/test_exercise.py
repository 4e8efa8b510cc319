from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from poise.body import BLAZEPOSE33
from poise.coach.exercise import Exercise, exercises, load_exercise, parse_exercise
from poise.coach.measures import MEASURES
from poise.errors import InvalidExercise, UnknownName

NOD = """
name = "nod"
title = "Nod"
plane = "sagittal"
setup = "Stand side-on."
angle = "knee_flexion"
signal = { measure = "hip_height", rest = 1.5, turn = 0.5 }

[[fault]]
name = "deep"
title = "Too deep"
measure = "knee_flexion"
at = "max"
ok = 90
limit = 100
cue = "Stay higher."
why = "It is only a test."
source = "ours"
evidence = "C"
"""


@pytest.mark.parametrize("name", exercises())
def test_every_shipped_exercise_loads_under_the_name_of_its_file(name: str) -> None:
    exercise = load_exercise(name)
    assert exercise.name == name
    assert exercise.shown_angle is MEASURES[exercise.angle]
    assert 0 < exercise.partial < exercise.full <= 1
    points = [p for p in (exercise.signal.stand_in, exercise.still and exercise.still.keypoint) if p]
    assert all(BLAZEPOSE33.has(point) for point in points)


@pytest.mark.parametrize("name", exercises())
def test_every_shipped_rule_can_tell_ok_from_fault_and_says_where_it_comes_from(name: str) -> None:
    exercise = load_exercise(name)
    names = [rule.name for rule in exercise.fault]
    assert len(set(names)) == len(names)
    for rule in exercise.fault:
        assert rule.ok != rule.limit
        assert rule.title
        assert rule.cue.endswith(".")
        assert rule.why.endswith(".")
        assert rule.source
    for condition in exercise.condition:
        assert (condition.min, condition.max) != (None, None)
        assert condition.reason
    for benchmark in exercise.benchmark:
        assert benchmark.low < benchmark.high
        assert benchmark.source


def test_the_exercises_of_the_plan_are_there_in_alphabetical_order() -> None:
    assert list(exercises()) == sorted(exercises())
    assert {"squat", "push_up", "plank", "lunge", "biceps_curl"} <= set(exercises())


def test_what_a_file_leaves_out_has_its_usual_value() -> None:
    nod = parse_exercise(NOD, "nod.toml")
    assert (nod.kind, nod.towards, nod.signal.side, nod.working, nod.either) == (
        *("reps", "eccentric", "mean", "together", False),
    )
    (rule,) = nod.fault
    assert (rule.quantity, rule.relative, rule.above) == (MEASURES["knee_flexion"], False, True)
    below = rule.model_copy(update={"ok": 110.0})
    assert not below.above


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ('title = "Nod"', 'title = "Nod"\ncolour = "red"', "'colour'", "Extra inputs are not permitted"),
        ('at = "max"', 'at = "max"\nwhen = 3', "'fault.0.when'", "Extra inputs are not permitted"),
        ('"hip_height"', '"hip_hight"', "'signal.measure'", "Did you mean 'hip_height'"),
        ('angle = "knee_flexion"', 'angle = "knee"', "'angle", "No measure is called 'knee'"),
        ("rest = 1.5, turn = 0.5", "rest = 1, turn = 1", "'signal'", "rest and turn must differ"),
        ('at = "max"', 'at = "sometimes"', "'fault.0.at'", "'turn'"),
        ('evidence = "C"', 'evidence = "D"', "'fault.0.evidence'", "'A', 'B', 'C' or 'own'"),
        ("limit = 100", "", "'fault.0.limit'", "Field required"),
        ("ok = 90", 'ok = "low"', "'fault.0.ok'", "valid number"),
    ],
)
def test_a_file_that_breaks_the_rules_is_told_where_and_why(old: str, new: str, place: str, says: str) -> None:
    assert old in NOD
    with pytest.raises(InvalidExercise) as caught:
        parse_exercise(NOD.replace(old, new, 1), "nod.toml")
    assert caught.value.message.startswith("nod.toml: ")
    assert f" at {place}" in caught.value.message
    assert says in caught.value.message


def test_several_mistakes_are_counted() -> None:
    with pytest.raises(InvalidExercise, match=r"at 'name' \(and 6 more\)"):
        parse_exercise("colour = 'red'", "nod.toml")


def test_what_is_not_toml_is_told_so_with_its_line() -> None:
    with pytest.raises(InvalidExercise, match=r"nod\.toml is not a TOML file: .*line 2"):
        parse_exercise('name = "nod"\ntitle =\n', "nod.toml")


def test_an_unknown_exercise_is_answered_with_a_guess_and_what_is_known() -> None:
    with pytest.raises(UnknownName, match=r"No exercise is called 'sqaut'\. Did you mean 'squat'\? Known: .*plank"):
        load_exercise("sqaut")


def test_a_path_to_a_file_of_ones_own_works(tmp_path: Path) -> None:
    file = tmp_path / "my_nod.toml"
    file.write_text(NOD, encoding="utf-8")
    nod = load_exercise(str(file))
    assert isinstance(nod, Exercise)
    assert nod == parse_exercise(NOD, "nod.toml")


def test_a_path_to_nothing_and_a_broken_file_are_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone.toml"
    with pytest.raises(InvalidExercise, match="There is no exercise file") as caught:
        load_exercise(str(gone))
    assert str(gone) in caught.value.message
    broken = tmp_path / "broken.toml"
    broken.write_text("[", encoding="utf-8")
    with pytest.raises(InvalidExercise, match=r"^broken\.toml is not a TOML file"):
        load_exercise(str(broken))


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("limit = 20", "limit = 10", "ok and limit must differ"),
        ("min = 0.2\n", "", "give a min or a max"),
        ('keypoint = "mid_ankle"', 'keypoint = "mid_angle"', "mid_angle"),
    ],
)
def test_what_could_never_work_is_refused(was: str, becomes: str, words: str) -> None:
    text = resources.files("poise.coach").joinpath("exercises", "squat.toml").read_text()
    with pytest.raises(InvalidExercise, match=words):
        parse_exercise(text.replace(was, becomes, 1), "squat.toml")


def test_a_file_that_is_no_text_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidExercise, match="cannot be read as text"):
        load_exercise(str(path))
