"""Movements of the arms: curl, press, raises, overhead extension, row."""

from __future__ import annotations

from typing import Any

import numpy as np

from poise.body import Array
from poise.sim.body import Body, Posture
from poise.sim.kinematics import Value, spread
from poise.sim.move import Base, Beat, Move, Parameter, Sides, Tempo, arm_towards, between, bump
from poise.sim.moves.stances import SIGN, hips_over_feet, leaning, lower_body, places


def _upright(body: Body, beat: Beat, lean: Value, knee: Value = 4.0) -> dict[str, Any]:
    """Posture values of all but the arms: a trunk leaning ahead on a body that stands, sits or kneels."""
    bent = np.broadcast_to(np.asarray(knee, dtype=np.float64), beat.t.shape)
    pitch, spine = leaning(lean, 0.5 * np.asarray(lean))
    return {
        **lower_body(body, beat.base, bent, 0.16 * body.stature),
        "pitch": pitch,
        "spine_flexion": spine,
        "neck_flexion": -0.5 * spine,
    }


def _uneven(beat: Beat) -> Array:
    """What to add to the left and the right side so that they differ by the asymmetry at the turn, ``(T, 2)``."""
    return np.asarray(spread(beat["asymmetry"]) / 2 * SIGN * beat.u)


_ASYMMETRY = Parameter(0, (-5, 5), "deg", "left minus right at the turn", "asymmetry", (26, 40))
_SHRUG = Parameter(0, (0, 0.02), "trunk", "shoulders lifted at the turn", "shrug", (0.12, 0.2))
#: Shoulders follow arms that are raised.
_RAISED_SHRUG = Parameter(0.06, (0.03, 0.1), "trunk", "shoulders lifted at the turn", "shrug", (0.22, 0.3))
_BASES: tuple[Base, ...] = ("standing", "seated", "kneeling")
_SIDES: tuple[Sides, ...] = ("both", "alternating", "left", "right")


def _biceps_curl(body: Body, beat: Beat) -> Posture:
    elevation, plane = arm_towards(between(1.0, beat["swing"], beat.u), 7.0)
    return Posture(
        **_upright(body, beat, -beat["lean_back"] * beat.phase),
        shrug=spread(beat["shrug"]) * body.trunk * beat.u,
        arm_elevation=elevation,
        arm_plane=plane,
        elbow=between(beat["bottom"], beat["top"], beat.u) + _uneven(beat),
        pronation=between(beat["grip"], -60.0, beat.u),
    )


BICEPS_CURL = Move(
    "biceps_curl",
    _biceps_curl,
    {
        "top": Parameter(138, (128, 146), "deg", "peak elbow flexion", "short_top", (70, 104)),
        "bottom": Parameter(10, (4, 20), "deg", "elbow flexion when lowered", "short_bottom", (44, 65)),
        "swing": Parameter(5, (0, 12), "deg", "upper arm swung ahead at the turn", "upper_arm_swing", (37, 55)),
        "lean_back": Parameter(0, (-2, 4), "deg", "trunk leant back at the turn", "lean_back", (13, 30)),
        "asymmetry": _ASYMMETRY,
        "shrug": _SHRUG,
        "grip": Parameter(10, (-60, 40), "deg", "pronation of the hands when lowered"),
    },
    Tempo(0.9, 0.15, 1.1, 0.25),
    amplitude="top",
    bases=_BASES,
    sides=_SIDES,
)


def _shoulder_press(body: Body, beat: Beat) -> Posture:
    dip = np.where(beat.returning > 0, 0.0, bump(beat.phase / 0.6))
    racked = 62.0 + 0.9 * (122.0 - beat["start"])
    return Posture(
        **_upright(body, beat, -beat["lean_back"] * beat.phase, 4.0 + beat["knee_drive"] * dip),
        shrug=0.06 * body.trunk * beat.u,
        arm_elevation=between(racked, 166.0 - 0.25 * beat["lockout"], beat.u) + _uneven(beat),
        arm_plane=beat["plane"],
        arm_rotation=80.0 - spread(beat["plane"]),
        elbow=between(beat["start"], beat["lockout"], beat.u),
    )


SHOULDER_PRESS = Move(
    "shoulder_press",
    _shoulder_press,
    {
        "lockout": Parameter(8, (3, 14), "deg", "elbow flexion left at the top", "no_lockout", (34, 60)),
        "start": Parameter(122, (114, 132), "deg", "elbow flexion when racked", "short_bottom", (60, 88)),
        "lean_back": Parameter(1, (0, 5), "deg", "trunk leant back at the turn", "lean_back", (12, 22)),
        "knee_drive": Parameter(0, (0, 4), "deg", "knees dipped before pressing", "knee_drive", (20, 40)),
        "asymmetry": Parameter(0, (-3, 3), "deg", "left minus right arm elevation", "asymmetry", (15, 25)),
        "plane": Parameter(15, (0, 35), "deg", "elbows ahead of the shoulders"),
    },
    Tempo(1.0, 0.15, 1.1, 0.3),
    amplitude="lockout",
    bases=_BASES,
    sides=_SIDES,
)


def _lateral_raise(body: Body, beat: Beat) -> Posture:
    return Posture(
        **_upright(body, beat, -beat["lean_back"] * bump(0.6 * beat.phase)),
        shrug=spread(beat["shrug"]) * body.trunk * beat.u,
        arm_elevation=between(8.0, beat["top"] + beat["too_high"], beat.u) + _uneven(beat),
        arm_plane=beat["plane"],
        elbow=between(10.0, beat["elbows"], beat.u),
        pronation=between(10.0, 60.0, beat.u),
    )


LATERAL_RAISE = Move(
    "lateral_raise",
    _lateral_raise,
    {
        "top": Parameter(88, (82, 94), "deg", "peak arm elevation", "short", (40, 65)),
        "too_high": Parameter(0, (-2, 4), "deg", "arm elevation beyond the top", "too_high", (24, 40)),
        "elbows": Parameter(18, (11, 35), "deg", "elbow flexion at the turn", "bent_elbows", (66, 95)),
        "lean_back": Parameter(0, (0, 4), "deg", "trunk leant back on the way", "lean_back", (12, 22)),
        "asymmetry": Parameter(0, (-4, 4), "deg", "left minus right arm elevation", "asymmetry", (14, 25)),
        "shrug": _RAISED_SHRUG,
        "plane": Parameter(18, (5, 38), "deg", "arms ahead of the shoulders"),
    },
    Tempo(0.9, 0.15, 1.1, 0.3),
    amplitude="top",
    bases=_BASES,
    sides=_SIDES,
)


def _front_raise(body: Body, beat: Beat) -> Posture:
    return Posture(
        **_upright(body, beat, -beat["lean_back"] * bump(0.6 * beat.phase)),
        shrug=spread(beat["shrug"]) * body.trunk * beat.u,
        arm_elevation=between(6.0, beat["top"], beat.u) + _uneven(beat),
        arm_plane=beat["plane"],
        elbow=between(8.0, beat["elbows"], beat.u),
        pronation=between(20.0, 70.0, beat.u),
    )


FRONT_RAISE = Move(
    "front_raise",
    _front_raise,
    {
        "top": Parameter(90, (84, 100), "deg", "peak arm elevation", "short", (45, 70)),
        "elbows": Parameter(10, (4, 25), "deg", "elbow flexion at the turn", "bent_elbows", (66, 95)),
        "lean_back": Parameter(1, (0, 5), "deg", "trunk leant back on the way", "body_swing", (22, 32)),
        "asymmetry": Parameter(0, (-4, 4), "deg", "left minus right arm elevation", "asymmetry", (14, 25)),
        "shrug": _RAISED_SHRUG,
        "plane": Parameter(86, (72, 94), "deg", "90 is straight ahead"),
    },
    Tempo(0.9, 0.15, 1.1, 0.3),
    amplitude="top",
    bases=_BASES,
    sides=_SIDES,
)


def _triceps_extension(body: Body, beat: Beat) -> Posture:
    tilt, plane = arm_towards(
        between(beat["drift"] / 2, beat["drift"], beat.u), between(4.0, beat["flare"], beat.u)
    )
    return Posture(
        **_upright(body, beat, -beat["lean_back"] * beat.phase),
        shrug=0.05 * body.trunk,
        arm_elevation=180.0 - tilt,
        arm_plane=plane,
        arm_rotation=180.0 - 2.0 * plane,  # keeps the forearm behind the head whatever the plane
        elbow=between(beat["lockout"], beat["bend"], beat.u) + _uneven(beat),
    )


TRICEPS_EXTENSION = Move(
    "triceps_extension",
    _triceps_extension,
    {
        "bend": Parameter(118, (106, 130), "deg", "peak elbow flexion", "short_bottom", (40, 70)),
        "lockout": Parameter(8, (3, 15), "deg", "elbow flexion when stretched", "no_lockout", (38, 60)),
        "drift": Parameter(12, (4, 20), "deg", "upper arms ahead of vertical at the turn", "drift", (40, 58)),
        "flare": Parameter(6, (0, 10), "deg", "upper arms out of vertical at the turn", "flare", (32, 48)),
        "lean_back": Parameter(1, (0, 5), "deg", "trunk leant back at the turn", "lean_back", (13, 24)),
        "asymmetry": _ASYMMETRY,
    },
    Tempo(1.1, 0.15, 0.9, 0.3),
    amplitude="bend",
    bases=_BASES,
)


def _dumbbell_row(body: Body, beat: Beat) -> Posture:
    lean = beat["hinge"] - beat["trunk_rise"] * beat.phase
    pitch, spine = leaning(lean, 0.25 * lean)
    chest = pitch + spine
    elevation, plane = arm_towards(between(chest, chest - lean - beat["pull"], beat.u), between(2.0, 14.0, beat.u))
    feet = places(0.085 * body.stature, body.ankle_height, np.zeros_like(beat.t))
    return Posture(
        root=hips_over_feet(body, feet, beat["knees"], 0.08 * body.stature),
        feet=feet,
        pitch=pitch,
        spine_flexion=spine,
        neck_flexion=-0.25 * lean,
        head_flexion=-0.15 * lean,
        arm_elevation=elevation,
        arm_plane=plane,
        elbow=between(6.0, beat["elbows"], beat.u) + _uneven(beat),
        pronation=beat["grip"],
    )


DUMBBELL_ROW = Move(
    "dumbbell_row",
    _dumbbell_row,
    {
        "hinge": Parameter(55, (44, 66), "deg", "trunk lean", "too_upright", (6, 21)),
        "pull": Parameter(18, (8, 32), "deg", "upper arm behind the trunk at the turn", "short_top", (-40, -14)),
        "trunk_rise": Parameter(0, (0, 6), "deg", "trunk raised by the turn", "body_swing", (18, 30)),
        "knees": Parameter(22, (12, 34), "deg", "knee flexion", "knees_bent", (58, 72)),
        "elbows": Parameter(88, (74, 104), "deg", "elbow flexion at the turn"),
        "asymmetry": Parameter(0, (-5, 5), "deg", "left minus right elbow flexion"),
        "grip": Parameter(0, (-20, 70), "deg", "pronation of the hands"),
    },
    Tempo(0.8, 0.15, 1.0, 0.3),
    amplitude="pull",
    sides=_SIDES,
)
