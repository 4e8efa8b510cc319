"""Reading keypoints from heatmaps and axes."""

from __future__ import annotations

import numpy as np
import pytest

from poise.vision.estimators.heads import from_heatmaps, from_simcc


def gaussian(x: float, y: float, size: tuple[int, int] = (48, 64), sigma: float = 2.0) -> np.ndarray:
    columns, rows = np.arange(size[0]), np.arange(size[1])[:, None]
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2)).astype(np.float32)


def test_a_peak_is_moved_a_quarter_towards_its_higher_neighbour() -> None:
    maps = np.stack([gaussian(20.3, 30.2), gaussian(20.8, 29.9), gaussian(20.0, 30.0)])
    places, score = from_heatmaps(maps, dark=False)
    assert places.tolist() == [[81.0, 121.0], [83.0, 119.0], [80.0, 120.0]]
    assert score == pytest.approx(maps.max((1, 2)))


def test_at_the_edge_there_is_no_neighbour_to_move_to() -> None:
    maps = np.stack([gaussian(0.0, 63.0), gaussian(47.0, 0.0)])
    assert from_heatmaps(maps, dark=False)[0].tolist() == [[0.0, 252.0], [188.0, 0.0]]
    assert from_heatmaps(maps)[0].tolist() == [[0.0, 252.0], [188.0, 0.0]]


def test_dark_finds_the_top_between_the_cells() -> None:
    wanted = np.array([[20.3, 30.2], [11.45, 40.4], [33.0, 9.7]])
    places, _ = from_heatmaps(np.stack([gaussian(x, y) for x, y in wanted]))
    assert np.abs(places / 4 - wanted).max() < 0.01


def test_dark_moves_a_peak_by_a_cell_at_most() -> None:
    shoulder = np.float32(0.9) * gaussian(24.0, 30.0, sigma=4.0)
    shoulder[30, 20] = 1.0
    assert from_heatmaps(shoulder[None])[0] == pytest.approx(np.array([[84.0, 120.0]]))


def test_dark_leaves_what_has_no_top_and_what_is_at_the_edge() -> None:
    between = gaussian(14.0, 30.4) + np.float32(0.9) * gaussian(26.0, 30.4)
    between[30, 20] = 1.2
    maps = np.stack([between, gaussian(20.3, 62.3), gaussian(46.2, 30.3), np.zeros((64, 48), np.float32)])
    assert from_heatmaps(maps)[0].tolist() == [[80.0, 120.0], [80.0, 248.0], [184.0, 120.0], [0.0, 0.0]]


def test_dark_is_not_led_astray_by_rough_maps() -> None:
    wanted = np.random.default_rng(0).uniform(12.0, 36.0, (40, 2))
    rough = np.random.default_rng(1).normal(0.0, 0.03, (40, 64, 48))
    maps = np.stack([gaussian(x, y) for x, y in wanted]) + rough.astype(np.float32)
    off = {dark: np.linalg.norm(from_heatmaps(maps, dark=dark)[0] / 4 - wanted, axis=1) for dark in (True, False)}
    assert np.median(off[True]) < 0.1
    assert np.median(off[True]) < np.median(off[False]) / 3


def test_dark_finds_the_top_of_what_lies_askew() -> None:
    """Exact for any Gaussian: the Newton step takes the bend across into account."""
    x, y = np.arange(48) - 20.3, np.arange(64)[:, None] - 30.35
    askew = np.exp(-((x + y) ** 2 / 8.0 + (x - y) ** 2 / 50.0)).astype(np.float32)
    (place,), _ = from_heatmaps(askew[None])
    assert np.abs(place / 4 - (20.3, 30.35)).max() < 0.01


def test_axes_are_read_at_their_peaks_and_as_surely_as_the_weaker() -> None:
    x, y = np.zeros((3, 384), np.float32), np.zeros((3, 512), np.float32)
    x[0, 101], y[0, 300] = 0.9, 0.6
    x[1, 40], y[1, 50] = 0.3, 1.7
    x[2], y[2] = -1.0, 0.5
    places, score = from_simcc(x, y)
    assert places[:2].tolist() == [[50.5, 150.0], [20.0, 25.0]]
    assert np.isnan(places[2]).all()
    assert score == pytest.approx([0.6, 0.3, 0.0])
