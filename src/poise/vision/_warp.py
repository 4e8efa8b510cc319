"""Square regions of a picture, turned upright: where they lie, and cutting them out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import kornia_rs.imgproc
import numpy as np
from numpy.typing import NDArray

from poise.body import Array
from poise.vision.frame import Picture

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Roi:
    """A square region of a picture: centre and side in pixels, rotation in radians, clockwise on the screen."""

    x: float
    y: float
    side: float
    rotation: float = 0.0

    def to_picture(self, points: Array) -> Array:
        """Points given as shares of the region (0..1 along each side), in pixels of the picture: ``(..., 2)``.

        >>> Roi(x=10.0, y=20.0, side=8.0).to_picture(np.array([1.0, 0.5])).tolist()
        [14.0, 20.0]
        """
        return np.asarray(self.turned((points - 0.5) * self.side) + np.array([self.x, self.y]))

    def turned(self, vectors: Array) -> Array:
        """Vectors of the upright region as they lie in the picture: x and y turned, ``(..., 2 or more)``."""
        cos, sin = math.cos(self.rotation), math.sin(self.rotation)
        out = np.array(vectors, dtype=np.float64)
        out[..., 0] = cos * vectors[..., 0] - sin * vectors[..., 1]
        out[..., 1] = sin * vectors[..., 0] + cos * vectors[..., 1]
        return out


def cut_out(image: Picture, roi: Roi, pixels: int, *, repeat_edge: bool) -> Picture:
    """The region, upright, scaled to ``(pixels, pixels, 3)`` with bilinear interpolation.

    Outside the picture it shows the nearest edge pixel when `repeat_edge` is true, else black.
    """
    # Pixel (column, row) of the result looks at (left + across * column - down * row, ...) in the picture,
    # both counted from pixel centres.
    left, top = roi.to_picture(np.zeros(2)).tolist()
    across, down = math.cos(roi.rotation) * roi.side / pixels, math.sin(roi.rotation) * roi.side / pixels
    square = (roi.side / pixels) ** 2
    a, b = across / square, down / square
    to_region = (a, b, -a * left - b * top, -b, a, b * left - a * top)
    image = np.ascontiguousarray(image)
    cut: Picture = np.asarray(kornia_rs.imgproc.warp_affine(image, to_region, (pixels, pixels), "bilinear"))
    if repeat_edge:
        _repeat_edge(cut, image, left, top, across, down)
    return cut


def _repeat_edge(cut: Picture, image: Picture, left: float, top: float, across: float, down: float) -> None:
    """Fill, in place, what `cut` shows of the outside of the picture with the picture's nearest edge pixels."""
    height, width = image.shape[:2]
    steps = np.arange(len(cut), dtype=np.float32)
    x, y = left - down * steps, top + across * steps  # where each row begins; along it they grow evenly
    in_x, in_y = _between(x, across, width - 1), _between(y, down, height - 1)
    first, last = np.maximum(in_x[0], in_y[0]), np.minimum(in_x[1], in_y[1])
    if (first <= 0).all() and (last >= len(cut) - 1).all():
        return
    outside = (steps < first[:, None]) | (steps > last[:, None])
    column, in_row = np.broadcast_to(steps.astype(np.float64), outside.shape)[outside], outside.sum(1)
    nearest_x, nearest_y = across * column, down * column
    nearest_x += x.repeat(in_row)
    nearest_y += y.repeat(in_row)
    nearest = nearest_y.clip(0, height - 1).round().astype(np.intp)
    nearest *= width
    nearest += nearest_x.clip(0, width - 1).round().astype(np.intp)
    whole_pixel = "V3"  # moved as one value, not as three
    cut.view(whole_pixel)[..., 0][outside] = image.reshape(-1).view(whole_pixel).take(nearest)


def _between(start: Floats, slope: float, limit: float) -> tuple[Floats, Floats]:
    """The first and the last step at which ``start + slope * step`` lies in 0..limit, as seen without rounding."""
    hair = 1e-3
    slope = slope or 1e-12
    a, b = (hair - start) / slope, (limit - hair - start) / slope
    return np.minimum(a, b), np.maximum(a, b)
