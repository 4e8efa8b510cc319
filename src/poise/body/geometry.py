"""Angles and offsets of a body: pure functions of arrays shaped ``(..., D)``; NaN in, NaN out.

Conventions, written once: angles are degrees. *Flexion* is 0 for a straight joint and grows as it bends, so
it is 180 minus the interior angle. A *lean* is measured from the upward vertical, positive towards
``facing`` (+1 when the person faces right in the picture, -1 left). A *signed offset* is positive on the
right-hand side of the line when one walks from its start to its end with y pointing down.
"""

from __future__ import annotations

import numpy as np

from poise.body.pose import Array


def distance(a: Array, b: Array) -> Array:
    """How far apart two points are, in their own unit: shape ``(...)``.

    >>> float(distance(np.array([0.0, 0.0]), np.array([3.0, 4.0])))
    5.0
    """
    return np.asarray(np.sqrt(((a - b) ** 2).sum(-1)))


def interior_angle(a: Array, b: Array, c: Array) -> Array:
    """The angle at ``b`` between the rays to ``a`` and ``c``, 0..180 degrees: shape ``(...)``, any D.

    >>> float(interior_angle(np.array([1.0, 0.0]), np.array([0.0, 0.0]), np.array([0.0, 1.0])))
    90.0
    """
    u, v = a - b, c - b
    norm = np.sqrt(np.vecdot(u, u) * np.vecdot(v, v))
    cos = np.vecdot(u, v) / np.where(norm > 0, norm, np.nan)
    return np.asarray(np.degrees(np.arccos(np.minimum(np.maximum(cos, -1.0), 1.0))))


def flexion(a: Array, b: Array, c: Array) -> Array:
    """How far the joint at ``b`` is bent: 0 straight, growing as ``a`` and ``c`` close, degrees."""
    return 180.0 - interior_angle(a, b, c)


def lean(top: Array, bottom: Array, facing: Array | float = 1.0) -> Array:
    """The angle of the segment from ``bottom`` to ``top`` to the upward vertical, -180..180 degrees, 2D only.

    Positive when ``top`` lies further along ``facing`` than ``bottom``.

    >>> float(lean(np.array([1.0, 0.0]), np.array([0.0, 1.0])))
    45.0
    """
    d = top - bottom
    return np.asarray(np.degrees(np.arctan2(facing * d[..., 0], -d[..., 1])))


def elevation(far: Array, near: Array) -> Array:
    """The angle of the segment from ``near`` to ``far`` above the horizontal, -90..90 degrees, 2D only.

    >>> float(elevation(np.array([1.0, -1.0]), np.array([0.0, 0.0])))
    45.0
    """
    d = far - near
    return np.asarray(np.degrees(np.arctan2(-d[..., 1], np.abs(d[..., 0]))))


def signed_offset(p: Array, start: Array, end: Array) -> Array:
    """The perpendicular offset of ``p`` from the line ``start`` → ``end``, as a share of that line's length, 2D.

    >>> float(signed_offset(np.array([1.0, 0.5]), np.array([0.0, 0.0]), np.array([2.0, 0.0])))
    0.25
    """
    line, d = end - start, p - start
    cross = line[..., 0] * d[..., 1] - line[..., 1] * d[..., 0]
    square = (line * line).sum(-1)
    return np.asarray(np.divide(cross, square, out=np.full_like(cross, np.nan), where=square > 0))


def angle_sigma(a: Array, b: Array, c: Array, sigma: Array | float) -> Array:
    """The standard deviation, in degrees, of the angle at ``b`` when each point has isotropic error ``sigma``.

    First-order propagation: with u = a - b and v = c - b,
    var = sigma² (1/|u|² + 1/|v|² + (1/|u|² + 1/|v|² - 2 cos θ / (|u| |v|))).
    """
    u2, v2 = ((a - b) ** 2).sum(-1), ((c - b) ** 2).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = 1 / u2 + 1 / v2
        cos = ((a - b) * (c - b)).sum(-1) / np.sqrt(u2 * v2)
        var = ends + (ends - 2 * cos / np.sqrt(u2 * v2))
    return np.asarray(np.degrees(sigma * np.sqrt(np.maximum(var, 0.0))))
