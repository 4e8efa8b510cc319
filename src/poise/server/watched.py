"""What a board's own camera sees, told to whoever listens: ``/watch``, one way, the newest first.

Whoever is too slow misses what is so, never what was said: of sayings without words only the newest waits.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

#: Sayings that may wait for a listener; of more, the oldest are dropped.
_MOST = 50


@dataclass(eq=False)
class _Listener:
    waiting: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=_MOST))
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, saying: Mapping[str, Any]) -> None:
        """Let a saying wait."""
        if self.waiting and not self.waiting[-1]["text"] and not self.waiting[-1]["kind"]:
            self.waiting.pop()
        self.waiting.append(saying)
        self.news.set()


class Watched:
    """Tells everybody who listens; `tell` may be called from any thread."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._last: Mapping[str, Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def tell(self, saying: Mapping[str, Any]) -> None:
        """Tell a saying, with ``kind`` and ``text``, to everybody."""
        self._last = saying
        loop = self._loop
        if loop:
            with suppress(RuntimeError):  # the server is gone already
                loop.call_soon_threadsafe(self._spread, saying)

    def _spread(self, saying: Mapping[str, Any]) -> None:
        for listener in self._listeners:
            listener.take(saying)

    async def serve(self, socket: WebSocket) -> None:
        """Tell one listener until it goes away."""
        self._loop = asyncio.get_running_loop()
        await socket.accept()
        listener = _Listener()
        if self._last:
            listener.take({**self._last, "kind": "", "text": ""})  # what is so, but nothing that was said before
        self._listeners.add(listener)
        gone = asyncio.create_task(_gone(socket))
        try:
            while not gone.done():
                news = asyncio.create_task(listener.news.wait())
                await asyncio.wait({news, gone}, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                listener.news.clear()
                while listener.waiting:
                    await socket.send_text(json.dumps({"type": "saying", **listener.waiting.popleft()}))
        except (WebSocketDisconnect, RuntimeError):  # it went away meanwhile
            pass
        finally:
            gone.cancel()
            self._listeners.discard(listener)


async def _gone(socket: WebSocket) -> None:
    """Ends when the listener goes away; what it says is not listened to."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
