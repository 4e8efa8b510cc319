"""Whose turn it is to be judged: one at a time, in the order asked for; between two, every socket is read."""

from __future__ import annotations

import asyncio
from collections import deque


class Turns:
    """Turns at the one thread that judges everybody.

    An event loop does all that is ready before it looks at its sockets again. Were everybody judged as soon as a
    pose came, a hundred judgings would be ready at once, and the newest pose of the last in line would lie in its
    socket, unread, until they were over. So one turn is given each time the loop comes round.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for a turn; it lasts until whoever has it awaits again."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        if len(self._waiting) == 1:
            loop.call_soon(self._give)
        await turn

    def _give(self) -> None:
        turn = self._waiting.popleft()
        if not turn.done():  # they may have gone away meanwhile
            turn.set_result(None)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._give)
