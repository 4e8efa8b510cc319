"""What every estimator promises, as a check that any backend can be held to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from poise.body import Pose, Skeleton
from poise.vision.frame import Frame

if TYPE_CHECKING:
    from poise.vision.estimators import PoseEstimator

#: Sizes as ``(height, width)`` no camera has, but some file will.
_ODD_SIZES = ((1, 1), (1, 33), (7, 2), (255, 257))


def check_estimator(open_one: Callable[[], PoseEstimator], frames: Sequence[Frame]) -> None:
    """Hold an estimator to its contract, on frames that show at least one person.

    Args:
        open_one: opens the estimator, afresh with every call.
        frames: a few consecutive frames, at least two, in time order.

    Raises:
        AssertionError: when a promise is broken; says which.

    """
    with open_one() as estimator:
        before = [frame.image.copy() for frame in frames]
        together = estimator.estimate(frames)
        _must(all(np.array_equal(a, f.image) for a, f in zip(before, frames, strict=True)), "frames are left alone")
        _must(estimator.estimate([]) == [], "no frames, no answers")
        _must(len(together) == len(frames), "there is one list of poses for each frame")
        _must(any(together), "somebody is seen in frames that show somebody")
        for frame, poses in zip(frames, together, strict=True):
            _must(len({pose.person for pose in poses}) == len(poses), "people in a frame are told apart")
            for pose in poses:
                _check_pose(pose, estimator.skeleton, frame)
        _check_time_order(estimator, frames[-1])
    estimator.close()

    with open_one() as estimator:
        one_by_one = [estimator.estimate([frame])[0] for frame in frames]
        _must(_alike(together, one_by_one), "frame by frame, and opened again, it sees the same")
        estimator.reset()
        _must(_alike(together, estimator.estimate(frames)), "what it saw before a reset makes no difference")

    with open_one() as estimator:
        blank = [Frame(np.full((240, 320, 3), 127, np.uint8), t / 10) for t in range(3)]
        _must(not any(estimator.estimate(blank)), "nobody is seen in a blank picture")
        for i, (height, width) in enumerate(_ODD_SIZES):
            noise = np.random.default_rng(i).integers(0, 256, (height, width, 3), dtype=np.uint8)
            _must(len(estimator.estimate([Frame(noise, 1.0 + i)])) == 1, f"{width}x{height} pixels are taken")
        image = frames[0].image[::-1, ::-1]
        image.flags.writeable = False
        _must(len(estimator.estimate([Frame(image, 10.0)])) == 1, "views and read-only pictures are taken")


def _check_pose(pose: Pose, skeleton: Skeleton, frame: Frame) -> None:
    _must(pose.skeleton == skeleton, "poses are of the estimator's skeleton")
    _must(pose.t == frame.t, "a pose has the time of its frame")
    _must(pose.size == frame.size, "a pose knows the size of its picture")
    unseen = np.isnan(pose.points)
    _must(bool((unseen.any(1) == unseen.all(1)).all()), "a keypoint is seen or not, in x and y alike")
    _must(bool(np.isfinite(pose.points[~unseen]).all()), "points are finite or NaN")
    _must(bool(((pose.score >= 0) & (pose.score <= 1)).all()), "scores lie in 0..1")
    _must(bool((pose.score[unseen.any(1)] == 0).all()), "what is unseen has score 0")
    _must(pose.seen, "a pose without any keypoint is not reported")


def _check_time_order(estimator: PoseEstimator, last: Frame) -> None:
    try:
        estimator.estimate([last])
    except ValueError:
        return
    _must(False, "a frame that is not later than the one before is refused with a ValueError")


def _alike(a: Sequence[Sequence[Pose]], b: Sequence[Sequence[Pose]]) -> bool:
    return [len(poses) for poses in a] == [len(poses) for poses in b] and all(
        np.array_equal(p.points, q.points, equal_nan=True) and np.array_equal(p.score, q.score)
        for ps, qs in zip(a, b, strict=True)
        for p, q in zip(ps, qs, strict=True)
    )


def _must(kept: bool, promise: str) -> None:
    if not kept:
        raise AssertionError(f"broken promise: {promise}")
