"""Recordings: a body's movement on disk, read and written by the file's suffix; and other people's kinds of file.

A new kind of recording is one module here with ``read`` and ``write``, and one line in `FORMATS`; a kind that only
other programs read is one with ``write``, and one line in `EXPORTS`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from poise.body.formats import bvh, c3d, csv_text, json_text, mot, npz, parquet, trc
from poise.body.formats.atomic import replacing
from poise.body.formats.people import Instant, holds_people, read_people
from poise.body.pose import PoseSequence
from poise.errors import InputError, UnknownName, UnreadableRecording

__all__ = [
    "EXPORTS",
    "FORMATS",
    "Format",
    "Instant",
    "export_recording",
    "exportable",
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
    ".json": Format(json_text.read, json_text.write),
}

#: Kinds of files for other programs, by suffix: markers, joint angles, a turning skeleton; less than a recording.
EXPORTS: dict[str, Callable[[BinaryIO, PoseSequence], None]] = {
    ".trc": trc.write,
    ".mot": mot.write,
    ".c3d": c3d.write,
    ".bvh": bvh.write,
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


def exportable(path: Path) -> Callable[[BinaryIO, PoseSequence], None]:
    """What writes files of that path's suffix.

    Raises:
        UnknownName: when the suffix is none of `FORMATS` and `EXPORTS`.

    """
    suffix = path.suffix.lower()
    known = {name: form.write for name, form in FORMATS.items()} | EXPORTS
    if suffix not in known:
        raise UnknownName("file format", path.suffix, known)
    return known[suffix]


def export_recording(path: Path | str, sequence: PoseSequence) -> None:
    """Write a body's movement for another program, by the file's suffix; what was there before is replaced.

    `FORMATS` are written as they are; `EXPORTS` at even times, on the axes that such programs expect.

    Raises:
        UnknownName: when the suffix is none of `FORMATS` and `EXPORTS`.
        InputError: when nobody moves in it, or the skeleton lacks what that kind of file needs.
        MissingExtra: when what writes it is not installed.
        OSError: when the folder is missing or cannot be written to.

    """
    path = Path(path)
    write = exportable(path)
    try:
        with replacing(path) as file:
            write(file, sequence)
    except ValueError as error:
        raise InputError(f"{path.name} cannot be written: {error}.", "Look with: poise analyze FILM") from error


def _format(path: Path) -> Format:
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise UnknownName("recording format", path.suffix, FORMATS) from None
