"""``.json``: text for any program. One object: the header, the units, and ``columns``; null is NaN."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import BinaryIO

import numpy as np

from poise.body.formats.layout import KIND, Header, from_columns, to_columns
from poise.body.pose import PoseSequence

#: What the numbers are; said in every file.
UNITS = {
    "t": "seconds",
    "x, y": "pixels, x right, y down",
    "score": "0 to 1",
    "wx, wy, wz": "metres from between the hips, x right, y down, z away from the camera",
}


def write(file: BinaryIO, sequence: PoseSequence) -> None:
    """Write a sequence as one JSON object, numbers in the fewest digits that read back as the same number."""
    columns = {
        name: [None if math.isnan(value) else value for value in values.tolist()]
        for name, values in to_columns(sequence).items()
    }
    said = json.loads(Header.of(sequence).text()) | {"units": UNITS, "columns": columns}
    file.write(json.dumps(said).encode())


def read(file: BinaryIO) -> PoseSequence:
    """The sequence in that text.

    Raises:
        ValueError: when it is no such text, or is damaged or cut short.

    """
    try:
        said = json.loads(file.read())
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON, or is cut short") from None
    columns = said.pop("columns", None) if isinstance(said, dict) else None
    header = Header.parse(json.dumps(said))
    if not isinstance(columns, dict) or not all(isinstance(values, list) for values in columns.values()):
        raise ValueError("it holds no columns")
    try:
        numbers = {name: np.array(values, dtype=np.float64) for name, values in columns.items()}
    except (TypeError, ValueError):
        raise ValueError("its columns hold what is no number") from None
    if len({values.shape for values in numbers.values()}) > 1:
        raise ValueError("its columns differ in length")
    return from_columns(header, numbers)


def is_recording(path: Path) -> bool:
    """Whether a file begins as one of these does; others' keypoints are JSON, too."""
    try:
        with path.open("rb") as file:
            return f'"{KIND}"'.encode() in file.read(64)
    except OSError:
        return False
