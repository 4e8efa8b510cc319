"""A PostgreSQL server of the tests' own, in a folder of its own, reached through a socket in it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError


def _program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    program = str(found[0]) if found else shutil.which(name)
    if not program:
        pytest.skip("PostgreSQL is not here; on Debian: apt-get install postgresql")
    return program


def _owner() -> str | None:
    """Who runs the server when the tests are run by root, as whom it refuses to run."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


@contextmanager
def postgres() -> Iterator[str]:
    """Runs the server; yields the URL of an empty database."""
    initdb, server = _program("initdb"), _program("postgres")
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="poise-postgres-"))
    data = folder / "data"
    if owner:
        shutil.chown(folder, owner)
    try:
        made = [initdb, "--pgdata", str(data), "--username", "poise", "--auth", "trust", "--no-sync", "--no-locale"]
        subprocess.run([*made, "--encoding", "UTF8"], check=True, capture_output=True, user=owner, cwd=folder)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": folder,
            "fsync": "off",
            "max_connections": 40,
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [server, "-D", str(data), *arguments], stdout=log, stderr=log, user=owner, cwd=folder
            )
        try:
            yield _ready(f"postgresql+psycopg://poise@/postgres?host={folder}", process)
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ready(url: str, process: subprocess.Popen[bytes]) -> str:
    engine = create_engine(url)
    for _ in range(200):
        assert process.poll() is None, "PostgreSQL ended at once"
        try:
            with engine.connect():
                return url
        except OperationalError:
            time.sleep(0.1)
        finally:
            engine.dispose()
    raise AssertionError("PostgreSQL does not answer")


def emptied(url: str) -> str:
    """The same database with nothing in it."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return url
