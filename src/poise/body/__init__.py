"""What a body is and where it is: skeletons, poses, geometry, recordings on disk. Needs numpy only."""

from poise.body.pose import Array, Keypoints, Pose, PoseSequence
from poise.body.skeleton import BLAZEPOSE33, COCO17, SKELETONS, Skeleton, find_skeleton, mirrored

__all__ = [
    "BLAZEPOSE33",
    "COCO17",
    "SKELETONS",
    "Array",
    "Keypoints",
    "Pose",
    "PoseSequence",
    "Skeleton",
    "find_skeleton",
    "mirrored",
]
