"""What a page would send: simulated athletes as messages of the protocol."""

from __future__ import annotations

from typing import Any

import numpy as np

from poise.body import PoseSequence


def message(poses: PoseSequence, i: int, world: bool = False) -> dict[str, Any]:
    """The pose of one instant as a message."""
    points = np.concatenate([poses.points[i], poses.score[i][:, None]], axis=1)
    told: dict[str, Any] = {"type": "pose", "t": float(poses.t[i])}
    told["keypoints"] = [None if np.isnan(p).any() else [round(float(v), 2) for v in p] for p in points]
    if world and poses.world is not None:
        told["world"] = [None if np.isnan(p).any() else [round(float(v), 4) for v in p] for p in poses.world[i]]
    return told
