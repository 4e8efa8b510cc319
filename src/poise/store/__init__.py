"""History: whose sessions, what was done in them, the keypoints, and films that wait to be analysed.

::

    Store ── a database (SQLite file, or PostgreSQL by URL), and a folder for films and their results
    ├─ profiles, sessions, their events and keypoints
    └─ jobs: an upload from its first byte to its session

No picture is ever in the database. `open_store` is the way in.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from poise.coach.exercise import data_folder
from poise.errors import MissingExtra

if TYPE_CHECKING:
    from poise.store.store import Store


def open_store(url: str = "", folder: Path | None = None) -> Store:
    """The history, brought up to the newest layout; to be closed.

    Args:
        url: an SQLAlchemy URL, such as ``postgresql://name@host/poise``; "" for a file in ``folder``.
        folder: where films and results lie; `data_folder` unless given.

    Raises:
        MissingExtra: when SQLAlchemy is not installed.
        StoreUnavailable: when the database cannot be opened, or is of a newer poise.

    """
    try:
        from poise.store.store import Store
    except ModuleNotFoundError as missing:
        raise MissingExtra("Keeping a history", "web") from missing
    return Store.open(url, folder or data_folder())
