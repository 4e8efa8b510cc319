"""``.trc``: markers over time, as OpenSim, Sports2D and Pose2Sim do it; one person, with times.

Written are the keypoints by their names, in millimetres with y up (pixels, where there is no world). Read, three
kinds are told apart by their numbers. Pixels (Sports2D): taken as they are, turned over when y points up. Metres in
a plane (Sports2D): the same picture, drawn at `PIXELS` a metre. Metres in space (Pose2Sim, and motion capture): the
body as a camera at its side would see it, from very far away, with the markers as world keypoints besides.
"""

from __future__ import annotations

import io
import math
from typing import BinaryIO

import numpy as np

from poise.body.formats.motion import motion_of
from poise.body.pose import Array, PoseSequence
from poise.body.skeleton import HALPE26

#: Pixels a metre, for markers in metres: a person is then about as high as a picture.
PIXELS = 400.0

#: What the markers of Pose2Sim and OpenSim are called here, without their side.
_PARTS = {
    "eye": "eye",
    "ear": "ear",
    "shoulder": "shoulder",
    "elbow": "elbow",
    "wrist": "wrist",
    "hip": "hip",
    "knee": "knee",
    "ankle": "ankle",
    "bigtoe": "foot_index",
    "smalltoe": "small_toe",
    "heel": "heel",
}
_MIDDLE = {"nose": "nose", "head": "head", "neck": "neck", "hip": "pelvis", "midhip": "pelvis"}

#: Lengths in metres of the units that files name.
_UNITS = {"m": 1.0, "mm": 1e-3, "cm": 1e-2, "px": 1.0, "": 1.0}

#: What a TRC file says of the recording that it was cut from, which is itself.
_ORIGINAL = ("OrigDataRate", "OrigDataStartFrame", "OrigNumFrames")


def keypoint(marker: str) -> str | None:
    """What a marker is called here; None when no skeleton has it.

    >>> keypoint("RBigToe"), keypoint("left_knee"), keypoint("Hip"), keypoint("C7")
    ('right_foot_index', 'left_knee', 'pelvis', None)
    """
    name = marker.strip().lower().replace("_", "").replace(" ", "")
    if name in _MIDDLE:
        return _MIDDLE[name]
    for prefix, side in (("left", "left"), ("right", "right"), ("l", "left"), ("r", "right")):
        part = _PARTS.get(name.removeprefix(prefix)) if name.startswith(prefix) else None
        if part:
            return f"{side}_{part}"
    return None


def read(text: str) -> PoseSequence:
    """The person in that text, on Halpe's skeleton; the markers it lacks are unseen.

    Raises:
        ValueError: when it is no such text, holds no marker that is known, or is damaged.

    """
    lines = text.splitlines()
    if len(lines) < 6 or not lines[0].startswith("PathFileType"):
        raise ValueError("it does not begin as a TRC file")
    names, values = lines[1].split("\t"), lines[2].split("\t")
    unit = dict(zip(names, values, strict=False)).get("Units", "").strip().lower()
    if unit not in _UNITS:
        raise ValueError(f"its unit is {unit!r}, and known are m, cm, mm and px")
    markers = [name for name in lines[3].split("\t")[2:] if name.strip()]
    known = {i: name for i, marker in enumerate(markers) if (name := keypoint(marker))}
    if not known:
        raise ValueError(f"none of its markers is known: {', '.join(markers[:5])}")
    t, places = _rows(lines[5:], len(markers))
    places *= _UNITS[unit]
    places[(places == 0).all(-1)] = np.nan
    xyz = np.full((len(t), len(HALPE26), 3), np.nan)
    for i, name in known.items():
        xyz[:, HALPE26.index(name)] = places[:, i]
    points, world = _seen(xyz)
    score = np.isfinite(points[..., 0]).astype(np.float64)
    return PoseSequence(HALPE26, t, points, score, world)


def write(file: BinaryIO, sequence: PoseSequence) -> None:
    """Write the keypoints of a recording as markers at even times; what is unseen is an empty cell.

    Raises:
        ValueError: when it holds nobody at two times.

    """
    motion = motion_of(sequence)
    names = motion.skeleton.keypoints
    rate, frames, unit = f"{motion.rate:g}", len(motion), "mm" if motion.unit == "m" else "px"
    lines = [
        ["PathFileType", "4", "(X/Y/Z)", "motion.trc"],
        ["DataRate", "CameraRate", "NumFrames", "NumMarkers", "Units", *_ORIGINAL],
        [rate, rate, str(frames), str(len(names)), unit, rate, "1", str(frames)],
        ["Frame#", "Time", *(cell for name in names for cell in (name, "", ""))],
        ["", "", *(f"{axis}{i}" for i in range(1, len(names) + 1) for axis in "XYZ")],
        [],
    ]
    text = io.TextIOWrapper(file, encoding="ascii", newline="\n")
    text.writelines("\t".join(line) + "\n" for line in lines)
    scaled = motion.places * (motion.metres * 1e3)
    for i, (t, row) in enumerate(zip(motion.t, scaled.reshape(frames, -1).tolist(), strict=True), 1):
        cells = ("" if math.isnan(value) else f"{value:.4f}" for value in row)
        text.write("\t".join([str(i), f"{t:.6f}", *cells]) + "\n")
    text.detach()


def _rows(lines: list[str], markers: int) -> tuple[Array, Array]:
    """Seconds ``(T,)`` and places ``(T, markers, 3)``."""
    t, places = [], []
    for number, line in enumerate(lines, 6):
        if not line.strip():
            continue
        cells = line.split("\t")[1:]
        try:
            row = [float(cell) if cell.strip() else math.nan for cell in cells[: 1 + 3 * markers]]
        except ValueError as error:
            raise ValueError(f"line {number} holds no number where one belongs ({error})") from None
        if not row or math.isnan(row[0]):
            raise ValueError(f"line {number} has no time")
        t.append(row[0])
        places.append(row[1:] + [math.nan] * (1 + 3 * markers - len(row)))
    if not t:
        raise ValueError("it has no rows")
    return np.array(t), np.array(places).reshape(len(t), markers, 3)


def _seen(xyz: Array) -> tuple[Array, Array | None]:
    """The markers in a picture ``(T, K, 2)``, pixels with y down; and as world keypoints where they have depth."""
    known = np.nan_to_num(xyz)
    flat = np.abs(known[..., 2]).max() < 1e-9
    if flat and np.ptp(known[..., :2]) > 50.0:
        return _upright(xyz[..., :2]), None
    if flat:
        return xyz[..., :2] * (PIXELS, -PIXELS), None
    left = _middle(xyz, "left_shoulder", "left_hip") - _middle(xyz, "right_shoulder", "right_hip")
    across = np.nan_to_num(left[:, (0, 2)]).sum(0)
    across = across / (np.linalg.norm(across) or 1.0)
    ahead = np.array([-across[1], across[0]])  # to the picture's right; y is up and x, y, z are right-handed
    side = np.stack([xyz[..., (0, 2)] @ ahead, -xyz[..., 1], xyz[..., (0, 2)] @ across], axis=-1)
    return side[..., :2] * PIXELS, side - _middle(side, "left_hip", "right_hip")[:, None]


def _middle(xyz: Array, one: str, other: str) -> Array:
    return np.asarray((xyz[:, HALPE26.index(one)] + xyz[:, HALPE26.index(other)]) / 2)


def _upright(points: Array) -> Array:
    """Pixels with y down, whichever way it pointed: over a film, a head is mostly above the feet."""
    head = [HALPE26.index(name) for name in ("nose", "head", "neck", "left_shoulder", "right_shoulder")]
    feet = [
        HALPE26.index(f"{side}_{part}") for side in ("left", "right") for part in ("ankle", "heel", "foot_index")
    ]
    feet_y, head_y = (y[np.isfinite(y)] for y in (points[:, feet, 1], points[:, head, 1]))
    upside_down = len(feet_y) and len(head_y) and np.median(feet_y) < np.median(head_y)
    return points * (1.0, -1.0) if upside_down else points
