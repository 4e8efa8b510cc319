from __future__ import annotations

import math

import numpy as np
import pytest

from poise.body import BLAZEPOSE33, COCO17, Pose, PoseSequence
from poise.coach.figure import STRETCH, Bound, Figure, Settling
from poise.coach.measures import Body, Plane, find_measure
from tests.coach.bodies import Place, figure, unseen

#: Bones of the figure in `bodies`, which has no heels, fingers and eyes.
BONES = [
    (f"{side}_{a}", f"{side}_{b}")
    for side in ("left", "right")
    for a, b in (
        ("shoulder", "elbow"),
        ("elbow", "wrist"),
        ("hip", "knee"),
        ("knee", "ankle"),
        ("ankle", "foot_index"),
    )
]


def body(pose: Pose, yaw: float = 90.0, facing: int = 1) -> Body:
    """The pose as a body seen from there, 100 pixels per torso length."""
    return Body(pose, *(np.float64(v) for v in (100.0, yaw, facing)))  # type: ignore[arg-type]


def bound(measure: str, low: float = -math.inf, high: float = math.inf, side: str = "", gap: float = 10.0) -> Bound:
    return Bound(measure, measure, find_measure(measure), side, low, high, gap, broken=True)


def settled(seen: Body, plane: Plane, *bounds: Bound, bears: tuple[str, ...] = ("feet",)) -> tuple[Settling, Body]:
    """What the body settles into, and that as a body."""
    whole = Figure(seen, plane)
    settling = Settling(whole, bears, bounds, on_toes=False)  # type: ignore[arg-type]
    settling.settle()
    return settling, whole.bodies(whole.places(settling.state))


def random_state(of: Figure, seed: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(0, 0.3, 2 * len(of.pieces) + 2)


@pytest.mark.parametrize("skeleton", [BLAZEPOSE33, COCO17])
def test_a_figure_that_did_not_turn_is_the_body_itself(skeleton: object) -> None:
    pose = next(iter(PoseSequence.of([figure()]).to(skeleton)))  # type: ignore[arg-type]
    whole = Figure(body(pose), "sagittal")
    same = whole.bodies(whole.places(np.zeros(2 * len(whole.pieces) + 2)))
    np.testing.assert_allclose(same.pose.points, pose.points)


@pytest.mark.parametrize(("plane", "yaw"), [("sagittal", 65.0), ("frontal", 25.0), ("any", 40.0)])
def test_pieces_that_only_turn_keep_the_bones_as_long_as_they_were(plane: Plane, yaw: float) -> None:
    seen = body(figure(yaw=yaw), yaw)
    whole = Figure(seen, plane)
    state = random_state(whole, 1)
    state[len(whole.pieces) : -2] = 0.0
    turned = whole.bodies(whole.places(state))
    for bone in BONES:
        before, after = (np.subtract(*some.in_plane(plane, *bone)) for some in (seen, turned))
        assert np.hypot(*after) == pytest.approx(np.hypot(*before))
        assert np.hypot(*(after - before)) > 0.1


def test_the_slopes_of_places_are_those_of_little_steps() -> None:
    whole = Figure(body(figure(yaw=70.0), 70.0), "sagittal")
    state, seen = random_state(whole, 2), np.isfinite(whole.start)
    slopes = whole.slopes(state)
    for i in range(len(state)):
        step = np.zeros(len(state))
        step[i] = 1e-6
        off = (whole.places(state + step) - whole.places(state - step)) / 2e-6
        np.testing.assert_allclose(slopes[i][seen], off[seen], atol=1e-7)


def test_a_measure_is_brought_to_its_bound_and_no_further() -> None:
    settling, after = settled(body(figure()), "sagittal", bound("elbow_flexion", low=60.0, side="left"))
    assert settling.unmet == []
    assert find_measure("elbow_flexion").compute(after, "left") == pytest.approx(60.0, abs=0.3)
    assert find_measure("elbow_flexion").compute(after, "right") == pytest.approx(0.0, abs=2.0)
    for name in ("nose", "left_hip", "right_wrist", "left_ankle"):
        assert np.hypot(*(after.at(name) - figure().at(name))) < 5.0


def test_an_elbow_and_a_knee_bend_the_way_they_do() -> None:
    for facing in (1, -1):
        seen = body(
            figure({"left_wrist": (0.02, 1.54, 0.37), "left_knee": (0.02, 0.86, 0.2)}, facing=facing), facing=facing
        )
        bounds = (bound("elbow_flexion", low=60.0, side="left"), bound("knee_flexion", low=40.0, side="left"))
        _, after = settled(seen, "sagittal", *bounds, bears=())
        wrist, elbow, knee, ankle = (after.at(f"left_{n}")[0] for n in ("wrist", "elbow", "knee", "ankle"))
        assert facing * (wrist - elbow) > 20.0
        assert facing * (knee - ankle) > 10.0


@pytest.mark.parametrize("facing", [1, -1])
@pytest.mark.parametrize("ahead", [-0.02, 0.0, 0.02])
def test_knees_that_seem_straight_or_bent_backwards_still_bend_forwards(facing: int, ahead: float) -> None:
    seen = body(figure({"left_knee": (ahead, 0.86, 0.2)}, facing=facing), facing=facing)
    settling, after = settled(seen, "any", bound("hip_height", high=1.5, gap=0.1))
    assert settling.unmet == []
    assert facing * (after.at("left_knee")[0] - after.at("left_ankle")[0]) > 20.0


SQUATTING: dict[str, Place] = {
    "left_knee": (0.43, 0.745, 0.2),
    "left_hip": (-0.3, 1.16, 0.2),
    "left_shoulder": (0.2, 2.03, 0.37),
    "left_elbow": (0.6, 1.55, 0.37),
    "left_wrist": (1.1, 1.7, 0.37),
    "left_ear": (0.4, 2.3, 0.15),
    "nose": (0.6, 2.25, 0.0),
}


def test_going_deeper_keeps_the_weight_over_the_feet_and_the_feet_on_their_place() -> None:
    seen = body(figure(SQUATTING))
    bounds = [bound("thigh_elevation", high=10.0, side=side) for side in ("left", "right")]
    settling, after = settled(seen, "sagittal", *bounds)
    assert settling.unmet == []
    for side in ("left", "right"):
        assert find_measure("thigh_elevation").compute(after, side) == pytest.approx(10.0, abs=0.3)
        for name in ("ankle", "foot_index"):
            assert np.hypot(*(after.at(f"{side}_{name}") - seen.at(f"{side}_{name}"))) < 1.0
    assert after.at("mid_hip")[1] > seen.at("mid_hip")[1] + 15.0
    assert abs(after.at("mid_hip")[0] - seen.at("mid_hip")[0]) < 12.0
    for bone in BONES:
        before, now = (np.hypot(*np.subtract(*some.in_plane("sagittal", *bone))) for some in (seen, after))
        assert now == pytest.approx(before, rel=1.1 * STRETCH)


def test_what_bears_the_body_may_be_hands_or_the_level_of_the_floor() -> None:
    seen = body(figure(yaw=0.0), 0.0)
    _, after = settled(seen, "frontal", bound("stance_width", low=1.4, gap=0.4), bears=("floor",))
    for side in ("left", "right"):
        x, y = after.at(f"{side}_ankle") - seen.at(f"{side}_ankle")
        assert (abs(x) > 20.0, abs(y) < 1.0) == (True, True)
    settling, after = settled(seen, "frontal", bound("stance_width", low=1.4, gap=0.4), bears=("hands",))
    assert settling.unmet == []
    np.testing.assert_allclose(after.at("left_wrist"), seen.at("left_wrist"), atol=1.0)


def test_what_cannot_be_is_told_and_named() -> None:
    impossible = bound("stance_width", low=1.4, gap=0.4)
    settling, _ = settled(body(figure(yaw=0.0), 0.0), "frontal", impossible)
    assert settling.unmet == [impossible]
    kept = Bound("kept", "kept", find_measure("trunk_lean"), "", -1.0, 1.0, 10.0, broken=False)
    settling, _ = settled(body(figure()), "sagittal", kept, bound("trunk_lean", low=30.0))
    assert kept in settling.unmet or bound("trunk_lean", low=30.0) in settling.unmet


def test_nothing_sinks_below_the_floor() -> None:
    bounds = [bound("hip_height", high=-0.3, gap=0.1)]
    settling, after = settled(body(figure()), "any", *bounds, bears=())
    floor = figure().at("mid_ankle")[1]
    assert settling.unmet != [] or after.at("mid_hip")[1] <= floor + 3.0


def test_a_keypoint_that_is_not_seen_stays_unseen_and_does_no_harm() -> None:
    seen = body(unseen(figure(), "left_wrist", "right_knee", "right_ankle"))
    settling, after = settled(seen, "sagittal", bound("trunk_lean", low=20.0))
    assert settling.unmet == []
    assert np.isnan(after.at("left_wrist")).all()
    assert np.isfinite(after.at("left_elbow")).all()
    assert not Figure(body(unseen(figure(), "left_hip")), "sagittal").whole
