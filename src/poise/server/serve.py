"""Running it: the server in this process, the workers beside it, each started again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from poise.classify import open_classifier
from poise.errors import ServerUnavailable
from poise.server.app import create_app
from poise.server.messages import LONGEST
from poise.server.pairing import addresses, certificate, pairing_token
from poise.server.queue import Queue
from poise.server.settings import Settings
from poise.server.watched import Watched
from poise.store import open_store
from poise.web import PAGE
from poise.web.assets import Assets

#: Seconds before a worker that died is started again.
AGAIN_S = 1.0
#: When Python looks for garbage that counting references does not find, of which there is little. At its usual
#: (700, 10, 10), 60 people cost 5 % more and are held up by up to 84 ms at once.
GARBAGE = (20_000, 20, 20)


@dataclass(frozen=True)
class Place:
    """Where a server is reached: its addresses, the likeliest first; its token; its certificate, made by itself."""

    addresses: tuple[str, ...]
    token: str | None
    certificate: Path | None
    made: bool

    @property
    def pairing(self) -> str | None:
        """The address that lets another device in."""
        return f"{self.addresses[0]}pair?token={self.token}" if self.token else None


def run(
    settings: Settings,
    runtime: Assets,
    ready: Callable[[Place], None],
    new_token: bool = False,
    watched: Watched | None = None,
) -> None:
    """Serve until interrupted.

    Args:
        settings: how.
        runtime: what the page runs on and is not ours.
        ready: called once it can be reached.
        new_token: whether devices that were paired must pair again.
        watched: what the camera of this machine sees, for those who listen.

    Raises:
        ServerUnavailable: when it cannot listen there.
        StoreUnavailable: when the history cannot be opened.
        UnsuitableModel: when the classifier is none.

    """
    classifier = open_classifier(settings.classifier, settings.labels) if settings.classifier else None
    listening = listen(settings)
    with contextlib.ExitStack() as under:
        under.enter_context(contextlib.closing(listening))
        store = under.enter_context(open_store(settings.database, settings.data))
        place, key = _place(settings, listening.getsockname()[1], new_token)
        if not settings.network:
            from poise.server.offline import forbid_network

            forbid_network()
        queue = under.enter_context(contextlib.closing(Queue(settings.queue, settings.data)))
        app = create_app(
            store,
            queue,
            limits=settings.limits,
            token=place.token,
            page=PAGE,
            vendor=(runtime.id, runtime.folder),
            keep_days=settings.keep_days,
            watched=watched,
            desk=settings.data / "desk",
            classifier=classifier,
        )
        server = uvicorn.Server(_config(app, place.certificate, key))
        gc.collect()
        gc.freeze()  # what is here now stays: looking through it again and again would hold everybody up,
        gc.set_threshold(*GARBAGE)  # and so would looking through every pose that waits to be kept
        with _workers(settings):
            serve(server, listening, lambda: ready(place))


def serve(server: uvicorn.Server, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Serve on a socket until interrupted; ``ready`` is called once it can be reached."""
    runner = asyncio.Runner(loop_factory=server.config.get_loop_factory())
    with contextlib.suppress(KeyboardInterrupt), runner:  # which is how it is ended
        runner.run(_serve(server, listening, ready))


async def _serve(server: uvicorn.Server, listening: socket.socket, ready: Callable[[], None]) -> None:
    serving = asyncio.create_task(server.serve([listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.02)
    if server.started:
        ready()
    await serving


class Patient(WebSocketsSansIOProtocol):
    """Nothing more is read from who does not read the answers: what there is to say to them would pile up."""

    def pause_writing(self) -> None:
        """Too much waits to be sent."""
        super().pause_writing()
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """They have read enough of it."""
        super().resume_writing()
        self.transport.resume_reading()

    async def receive(self) -> Any:
        """The next message, once it can be answered."""
        await self.writable.wait()
        return await super().receive()

    def handle_cont(self, event: Frame) -> None:
        """Take in a further piece of a message."""
        if event.data or event.fin:  # pieces of a message without anything in them may come without end
            super().handle_cont(event)


def _config(app: object, certificate: Path | None, key: Path | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http="h11",  # which, other than httptools, reads no headers without end
        ws=Patient,
        ws_max_size=2 * LONGEST,
        ws_per_message_deflate=False,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


def listen(settings: Settings) -> socket.socket:
    """A socket where the settings say, bound.

    Raises:
        ServerUnavailable: when nothing can listen there.

    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
    except (OSError, OverflowError) as problem:
        listening.close()
        reason = getattr(problem, "strerror", None) or problem
        raise ServerUnavailable(
            f"Nothing can listen on {settings.host}, port {settings.port}: {reason}.",
            "Choose another with --port (0 takes any that is free), or another --host.",
        ) from problem
    return listening


def _place(settings: Settings, port: int, new_token: bool) -> tuple[Place, Path | None]:
    """Where others find it, and the key of its certificate."""
    if settings.loopback:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return Place((f"http://{host}:{port}/",), None, None, False), None
    hosts = _names(settings.host)
    cert, key = settings.certificate, settings.key
    made = settings.tls and cert is None
    if made:
        names = [*hosts, "localhost", "127.0.0.1", "::1", socket.gethostname()]
        cert, key = certificate(settings.data, list(dict.fromkeys(names)))
    scheme = "https" if settings.tls else "http"
    found = tuple(f"{scheme}://{_bracketed(host)}:{port}/" for host in hosts)
    token = pairing_token(settings.data, new_token)
    return Place(found, token, cert if settings.tls else None, made), key if settings.tls else None


def _names(host: str) -> list[str]:
    """The names under which a server on that interface is reached, the likeliest first."""
    if host not in ("", "0.0.0.0", "::"):
        return [host]
    reached = [one for one in addresses() if host == "::" or ":" not in one]
    return [*reached, "localhost"]


def _bracketed(host: str) -> str:
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host


@contextlib.contextmanager
def _workers(settings: Settings) -> Iterator[None]:
    """As many workers as there should be, each started again when it dies, ended with the block."""
    stop = threading.Event()
    keepers = [threading.Thread(target=_keep_one, args=(settings, stop)) for _ in range(settings.workers)]
    for keeper in keepers:
        keeper.start()
    try:
        yield
    finally:
        stop.set()
        for keeper in keepers:
            keeper.join()


def _keep_one(settings: Settings, stop: threading.Event) -> None:
    command = [sys.executable, "-m", "poise.server.worker", settings.text()]
    while not stop.is_set():
        worker = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        while worker.poll() is None and not stop.wait(0.2):
            pass
        if stop.is_set():
            assert worker.stdin
            worker.stdin.close()  # which tells it to end
            try:
                worker.wait(10)
            except subprocess.TimeoutExpired:
                worker.kill()
        worker.wait()
        if worker.stdin:
            worker.stdin.close()
        stop.wait(AGAIN_S)
