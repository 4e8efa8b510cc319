"""How far an estimator's angles are from the truth of a shipped film."""

from __future__ import annotations

import numpy as np

from poise.body import PoseSequence
from poise.body.geometry import flexion
from poise.sim.shipped import ShippedClip

#: The joints compared, and the keypoints their flexion is measured between.
JOINTS = {
    "knee_flexion": ("hip", "knee", "ankle"),
    "hip_flexion": ("shoulder", "hip", "knee"),
    "elbow_flexion": ("shoulder", "elbow", "wrist"),
}


def angle_errors(clip: ShippedClip, poses: PoseSequence) -> dict[str, float]:
    """The median absolute error of knee, hip and elbow flexion, in degrees, each on the side that is seen better.

    Args:
        clip: the film, whose true angles are known.
        poses: what an estimator saw in it.
    """
    truth = clip.measures(poses.t)
    errors = {}
    for name, (a, b, c) in JOINTS.items():
        side = max(("left", "right"), key=lambda side: float(np.mean(poses.score_at(f"{side}_{b}"))))
        measured = flexion(*(poses.at(f"{side}_{joint}") for joint in (a, b, c)))
        errors[name] = float(np.nanmedian(np.abs(measured - truth[f"{side}_{name}"])))
    return errors
