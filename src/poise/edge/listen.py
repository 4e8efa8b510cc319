"""Listening to a board from another machine: what its camera sees, over the socket, from a server one has met."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from poise.body.formats import replacing
from poise.edge.watch import Saying
from poise.errors import InputError, MissingExtra, ServerUnavailable

#: Seconds between tries to reach a board that went away, and until one that says nothing is taken for gone.
AGAIN_S, PATIENCE_S = 2.0, 10.0


@dataclass(frozen=True)
class Board:
    """Where a board is reached, as the address that `poise edge --serve` prints says: ``https://…/pair?token=…``."""

    host: str
    port: int
    secure: bool
    token: str

    @classmethod
    def of(cls, address: str) -> Board:
        """The board of an address.

        Raises:
            InputError: when it is none.

        """
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(f"{address!r} is no address of a board.", "Give the one that poise edge printed.")
        secure = parts.scheme == "https"
        token = (parse_qs(parts.query).get("token") or [""])[0]
        return cls(parts.hostname, port or (443 if secure else 80), secure, token)

    @property
    def name(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


def listen(
    board: Board, met: Path, tell: Callable[[Saying], None], again: Callable[[], bool] = lambda: True
) -> None:
    """Tell what the board says, reconnecting when it goes away, for as long as ``again`` says so.

    The first time its certificate is taken as it is and kept in ``met``; from then on it must be the same.

    Raises:
        MissingExtra: without what sockets need.
        ServerUnavailable: when it cannot be reached at first, or another answers in its place.

    """
    try:
        import websockets  # noqa: F401
    except ModuleNotFoundError as missing:
        raise MissingExtra("Listening to a board", "web") from missing
    asyncio.run(_listen(board, met, tell, again))


async def _listen(board: Board, met: Path, tell: Callable[[Saying], None], again: Callable[[], bool]) -> None:
    # Not the client with threads: one of its threads reads while another writes, which TLS does not bear.
    from websockets.asyncio.client import connect
    from websockets.exceptions import WebSocketException

    address = f"{'wss' if board.secure else 'ws'}://{board.name}/watch"
    headers = {"Authorization": f"Bearer {board.token}"} if board.token else {}
    reached = False
    while True:
        try:
            known = _known(board, met) if board.secure else None
            async with connect(
                address, additional_headers=headers, ssl=known, open_timeout=PATIENCE_S, proxy=None
            ) as socket:
                reached = True
                async for text in socket:
                    said: dict[str, Any] = json.loads(text)
                    if said.pop("type", "") == "saying":
                        tell(Saying(**said))
        except (OSError, WebSocketException) as problem:
            if not reached:
                raise ServerUnavailable(
                    f"The board at {board.name} cannot be reached ({problem}).",
                    "Is poise edge --serve running there, and is this the address it printed?",
                ) from problem
        if not again():
            return
        await asyncio.sleep(AGAIN_S)


def _known(board: Board, met: Path) -> ssl.SSLContext:
    """A context that takes the board's certificate and no other; its token goes to nobody else."""
    shown = ssl.get_server_certificate((board.host, board.port), timeout=PATIENCE_S)
    print_ = hashlib.sha256(ssl.PEM_cert_to_DER_cert(shown)).hexdigest()
    try:
        known = json.loads(met.read_bytes())
    except (OSError, ValueError):
        known = {}
    if known.get(board.name, print_) != print_:
        raise ServerUnavailable(
            f"Another server answers at {board.name} than before, or its certificate was renewed.",
            f"If that is right, delete {met} and listen again.",
        )
    if board.name not in known:
        met.parent.mkdir(parents=True, exist_ok=True)
        with replacing(met) as file:
            file.write(json.dumps({**known, board.name: print_}).encode())
    context = ssl.create_default_context(cadata=shown)
    context.check_hostname = False  # the certificate itself is known
    return context
