"""Movements on the floor: push-up and plank with the head along +z, sit-up and bridge with the head along -z."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from poise.body import Array
from poise.sim.body import Body, Posture
from poise.sim.kinematics import reach, spread
from poise.sim.move import Beat, Move, Parameter, Tempo, arm_towards, between, bump
from poise.sim.moves.stances import free_arms, leaning, places

_TUCKED = 75.0  # pitch of a foot that stands on its toes, degrees


class _Line(NamedTuple):
    """A prone body from the side: hips ``(T, 2)`` as height and distance from the pivot, pitch of the trunk."""

    hips: Array
    pitch: Array


def _prone(body: Body, pivot: float, near: Array, sag: Array, grip: tuple[float, float], arm: Array) -> _Line:
    """A body from its ``pivot`` (ankles or knees, at that height) through the hips to shoulders held by the arms.

    ``near`` is the distance from pivot to hips, ``sag`` how far the hips hang below the line from pivot to
    shoulders as a share of it, ``grip`` height and distance of the hands, ``arm`` the distance from grip to
    shoulder, all in the plane of the body. Closed form but for the length of the line, which is iterated.
    """
    line = near + body.trunk
    for _ in range(8):
        drop = sag * line
        along = np.sqrt(near**2 - drop**2)
        line = along + np.sqrt(body.trunk**2 - drop**2)
    far = float(np.hypot(grip[0] - pivot, grip[1]))
    cos = (line**2 + far**2 - arm**2) / (2.0 * line * far)
    rise = np.arctan2(grip[0] - pivot, grip[1]) + np.arccos(np.clip(cos, -1.0, 1.0))
    up, ahead = np.sin(rise), np.cos(rise)
    hips = np.stack([pivot + along * up - drop * ahead, along * ahead + drop * up], axis=-1)
    shoulder = np.stack([pivot + line * up, line * ahead], axis=-1)
    trunk = shoulder - hips
    return _Line(hips, 90.0 - np.degrees(np.arctan2(trunk[:, 0], trunk[:, 1])))


def _grip(body: Body, pivot: float, near: float, height: float, arm: float) -> tuple[float, float]:
    """Where the hands go so that straight arms stand upright under the shoulders of a straight body."""
    return height, float(np.sqrt((near + body.trunk) ** 2 - (height + arm - pivot) ** 2))


def _toes(body: Body) -> Array:
    """The place of the left ankle of a foot tucked onto its toes, relative to the toes' height and z = 0."""
    floor = np.array((0.0, 0.016 * body.scale, 0.0))
    ankle = body.ankle_over_toe(np.repeat(floor[None, None], 2, 1), _TUCKED)[0, 0]
    return np.asarray(ankle * (0.0, 1.0, 0.0))


def _head(beat: Beat) -> dict[str, Any]:
    return {"neck_flexion": 1.3 * beat["head_drop"] - 14.0, "head_flexion": -0.3 * beat["head_drop"] - 16.0}


def _push_up(body: Body, beat: Beat) -> Posture:
    u = beat.phase
    elbow = between(beat["lockout"], beat["depth"], u)
    wide = beat["hands"] * body.stature / 2
    across = wide - body.shoulder_half
    arm = np.sqrt(body.arm_reach(elbow) ** 2 - across**2)
    widest = float(np.abs(across).max())
    top = float(np.sqrt(body.arm_reach(5.0) ** 2 - widest**2))
    if beat.base == "kneeling":
        pivot, near = 0.035 * body.stature, np.full(len(u), body.thigh)
    else:
        pivot, near = float(_toes(body)[1]), np.broadcast_to(body.leg_reach(beat["knees"]), u.shape)
    grip = _grip(body, pivot, float(near[0]), 0.026 * body.stature, top)
    sag = beat["sag"] - beat["pike"] + beat["worm"] * bump(beat.returning / 0.8)
    line = _prone(body, pivot, near, sag, grip, arm)
    root = np.stack([np.zeros_like(u), line.hips[:, 0], line.hips[:, 1]], axis=-1)
    flare = np.radians(beat["flare"])
    return Posture(
        root=root,
        pitch=line.pitch,
        hands=places(wide, grip[0], np.full_like(u, grip[1])),
        elbow_pole=np.stack([np.sin(flare), np.zeros_like(flare), -np.cos(flare)], axis=-1),
        palms_down=True,
        **_prone_legs(body, beat, pivot),
        **_head(beat),
    )


def _prone_legs(body: Body, beat: Beat, pivot: float) -> dict[str, Any]:
    if beat.base == "kneeling":  # the knees are the pivot; the feet are up behind them
        back = np.radians(25.0)
        ankles = places(body.hip_half, pivot + body.shank * np.sin(back), -body.shank * np.cos(back))
        return {"feet": ankles[0], "toe_out": 0.0, "foot_pitch": 150.0, "knee_pole": (0.0, -1.0, 0.0)}
    ankles = places(body.hip_half, pivot, 0.0)
    return {"feet": ankles[0], "toe_out": 0.0, "foot_pitch": _TUCKED, "knee_pole": (0.0, -1.0, 0.0)}


_SAG = Parameter(0, (-0.01, 0.02), "line", "hips below the line from ankles to shoulders", "hip_sag", (0.1, 0.17))
_PIKE = Parameter(0, (-0.01, 0.02), "line", "hips above the line from ankles to shoulders", "hip_pike", (0.1, 0.22))
_HEAD_DROP = Parameter(0, (-8, 10), "deg", "head hanging", "head_drop", (38, 58))

PUSH_UP = Move(
    "push_up",
    _push_up,
    {
        "depth": Parameter(96, (88, 108), "deg", "peak elbow flexion", "shallow", (25, 65)),
        "lockout": Parameter(8, (5, 14), "deg", "elbow flexion left at the top", "no_lockout", (38, 55)),
        "sag": _SAG,
        "pike": _PIKE,
        "worm": Parameter(0, (0, 0.015), "line", "hips left behind on the way up", "worm", (0.1, 0.16)),
        "flare": Parameter(42, (25, 50), "deg", "elbows away from the trunk", "elbow_flare", (74, 90)),
        "head_drop": _HEAD_DROP,
        "hands": Parameter(0.30, (0.26, 0.36), "stature", "distance between the hands"),
        "knees": Parameter(4, (2, 8), "deg", "knee flexion"),
    },
    Tempo(1.0, 0.15, 0.9, 0.3),
    amplitude="depth",
    bases=("standing", "kneeling"),
)


def _plank(body: Body, beat: Beat) -> Posture:
    """At phase 0 the knees are on the floor, at phase 1 the plank is held, on the forearms or on the hands."""
    u = beat.phase
    near = np.asarray(body.leg_reach(between(58.0, 4.0, u)))
    pivot = float(_toes(body)[1])
    low = 0.026 * body.stature
    held = body.upper_arm if beat.base == "forearms" else float(body.arm_reach(5.0))
    grip = _grip(body, pivot, float(body.leg_reach(4.0)), low, held)
    sag = u * (beat["sag"] - beat["pike"])
    line = _prone(body, pivot, near, sag, grip, np.full_like(u, held))
    ahead = grip[1] + (body.forearm if beat.base == "forearms" else 0.0)
    return Posture(
        root=np.stack([np.zeros_like(u), line.hips[:, 0], line.hips[:, 1]], axis=-1),
        pitch=line.pitch,
        hands=places(body.shoulder_half, low, ahead)[0],
        elbow_pole=(0.0, -1.0, -1.0) if beat.base == "forearms" else (0.3, 0.0, -1.0),
        palms_down=True,
        feet=places(body.hip_half, pivot, 0.0)[0],
        toe_out=0.0,
        foot_pitch=_TUCKED,
        knee_pole=(0.0, -1.0, 0.0),
        **_head(beat),
    )


PLANK = Move(
    "plank",
    _plank,
    {"sag": _SAG, "pike": _PIKE, "head_drop": _HEAD_DROP},
    Tempo(1.5, 20.0, 1.5, 2.0),
    reps=1,
    bases=("forearms", "standing"),
)


def _sit_up(body: Body, beat: Beat) -> Posture:
    u = beat.phase
    lean = between(beat["bottom"], beat["top"], u) - 90.0
    curl = 8.0 + 26.0 * bump(0.8 * u)
    low = 0.057 * body.stature
    lift = beat["feet_lift"] * body.shank * bump(u * 0.7)
    knee = reach(body.thigh, body.shank, beat["knees"])
    away = np.sqrt(knee**2 - (body.ankle_height - low) ** 2)
    root = np.stack(np.broadcast_arrays(0.0, low, np.zeros_like(u)), axis=-1)
    pitch, spine = leaning(lean, curl)
    return Posture(
        root=root,
        pitch=pitch,
        spine_flexion=spine,
        neck_flexion=4.0 + beat["neck_pull"] * u,
        feet=places(body.hip_half * 1.2, body.ankle_height + lift, away),
        toe_out=4.0,
        foot_pitch=-60.0 * spread(lift) / body.shank,
        knee_pole=(0.0, 1.0, 0.2),
        **free_arms(beat.arms, lean),
    )


SIT_UP = Move(
    "sit_up",
    _sit_up,
    {
        "top": Parameter(86, (78, 96), "deg", "peak trunk elevation from the floor", "short_top", (25, 50)),
        "bottom": Parameter(2, (0, 9), "deg", "trunk elevation when lowered", "short_bottom", (34, 46)),
        "feet_lift": Parameter(0, (0, 0.04), "shank", "feet lifted on the way", "feet_lift", (0.2, 0.4)),
        "neck_pull": Parameter(8, (0, 18), "deg", "neck bent at the turn", "neck_pull", (45, 60)),
        "towards": Parameter(1.2, (0.8, 2.0), "s", "time of the way up", "jerk", (0.3, 0.48)),
        "knees": Parameter(98, (82, 112), "deg", "knee flexion"),
    },
    Tempo(1.2, 0.2, 1.2, 0.3),
    amplitude="top",
    arms=("crossed", "head", "ahead"),
)


def _bridged(body: Body, knees: Array, low: float) -> Array:
    """How far the trunk rises, degrees, for one line to knees that are bent so above planted feet."""
    bent, line = np.radians(knees), body.trunk + body.thigh
    along, across = line + body.shank * np.cos(bent), body.shank * np.sin(bent)
    rise = np.arcsin((body.ankle_height - low) / np.hypot(along, across)) + np.arctan2(across, along)
    return np.asarray(np.degrees(rise))


def _glute_bridge(body: Body, beat: Beat) -> Posture:
    """Shoulders and feet stay; at phase 1 the body is one line to the knees, but for what it is short."""
    low = 0.057 * body.stature
    full = _bridged(body, beat["knees"], low)
    top = np.radians(full)
    shin = np.radians(full - beat["knees"])
    away = (body.trunk + body.thigh) * np.cos(top) + body.shank * np.cos(shin) - body.trunk
    rise = (full - beat["short"]) * beat.phase
    up, ahead = np.sin(np.radians(rise)), np.cos(np.radians(rise))
    root = np.stack([np.zeros_like(up), low + body.trunk * up, body.trunk * (ahead - 1.0)], axis=-1)
    elevation, plane = arm_towards(-rise, 12.0)
    return Posture(
        root=root,
        pitch=-90.0 - rise,
        neck_flexion=rise,
        feet=places(body.hip_half * 1.2, body.ankle_height, away),
        toe_out=4.0,
        knee_pole=(0.0, 1.0, 0.2),
        arm_elevation=elevation,
        arm_plane=plane,
    )


GLUTE_BRIDGE = Move(
    "glute_bridge",
    _glute_bridge,
    {
        "short": Parameter(0, (-1, 3), "deg", "trunk short of the line at the turn", "short", (13, 19)),
        "knees": Parameter(104, (96, 114), "deg", "knee flexion of the full line", "feet_far", (50, 63)),
    },
    Tempo(1.0, 0.3, 1.1, 0.3),
    amplitude="short",
)
