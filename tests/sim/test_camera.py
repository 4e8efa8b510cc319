"""The pinhole camera: where things are in the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poise.body import BLAZEPOSE33
from poise.sim import Camera, perform

#: 4 m ahead of somebody who stands in the origin, at the height it looks at; a metre there is 100 pixels.
AHEAD = Camera(
    yaw=0, distance=4.0, height=1.0, fov=float(2 * np.degrees(np.arctan(0.5))), size=(400, 300), target=(0, 1, 0)
)


def test_the_target_is_in_the_middle_and_a_metre_is_what_the_lens_makes_of_it() -> None:
    assert AHEAD.focal == pytest.approx(400)
    places = np.array([(0, 1, 0), (1, 1, 0), (0, 2, 0), (0, 1, 2)], dtype=float)
    # The person's left is on the right of the picture, up is up, and what is nearer stays in the middle.
    assert AHEAD.project(places) == pytest.approx(np.array([(200, 150), (300, 150), (200, 50), (200, 150)]))
    assert AHEAD.seen_from(places)[:, 2] == pytest.approx([4, 4, 4, 2])


@pytest.mark.parametrize(
    ("yaw", "ahead_is_at"),
    [(90, 100), (-90, 300), (270, 300)],  # from the person's left, ahead is to the left in the picture
)
def test_yaw_goes_round_the_person(yaw: float, ahead_is_at: float) -> None:
    assert replace(AHEAD, yaw=yaw).project(np.array([0.0, 1.0, 1.0])) == pytest.approx([ahead_is_at, 150])


def test_roll_turns_the_camera_clockwise_and_the_picture_the_other_way() -> None:
    assert replace(AHEAD, roll=90).project(np.array([1.0, 1.0, 0.0])) == pytest.approx([200, 50])


def test_a_higher_camera_looks_down() -> None:
    high = replace(AHEAD, height=4.0)
    assert high.project(np.array([0.0, 1.0, 0.0])) == pytest.approx([200, 150])
    assert high.axes[1, 2] == pytest.approx(-0.6)  # 3 down on 4 ahead


def test_axes_are_orthonormal_and_right_handed() -> None:
    axes = Camera(yaw=37, height=0.3, roll=11, target=(0.2, 0.8, -0.1)).axes
    assert axes.T @ axes == pytest.approx(np.eye(3))
    assert np.linalg.det(axes) == pytest.approx(1)


def test_what_is_behind_the_camera_is_nowhere_in_the_picture() -> None:
    assert np.isnan(AHEAD.project(np.array([0.0, 1.0, 5.0]))).all()


def test_the_mirrored_camera_sees_the_mirrored_body() -> None:
    squat = perform("squat", reps=1)
    joints = squat.joints([squat.reps[0].turn])
    left, right = (Camera(yaw=yaw, height=0.7, target=(0, 0.9, 0.1)).project(joints)[0] for yaw in (50, -50))
    assert left[:, 0] == pytest.approx(640 - right[list(BLAZEPOSE33.mirror), 0])
    assert left[:, 1] == pytest.approx(right[list(BLAZEPOSE33.mirror), 1])


@pytest.mark.parametrize(("exercise", "size"), [("push_up", (640, 480)), ("shoulder_press", (360, 640))])
def test_framing_fills_the_picture(exercise: str, size: tuple[int, int]) -> None:
    performance = perform(exercise, reps=1)
    joints = performance.joints(np.arange(0, performance.seconds, 0.2))
    for yaw in (0, 40, 90):
        camera = Camera(yaw=yaw, height=1.2, size=size).framing(joints, fill=0.8)
        assert np.abs(camera.project(joints) / size - 0.5).max() == pytest.approx(0.4, abs=0.005)


def test_framing_backs_off_from_a_body_it_stands_in() -> None:
    joints = perform("standing", lead=1.0).joints([0.0])
    camera = Camera(distance=0.05, height=0.9).framing(joints)
    assert np.isfinite(camera.project(joints)).all()


def test_random_cameras_stand_all_round_within_their_ranges() -> None:
    cameras = [Camera.random(np.random.default_rng(seed)) for seed in range(200)]
    assert cameras[7] == Camera.random(np.random.default_rng(7))
    assert np.histogram([camera.yaw for camera in cameras], 4, (0, 360))[0].min() > 30
    assert all(0.1 <= camera.height <= 1.8 and 2.0 <= camera.distance <= 4.5 for camera in cameras)
