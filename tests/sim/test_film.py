"""Performances as poses: exact pixels, world landmarks, and who hides whom."""

from __future__ import annotations

import numpy as np
import pytest

from poise.body.geometry import flexion, lean
from poise.sim import Camera, film_poses, perform

SIDE = Camera(yaw=90, distance=4, height=0.9, fov=40)


def test_a_film_has_a_pose_for_every_frame_from_the_start() -> None:
    squat = perform("squat", reps=1)
    poses = film_poses(squat, SIDE, rate=20)
    assert poses.t == pytest.approx(np.arange(int(squat.seconds * 20)) / 20)
    assert poses.size == (640, 640)
    assert poses.meta == {"source": "simulated squat"}
    assert film_poses(squat, SIDE, t=np.array([0.5, 0.7])).t == pytest.approx([0.5, 0.7])


def test_from_the_side_flat_angles_are_the_true_ones() -> None:
    squat = perform("squat", reps=1, form={"toe_out": 0, "stance": 0.102})  # legs in the plane of the picture
    poses = film_poses(squat, SIDE, rate=20)
    true = squat.measures(poses.t)
    knee = flexion(*(poses.at(f"left_{joint}") for joint in ("hip", "knee", "ankle")))
    assert knee == pytest.approx(true["left_knee_flexion"], abs=0.2)
    assert lean(poses.at("mid_shoulder"), poses.at("mid_hip"), -1.0) == pytest.approx(true["trunk_lean"], abs=1.0)


@pytest.mark.parametrize("aside", [0.0, 0.9])
def test_world_landmarks_are_hip_centred_metres_turned_as_the_body_is_seen(aside: float) -> None:
    squat = perform("squat", reps=1)
    turn = np.array([squat.reps[0].turn])
    joints = squat.figure(turn)
    hips = ((joints.at("left_hip") + joints.at("right_hip")) / 2)[0]
    off = joints.at("left_wrist")[0] - hips
    # From the left, 4 m away and level with the hips, which are in the middle of the picture or beside it.
    camera = Camera(yaw=90, distance=4, height=float(hips[1]), target=(0, float(hips[1]), float(hips[2]) + aside))
    poses = film_poses(squat, camera, t=turn)
    assert poses.world_at("mid_hip")[0] == pytest.approx([0, 0, 0], abs=1e-9)
    c, s = np.array((4.0, aside)) / np.hypot(4.0, aside)
    ahead, left = c * off[2] - s * off[0], c * off[0] + s * off[2]  # of somebody who stands as it looks
    # Ahead is left, down is positive, the person's right is away.
    assert poses.world_at("left_wrist")[0] == pytest.approx([-ahead, -off[1], -left])


def test_the_far_side_is_hidden_by_the_near_one_and_scores_lower() -> None:
    poses = film_poses(perform("squat", reps=1), SIDE, rate=10)
    for joint, most in (("elbow", 0.3), ("wrist", 0.3), ("knee", 0.5), ("ankle", 0.7)):
        assert poses.score_at(f"left_{joint}").min() > 0.9, joint
        assert poses.score_at(f"right_{joint}").mean() < most, joint
    for joint in ("shoulder", "hip"):  # which BlazePose guesses with confidence
        assert 0.9 < poses.score_at(f"right_{joint}").mean() < poses.score_at(f"left_{joint}").mean()
    front = film_poses(perform("squat", reps=1), Camera(yaw=0), rate=10)
    assert front.score.mean(0).min() > 0.85


def test_what_lies_outside_the_picture_scores_low_but_has_a_place() -> None:
    legs_cut_off = Camera(yaw=0, distance=2, height=1.4, fov=40, target=(0, 1.4, 0))
    poses = film_poses(perform("standing", lead=1.0), legs_cut_off, rate=10)
    assert poses.score_at("left_ankle").max() < 0.1
    assert (poses.at("left_ankle")[:, 1] > 640).all()
    assert poses.score_at("nose").min() > 0.9


def test_what_is_behind_the_camera_is_unseen() -> None:
    inside = Camera(yaw=0, distance=0.02, height=0.9, target=(0, 0.9, 0))
    poses = film_poses(perform("standing", lead=1.0), inside, t=np.array([0.5]))
    unseen = np.isnan(poses.points).any(-1)
    assert unseen.any()
    assert (poses.score[unseen] == 0).all()
