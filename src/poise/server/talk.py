"""What every conversation on a socket has in common: reading, mistakes, answers, and an end whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from poise.server.limits import Limits
from poise.server.messages import LONGEST, Error, Ping, Pong

_log = logging.getLogger("poise.server")


class Talk:
    """One socket; a kind of conversation says what it `_asked` for, and what is to be done when it has `_ended`.

    Args:
        socket: accepted already.
        limits: how many mistakes there may be.
        requests: reads the messages of the page.

    """

    def __init__(self, socket: WebSocket, limits: Limits, requests: TypeAdapter[Any]) -> None:
        self._socket = socket
        self._limits = limits
        self._requests = requests
        self._mistakes = 0

    async def run(self) -> None:
        """From the first message to the last; what was going on is ended properly whatever happens."""
        try:
            while await self._hear():
                pass
        except WebSocketDisconnect:
            pass
        except Exception:  # ours: it must not take along what is to be kept
            _log.exception("a conversation went wrong")
            with contextlib.suppress(Exception):
                await self._say(Error(code="fault", message="Something went wrong here.", hint="", closing=True))
                await self._socket.close(1011)
        finally:
            await asyncio.shield(self._ended())

    async def _asked(self, said: Any) -> bool:
        """Do what a message asks for; whether to go on."""
        raise NotImplementedError

    async def _ended(self) -> None:
        """The socket is closed."""
        raise NotImplementedError

    def _later(self, text: str) -> bool:
        """Whether a message was put aside unread, to be read when its turn comes."""
        return False

    async def _hear(self) -> bool:
        """Read one message and do what it asks; whether to go on."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            return False
        text = message.get("text")
        if text is None or len(text) > LONGEST:
            return await self._mistake("Only text of at most 32 kB is understood.")
        if self._later(text):
            return True
        try:
            said = self._requests.validate_json(text)
        except ValidationError as wrong:
            return await self._mistake(what_is_wrong(wrong))
        if isinstance(said, Ping):
            await self._say(Pong(t=said.t))
            return True
        return await self._asked(said)

    async def _mistake(self, message: str, code: str = "message", hint: str = "See docs/protocol.md.") -> bool:
        """Say what was wrong with a message; whether to go on."""
        self._mistakes += 1
        last = self._mistakes > self._limits.mistakes
        await self._say(Error(code=code, message=message, hint=hint, closing=last))  # type: ignore[arg-type]
        if last:
            await self._socket.close(1008)
        return not last

    async def _say(self, answer: BaseModel) -> None:
        if self._socket.application_state == WebSocketState.CONNECTED:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # they went away meanwhile
                await self._socket.send_text(answer.model_dump_json())


def what_is_wrong(wrong: ValidationError) -> str:
    """The first thing that is wrong with a message, in words."""
    first = wrong.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{first['msg']}{f' at {place!r}' if place else ''}."[:300]
