"""Where the results of a library lie, and what of them is there already.

::

    STORE/store.json                        with which eyes it is followed, and into how many shards it goes
          inventory.json                    every film given, and its sha256
          keypoints/SHARD/SHA256.parquet    a recording, as `poise analyze` writes and reads it
          quarantine/SHA256.json            a film that cannot be followed, and why
          films|reps|reports/SHARD-ID.parquet   tables; ID changes with whatever they were made from
          summary.json, summary.html, quarantine.csv

A shard holds the films whose sha256 begins with its name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from poise.analysis import Settings
from poise.batch.places import elsewhere, place, whole
from poise.batch.tables import Table
from poise.errors import InputError, ResultsUnwritable

_VERSION = 1
#: Films of a shard at most, when the store is made; a shard is judged at once.
SHARD = 64
_STORE, _INVENTORY = "store.json", "inventory.json"


@dataclass(frozen=True)
class Problem:
    """Why something could not be done; ``bad`` when it is the film's fault, and trying again would not help."""

    message: str
    hint: str
    bad: bool = True


@dataclass(frozen=True)
class Known:
    """A film as it was when it was hashed."""

    name: str
    address: str
    exercise: str
    size: int
    modified: float
    sha256: str


def seen_with(settings: Settings) -> dict[str, Any]:
    """What of the settings makes keypoints other keypoints."""
    seen = {name: getattr(settings, name) for name in ("backend", "model", "people", "person")}
    return {**seen, "options": " ".join(settings.options)} if settings.options else seen


class Results:
    """The results of a library, at an address."""

    def __init__(self, address: str, digits: int) -> None:
        self.address = address
        self.place = place(address)
        self._digits = digits

    def shard(self, film: str) -> str:
        """The shard of a film."""
        return film[: self._digits]

    def keypoints(self, film: str) -> Path:
        """Where the keypoints of a film are, or will be."""
        return self.place / "keypoints" / self.shard(film) / f"{film}.parquet"

    def followed(self) -> set[str]:
        """The films whose keypoints are there."""
        folder = self.place / "keypoints"
        shards = [one for one in folder.iterdir() if one.is_dir()] if folder.is_dir() else []
        return {path.stem for shard in shards for path in shard.iterdir() if _is_ours(path)}

    def set_aside(self, film: str, problem: Problem) -> None:
        """Put a film into quarantine.

        Raises:
            OSError: when that cannot be written down.

        """
        with whole(self.place / "quarantine" / f"{film}.json") as file:
            file.write(json.dumps({"message": problem.message, "hint": problem.hint}).encode())

    def quarantined(self) -> dict[str, Problem]:
        """The films in quarantine, and why."""
        folder = self.place / "quarantine"
        found = {}
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            with suppress(ValueError, TypeError):  # cut short by a failing disk: it is looked at again
                if _is_ours(path):
                    found[path.stem] = Problem(**json.loads(path.read_bytes()))
        return found

    def let_out(self, film: str) -> None:
        """Take a film out of quarantine."""
        (self.place / "quarantine" / f"{film}.json").unlink(missing_ok=True)

    def table(self, table: Table, shard: str, made_from: str) -> Path:
        """Where a shard of a table is, or will be."""
        return self.place / table / f"{shard}-{made_from}.parquet"

    def tables(self, table: Table) -> list[Path]:
        """The shards of a table that are there."""
        folder = self.place / table
        return sorted((one for one in folder.iterdir() if _is_ours(one)), key=str) if folder.is_dir() else []

    def keep_only(self, made_from: Collection[str]) -> None:
        """Delete shards of tables other than these, ``SHARD-ID``: they were made from what is so no more."""
        for table in get_args(Table):
            for path in self.tables(table):
                if path.stem not in made_from:
                    path.unlink()

    def inventory(self) -> dict[str, Known]:
        """The films known, by address."""
        path = self.place / _INVENTORY
        try:
            return {one["address"]: Known(**one) for one in json.loads(path.read_bytes())}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError):  # it can be made again
            return {}

    def take_stock(self, films: Collection[Known]) -> None:
        """Write down which films are known.

        Raises:
            OSError: when it cannot be written.

        """
        with whole(self.place / _INVENTORY) as file:
            file.write(json.dumps([asdict(one) for one in films], indent=0).encode())


@contextmanager
def open_results(address: str, settings: Settings, films: int) -> Iterator[Results]:
    """The results at an address, made when they are not there, and nobody else's until the context ends.

    Args:
        address: a folder, or the address of one elsewhere.
        settings: how films are followed; a store holds the keypoints of one pair of eyes only.
        films: how many there are, which says into how many shards they go.

    Raises:
        InputError: when others are at it, something else is there, or it was made with other eyes.
        ResultsUnwritable: when it cannot be written to.

    """
    where, eyes = place(address), seen_with(settings)
    try:
        where.mkdir(parents=True, exist_ok=True)
        with _alone(where):
            for part in where.rglob(".*.part"):  # left behind by who was killed
                part.unlink(missing_ok=True)
            path = where / _STORE
            if not path.is_file():
                if any(_is_ours(one) for one in where.iterdir()):
                    raise InputError(f"{address!r} holds something else.", "Choose an empty folder with --out.")
                digits = max(1, math.ceil(math.log(max(films, 1) / SHARD, 16)))
                with whole(path) as file:
                    file.write(json.dumps({"version": _VERSION, "digits": digits, "eyes": eyes}).encode())
            yield Results(address, _digits(path, eyes))
    except OSError as error:
        raise ResultsUnwritable(
            f"The results cannot be written to {address}: {error.strerror or error}.",
            "Free some space or choose another place with --out.",
        ) from error


def _digits(path: Path, eyes: dict[str, Any]) -> int:
    try:
        said = json.loads(path.read_bytes())
        version, digits, made = said["version"], int(said["digits"]), said["eyes"]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path} is damaged.", "Choose another place with --out.") from error
    if version != _VERSION:
        raise InputError(
            f"{path} is of version {version}; this poise knows {_VERSION}.",
            "Update poise: pip install --upgrade poise",
        )
    if made != eyes:
        names = [name for name in {**made, **eyes} if made.get(name) != eyes.get(name)]
        other = ", ".join(f"{name} {made.get(name) or 'default'}" for name in names)
        raise InputError(
            f"The films in this store were followed otherwise ({other}).", "Say the same, or give another --out."
        )
    return digits


@contextmanager
def _alone(where: Path) -> Iterator[None]:
    """Nobody else of this machine is at it; the lock goes with the process, however that ends."""
    try:
        import fcntl
    except ImportError:  # no such thing on Windows: two at once do the same work twice, and no harm
        yield
        return
    if elsewhere(str(where)):
        yield
        return
    with (where / ".lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"Another poise batch works on {str(where)!r}.", "Wait until it is done.") from error
        yield


def _is_ours(path: Path) -> bool:
    return not path.name.startswith(".")
