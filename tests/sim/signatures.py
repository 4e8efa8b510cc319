"""What each parameter of form looks like from outside: measured on joints alone, in the parameter's own unit.

A signature may be off by a constant (shoulders are wider than hips, say), so tests compare differences.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from poise.body import BLAZEPOSE33, Array
from poise.sim import Performance, perform


class Seen:
    """One repetition, watched closely."""

    def __init__(self, exercise: str, form: dict[str, float] | None = None) -> None:
        self.performance: Performance = perform(exercise, reps=1, form=form, lead=0.5, tail=0.0)
        self.rep = self.performance.reps[0]
        self.t = np.arange(0.0, self.rep.end, 0.005)
        self.joints = self.performance.joints(self.t)
        self.measured = self.performance.measures(self.t)
        self.body = self.performance.body
        self.turn = int(np.searchsorted(self.t, self.rep.turn))

    def at(self, name: str) -> Array:
        return self.joints[:, BLAZEPOSE33.index(name)]

    def middle(self, name: str) -> Array:
        return (self.at(f"left_{name}") + self.at(f"right_{name}")) / 2

    def __getitem__(self, name: str) -> Array:
        return self.measured[name]

    def both(self, name: str) -> Array:
        return (self[f"left_{name}"] + self[f"right_{name}"]) / 2

    def uneven(self, name: str) -> float:
        return float((self[f"left_{name}"] - self[f"right_{name}"])[self.turn])

    def half_way(self, values: Array) -> float:
        """When a course is half-way to where it gets farthest from its start."""
        gone = np.abs(values - values[0])
        top = int(gone.argmax())
        return float(np.interp(gone[top] / 2, gone[: top + 1], self.t[: top + 1]))

    def ascent(self) -> slice:
        return slice(self.turn, len(self.t))

    def arm(self, side: str = "left") -> Array:
        """An upper arm, shoulder to elbow."""
        return self.at(f"{side}_elbow") - self.at(f"{side}_shoulder")


Signature = Callable[[Seen], float]


def _turn(name: str, scale: float = 1.0) -> Signature:
    return lambda s: scale * float(s[name][s.turn])


def _both(name: str) -> Signature:
    return lambda s: float(s.both(name)[s.turn])


def _rest(name: str) -> Signature:
    return lambda s: float(s[name][0])


def _shrug(s: Seen) -> float:
    along = (s.middle("shoulder") - s.middle("hip"))[[0, s.turn]]
    return float(np.diff(np.linalg.norm(along, axis=-1))[0] / s.body.trunk)


def _uneven(name: str) -> Signature:
    return lambda s: s.uneven(name)


def _uneven_arms(s: Seen) -> float:
    left, right = (np.degrees(np.arccos(-s.arm(side)[s.turn, 1] / s.body.upper_arm)) for side in ("left", "right"))
    return float(left - right)


def _arms_behind_legs(s: Seen) -> float:
    cycle = s.rep.end - s.rep.start
    return (s.half_way(s["left_shoulder_elevation"]) - s.half_way(s["ankle_spread"])) / cycle


def _early_knees(s: Seen) -> float:
    """How much straighter the knees are, 35 % of the way back, than the phase alone would have them."""
    back = s.rep.end - s.rep.turn - 0.1
    i = int(np.searchsorted(s.t, s.rep.turn + 0.1 + 0.35 * back))
    return -float(s.both("knee_flexion")[i])


SIGNATURES: dict[str, dict[str, Signature]] = {
    "squat": {
        "depth": _both("knee_flexion"),
        "trunk_lean": lambda s: float((s["trunk_lean"] - 0.28 * s.both("knee_flexion"))[s.turn]),
        "valgus": lambda s: float(s["left_knee_in"][s.turn]) * s.body.leg / s.body.stature,
        "heel_rise": _turn("left_heel_height"),
        "hips_shoot_up": lambda s: float((s["trunk_lean"] - 0.28 * s.both("knee_flexion"))[s.ascent()].max()),
        "asymmetry": _uneven("knee_flexion"),
        "hip_shift": lambda s: float((s.middle("hip") - s.middle("ankle"))[s.turn, 0] / s.body.stature),
        "towards": lambda s: 2 * (s.half_way(s.both("knee_flexion")) - s.rep.start),
        "knee_forward": _both("shank_lean"),
        "stance": lambda s: float(s["ankle_spread"][0] * 2 * s.body.shoulder_half / s.body.stature),
    },
    "lunge": {
        "depth": _turn("left_knee_flexion"),
        "knee_forward": _turn("left_shank_lean"),
        "trunk_lean": _turn("trunk_lean"),
        "valgus": lambda s: float(s["left_knee_in"][s.turn]) * s.body.leg / s.body.stature,
        "sway": lambda s: float((s.middle("shoulder") - s.middle("foot_index"))[s.turn, 0] / s.body.stature),
    },
    "push_up": {
        "depth": _both("elbow_flexion"),
        "lockout": _rest("left_elbow_flexion"),
        "sag": _turn("hip_sag"),
        "pike": _turn("hip_sag", -1.0),
        "worm": lambda s: float(s["hip_sag"][s.ascent()].max()),
        "flare": lambda s: float(np.degrees(np.arctan2(s.arm()[s.turn, 0], -s.arm()[s.turn, 2]))),
        "head_drop": _turn("head_flexion"),
    },
    "plank": {
        "sag": _turn("hip_sag"),
        "pike": _turn("hip_sag", -1.0),
        "head_drop": _turn("head_flexion"),
    },
    "biceps_curl": {
        "top": _both("elbow_flexion"),
        "bottom": _rest("left_elbow_flexion"),
        "swing": lambda s: float(np.degrees(np.arctan2(s.arm()[s.turn, 2], -s.arm()[s.turn, 1]))),
        "lean_back": _turn("trunk_lean", -1.0),
        "asymmetry": _uneven("elbow_flexion"),
        "shrug": _shrug,
    },
    "triceps_extension": {
        "bend": _both("elbow_flexion"),
        "lockout": _rest("left_elbow_flexion"),
        "drift": lambda s: float(np.degrees(np.arctan2(s.arm()[s.turn, 2], s.arm()[s.turn, 1]))),
        "flare": lambda s: float(np.degrees(np.arctan2(s.arm()[s.turn, 0], s.arm()[s.turn, 1]))),
        "lean_back": _turn("trunk_lean", -1.0),
        "asymmetry": _uneven("elbow_flexion"),
    },
    "shoulder_press": {
        "lockout": _both("elbow_flexion"),
        "start": _rest("left_elbow_flexion"),
        "lean_back": _turn("trunk_lean", -1.0),
        "knee_drive": lambda s: float(s.both("knee_flexion").max()),
        "asymmetry": _uneven_arms,
    },
    "lateral_raise": {
        "top": _both("shoulder_elevation"),
        "too_high": _both("shoulder_elevation"),
        "elbows": _both("elbow_flexion"),
        "lean_back": lambda s: -float(s["trunk_lean"].min()),
        "asymmetry": _uneven_arms,
        "shrug": _shrug,
    },
    "front_raise": {
        "top": _both("shoulder_elevation"),
        "elbows": _both("elbow_flexion"),
        "lean_back": lambda s: -float(s["trunk_lean"].min()),
        "asymmetry": _uneven_arms,
        "shrug": _shrug,
    },
    "dumbbell_row": {
        "hinge": _rest("trunk_lean"),
        "pull": lambda s: (
            -float(np.degrees(np.arctan2(s.arm()[s.turn, 2], -s.arm()[s.turn, 1])) + s["trunk_lean"][s.turn])
        ),
        "trunk_rise": lambda s: float(s["trunk_lean"][0] - s["trunk_lean"][s.turn]),
        "knees": _rest("left_knee_flexion"),
    },
    "sit_up": {
        "top": _turn("trunk_lean"),
        "bottom": _rest("trunk_lean"),
        "feet_lift": lambda s: float(np.ptp(s.at("left_ankle")[:, 1]) / s.body.shank),
        "neck_pull": _turn("head_flexion"),
        "towards": lambda s: 2 * (s.half_way(s["trunk_lean"]) - s.rep.start),
    },
    "glute_bridge": {
        "short": _turn("trunk_lean"),
        "knees": lambda s: float(s.both("knee_flexion")[s.turn] + 0.9 * (s["trunk_lean"][s.turn] + 115.0)),
    },
    "wall_sit": {
        "depth": lambda s: 90.0 - float(s["left_thigh_elevation"][s.turn]),
        "knee_forward": _turn("left_shank_lean"),
        "lean": _turn("trunk_lean"),
    },
    "jumping_jack": {
        "arms_up": lambda s: float(s.both("shoulder_elevation").max()),
        "spread": _turn("ankle_spread"),
        "lag": _arms_behind_legs,
        "knees": _both("knee_flexion"),
        "closed": _rest("ankle_spread"),
    },
    "deadlift": {
        "hinge": _turn("trunk_lean"),
        "lockout": _rest("left_knee_flexion"),
        "lean_back": lambda s: -float(s["trunk_lean"][0]),
        "hips_first": _early_knees,
        "bar_drift": lambda s: float(s["wrist_ahead"][s.turn]) * s.body.trunk / s.body.stature,
    },
}
