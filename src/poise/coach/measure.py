"""What a measure is: a named quantity of a body seen from somewhere, with a unit, a plane and an error model.

How wrong a measure may be follows from its own geometry: `Measure.sigma` moves every keypoint it needs, and the yaw
it was rectified by, by their standard errors, enlarges what a plane seen askew brings nearer, and adds up what the
measure does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from typing import Literal

import numpy as np

from poise.body import Array, Keypoints, Pose, PoseSequence
from poise.body import geometry as g

Plane = Literal["sagittal", "frontal", "any"]
Unit = Literal["deg", "torso", "ratio"]

#: How far from the ideal yaw (90 sagittal, 0 or 180 frontal) each plane may still be judged, degrees, after
#: undoing the foreshortening: simulated squats are wrong by 17 degrees at 60 degrees yaw uncorrected. As the view
#: is taken for up to 2 degrees nearer or further than it is, 31 is within and 35 outside.
GATES: dict[Plane, float] = {"sagittal": 33.0, "frontal": 33.0, "any": 90.0}

#: Standard error of a smoothed keypoint, as a share of the torso. BlazePose jitters by 0.3 to 0.5 % of the body box
#: and drifts slowly by 0.5 to 3 % of it; 3 % of the torso makes a right-angled knee uncertain by about 4 degrees,
#: between the 3.5 and 6.4 degrees published for side views (Cosoli 2026).
KEYPOINT_SIGMA = 0.03

#: Standard error of an angle from world keypoints, degrees: monocular 3D is 9 degrees off at best
#: (Sensors 25(3) 799 and others), so it only stands in where no fault is judged.
WORLD_SIGMA = 12.0

#: How far away a body is taken to be filmed from, in torso lengths: three metres, as exercises ask for.
AWAY = 6.0


_GIRDLES = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")


@dataclass(frozen=True, eq=False)
class Body:
    """A pose (or sequence of poses) seen from somewhere: what every measure is a function of.

    Args:
        pose: the keypoints, of one instant or many, ``(..., K, D)``.
        scale: pixels per torso length, shape ``(...)``.
        yaw: degrees between the way the body faces and the camera, shape ``(...)``; 0 towards it, 90 side-on.
        facing: +1 when the person faces right in the picture, -1 left, shape ``(...)``.
        tilt: degrees between the left-right axis of the body in the picture and the horizontal.

    """

    pose: Pose | PoseSequence | Keypoints
    scale: Array
    yaw: Array
    facing: Array
    tilt: float = 0.0

    def at(self, name: str) -> Array:
        """Pixels of a keypoint: shape ``(..., 2)``."""
        return self.pose.at(name)

    def in_plane(self, plane: Plane, *names: str, out: float = 0.0) -> list[Array]:
        """Pixels of keypoints with the foreshortening of the plane undone, each ``(..., 2)``.

        The sagittal plane is stretched by 1 / sin(yaw) along the picture of the body's left-right axis, which is
        level unless it lies below a high camera; the frontal plane by 1 / |cos(yaw)| along x; at most twofold.
        What is known to lie ``out`` degrees out of the sagittal plane is turned into it as well.
        """
        points = self.pose.all_at(names)
        if plane != "any":
            points = self._along(points, self.stretch(plane), level=plane == "frontal")
        if out:
            points = self._along(points, _stretch(np.full_like(self.yaw, np.cos(np.radians(out)))), level=True)
        return [points[..., i, :] for i in range(len(names))]

    def _along(self, points: Array, stretch: Array, level: bool = False) -> Array:
        """Points ``(..., N, 2)`` stretched along the body's left-right axis, or along x."""
        if level or not self.tilt:
            return np.asarray(points * stretch)
        angle = np.radians(self.tilt)
        axis = np.array((np.cos(angle), np.sin(angle)))
        return np.asarray(points + ((stretch[..., :1] - 1.0) * (points @ axis)[..., None]) * axis)

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
        return Body(Keypoints(pose.skeleton, points, score), self.scale, self.yaw, self.facing, self.tilt)

    def nearness(self, plane: Plane) -> Array:
        """How far keypoints would move, ``(..., K, 2)``, if perspective enlarged what a plane brings nearer.

        It does so about the hips, at which height a camera is to be put. Which side is nearer makes no difference.
        """
        return self._nearer_askew if plane == "sagittal" else self._nearer_aside

    @cached_property
    def _nearer_askew(self) -> Array:
        return self._nearer(np.abs(self.yaw - 90.0))

    @cached_property
    def _nearer_aside(self) -> Array:
        return self._nearer(np.minimum(self.yaw, 180.0 - self.yaw))

    def _nearer(self, off: Array) -> Array:
        away = self.pose.points - self.at("mid_hip")[..., None, :]
        share = np.tan(np.radians(np.minimum(off, 45.0))) / (AWAY * self.scale)
        moved = (share[..., None] * away[..., 0])[..., None] * away
        moved[np.isnan(moved)] = 0.0
        return np.asarray(moved)

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


@cache
def _moved(count: int, ends: tuple[int, ...]) -> Array:
    """Which coordinate of so many keypoints each of a stack of bodies is moved in, ``(N, K, 2)``.

    In the first none, in the next x and then y of one of the ``ends`` each, in the last three none again.
    """
    moved = np.zeros((2 * len(ends) + 4, count, 2))
    for i, (axis, end) in enumerate(product((0, 1), ends), 1):
        moved[i, end, axis] = 1.0
    return moved


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
    lacks one of those keypoints it is NaN, and seen with score 0: nothing is said then. Where a measure assumes how
    far out of the plane a limb points, ``squeeze`` is how short what is seen may be if it points further out.
    ``gate`` is how far from the ideal view of its plane it may be taken, degrees.
    """

    name: str
    unit: Unit
    plane: Plane
    needs: tuple[str, ...]
    about: str
    compute: Callable[[Body, str], Array]
    squeeze: float = 1.0
    gate: float = 90.0

    @cached_property
    def sided(self) -> bool:
        """Whether there is one of it on the left and one on the right."""
        return any("{side}" in name for name in self.needs)

    def keypoints(self, side: str) -> tuple[str, ...]:
        """The keypoints needed for one side."""
        found = self._keypoints.get(side)
        if found is None:
            found = self._keypoints[side] = tuple(name.format(side=side) for name in self.needs)
        return found

    @cached_property
    def _keypoints(self) -> dict[str, tuple[str, ...]]:
        return {}

    def score(self, body: Body, side: str) -> Array:
        """How surely its keypoints were seen: the lowest of their scores, ``(...)``; 0 without them."""
        keypoints = self.keypoints(side)
        if not body.pose.skeleton.has_all(keypoints):
            return np.zeros(body.pose.points.shape[:-2])
        return np.asarray(body.pose.score.take(body.pose.skeleton.ends(keypoints).every, -1).min(-1))

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
        ends = skeleton.ends(self.keypoints(side)).every
        # A stack of bodies: as it is, each coordinate moved by its error, nearer on one side, turned by that of the
        # yaw, and squeezed.
        moved = _moved(len(skeleton), tuple(ends.tolist()))
        shape = (len(moved), *np.shape(body.scale))
        error = (KEYPOINT_SIGMA * body.scale)[..., None, None]
        points = pose.points + moved.reshape(len(moved), *(1,) * (len(shape) - 1), *moved.shape[1:]) * error
        yaw = np.empty(shape)
        yaw[:] = body.yaw
        away = -1.0 if self.plane == "sagittal" else 1.0
        yaw[-2] = np.minimum(np.maximum(body.yaw + away * yaw_sigma, 0.0), 180.0)
        if self.plane != "any":
            points[-3] += body.nearness(self.plane)
        points[-1, ..., 0] *= self.squeeze
        stack = Body(Keypoints(skeleton, points, pose.score), body.scale, yaw, body.facing, body.tilt)
        values = self.compute(stack, side)
        off = values[1:] - values[0]
        return np.asarray(np.sqrt((off * off).sum(0)))
