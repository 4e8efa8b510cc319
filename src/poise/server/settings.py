"""How a server is run: what `poise serve` was given, passed on to its workers as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from poise.coach.exercise import data_folder
from poise.server.limits import Limits


@dataclass(frozen=True)
class Settings:
    """How a server is run.

    Args:
        host: the interface it listens on; any but loopback's takes a token and TLS.
        port: where.
        data: the folder of history, films and keys.
        database: an SQLAlchemy URL; "" for a file in ``data``.
        queue: a Redis URL; "" for a file in ``data``.
        workers: processes that analyse films; with 0, `poise worker` elsewhere must.
        keep_days: sessions older than that are deleted; None keeps them.
        certificate: a certificate (PEM) of your own, with `key`; None for a self-made one.
        key: its private key (PEM).
        tls: whether connections from elsewhere are encrypted.
        classifier: a classifier that is asked beside the coach; None for none.
        labels: what its outputs are called, where its file does not say.
        network: whether poise itself may open connections to anywhere but this machine.
        limits: how much anybody may ask.

    """

    host: str = "127.0.0.1"
    port: int = 8765
    data: Path = field(default_factory=data_folder)
    database: str = ""
    queue: str = ""
    workers: int = 1
    keep_days: float | None = None
    certificate: Path | None = None
    key: Path | None = None
    tls: bool = True
    classifier: Path | None = None
    labels: tuple[str, ...] = ()
    network: bool = True
    limits: Limits = field(default_factory=Limits)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in ("127.0.0.1", "localhost", "::1")

    def text(self) -> str:
        """As JSON."""
        return _ADAPTER.dump_json(self).decode()

    @classmethod
    def parse(cls, text: str) -> Settings:
        """From JSON."""
        return _ADAPTER.validate_json(text)


_ADAPTER = TypeAdapter(Settings)
