"""Which films there are: a folder, a pattern, or a list of them."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath

from poise.batch.places import elsewhere, place
from poise.errors import InputError
from poise.vision.frame import FILM_SUFFIXES

#: Endings of lists of films.
MANIFESTS = (".txt", ".csv")
#: What makes a path a pattern.
_SIGNS = "*?["


@dataclass(frozen=True)
class Item:
    """A film as it was given: the name it is told by, its address, and its exercise ("" for everybody's)."""

    name: str
    address: str
    exercise: str = ""


def items(given: str) -> list[Item]:
    """The films of a folder (and of those in it), of a pattern such as ``films/**/*.mp4``, or of a manifest.

    A manifest is a text with a film in each line, or a table (``.csv``) with a column ``film`` and, perhaps, one
    ``exercise``; paths in it are relative to it. A film by itself is taken, too. Names are paths within the folder,
    or as the manifest says.

    Raises:
        InputError: when there is nothing there, or no film in it.

    """
    where = place(given)
    try:
        if where.is_dir():
            found = _named(_films_in(where), given)
        elif where.is_file():
            found = _manifest(where) if where.suffix.lower() in MANIFESTS else [Item(where.name, given)]
        elif any(sign in given for sign in _SIGNS):
            found = _matching(given)
        else:
            raise InputError(
                f"There is nothing at {given!r}.", "Give a folder, a pattern in quotes, or a manifest."
            )
    except OSError as error:
        raise InputError(f"{given!r} cannot be read ({error.strerror or error}).", "Check the address.") from error
    if not found:
        raise InputError(
            f"There is no film in {given!r}.",
            f"Films end in {', '.join(FILM_SUFFIXES)}; others go into a manifest.",
        )
    return found


def _films_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix.lower() in FILM_SUFFIXES and path.is_file()]


def _matching(pattern: str) -> list[Item]:
    """The files that fit a pattern, named from the folder on that the pattern begins in."""
    scheme, mark, path = pattern.rpartition("://")
    parts = PurePosixPath(path.replace(os.sep, "/")).parts
    fixed = len(list(takewhile(lambda part: not any(sign in part for sign in _SIGNS), parts)))
    start = scheme + mark + str(PurePosixPath(*parts[:fixed]))
    return _named((path for path in place(start).glob("/".join(parts[fixed:])) if path.is_file()), start)


def _named(paths: Iterable[Path], folder: str) -> list[Item]:
    start = place(folder)
    return sorted((Item(str(path.relative_to(start)), str(path)) for path in paths), key=lambda item: item.name)


def _manifest(path: Path) -> list[Item]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{str(path)!r} is no text: byte {error.start} is not UTF-8.", "Save it as UTF-8."
        ) from error
    if path.suffix.lower() == ".csv":
        rows = csv.DictReader(io.StringIO(text))
        if "film" not in (rows.fieldnames or ()):
            raise InputError(
                f"The table {str(path)!r} has no column 'film' but {', '.join(rows.fieldnames or ()) or 'none'}.",
                "Name its columns in its first line: film,exercise.",
            )
        lines = [((row["film"] or "").strip(), (row.get("exercise") or "").strip()) for row in rows]
    else:
        lines = [(line.strip(), "") for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [Item(name, _beside(path, name), exercise) for name, exercise in lines if name]


def _beside(manifest: Path, name: str) -> str:
    return name if elsewhere(name) or Path(name).is_absolute() else str(manifest.parent / name)
