"""``.csv``: text for spreadsheets. The first line is ``#`` and the header; an empty cell is NaN."""

from __future__ import annotations

import csv
import io
import math
from typing import BinaryIO

import numpy as np

from poise.body.formats.layout import Header, from_columns, to_columns
from poise.body.pose import PoseSequence


def write(file: BinaryIO, sequence: PoseSequence) -> None:
    """Write a sequence as text: the header, the names of the columns, one row per instant.

    Numbers are written in the fewest digits that read back as the same number.
    """
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    columns = to_columns(sequence)
    text.write(f"# {Header.of(sequence).text()}\n")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(columns)
    for row in zip(*(values.tolist() for values in columns.values()), strict=True):
        rows.writerow("" if math.isnan(value) else repr(value) for value in row)
    text.detach()


def read(file: BinaryIO) -> PoseSequence:
    """The sequence in that text.

    Raises:
        ValueError: when it is no such text, a number is none, or rows are cut short.

    """
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not text") from None
    first, _, rest = text.partition("\n")
    header = Header.parse(first.removeprefix("#"))
    if not text.endswith("\n"):
        raise ValueError("its last line is cut short")
    try:
        names, *rows = csv.reader(io.StringIO(rest, newline=""))
    except (csv.Error, ValueError):
        raise ValueError("no table follows its header") from None
    if len(set(names)) != len(names):
        raise ValueError("it has two columns of one name")
    values = np.empty((len(rows), len(names)))
    for i, row in enumerate(rows):
        if len(row) != len(names):
            raise ValueError(f"line {i + 3} has {len(row)} cells, and there are {len(names)} columns")
        try:
            values[i] = [float(cell) if cell else math.nan for cell in row]
        except ValueError as error:
            raise ValueError(f"line {i + 3} holds no number where one belongs ({error})") from None
    return from_columns(header, dict(zip(names, values.T, strict=True)))
