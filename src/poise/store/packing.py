"""Keypoints made small: about 60 to 150 bytes an instant instead of 800 (1600 with world coordinates).

Coordinates are whole steps of 1/16384 of the picture's longer side (0.04 px of 640, 0.12 px of 1920), world
coordinates whole millimetres, scores 1/255, times nanoseconds: all far below an estimator's own noise (1 to 2 px).
Further than two pictures from the corner, or 32 m from the hips, a coordinate is cut to that. What changes from one
instant to the next is then compressed without further loss.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poise.body import Array, PoseSequence
from poise.body.formats.layout import Header

#: Steps that the picture's longer side is divided into, and pixels a step is when its size is unknown.
STEPS, BLIND_STEP = 16_384, 0.125
_UNSEEN, _FAR = -32_768, 32_767
_METRE, _SECOND, _SURE = 1_000, 1e9, 255


def pack(poses: PoseSequence) -> bytes:
    """The sequence, made small; see above for what is lost."""
    header = Header.of(poses).text().encode() + (b"" if poses.world is None else b" ") + b"\n"
    parts = [
        _changes(np.rint(poses.t * _SECOND).astype(np.int64)),
        _changes(np.rint(np.clip(poses.score, 0, 1) * _SURE).astype(np.uint8)),
        _changes(_whole(poses.points / _step(poses.size))),
    ]
    if poses.world is not None:
        parts.append(_changes(_whole(poses.world * _METRE)))
    return zlib.compress(header + b"".join(parts), 1)  # a tenth larger than at its best, in a third of the time


def unpack(data: bytes) -> PoseSequence:
    """The sequence that was packed.

    Raises:
        ValueError: when the bytes are no packed sequence, or damaged.

    """
    try:
        text, _, rest = zlib.decompress(data).partition(b"\n")
    except zlib.error:
        raise ValueError("the keypoints are damaged") from None
    header = Header.parse(text.decode())
    n, k = header.instants, len(header.skeleton)
    shapes: list[tuple[Any, tuple[int, ...]]] = [(np.int64, (n,)), (np.uint8, (n, k)), (np.int16, (n, k, 2))]
    if text.endswith(b" "):
        shapes.append((np.int16, (n, k, 3)))
    parts = []
    for kind, shape in shapes:
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        parts.append(_summed(rest[:size], kind, shape))
        rest = rest[size:]
    t, score, points, *world = parts
    return header.sequence(
        t / _SECOND,
        _seen(points) * _step(header.size),
        score / _SURE,
        _seen(world[0]) / _METRE if world else None,
    )


def _step(size: tuple[int, int] | None) -> float:
    return max(size) / STEPS if size else BLIND_STEP


def _whole(values: Array) -> NDArray[np.int16]:
    cut = np.clip(np.rint(values), -_FAR, _FAR)
    return np.where(np.isfinite(cut), cut, _UNSEEN).astype(np.int16)


def _seen(values: NDArray[Any]) -> Array:
    return np.where(values == _UNSEEN, np.nan, values.astype(np.float64))


def _changes(values: NDArray[Any]) -> bytes:
    """From instant to instant, which wraps around, each byte of the numbers in a plane of its own."""
    raw = values.view(f"u{values.itemsize}")
    steps = np.diff(raw, axis=0, prepend=np.zeros_like(raw[:1]))
    return np.moveaxis(steps.reshape(-1, 1).view(np.uint8), 0, 1).tobytes()


def _summed(data: bytes, kind: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    size = np.dtype(kind).itemsize
    planes = np.frombuffer(data, np.uint8)
    if planes.size != int(np.prod(shape)) * size:
        raise ValueError("the keypoints are cut short")
    raw = np.ascontiguousarray(planes.reshape(size, -1).T).view(f"u{size}").reshape(shape)
    return np.cumsum(raw, axis=0, dtype=raw.dtype).view(kind)
