"""What is true of a simulated body: angles and offsets in three dimensions.

The conventions are those of `poise.body.geometry`: angles are degrees; flexion is 0 for a straight joint. What lies
in the sagittal or the frontal plane is that of a body which faces along +z, as in every exercise of the simulator.
"""

from __future__ import annotations

import numpy as np

from poise.body import BLAZEPOSE33, Array
from poise.body.geometry import distance, flexion, interior_angle, lean, signed_offset
from poise.body.skeleton import MIDPOINTS


def true_measures(joints: Array) -> dict[str, Array]:
    """Everything worth knowing about joints ``(T, 33, 3)``, each ``(T,)``.

    Of both limbs, named ``left_…`` and ``right_…``, in degrees unless said otherwise:

    * ``knee_flexion``, ``elbow_flexion``; ``shoulder_elevation``: upper arm from trunk;
    * ``hip_flexion``, in the sagittal plane: shoulders are wider than hips, which is no flexion;
    * ``thigh_elevation``: 90 standing, 0 level, as the knee is below the hip; ``shank_lean``: ahead of upright;
    * ``upper_arm_tilt``: upper arm from the vertical line;
    * ``knee_in``: knee inside the plane that stands on heel and toe, as a share of the leg;
    * ``heel_height``: heel above toe, as a share of the foot.

    Of the whole body:

    * ``trunk_lean``: ahead of upright; ``head_flexion``: ears ahead of the line of the trunk;
    * ``pelvis_tilt``: left hip higher; ``hip_shift``: hips left of mid-stance, as a share of the stance;
    * ``hip_sag``: hips below the line from shoulders to ankles, as a share of it;
    * ``knee_ratio``: distance of the knees as a share of that of the ankles;
    * ``ankle_spread``: distance of the ankles in shoulder widths;
    * ``wrist_ahead``: wrists ahead of mid-foot in trunk lengths.
    """
    out: dict[str, Array] = {}

    def at(name: str) -> Array:
        if name in MIDPOINTS:
            a, b = MIDPOINTS[name]
            return np.asarray((at(a) + at(b)) / 2)
        return np.asarray(joints[:, BLAZEPOSE33.index(name)])

    def profile(name: str) -> Array:
        """The place seen from the person's right: ahead is to the right, down is positive, ``(T, 2)``."""
        return np.stack([at(name)[:, 2], -at(name)[:, 1]], axis=-1)

    for side, inward in (("left", -1.0), ("right", 1.0)):
        shoulder, elbow, wrist = (at(f"{side}_{joint}") for joint in ("shoulder", "elbow", "wrist"))
        hip, knee, ankle = (at(f"{side}_{joint}") for joint in ("hip", "knee", "ankle"))
        heel, toe = at(f"{side}_heel"), at(f"{side}_foot_index")
        out[f"{side}_knee_flexion"] = flexion(hip, knee, ankle)
        out[f"{side}_hip_flexion"] = flexion(*(profile(f"{side}_{joint}") for joint in ("shoulder", "hip", "knee")))
        out[f"{side}_elbow_flexion"] = flexion(shoulder, elbow, wrist)
        out[f"{side}_shoulder_elevation"] = interior_angle(hip, shoulder, elbow)
        out[f"{side}_thigh_elevation"] = np.degrees(np.arcsin((hip - knee)[:, 1] / distance(hip, knee)))
        out[f"{side}_shank_lean"] = lean(profile(f"{side}_knee"), profile(f"{side}_ankle"))
        out[f"{side}_upper_arm_tilt"] = np.degrees(
            np.arccos(np.abs((elbow - shoulder)[:, 1]) / distance(elbow, shoulder))
        )
        foot = toe - heel
        across = np.stack([foot[:, 2], -foot[:, 0]], axis=-1) / np.hypot(foot[:, 0], foot[:, 2])[:, None]
        beside = ((knee - ankle)[:, [0, 2]] * across).sum(-1)
        out[f"{side}_knee_in"] = inward * beside / (distance(hip, knee) + distance(knee, ankle))
        out[f"{side}_heel_height"] = foot[:, 1] / -distance(heel, toe)

    shoulders, hips, ankles = profile("mid_shoulder"), profile("mid_hip"), profile("mid_ankle")
    trunk = distance(at("mid_shoulder"), at("mid_hip"))
    stance = np.abs((at("left_ankle") - at("right_ankle"))[:, 0])
    line = at("left_hip") - at("right_hip")
    out["trunk_lean"] = lean(shoulders, hips)
    out["head_flexion"] = lean(profile("mid_ear"), shoulders) - out["trunk_lean"]
    out["hip_sag"] = signed_offset(hips, shoulders, ankles) * np.sign(ankles - shoulders)[:, 0]
    out["wrist_ahead"] = (
        profile("mid_wrist")[:, 0] - (profile("mid_heel")[:, 0] + profile("mid_foot_index")[:, 0]) / 2
    ) / trunk
    out["knee_ratio"] = np.abs((at("left_knee") - at("right_knee"))[:, 0]) / stance
    out["ankle_spread"] = stance / distance(at("left_shoulder"), at("right_shoulder"))
    out["pelvis_tilt"] = np.degrees(np.arctan2(line[:, 1], np.hypot(line[:, 0], line[:, 2])))
    out["hip_shift"] = (at("mid_hip") - at("mid_ankle"))[:, 0] / stance
    return out
