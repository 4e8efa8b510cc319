"""A server on a port of its own, in this process, and what talks to it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from websockets.sync.client import ClientConnection, connect

from poise.server.app import create_app
from poise.server.limits import Limits
from poise.server.queue import Queue
from poise.server.serve import _config, listen
from poise.server.settings import Settings
from poise.store import open_store
from poise.store.store import Store


@dataclass
class Running:
    """A server that runs: where, its history, its queue, and what is closed when it ends."""

    port: int
    store: Store
    queue: Queue
    ends: list[Callable[[], None]]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @contextmanager
    def socket(self, path: str = "/ws", **more: Any) -> Iterator[Talk]:
        with connect(f"ws://localhost:{self.port}{path}", proxy=None, **more) as socket:
            yield Talk(socket)


@dataclass
class Talk:
    """A socket that speaks JSON."""

    socket: ClientConnection

    def say(self, **what: Any) -> None:
        self.socket.send(json.dumps(what))

    def hear(self) -> dict[str, Any]:
        told = json.loads(self.socket.recv(timeout=20))
        assert isinstance(told, dict)
        return told

    def ask(self, **what: Any) -> dict[str, Any]:
        self.say(**what)
        return self.hear()

    def start(self, exercise: str = "squat", **more: Any) -> dict[str, Any]:
        return self.ask(**{"type": "start", "exercise": exercise, "width": 640, "height": 480, **more})


Serve = Callable[..., Running]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers; they end with the test."""
    ends: list[Callable[[], None]] = []

    def start(folder: Path = tmp_path, **options: Any) -> Running:
        store = open_store("", folder)
        queue = Queue("", folder)
        usual = {"limits": Limits(requests=10_000, poses_s=1e4), "desk": folder / "desk"}
        app = create_app(store, queue, **{**usual, **options})
        listening = listen(Settings(port=0))
        server = uvicorn.Server(_config(app, None, None))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)

        def end() -> None:
            server.should_exit = True
            thread.join()
            listening.close()
            queue.close()
            store.close()

        ends.append(end)
        return Running(listening.getsockname()[1], store, queue, ends)

    yield start
    for end in ends:
        end()


@pytest.fixture
def server(serve: Serve) -> Running:
    return serve()


@pytest.fixture
def web(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        yield client
