"""Small tables and people made up for the tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from poise.body import COCO17, Pose, PoseSequence, Skeleton
from poise.learn.data import LandmarkTable
from poise.vision.frame import Frame

#: A standing body on COCO's keypoints, pixels: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles.
STANDING = np.array(
    [
        *([200, 50], [205, 45], [195, 45], [212, 48], [188, 48]),
        *([230, 90], [170, 90], [240, 140], [160, 140], [242, 190], [158, 190]),
        *([220, 200], [180, 200], [222, 290], [178, 290], [224, 380], [176, 380]),
    ],
    dtype=np.float64,
)


def body(
    crouch: float = 0.0, seed: int = 0, noise: float = 1.0
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """A body whose hips and all above are lowered by ``crouch`` pixels, with some noise."""
    out = STANDING.copy()
    out[:13, 1] += crouch
    return out + np.random.default_rng(seed).normal(0.0, noise, out.shape)


def pictures(count: int = 20, people: int = 5, skeleton: Skeleton = COCO17) -> LandmarkTable:
    """A table of pictures of people who stand ("good") and crouch ("bad"), in turn; seen from here and there."""
    points = np.array([body(60.0 * (i % 2), i, 3.0) for i in range(count)])
    poses = PoseSequence(skeleton, np.arange(count, dtype=np.float64), points, np.full(points.shape[:2], 0.9))
    table = LandmarkTable.of(poses, "", picture=True)
    table.__dict__["file"] = np.array([f"{'good' if i % 2 == 0 else 'bad'}/{i:03d}.jpg" for i in range(count)])
    table.__dict__["label"] = np.array(["good", "bad"] * (count // 2))
    table.__dict__["subject"] = np.array([f"p{i // 2 % people}" for i in range(count)])
    return table


def film(name: str, labels: Sequence[str], seconds: float = 2.0, subject: str = "") -> LandmarkTable:
    """A film at 10 rows a second with a part of that many seconds for each label; "" is no part."""
    count = int(seconds * 10)
    rows = count * len(labels)
    points = np.array([body(60.0 * np.sin(i / 3) ** 2, i) for i in range(rows)])
    poses = PoseSequence(COCO17, np.arange(rows) / 10, points, np.full(points.shape[:2], 0.9))
    part = np.repeat([i + 1 if label else 0 for i, label in enumerate(labels)], count)
    table = LandmarkTable.of(poses, name, subject=subject, part=part)
    table.__dict__["label"] = np.repeat(list(labels), count)
    return table


class Eyes:
    """An estimator that sees what it is told to: the brightness of a frame says what."""

    skeleton = COCO17

    def reset(self) -> None: ...

    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        return [self._see(frame) for frame in frames]

    def _see(self, frame: Frame) -> list[Pose]:
        bright = int(frame.image[0, 0, 0])
        if bright == 0:
            return []
        score = np.full(17, 0.1 if bright == 1 else 0.9)
        return [Pose(COCO17, frame.t, body(float(bright), 0, 0.0), score, size=frame.size)]

    def close(self) -> None: ...

    def __enter__(self) -> Eyes:
        return self

    def __exit__(self, *_: object) -> None: ...


def frames(count: int, rate: float = 10.0, bright: int = 100) -> list[Frame]:
    """A film of nothing but brightness."""
    return [Frame(np.full((40, 60, 3), bright, np.uint8), i / rate) for i in range(count)]
