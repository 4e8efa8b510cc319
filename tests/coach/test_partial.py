"""Seated and one-armed bodies: what they leave out is counted around, never judged, and said."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from poise.body import PoseSequence
from poise.coach import BODIES, Coach, Review, exercises, load_exercise, partial_body, review
from poise.errors import InputError, UnknownName
from poise.sim import Camera, film_poses, perform
from poise.sim.moves import find_move

SEATED = ("biceps_curl", "dumbbell_row", "front_raise", "lateral_raise", "shoulder_press", "triceps_extension")
ONE_ARMED = tuple(name for name in SEATED if name != "triceps_extension")
LEGS = partial_body("seated").absent
RIGHT_ARM = partial_body("left-arm").absent


@cache
def done(exercise: str, seated: bool = False, side: str = "both", **form: float) -> PoseSequence:
    """Three repetitions, seen exactly, from where they are to be seen and on the side that works."""
    bases = find_move(exercise).bases
    performance = perform(
        exercise,
        reps=3,
        lead=2.0,
        sides=side,  # type: ignore[arg-type]
        base="seated" if seated and "seated" in bases else None,
        form=form,
    )
    yaw = 0.0 if load_exercise(exercise).plane == "frontal" else -90.0 if side == "right" else 90.0
    camera = Camera(yaw=yaw, distance=8.0, height=1.0).framing(performance.joints(np.arange(0, 8, 0.5)))
    return film_poses(performance, camera, rate=25)


def without(poses: PoseSequence, names: frozenset[str]) -> PoseSequence:
    """The same with keypoints that were never seen."""
    absent = [name in names for name in poses.skeleton.keypoints]
    points, score = poses.points.copy(), poses.score.copy()
    points[:, absent], score[:, absent] = np.nan, 0.0
    assert poses.world is not None
    world = poses.world.copy()
    world[:, absent] = np.nan
    return replace(poses, points=points, score=score, world=world)


def thrown_about(poses: PoseSequence, names: frozenset[str]) -> PoseSequence:
    """The same with keypoints seen all over the picture: of a limb that is guessed, or does something else."""
    which = [i for i, name in enumerate(poses.skeleton.keypoints) if name in names]
    points = poses.points.copy()
    turn = np.sin(2 * np.pi * 0.7 * poses.t)[:, None, None]
    points[:, which] += 150.0 * turn * (1.0, -1.0)
    score = poses.score.copy()
    score[:, which] = 0.9
    return replace(poses, points=points, score=score)


def faults(told: Review) -> set[str]:
    return {fault.name for rep in told.reps for fault in rep.faults if fault.state == "fault"}


def counts(told: Review) -> tuple[int, int, int]:
    return told.counts.full, told.counts.partial, told.counts.invalid


@pytest.mark.parametrize("exercise", SEATED)
def test_without_legs_every_repetition_counts_and_no_fault_is_made_up(exercise: str) -> None:
    poses = done(exercise, seated=True)
    for seen in (poses, without(poses, LEGS), thrown_about(poses, LEGS)):
        told = review(exercise, seen, body="seated")
        assert counts(told) == (3, 0, 0)
        assert not faults(told)


@pytest.mark.parametrize("exercise", ONE_ARMED)
def test_with_one_arm_the_other_may_be_absent_rest_or_do_something_else(exercise: str) -> None:
    poses = done(exercise, side="left")
    for seen in (poses, without(poses, RIGHT_ARM), thrown_about(poses, RIGHT_ARM)):
        told = review(exercise, seen, body="left-arm")
        assert counts(told) == (3, 0, 0)
        assert not faults(told)
        assert all(np.isnan(rep.asymmetry) for rep in told.reps)


def test_the_right_arm_is_the_left_ones_mirror() -> None:
    told = review("biceps_curl", done("biceps_curl", side="right"), body="right-arm")
    assert counts(told) == (3, 0, 0)
    assert counts(review("biceps_curl", done("biceps_curl", side="right"), body="left-arm")) == (0, 0, 0)


def test_what_is_left_is_judged_as_ever() -> None:
    poses = done("biceps_curl", seated=True, side="left", swing=45.0)
    told = review("biceps_curl", without(poses, LEGS | RIGHT_ARM), body="seated,left-arm")
    assert counts(told) == (3, 0, 0)
    assert faults(told) == {"upper_arm_swing"}


def test_a_corrected_pose_hangs_on_the_hips_and_has_no_legs() -> None:
    poses = done("shoulder_press", seated=True, lean_back=25.0)
    told = review("shoulder_press", without(poses, LEGS), body="seated")
    assert faults(told) == {"lean_back"}
    correction = told.reps[0].corrections[0]
    assert correction.pose is not None, correction.reason
    assert np.allclose(correction.pose.at("mid_hip"), correction.seen.at("mid_hip"), atol=2.0)
    assert np.isnan(correction.pose.at("left_knee")).all()


def test_it_says_what_it_does_not_judge() -> None:
    told = review("shoulder_press", done("shoulder_press", seated=True), body="seated")
    assert told.notes == (
        "Without the legs: neither asked for nor judged.",
        "Not judged of this body: Knees driving.",
    )
    told = review("lateral_raise", done("lateral_raise", side="left"), body="left-arm")
    assert told.notes[1:] == ("Not judged of this body: One arm higher than the other.",)
    assert review("lateral_raise", done("lateral_raise")).notes == ()


def test_an_exercise_fitted_to_a_body_asks_for_nothing_it_leaves_out() -> None:
    body = partial_body("seated,right-arm")
    for name in body.able:
        fitted = body.fitted(load_exercise(name))
        asked = (*fitted.fault, *fitted.condition, *fitted.benchmark, fitted.signal)
        for one in asked:
            sides = [set(one.quantity.keypoints(side)) for side in one.quantity.sides()]
            assert any(body.absent.isdisjoint(side) and not any("mid_wrist" in n for n in side) for side in sides)
        assert fitted.bears == ("hips",)
        assert fitted.setup.startswith("Sit ")
        assert ("right arm" in fitted.setup) == (fitted.plane != "frontal")
        assert fitted.still is None or fitted.still.keypoint == "mid_hip"
    assert partial_body("whole").fitted(load_exercise("squat")) is load_exercise("squat")


def test_what_a_body_cannot_do_it_is_told_with_what_it_can() -> None:
    assert partial_body("seated").able == SEATED
    assert {*exercises()} - {*partial_body("left-arm").able} == {"push_up"}
    with pytest.raises(
        InputError, match=r"^Squat cannot be counted without the legs. What can: biceps_curl, "
    ) as told:
        Coach("squat", body="seated")
    assert told.value.hint.endswith("triceps_extension.")
    with pytest.raises(InputError, match="Push-up cannot be counted without the legs and the left arm"):
        Coach("push_up", body="seated,right-arm")


def test_bodies_are_known_by_their_parts_in_any_order() -> None:
    assert [partial_body(name).name for name in BODIES] == [*BODIES]
    assert partial_body("Left-Arm, seated").name == "seated,left-arm"
    for wrong in ("legless", "left-arm,right-arm", "seated,legless", "whole,seated"):
        with pytest.raises(UnknownName, match="No body is called"):
            partial_body(wrong)


@pytest.mark.parametrize("exercise", ["biceps_curl", "lateral_raise"])
def test_what_one_arm_does_is_recognised(exercise: str) -> None:
    poses = without(done(exercise, seated=True, side="left"), LEGS | RIGHT_ARM)
    told = review("auto", poses, body="seated,left-arm")
    assert told.exercise == exercise
    assert counts(told) == (3, 0, 0)
    assert told.notes[0] == "Without the legs and the right arm: neither asked for nor judged."


def test_what_a_body_cannot_do_is_not_recognised() -> None:
    """Somebody who squats is not seated; but whoever says so gets no squats."""
    poses = done("squat")
    assert review("auto", poses).exercise == "squat"
    assert review("auto", poses, body="seated").exercise != "squat"


def test_poses_of_other_skeletons_are_taken_too() -> None:
    from poise.body import COCO17

    poses = done("biceps_curl", seated=True).to(COCO17)
    assert counts(review("biceps_curl", poses, body="seated")) == (3, 0, 0)
