"""Skeletons: which keypoints a body has, what they are called, and which bones join them.

Names are shared by all skeletons (``left_knee`` is the same place in each), so a measure written with
names works on any skeleton that has those keypoints. Indices do not leave this file and `pose.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poise.errors import UnknownName

#: Points that are the middle of two keypoints; every function that takes a keypoint name takes these too.
MIDPOINTS: dict[str, tuple[str, str]] = {
    "mid_ear": ("left_ear", "right_ear"),
    "mid_shoulder": ("left_shoulder", "right_shoulder"),
    "mid_elbow": ("left_elbow", "right_elbow"),
    "mid_wrist": ("left_wrist", "right_wrist"),
    "mid_hip": ("left_hip", "right_hip"),
    "mid_knee": ("left_knee", "right_knee"),
    "mid_ankle": ("left_ankle", "right_ankle"),
    "mid_heel": ("left_heel", "right_heel"),
    "mid_foot_index": ("left_foot_index", "right_foot_index"),
}


def mirrored(name: str) -> str:
    """The name of the same keypoint on the other side of the body.

    >>> mirrored("left_knee"), mirrored("mouth_right"), mirrored("nose")
    ('right_knee', 'mouth_left', 'nose')
    """
    parts = name.split("_")
    other = {"left": "right", "right": "left"}
    return "_".join(other.get(part, part) for part in parts)


class Ends(NamedTuple):
    """Indices of the two keypoints each of some points lies between; ``plain`` when each is a keypoint itself.

    ``every`` are those of all of them, each once, in order.
    """

    one: NDArray[np.intp]
    other: NDArray[np.intp]
    plain: bool
    every: NDArray[np.intp]


@dataclass(frozen=True)
class Skeleton:
    """A named, ordered set of keypoints and the bones between them.

    Raises:
        ValueError: when names repeat or a bone joins keypoints that do not exist.

    """

    name: str
    keypoints: tuple[str, ...]
    bones: tuple[tuple[str, str], ...] = field(repr=False)

    def __post_init__(self) -> None:
        if len(set(self.keypoints)) != len(self.keypoints):
            raise ValueError(f"skeleton {self.name!r} names a keypoint twice")
        unknown = {end for bone in self.bones for end in bone} - set(self.keypoints)
        if unknown:
            raise ValueError(f"skeleton {self.name!r} has bones to unknown keypoints: {sorted(unknown)}")

    def __len__(self) -> int:
        return len(self.keypoints)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.keypoints)}

    def index(self, name: str) -> int:
        """The place of a keypoint along axis K.

        Raises:
            UnknownName: when the skeleton has no such keypoint.

        """
        try:
            return self._index[name]
        except KeyError:
            raise UnknownName(f"keypoint of {self.name}", name, self.keypoints) from None

    @cached_property
    def _names(self) -> frozenset[str]:
        middles = {middle for middle, ends in MIDPOINTS.items() if all(end in self._index for end in ends)}
        return frozenset((*self.keypoints, *middles))

    def has(self, name: str) -> bool:
        """Whether a keypoint (or both ends of a midpoint) belongs to this skeleton.

        >>> COCO17.has("left_heel"), COCO17.has("mid_hip")
        (False, True)
        """
        return name in self._names

    def has_all(self, names: tuple[str, ...]) -> bool:
        """Whether all those keypoints and midpoints belong to this skeleton."""
        return self._names.issuperset(names)

    def ends(self, names: tuple[str, ...]) -> Ends:
        """For each keypoint or midpoint, the indices of the two keypoints it is the middle of (twice itself).

        Raises:
            UnknownName: when the skeleton lacks one.

        """
        found = self._ends.get(names)
        if found is None:
            pairs = [MIDPOINTS.get(name, (name, name)) for name in names]
            one, other = (np.array([self.index(pair[i]) for pair in pairs], dtype=np.intp) for i in (0, 1))
            found = Ends(one, other, bool((one == other).all()), np.union1d(one, other))
            self._ends[names] = found
        return found

    @cached_property
    def _ends(self) -> dict[tuple[str, ...], Ends]:
        return {}

    @cached_property
    def mirror(self) -> NDArray[np.intp]:
        """For each keypoint the index of its mirror image (itself when it lies in the middle)."""
        return np.array([self._index[mirrored(name)] for name in self.keypoints], dtype=np.intp)


_LIMBS = (
    ("left_shoulder", "right_shoulder"),
    ("left_hip", "right_hip"),
    *(
        (f"{side}_{a}", f"{side}_{b}")
        for side in ("left", "right")
        for a, b in (
            ("shoulder", "elbow"),
            ("elbow", "wrist"),
            ("shoulder", "hip"),
            ("hip", "knee"),
            ("knee", "ankle"),
        )
    ),
)

_FEET = tuple(
    (f"{side}_{a}", f"{side}_{b}")
    for side in ("left", "right")
    for a, b in (("ankle", "heel"), ("heel", "foot_index"), ("ankle", "foot_index"))
)

_HANDS = tuple(
    (f"{side}_wrist", f"{side}_{finger}") for side in ("left", "right") for finger in ("thumb", "index", "pinky")
)

BLAZEPOSE33 = Skeleton(
    "blazepose33",
    (
        "nose",
        *("left_eye_inner", "left_eye", "left_eye_outer"),
        *("right_eye_inner", "right_eye", "right_eye_outer"),
        *("left_ear", "right_ear", "mouth_left", "mouth_right"),
        *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
        *("left_pinky", "right_pinky", "left_index", "right_index", "left_thumb", "right_thumb"),
        *("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"),
        *("left_heel", "right_heel", "left_foot_index", "right_foot_index"),
    ),
    (
        *_LIMBS,
        *_FEET,
        *_HANDS,
        ("left_ear", "left_eye"),
        ("left_eye", "nose"),
        ("nose", "right_eye"),
        ("right_eye", "right_ear"),
        ("mouth_left", "mouth_right"),
    ),
)

COCO17 = Skeleton(
    "coco17",
    (
        *("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
        *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
        *("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"),
    ),
    (
        *_LIMBS,
        ("left_ear", "left_eye"),
        ("left_eye", "nose"),
        ("nose", "right_eye"),
        ("right_eye", "right_ear"),
    ),
)

_NECK = (
    ("neck", "nose"),
    ("neck", "left_shoulder"),
    ("neck", "right_shoulder"),
    ("neck", "left_hip"),
    ("neck", "right_hip"),
)

#: OpenPose's body without feet: COCO's keypoints in another order, and the neck.
OPENPOSE18 = Skeleton(
    "openpose18",
    (
        *("nose", "neck", "right_shoulder", "right_elbow", "right_wrist"),
        *("left_shoulder", "left_elbow", "left_wrist"),
        *("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
        *("right_eye", "left_eye", "right_ear", "left_ear"),
    ),
    (*COCO17.bones, *_NECK),
)

_PELVIS_AND_TOES = (
    ("pelvis", "left_hip"),
    ("pelvis", "right_hip"),
    *((f"{side}_ankle", f"{side}_small_toe") for side in ("left", "right")),
)

#: OpenPose's body with feet. Its big toe is the place that others call the foot index.
BODY25 = Skeleton(
    "body25",
    (
        *("nose", "neck", "right_shoulder", "right_elbow", "right_wrist"),
        *("left_shoulder", "left_elbow", "left_wrist", "pelvis"),
        *("right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle"),
        *("right_eye", "left_eye", "right_ear", "left_ear"),
        *("left_foot_index", "left_small_toe", "left_heel"),
        *("right_foot_index", "right_small_toe", "right_heel"),
    ),
    (*COCO17.bones, *_NECK, *_FEET, *_PELVIS_AND_TOES),
)

#: Halpe's body: COCO's keypoints, then head, neck, pelvis and feet.
HALPE26 = Skeleton(
    "halpe26",
    (
        *COCO17.keypoints,
        *("head", "neck", "pelvis"),
        *("left_foot_index", "right_foot_index", "left_small_toe", "right_small_toe"),
        *("left_heel", "right_heel"),
    ),
    (*COCO17.bones, *_NECK, ("head", "neck"), *_FEET, *_PELVIS_AND_TOES),
)

#: Skeletons by name, as recordings name them.
SKELETONS: dict[str, Skeleton] = {s.name: s for s in (BLAZEPOSE33, COCO17, OPENPOSE18, BODY25, HALPE26)}


def find_skeleton(name: str) -> Skeleton:
    """The skeleton of that name.

    Raises:
        UnknownName: when there is none.

    """
    try:
        return SKELETONS[name]
    except KeyError:
        raise UnknownName("skeleton", name, SKELETONS) from None
