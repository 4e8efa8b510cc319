"""Where the body is seen from, how large it is in the picture, and what that allows.

Yaw is 0 when the body faces the camera, 90 side-on, 180 turned away. Two sources are fused: how long shoulders and
hips are seen against the trunk they are square to (blind near 0, where its derivative vanishes), and the depth of
the world keypoints (noisy near 90), weighted sin² and cos² of the angle. It holds lying down as well as upright,
since it asks how far the left-right axis of the body turns out of the picture, and which way round it lies there.
"""

from __future__ import annotations

import cmath
import math

import numpy as np

from poise.body import Array, Pose
from poise.coach.events import Advice, View, ViewName
from poise.coach.measure import GATES, Plane

#: The share of the picture's longer side by which a keypoint may lie beyond its edge and still be in it. Ours.
EDGE = 0.005

#: Standard error of the fused yaw, degrees (8 to 10 expected).
YAW_SIGMA = 9.0

#: Widths and segment lengths as shares of the torso, of the body poise assumes before it knows better
#: (Drillis & Contini 1966 as fractions of stature, over a torso of 0.29).
_SHOULDERS, _HIPS = 0.74, 0.40
_SEGMENTS = (
    ("mid_shoulder", "mid_hip", 1.0),
    ("left_shoulder", "right_shoulder", _SHOULDERS),
    *(
        (f"{side}_{a}", f"{side}_{b}", share)
        for side in ("left", "right")
        for a, b, share in (
            ("shoulder", "elbow", 0.62),
            ("elbow", "wrist", 0.54),
            ("hip", "knee", 0.84),
            ("knee", "ankle", 0.86),
        )
    ),
)
_ENDS = (*(a for a, _, _ in _SEGMENTS), *(b for _, b, _ in _SEGMENTS))
_SHARES = tuple(share for _, _, share in _SEGMENTS)
_FACE = ("nose", "mid_ear")
_GIRDLES = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")

_SEEN, _DIM = 0.5, 0.2
#: A torso of fewer pixels is no body: all its keypoints lie on one spot.
_LEAST_PX = 1.0
#: Degrees up to which the left-right axis in the picture counts as level: trunks twist and cameras roll a little.
_LEVEL = 25.0
#: Seconds between looks at which way the body is turned.
LOOK_S = 0.09
_SETTLE_S = 0.3
_FORGET_S = 15.0
_TURN_S = 0.7


class Scale:
    """How many pixels a torso length is, robust to foreshortening.

    Every segment, divided by its usual share of the torso, is a lower bound, since foreshortening only
    shortens; the second largest is taken (the largest may be a mistake), its recent peak remembered.
    """

    def __init__(self) -> None:
        self.value = math.nan
        self._level = math.nan
        self._t = math.nan

    def update(self, pose: Pose) -> float:
        """Pixels per torso length as of this pose; NaN before anything was seen."""
        if not pose.seen:
            return self.value
        places, scores, n = pose.all_at(_ENDS).tolist(), pose.scores_at(_ENDS).tolist(), len(_SHARES)
        bounds = sorted(
            [
                math.dist(a, b) / share
                for a, b, share, one, other in zip(
                    places[:n], places[n:], _SHARES, scores[:n], scores[n:], strict=True
                )
                if one > _SEEN and other > _SEEN
            ]
        )
        if len(bounds) < 2:
            return self.value
        bound = bounds[-2]
        if bound < _LEAST_PX:
            return self.value
        dt, self._t = pose.t - self._t, pose.t
        if math.isnan(self.value):
            self.value = self._level = bound
        else:
            self._level += (bound - self._level) * (1 - math.exp(-dt / _SETTLE_S))
            self.value = max(self._level, self.value * math.exp(-dt / _FORGET_S))
        return self.value


class ViewTracker:
    """Estimates the `View` pose by pose, smoothed over about a second.

    What is smoothed is the left-right axis of the body, as a complex number in the picture and a depth: where left
    and right change places it passes through side-on, and a trunk that rises or bends does not turn it.
    """

    def __init__(self) -> None:
        self.view = View("unknown", math.nan, math.nan, 0)
        self._facing = self._depth = 0.0
        self._axis = 0j
        self._t = self._looked = math.nan

    def update(self, pose: Pose, scale: float) -> View:
        """The view as of this pose; the last one while nobody is seen."""
        if pose.t - self._looked < LOOK_S:
            return self.view
        if pose.seen and math.isfinite(scale):
            self._looked = pose.t
            yaw, forward, axis = self._instant(pose, scale)
            if math.isfinite(yaw):
                gain = 1.0 if math.isnan(self._t) else 1 - math.exp(-(pose.t - self._t) / _TURN_S)
                across = cmath.rect(math.cos(math.radians(yaw)), cmath.phase(axis))
                self._axis += gain * (across - self._axis)
                self._depth += gain * (math.sin(math.radians(yaw)) - self._depth)
                self._facing += gain * (forward - self._facing)
                self._t = pose.t
        if math.isnan(self._t):
            return self.view
        off = math.degrees(math.atan2(self._depth, abs(self._axis)))
        yaw = 180.0 - off if self._axis.real < 0 else off
        facing = 0 if abs(self._facing) < 0.1 else (1 if self._facing > 0 else -1)
        tilt = math.degrees(cmath.phase(self._axis**2)) / 2
        self.view = View(view_name(yaw), yaw, YAW_SIGMA, facing, tilt if abs(tilt) > _LEVEL else 0.0)
        return self.view

    def _instant(self, pose: Pose, scale: float) -> tuple[float, float, complex]:
        """Of a pose: how far its left-right axis points out of the picture, degrees; the forward direction's share
        along the picture's x; and that axis in the picture, from right to left.
        """
        (ls, rs, lh, rh), scores = pose.all_at(_GIRDLES).tolist(), pose.scores_at(_GIRDLES).tolist()
        trunk = complex(ls[0] + rs[0] - lh[0] - rh[0], ls[1] + rs[1] - lh[1] - rh[1]) / 2
        trunk = trunk / scale if min(scores) > _DIM else 1j
        widths, axis = [], 0j
        for left, right, usual, score in (
            (ls, rs, _SHOULDERS, min(scores[:2])),
            (lh, rh, _HIPS, min(scores[2:])),
        ):
            if score > _DIM:
                width = complex(left[0] - right[0], left[1] - right[1]) / scale
                whole = _unturned(width / usual, trunk) or 1.0  # all on one spot
                widths.append(min(1.0, abs(width) / usual / whole))
                axis += width
        flat = math.degrees(math.acos(sum(widths) / len(widths))) if widths else math.nan
        ahead = _face_ahead(pose, scale)
        if pose.world is None:
            return flat, ahead, axis
        ls, rs, lh, rh = pose.all_world_at(_GIRDLES).tolist()
        if math.isnan(ls[0]):
            return flat, ahead, axis
        across = [a - b + c - d for a, b, c, d in zip(ls, rs, lh, rh, strict=True)]
        up = [a + b - c - d for a, b, c, d in zip(ls, rs, lh, rh, strict=True)]
        forward = (
            across[1] * up[2] - across[2] * up[1],
            across[2] * up[0] - across[0] * up[2],
            across[0] * up[1] - across[1] * up[0],
        )
        norm = math.hypot(*forward) or 1.0
        deep = math.degrees(math.atan2(abs(across[2]), math.hypot(across[0], across[1])))
        weight = math.sin(math.radians(deep)) ** 2 if math.isfinite(flat) else 0.0
        yaw = deep if weight == 0.0 else weight * flat + (1 - weight) * deep
        return yaw, 0.5 * (forward[0] / norm + ahead), axis or complex(across[0], across[1])


def _unturned(a: complex, b: complex) -> float:
    """How long two lines are that are equally long and square to each other in space, from what is seen of both.

    The part that points at the camera is missing of both, a² + x² = b² + y² = l² and a b + x y = 0: l² is the
    larger root of l⁴ - (a² + b²) l² + a² b² - (a b)² = 0. So a body is measured where it is, however near its legs
    are.

    >>> _unturned(3j, 4), round(_unturned(0.6, -0.8), 6)
    (4.0, 1.0)
    """
    both, along = abs(a) ** 2 + abs(b) ** 2, (a * b.conjugate()).real
    return math.sqrt((both + math.sqrt(max(both**2 - 4 * (abs(a * b) ** 2 - along**2), 0.0))) / 2)


def _face_ahead(pose: Pose, scale: float) -> float:
    """Which way the face points along x, about -1 to 1, from the nose against the ears; 0 when unseen."""
    if not pose.skeleton.has_all(_FACE):
        return 0.0
    (nose, _), (ears, _) = pose.all_at(_FACE).tolist()
    d = (nose - ears) / (0.25 * scale)
    return max(-1.0, min(1.0, d)) if math.isfinite(d) else 0.0


def view_name(yaw: float) -> ViewName:
    """The plain name of a yaw in degrees.

    >>> [view_name(y) for y in (5, 50, 85, 170)]
    ['front', 'oblique', 'side', 'rear']
    """
    if math.isnan(yaw):
        return "unknown"
    if yaw > 145:
        return "rear"
    if yaw <= 25:
        return "front"
    return "side" if 65 <= yaw <= 115 else "oblique"


def off_plane(yaw: float, plane: Plane) -> float:
    """How far, in degrees, a view is from the one that shows a plane undistorted.

    >>> off_plane(75, "sagittal"), off_plane(170, "frontal"), off_plane(33, "any")
    (15, 10, 0.0)
    """
    if plane == "any":
        return 0.0
    return abs(yaw - 90) if plane == "sagittal" else min(abs(yaw), abs(180 - yaw))


def observable(view: View, plane: Plane, gate: float = math.inf) -> bool:
    """Whether quantities of a plane may be judged from this view; never when the yaw is unknown.

    ``gate`` is how far off the plane it may be, degrees, where that is less than for others of the plane.
    An error of the yaw beyond the usual one counts against the gate: while the estimate swings, nobody knows.
    """
    if plane == "any":
        return True
    unsteady = max(0.0, view.sigma - YAW_SIGMA)
    return math.isfinite(view.yaw) and off_plane(view.yaw, plane) + unsteady <= min(gate, GATES[plane])


def beyond(places: Array, size: tuple[int, int] | None) -> Array:
    """Which way places ``(..., 2)`` lie beyond the edges of a picture: -1 left or above, 1 right or below, else 0.

    What is unseen is nowhere, and a picture of unknown size has no edges.

    >>> beyond(np.array([[-9.0, 200.0], [320.0, 495.0]]), (640, 480)).tolist()
    [[-1.0, 0.0], [0.0, 1.0]]
    """
    if size is None:
        return np.zeros(places.shape)
    edge = EDGE * max(size)
    with np.errstate(invalid="ignore"):
        return np.asarray(1.0 * (places > np.array(size) + edge) - (places < -edge))


def turn_advice(plane: Plane) -> Advice:
    """What to change so that a plane can be judged."""
    if plane == "frontal":
        return Advice("face_camera", "Face the camera, so that your knees and shoulders can be compared.")
    return Advice("side_on", "Turn side-on to the camera, so that the angles of your joints can be judged.")
