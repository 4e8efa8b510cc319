"""A board that tells what its camera sees, without a camera."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import Queue as Line

from poise.server.serve import Place, run
from poise.server.settings import Settings
from poise.server.watched import Watched
from poise.web.assets import Assets


class Running:
    """A server that tells what a camera sees, in a thread; on all interfaces with token and TLS, unless told."""

    def __init__(self, data: Path, host: str = "0.0.0.0") -> None:
        self.watched = Watched()
        self._ready: Line[Place] = Line()
        settings = Settings(host=host, port=0, data=data, workers=0)
        thread = threading.Thread(
            target=run, args=(settings, Assets(data, "none"), self._ready.put), kwargs={"watched": self.watched}
        )
        thread.daemon = True
        thread.start()
        self.place = self._ready.get(timeout=60)

    @property
    def port(self) -> int:
        return int(self.place.addresses[0].rstrip("/").rpartition(":")[2])

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}/pair?token={self.place.token}"
