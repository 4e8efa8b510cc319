"""What somebody said about stretches of films and about pictures, kept beside the landmarks: one CSV row each.

The columns are ``file, start, end, label, subject, note, labeller``; start and end are seconds on the film's clock,
and empty for a picture. `labelled` writes it into the rows of a landmark table.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

import numpy as np

from poise.body.formats import replacing
from poise.errors import InputError, UnreadableRecording
from poise.learn.data.table import LandmarkTable


@dataclass(frozen=True)
class Interval:
    """A label of a stretch of a film, ``start`` to ``end`` in seconds; of a picture both are NaN."""

    file: str
    start: float
    end: float
    label: str
    subject: str = ""
    note: str = ""
    labeller: str = ""

    @property
    def is_picture(self) -> bool:
        """Whether it labels a whole picture."""
        return math.isnan(self.start)


def read_labels(path: Path | str) -> list[Interval]:
    """The labels in a CSV file, in its order.

    Raises:
        UnreadableRecording: when it cannot be opened, or holds no such labels.

    """
    path = Path(path)
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    except OSError as error:
        raise UnreadableRecording(f"{path} cannot be opened: {error.strerror}.", "Check the path.") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise UnreadableRecording(f"{path} is no table of labels: {error}.", _HINT) from error
    out = []
    for number, row in enumerate(rows, 2):
        try:
            start, end = (float(row.get(name) or "nan") for name in ("start", "end"))
            words = {name: row.get(name) or "" for name in ("subject", "note", "labeller")}
            one = Interval(row["file"], start, end, row["label"], **words)
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableRecording(f"{path}, line {number}: {error} is missing or no number.", _HINT) from error
        if one.end < one.start or math.isnan(one.start) != math.isnan(one.end):
            raise UnreadableRecording(f"{path}, line {number}: it ends before it starts.", _HINT)
        out.append(one)
    return out


_HINT = "Its columns are file, start, end, label, subject, note and labeller."


def write_labels(path: Path | str, intervals: Iterable[Interval]) -> None:
    """Write labels as CSV, whole or not at all."""
    with replacing(Path(path)) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(field.name for field in fields(Interval))
        for one in intervals:
            rows.writerow("" if value != value else value for value in astuple(one))
        text.detach()


def labelled(table: LandmarkTable, intervals: Sequence[Interval]) -> LandmarkTable:
    """The table with those labels, in place of its own for every file that they speak of.

    Each stretch is a part of its film. Where stretches overlap the later one holds.

    Raises:
        InputError: when labels speak of a file that is not in the table.

    """
    strangers = sorted({one.file for one in intervals} - set(table.file.tolist()))
    if strangers:
        raise InputError(
            f"The labels speak of {strangers[0]!r}, which is not in the table.",
            "Extract it first: poise data extract",
        )
    wide = max([table.label.dtype.itemsize // 4, table.subject.dtype.itemsize // 4, 1])
    wide = max([wide, *(max(len(one.label), len(one.subject)) for one in intervals)])
    label, subject, part = table.label.astype(f"<U{wide}"), table.subject.astype(f"<U{wide}"), table.part.copy()
    spoken = np.isin(table.file, sorted({one.file for one in intervals}))
    label[spoken], part[spoken] = "", 0
    for number, one in enumerate(intervals, 1):
        rows = table.file == one.file
        if not one.is_picture:
            rows &= (table.t >= one.start) & (table.t <= one.end)
        label[rows], part[rows] = one.label, number
        if one.subject:
            subject[table.file == one.file] = one.subject
    return replace(table, label=label, subject=subject, part=part)
