"""What stands on the annotated film when: the set, its count, and the rest."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from poise.body import BLAZEPOSE33, Pose, PoseSequence
from poise.coach import Counts, Feedback, Review, View, load_exercise, review
from poise.report import Report, Timing
from poise.report.film import MARK_S, PAUSE_S, _Story, corrected
from poise.sim import Camera, film_poses, perform
from poise.vision.frame import Frame
from poise.vision.overlay import Overlay
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


def corrections_of(reps: int = 2) -> tuple[Review, PoseSequence]:
    """A simulated squat that is not deep enough, and what the coach says of it."""
    performance = perform("squat", reps=reps, form={"depth": 78.0})
    poses = film_poses(performance, Camera(yaw=90), rate=20)
    return review("squat", poses), poses


def test_the_corrected_pose_stands_on_the_film_around_its_moment() -> None:
    verdict, _ = corrections_of()
    story, (first, second) = _Story(verdict), [rep.corrections[0] for rep in verdict.reps]
    assert story._ghost(first.t - MARK_S + 0.01) is first.pose is not None
    assert story._ghost(second.t + MARK_S - 0.01) is second.pose is not None
    assert story._ghost(first.t - MARK_S - 0.01) is None


def test_the_corrected_pose_is_drawn_on_the_film_and_beside_its_fault() -> None:
    verdict, poses = corrections_of()
    first = verdict.reps[0].corrections[0]
    plain, overlay = Frame(np.full((640, 640, 3), 128, np.uint8), first.t), Overlay((640, 640))
    view, pose = View("side", 90.0, 9.0, 1), next(iter(poses[int(np.abs(poses.t - first.t).argmin()) :]))
    feedback = Feedback(first.t, "squat", "turn", 1.0, Counts(), {}, view, pose)
    story = _Story(verdict)
    drawn = story.told(overlay, plain, feedback, load_exercise("squat"))
    story._ghosts = []
    assert (drawn != story.told(overlay, plain, feedback, load_exercise("squat"))).any()


def test_the_corrections_of_a_film_are_told_fault_by_fault(tmp_path: Path) -> None:
    verdict, poses = corrections_of()
    squat = load_exercise("squat")
    report = Report.of(
        verdict,
        poses,
        squat,
        tmp_path / "film.mp4",
        Timing(frames=len(poses), seconds=poses.duration, ms={}, wall_s=None),
    )
    assert [(one.number, one.exercise) for one in report.corrected] == [(1, "squat"), (2, "squat")]
    (one, _), correction = report.corrected, verdict.reps[0].corrections[0]
    assert ("shallow" in one.faults, one.reason) == (True, "")
    assert one.keypoints == correction.keypoints
    change = next(change for change in one.changes if change.rule == "shallow")
    assert change.before is not None
    assert change.after is not None
    assert change.before > 20 > 10 > change.after
    fault = next(fault for fault in verdict.reps[0].faults if fault.name == "shallow")
    assert corrected(verdict.reps[0], fault) is correction
    assert corrected(verdict.reps[0], verdict.reps[0].faults[-1]) is None
