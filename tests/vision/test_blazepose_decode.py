"""What the networks' outputs mean: told with outputs written by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from poise.vision.estimators import _blazepose as blaze
from poise.vision.estimators._tflite import Tensor

ANCHORS = 28 * 28 * 2 + 14 * 14 * 2 + 7 * 7 * 6


def anchor(column: int, row: int) -> int:
    """The first anchor of a cell of the finest grid, 28 a side; its centre is the cell's."""
    return 2 * (row * 28 + column)


def detector(**found: tuple[int, float, tuple[float, float], tuple[float, float]]) -> tuple[Tensor, Tensor]:
    """Outputs with a detection at each (anchor, score): hips and edge lie so many pixels from the anchor."""
    boxes, logits = np.zeros((1, ANCHORS, 12), np.float32), np.full((1, ANCHORS, 1), -10.0, np.float32)
    for at, score, hips, edge in found.values():
        boxes[0, at] = [0, 0, 45, 45, *hips, *edge, 0, 0, 0, 0]
        logits[0, at] = math.log(score / (1 - score))
    return boxes, logits


def test_nobody_is_found_in_low_scores() -> None:
    assert blaze.detections(*detector()) == []
    assert blaze.detections(*detector(a=(anchor(5, 5), 0.49, (0, 0), (0, -1)))) == []


def test_a_detection_is_read_from_its_anchor() -> None:
    (one,) = blaze.detections(*detector(a=(anchor(13, 6), 0.8, (0.0, 22.4), (0.0, -44.8))))
    x, y = 13.5 / 28, 6.5 / 28
    assert one.score == pytest.approx(0.8)
    assert one.hips == pytest.approx([x, y + 0.1])
    assert one.edge == pytest.approx([x, y - 0.2])


def test_overlapping_detections_are_one_weighted_by_score() -> None:
    (one,) = blaze.detections(
        *detector(a=(anchor(13, 6), 0.9, (0, 0), (0, 0)), b=(anchor(14, 6), 0.6, (0, 0), (0, 0)))
    )
    assert one.score == pytest.approx(0.9)
    assert one.hips[0] == pytest.approx((0.9 * 13.5 + 0.6 * 14.5) / 1.5 / 28)


def test_detections_apart_are_several_surest_first() -> None:
    found = blaze.detections(
        *detector(a=(anchor(5, 6), 0.6, (0, 0), (0, 0)), b=(anchor(20, 6), 0.9, (0, 0), (0, 0)))
    )
    assert [round(one.hips[0] * 28, 1) for one in found] == [20.5, 5.5]


def test_all_three_grids_of_anchors_cover_the_picture() -> None:
    for at, x, y in ((0, 0.5 / 28, 0.5 / 28), (28 * 28 * 2, 0.5 / 14, 0.5 / 14), (ANCHORS - 1, 6.5 / 7, 6.5 / 7)):
        (one,) = blaze.detections(*detector(a=(at, 0.9, (0, 0), (0, 0))))
        assert one.hips == pytest.approx([x, y])


@pytest.mark.parametrize(
    ("edge", "rotation"),
    [((100, 40), 0.0), ((160, 100), math.pi / 2), ((100, 160), math.pi), ((40, 100), -math.pi / 2)],
)
def test_a_region_is_the_circle_around_the_body_with_a_margin(edge: tuple[float, float], rotation: float) -> None:
    roi = blaze.region(np.array([100.0, 100.0]), np.array(edge, dtype=float))
    assert (roi.x, roi.y) == (100.0, 100.0)
    assert roi.side == pytest.approx(2 * 60 * 1.25)
    assert roi.rotation == pytest.approx(rotation)


def outputs(x: float = 128.0, y: float = 64.0) -> tuple[Tensor, Tensor, Tensor]:
    """All landmarks at one place of the 256 pixels, heatmaps flat, world landmarks counting up."""
    raw = np.zeros((39, 5), np.float32)
    raw[:, 0], raw[:, 1], raw[:, 3] = x, y, math.log(3)
    heatmaps = np.full((1, 64, 64, 39), -20.0, np.float32)
    return raw.reshape(1, 195), heatmaps, np.arange(117, dtype=np.float32).reshape(1, 117)


def test_landmarks_are_shares_of_the_region() -> None:
    seen = blaze.landmarks(*outputs())
    assert seen.points.shape == (33, 2)
    assert seen.points == pytest.approx(np.tile([0.5, 0.25], (33, 1)))
    assert seen.visibility == pytest.approx(np.full(33, 0.75))
    assert seen.hips == pytest.approx([0.5, 0.25])
    assert seen.edge == pytest.approx([0.5, 0.25])
    assert seen.world.tolist() == np.arange(99.0).reshape(33, 3).tolist()


def test_a_landmark_moves_to_the_middle_of_its_heatmap() -> None:
    raw, heatmaps, world = outputs()
    heatmaps[0, 17, 34, 5] = 20.0
    heatmaps[0, 17, 36, 5] = 20.0
    points = blaze.landmarks(raw, heatmaps, world).points
    assert points[5] == pytest.approx([35 / 64, 17 / 64], abs=1e-4)
    assert points[4] == pytest.approx([0.5, 0.25])


def test_a_heatmap_peak_counts_near_the_landmark_and_above_a_half_only() -> None:
    for row, column, logit in ((16 + 5, 32, 20.0), (16, 32 - 5, 20.0), (16, 34, -0.1)):
        raw, heatmaps, world = outputs()
        heatmaps[0, row, column, 5] = logit
        assert blaze.landmarks(raw, heatmaps, world).points[5] == pytest.approx([0.5, 0.25])


@pytest.mark.parametrize(("x", "y"), [(-3.0, 128.0), (128.0, 257.0)])
def test_a_landmark_outside_the_region_stays_where_it_is(x: float, y: float) -> None:
    raw, heatmaps, world = outputs(x, y)
    heatmaps[:] = 20.0
    assert blaze.landmarks(raw, heatmaps, world).points[5] == pytest.approx([x / 256, y / 256])


def test_at_the_border_the_heatmap_ends() -> None:
    raw, heatmaps, world = outputs(0.0, 0.0)
    heatmaps[:] = 20.0
    assert blaze.landmarks(raw, heatmaps, world).points[5] == pytest.approx([2 / 64, 2 / 64])


def test_hips_and_edge_are_refined_too() -> None:
    raw, heatmaps, world = outputs()
    heatmaps[0, 18, 32, 33] = 20.0
    heatmaps[0, 15, 32, 34] = 20.0
    seen = blaze.landmarks(raw, heatmaps, world)
    assert (seen.hips[1], seen.edge[1]) == pytest.approx((18 / 64, 15 / 64), abs=1e-4)


def test_the_filter_passes_the_first_value_and_holds_what_stays() -> None:
    steady = blaze.OneEuro(min_cutoff=0.01, beta=10.0)
    here = np.array([3.0, 4.0])
    for t in (0.0, 0.1, 0.5):
        assert steady.update(t, here).tolist() == [3.0, 4.0]


def test_the_filter_follows_the_published_formula() -> None:
    steady = blaze.OneEuro(min_cutoff=0.5, beta=2.0)
    steady.update(0.0, np.array([0.0]))
    dt, value, scale = 0.2, 1.0, 4.0

    def gain(cutoff: float) -> float:
        return 1 / (1 + 1 / (2 * math.pi * cutoff * dt))

    speed = gain(1.0) * value / (scale * dt)
    expected = gain(0.5 + 2.0 * speed) * value
    assert steady.update(dt, np.array([value]), scale).tolist() == pytest.approx([expected])


def test_the_filter_goes_by_seconds_not_by_frames() -> None:
    """A step seen at once after a second, and the same step seen after ten frames of that second, settle alike."""
    rare, often = blaze.OneEuro(1.0, 0.0), blaze.OneEuro(1.0, 0.0)
    rare.update(0.0, np.array([0.0]))
    often.update(0.0, np.array([0.0]))
    late = rare.update(1.0, np.array([1.0]))
    for i in range(1, 1001):
        smooth = often.update(i / 1000, np.array([1.0]))
    assert late[0] == pytest.approx(0.8627, abs=1e-3)
    assert smooth[0] == pytest.approx(1 - math.exp(-2 * math.pi), abs=1e-3)
