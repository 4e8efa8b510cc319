"""Cutting regions out of pictures: told with pictures whose every pixel is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from poise.vision._warp import Roi, cut_out
from poise.vision.frame import Picture


def noise(height: int, width: int) -> Picture:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def slope(height: int, width: int, across: float, down: float) -> Picture:
    """A picture whose grey grows evenly: bilinear interpolation of it is exact."""
    y, x = np.mgrid[:height, :width]
    grey = (across * x + down * y).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def test_the_whole_picture_at_its_size_is_the_picture() -> None:
    picture = noise(32, 32)
    assert np.array_equal(cut_out(picture, Roi(16, 16, 32), 32, repeat_edge=False), picture)


def test_a_part_at_its_size_is_that_part() -> None:
    picture = noise(40, 60)
    assert np.array_equal(cut_out(picture, Roi(30, 20, 16), 16, repeat_edge=True), picture[12:28, 22:38])


def test_a_smaller_cut_looks_at_every_other_pixel() -> None:
    picture = noise(64, 64)
    assert np.array_equal(cut_out(picture, Roi(32, 32, 64), 32, repeat_edge=False), picture[::2, ::2])


def test_a_larger_cut_interpolates() -> None:
    cut = cut_out(slope(64, 64, 2, 1), Roi(32, 32, 32), 64, repeat_edge=False).astype(int)
    v, u = np.mgrid[:64, :64]
    expected = 2 * (16 + u / 2) + (16 + v / 2)
    assert np.abs(cut[:, :, 0] - expected).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_a_turned_region_comes_out_upright(quarter: int) -> None:
    """What lies towards the region's rotation in the picture is up in the cut."""
    picture = np.zeros((65, 65, 3), np.uint8)
    dx, dy = [(0, -1), (1, 0), (0, 1), (-1, 0)][quarter]
    picture[32 + 20 * dy, 32 + 20 * dx] = 255
    cut = cut_out(picture, Roi(32, 32, 64, quarter * math.pi / 2), 64, repeat_edge=False)
    row, column = np.unravel_index(cut[:, :, 0].argmax(), (64, 64))
    assert (int(row), int(column)) == (12, 32)


def test_points_of_a_region_lie_where_its_pixels_are_taken_from() -> None:
    roi = Roi(40.0, 30.0, 50.0, 0.7)
    cut = cut_out(slope(80, 80, 2, 1), roi, 10, repeat_edge=False)
    for column, row in ((2, 3), (5, 5), (7, 4)):
        x, y = roi.to_picture(np.array([column / 10, row / 10]))
        assert cut[row, column, 0] == pytest.approx(2 * x + y, abs=1.0)


def test_vectors_turn_with_the_region_and_keep_their_depth() -> None:
    turned = Roi(5.0, 5.0, 10.0, math.pi / 2).turned(np.array([[0.0, -1.0, 3.0], [1.0, 0.0, -2.0]]))
    assert turned == pytest.approx(np.array([[1.0, 0.0, 3.0], [0.0, 1.0, -2.0]]))


@pytest.mark.parametrize(
    "roi",
    [
        Roi(50, 30, 80),
        Roi(50, 30, 200, 0.4),
        Roi(0, 0, 40, -1.0),
        Roi(95, 55, 30, 2.0),
        Roi(300, 30, 40),
        Roi(50, -200, 60, 0.1),
    ],
)
def test_outside_the_picture_its_nearest_edge_pixel_is_seen(roi: Roi) -> None:
    picture = slope(60, 100, 2, 0.8)
    margin = 400
    wide = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    expected = cut_out(wide, Roi(roi.x + margin, roi.y + margin, roi.side, roi.rotation), 48, repeat_edge=False)
    cut = cut_out(picture, roi, 48, repeat_edge=True)
    assert np.abs(cut.astype(int) - expected).max() <= 2, "the nearest pixel, where the other interpolates"


def test_without_repeating_the_edge_it_is_black_outside() -> None:
    white = np.full((20, 20, 3), 255, np.uint8)
    cut = cut_out(white, Roi(10, 10, 40), 40, repeat_edge=False)
    assert (cut[11:29, 11:29] == 255).all()
    assert not cut[:9].any()
    assert not cut[:, 31:].any()


def test_views_of_pictures_are_taken() -> None:
    picture = noise(40, 40)
    assert np.array_equal(
        cut_out(picture[:, ::-1], Roi(20, 20, 20), 20, repeat_edge=True), picture[10:30, ::-1][:, 10:30]
    )


@pytest.mark.parametrize(("x", "y"), [(14, 32), (50, 32), (32, 14), (32, 50)])
def test_what_lies_beyond_one_edge_alone_is_filled_too(x: int, y: int) -> None:
    """Six of 40 pixels of the region lie outside, on one side of the picture, which is white."""
    cut = cut_out(np.full((64, 64, 3), 255, np.uint8), Roi(x, y, 40), 40, repeat_edge=True)
    assert (cut == 255).all()
