"""Named quantities of a body: what exercise files may hold to a limit.

A measure is a pure function of a `Body`, so the measure of a sequence equals the measure of each of its poses.
Each says in which plane it lies: *sagittal* ones need a side view, *frontal* ones a view from the front (or
the back), *any* ones are differences of height, which every level camera sees alike. Angles follow the
conventions of `poise.body.geometry`; lengths are shares of the torso (mid-shoulder to mid-hip).

How wrong a measure may be follows from its own geometry: `sigma` moves every keypoint it needs, and the yaw
it was rectified by, by their standard errors, and adds up what the measure does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from poise.body import Array, Keypoints, Pose, PoseSequence
from poise.body import geometry as g
from poise.errors import UnknownName

Plane = Literal["sagittal", "frontal", "any"]
Unit = Literal["deg", "torso", "ratio"]

#: Standard error of a smoothed keypoint, as a share of the torso. BlazePose jitters by 0.3 to 0.5 % of the body box
#: and drifts slowly by 0.5 to 3 % of it; 3 % of the torso makes a right-angled knee uncertain by about 4 degrees,
#: between the 3.5 and 6.4 degrees published for side views (Cosoli 2026).
KEYPOINT_SIGMA = 0.03

#: Standard error of an angle from world keypoints, degrees: monocular 3D is 9 degrees off at best
#: (Sensors 25(3) 799 and others), so it only stands in where no fault is judged.
WORLD_SIGMA = 12.0


_GIRDLES = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")


@dataclass(frozen=True, eq=False)
class Body:
    """A pose (or sequence of poses) seen from somewhere: what every measure is a function of.

    Args:
        pose: the keypoints, of one instant or many, ``(..., K, D)``.
        scale: pixels per torso length, shape ``(...)``.
        yaw: degrees between the way the body faces and the camera, shape ``(...)``; 0 towards it, 90 side-on.
        facing: +1 when the person faces right in the picture, -1 left, shape ``(...)``.

    """

    pose: Pose | PoseSequence | Keypoints
    scale: Array
    yaw: Array
    facing: Array

    def at(self, name: str) -> Array:
        """Pixels of a keypoint: shape ``(..., 2)``."""
        return self.pose.at(name)

    def in_plane(self, plane: Plane, *names: str) -> list[Array]:
        """Pixels of keypoints with the foreshortening of the plane undone, each ``(..., 2)``.

        x is stretched by 1 / sin(yaw) (sagittal) or 1 / |cos(yaw)| (frontal), at most twofold.
        """
        points = self.pose.all_at(names)
        if plane != "any":
            points = points * self.stretch(plane)
        return [points[..., i, :] for i in range(len(names))]

    def stretch(self, plane: Plane) -> Array:
        """What x and y are multiplied by to undo the foreshortening of a plane, ``(..., 1, 2)``."""
        if plane == "any":
            return np.ones((*np.shape(self.yaw), 1, 2))
        return self._unturned if plane == "sagittal" else self._faced

    @cached_property
    def twins(self) -> Body:
        """The body, and beside it the same one with left and right called each other's names: ``(2, ...)``."""
        pose, mirror = self.pose, self.pose.skeleton.mirror
        points = np.array([pose.points, pose.points[..., mirror, :]])
        score = np.array([pose.score, pose.score[..., mirror]])
        return Body(Keypoints(pose.skeleton, points, score), self.scale, self.yaw, self.facing)

    @cached_property
    def _unturned(self) -> Array:
        return _stretch(np.sin(np.radians(self.yaw)))

    @cached_property
    def _faced(self) -> Array:
        return _stretch(np.abs(np.cos(np.radians(self.yaw))))


def _stretch(turn: Array) -> Array:
    stretch = np.ones((*np.shape(turn), 1, 2))
    stretch[..., 0, 0] = 1.0 / np.fmin(np.fmax(turn, 0.5), 1.0)
    return stretch


def turned(body: Body, plane: Plane) -> Body:
    """The body as a camera that sees this plane undistorted would see it, from the world keypoints.

    A second opinion with an error of its own (`WORLD_SIGMA`); all NaN where there are no world keypoints.
    """
    pose = body.pose
    girdles = pose.all_world_at(_GIRDLES)
    ls, rs, lh, rh = (girdles[..., i, :] for i in range(4))
    across = ls - rs + lh - rh
    ax, az = across[..., 0], across[..., 2]
    norm = np.hypot(ax, az)
    norm = np.where(norm > 0, norm, np.nan)
    ax, az = (ax / norm)[..., None], (az / norm)[..., None]
    points = np.full(pose.points.shape, np.nan)
    if pose.world is not None:
        x, z = pose.world[..., 0], pose.world[..., 2]
        points[..., 0] = x * az - z * ax if plane == "sagittal" else x * ax + z * az
        points[..., 1] = pose.world[..., 1]
    torso = g.distance((ls + rs) / 2, (lh + rh) / 2)
    yaw = np.full(torso.shape, 90.0 if plane == "sagittal" else 0.0)
    return Body(Keypoints(pose.skeleton, points, pose.score), torso, yaw, np.ones(torso.shape))


@dataclass(frozen=True)
class Measure:
    """A named quantity: its unit, the plane it lies in, the keypoints it needs, and how it is computed.

    A sided measure has ``{side}`` in the keypoints it needs, and is computed for the left and the right; it names
    no side but the one it is given, so that the right of a body is the left of its mirror image. Where the skeleton
    lacks one of those keypoints it is NaN, and seen with score 0: nothing is said then.
    """

    name: str
    unit: Unit
    plane: Plane
    needs: tuple[str, ...]
    about: str
    compute: Callable[[Body, str], Array]

    @property
    def sided(self) -> bool:
        """Whether there is one of it on the left and one on the right."""
        return any("{side}" in name for name in self.needs)

    def keypoints(self, side: str) -> tuple[str, ...]:
        """The keypoints needed for one side."""
        return tuple(name.format(side=side) for name in self.needs)

    def score(self, body: Body, side: str) -> Array:
        """How surely its keypoints were seen: the lowest of their scores, ``(...)``; 0 without them."""
        if not body.pose.skeleton.has_all(self.keypoints(side)):
            return np.zeros(body.pose.points.shape[:-2])
        return np.asarray(body.pose.scores_at(self.keypoints(side)).min(-1))

    def sides(self) -> tuple[str, ...]:
        """The sides it has: left and right, or the single unnamed one."""
        return ("left", "right") if self.sided else ("",)

    def each(self, body: Body) -> Array:
        """The measure on every side it has, shape ``(S, ...)`` in the order of `sides`."""
        return self.compute(body.twins, "left") if self.sided else self.compute(body, "")[None]

    def scores(self, body: Body) -> Array:
        """How surely the keypoints of every side were seen, shape ``(S, ...)`` in the order of `sides`."""
        return self.score(body.twins, "left") if self.sided else self.score(body, "")[None]

    def value(self, body: Body) -> Array:
        """The measure, both sides weighted by how surely each is seen (squared), shape ``(...)``."""
        if not self.sided:
            return self.compute(body, "")
        left, right = self.each(body)
        wl, wr = self.scores(body) ** 2 + 1e-6
        both = (left * wl + right * wr) / (wl + wr)
        return np.asarray(np.where(np.isnan(left), right, np.where(np.isnan(right), left, both)))

    def sigma(self, body: Body, side: str, yaw_sigma: float = 0.0) -> Array:
        """Its standard error in its own unit, shape ``(...)``, from those of the keypoints and the yaw."""
        pose, skeleton = body.pose, body.pose.skeleton
        if not skeleton.has_all(self.keypoints(side)):
            return np.full(np.shape(body.scale), np.nan)
        ends = sorted({skeleton.index(end) for name in self.keypoints(side) for end in _ends(name)})
        moved = [(end, axis) for end in ends for axis in (0, 1)]
        # A stack of bodies: as it is, each coordinate moved by its error, and turned by that of the yaw.
        shape = (len(moved) + 2, *np.shape(body.scale))
        points = np.empty((*shape, *pose.points.shape[-2:]))
        points[:] = pose.points
        for i, (end, axis) in enumerate(moved):
            points[i + 1, ..., end, axis] += KEYPOINT_SIGMA * body.scale
        yaw = np.empty(shape)
        yaw[:] = body.yaw
        away = -1.0 if self.plane == "sagittal" else 1.0
        yaw[-1] = np.clip(body.yaw + away * yaw_sigma, 0.0, 180.0)
        values = self.compute(Body(Keypoints(skeleton, points, pose.score), body.scale, yaw, body.facing), side)
        off = values[1:] - values[0]
        return np.asarray(np.sqrt((off * off).sum(0)))


def _ends(name: str) -> tuple[str, ...]:
    stem = name.removeprefix("mid_")
    return (name,) if stem == name else (f"left_{stem}", f"right_{stem}")


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
    unit: Unit, plane: Plane, *needs: str
) -> Callable[[Callable[[Body, str], Array]], Callable[[Body, str], Array]]:
    def keep(compute: Callable[[Body, str], Array]) -> Callable[[Body, str], Array]:
        name = compute.__name__
        keypoints = {side: tuple(need.format(side=side) for need in needs) for side in ("left", "right", "")}

        def seen(body: Body, side: str) -> Array:
            if not body.pose.skeleton.has_all(keypoints[side]):
                return np.full(body.pose.points.shape[:-2], np.nan)
            return compute(body, side)

        MEASURES[name] = Measure(name, unit, plane, needs, (compute.__doc__ or "").strip(), seen)
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


# Joint angles, in the sagittal plane unless said otherwise.


def _flexion(body: Body, side: str, a: str, b: str, c: str, plane: Plane = "sagittal") -> Array:
    return g.flexion(*body.in_plane(plane, f"{side}_{a}", f"{side}_{b}", f"{side}_{c}"))


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


@_measure("deg", "sagittal", "{side}_hip", "{side}_shoulder", "{side}_elbow")
def shoulder_flexion(body: Body, side: str) -> Array:
    """The angle between trunk and upper arm seen from the side, 0 hanging, 180 overhead."""
    return 180.0 - _flexion(body, side, "hip", "shoulder", "elbow", "sagittal")


@_measure("deg", "frontal", "{side}_hip", "{side}_shoulder", "{side}_elbow")
def shoulder_abduction(body: Body, side: str) -> Array:
    """The angle between trunk and upper arm seen from the front, 0 hanging, 180 overhead."""
    return 180.0 - _flexion(body, side, "hip", "shoulder", "elbow", "frontal")


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


@_measure("deg", "sagittal", "{side}_hip", "{side}_knee")
def thigh_elevation(body: Body, side: str) -> Array:
    """The hip above the level of the knee: 90 standing, 0 with the thigh parallel to the floor, negative deeper."""
    return g.elevation(*body.in_plane("sagittal", f"{side}_hip", f"{side}_knee"))


@_measure("deg", "sagittal", "mid_shoulder", "mid_hip", "{side}_knee", "{side}_ankle")
def trunk_beyond_shin(body: Body, side: str) -> Array:
    """How much further forward the trunk leans than the shin; 0 when they are parallel."""
    knee, ankle = body.in_plane("sagittal", f"{side}_knee", f"{side}_ankle")
    return trunk_lean(body, side) - g.lean(knee, ankle, body.facing)


@_measure("ratio", "sagittal", "{side}_shoulder", "{side}_hip", "{side}_ankle")
def hip_sag(body: Body, side: str) -> Array:
    """How far the hip hangs below the line from shoulder to ankle, as a share of it; negative when piked up."""
    shoulder, hip, ankle = body.in_plane("sagittal", f"{side}_shoulder", f"{side}_hip", f"{side}_ankle")
    return np.asarray(g.signed_offset(hip, shoulder, ankle) * np.sign(ankle[..., 0] - shoulder[..., 0]))


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


@_measure("torso", "frontal", "left_wrist", "right_wrist")
def hand_level(body: Body, side: str) -> Array:
    """How much higher one hand is than the other, without sign."""
    return np.abs(_above(body, "left_wrist", "right_wrist"))
