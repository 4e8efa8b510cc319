"""What a camera sees of somebody who sits: a few quantities of the picture, and whether they can be trusted.

From the front: how large the face and how wide the shoulders are (that is, how near), where both are, how they are
tilted, and where the face points. From the side: the lines from hip to shoulder to ear, and where the face points.
Angles of the face follow from how far the nose lies before the ears, and the eyes before them, in a head of average
proportions (taken from the simulated body; ours); only their change against the own baseline is used.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

from poise.body import Array, Pose
from poise.body.geometry import lean

DeskView = Literal["front", "side"]

#: What is seen from each side; places and lengths in pixels, angles in degrees.
SEEN: dict[DeskView, tuple[str, ...]] = {
    "front": (
        "face",
        "width",
        "eye_y",
        "shoulder_y",
        "head_roll",
        "shoulder_roll",
        "yaw",
        "pitch",
        "pupils",
        "ear_x",
    ),
    "side": ("neck", "trunk", "trunk_length", "round", "pitch", "shoulder_y"),
}

#: Scores from which a keypoint is believed.
TRUST = 0.5
#: Of a head, as shares of the distance of the ears: how far the nose and the eyes are before them, as it looks from
#: 60 cm (the nose being nearer is seen larger, by a fifth).
_NOSE_AHEAD, _EYES_AHEAD = 0.93, 0.60
#: Degrees the face may be turned from the camera to be seen from the front, and from which on it is seen from the
#: side.
FRONT_YAW, SIDE_YAW = 35.0, 55.0
#: A wrist nearer to the mouth or nose than this many distances of the ears is a hand at the face. Ours.
_AT_FACE = 1.1
#: Seconds of which the median is taken: averaging brings the error of a face's size to 1 to 2 % at two looks a
#: second.
STEADY_S = 3.0

_FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
_SHOULDERS = ("left_shoulder", "right_shoulder")


@dataclass(frozen=True)
class Glance:
    """One look: what was ``seen`` ``(N,)`` in the order of `SEEN`, NaN where it cannot be; and what stands out.

    ``clear`` says whether the face was (from the side: ear and shoulder), ``hand`` whether a hand is at the face,
    ``above`` whether the head is beyond the top of the picture; ``place`` is where the head is, pixels.
    """

    t: float
    seen: Array
    clear: bool
    hand: bool
    above: bool
    place: tuple[float, float]


def view_of(pose: Pose) -> DeskView | None:
    """Which side a desk camera sees: the front or the side; None when nobody is seen, or from neither."""
    if pose.scores_at(_FACE).max() < TRUST:
        return None
    ls, rs = pose.all_at(_SHOULDERS)
    nose, le, re, la, ra = pose.all_at(_FACE)
    yaw, _, _ = _face(nose, le, re, la, ra)
    rise = (ls + rs)[1] / 2 - (la + ra)[1] / 2
    broad = abs((ls - rs)[0]) / max(float(rise), 1e-6)
    if abs(yaw) < FRONT_YAW and broad > 1.0:
        return "front"
    return "side" if abs(yaw) > SIDE_YAW or broad < 0.6 else None


def glance(pose: Pose, view: DeskView) -> Glance | None:
    """What is seen of somebody who sits; None when nobody is."""
    if not pose.seen:
        return None
    return _front(pose) if view == "front" else _side(pose)


def _front(pose: Pose) -> Glance:
    nose, le, re, la, ra = pose.all_at(_FACE)
    ls, rs = pose.all_at(_SHOULDERS)
    out = np.full(len(SEEN["front"]), math.nan)
    face_seen = pose.scores_at(_FACE).min() >= TRUST and _inside(pose, (le + re) / 2)
    shoulders_seen = pose.scores_at(_SHOULDERS).min() >= TRUST
    if face_seen:
        yaw, pitch, across = _face(nose, le, re, la, ra)
        turned = max(math.cos(math.radians(yaw)), 0.3)
        pupils = math.dist(le, re) / turned
        size = pupils + math.dist(la, ra) / turned or math.nan  # all in one spot: nobody has such a face
        x, y = (la + ra)[0] / 2, (le + re)[1] / 2
        out[[0, 2, 4, 6, 7, 8, 9]] = size, y, across, yaw, pitch, pupils, x
    if shoulders_seen:
        out[[1, 3, 5]] = math.dist(ls, rs) or math.nan, (ls + rs)[1] / 2, _slope(ls - rs)
    hand = _hand_at_face(pose, nose, math.dist(la, ra))
    return _glance(pose, out, face_seen, hand)


def _side(pose: Pose) -> Glance:
    score = {side: float(pose.scores_at((f"{side}_ear", f"{side}_shoulder")).min()) for side in ("left", "right")}
    side = max(score, key=lambda name: score[name])
    names = tuple(f"{side}_{name}" for name in ("ear", "eye", "shoulder", "hip"))
    (ear, eye, shoulder, hip), nose = pose.all_at(names), pose.at("nose")
    out = np.full(len(SEEN["side"]), math.nan)
    facing = math.copysign(1.0, float(nose[0] - ear[0]))
    seen = score[side] >= TRUST and _inside(pose, ear) and _inside(pose, shoulder)
    if seen:
        out[0], out[5] = float(lean(ear, shoulder, facing)), shoulder[1]
        out[4] = math.degrees(math.atan2(float(nose[1] - eye[1]), abs(float(nose[0] - ear[0])) + 1e-9))
        if float(pose.score_at(names[3])) >= TRUST and _inside(pose, hip):
            line, off = ear - hip, shoulder - hip
            out[1] = float(lean(shoulder, hip, facing))
            out[2] = math.dist(shoulder, hip) or math.nan
            out[3] = facing * float(line[0] * off[1] - line[1] * off[0]) / (float(line @ line) or math.nan)
    return _glance(pose, out, seen, _hand_at_face(pose, nose, math.dist(ear, eye) * 1.5))


def _glance(pose: Pose, seen: Array, clear: bool, hand: bool) -> Glance:
    x, y = pose.at("nose").tolist()
    return Glance(pose.t, seen, clear, hand, y < 0, (x, y))


def _face(nose: Array, le: Array, re: Array, la: Array, ra: Array) -> tuple[float, float, float]:
    """Yaw (to the person's left), pitch (down) and roll (left side lower) of a face, degrees."""
    e, a = le - re, la - ra
    norm = math.hypot(*e.tolist()) or math.nan
    across = e / norm
    down = np.array((-across[1], across[0]))
    span = float(a @ across) or math.nan
    middle = (la + ra) / 2
    yaw = math.degrees(math.atan(float((nose - middle) @ across) / span / _NOSE_AHEAD))
    straight = abs(span) / max(math.cos(math.radians(yaw)), 0.3)
    rise = float(((le + re) / 2 - middle) @ down) / straight / _EYES_AHEAD
    pitch = math.degrees(math.asin(max(-1.0, min(1.0, rise)))) if math.isfinite(rise) else math.nan
    return yaw, pitch, _slope(e)


def _slope(line: Array) -> float:
    """How far the left end (the right one in the picture) is lower, degrees."""
    return math.degrees(math.atan2(float(line[1]), float(line[0])))


def _inside(pose: Pose, place: Array) -> bool:
    x, y = place.tolist()
    if math.isnan(x):
        return False
    return pose.size is None or (0 <= x <= pose.size[0] and 0 <= y <= pose.size[1])


def _hand_at_face(pose: Pose, nose: Array, ears: float) -> bool:
    return any(
        pose.score_at(name) >= TRUST and math.dist(pose.at(name), nose) < _AT_FACE * ears
        for name in ("left_wrist", "right_wrist")
    )


class Steady:
    """The median of what was seen in the last `STEADY_S` seconds: one wrong look changes nothing."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, Array]] = deque()

    def update(self, glance: Glance) -> Array:
        """What is seen, steadied: ``(N,)``; NaN where it was hardly seen."""
        self._recent.append((glance.t, glance.seen))
        while glance.t - self._recent[0][0] > STEADY_S:
            self._recent.popleft()
        values = np.sort([seen for _, seen in self._recent], axis=0)  # what was not seen comes last
        known, columns = np.isfinite(values).sum(0), np.arange(values.shape[1])
        middle = (values[np.maximum(known - 1, 0) // 2, columns] + values[known // 2, columns]) / 2
        return np.where(2 * known < len(values), math.nan, middle)

    def reset(self) -> None:
        """Forget what was seen."""
        self._recent.clear()
