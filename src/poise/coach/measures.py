"""Named quantities of a body: what exercise files may hold to a limit.

A measure is a pure function of a `Body`, so the measure of a sequence equals the measure of each of its poses.
Each says in which plane it lies: *sagittal* ones need a side view, *frontal* ones a view from the front (or
the back), *any* ones are differences of height, which every level camera sees alike. Angles follow the
conventions of `poise.body.geometry`; lengths are shares of the torso (mid-shoulder to mid-hip).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from poise.body import Array
from poise.body import geometry as g
from poise.coach.measure import GATES, KEYPOINT_SIGMA, WORLD_SIGMA, Body, Measure, Plane, Unit, turned
from poise.errors import UnknownName

__all__ = [
    "GATES",
    "KEYPOINT_SIGMA",
    "MEASURES",
    "WORLD_SIGMA",
    "Body",
    "Measure",
    "Plane",
    "Unit",
    "find_measure",
    "turned",
]

#: How far out of the sagittal plane the elbows of a push-up point (about 45 degrees is recommended), degrees, and
#: how short what is seen of a bend is from the side if they point 12 degrees further out.
FLARE, LESS_SEEN = 40.0, 0.8

#: The gates of what depth shows in most, degrees: of how far joints that lie at different depths are beside each
#: other (as of the knee's angle from the front), of how far a limb points sideways at the camera, and of a trunk
#: that sways sideways, which makes the body seem to face the camera more than it does; and of a body that lies,
#: which is taken to be seen from up to 5 degrees nearer the side than it is by a camera near and above. Ours.
BESIDE, FORESHORTENED, SWAYING, PRONE = 10.0, 15.0, 25.0, 30.0

#: Lengths of upper arm and forearm in torso lengths (Drillis & Contini 1966), where foreshortening is read.
UPPER_ARM, FOREARM = 0.66, 0.54

#: Every measure by name.
MEASURES: dict[str, Measure] = {}


def find_measure(name: str) -> Measure:
    """The measure of that name.

    Raises:
        UnknownName: when there is none.

    """
    try:
        return MEASURES[name]
    except KeyError:
        raise UnknownName("measure", name, MEASURES) from None


def _measure(
    unit: Unit, plane: Plane, *needs: str, squeeze: float = 1.0, gate: float = math.inf
) -> Callable[[Callable[[Body, str], Array]], Callable[[Body, str], Array]]:
    def keep(compute: Callable[[Body, str], Array]) -> Callable[[Body, str], Array]:
        name = compute.__name__
        keypoints = {side: tuple(need.format(side=side) for need in needs) for side in ("left", "right", "")}

        def seen(body: Body, side: str) -> Array:
            if not body.pose.skeleton.has_all(keypoints[side]):
                return np.full(body.pose.points.shape[:-2], np.nan)
            return compute(body, side)

        about = (compute.__doc__ or "").strip()
        MEASURES[name] = Measure(name, unit, plane, needs, about, seen, squeeze, min(gate, GATES[plane]))
        return compute

    return keep


def _above(body: Body, upper: str, lower: str) -> Array:
    y = body.pose.all_at((upper, lower))[..., 1]
    return np.asarray((y[..., 1] - y[..., 0]) / body.scale)


# Heights: how far one keypoint is above another. Every level camera sees them alike, so they drive the counting.


@_measure("torso", "any", "mid_hip", "mid_ankle")
def hip_height(body: Body, side: str) -> Array:
    """Hips above ankles: falls in a squat or a lunge."""
    return _above(body, "mid_hip", "mid_ankle")


@_measure("torso", "any", "mid_hip", "left_ankle", "right_ankle")
def standing_height(body: Body, side: str) -> Array:
    """Hips above the lower ankle: falls in a squat, on one leg too, and stays when a knee is raised."""
    y = body.pose.all_at(("mid_hip", "left_ankle", "right_ankle"))[..., 1]
    return np.asarray((np.maximum(y[..., 1], y[..., 2]) - y[..., 0]) / body.scale)


@_measure("torso", "any", "mid_shoulder", "mid_ankle")
def shoulder_height(body: Body, side: str) -> Array:
    """Shoulders above ankles: falls when bending to a bar on the floor."""
    return _above(body, "mid_shoulder", "mid_ankle")


@_measure("torso", "any", "mid_shoulder", "mid_wrist")
def shoulder_over_hands(body: Body, side: str) -> Array:
    """Shoulders above hands: falls in a push-up."""
    return _above(body, "mid_shoulder", "mid_wrist")


@_measure("torso", "any", "mid_shoulder", "mid_hip")
def trunk_rise(body: Body, side: str) -> Array:
    """Shoulders above hips: about 1 upright, 0 lying."""
    return _above(body, "mid_shoulder", "mid_hip")


@_measure("torso", "any", "{side}_wrist", "{side}_shoulder")
def hand_height(body: Body, side: str) -> Array:
    """Hand above its shoulder: negative with the arm hanging."""
    return _above(body, f"{side}_wrist", f"{side}_shoulder")


@_measure("torso", "any", "{side}_wrist", "{side}_elbow")
def forearm_rise(body: Body, side: str) -> Array:
    """Hand above its elbow: rises in a curl or when the elbow extends overhead."""
    return _above(body, f"{side}_wrist", f"{side}_elbow")


@_measure("torso", "any", "{side}_elbow", "{side}_shoulder")
def elbow_height(body: Body, side: str) -> Array:
    """Elbow above its shoulder: rises in a row or a raise."""
    return _above(body, f"{side}_elbow", f"{side}_shoulder")


@_measure("torso", "any", "{side}_elbow", "{side}_hip")
def elbow_over_hip(body: Body, side: str) -> Array:
    """Elbow above its hip."""
    return _above(body, f"{side}_elbow", f"{side}_hip")


@_measure("torso", "any", "{side}_wrist", "nose")
def hand_over_nose(body: Body, side: str) -> Array:
    """Hand above the nose: positive overhead, about -0.15 at the chin."""
    return _above(body, f"{side}_wrist", "nose")


@_measure("torso", "any", "{side}_knee", "{side}_hip")
def knee_over_hip(body: Body, side: str) -> Array:
    """Knee above its hip: rises in a knee raise; about -0.85 standing."""
    return _above(body, f"{side}_knee", f"{side}_hip")


@_measure("torso", "any", "{side}_ankle", "{side}_knee")
def ankle_over_knee(body: Body, side: str) -> Array:
    """Ankle above its knee: rises in a leg curl; about -0.85 standing."""
    return _above(body, f"{side}_ankle", f"{side}_knee")


# Joint angles, in the sagittal plane unless said otherwise.


def _flexion(body: Body, side: str, a: str, b: str, c: str, plane: Plane = "sagittal") -> Array:
    return g.flexion(*body.in_plane(plane, *_ends_of(side, a, b, c)))


def _ends_of(side: str, *joints: str) -> tuple[str, ...]:
    return tuple(f"{side}_{joint}" for joint in joints)


@_measure("deg", "sagittal", "{side}_hip", "{side}_knee", "{side}_ankle")
def knee_flexion(body: Body, side: str) -> Array:
    """How far the knee is bent, 0 straight."""
    return _flexion(body, side, "hip", "knee", "ankle")


@_measure("deg", "sagittal", "{side}_shoulder", "{side}_hip", "{side}_knee")
def hip_flexion(body: Body, side: str) -> Array:
    """How far the hip is bent (trunk to thigh), 0 straight."""
    return _flexion(body, side, "shoulder", "hip", "knee")


@_measure("deg", "sagittal", "{side}_shoulder", "{side}_elbow", "{side}_wrist")
def elbow_flexion(body: Body, side: str) -> Array:
    """How far the elbow is bent, 0 straight."""
    return _flexion(body, side, "shoulder", "elbow", "wrist")


@_measure("deg", "frontal", "{side}_shoulder", "{side}_elbow", "{side}_wrist")
def elbow_flexion_frontal(body: Body, side: str) -> Array:
    """How far the elbow is bent in a movement of the frontal plane, 0 straight."""
    return _flexion(body, side, "shoulder", "elbow", "wrist", "frontal")


@_measure("deg", "sagittal", "{side}_shoulder", "{side}_elbow", "{side}_wrist", squeeze=LESS_SEEN)
def push_up_elbow_flexion(body: Body, side: str) -> Array:
    """How far the elbow of a push-up is bent, 0 straight, taking it that elbows point 40 degrees outwards."""
    return g.flexion(*body.in_plane("sagittal", *_ends_of(side, "shoulder", "elbow", "wrist"), out=FLARE))


def _arm_from_trunk(body: Body, side: str, plane: Plane) -> Array:
    # Against the middle line of the trunk: hips are narrower than shoulders, which would read as 10 degrees.
    shoulder, elbow, top, low = body.in_plane(plane, f"{side}_shoulder", f"{side}_elbow", "mid_shoulder", "mid_hip")
    return g.interior_angle(shoulder + low - top, shoulder, elbow)


@_measure("deg", "sagittal", "{side}_shoulder", "{side}_elbow", "mid_shoulder", "mid_hip")
def shoulder_flexion(body: Body, side: str) -> Array:
    """The angle between trunk and upper arm seen from the side, 0 hanging, 180 overhead."""
    return _arm_from_trunk(body, side, "sagittal")


@_measure("deg", "frontal", "{side}_shoulder", "{side}_elbow", "mid_shoulder", "mid_hip")
def shoulder_abduction(body: Body, side: str) -> Array:
    """The angle between trunk and upper arm seen from the front, 0 hanging, 180 overhead."""
    return _arm_from_trunk(body, side, "frontal")


@_measure("deg", "sagittal", "mid_ear", "mid_shoulder", "mid_hip")
def neck_flexion(body: Body, side: str) -> Array:
    """The angle between the trunk and the line from shoulders to ears, without sign."""
    return g.flexion(*body.in_plane("sagittal", "mid_ear", "mid_shoulder", "mid_hip"))


@_measure("deg", "sagittal", "mid_ear", "mid_shoulder", "mid_hip", gate=PRONE)
def head_drop(body: Body, side: str) -> Array:
    """How far a prone body's head hangs below the line of its trunk; negative when it looks up."""
    ear, shoulder, hip = body.in_plane("sagittal", "mid_ear", "mid_shoulder", "mid_hip")
    return _rise(shoulder - hip, shoulder - hip) - _rise(ear - shoulder, shoulder - hip)


def _rise(vector: Array, along: Array) -> Array:
    """The angle of a vector above the horizontal direction that another one points to, degrees."""
    ahead = np.sign(along[..., 0]) * vector[..., 0]
    return np.asarray(np.degrees(np.arctan2(-vector[..., 1], ahead)))


@_measure("deg", "sagittal", "{side}_shoulder", "{side}_elbow", gate=FORESHORTENED)
def elbow_flare(body: Body, side: str) -> Array:
    """How far a prone body's elbow points outwards, from how little of the upper arm is seen from the side."""
    shoulder, elbow = body.in_plane("sagittal", f"{side}_shoulder", f"{side}_elbow")
    along, down = (np.abs(elbow - shoulder)[..., axis] / body.scale for axis in (0, 1))
    level = np.sqrt(np.maximum(UPPER_ARM**2 - down**2, 1e-6))
    return np.asarray(np.degrees(np.arccos(np.minimum(along / level, 1.0))))


@_measure("deg", "frontal", "{side}_elbow", "{side}_wrist", gate=BESIDE)
def elbow_bend_ahead(body: Body, side: str) -> Array:
    """How far the forearm of a raised arm points at the camera (or away), from how little is seen of it."""
    elbow, wrist = body.in_plane("frontal", f"{side}_elbow", f"{side}_wrist")
    return np.asarray(np.degrees(np.arccos(np.minimum(g.distance(elbow, wrist) / (FOREARM * body.scale), 1.0))))


# Leans and offsets of segments, sagittal.


@_measure("deg", "sagittal", "mid_shoulder", "mid_hip")
def trunk_lean(body: Body, side: str) -> Array:
    """The trunk's lean from upright, positive forwards."""
    shoulder, hip = body.in_plane("sagittal", "mid_shoulder", "mid_hip")
    return g.lean(shoulder, hip, body.facing)


@_measure("deg", "sagittal", "mid_shoulder", "mid_hip")
def trunk_elevation(body: Body, side: str) -> Array:
    """The trunk's angle above the floor, 0 lying, 90 upright."""
    return g.elevation(*body.in_plane("sagittal", "mid_shoulder", "mid_hip"))


@_measure("ratio", "any", "mid_shoulder", "mid_hip", "{side}_ear")
def shoulder_lift(body: Body, side: str) -> Array:
    """How far up the line from hips (0) to ears (1) the shoulders are: about 0.73, more when they are lifted.

    Hips that are guessed too low, or a head that nods, change it much less than a shrug does.
    """
    shoulder, hip, ear = (body.at(name) for name in ("mid_shoulder", "mid_hip", f"{side}_ear"))
    line = ear - hip
    square = (line * line).sum(-1)
    return np.asarray(((shoulder - hip) * line).sum(-1) / np.where(square > 0, square, np.nan))


@_measure("deg", "sagittal", "{side}_hip", "{side}_knee")
def thigh_elevation(body: Body, side: str) -> Array:
    """The hip above the level of the knee: 90 standing, 0 with the thigh parallel to the floor, negative deeper."""
    return g.elevation(*body.in_plane("sagittal", f"{side}_hip", f"{side}_knee"))


@_measure("deg", "sagittal", "mid_shoulder", "mid_hip", "{side}_knee", "{side}_ankle")
def trunk_beyond_shin(body: Body, side: str) -> Array:
    """How much further forward the trunk leans than the shin; 0 when they are parallel."""
    knee, ankle = body.in_plane("sagittal", f"{side}_knee", f"{side}_ankle")
    return trunk_lean(body, side) - g.lean(knee, ankle, body.facing)


@_measure("ratio", "sagittal", "{side}_shoulder", "{side}_hip", "{side}_ankle", gate=PRONE)
def hip_sag(body: Body, side: str) -> Array:
    """How far the hip hangs below the line from shoulder to ankle, as a share of it; negative when piked up."""
    shoulder, hip, ankle = body.in_plane("sagittal", f"{side}_shoulder", f"{side}_hip", f"{side}_ankle")
    return np.asarray(g.signed_offset(hip, shoulder, ankle) * np.sign(ankle[..., 0] - shoulder[..., 0]))


@_measure("deg", "sagittal", "{side}_knee", "{side}_ankle")
def shin_lean(body: Body, side: str) -> Array:
    """The shin's lean from upright, positive forwards."""
    knee, ankle = body.in_plane("sagittal", f"{side}_knee", f"{side}_ankle")
    return g.lean(knee, ankle, body.facing)


@_measure("deg", "sagittal", "{side}_elbow", "{side}_shoulder")
def upper_arm_tilt(body: Body, side: str) -> Array:
    """The angle of a raised upper arm to the vertical, without sign."""
    return np.abs(g.lean(*body.in_plane("sagittal", f"{side}_elbow", f"{side}_shoulder")))


@_measure("torso", "sagittal", "{side}_heel", "{side}_foot_index")
def heel_lift(body: Body, side: str) -> Array:
    """Heel above toe."""
    return _above(body, f"{side}_heel", f"{side}_foot_index")


@_measure("torso", "sagittal", "mid_hip", "mid_ankle")
def feet_below(body: Body, side: str) -> Array:
    """Ankles below hips in the plane of a body that sits or lies, of which a camera from above sees less."""
    hip, ankle = body.in_plane("sagittal", "mid_hip", "mid_ankle")
    return np.asarray((ankle[..., 1] - hip[..., 1]) / body.scale)


@_measure("torso", "sagittal", "{side}_elbow", "{side}_shoulder", "{side}_hip")
def elbow_behind_trunk(body: Body, side: str) -> Array:
    """How far the elbow is behind the line of the trunk, which is above it when bent over; negative before it."""
    elbow, shoulder, hip = body.in_plane("sagittal", *_ends_of(side, "elbow", "shoulder", "hip"))
    trunk, off = shoulder - hip, elbow - hip
    cross = trunk[..., 1] * off[..., 0] - trunk[..., 0] * off[..., 1]
    return np.asarray(body.facing * cross / (np.hypot(trunk[..., 0], trunk[..., 1]) * body.scale))


@_measure("torso", "sagittal", "{side}_elbow", "{side}_shoulder")
def elbow_off_shoulder(body: Body, side: str) -> Array:
    """How far, along the floor, the elbow is from under its shoulder, without sign."""
    elbow, shoulder = body.in_plane("sagittal", f"{side}_elbow", f"{side}_shoulder")
    return np.asarray(np.abs(elbow[..., 0] - shoulder[..., 0]) / body.scale)


@_measure("torso", "sagittal", "{side}_wrist", "{side}_heel", "{side}_foot_index")
def hand_over_foot(body: Body, side: str) -> Array:
    """How far the hand is ahead of the middle of the foot."""
    wrist, heel, toe = body.in_plane("sagittal", f"{side}_wrist", f"{side}_heel", f"{side}_foot_index")
    return np.asarray(body.facing * (wrist[..., 0] - (heel[..., 0] + toe[..., 0]) / 2) / body.scale)


@_measure("torso", "sagittal", "{side}_knee", "{side}_foot_index")
def knee_over_toe(body: Body, side: str) -> Array:
    """How far the knee is ahead of the toes, negative behind them."""
    knee, toe = body.in_plane("sagittal", f"{side}_knee", f"{side}_foot_index")
    return np.asarray(body.facing * (knee[..., 0] - toe[..., 0]) / body.scale)


# Frontal ratios.


@_measure("ratio", "frontal", "left_knee", "right_knee", "left_ankle", "right_ankle")
def knee_ankle_ratio(body: Body, side: str) -> Array:
    """Knee separation over ankle separation: below 1 the knees are closer than the feet (KASR)."""
    knees = np.abs(body.at("left_knee")[..., 0] - body.at("right_knee")[..., 0])
    ankles = np.abs(body.at("left_ankle")[..., 0] - body.at("right_ankle")[..., 0])
    return np.asarray(knees / np.where(ankles > 0, ankles, np.nan))


@_measure("ratio", "frontal", "left_ankle", "right_ankle", "left_shoulder", "right_shoulder")
def stance_width(body: Body, side: str) -> Array:
    """Ankle separation over shoulder width."""
    ankles = np.abs(body.at("left_ankle")[..., 0] - body.at("right_ankle")[..., 0])
    shoulders = np.abs(body.at("left_shoulder")[..., 0] - body.at("right_shoulder")[..., 0])
    return np.asarray(ankles / np.where(shoulders > 0, shoulders, np.nan))


@_measure("ratio", "frontal", "left_ankle", "right_ankle", "left_shoulder", "right_shoulder", gate=BESIDE)
def stance_straight_on(body: Body, side: str) -> Array:
    """Ankle separation over shoulder width, seen from where a foot ahead of the other does not look beside it."""
    return stance_width(body, side)


@_measure("ratio", "frontal", "mid_hip", "left_ankle", "right_ankle", gate=BESIDE)
def hip_shift(body: Body, side: str) -> Array:
    """How far the hips are beside the middle of the feet, as a share of the stance, without sign."""
    left, right = body.at("left_ankle")[..., 0], body.at("right_ankle")[..., 0]
    stance = np.abs(left - right)
    off = np.abs(body.at("mid_hip")[..., 0] - (left + right) / 2)
    return np.asarray(off / np.where(stance > 0, stance, np.nan))


@_measure("torso", "frontal", "mid_shoulder", "mid_ankle", gate=SWAYING)
def shoulder_shift(body: Body, side: str) -> Array:
    """How far the shoulders are beside the middle of the feet, without sign."""
    shoulder, ankle = body.in_plane("frontal", "mid_shoulder", "mid_ankle")
    return np.asarray(np.abs(shoulder[..., 0] - ankle[..., 0]) / body.scale)


@_measure("torso", "frontal", "{side}_hip", "{side}_knee", "{side}_ankle", "mid_hip", gate=BESIDE)
def knee_inwards(body: Body, side: str) -> Array:
    """How far the knee is towards the midline of the line from its hip to its ankle, along the floor."""
    names = (f"{side}_hip", f"{side}_knee", f"{side}_ankle", "mid_hip")
    hip, knee, ankle, middle = body.in_plane("frontal", *names)
    drop = ankle[..., 1] - hip[..., 1]
    share = (knee[..., 1] - hip[..., 1]) / np.where(drop > 0, drop, np.nan)
    line = hip[..., 0] + share * (ankle[..., 0] - hip[..., 0])
    return np.asarray(np.sign(middle[..., 0] - hip[..., 0]) * (knee[..., 0] - line) / body.scale)


@_measure("torso", "frontal", "left_knee", "right_knee", gate=BESIDE)
def knee_level(body: Body, side: str) -> Array:
    """How much higher one knee is than the other, without sign."""
    return np.abs(_above(body, "left_knee", "right_knee"))


@_measure("ratio", "frontal", "left_elbow", "right_elbow", "left_shoulder", "right_shoulder")
def elbows_apart(body: Body, side: str) -> Array:
    """Elbow separation over shoulder width."""
    elbows = np.abs(body.at("left_elbow")[..., 0] - body.at("right_elbow")[..., 0])
    shoulders = np.abs(body.at("left_shoulder")[..., 0] - body.at("right_shoulder")[..., 0])
    return np.asarray(elbows / np.where(shoulders > 0, shoulders, np.nan))


@_measure("torso", "frontal", "left_wrist", "right_wrist", gate=BESIDE)
def hand_level(body: Body, side: str) -> Array:
    """How much higher one hand is than the other, without sign."""
    return np.abs(_above(body, "left_wrist", "right_wrist"))
