"""``.mot``: joint angles over time, as OpenSim lists coordinates; written, never read.

Degrees. Knees, hips and elbows are 0 when straight and grow as they bend; ankles are 0 at a right angle of shank
and foot and grow as the toes come up; the shoulder's elevation is that of the upper arm from the trunk, whichever
way. They are angles in space where there are world keypoints, and else angles in the picture.
"""

from __future__ import annotations

import io
from typing import BinaryIO

import numpy as np

from poise.body.formats.motion import Motion, motion_of
from poise.body.geometry import flexion, interior_angle
from poise.body.pose import Array, PoseSequence

#: Coordinates without their side: the joint between two ends.
_JOINTS = {
    "hip_flexion": ("shoulder", "hip", "knee"),
    "knee_angle": ("hip", "knee", "ankle"),
    "ankle_angle": ("knee", "ankle", "foot_index"),
    "shoulder_elevation": ("hip", "shoulder", "elbow"),
    "elbow_flex": ("shoulder", "elbow", "wrist"),
}


def angles(motion: Motion) -> dict[str, Array]:
    """Joint angles in degrees, each ``(T,)``, by OpenSim's name with ``_r`` or ``_l``; NaN where unseen."""
    found = {}
    for name, parts in _JOINTS.items():
        for side in ("right", "left"):
            joint = tuple(f"{side}_{part}" for part in parts)
            if motion.skeleton.has_all(joint):
                a, b, c = (motion.at(part) for part in joint)
                bent = (
                    flexion(a, b, c)
                    if name in ("hip_flexion", "knee_angle", "elbow_flex")
                    else interior_angle(a, b, c)
                )
                found[f"{name}_{side[0]}"] = 90.0 - bent if name == "ankle_angle" else bent
    return found


def write(file: BinaryIO, sequence: PoseSequence) -> None:
    """Write the joint angles of a recording at even times.

    Raises:
        ValueError: when it holds nobody at two times.

    """
    motion = motion_of(sequence)
    columns = {"time": motion.t, **angles(motion)}
    head = [
        "Coordinates",
        "version=1",
        f"nRows={len(motion)}",
        f"nColumns={len(columns)}",
        "inDegrees=yes",
        "",
        "endheader",
    ]
    text = io.TextIOWrapper(file, encoding="ascii", newline="\n")
    text.write("\n".join([*head, "\t".join(columns)]) + "\n")
    for row in np.stack(list(columns.values()), axis=-1):
        text.write("\t".join(f"{value:.6f}" for value in row) + "\n")
    text.detach()
