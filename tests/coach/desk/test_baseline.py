from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from poise.body import COCO17, Pose, PoseSequence
from poise.coach.desk import Baseline, Calibration, Learning, Slouching
from poise.coach.desk.baseline import MEASURES
from poise.coach.desk.sight import SEEN, Glance, Steady, glance
from poise.errors import InputError, UnreadableRecording
from poise.sim.desk import DeskScene, Spell, desk_camera
from tests.coach.desk.sitters import BODY, FRONT, baseline, learnt, nobody, sitting


def measures(form: dict[str, float], side: bool = False) -> dict[str, float]:
    """The measures of one way of sitting, seen without error."""
    base = baseline(side)
    seen = glance(sitting(2, side=side, **form)[-1], base.view)
    assert seen is not None
    return base.measures(seen.seen)


def test_ten_seconds_of_sitting_still_are_learnt() -> None:
    poses = sitting(12)
    calibration = Calibration()
    steps = [calibration.update(pose) for pose in poses]
    first = next(i for i, step in enumerate(steps) if isinstance(step, Baseline))
    assert 9.0 <= poses[first].t <= 10.5
    shares = [step.share for step in steps[:first] if isinstance(step, Learning)]
    assert shares == sorted(shares)


def test_the_distance_is_that_of_the_eyes_apart_from_how_far_apart_eyes_are() -> None:
    # The simulated eyes are 6.6 cm apart, and 6.3 are assumed.
    assert baseline().view == "front"
    assert baseline().distance == pytest.approx(62 * 6.3 / 6.6, rel=0.03)
    assert not baseline().measured
    told = learnt(sitting(12), Calibration(distance=62))
    assert (told.distance, told.measured) == (62, True)
    assert told.focal == pytest.approx(FRONT.focal * 6.6 / 6.3, rel=0.03)


def test_sitting_as_learnt_measures_nothing() -> None:
    assert all(abs(value) < 0.05 for value in measures({}).values())
    side = measures({}, side=True)
    assert all(abs(value) < 0.05 for value in side.values() if math.isfinite(value))


@pytest.mark.parametrize(
    ("form", "measure", "value", "within"),
    [
        ({"near": 15}, "nearer", 15, 1.5),
        ({"forward_head": 5}, "forward_head", 5, 1.0),
        ({"slump": 5}, "drop", 5, 1.0),
        ({"hike": 4}, "hike", 4, 0.5),
        ({"head_tilt": -12}, "head_tilt", 12, 0.6),
        ({"shoulder_tilt": -8}, "shoulder_tilt", 8, 1.0),
        ({"head_turn": 30}, "head_turn", 30, 2.5),
        ({"head_turn": -30}, "head_turn", -30, 2.5),
        ({"look_down": 25}, "look_down", 25, 4.0),
    ],
)
def test_each_way_of_sitting_is_measured_at_its_size(
    form: dict[str, float], measure: str, value: float, within: float
) -> None:
    assert measures(form)[measure] == pytest.approx(value, abs=within)


def test_rising_as_a_whole_is_no_hike() -> None:
    well = sitting(12)
    risen = replace(well[-1], points=well[-1].points - (0.0, 40.0))
    seen = glance(risen, "front")
    assert seen is not None
    found = baseline().measures(seen.seen)
    assert found["rise"] > 4
    assert abs(found["hike"]) < 1


def test_from_the_side_the_neck_leans_and_the_trunk_sinks() -> None:
    assert baseline(side=True).view == "side"
    assert measures({"forward_head": 6}, side=True)["neck"] > 10
    assert measures({"slump": 6}, side=True)["shorter"] == pytest.approx(12.6, abs=2)
    assert measures({"near": 20}, side=True)["lean"] > 15


@pytest.mark.parametrize(
    ("poses", "word"),
    [
        (nobody(0, 15), "cannot see you"),
        (sitting(15, hand=1), "hand"),
        (sitting(15, head_turn=45), "angle"),
        (sitting(15, near=-60), "learnt"),
        (sitting(15, Spell("rocking", 4, 40, {"near": 12}, 8), Spell("back", 8, 40, {"near": -12}, 8)), "nearer"),
        (sitting(15, stand=1), "see"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_with_what_to_do(poses: list[Pose], word: str) -> None:
    calibration = Calibration()
    steps = [calibration.update(pose) for pose in poses]
    if word == "learnt":  # far away, but well seen: that is fine
        assert isinstance(steps[-1], Baseline) or any(isinstance(step, Baseline) for step in steps)
        return
    assert not any(isinstance(step, Baseline) for step in steps)
    assert any(isinstance(step, Learning) and word in step.problem for step in steps)


@pytest.mark.parametrize(("distance", "fov"), [(5, None), (500, None), (None, 10), (None, 170)])
def test_impossible_distances_and_cameras_are_refused(distance: float | None, fov: float | None) -> None:
    with pytest.raises(InputError):
        Calibration(distance, fov)


def test_a_baseline_is_kept_and_read_again() -> None:
    base = replace(baseline(), slouch={"drop": 5.0})
    assert Baseline.read(base.text()) == base


@pytest.mark.parametrize("text", ["", "{}", '{"view": "top"}', "[1]"])
def test_what_is_no_baseline_is_said_to_be_none(text: str) -> None:
    with pytest.raises(UnreadableRecording, match=r"baseline|Calibrate"):
        Baseline.read(text)


def test_a_baseline_of_another_version_is_not_used() -> None:
    base = baseline()
    older = replace(base, spread=dict.fromkeys(list(base.spread)[1:], 1.0))
    with pytest.raises(UnreadableRecording, match="another version"):
        Baseline.read(older.text())


def test_the_slouch_is_learnt_once_it_differs() -> None:
    same, slouching = Slouching(baseline()), Slouching(baseline())
    refused = [same.update(pose) for pose in sitting(8)]
    assert any(isinstance(step, Learning) and "looks the same" in step.problem for step in refused)
    steps = [slouching.update(pose) for pose in sitting(8, slump=6)]
    found = next(step for step in steps if isinstance(step, Baseline))
    assert found.slouch["drop"] == pytest.approx(6, abs=1.2)


def test_keypoints_without_a_mouth_or_fingers_are_enough() -> None:
    coco = list(PoseSequence.of(sitting(12)).to(COCO17))
    base = learnt(coco)
    assert base.distance == pytest.approx(baseline().distance, rel=1e-6)


def test_every_measure_has_a_floor_and_every_view_what_it_sees() -> None:
    for side in (False, True):
        base = baseline(side)
        assert set(base.seen) == set(SEEN[base.view])
        assert all(base.spread[name] >= floor for name, (_, floor) in MEASURES[base.view].items())
    assert np.isfinite(list(baseline().seen.values())).all()


def test_a_head_that_drops_alone_is_no_slump() -> None:
    assert measures({"look_down": 25})["drop"] < 1
    assert measures({"forward_head": 8})["drop"] < 1


@pytest.mark.parametrize("above", [-0.15, 0.0, 0.1])
def test_a_head_comes_forward_as_far_for_a_camera_above_as_for_one_below(above: float) -> None:
    camera = desk_camera(BODY, above=above)

    def seen(**form: float) -> list[Pose]:
        scene = replace(DeskScene.sitting(12, BODY, **form), restless=0.0)
        return [pose for part in scene.film(camera) for pose in part]

    look = glance(seen(forward_head=5)[-1], "front")
    assert look
    assert learnt(seen()).measures(look.seen)["forward_head"] == pytest.approx(4.57, abs=0.1)


def test_a_look_is_the_median_of_what_was_seen_in_three_seconds() -> None:
    def look(t: float, *seen: float) -> Glance:
        return Glance(t, np.array(seen), True, False, False, (0.0, 0.0))

    steady, nan = Steady(), math.nan
    assert steady.update(look(0.0, 5, nan)) == pytest.approx([5, nan], nan_ok=True)
    assert steady.update(look(1.0, 1, 8)) == pytest.approx([3, 8], nan_ok=True), "seen in half of the looks"
    assert steady.update(look(2.0, 3, nan)) == pytest.approx([3, nan], nan_ok=True), "in fewer"
    assert steady.update(look(3.0, nan, nan)) == pytest.approx([3, nan], nan_ok=True)
    assert steady.update(look(4.5, 9, 2)) == pytest.approx([6, nan], nan_ok=True), "the first two are too old"


def test_a_turned_trunk_is_no_head_that_came_forward() -> None:
    camera = desk_camera(BODY, aside=12.0)

    def seen(**form: float) -> list[Pose]:
        scene = replace(DeskScene.sitting(12, BODY, **form), restless=0.0)
        return [pose for part in scene.film(camera) for pose in part]

    base = learnt(seen())
    talking, poking = (glance(seen(head_turn=-14, twist=-6, forward_head=cm)[-1], "front") for cm in (0.0, 5.0))
    assert talking
    assert poking
    assert base.measures(talking.seen)["forward_head"] == pytest.approx(0, abs=0.3)
    assert base.measures(poking.seen)["forward_head"] > 3 * base.spread["forward_head"]
