"""How a body stands, sits or kneels, and what its arms do when the exercise leaves them free."""

from __future__ import annotations

from typing import Any

import numpy as np

from poise.body import Array
from poise.sim.body import LUMBAR, Body
from poise.sim.kinematics import Value, spread
from poise.sim.move import Arms, Base

SIGN = np.array((1.0, -1.0))


def places(x: Value, y: Value, z: Value) -> Array:
    """Places of both sides, ``(T, 2, 3)``, of which ``x`` counts outwards from the middle."""
    parts = np.broadcast_arrays(SIGN * spread(x), spread(y), spread(z), np.ones((1, 2)))
    return np.stack(parts[:3], axis=-1)


def hips_over_feet(body: Body, ankles: Array, knee: Array, back: Value, shift: Value = 0.0) -> Array:
    """Where the hips ``(T, 3)`` must be for the knees to be bent by ``knee`` ``(T,)`` degrees.

    ``back`` is how far the hips are behind the middle of the ankles, ``shift`` how far to the left of it, metres.
    Where the two legs disagree, because feet or hips are not even, the hips are half-way between.
    """
    middle = ankles.mean(-2)
    root = np.stack(np.broadcast_arrays(middle[:, 0] + shift, middle[:, 1], middle[:, 2] - back), axis=-1)
    off = root[:, None] + body.hip_half * SIGN[:, None] * (1.0, 0.0, 0.0) - ankles
    flat = (off[..., [0, 2]] ** 2).sum(-1)
    square = body.leg_reach(knee)[:, None] ** 2
    height = ankles[..., 1] + np.sqrt(np.maximum(square - flat, 1e-6))
    limit = ankles[..., 1] + np.sqrt(np.maximum((0.9999 * body.leg) ** 2 - flat, 1e-6))
    root[:, 1] = np.minimum(height.mean(-1), limit.min(-1))
    return root


def leaning(lean: Value, curl: Value) -> tuple[Array, Array]:
    """Pelvis pitch and spine flexion of a trunk that is bent by ``curl`` and whose line, hips to shoulders, leans.

    >>> [round(float(v), 6) for v in leaning(30.0, 0.0)]
    [30.0, 0.0]
    """
    bend = np.radians(curl)
    above = LUMBAR + (1.0 - LUMBAR) * np.cos(bend)
    return np.asarray(lean - np.degrees(np.arctan2((1.0 - LUMBAR) * np.sin(bend), above))), np.asarray(curl)


def lower_body(body: Body, base: Base, knee: Array, stance: float) -> dict[str, Any]:
    """Posture values of hips and legs for a body that stands (knees bent by ``knee``), sits or kneels in place."""
    if base == "seated":
        feet = places(stance / 2, body.ankle_height, 0.0)[0]
        root = np.array((0.0, body.ankle_height + body.shank, -0.97 * body.thigh))
        return {"root": root, "feet": feet, "knee_pole": (0.0, 1.0, 1.0), "toe_out": 8.0}
    if base == "kneeling":
        low = 0.035 * body.stature
        feet = places(body.hip_half, low, -body.shank)[0]
        root = np.array((0.0, low + body.thigh, 0.0))
        return {"root": root, "feet": feet, "knee_pole": (0.0, 0.0, 1.0), "foot_pitch": 172.0, "toe_out": 0.0}
    feet = places(stance / 2, body.ankle_height, np.zeros(len(knee)))
    root = hips_over_feet(body, feet, knee, 0.01 * body.stature)
    return {"root": root, "feet": feet, "toe_out": 10.0}


#: Arms that an exercise leaves free, relative to the chest.
_FREE_ARMS: dict[Arms, dict[str, float]] = {
    "hanging": {"arm_elevation": 8.0, "arm_plane": 10.0, "elbow": 12.0, "arm_rotation": 0.0, "pronation": 10.0},
    "crossed": {"arm_elevation": 55.0, "arm_plane": 72.0, "elbow": 112.0, "arm_rotation": -62.0, "pronation": 60.0},
    "hips": {"arm_elevation": 42.0, "arm_plane": -20.0, "elbow": 82.0, "arm_rotation": -68.0, "pronation": 40.0},
    "head": {"arm_elevation": 112.0, "arm_plane": 18.0, "elbow": 138.0, "arm_rotation": 118.0, "pronation": 10.0},
    "goblet": {"arm_elevation": 26.0, "arm_plane": 72.0, "elbow": 132.0, "arm_rotation": -22.0, "pronation": -50.0},
}


def free_arms(arms: Arms, lean: Value, raise_ahead: Value = 1.0) -> dict[str, Any]:
    """Posture values of arms that are not exercising, above a trunk that leans by ``lean`` degrees.

    Hanging arms stay vertical; arms ``ahead`` stay level, as far as ``raise_ahead`` (0 hanging, 1 level) says.
    """
    if arms == "ahead":
        level = np.asarray(raise_ahead) * (84.0 + 0.85 * np.asarray(lean)) + 4.0
        return {"arm_elevation": level, "arm_plane": 84.0, "elbow": 10.0, "arm_rotation": 0.0, "pronation": 30.0}
    values: dict[str, Any] = dict(_FREE_ARMS[arms])
    if arms == "hanging":
        values |= {"arm_elevation": np.hypot(8.0, lean), "arm_plane": np.degrees(np.arctan2(lean, 8.0))}
    return values
