"""What BlazePose's two networks say, in numbers one can use: pure functions of their outputs.

The constants are those of MediaPipe's pose graphs (``pose_detection_cpu``, ``pose_landmark_cpu`` and their
subgraphs), Apache-2.0; the method is Bazarevsky et al., "BlazePose: On-device real-time body pose tracking", 2020.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from poise.body import Array
from poise.vision._warp import Roi
from poise.vision.estimators._tflite import Tensor

#: Detector: its input side, and the shapes of its boxes with keypoints and of its scores.
DETECTOR_PIXELS = 224
DETECTOR_OUTPUTS = ((1, 2254, 12), (1, 2254, 1))
#: Landmark network: landmarks, presence of a person, heatmaps, world landmarks.
LANDMARK_PIXELS = 256
LANDMARK_OUTPUTS = ((1, 195), (1, 1), (1, 64, 64, 39), (1, 117))

#: A detection, a person in the region, or a heatmap's peak counts from here on.
MIN_SCORE = 0.5

_SAME_PERSON_IOU = 0.3
_ROI_MARGIN = 1.25
_KEYPOINTS = 33
_HEATMAP_REACH = 4  # cells to either side: a kernel of 9


def sigmoid(logits: Tensor) -> Array:
    """Logits as probabilities."""
    return np.asarray(1 / (1 + np.exp(-logits.astype(np.float64))))


@dataclass(frozen=True)
class Detection:
    """Somebody in the detector's picture, which is a square; everything in shares of its side.

    Args:
        score: 0..1.
        hips: ``(2,)`` the middle between the hips.
        edge: ``(2,)`` a point on the circle around the whole body, straight above the hips of who stands.

    """

    score: float
    hips: Array
    edge: Array


def region(centre: Array, edge: Array) -> Roi:
    """The region to look for the landmarks in: the circle through `edge` with a margin, its top towards `edge`."""
    dx, dy = (edge - centre).tolist()
    side = 2 * math.hypot(dx, dy) * _ROI_MARGIN
    return Roi(float(centre[0]), float(centre[1]), side, math.atan2(dx, -dy))


def _anchors() -> Array:
    """Centres of the detector's 2254 anchors: 2, 2 and 6 in every cell of grids of 28, 14 and 7 a side."""
    grids = []
    for cells, each in ((28, 2), (14, 2), (7, 6)):
        middle = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(middle, middle, indexing="ij")
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), each, axis=0))
    return np.concatenate(grids)


_ANCHORS = _anchors()


def detections(boxes: Tensor, logits: Tensor) -> list[Detection]:
    """Everybody the detector found, surest first: weighted non-maximum suppression of its raw outputs."""
    sure = np.flatnonzero(logits.ravel() > math.log(MIN_SCORE / (1 - MIN_SCORE)))
    score = sigmoid(logits.ravel()[sure])
    raw = boxes[0, sure].astype(np.float64) / DETECTOR_PIXELS
    centre, half = raw[:, :2] + _ANCHORS[sure], raw[:, 2:4] / 2
    low, high = centre - half, centre + half
    area = (high - low).clip(0).prod(1)
    points = raw[:, 4:].reshape(-1, 4, 2) + _ANCHORS[sure, None]

    found, left = [], np.ones(len(sure), dtype=bool)
    while left.any():
        best = int(np.where(left, score, -1.0).argmax())
        overlap = (np.minimum(high, high[best]) - np.maximum(low, low[best])).clip(0).prod(1)
        same = left & (overlap > _SAME_PERSON_IOU * (area + area[best] - overlap))
        same[best] = True
        hips, edge = np.average(points[same], axis=0, weights=score[same])[:2]
        found.append(Detection(float(score[best]), hips, edge))
        left &= ~same
    return found


@dataclass(frozen=True)
class Landmarks:
    """One body as the landmark network sees it, within its region.

    Args:
        points: ``(33, 2)`` shares of the region's side.
        visibility: ``(33,)`` 0..1.
        world: ``(33, 3)`` metres, hip-centred, turned like the region.
        hips: ``(2,)`` and
        edge: ``(2,)`` span the region to look in next, as in `Detection`.

    """

    points: Array
    visibility: Array
    world: Array
    hips: Array
    edge: Array


def landmarks(raw: Tensor, heatmaps: Tensor, world: Tensor) -> Landmarks:
    """The landmark network's outputs, the landmarks drawn to the centre of their heatmaps."""
    table = raw.reshape(-1, 5).astype(np.float64)
    points = table[:, :2] / LANDMARK_PIXELS
    n = _KEYPOINTS + 2  # the keypoints, then hips and edge of the next region
    points[:n] = _refined(points[:n], heatmaps[0])
    return Landmarks(
        points[:_KEYPOINTS],
        sigmoid(raw.reshape(-1, 5)[:_KEYPOINTS, 3]),
        world.reshape(-1, 3)[:_KEYPOINTS].astype(np.float64),
        points[_KEYPOINTS],
        points[_KEYPOINTS + 1],
    )


def _refined(points: Array, heatmaps: Tensor) -> Array:
    """Each point moved to the centre of mass of its heatmap nearby, where that heatmap has a peak there."""
    cells = len(heatmaps)
    reach = np.arange(-_HEATMAP_REACH, _HEATMAP_REACH + 1)
    cell = np.floor(points * cells).astype(np.int64)
    column, row = cell[:, 0, None] + reach, cell[:, 1, None] + reach
    weight = sigmoid(
        heatmaps[
            row.clip(0, cells - 1)[:, :, None],
            column.clip(0, cells - 1)[:, None, :],
            np.arange(len(points))[:, None, None],
        ]
    )
    weight *= ((row >= 0) & (row < cells))[:, :, None] & ((column >= 0) & (column < cells))[:, None, :]
    inside = ((cell >= 0) & (cell < cells)).all(1)
    peaked = inside & (weight.max((1, 2)) >= MIN_SCORE)
    total = weight.sum((1, 2)).clip(1e-12)
    x = (weight.sum(1) * column).sum(1) / total
    y = (weight.sum(2) * row).sum(1) / total
    return np.where(peaked[:, None], np.stack([x, y], axis=1) / cells, points)


class OneEuro:
    """The One Euro filter of any array over time (Casiez et al. 2012), as MediaPipe steadies its regions.

    Speeds are measured in units of `scale`, which is given with every value.
    """

    _SPEED_CUTOFF = 1.0

    def __init__(self, min_cutoff: float, beta: float) -> None:
        self._min_cutoff, self._beta = min_cutoff, beta
        self._last: tuple[float, Array, Array, Array] | None = None

    def update(self, t: float, value: Array, scale: float = 1.0) -> Array:
        """The value, steadied; `t` in seconds must increase."""
        if self._last is None:
            self._last = t, value, value, np.zeros_like(value)
            return value
        before, given, steady, speed = self._last
        dt = t - before
        now = (value - given) / (max(scale, 1e-6) * dt)
        speed = speed + _gain(self._SPEED_CUTOFF, dt) * (now - speed)
        steady = steady + _gain(self._min_cutoff + self._beta * np.abs(speed), dt) * (value - steady)
        self._last = t, value, steady, speed
        return np.asarray(steady)


def _gain(cutoff: Array | float, dt: float) -> Array | float:
    """The share of the news a low-pass filter of that cut-off frequency lets through after `dt` seconds."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff * dt))
