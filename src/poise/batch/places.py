"""Where films and results lie: a path of this machine, or any address that fsspec knows, such as ``s3://…``."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

from poise.body.formats import replacing
from poise.errors import InputError, MissingExtra


def place(address: str) -> Path:
    """The place of that address; one elsewhere behaves like a path too.

    Raises:
        MissingExtra: for an address elsewhere, without what it needs.
        InputError: when nothing here knows such addresses.

    """
    if not elsewhere(address):
        return Path(address)
    try:
        from upath import UPath
    except ModuleNotFoundError as missing:
        raise MissingExtra(f"The address {address!r}", "cluster") from missing
    try:
        found = UPath(address)
        _ = found.fs
    except (ImportError, ValueError) as problem:
        raise InputError(
            f"Nothing here opens {address!r}: {problem}.",
            "Install what it names, or give a folder of this machine.",
        ) from problem
    return cast(Path, found)


def elsewhere(address: str) -> bool:
    """Whether that is an address rather than a path of this machine.

    >>> elsewhere("s3://films/squat.mp4"), elsewhere("films/squat.mp4")
    (True, False)
    """
    return "://" in address


@contextmanager
def whole(to: Path) -> Iterator[BinaryIO]:
    """A file that appears there whole or not at all; its folder is made when it is not there.

    Raises:
        OSError: when it cannot be written.

    """
    to.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(to, Path) and not elsewhere(str(to)):
        with replacing(to) as file:
            yield file
        return
    memory = io.BytesIO()  # an object is put at once, and what is put at once is whole
    yield memory
    to.write_bytes(memory.getvalue())


@contextmanager
def at_hand(address: str) -> Iterator[Path]:
    """The file of that address as a file of this machine: fetched for as long as the context lasts."""
    if not elsewhere(address):
        yield Path(address)
        return
    there = place(address)
    with TemporaryDirectory() as folder:
        here = Path(folder) / there.name
        with there.open("rb") as source, here.open("wb") as target:
            while piece := source.read(1 << 20):
                target.write(piece)
        yield here
