"""``.npz``: numpy's own archive, compressed; small and quick to read. Holds no pickles."""

from __future__ import annotations

import zipfile
import zlib
from typing import Any, BinaryIO

import numpy as np

from poise.body.formats.layout import Header
from poise.body.pose import PoseSequence


def write(file: BinaryIO, sequence: PoseSequence) -> None:
    """Write a sequence as arrays ``header``, ``t``, ``points``, ``score`` and, when there is one, ``world``."""
    arrays: dict[str, Any] = {"t": sequence.t, "points": sequence.points, "score": sequence.score}
    if sequence.world is not None:
        arrays["world"] = sequence.world
    np.savez_compressed(file, header=np.array(Header.of(sequence).text()), **arrays)


def read(file: BinaryIO) -> PoseSequence:
    """The sequence in that archive.

    Raises:
        ValueError: when it is no such archive, or is damaged.

    """
    if file.read(4) != b"PK\x03\x04":
        raise ValueError("it is not an npz archive")
    file.seek(0)
    try:
        with np.load(file, allow_pickle=False) as archive:
            held = {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        raise ValueError("the archive is cut short or damaged") from None
    missing = {"header", "t", "points", "score"} - held.keys()
    if missing:
        raise ValueError(f"it holds no array called {sorted(missing)[0]!r}")
    header = Header.parse(str(held["header"]))
    numbers = [held[name] for name in ("t", "points", "score", "world") if name in held]
    if any(array.dtype != np.float64 for array in numbers):
        raise ValueError("its arrays are not of 64-bit floating-point numbers")
    return header.sequence(held["t"], held["points"], held["score"], held.get("world"))
