"""A figure in known places, in torso lengths, and the camera that looks at it from a known side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from poise.body import BLAZEPOSE33, Pose
from poise.coach.events import View
from poise.coach.stretch import Judged, Stretch

#: Forwards, up and towards the person's left, in torso lengths from the floor under the middle of the body.
Place = tuple[float, float, float]

#: Metres a torso length is.
TORSO_M = 0.5

#: Someone standing with the proportions that `view` expects; of the right side only the left's mirror is written.
STANDING: dict[str, Place] = {
    "nose": (0.25, 3.0, 0.0),
    "left_ear": (0.0, 3.0, 0.15),
    "left_shoulder": (0.0, 2.7, 0.37),
    "left_elbow": (0.0, 2.08, 0.37),
    "left_wrist": (0.0, 1.54, 0.37),
    "left_hip": (0.0, 1.7, 0.2),
    "left_knee": (0.0, 0.86, 0.2),
    "left_ankle": (0.0, 0.0, 0.2),
    "left_foot_index": (0.3, 0.0, 0.2),
}

#: The keypoints a figure has.
NAMES = tuple(name for name in BLAZEPOSE33.keypoints if name.replace("right_", "left_") in STANDING)


#: The view of most tests.
SIDE = View("side", 90.0, 9.0, 1)


def figure(
    places: Mapping[str, Place] | None = None,
    *,
    t: float = 0.0,
    yaw: float = 90.0,
    facing: int = 1,
    scale: float = 100.0,
    score: float = 1.0,
    world: bool = True,
) -> Pose:
    """The standing figure with some places changed (a left one changes the right too, unless that is given).

    It faces the camera at ``yaw`` 0, and the picture's right (``facing`` 1) or left (-1) at 90. The picture is
    640 × 480, the floor lies at y = 400, the middle of the body at x = 320; ``scale`` is pixels per torso length.
    """
    places = {**STANDING, **(places or {})}
    for name in [name for name in places if name.startswith("left_")]:
        forward, up, left = places[name]
        places.setdefault(name.replace("left_", "right_"), (forward, up, -left))
    space = np.full((len(BLAZEPOSE33), 3), np.nan)
    sin, cos = facing * math.sin(math.radians(yaw)), math.cos(math.radians(yaw))
    for name, (forward, up, left) in places.items():
        space[BLAZEPOSE33.index(name)] = forward * sin + left * cos, -up, left * facing * abs(sin) - forward * cos
    hips = [BLAZEPOSE33.index(f"{side}_hip") for side in ("left", "right")]
    return Pose(
        BLAZEPOSE33,
        t,
        (320.0, 400.0) + scale * space[:, :2],
        np.where(np.isfinite(space[:, 0]), score, 0.0),
        TORSO_M * (space - space[hips].mean(0)) if world else None,
        size=(640, 480),
    )


def moved(pose: Pose, name: str, by: tuple[float, float], score: float | None = None) -> Pose:
    """The pose with one keypoint moved in the picture, by pixels, and perhaps seen less surely."""
    points, scores = pose.points.copy(), pose.score.copy()
    points[BLAZEPOSE33.index(name)] += by
    if score is not None:
        scores[BLAZEPOSE33.index(name)] = score
    return Pose(pose.skeleton, pose.t, points, scores, pose.world, pose.size)


def unseen(pose: Pose, *names: str) -> Pose:
    """The pose without some keypoints."""
    for name in names:
        pose = moved(pose, name, (math.nan, math.nan), score=0.0)
    return pose


def stretch(*poses: Pose, view: View = SIDE, turn: float = 0.5) -> Stretch:
    """The poses a tenth of a second apart; one pose stands for ten of itself."""
    many = poses if len(poses) > 1 else poses * 10
    return Stretch.of([Judged(replace(pose, t=0.1 * i), 100.0, view) for i, pose in enumerate(many)], turn)
