"""``.bvh``: a skeleton of rigid bones and its turning joints, for animation; written, never read.

Bones are as long as in the middle of the recording, so the body keeps its shape and joints lie near, not on, the
keypoints. At rest it stands with its arms out to the sides, facing +z; y is up, lengths are centimetres, and each
joint turns by Z, X and Y in that order. A joint that is unseen stays as it last was.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, Literal, NamedTuple

import numpy as np

from poise.body.formats.motion import Motion, motion_of
from poise.body.pose import Array, PoseSequence


class _Joint(NamedTuple):
    """A joint: where it lies from its parent at rest, and which keypoint it is.

    Two joints may lie at one place: one turns what is beside it, the other what is above. `axis` says which line
    of the body such a joint follows exactly: from right to left ("across") or from the hips up ("along").
    """

    name: str
    parent: str
    at: str
    rest: tuple[float, float, float]
    across: str = ""
    axis: Literal["across", "along", ""] = ""


_UP, _DOWN, _AHEAD = (0.0, 1.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)
_SIDES = (("left", (1.0, 0.0, 0.0)), ("right", (-1.0, 0.0, 0.0)))

#: From the hips outwards, parents first; those that no other has for a parent are the ends of bones.
_JOINTS = (
    _Joint("Hips", "", "mid_hip", _UP, "hip", "across"),
    _Joint("Spine", "Hips", "mid_hip", _UP, "shoulder", "along"),
    _Joint("Chest", "Spine", "mid_shoulder", _UP, "shoulder", "across"),
    _Joint("Neck", "Chest", "mid_shoulder", _UP),
    _Joint("Head", "Neck", "nose", _UP),
    *(
        _Joint(
            f"{side.title()}{name}", f"{side.title()}{parent}" if part != first else parent, f"{side}_{part}", rest
        )
        for side, out in _SIDES
        for first, limb in (
            (
                "shoulder",
                (
                    ("Arm", "Chest", "shoulder", out),
                    ("ForeArm", "Arm", "elbow", out),
                    ("Hand", "ForeArm", "wrist", out),
                ),
            ),
            (
                "hip",
                (
                    ("UpLeg", "Hips", "hip", out),
                    ("Leg", "UpLeg", "knee", _DOWN),
                    ("Foot", "Leg", "ankle", _DOWN),
                    ("Toes", "Foot", "foot_index", _AHEAD),
                ),
            ),
        )
        for name, parent, part, rest in limb
    ),
)


def write(file: BinaryIO, sequence: PoseSequence) -> None:
    """Write a recording as a skeleton and its turning joints at even times.

    Raises:
        ValueError: when it holds nobody at two times, or keypoints of the trunk are not in its skeleton.

    """
    motion = motion_of(sequence)
    joints = [joint for joint in _JOINTS if motion.skeleton.has(joint.at)]
    if not {"Hips", "Chest"} <= {joint.name for joint in joints}:
        raise ValueError(f"{motion.skeleton.name} has no hips and shoulders")
    places = {joint.name: motion.at(joint.at) * motion.metres * 100.0 for joint in joints}
    children = {joint.name: [child for child in joints if child.parent == joint.name] for joint in joints}
    ways = _ways(motion, joints, places, children)
    text = io.TextIOWrapper(file, encoding="ascii", newline="\n")
    text.write("HIERARCHY\n" + "\n".join(_hierarchy(joints[0], places, children, 0)) + "\n")
    text.write(f"MOTION\nFrames: {len(motion)}\nFrame Time: {1.0 / motion.rate:.7f}\n")
    order = list(_turning(joints[0], children))
    parents = {joint.name: joint.parent for joint in joints}
    turns = [
        _euler(ways[name] if not parents[name] else np.swapaxes(ways[parents[name]], -1, -2) @ ways[name])
        for name in order
    ]
    for row in np.concatenate([_held(places["Hips"], np.zeros(3)), *turns], axis=-1):
        text.write(" ".join(f"{value:.4f}" for value in row) + "\n")
    text.detach()


def _turning(joint: _Joint, children: dict[str, list[_Joint]]) -> Iterator[str]:
    """The joints that turn something, in the order of the hierarchy."""
    if children[joint.name]:
        yield joint.name
        for child in children[joint.name]:
            yield from _turning(child, children)


def _hierarchy(
    joint: _Joint, places: dict[str, Array], children: dict[str, list[_Joint]], depth: int
) -> Iterator[str]:
    tab, inner = "  " * depth, "  " * (depth + 1)
    offset = np.zeros(3)
    if joint.parent:
        length = np.linalg.norm(places[joint.name] - places[joint.parent], axis=-1)
        offset = np.array(joint.rest) * (np.nanmedian(length) if np.isfinite(length).any() else 0.0)
    turning = bool(children[joint.name])
    kind = "ROOT" if not joint.parent else "JOINT"
    yield f"{tab}{kind} {joint.name}" if turning else f"{tab}End Site"
    yield f"{tab}{{"
    yield f"{inner}OFFSET {' '.join(f'{value:.4f}' for value in offset)}"
    if turning:
        place = "" if joint.parent else "Xposition Yposition Zposition "
        count = 3 if joint.parent else 6
        yield f"{inner}CHANNELS {count} {place}Zrotation Xrotation Yrotation"
        for child in children[joint.name]:
            yield from _hierarchy(child, places, children, depth + 1)
    yield f"{tab}}}"


def _ways(
    motion: Motion, joints: list[_Joint], places: dict[str, Array], children: dict[str, list[_Joint]]
) -> dict[str, Array]:
    """How each turning joint is turned in space, ``(T, 3, 3)``: columns are its x, y and z."""
    ways: dict[str, Array] = {}
    for joint in joints:
        if joint.axis:
            across = motion.at(f"left_{joint.across}") - motion.at(f"right_{joint.across}")
            ways[joint.name] = _frame(across, motion.at("mid_shoulder") - motion.at("mid_hip"), joint.axis)
        elif children[joint.name]:
            child = children[joint.name][0]
            before = ways[joint.parent]
            aim = _unit(places[child.name] - places[joint.name])
            ways[joint.name] = _onto(before @ np.array(child.rest), aim) @ before
        else:
            continue
        ways[joint.name] = _held(ways[joint.name], ways[joint.parent][0] if joint.parent else np.eye(3))
    return ways


def _frame(across: Array, along: Array, axis: str) -> Array:
    """Axes ``(T, 3, 3)`` with one of the two lines exactly on theirs, and the other as near as can be."""
    exact, near = (_unit(across), along) if axis == "across" else (_unit(along), across)
    near = _unit(near - np.vecdot(near, exact)[:, None] * exact)
    x, y = (exact, near) if axis == "across" else (near, exact)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def _onto(one: Array, other: Array) -> Array:
    """The smallest rotations ``(T, 3, 3)`` that turn unit vectors ``(T, 3)`` onto others."""
    cross, cos = np.cross(one, other), np.vecdot(one, other)[:, None, None]
    x, y, z = cross.T
    nil = np.zeros_like(x)
    skew = np.stack([nil, -z, y, z, nil, -x, -y, x, nil], axis=-1).reshape(-1, 3, 3)
    return np.asarray(np.eye(3) + skew + skew @ skew / np.maximum(1.0 + cos, 1e-6))


def _euler(turn: Array) -> Array:
    """Degrees ``(T, 3)`` about Z, X and Y whose rotations, in that order, make those ``(T, 3, 3)``."""
    x = np.arcsin(np.clip(turn[:, 2, 1], -1.0, 1.0))
    z = np.arctan2(-turn[:, 0, 1], turn[:, 1, 1])
    y = np.arctan2(-turn[:, 2, 0], turn[:, 2, 2])
    return np.asarray(np.degrees(np.stack([z, x, y], axis=-1)))


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, np.nan))


def _held(values: Array, first: Array) -> Array:
    """The values ``(T, ...)`` with each that is not known as it was last, or, before all, as it is first known."""
    known = np.isfinite(values).reshape(len(values), -1).all(-1)
    if not known.any():
        return np.broadcast_to(first, values.shape)
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), int(known.argmax())))
    return np.asarray(values[last])
