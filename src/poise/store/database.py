"""The database itself: opening it, and transactions that read or write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session as Transaction

from poise.errors import MissingExtra, StoreUnavailable
from poise.store import migrations

#: Seconds a transaction waits for another's.
_PATIENCE_S = 30


class Database:
    """Transactions on an SQLite file or a PostgreSQL database, whose tables are those of `tables`."""

    def __init__(self, engine: Engine) -> None:
        self._reading = engine
        self._writing = engine.execution_options(writes=True)

    @classmethod
    def open(cls, url: str, folder: Path) -> Database:
        """The database at a URL, or in ``folder``; made, or brought up to date, where it is needed.

        Raises:
            MissingExtra: when what drives a PostgreSQL database is not installed.
            StoreUnavailable: when it cannot be opened, or is of a newer poise.

        """
        try:
            place = make_url(url or f"sqlite:///{folder / 'poise.sqlite'}")
            if place.get_backend_name() == "postgresql" and place.drivername == "postgresql":
                place = place.set(drivername="postgresql+psycopg")
            if place.get_backend_name() == "sqlite":
                folder.mkdir(parents=True, exist_ok=True)
            engine = create_engine(place, pool_pre_ping=place.get_backend_name() != "sqlite")
        except (ArgumentError, NoSuchModuleError) as problem:
            raise StoreUnavailable(
                f"{url!r} is not the address of a database.",
                "Give one such as postgresql://name@host/poise, or none for a file of your own.",
            ) from problem
        except ModuleNotFoundError as missing:
            if place.get_backend_name() != "postgresql":
                raise StoreUnavailable(
                    f"{url!r} is no database that poise knows.",
                    "Give one of PostgreSQL, such as postgresql://name@host/poise, or none for a file of your own.",
                ) from missing
            raise MissingExtra("A PostgreSQL database", "postgres") from missing
        except OSError as problem:
            raise StoreUnavailable(
                f"{folder} cannot be written: {problem.strerror}.", "Choose another --data."
            ) from None
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        opened = cls(engine)
        try:
            opened._bring_up_to_date()
        except StoreUnavailable:
            opened.close()
            raise
        except SQLAlchemyError as problem:
            opened.close()
            reason = str(getattr(problem, "orig", None) or problem).strip().splitlines()[0]
            raise StoreUnavailable(
                f"The database {place.render_as_string(hide_password=True)} cannot be opened: {reason}.",
                "Check that it runs, that the address is right, that there is space, and that you may write to it.",
            ) from problem
        return opened

    def _bring_up_to_date(self) -> None:
        with self._writing.begin() as connection:
            if self.kind == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7035473)")  # one at a time
            here = migrations.current(connection)
            known = migrations.revisions()
            if here == known[-1]:
                return
            if here is not None and here not in known:
                raise StoreUnavailable(
                    f"The history is of a newer poise (layout {here}; this one knows up to {known[-1]}).",
                    "Use the newer poise, or another --data.",
                )
            migrations.upgrade(connection)

    @property
    def kind(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._reading.dialect.name

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction that changes nothing."""
        with Transaction(self._reading) as transaction:
            yield transaction

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that takes effect whole when the block ends, or not at all when it raises."""
        with Transaction(self._writing) as transaction, transaction.begin():
            yield transaction

    def close(self) -> None:
        """Close every connection."""
        self._reading.dispose()


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so, below
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_PATIENCE_S * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that will write takes the lock at once: taken midway, it could not wait for another's.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
