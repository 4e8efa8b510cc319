"""What networks end in, read as keypoints: heatmaps and pairs of one-dimensional ones; pure functions.

Places are counted in pixels of the network's picture, the middle of the first pixel being 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from poise.body import Array

Floats = NDArray[np.float32]

#: The standard deviation, in cells, of the Gaussians that heatmaps are trained on (Sun et al. 2019), and by which
#: they are smoothed before their peak is placed (Zhang et al. 2020, DARK).
SIGMA = 2.0


def peaks(maps: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Row, column and height of the highest cell of each map ``(..., H, W)``."""
    height, width = maps.shape[-2:]
    flat = maps.reshape(*maps.shape[:-2], height * width)
    best = flat.argmax(-1)
    top = np.take_along_axis(flat, best[..., None], -1)[..., 0]
    return best // width, best % width, top.astype(np.float64)


def turned_back(maps: Floats, mirror: NDArray[np.intp]) -> Floats:
    """Heatmaps ``(..., K, H, W)`` of a mirror image, as of the picture; `mirror` says who is whose counterpart.

    A heatmap's cells are counted from its first pixels, so the mirrored one is off by most of a cell: it is moved
    by one, as by the authors of HRNet.
    """
    back = maps[..., mirror, :, ::-1].copy()
    back[..., 1:] = back[..., :-1].copy()
    return back


def from_heatmaps(maps: Floats, stride: float = 4.0, *, dark: bool = True) -> tuple[Array, Array]:
    """Keypoints ``(K, 2)`` and scores ``(K,)`` of heatmaps ``(K, H, W)``, `stride` pixels a cell.

    The peak is moved to where a Gaussian through the logarithms of its surroundings has its top (Zhang et al. 2020,
    DARK), or without `dark` a quarter of a cell towards its higher neighbour (Newell et al. 2016).
    """
    rows, columns, score = peaks(maps)
    places = np.stack([columns, rows], axis=-1).astype(np.float64)
    places += _taylor(maps, rows, columns) if dark else _quarter(maps, rows, columns)
    return places * stride, score.clip(0.0, 1.0)


def _quarter(maps: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Array:
    height, width = maps.shape[1:]
    k = np.arange(len(maps))
    inside_x, inside_y = (columns > 0) & (columns < width - 1), (rows > 0) & (rows < height - 1)
    x, y = columns.clip(1, width - 2), rows.clip(1, height - 2)
    dx = np.sign(maps[k, rows, x + 1] - maps[k, rows, x - 1]) * inside_x
    dy = np.sign(maps[k, y + 1, columns] - maps[k, y - 1, columns]) * inside_y
    return 0.25 * np.stack([dx, dy], axis=-1).astype(np.float64)


def _taylor(maps: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Array:
    """The offset of each peak from its cell by one Newton step on the logarithm of the smoothed map."""
    height, width = maps.shape[1:]
    log = _smoothed_logs(maps, rows, columns)
    x, y = (log[:, 2, 3] - log[:, 2, 1]) / 2, (log[:, 3, 2] - log[:, 1, 2]) / 2
    xx = (log[:, 2, 4] - 2 * log[:, 2, 2] + log[:, 2, 0]) / 4
    yy = (log[:, 4, 2] - 2 * log[:, 2, 2] + log[:, 0, 2]) / 4
    xy = (log[:, 3, 3] - log[:, 3, 1] - log[:, 1, 3] + log[:, 1, 1]) / 4
    bend = xx * yy - xy * xy
    inside = (rows > 1) & (rows < height - 2) & (columns > 1) & (columns < width - 2)
    inside &= bend > 1e-12
    step = np.stack([xy * y - yy * x, xy * x - xx * y], axis=-1) / np.where(inside, bend, 1.0)[:, None]
    return np.where(inside[:, None], step.clip(-1.0, 1.0), 0.0)


_REACH = 5
_KERNEL = np.exp(-0.5 * (np.arange(-_REACH, _REACH + 1) / SIGMA) ** 2)
_KERNEL /= _KERNEL.sum()
#: Smooths the cells around a peak, of which the middle five come out: ``(5, 5 + 2 * _REACH)``.
_SMOOTH = np.array([np.pad(_KERNEL, (i, 4 - i)) for i in range(5)])


def _smoothed_logs(maps: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Array:
    """The logarithms of the smoothed maps in the five by five cells around their peaks: ``(K, 5, 5)``."""
    side = 2 + _REACH
    padded = np.pad(maps, ((0, 0), (side, side), (side, side)))
    cells = np.arange(2 * side + 1)
    k = np.arange(len(maps))[:, None, None]
    patch = padded[k, rows[:, None, None] + cells[:, None], columns[:, None, None] + cells]
    return np.asarray(np.log(np.maximum(_SMOOTH @ patch.astype(np.float64) @ _SMOOTH.T, 1e-10)))


def from_simcc(x: Floats, y: Floats, split: float = 2.0) -> tuple[Array, Array]:
    """Keypoints ``(K, 2)`` and scores ``(K,)`` of the axes ``(K, W split)`` and ``(K, H split)`` (Li et al. 2022).

    A keypoint is as sure as the less sure of its axes; what is not above zero on both is not there: NaN.
    """
    places = np.stack([x.argmax(-1), y.argmax(-1)], axis=-1) / split
    score = np.minimum(x.max(-1), y.max(-1)).astype(np.float64)
    there = score > 0.0
    places[~there] = np.nan
    return places, np.where(there, score, 0.0).clip(0.0, 1.0)
