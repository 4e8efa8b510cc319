from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from poise.body import BLAZEPOSE33, Pose
from poise.coach.events import View
from poise.coach.measures import GATES
from poise.coach.view import YAW_SIGMA, Scale, ViewTracker, observable, off_plane, turn_advice, view_name
from tests.coach.bodies import STANDING, figure, moved, unseen

BENT_TOWARDS_CAMERA = {
    "left_shoulder": (1.0, 1.7, 0.37),
    "left_elbow": (1.0, 1.08, 0.37),
    "left_wrist": (1.0, 0.54, 0.37),
}


@pytest.mark.parametrize("yaw", [0.0, 45.0, 90.0, 180.0])
def test_the_scale_of_a_known_body_is_exact_from_every_side(yaw: float) -> None:
    assert Scale().update(figure(yaw=yaw, scale=83.0)) == pytest.approx(83.0)


def test_the_scale_survives_a_torso_that_points_at_the_camera() -> None:
    pose = figure(BENT_TOWARDS_CAMERA, yaw=0.0)
    assert np.hypot(*(pose.at("mid_shoulder") - pose.at("mid_hip"))) == pytest.approx(0.0, abs=1e-9)
    assert Scale().update(pose) == pytest.approx(100.0)


def test_one_keypoint_out_of_place_does_not_change_the_scale() -> None:
    assert Scale().update(moved(figure(), "left_wrist", (0, 200))) == pytest.approx(100.0)


def test_the_scale_is_the_second_largest_bound() -> None:
    others = [f"{side}_{joint}" for side in ("left", "right") for joint in ("elbow", "knee")]
    torso_and_shoulders = unseen(figure(yaw=60.0), *others)
    assert Scale().update(torso_and_shoulders) == pytest.approx(100.0 * math.cos(math.radians(60)))


def test_the_scale_forgets_slowly_and_learns_quickly() -> None:
    scale = Scale()
    assert scale.update(figure(t=0.0)) == pytest.approx(100.0)
    for i in range(1, 31):
        scale.update(figure(t=0.1 * i, scale=50.0))
    assert scale.value == pytest.approx(100.0 * math.exp(-3 / 15))
    scale.update(figure(t=20.0, scale=50.0))
    assert scale.value == pytest.approx(50.0)
    scale.update(figure(t=20.3, scale=90.0))
    assert scale.value == pytest.approx(90.0 - 40.0 / math.e)


def test_the_scale_is_unknown_until_two_segments_are_seen_and_then_stays() -> None:
    scale = Scale()
    assert math.isnan(scale.update(Pose.missing(BLAZEPOSE33, 0.0)))
    assert math.isnan(scale.update(figure(t=0.1, score=0.5)))
    assert scale.update(figure(t=0.2)) == pytest.approx(100.0)
    assert scale.update(Pose.missing(BLAZEPOSE33, 9.0)) == pytest.approx(100.0)


@pytest.mark.parametrize("facing", [1, -1])
@pytest.mark.parametrize("yaw", [0.0, 45.0, 90.0, 135.0, 180.0])
def test_yaw_and_facing_are_exact_where_the_world_is_known(yaw: float, facing: int) -> None:
    view = ViewTracker().update(figure(yaw=yaw, facing=facing), 100.0)
    assert view.yaw == pytest.approx(yaw, abs=1e-5)
    assert view.facing == (facing if 0 < yaw < 180 else 0)
    assert view.name == view_name(yaw)


@pytest.mark.parametrize("facing", [1, -1])
@pytest.mark.parametrize("yaw", [0.0, 45.0, 90.0, 135.0])
def test_without_a_world_widths_give_yaw_and_the_nose_gives_facing(yaw: float, facing: int) -> None:
    view = ViewTracker().update(figure(yaw=yaw, facing=facing, world=False), 100.0)
    assert view.yaw == pytest.approx(yaw, abs=1e-5)
    assert view.facing == (facing if yaw else 0)


def test_sides_that_change_places_are_side_on() -> None:
    tracker = ViewTracker()
    for i in range(60):
        view = tracker.update(figure(t=0.1 * i, yaw=70.0 if i % 2 else 110.0), 100.0)
    assert view.yaw == pytest.approx(90.0, abs=3.0)


def test_a_body_that_lies_down_and_sits_up_away_from_the_camera_is_not_side_on() -> None:
    tracker = ViewTracker()
    supine = {name: (-up, forward, left) for name, (forward, up, left) in STANDING.items()}
    for i in range(60):
        view = tracker.update(figure(supine if i % 20 < 10 else None, t=0.1 * i, yaw=135.0), 100.0)
        assert view.yaw == pytest.approx(135.0, abs=1e-5)


def test_yaw_is_the_same_lying_down() -> None:
    pose = figure(yaw=60.0)
    assert pose.world is not None
    lying = replace(
        pose,
        points=np.stack([-pose.points[:, 1], pose.points[:, 0]], axis=-1),
        world=np.stack([-pose.world[:, 1], pose.world[:, 0], pose.world[:, 2]], axis=-1),
    )
    assert ViewTracker().update(lying, 100.0).yaw == pytest.approx(60.0)


@pytest.mark.parametrize(
    "places", [STANDING, {name: (-up, ahead, left) for name, (ahead, up, left) in STANDING.items()}]
)
def test_yaw_is_read_off_the_trunk_that_shoulders_and_hips_are_square_to_however_near_the_legs_are(
    places: dict[str, tuple[float, float, float]],
) -> None:
    for yaw in (50.0, 70.0, 110.0):
        pose = figure(places, yaw=yaw, world=False)
        assert ViewTracker().update(pose, 140.0).yaw == pytest.approx(yaw)


def test_without_hips_yaw_is_read_off_the_scale() -> None:
    pose = unseen(figure(yaw=70.0, world=False), "left_hip", "right_hip")
    assert ViewTracker().update(pose, 100.0).yaw == pytest.approx(70.0)
    wide = math.cos(math.radians(70)) / 1.4
    assert ViewTracker().update(pose, 140.0).yaw == pytest.approx(math.degrees(math.acos(wide)))


def test_where_widths_and_world_disagree_widths_rule_side_on_and_the_world_rules_face_on() -> None:
    side, front = figure(yaw=90.0), figure(yaw=0.0)
    says_front_is_side = ViewTracker().update(replace(side, points=front.points), 100.0)
    says_side_is_front = ViewTracker().update(replace(front, points=side.points), 100.0)
    assert says_front_is_side.yaw == pytest.approx(0.0, abs=1e-5)
    assert says_side_is_front.yaw == pytest.approx(0.0, abs=1e-5)
    # The world says 30 degrees, whose squared sine is a quarter, and the widths say 60.
    between = ViewTracker().update(replace(figure(yaw=30.0), points=figure(yaw=60.0).points), 100.0)
    assert between.yaw == pytest.approx(0.25 * 60 + 0.75 * 30)


def test_a_turn_is_followed_over_about_a_second_and_kept_while_nobody_is_seen() -> None:
    tracker = ViewTracker()
    assert tracker.update(figure(yaw=0.0), 100.0).yaw == pytest.approx(0.0, abs=1e-5)
    turned = tracker.update(figure(t=0.7, yaw=90.0), 100.0)
    assert math.tan(math.radians(turned.yaw)) == pytest.approx(math.e - 1)
    assert tracker.update(Pose.missing(BLAZEPOSE33, 0.8), 100.0) == turned
    assert tracker.update(figure(t=0.9), math.nan) == turned


def test_a_view_of_nothing_is_unknown() -> None:
    girdles = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
    for pose in (Pose.missing(BLAZEPOSE33, 0.0), unseen(figure(world=False), *girdles)):
        view = ViewTracker().update(pose, 100.0)
        assert (view.name, view.facing) == ("unknown", 0)
        assert math.isnan(view.yaw)


@pytest.mark.parametrize(
    ("yaw", "name"),
    [
        *((25, "front"), (26, "oblique"), (64, "oblique"), (65, "side"), (115, "side"), (116, "oblique")),
        *((145, "oblique"), (146, "rear"), (math.nan, "unknown")),
    ],
)
def test_yaws_have_plain_names(yaw: float, name: str) -> None:
    assert view_name(yaw) == name


def test_how_far_a_view_is_off_a_plane() -> None:
    assert [off_plane(yaw, "sagittal") for yaw in (0, 90, 120)] == [90, 0, 30]
    assert [off_plane(yaw, "frontal") for yaw in (0, 90, 170)] == [0, 90, 10]
    assert [off_plane(yaw, "any") for yaw in (0, 90, 170)] == [0, 0, 0]


def at(yaw: float, sigma: float = YAW_SIGMA) -> View:
    return View(view_name(yaw), yaw, sigma, 1)


def test_an_error_of_the_yaw_beyond_the_usual_counts_against_the_gate() -> None:
    gate = GATES["sagittal"]
    assert observable(at(90 + gate - 10, YAW_SIGMA + 10), "sagittal")
    assert not observable(at(90 + gate - 10, YAW_SIGMA + 11), "sagittal")
    assert observable(at(90 + gate, 0.0), "sagittal")
    assert observable(at(90.0, 90.0), "any")


def test_a_plane_is_observable_within_its_gate_and_heights_always() -> None:
    gate = GATES["sagittal"]
    assert [observable(at(90 + off), "sagittal") for off in (-gate - 1, -gate, 0, gate, gate + 1)] == [
        *(False, True, True, True, False)
    ]
    gate = GATES["frontal"]
    assert [observable(at(yaw), "frontal") for yaw in (0, gate, gate + 1, 180 - gate - 1, 180 - gate)] == [
        *(True, True, False, False, True)
    ]
    assert not observable(at(math.nan), "sagittal")
    assert not observable(at(math.nan), "frontal")
    assert observable(at(math.nan), "any")


def test_the_advice_is_to_show_the_plane() -> None:
    assert turn_advice("frontal").name == "face_camera"
    assert turn_advice("sagittal").name == "side_on"


def test_a_body_whose_keypoints_lie_on_one_spot_has_no_scale() -> None:
    assert math.isnan(Scale().update(figure(scale=1e-6)))
    scale = Scale()
    assert scale.update(figure(scale=100.0)) == pytest.approx(100.0)
    assert scale.update(figure(t=1e9, scale=0.0)) == pytest.approx(100.0)


def test_a_trunk_whose_keypoints_lie_on_one_spot_is_side_on() -> None:
    pose = figure(world=False)
    points = pose.points.copy()
    points[[BLAZEPOSE33.index(f"{side}_{part}") for side in ("left", "right") for part in ("shoulder", "hip")]] = (
        100.0
    )
    assert ViewTracker().update(replace(pose, points=points), 100.0).name == "side"
