"""What a body is and where it is: skeletons, poses, geometry, recordings on disk. Needs numpy only."""

from poise.body.pose import Array, Keypoints, Pose, PoseSequence, levelled
from poise.body.skeleton import (
    BLAZEPOSE33,
    BODY25,
    COCO17,
    HALPE26,
    OPENPOSE18,
    SKELETONS,
    Skeleton,
    find_skeleton,
    mirrored,
)

__all__ = [
    "BLAZEPOSE33",
    "BODY25",
    "COCO17",
    "HALPE26",
    "OPENPOSE18",
    "SKELETONS",
    "Array",
    "Keypoints",
    "Pose",
    "PoseSequence",
    "Skeleton",
    "find_skeleton",
    "levelled",
    "mirrored",
]
