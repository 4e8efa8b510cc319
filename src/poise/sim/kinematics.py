"""Rotations and limbs, vectorised: pure functions of ``(..., 3)`` places, in the axes of `poise.sim.body`."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from poise.body import Array

#: A quantity that stays the same, or changes over time.
Value: TypeAlias = float | Array
#: A place or direction that stays the same, or changes over time.
Place: TypeAlias = tuple[float, float, float] | Array


def rotation_x(degrees: Value) -> Array:
    """Rotations about x, ``(..., 3, 3)``: positive turns up (y) towards ahead (z)."""
    return _rotation(degrees, 1, 2)


def rotation_y(degrees: Value) -> Array:
    """Rotations about y, ``(..., 3, 3)``: positive turns ahead (z) towards the left (x)."""
    return _rotation(degrees, 2, 0)


def rotation_z(degrees: Value) -> Array:
    """Rotations about z, ``(..., 3, 3)``: positive turns left (x) towards up (y)."""
    return _rotation(degrees, 0, 1)


def _rotation(degrees: Value, a: int, b: int) -> Array:
    angle = np.radians(np.asarray(degrees, dtype=np.float64))
    out = np.zeros((*angle.shape, 3, 3))
    out[..., 3 - a - b, 3 - a - b] = 1.0
    out[..., a, a] = out[..., b, b] = np.cos(angle)
    out[..., b, a] = np.sin(angle)
    out[..., a, b] = -out[..., b, a]
    return out


def reach(upper: Value, lower: Value, flexion: Value) -> Array:
    """How far apart the ends of two segments are when the joint between them is bent by ``flexion`` degrees.

    >>> float(reach(3.0, 4.0, 90.0))
    5.0
    """
    u, v = np.asarray(upper, dtype=np.float64), np.asarray(lower, dtype=np.float64)
    return np.asarray(np.sqrt(u * u + v * v + 2 * u * v * np.cos(np.radians(flexion))))


def two_bone(near: Array, far: Array, upper: float, lower: float, pole: Array) -> tuple[Array, Array]:
    """The middle joint and the end of a limb from ``near`` to ``far`` that bends towards ``pole``.

    Exact (law of cosines) as long as ``far`` is within reach; beyond, the limb is stretched straight at it.
    """
    line = far - near
    length = np.linalg.norm(line, axis=-1, keepdims=True)
    axis = line / length
    length = np.minimum(length, upper + lower)
    cos = np.clip((upper * upper + length * length - lower * lower) / (2 * upper * length), -1.0, 1.0)
    side = unit(pole - axis * (pole * axis).sum(-1, keepdims=True))
    middle = near + upper * (cos * axis + np.sqrt(1.0 - cos * cos) * side)
    return middle, near + length * axis


def spread(value: Value) -> Array:
    """A value over time ``(T,)`` made fit to stand beside values of both sides ``(T, 2)``; others unchanged."""
    array = np.asarray(value, dtype=np.float64)
    return array[:, None] if array.ndim == 1 else array


def unit(v: Array) -> Array:
    """The vectors made one long."""
    return np.asarray(v / np.linalg.norm(v, axis=-1, keepdims=True))


def axes_of(up: Array, ahead: Array) -> Array:
    """Rotations ``(..., 3, 3)`` whose local y is ``up`` and whose local z leans towards ``ahead``."""
    y = unit(up)
    z = unit(ahead - y * (ahead * y).sum(-1, keepdims=True))
    return np.stack([np.cross(y, z), y, z], axis=-1)


def apply(axes: Array, vector: Array) -> Array:
    """Matrices times vectors, both with leading axes."""
    return np.asarray((axes @ vector[..., None])[..., 0])
