"""A body that can be posed: segment lengths as shares of stature, joint angles in, joint positions out.

Axes of the room: x to the left of a person who faces ahead, y up, z the way that person faces; metres, with the
floor at y = 0. Angles are degrees, flexion is positive. Everything is vectorised over time: a value that changes
is ``(T,)``, one that also differs between the sides is ``(T, 2)`` with the left side first, a place is
``(T, 3)`` or ``(T, 2, 3)``; plain numbers stand for what stays the same.

>>> body = Body.of(stature=1.80)
>>> figure = body.figure(Posture(root=(0, body.hip_height, 0), elbow=90.0))
>>> figure.joints.shape
(1, 33, 3)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple, Self

import numpy as np

from poise.body import BLAZEPOSE33, Array
from poise.body.skeleton import mirrored
from poise.sim.kinematics import (
    Place,
    Value,
    apply,
    axes_of,
    reach,
    rotation_x,
    rotation_y,
    rotation_z,
    spread,
    two_bone,
    unit,
)

#: Segment lengths as shares of stature, after Drillis & Contini as tabulated by Winter (Biomechanics and Motor
#: Control of Human Movement, ch. 4). Winter's shoulder and hip widths are outer ones; ours join joint centres.
FRACTIONS = {
    "ankle_height": 0.039,
    "shank": 0.246,
    "thigh": 0.245,
    "trunk": 0.272,
    "neck": 0.097,
    "upper_arm": 0.186,
    "forearm": 0.146,
    "shoulder_half": 0.101,
    "hip_half": 0.051,
}

#: How far up the trunk it bends, as a share of its length.
LUMBAR = 0.368

#: Places that ride on a segment, in metres of a 1.75 m body and in that segment's own axes; left side.
_FACE = {
    "nose": (0.0, -0.035, 0.120),
    "left_eye_inner": (0.020, 0.0, 0.094),
    "left_eye": (0.033, 0.0, 0.092),
    "left_eye_outer": (0.046, 0.0, 0.084),
    "left_ear": (0.080, -0.008, -0.004),
    "mouth_left": (0.025, -0.070, 0.092),
}
_HAND = {
    "index": (0.0, -0.092, 0.030),
    "pinky": (0.0, -0.082, -0.034),
    "thumb": (-0.008, -0.062, 0.050),
}
HEEL = np.array((0.0, -0.050, -0.058))
TOE = np.array((0.0, -0.052, 0.150))
_SIDES = ("left", "right")
_SIGN = np.array((1.0, -1.0))
_MIRROR = np.array(((1.0, 1.0, 1.0), (-1.0, 1.0, 1.0)))
_PALM_DOWN = np.array([[[0, 0, -sign], [sign, 0, 0], [0, -1, 0]] for sign in _SIGN], dtype=np.float64)


@dataclass(frozen=True)
class Posture:
    """Joint angles, and where hands and feet are put, at one or many instants.

    Angles are degrees. ``root`` is the middle of the hips. The pelvis is turned by ``yaw`` and ``pitch`` (leaning
    ahead); the spine bends above it. An arm points ``arm_elevation`` away from hanging, in the
    plane ``arm_plane`` (0 sideways, 90 ahead), turned about itself by ``arm_rotation``. ``hands`` and ``feet``
    put wrists and ankles at places instead; elbows and knees then bend towards ``elbow_pole`` and
    ``knee_pole`` (for the knees, None is the way the toes point), and the knees are moved ``knee_in`` metres
    towards the midline. A foot is turned out by ``toe_out`` and its heel lifted by ``foot_pitch``. ``grounded``
    lifts or lowers the whole body until its lowest foot is on the floor.
    """

    root: Place
    pitch: Value = 0.0
    yaw: Value = 0.0
    spine_flexion: Value = 0.0
    spine_side: Value = 0.0
    spine_twist: Value = 0.0
    neck_flexion: Value = 0.0
    head_flexion: Value = 0.0
    head_yaw: Value = 0.0
    head_side: Value = 0.0
    shrug: Value = 0.0
    arm_elevation: Value = 8.0
    arm_plane: Value = 0.0
    arm_rotation: Value = 0.0
    elbow: Value = 8.0
    pronation: Value = 10.0
    hands: Place | None = None
    elbow_pole: Place = (0.0, -1.0, -1.0)
    palms_down: bool = False
    hip_flexion: Value = 0.0
    hip_abduction: Value = 2.0
    hip_rotation: Value = 6.0
    knee: Value = 0.0
    feet: Place | None = None
    toe_out: Value = 8.0
    foot_pitch: Value = 0.0
    knee_pole: Place | None = None
    knee_in: Value = 0.0
    grounded: bool = False


_TIMED = tuple(f.name for f in fields(Posture) if f.name not in ("palms_down", "grounded"))


class Segment(NamedTuple):
    """A rigid part: ``origin`` ``(T, 3)`` and ``axes`` ``(T, 3, 3)``, whose columns are its own x, y, z."""

    origin: Array
    axes: Array


class Figure(NamedTuple):
    """A posed body: ``joints`` ``(T, 33, 3)`` in the order of BLAZEPOSE33, and its ``segments`` by name."""

    joints: Array
    segments: Mapping[str, Segment]

    def at(self, name: str) -> Array:
        """Where a keypoint is: ``(T, 3)``."""
        return self.joints[:, BLAZEPOSE33.index(name)]


@dataclass(frozen=True)
class Body:
    """Segment lengths in metres; make one with `of` or `random`.

    ``trunk`` reaches from the hips to the shoulders, ``shoulder_half`` and ``hip_half`` from the middle to a
    joint centre. Hands, feet and face scale with ``stature``.
    """

    stature: float
    ankle_height: float
    shank: float
    thigh: float
    trunk: float
    neck: float
    upper_arm: float
    forearm: float
    shoulder_half: float
    hip_half: float

    @classmethod
    def of(cls, stature: float = 1.75, **scale: float) -> Self:
        """A body of average proportions; ``scale`` stretches segments, e.g. ``thigh=1.05``."""
        return cls(stature, **{name: share * stature * scale.get(name, 1.0) for name, share in FRACTIONS.items()})

    @classmethod
    def random(cls, rng: np.random.Generator, spread: float = 0.05) -> Self:
        """Somebody else: stature N(1.71, 0.09) m, every segment's share times N(1, ``spread``)."""
        stature = float(np.clip(rng.normal(1.71, 0.09), 1.45, 2.0))
        scale = dict(zip(FRACTIONS, np.clip(rng.normal(1.0, spread, len(FRACTIONS)), 0.8, 1.2), strict=True))
        return cls.of(stature, **{name: float(value) for name, value in scale.items()})

    @property
    def scale(self) -> float:
        """Stature relative to 1.75 m."""
        return self.stature / 1.75

    @property
    def hip_height(self) -> float:
        """How high the hips are when standing with straight legs."""
        return self.ankle_height + self.shank + self.thigh

    @property
    def leg(self) -> float:
        """Thigh and shank together."""
        return self.thigh + self.shank

    def leg_reach(self, knee: Value) -> Array:
        """The distance from hip to ankle at a knee flexion."""
        return reach(self.thigh, self.shank, knee)

    def arm_reach(self, elbow: Value) -> Array:
        """The distance from shoulder to wrist at an elbow flexion."""
        return reach(self.upper_arm, self.forearm, elbow)

    def ankle_over_toe(self, toe: Array, foot_pitch: Value, toe_out: Value = 0.0) -> Array:
        """Where the ankles ``(T, 2, 3)`` are when the toes stay at ``toe`` and the heels are lifted by a pitch."""
        turn = rotation_y(_SIGN * spread(toe_out)) @ rotation_x(spread(foot_pitch))
        return np.asarray(np.asarray(toe) - turn @ (TOE * self.scale))

    def figure(self, posture: Posture) -> Figure:
        """The body in a posture (forward kinematics; two-bone inverse kinematics where hands or feet are put)."""
        p = _Resolved(posture)
        joints = np.empty((p.count, len(BLAZEPOSE33), 3))
        segments: dict[str, Segment] = {}
        self._spine_and_head(p, joints, segments)
        self._arms(p, joints, segments)
        self._legs(p, joints, segments)
        if posture.grounded:
            feet = [BLAZEPOSE33.index(f"{side}_{end}") for side in _SIDES for end in ("heel", "foot_index")]
            lowest = joints[:, feet, 1].min(-1)
            joints[..., 1] -= lowest[:, None]
            for segment in segments.values():
                segment.origin[:, 1] -= lowest
        return Figure(joints, segments)

    def _spine_and_head(self, p: _Resolved, joints: Array, segments: dict[str, Segment]) -> None:
        s, lumbar_height = self.scale, LUMBAR * self.trunk
        pelvis = rotation_y(p("yaw")) @ rotation_x(p("pitch"))
        bend = rotation_x(p("spine_flexion")) @ rotation_z(p("spine_side")) @ rotation_y(p("spine_twist"))
        thorax = pelvis @ bend
        lumbar = p.root + pelvis @ np.array((0.0, lumbar_height, 0.0))
        nape = lumbar + thorax @ np.array((0.0, 1.110 * self.trunk - lumbar_height, -0.022 * s))
        neck = thorax @ rotation_x(14.0 + p("neck_flexion"))  # a neck leans ahead a little
        nod = rotation_x(p("head_flexion") - 14.0) @ rotation_y(p("head_yaw")) @ rotation_z(p("head_side"))
        skull = neck @ nod
        head = nape + neck @ np.array((0.0, self.neck, 0.0)) + skull @ (np.array((0.0, 0.004, 0.012)) * s)
        segments["pelvis"] = Segment(p.root.copy(), pelvis)
        segments["thorax"] = Segment(lumbar, thorax)
        segments["neck"] = Segment(nape, neck)
        segments["head"] = Segment(head, skull)  # its origin is between the ears, at the height of the eyes
        for name, place in _FACE.items():
            for key, mirror in ((name, 1.0), (mirrored(name), -1.0)):
                joints[:, BLAZEPOSE33.index(key)] = head + skull @ (np.array(place) * (mirror * s, s, s))

    def _arms(self, p: _Resolved, joints: Array, segments: dict[str, Segment]) -> None:
        chest = segments["thorax"]
        offset = np.zeros((p.count, 2, 3))
        offset[..., 0] = _SIGN * self.shoulder_half
        offset[..., 1] = (1.0 - LUMBAR) * self.trunk + p.both("shrug")
        shoulder = chest.origin[:, None] + apply(chest.axes[:, None], offset)
        if p.posture.hands is not None:
            hands = np.broadcast_to(np.asarray(p.posture.hands, dtype=np.float64), (p.count, 2, 3))
            pole = p.direction(p.posture.elbow_pole) * _MIRROR
            elbow, wrist = two_bone(shoulder, hands, self.upper_arm, self.forearm, pole)
            upper, fore = axes_of(shoulder - elbow, -pole), axes_of(elbow - wrist, -pole)
        else:
            plane = p.both("arm_plane")
            upper = (
                chest.axes[:, None]
                @ rotation_y(-_SIGN * plane)
                @ rotation_z(_SIGN * p.both("arm_elevation"))
                @ rotation_y(_SIGN * (plane + p.both("arm_rotation")))
            )
            elbow = shoulder + upper @ np.array((0.0, -self.upper_arm, 0.0))
            fore = upper @ rotation_x(-p.both("elbow"))
            wrist = elbow + fore @ np.array((0.0, -self.forearm, 0.0))
        if p.posture.palms_down:
            hand = rotation_y(p("yaw"))[:, None] @ _PALM_DOWN
        else:
            hand = fore @ rotation_y(-_SIGN * p.both("pronation"))
        _place(joints, segments, (("shoulder", "upper_arm", shoulder, upper), ("elbow", "forearm", elbow, fore)))
        _place(joints, segments, (("wrist", "hand", wrist, hand),))
        for finger, place in _HAND.items():
            tip = wrist + apply(hand, np.array(place) * self.scale * _MIRROR)
            _place(joints, segments, ((finger, "", tip, hand),))

    def _legs(self, p: _Resolved, joints: Array, segments: dict[str, Segment]) -> None:
        pelvis = segments["pelvis"]
        hip = pelvis.origin[:, None] + apply(pelvis.axes[:, None], self.hip_half * _SIGN[:, None] * (1.0, 0.0, 0.0))
        if p.posture.feet is not None:
            feet = np.broadcast_to(np.asarray(p.posture.feet, dtype=np.float64), (p.count, 2, 3))
            toes = rotation_y(p("yaw")[:, None] + _SIGN * p.both("toe_out"))
            pole = toes[..., 2] if p.posture.knee_pole is None else p.direction(p.posture.knee_pole)
            knee, ankle, bend = self._planted_knee(hip, feet, pole, p.both("knee_in"))
            thigh, shank = axes_of(hip - knee, bend), axes_of(knee - ankle, bend)
            foot = toes @ rotation_x(p.both("foot_pitch"))
        else:
            thigh = (
                pelvis.axes[:, None]
                @ rotation_x(-p.both("hip_flexion"))
                @ rotation_z(_SIGN * p.both("hip_abduction"))
                @ rotation_y(_SIGN * p.both("hip_rotation"))
            )
            knee = hip + thigh @ np.array((0.0, -self.thigh, 0.0))
            shank = thigh @ rotation_x(p.both("knee"))
            ankle = knee + shank @ np.array((0.0, -self.shank, 0.0))
            foot = shank @ rotation_x(p.both("foot_pitch"))
        _place(joints, segments, (("hip", "thigh", hip, thigh), ("knee", "shank", knee, shank)))
        _place(joints, segments, (("ankle", "foot", ankle, foot),))
        for end, place in (("heel", HEEL), ("foot_index", TOE)):
            _place(joints, segments, ((end, "", ankle + foot @ (place * self.scale), foot),))

    def _planted_knee(self, hip: Array, feet: Array, pole: Array, knee_in: Array) -> tuple[Array, Array, Array]:
        """Knee, ankle and the direction the knee bends to, after moving it ``knee_in`` metres to the midline.

        The knee moves on the circle that thigh and shank leave it, so its flexion does not change.
        """
        knee, ankle = two_bone(hip, feet, self.thigh, self.shank, pole)
        axis = unit(feet - hip)
        bend = unit(pole - axis * (pole * axis).sum(-1, keepdims=True))
        if knee_in.any():
            inward = np.cross(axis, bend) * _SIGN[:, None]
            radius = ((knee - hip) * bend).sum(-1)
            sin = np.clip(knee_in / np.maximum(radius, 1e-9), -0.95, 0.95)[..., None]
            turned = np.sqrt(1.0 - sin * sin) * bend + sin * inward
            knee, bend = knee + radius[..., None] * (turned - bend), turned
        return knee, ankle, bend


class _Resolved:
    """A posture with every value spread over time (and sides)."""

    def __init__(self, posture: Posture) -> None:
        self.posture = posture
        self.count = max(_instants(name, getattr(posture, name)) for name in _TIMED)
        self.root = np.broadcast_to(np.asarray(posture.root, dtype=np.float64), (self.count, 3))

    def __call__(self, name: str) -> Array:
        """The value over time, ``(T,)``."""
        return np.broadcast_to(np.asarray(getattr(self.posture, name), dtype=np.float64), (self.count,))

    def both(self, name: str) -> Array:
        """The value of both sides over time, ``(T, 2)``."""
        return np.broadcast_to(spread(getattr(self.posture, name)), (self.count, 2))

    def direction(self, value: Place) -> Array:
        """A direction of both sides over time, ``(T, 2, 3)``."""
        direction = np.asarray(value, dtype=np.float64)
        return np.broadcast_to(direction[:, None] if direction.ndim == 2 else direction, (self.count, 2, 3))


def _instants(name: str, value: Place | Value | None) -> int:
    lead = np.ndim(value) if value is not None else 0
    places = {"root": 1, "elbow_pole": 1, "knee_pole": 1, "hands": 2, "feet": 2}.get(name, 0)
    return int(np.shape(value)[0]) if value is not None and lead > places else 1


def _place(joints: Array, segments: dict[str, Segment], parts: Iterable[tuple[str, str, Array, Array]]) -> None:
    for joint, segment, origin, axes in parts:
        for i, side in enumerate(_SIDES):
            joints[:, BLAZEPOSE33.index(f"{side}_{joint}")] = origin[:, i]
            if segment:
                segments[f"{side}_{segment}"] = Segment(origin[:, i].copy(), axes[:, i])
