"""The true measures, on joints put where the answer is plain."""

from __future__ import annotations

import numpy as np
import pytest

from poise.body import BLAZEPOSE33, Array
from poise.sim.truth import true_measures

#: Somebody who stands facing +z: 0.5 m of shank, thigh, trunk; 0.3 m of upper arm and forearm.
STANDING = {
    "ankle": (0.2, 0.1, 0.0),
    "heel": (0.2, 0.05, -0.05),
    "foot_index": (0.2, 0.05, 0.15),
    "knee": (0.2, 0.6, 0.0),
    "hip": (0.2, 1.1, 0.0),
    "shoulder": (0.2, 1.6, 0.0),
    "elbow": (0.2, 1.3, 0.0),
    "wrist": (0.2, 1.0, 0.0),
    "ear": (0.1, 1.8, 0.0),
}


def joints(left: dict[str, tuple[float, float, float]], both: bool = True) -> Array:
    out = np.zeros((1, 33, 3))
    for side, mirror in (("left", 1), ("right", -1)):
        places = STANDING | (left if both or side == "left" else {})
        for name, place in places.items():
            out[0, BLAZEPOSE33.index(f"{side}_{name}")] = np.array(place) * (mirror, 1, 1)
    return out


def measure(name: str, left: dict[str, tuple[float, float, float]], both: bool = True) -> float:
    return float(true_measures(joints(left, both))[name][0])


def test_standing_straight_everything_is_zero_or_one() -> None:
    measured = true_measures(joints({}))
    ones = ("knee_ratio", "ankle_spread")
    right_angles = ("left_thigh_elevation", "right_thigh_elevation")
    for name, value in measured.items():
        wanted = 1.0 if name in ones else 90.0 if name in right_angles else -0.1 if name == "wrist_ahead" else 0.0
        assert value == pytest.approx(wanted, abs=1e-5), name


@pytest.mark.parametrize(
    ("name", "changed", "wanted"),
    [
        ("left_knee_flexion", {"ankle": (0.2, 0.6, -0.5)}, 90),
        ("left_elbow_flexion", {"wrist": (0.2, 1.3, 0.3)}, 90),
        ("left_hip_flexion", {"knee": (0.2, 1.1, 0.5)}, 90),
        ("left_hip_flexion", {"shoulder": (0.5, 1.6, 0.0)}, 0),  # shoulders wider than hips are no flexion
        ("left_shoulder_elevation", {"elbow": (0.5, 1.6, 0.0)}, 90),
        ("left_thigh_elevation", {"knee": (0.2, 1.1, 0.5)}, 0),
        ("left_thigh_elevation", {"knee": (0.2, 1.2, 0.1)}, -45),
        ("left_shank_lean", {"knee": (0.2, 0.4, 0.3)}, 45),
        ("left_upper_arm_tilt", {"elbow": (0.2, 1.9, 0.3)}, 45),
        ("left_knee_in", {"knee": (0.1, 0.6, 0.0)}, 0.1 / (2 * np.hypot(0.5, 0.1))),
        ("left_heel_height", {"heel": (0.2, 0.15, -0.05), "foot_index": (0.2, 0.0, 0.15)}, 0.6),
        ("trunk_lean", {"shoulder": (0.2, 1.4, 0.3)}, 45),
        ("trunk_lean", {"shoulder": (0.2, 1.4, -0.3)}, -45),
        ("head_flexion", {"ear": (0.1, 1.8, 0.2)}, 45),
        ("head_flexion", {"shoulder": (0.2, 1.4, 0.3), "ear": (0.1, 1.6, 0.5)}, 0),  # in line with a leaning trunk
        ("knee_ratio", {"knee": (0.1, 0.6, 0.0)}, 0.5),
        ("ankle_spread", {"ankle": (0.4, 0.1, 0.0)}, 2.0),
        ("wrist_ahead", {"wrist": (0.2, 1.0, 0.3)}, 0.5),
    ],
)
def test_what_is_moved_is_measured(
    name: str, changed: dict[str, tuple[float, float, float]], wanted: float
) -> None:
    assert measure(name, changed) == pytest.approx(wanted, abs=1e-9)


def test_knees_in_is_positive_towards_the_midline_on_both_sides() -> None:
    both = true_measures(joints({"knee": (0.15, 0.6, 0.0)}))
    assert both["left_knee_in"] == pytest.approx(both["right_knee_in"])
    assert both["left_knee_in"][0] > 0.04


def test_the_left_hip_higher_tilts_the_pelvis() -> None:
    assert measure("pelvis_tilt", {"hip": (0.2, 1.2, 0.0)}, both=False) == pytest.approx(
        np.degrees(np.arctan(0.25))
    )


def test_hips_to_the_left_are_shifted() -> None:
    assert measure("hip_shift", {"hip": (0.4, 1.1, 0.0)}, both=False) == pytest.approx(0.25)


@pytest.mark.parametrize(("hip_y", "wanted"), [(0.1, 0.1), (0.3, -0.1)])
def test_hips_below_the_line_of_a_plank_sag_and_above_it_pike(hip_y: float, wanted: float) -> None:
    plank = {"ankle": (0.2, 0.2, 0.0), "hip": (0.2, hip_y, 0.5), "shoulder": (0.2, 0.2, 1.0)}
    assert measure("hip_sag", plank) == pytest.approx(wanted)
