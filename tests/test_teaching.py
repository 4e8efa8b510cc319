"""What was taught is a file of one's own, found by its name, and never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from poise.body import Pose
from poise.body.formats import write_recording
from poise.coach import load_exercise, own_exercises
from poise.errors import InputError, InvalidExercise, NobodySeen, ResultsUnwritable, UnknownName
from poise.teaching import add_faults, teach, until_shown
from tests.coach.teach.shows import shows


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POISE_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "exercises"


def test_it_is_found_by_its_name_at_once(tmp_path: Path, own: Path) -> None:
    write_recording(tmp_path / "shown.npz", shows("squat", 4))
    assert own_exercises() == ()
    lesson = teach("dip", [tmp_path / "shown.npz"])
    assert own_exercises() == ("dip",)
    assert load_exercise("dip") == lesson.exercise == load_exercise(str(own / "dip.toml"))
    with pytest.raises(UnknownName, match="dip"):
        load_exercise("dib")


def test_what_was_changed_by_hand_counts_from_then_on(own: Path) -> None:
    teach("dip", [shows("squat", 4)])
    file = own / "dip.toml"
    file.write_text(file.read_text().replace('title = "Dip"', 'title = "Deep dip"'))
    assert load_exercise("dip").title == "Deep dip"
    file.write_text("name = ")
    with pytest.raises(InvalidExercise, match=r"dip\.toml"):
        load_exercise("dip")


def test_nothing_is_overwritten_unless_it_is_said_and_then_it_is_kept(own: Path) -> None:
    teach("dip", [shows("squat", 4)])
    before = (own / "dip.toml").read_text()
    with pytest.raises(InputError, match="--replace"):
        teach("dip", [shows("squat", 5)])
    assert (own / "dip.toml").read_text() == before
    teach("dip", [shows("squat", 5)], replace=True)
    assert (own / "dip.toml").read_text() != before
    assert (own / "dip.toml.bak").read_text() == before


def test_faults_are_added_to_what_was_changed_by_hand(own: Path) -> None:
    teach("dip", [shows("squat", 4)])
    file = own / "dip.toml"
    file.write_text(file.read_text().replace('title = "Dip"', 'title = "Deep dip"  # mine'))
    bad = {"leaning": [shows("squat", 4, seed=3, trunk_lean=25.0)]}
    exercise = add_faults("dip", [shows("squat", 4)], bad)
    assert "# mine" in file.read_text()
    assert load_exercise("dip") == exercise
    assert [rule.name for rule in exercise.fault] == ["leaning"]
    with pytest.raises(InputError, match="already"):
        add_faults("dip", [shows("squat", 4)], bad)
    assert load_exercise("dip") == exercise


def test_a_file_elsewhere_is_counted_by_its_path(tmp_path: Path) -> None:
    lesson = teach("dip", [shows("squat", 4)], file=tmp_path / "mine.toml")
    assert load_exercise(str(tmp_path / "mine.toml")) == lesson.exercise
    assert own_exercises() == ()
    with pytest.raises(InputError, match="toml"):
        teach("dip", [shows("squat", 4)], file=tmp_path / "mine.txt")


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsUnwritable):
        teach("dip", [shows("squat", 4)], file=tmp_path / "file" / "dip.toml")


def test_the_camera_is_watched_until_enough_was_shown() -> None:
    poses = shows("squat", 10)
    told: list[int] = []
    seen = until_shown(poses, 4, told.append)
    assert told[0] >= 1
    assert 4 <= told[-1] < 10
    assert seen.t[-1] < poses.t[-1]
    assert teach("dip", [seen], keep=False).reps[0] >= 4


def test_ctrl_c_ends_showing_and_nobody_is_a_sentence() -> None:
    poses = list(shows("squat", 4))

    def stopped() -> object:
        yield from poses[:50]
        raise KeyboardInterrupt

    assert len(until_shown(stopped(), 4, lambda n: None)) == 50  # type: ignore[arg-type]
    with pytest.raises(NobodySeen):
        until_shown([Pose.missing(poses[0].skeleton, 0.0)], 4, lambda n: None)
