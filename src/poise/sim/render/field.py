"""How far a point is from a simulated body, and where a ray meets it: numba kernels.

Distance formulas follow Inigo Quilez (iquilezles.org/articles): exact round cone, bounded ellipsoid, polynomial
smooth minimum; rays are marched by sphere tracing (Hart 1996).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from poise.body import Array
from poise.sim.render.surface import AXES, BLEND, CENTRE, CONE, FLAT, GROUP, HIGH, KIND, LOW, SIZE, UNCUT

F = TypeVar("F", bound=Callable[..., Any])
Vector = tuple[float, float, float]


def compiled(function: F) -> F:
    """The function, compiled at its first call and kept on disk; runs without the interpreter's lock."""
    return cast(F, njit(fastmath=True, cache=True, nogil=True)(function))


class Bodies(NamedTuple):
    """Primitives, and the indices of those worth looking at here: the first ``size`` of ``listed``."""

    rows: Array
    listed: NDArray[np.intp]
    size: int


@compiled
def hashed(x: int, y: int, z: int) -> float:
    """A number 0..1 that looks random, the same for the same integers."""
    h = (x * 374761393 + y * 668265263 + z * 1274126177) & 0x7FFFFFFF
    h = ((h ^ (h >> 13)) * 1103515245) & 0x7FFFFFFF
    return ((h ^ (h >> 16)) & 0xFFFF) / 65535.0


@compiled
def smooth_noise(x: float, y: float, z: float) -> float:
    """Value noise 0..1: `hashed` at whole numbers, smooth between."""
    floor_x, floor_y, floor_z = math.floor(x), math.floor(y), math.floor(z)
    i, j, k = int(floor_x), int(floor_y), int(floor_z)
    x, y, z = x - floor_x, y - floor_y, z - floor_z
    x, y, z = x * x * (3 - 2 * x), y * y * (3 - 2 * y), z * z * (3 - 2 * z)
    a = hashed(i, j, k) * (1 - x) + hashed(i + 1, j, k) * x
    b = hashed(i, j + 1, k) * (1 - x) + hashed(i + 1, j + 1, k) * x
    c = hashed(i, j, k + 1) * (1 - x) + hashed(i + 1, j, k + 1) * x
    d = hashed(i, j + 1, k + 1) * (1 - x) + hashed(i + 1, j + 1, k + 1) * x
    return (a * (1 - y) + b * y) * (1 - z) + (c * (1 - y) + d * y) * z


@compiled
def into_axes(rows: Array, i: int, x: float, y: float, z: float) -> Vector:
    """A place of the room in the axes of primitive ``i``."""
    x, y, z = x - rows[i, CENTRE], y - rows[i, CENTRE + 1], z - rows[i, CENTRE + 2]
    return (
        rows[i, AXES] * x + rows[i, AXES + 1] * y + rows[i, AXES + 2] * z,
        rows[i, AXES + 3] * x + rows[i, AXES + 4] * y + rows[i, AXES + 5] * z,
        rows[i, AXES + 6] * x + rows[i, AXES + 7] * y + rows[i, AXES + 8] * z,
    )


@compiled
def primitive_distance(rows: Array, i: int, px: float, py: float, pz: float) -> float:
    """The distance from a place to primitive ``i``, negative inside."""
    x, y, z = into_axes(rows, i, px, py, pz)
    if rows[i, KIND] == CONE:
        length, first, last, flat = rows[i, SIZE], rows[i, SIZE + 1], rows[i, SIZE + 2], rows[i, FLAT]
        deep = z / flat
        across = math.sqrt(x * x + deep * deep)
        slope = (first - last) / length
        rise = math.sqrt(max(0.0, 1 - slope * slope))
        k = rise * y - slope * across
        if k < 0:
            d = math.sqrt(across * across + y * y) - first
        elif k > rise * length:
            d = math.sqrt(across * across + (y - length) * (y - length)) - last
        else:
            d = rise * across + slope * y - first
        if flat < 1.0 and d > 0:
            d /= max(1.0, math.sqrt(x * x + (deep / flat) * (deep / flat)) / (across + 1e-9))
    else:
        a, b, c = rows[i, SIZE], rows[i, SIZE + 1], rows[i, SIZE + 2]
        k0 = math.sqrt((x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2)
        k1 = math.sqrt((x / (a * a)) ** 2 + (y / (b * b)) ** 2 + (z / (c * c)) ** 2)
        d = k0 * (k0 - 1.0) / (k1 + 1e-9) if k0 > 1e-4 else -min(a, b, c)
    if rows[i, LOW] > -UNCUT:
        d = max(d, rows[i, LOW] - y)
    if rows[i, HIGH] < UNCUT:
        d = max(d, y - rows[i, HIGH])
    return float(d)


@compiled
def distance(bodies: Bodies, x: float, y: float, z: float) -> tuple[float, int]:
    """The distance from a place to the nearest surface, and the primitive it belongs to."""
    rows = bodies.rows
    best, best_i = 1e9, -1
    blended, nearest, nearest_i, group = 1e9, 1e9, -1, -1.0
    for j in range(bodies.size):  # sorted by group: within one primitives blend, between groups the nearest wins
        i = bodies.listed[j]
        if rows[i, GROUP] != group:
            if blended < best:
                best, best_i = blended, nearest_i
            blended, nearest, group = 1e9, 1e9, rows[i, GROUP]
        d = primitive_distance(rows, i, x, y, z)
        if d < nearest:
            nearest, nearest_i = d, i
        k = rows[i, BLEND] * 1.6
        if blended < 1e8 and k > 0:
            h = max(k - abs(blended - d), 0.0) / k
            blended = min(blended, d) - h * h * k * 0.25
        else:
            blended = min(blended, d)
    if blended < best:
        best, best_i = blended, nearest_i
    return best, best_i


@compiled
def march(bodies: Bodies, eye: Vector, ray: Vector, near: float, far: float) -> tuple[float, int]:
    """How far along a ray the first surface is, and its primitive; -1 and -1 where there is none."""
    t = near
    for _ in range(110):
        d, i = distance(bodies, eye[0] + ray[0] * t, eye[1] + ray[1] * t, eye[2] + ray[2] * t)
        if d < 0.0006:
            return t, i
        t += d * 0.92
        if t > far:
            break
    return -1.0, -1
