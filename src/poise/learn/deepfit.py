"""DeepFit's own network, as a reference: one frame in, one of ten exercises out.

Architecture and input are those of github.com/namanarora42/DeepFit: eighteen OpenPose keypoints, first every x
and then every y, moved to their centre and divided by the length of the body (head, trunk and one leg); layers of
64, 32 and 16 sigmoids; ten exercises of MM-Fit. The answer of a film is the most frequent one of its frames.
"""

from __future__ import annotations

import numpy as np

from poise.body import Array
from poise.coach.descriptor import KEYPOINTS

#: The ten exercises of MM-Fit, as poise calls them.
CLASSES = (
    "squat",
    "lunge",
    "biceps_curl",
    "sit_up",
    "push_up",
    "triceps_extension",
    "dumbbell_row",
    "jumping_jack",
    "shoulder_press",
    "lateral_raise",
)
#: Widths of its layers, input and output included.
LAYERS = (36, 64, 32, 16, 10)

_AT = {name: i for i, name in enumerate(KEYPOINTS)}
_BODY = ("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle")


def frames_of(points: Array) -> Array:
    """The network's input ``(N, 36)`` from places of `KEYPOINTS` ``(N, 14, 2)`` in pixels.

    Eyes and ears, which the descriptor's keypoints lack, stand at the nose and at the middle of the ears.
    """
    neck = (points[:, _AT["left_shoulder"]] + points[:, _AT["right_shoulder"]]) / 2
    nose, ear = points[:, _AT["nose"]], points[:, _AT["mid_ear"]]
    limbs = [points[:, _AT[f"{side}_{joint}"]] for half in _BODY for side in ("right", "left") for joint in half]
    body = np.stack([nose, neck, *limbs, nose, nose, ear, ear], axis=1)

    def apart(a: str, b: str) -> Array:
        return np.asarray(np.linalg.norm(points[:, _AT[a]] - points[:, _AT[b]], axis=-1))

    head = np.maximum(np.linalg.norm(neck - ear, axis=-1), np.linalg.norm(nose - ear, axis=-1))
    trunk = np.maximum(
        *(np.linalg.norm(neck - points[:, _AT[f"{side}_hip"]], axis=-1) for side in ("left", "right"))
    )
    leg = np.maximum(
        *(apart(f"{s}_hip", f"{s}_knee") + apart(f"{s}_knee", f"{s}_ankle") for s in ("left", "right"))
    )
    body = (body - body.mean(1, keepdims=True)) / (head + trunk + leg)[:, None, None]
    return np.concatenate([body[..., 0], body[..., 1]], axis=1)
