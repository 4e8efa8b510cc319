from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from poise.body import BLAZEPOSE33, COCO17, OPENPOSE18, Array, Keypoints, Pose, PoseSequence, Skeleton
from poise.coach.measure import AWAY
from poise.coach.measures import KEYPOINT_SIGMA, MEASURES, Body, Measure, Plane, Unit, find_measure, turned
from poise.errors import UnknownName
from tests.coach.bodies import TORSO_M, Place, figure, moved, unseen

SIN30, COS30, COS45 = 0.5, math.sqrt(0.75), math.sqrt(0.5)
HIP = (0.86 * SIN30 - 0.84, 0.86 * COS30)
SHOULDER = (HIP[0] + COS45, HIP[1] + COS45)

#: Shins lean 30 degrees forwards, thighs are level, the trunk leans 45 degrees forwards; the upper arms point
#: forwards and the forearms up. Every limb lies in a sagittal plane of its own.
SQUATTING: dict[str, Place] = {
    "left_ankle": (0.0, 0.0, 0.3),
    "left_knee": (0.86 * SIN30, 0.86 * COS30, 0.3),
    "left_hip": (*HIP, 0.3),
    "left_shoulder": (*SHOULDER, 0.3),
    "left_elbow": (SHOULDER[0] + 0.62, SHOULDER[1], 0.3),
    "left_wrist": (SHOULDER[0] + 0.62, SHOULDER[1] + 0.54, 0.3),
    "left_foot_index": (0.3, 0.0, 0.3),
}

#: On its toes and shoulders, level, the hip hanging a tenth of the line from shoulder to ankle below it.
SAGGING: dict[str, Place] = {
    "left_shoulder": (2.0, 0.3, 0.3),
    "left_hip": (1.0, 0.1, 0.3),
    "left_ankle": (0.0, 0.3, 0.3),
}

#: Upright; upper arms out to the sides, forearms up, the left one bent further up by 0.2; feet far apart.
ARMS_OUT: dict[str, Place] = {
    "left_shoulder": (0.0, 2.7, 0.3),
    "left_hip": (0.0, 1.7, 0.3),
    "left_elbow": (0.0, 2.7, 0.9),
    "left_wrist": (0.0, 3.4, 0.9),
    "right_wrist": (0.0, 3.2, -0.9),
    "left_knee": (0.0, 0.9, 0.45),
    "left_ankle": (0.0, 0.0, 0.6),
}

#: Prone, head to the front: the trunk level, the neck hanging 45 degrees below it, an upper arm half seen.
PRONE: dict[str, Place] = {
    "left_hip": (0.0, 0.5, 0.3),
    "left_shoulder": (1.0, 0.5, 0.3),
    "left_ear": (1.3, 0.2, 0.15),
    "left_elbow": (0.67, 0.5, 0.3),
    "left_wrist": (0.67, 0.1, 0.3),
}

#: Upright on uneven ground: hips and shoulders aside, the right knee higher, half of each forearm seen.
UNEVEN: dict[str, Place] = {
    "left_ankle": (0.0, 0.0, 0.5),
    "left_knee": (0.0, 0.8, 0.2),
    "right_knee": (0.0, 1.0, -0.2),
    "left_hip": (0.0, 1.6, 0.4),
    "right_hip": (0.0, 1.6, -0.2),
    "left_shoulder": (0.0, 2.6, 0.6),
    "right_shoulder": (0.0, 2.6, -0.3),
    "left_elbow": (0.0, 2.6, 1.2),
    "left_wrist": (0.0, 2.6, 1.47),
}

#: Upright, hips narrow, feet wide, knees between: half-way down, 0.35 inside the line from hip to ankle.
EVEN: dict[str, Place] = {
    "left_hip": (0.0, 1.7, 0.3),
    "left_knee": (0.0, 0.85, 0.1),
    "left_ankle": (0.0, 0.0, 0.6),
}

#: Upright, the right foot lifted off the floor.
ON_ONE_LEG: dict[str, Place] = {
    "left_hip": (0.0, 1.7, 0.3),
    "left_ankle": (0.0, 0.0, 0.3),
    "right_ankle": (0.3, 0.9, -0.3),
}

#: Feet of someone who squats, heels a tenth of a torso above the toes.
ON_TOES: dict[str, Place] = {**SQUATTING, "left_heel": (-0.1, 0.1, 0.3)}

#: What every measure is of a body, by hand.
EXPECTED: dict[str, tuple[Mapping[str, Place], float]] = {
    "hip_height": (SQUATTING, 0.86 * COS30),
    "standing_height": (ON_ONE_LEG, 1.7),
    "shoulder_height": (SQUATTING, 0.86 * COS30 + COS45),
    "shoulder_over_hands": (SQUATTING, -0.54),
    "trunk_rise": (SQUATTING, COS45),
    "hand_height": (SQUATTING, 0.54),
    "forearm_rise": (SQUATTING, 0.54),
    "elbow_height": (SQUATTING, 0.0),
    "elbow_over_hip": (SQUATTING, COS45),
    "knee_over_hip": (ARMS_OUT, -0.8),
    "ankle_over_knee": (ARMS_OUT, -0.9),
    "knee_flexion": (SQUATTING, 120.0),
    "hip_flexion": (SQUATTING, 135.0),
    "elbow_flexion": (SQUATTING, 90.0),
    "elbow_flexion_frontal": (ARMS_OUT, 90.0),
    "shoulder_flexion": (SQUATTING, 135.0),
    "shoulder_abduction": (ARMS_OUT, 90.0),
    "trunk_lean": (SQUATTING, 45.0),
    "trunk_elevation": (SQUATTING, 45.0),
    "thigh_elevation": (SQUATTING, 0.0),
    "trunk_beyond_shin": (SQUATTING, 15.0),
    "hip_sag": (SAGGING, 0.1),
    "feet_below": (SQUATTING, 0.86 * COS30),
    "knee_over_toe": (SQUATTING, 0.43 - 0.3),
    "knee_ankle_ratio": (ARMS_OUT, 0.75),
    "stance_width": (ARMS_OUT, 2.0),
    "stance_straight_on": (ARMS_OUT, 2.0),
    "hand_level": (ARMS_OUT, 0.2),
    "hand_over_nose": (SQUATTING, SHOULDER[1] + 0.54 - 3.0),
    "push_up_elbow_flexion": (SQUATTING, 90.0),
    "neck_flexion": (PRONE, 45.0),
    "head_drop": (PRONE, 45.0),
    "elbow_flare": (PRONE, 60.0),
    "elbow_bend_ahead": (UNEVEN, 60.0),
    "shoulder_lift": ({"left_ear": (0.0, 3.0, 0.0)}, 1.0 / 1.3),
    "shin_lean": (SQUATTING, 30.0),
    "upper_arm_tilt": (SQUATTING, 90.0),
    "heel_lift": (ON_TOES, 0.1),
    "elbow_behind_trunk": (SQUATTING, -0.62 * COS45),
    "elbow_off_shoulder": (SQUATTING, 0.62),
    "hand_over_foot": (ON_TOES, SHOULDER[0] + 0.62 - 0.1),
    "hip_shift": (UNEVEN, 0.1),
    "shoulder_shift": (UNEVEN, 0.15),
    "knee_inwards": (EVEN, 0.35),
    "knee_level": (UNEVEN, 0.2),
    "elbows_apart": (ARMS_OUT, 3.0),
}
IDEAL: dict[Plane, float] = {"sagittal": 90.0, "frontal": 0.0, "any": 40.0}

every_measure = pytest.mark.parametrize("measure", MEASURES.values(), ids=list(MEASURES))


def body(pose: Pose | PoseSequence, yaw: float, facing: int = 1, scale: float = 100.0) -> Body:
    shape = pose.score.shape[:-1]
    return Body(pose, np.full(shape, scale), np.full(shape, yaw), np.full(shape, float(facing)))


def posed(measure: Measure, off: float = 0.0, facing: int = 1) -> Body:
    """The body whose measure was worked out by hand, seen that many degrees off the ideal view."""
    yaw = IDEAL[measure.plane] + off
    return body(figure(EXPECTED[measure.name][0], yaw=yaw, facing=facing), yaw, facing)


def test_every_measure_was_worked_out_by_hand() -> None:
    assert set(EXPECTED) == set(MEASURES)


@every_measure
@pytest.mark.parametrize("facing", [1, -1])
@pytest.mark.parametrize("off", [0.0, 20.0, -55.0, 55.0])
def test_a_measure_is_what_it_is_by_hand_from_every_view_it_can_be_rectified_from(
    measure: Measure, off: float, facing: int
) -> None:
    off = abs(off) if measure.plane == "frontal" else off
    seen = posed(measure, off, facing)
    for side in measure.sides():
        assert measure.compute(seen, side) == pytest.approx(EXPECTED[measure.name][1], abs=1e-6)
    assert measure.value(seen) == pytest.approx(EXPECTED[measure.name][1], abs=1e-6)


@every_measure
def test_a_measure_says_its_plane_its_unit_and_what_it_is_about(measure: Measure) -> None:
    assert measure.plane in get_args(Plane)
    assert measure.unit in get_args(Unit)
    assert measure.about
    assert find_measure(measure.name) is measure
    assert all(BLAZEPOSE33.has(name) for side in measure.sides() for name in measure.keypoints(side))


@every_measure
def test_a_measure_is_unseen_without_any_one_of_the_keypoints_it_says_it_needs(measure: Measure) -> None:
    seen = posed(measure)
    assert isinstance(seen.pose, Pose)
    for side in measure.sides():
        for name in measure.keypoints(side):
            end = name.replace("mid_", "left_")
            without = body(unseen(seen.pose, end), float(seen.yaw))
            assert np.isnan(measure.compute(without, side))
            assert measure.score(without, side) == 0.0


@every_measure
def test_the_measure_of_a_sequence_is_the_measure_of_each_of_its_poses(measure: Measure) -> None:
    yaw = IDEAL[measure.plane]
    poses = [figure(places, t=float(i), yaw=yaw) for i, places in enumerate(({}, SQUATTING, SAGGING, ARMS_OUT, {}))]
    poses[-1] = moved(poses[-1], "left_knee", (7, 5))
    sequence = body(PoseSequence.of(poses), yaw)
    for side in measure.sides():
        singly = [float(measure.compute(body(pose, yaw), side)) for pose in poses]
        errors = [float(measure.sigma(body(pose, yaw), side, 9.0)) for pose in poses]
        np.testing.assert_array_equal(measure.compute(sequence, side), singly)
        np.testing.assert_allclose(measure.sigma(sequence, side, 9.0), errors)


def test_foreshortening_is_undone_twofold_at_most() -> None:
    measure = MEASURES["knee_over_toe"]
    seen = body(figure(SQUATTING, yaw=20.0), 20.0)
    assert measure.compute(seen, "left") == pytest.approx(2 * math.sin(math.radians(20)) * 0.13)


def test_without_rectification_a_turned_knee_would_measure_wrong() -> None:
    measure = MEASURES["knee_flexion"]
    turned_away = figure(SQUATTING, yaw=60.0)
    assert measure.compute(body(turned_away, 60.0), "left") == pytest.approx(120.0)
    # The thigh stays level and the shin's lean becomes atan(tan 30 · sin 60).
    lean = math.degrees(math.atan(math.tan(math.radians(30)) * math.sin(math.radians(60))))
    assert measure.compute(body(turned_away, 90.0), "left") == pytest.approx(90 + lean)


def test_a_hip_above_the_line_does_not_sag() -> None:
    piked = figure({**SAGGING, "left_hip": (1.0, 0.7, 0.3)})
    assert MEASURES["hip_sag"].compute(body(piked, 90.0), "left") == pytest.approx(-0.2)


def test_a_trunk_that_leans_back_leans_negatively_and_a_hip_below_the_knee_is_negative() -> None:
    back = figure({"left_shoulder": (-1.0, 2.7, 0.3), "left_knee": (0.84, 2.54, 0.2)}, facing=-1)
    assert MEASURES["trunk_lean"].compute(body(back, 90.0, -1), "") == pytest.approx(-45.0)
    assert MEASURES["thigh_elevation"].compute(body(back, 90.0, -1), "left") == pytest.approx(-45.0)


def test_a_ratio_over_nothing_is_unknown() -> None:
    together = body(figure({"left_ankle": (0.0, 0.0, 0.0), "left_shoulder": (0.0, 2.7, 0.0)}, yaw=0.0), 0.0)
    assert np.isnan(MEASURES["knee_ankle_ratio"].compute(together, ""))
    assert np.isnan(MEASURES["stance_width"].compute(together, ""))


def test_both_sides_are_weighted_by_the_square_of_their_scores() -> None:
    measure = MEASURES["hand_height"]
    pose = moved(figure(), "left_wrist", (0, 0), score=0.5)
    pose = moved(pose, "right_wrist", (0, -58))
    left, right = -1.16, -0.58
    assert measure.value(body(pose, 90.0)) == pytest.approx((0.25 * left + right) / 1.25, abs=1e-5)
    assert measure.value(body(unseen(pose, "left_wrist"), 90.0)) == pytest.approx(right)
    assert measure.value(body(unseen(pose, "right_wrist"), 90.0)) == pytest.approx(left)
    assert np.isnan(measure.value(body(unseen(pose, "left_wrist", "right_wrist"), 90.0)))


@pytest.mark.parametrize("plane", ["sagittal", "frontal"])
def test_the_body_turned_by_its_world_keypoints_is_the_body_seen_in_that_plane(plane: Plane) -> None:
    for measure in MEASURES.values():
        if measure.plane != plane:
            continue
        for yaw, facing in ((0.0, 1), (30.0, -1), (90.0, 1), (150.0, -1)):
            seen = turned(body(figure(EXPECTED[measure.name][0], yaw=yaw, facing=facing), yaw, facing), plane)
            assert measure.value(seen) == pytest.approx(EXPECTED[measure.name][1], rel=2e-3, abs=1e-6)


def test_the_turned_body_is_in_metres_and_unseen_without_world_keypoints() -> None:
    assert turned(body(figure(yaw=30.0), 30.0), "sagittal").scale == pytest.approx(TORSO_M)
    flat = turned(body(figure(world=False), 90.0), "sagittal")
    assert np.isnan(flat.pose.points).all()
    assert np.isnan(MEASURES["knee_flexion"].value(flat))


def scattered(seen: Body, rng: np.random.Generator, n: int = 4000) -> Body:
    """Many bodies whose keypoints scatter around one's by their standard error."""
    assert isinstance(seen.pose, Pose)
    pose, shape = seen.pose, (n, *seen.pose.points.shape)
    points = pose.points + rng.normal(0.0, KEYPOINT_SIGMA * float(seen.scale), shape)
    sequence = PoseSequence(pose.skeleton, np.arange(float(n)), points, np.broadcast_to(pose.score, shape[:2]))
    return body(sequence, float(seen.yaw), int(seen.facing))


@every_measure
def test_the_standard_error_is_the_scatter_of_scattered_keypoints(measure: Measure) -> None:
    seen, rng = posed(measure, 10.0), np.random.default_rng(1)
    side = measure.sides()[0]
    scatter = float(np.std(measure.compute(scattered(seen, rng), side)))
    seen = replace(seen, yaw=np.where(np.abs(seen.yaw - 90) < 45, 90.0, 0.0))  # straight on, nothing is nearer
    assert measure.sigma(seen, side) == pytest.approx(scatter, rel=0.15)


def test_what_perspective_adds_askew_is_part_of_the_standard_error() -> None:
    pose = moved(moved(figure(), "left_wrist", (100, -100)), "right_wrist", (-100, -100))
    level = MEASURES["hand_level"]
    straight, askew = (float(level.sigma(body(pose, yaw), "")) for yaw in (0.0, 30.0))
    assert straight == pytest.approx(math.sqrt(2) * KEYPOINT_SIGMA)
    # The hands are 1.74 torso lengths apart and 0.84 above the hips: 30 degrees put one nearer by tan 30 of that.
    left, right, hip = (pose.at(name) / 100 for name in ("left_wrist", "right_wrist", "mid_hip"))
    tilted = math.tan(math.radians(30)) / AWAY * abs(left[0] - right[0]) * (hip[1] - left[1])
    assert askew == pytest.approx(math.hypot(straight, tilted))


@pytest.mark.parametrize("name", ["knee_flexion", "trunk_lean", "knee_over_toe"])
def test_the_error_of_the_yaw_is_part_of_the_standard_error(name: str) -> None:
    measure, rng = MEASURES[name], np.random.default_rng(2)
    seen = posed(measure, -30.0)
    many = scattered(seen, rng)
    yaw: Array = many.yaw + rng.normal(0.0, 5.0, many.yaw.shape)
    scatter = float(np.std(measure.compute(Body(many.pose, many.scale, yaw, many.facing), "left")))
    assert measure.sigma(seen, "left", 5.0) == pytest.approx(scatter, rel=0.15)
    assert measure.sigma(seen, "left", 5.0) > measure.sigma(seen, "left")


def test_the_error_of_the_yaw_does_not_touch_heights() -> None:
    measure = MEASURES["hip_height"]
    seen = posed(measure)
    # Two midpoints of two keypoints each: (4 · (σ/2)²)^½.
    assert measure.sigma(seen, "", 9.0) == pytest.approx(KEYPOINT_SIGMA)


def test_an_unknown_measure_is_named_with_a_guess() -> None:
    with pytest.raises(UnknownName, match=r"'knee_flexoin'\. Did you mean 'knee_flexion'"):
        find_measure("knee_flexoin")


@pytest.mark.parametrize("skeleton", [COCO17, OPENPOSE18], ids=lambda s: s.name)
@pytest.mark.parametrize("name", sorted(MEASURES))
def test_where_the_skeleton_lacks_a_keypoint_nothing_is_measured(skeleton: Skeleton, name: str) -> None:
    measure = MEASURES[name]
    points = np.arange(3 * len(skeleton) * 2, dtype=float).reshape(3, len(skeleton), 2) ** 1.5
    poses = Keypoints(skeleton, points, np.ones((3, len(skeleton))))
    body = Body(poses, np.full(3, 100.0), np.full(3, 80.0), np.ones(3))
    able = all(skeleton.has(keypoint) for side in measure.sides() for keypoint in measure.keypoints(side))
    for side in measure.sides():
        assert measure.sigma(body, side, 9.0).shape == (3,)
        assert np.isnan(measure.sigma(body, side, 9.0)).all() != able
    assert measure.each(body).shape == measure.scores(body).shape == (len(measure.sides()), 3)
    assert np.isnan(measure.each(body)).all() != able
    assert np.isnan(measure.value(body)).all() != able
    assert (measure.scores(body) == (1.0 if able else 0.0)).all()
