"""The line of films, in a file and in Redis (Debian's, started here)."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from poise.errors import MissingExtra, StoreUnavailable
from poise.server.queue import Queue


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not shutil.which("redis-server"):
        pytest.skip("Redis is not here; on Debian: apt-get install redis-server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
        process.terminate()


@pytest.fixture(params=["file", "redis"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "file" else str(request.getfixturevalue("redis"))


def test_films_wait_in_the_order_in_which_they_came(url: str, tmp_path: Path) -> None:
    done: list[str] = []
    server, worker = Queue(url, tmp_path), Queue(url, tmp_path, done.append)
    server.put("a")
    server.put_missing(["a", "b"])
    server.put_missing(["a", "b"])
    while task := worker.huey.dequeue():
        worker.huey.execute(task)
    assert done == ["a", "b"]
    for queue in (server, worker):
        queue.close()


def test_a_queue_that_cannot_be_reached_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        Queue("redis://127.0.0.1:1/0", tmp_path)
    monkeypatch.setitem(sys.modules, "redis.exceptions", None)
    with pytest.raises(MissingExtra, match=r"poise\[redis\]"):
        Queue("redis://127.0.0.1:1/0", tmp_path)
