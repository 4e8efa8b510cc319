"""The kinematic body: rotations, limbs, and joints where the angles say."""

from __future__ import annotations

import numpy as np
import pytest

from poise.sim.body import Body, Posture
from poise.sim.kinematics import reach, rotation_x, rotation_y, rotation_z, two_bone

#: An average body of 2 m standing straight with its arms by its sides: every length is a round share of stature.
TALL = Body.of(2.0)
STRAIGHT = {"arm_elevation": 0.0, "elbow": 0.0, "hip_abduction": 0.0, "hip_rotation": 0.0}


def stand(**changes: object) -> Posture:
    return Posture(root=(0.0, TALL.hip_height, 0.0), **(STRAIGHT | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rotation", "before", "after"),
    [
        (rotation_x, (0, 1, 0), (0, 0, 1)),  # up to ahead
        (rotation_y, (0, 0, 1), (1, 0, 0)),  # ahead to the left
        (rotation_z, (1, 0, 0), (0, 1, 0)),  # left to up
    ],
)
def test_rotations_turn_the_way_they_say(rotation, before, after) -> None:  # type: ignore[no-untyped-def]
    assert rotation(90.0) @ np.array(before) == pytest.approx(np.array(after))
    assert rotation(np.zeros(3)) == pytest.approx(np.broadcast_to(np.eye(3), (3, 3, 3)))


def test_standing_straight_joints_are_above_each_other() -> None:
    figure = TALL.figure(stand())
    heights = {name: figure.at(f"left_{name}")[0, 1] for name in ("ankle", "knee", "hip", "shoulder", "wrist")}
    assert heights == pytest.approx(
        {"ankle": 0.078, "knee": 0.570, "hip": 1.060, "shoulder": 1.604, "wrist": 1.604 - 0.664}
    )
    assert figure.at("left_hip")[0, 0] == pytest.approx(0.102)
    assert figure.at("right_shoulder")[0, 0] == pytest.approx(-0.202)
    assert figure.at("nose")[0, 2] > figure.at("left_ear")[0, 2]  # it faces ahead
    assert figure.at("left_foot_index")[0, 2] > figure.at("left_heel")[0, 2]


@pytest.mark.parametrize(
    ("elevation", "plane", "towards"),
    [(90, 0, (1, 0, 0)), (90, 90, (0, 0, 1)), (180, 0, (0, 1, 0)), (90, -90, (0, 0, -1)), (0, 90, (0, -1, 0))],
)
def test_an_arm_points_where_elevation_and_plane_say(
    elevation: float, plane: float, towards: tuple[float, float, float]
) -> None:
    figure = TALL.figure(stand(arm_elevation=elevation, arm_plane=plane))
    for side, mirror in (("left", 1), ("right", -1)):
        arm = (figure.at(f"{side}_wrist") - figure.at(f"{side}_shoulder"))[0] / 0.664
        assert arm == pytest.approx(np.array(towards) * (mirror, 1, 1))


def test_a_bent_elbow_lifts_the_forearm_ahead() -> None:
    figure = TALL.figure(stand(elbow=90.0))
    assert (figure.at("left_wrist") - figure.at("left_elbow"))[0] == pytest.approx([0, 0, 0.292])


def test_a_value_over_time_and_one_per_side_stand_side_by_side() -> None:
    knee = np.array([[0.0, 90.0], [45.0, 0.0], [0.0, 0.0]])
    figure = TALL.figure(stand(knee=knee, elbow=np.array([0.0, 90.0, 0.0])))
    assert figure.joints.shape == (3, 33, 3)
    ankles = np.stack([figure.at("left_ankle"), figure.at("right_ankle")], axis=1)
    assert ankles[..., 2] == pytest.approx(-0.492 * np.sin(np.radians(knee)))
    assert figure.at("left_wrist")[:, 2] == pytest.approx([0, 0.292, 0])


def test_limbs_reach_places_exactly_and_stretch_at_those_too_far() -> None:
    near, pole = np.zeros((2, 3)), np.array([[0.0, 0.0, 1.0]] * 2)
    far = np.array([[0.0, -5.0, 0.0], [0.0, -9.0, 0.0]])
    middle, end = two_bone(near, far, 3.0, 4.0, pole)
    assert middle[0] == pytest.approx([0, -1.8, 2.4])  # the right angle of a 3-4-5 triangle
    assert end[0] == pytest.approx(far[0])
    assert middle[1] == pytest.approx([0, -3, 0])
    assert end[1] == pytest.approx([0, -7, 0])


def test_reach_is_the_law_of_cosines() -> None:
    assert reach(1.0, 1.0, np.array([0.0, 60.0, 180.0])) == pytest.approx([2.0, np.sqrt(3.0), 0.0], abs=1e-7)


@pytest.mark.parametrize("knee_in", [0.03, -0.02])
def test_knees_move_in_by_metres_and_keep_their_flexion(knee_in: float) -> None:
    bent = {"feet": np.array([[0.102, 0.078, 0.0], [-0.102, 0.078, 0.0]]), "toe_out": 0.0}
    root = (0.0, 0.9, 0.0)
    plain, moved = (TALL.figure(Posture(root=root, knee_in=value, **bent)) for value in (0.0, knee_in))  # type: ignore[arg-type]
    for side, inward in (("left", -1), ("right", 1)):
        shift = moved.at(f"{side}_knee") - plain.at(f"{side}_knee")
        assert shift[0, 0] * inward == pytest.approx(knee_in)
        for end in ("hip", "ankle"):
            lengths = [np.linalg.norm(f.at(f"{side}_knee") - f.at(f"{side}_{end}")) for f in (plain, moved)]
            assert lengths[1] == pytest.approx(lengths[0])


@pytest.mark.parametrize("pitch", [0.0, 35.0, 70.0])
def test_a_lifted_heel_leaves_the_toes_where_they_are(pitch: float) -> None:
    toe = np.array([[[0.1, 0.02, 0.3], [-0.1, 0.02, 0.3]]])
    ankle = TALL.ankle_over_toe(toe, pitch, 15.0)
    posture = Posture(root=(0.0, 0.9, 0.0), feet=ankle, toe_out=15.0, foot_pitch=pitch)
    figure = TALL.figure(posture)
    assert figure.at("left_foot_index")[0] == pytest.approx(toe[0, 0])
    assert figure.at("right_foot_index")[0] == pytest.approx(toe[0, 1])
    rise = figure.at("left_heel")[0, 1] - 0.02
    assert rise > 0.2 * np.sin(np.radians(pitch))


def test_grounded_puts_the_lowest_foot_on_the_floor_and_moves_everything_with_it() -> None:
    floating = TALL.figure(stand(hip_flexion=np.array([[40.0, 0.0]])))
    grounded = TALL.figure(stand(hip_flexion=np.array([[40.0, 0.0]]), grounded=True))
    drop = floating.joints - grounded.joints
    assert drop == pytest.approx(np.broadcast_to([0, floating.at("right_foot_index")[0, 1], 0], drop.shape))
    assert grounded.segments["pelvis"].origin[0, 1] == pytest.approx(1.06 - drop[0, 0, 1])


def test_bodies_differ_by_a_few_per_cent_and_are_the_same_for_the_same_seed() -> None:
    bodies = [Body.random(np.random.default_rng(seed)) for seed in range(300)]
    assert bodies[0] == Body.random(np.random.default_rng(0))
    ratio = np.array([body.thigh / body.stature / 0.245 for body in bodies])
    assert ratio.mean() == pytest.approx(1.0, abs=0.01)
    assert ratio.std() == pytest.approx(0.05, abs=0.01)
    assert np.std([body.stature for body in bodies]) == pytest.approx(0.09, abs=0.015)
