"""Jobs that do nothing but what a test of a crew wants to see."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from poise.batch.jobs import Hand, Tell
from poise.errors import InputError, ResultsUnwritable


@dataclass(frozen=True, eq=False)
class Double:
    """Doubles a number; says that it is half done first."""

    n: int

    def do(self, hand: Hand, tell: Tell) -> tuple[int, int]:
        time.sleep(0.6)
        tell(0.5)
        return 2 * self.n, os.getpid()


@dataclass(frozen=True, eq=False)
class Die:
    """Kills its process, unless it did so often enough."""

    tally: Path
    times: int

    def do(self, hand: Hand, tell: Tell) -> str:
        with self.tally.open("a") as file:
            file.write("x")
        if self.tally.stat().st_size <= self.times:
            os.kill(os.getpid(), signal.SIGKILL)
        return "alive"


@dataclass(frozen=True, eq=False)
class Hang:
    """Never ends."""

    def do(self, hand: Hand, tell: Tell) -> None:
        time.sleep(600)


@dataclass(frozen=True, eq=False)
class Fail:
    """Goes wrong in one of many ways."""

    how: str

    def do(self, hand: Hand, tell: Tell) -> None:
        raise {
            "film": InputError("That is no film.", "Give one."),
            "disk": ResultsUnwritable("The disk is full.", "Free some space."),
            "memory": MemoryError(),
            "bug": ZeroDivisionError("oops"),
        }[self.how]
