"""Recordings: a body's movement on disk, read and written by the file's suffix; and other people's, read only.

A new kind of file is one module here with ``read`` and ``write``, and one line in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from poise.body.formats import csv_text, npz, parquet
from poise.body.formats.atomic import replacing
from poise.body.formats.people import Instant, holds_people, read_people
from poise.body.pose import PoseSequence
from poise.errors import UnknownName, UnreadableRecording

__all__ = [
    "FORMATS",
    "Format",
    "Instant",
    "holds_people",
    "read_people",
    "read_recording",
    "replacing",
    "write_recording",
]


class Format(NamedTuple):
    """One kind of file: ``read`` raises ValueError, in words, when a file is not of this kind or damaged."""

    read: Callable[[BinaryIO], PoseSequence]
    write: Callable[[BinaryIO, PoseSequence], None]


#: Kinds of recordings by suffix, in small letters.
FORMATS: dict[str, Format] = {
    ".npz": Format(npz.read, npz.write),
    ".parquet": Format(parquet.read, parquet.write),
    ".csv": Format(csv_text.read, csv_text.write),
}


def read_recording(path: Path | str) -> PoseSequence:
    """The recording in that file, number for number what was written.

    Raises:
        UnknownName: when the suffix is none of `FORMATS`.
        UnreadableRecording: when there is no such file, it is not a recording, or it is damaged.

    """
    path = Path(path)
    form = _format(path)
    try:
        with path.open("rb") as file:
            return form.read(file)
    except OSError as error:
        raise UnreadableRecording(f"{path} cannot be opened: {error.strerror}.", "Check the path.") from error
    except ValueError as error:
        hint = "Make it anew with: poise analyze FILM"
        raise UnreadableRecording(f"{path} cannot be read as a recording: {error}.", hint) from error


def write_recording(path: Path | str, sequence: PoseSequence) -> None:
    """Write a recording whole or not at all; what was there before is replaced.

    Raises:
        UnknownName: when the suffix is none of `FORMATS`.
        OSError: when the folder is missing or cannot be written to.

    """
    path = Path(path)
    form = _format(path)
    with replacing(path) as file:
        form.write(file, sequence)


def _format(path: Path) -> Format:
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise UnknownName("recording format", path.suffix, FORMATS) from None
