from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from poise.body import BLAZEPOSE33, Pose, PoseSequence
from poise.coach.desk import BreakTaken, Desk, DeskSettings, Learning
from poise.desk.alerts import Alerts
from poise.desk.backdrop import LASTS_S
from poise.desk.diary import Diary, Tally
from poise.desk.watch import Looks, Quiet, Snooze, Watch, calibrate
from poise.errors import InputError, NobodySeen
from poise.sim import Camera, film_poses, perform
from poise.sim.desk import Spell
from poise.vision.frame import Frame
from tests.coach.desk.sitters import baseline, nobody, sitting
from tests.desk.test_backdrop import room_of, seen_in

NOW = datetime(2026, 5, 4, 12, 0)


class Recalling:
    """An estimator that remembers what is in every frame."""

    skeleton = BLAZEPOSE33

    def __init__(self, poses: Sequence[Pose]) -> None:
        self._poses = {pose.t: pose for pose in poses}
        self.looked: list[float] = []

    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        self.looked += [frame.t for frame in frames]
        return [[self._poses[frame.t]] if self._poses[frame.t].seen else [] for frame in frames]

    def reset(self) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        """Nothing to let go of."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


class Heard(Alerts):
    """Alerts that are remembered."""

    def __init__(self) -> None:
        super().__init__(())
        self.given: list[tuple[str, int]] = []

    def give(self, text: str, level: int) -> None:
        self.given.append((text, level))


def frames(times: Sequence[float]) -> list[Frame]:
    return [Frame(np.zeros((2, 2, 3), np.uint8), t) for t in times]


def test_a_film_is_looked_at_as_often_as_asked() -> None:
    times = [round(i / 30, 6) for i in range(300)]
    poses = [replace(sitting(0.5)[0], t=t) for t in times]
    eyes = Recalling(poses)
    looked = [pose.t for pose in Looks(frames(times), eyes, 0.5)]
    assert looked == eyes.looked
    assert len(looked) == 20
    assert np.allclose(np.diff(looked), 0.5, atol=0.04)


def test_every_frame_is_looked_at_from_when_that_is_asked() -> None:
    times = [i / 10 for i in range(100)]
    looks = Looks(frames(times), Recalling([replace(sitting(0.5)[0], t=t) for t in times]), 0.5)
    seen = []
    for pose in looks:
        seen.append(pose.t)
        looks.every = 0.5 if pose.t < 5 else 0.0
    assert np.allclose(np.diff([t for t in seen if t > 6]), 0.1)


def test_looks_tell_when_the_camera_has_moved() -> None:
    room, pose = room_of(), sitting(0.5)[0]
    pictures = [seen_in(room, 40 * (i > 4)) for i in range(60)]
    looks = Looks(
        [Frame(picture, i / 2) for i, picture in enumerate(pictures)],
        Recalling([replace(pose, t=i / 2) for i in range(60)]),
        0.5,
    )
    moved = [looks.moved for _ in looks]
    assert moved.index(True) == 5 + 2 * LASTS_S


class Paced(list[Frame]):
    """Frames of a camera."""

    pace = 0.0


def test_a_camera_is_asked_for_no_more_pictures_than_are_looked_at() -> None:
    camera = Paced(frames([0.0]))
    looks = Looks(camera, Recalling(nobody(0, 0.5)), 0.5)
    assert camera.pace == 0.5
    looks.every = 2.0
    assert camera.pace == 2.0


def test_nobody_is_a_missing_pose() -> None:
    (pose,) = Looks(frames([0.0]), Recalling(nobody(0, 0.5)), 0.5)
    assert not pose.seen


def test_calibrating_tells_how_it_goes() -> None:
    told: list[Learning] = []
    base = calibrate(iter([*nobody(0, 5), *sitting(30, start=5)]), told.append)
    assert base.view == "front"
    assert "cannot see you" in told[0].problem
    asked: list[bool] = []
    poses = [*sitting(12), *sitting(10, slump=7, start=12)]
    assert calibrate(iter(poses), told.append, slouch=lambda: asked.append(True)).slouch
    assert asked == [True]


def test_calibrating_ends_with_a_sentence_when_nothing_can_be_learnt() -> None:
    with pytest.raises(NobodySeen, match="ended before"):
        calibrate(iter(nobody(0, 20)), lambda _: None)
    with pytest.raises(InputError, match="Two minutes"):
        calibrate(iter(nobody(0, 200)), lambda _: None)


@pytest.mark.parametrize("text", ["", "22", "22:00", "25:00-07:00", "a-b", "1-2-3"])
def test_quiet_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="22:00-07:00"):
        Quiet.of(text)


def test_quiet_hours_within_a_day() -> None:
    quiet = Quiet.of("12:00-13:00")
    assert [quiet.at(time(h)) for h in (11, 12, 13)] == [False, True, False]


def test_snoozing_reaches_a_coach_that_is_running(tmp_path: Path) -> None:
    snooze = Snooze(tmp_path / "desk" / "snooze")
    assert not snooze.at(NOW)
    snooze.until(NOW + timedelta(minutes=5))
    assert snooze.at(NOW)
    assert not snooze.at(NOW + timedelta(minutes=5))
    (tmp_path / "desk" / "snooze").write_text("soon")
    assert not snooze.at(NOW)


@pytest.mark.parametrize("hush", ["quiet", "snooze", "nothing"])
def test_alerts_are_given_once_and_not_in_quiet_hours(hush: str, tmp_path: Path) -> None:
    heard, diary = Heard(), Diary(tmp_path / "diary")
    quiet = Quiet.of("00:00-23:59") if hush == "quiet" else None
    snooze = Snooze(tmp_path / "snooze")
    if hush == "snooze":
        snooze.until(NOW + timedelta(hours=1))
    watch = Watch(Desk(baseline()), Tally(diary), heard, quiet, snooze)
    for pose in sitting(110, Spell("slump", 20, 999, {"slump": 6})):
        watch.update(pose, NOW + timedelta(seconds=pose.t))
    watch.close()
    (entry,) = diary.entries()
    assert [level for _, level in heard.given] == ([1] if hush == "nothing" else [])
    assert entry.nudges == ({"slump": 1} if hush == "nothing" else {})
    assert entry.bad_s > 50


def test_the_exercise_of_a_break_is_counted_while_standing() -> None:
    """After the reminder the user stands up and raises their arms; the camera counts for a minute."""
    watch = Watch(Desk(baseline(), DeskSettings(break_s=30, exercises=("lateral_raise",))), None, Heard())
    said = [watch.update(pose, NOW) for pose in sitting(40, Spell("up", 35, 99, {"stand": 1}))]
    assert watch.exercising
    raises = perform("lateral_raise", reps=6, lead=30, tail=60)  # here the picture changes: time to notice
    film: PoseSequence = film_poses(raises, Camera(distance=2.5), rate=15)
    later = (replace(pose, t=pose.t + 40, size=(640, 640)) for pose in film[: 62 * 15])
    said += [watch.update(pose, NOW) for pose in later]
    taken = [e for f in said for e in f.events if isinstance(e, BreakTaken)]
    assert [(e.exercise, e.reps) for e in taken if e.exercise] == [("lateral_raise", 6)]
    assert not watch.exercising
