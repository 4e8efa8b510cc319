"""One film, analysed in a process of its own, with limits on what it may use: ``python -m poise.server.analyse``.

It is told on its standard input what to do (a line of JSON), tells on its standard output how far it is and how it
ended (lines of JSON), and ends at once when that input closes, because then nobody waits for it any more.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from poise.errors import InputError, PoiseError, TooBig
from poise.server.limits import MIB, Limits

#: How it ends when nobody waits for it any more.
ABANDONED = 3
#: A failure with this share of the allowed memory in use is taken for one of memory: libraries say so in many ways.
FULL = 0.7


@dataclass(frozen=True)
class Task:
    """What to do: a film, where its results go, which exercise of what body it is, whose, and what it may use."""

    film: str
    folder: str
    exercise: str
    body: str
    person: str
    network: bool
    limits: dict[str, Any]

    @classmethod
    def of(
        cls, film: str, folder: Path, exercise: str, body: str, person: str, network: bool, limits: Limits
    ) -> Task:
        """Such a task."""
        return cls(film, str(folder), exercise, body, person, network, asdict(limits))

    def line(self) -> str:
        """As it is told."""
        return json.dumps(asdict(self)) + "\n"


def main() -> None:
    """Do the task on standard input."""
    task = Task(**json.loads(sys.stdin.readline()))
    limits = Limits(**task.limits)
    threading.Thread(target=_watch, daemon=True).start()
    _restrict(limits)
    if not task.network:
        from poise.server.offline import forbid_network

        forbid_network()
    try:
        _analyse(task, limits)
    except InputError as problem:
        _tell(problem={"message": problem.message, "hint": problem.hint})
    except Exception as problem:
        if isinstance(problem, MemoryError) or _most_used() > FULL * limits.work_bytes:
            _tell(problem=_too_much(limits))
        elif isinstance(problem, PoiseError):
            _tell(problem={"message": problem.message, "hint": problem.hint})
        else:
            raise
    else:
        _tell(done=True)


def _analyse(task: Task, limits: Limits) -> None:
    from poise.analysis import Settings, analyze
    from poise.vision.video import open_film

    with open_film(task.film) as film:
        if film.duration is not None and film.duration > limits.film_s:
            raise TooBig(
                f"The film lasts {film.duration:.0f} s, and {limits.film_s:.0f} s are allowed.",
                "Send a shorter one.",
            )
        width, height = film.size
        if width * height > limits.film_pixels:
            raise TooBig(
                f"The film has {width}x{height} pixels, and {limits.film_pixels} in all are allowed.",
                "Send a smaller one.",
            )
    settings = Settings(exercise=task.exercise, workers=1, end=limits.film_s, body=task.body, person=task.person)
    told: dict[str, float] = {}

    def progress(stage: str, done: float, total: float | None) -> None:
        share = min(1.0, done / total) if total else None
        if stage not in told or (share or 0.0) - told[stage] >= 0.01:
            told[stage] = share or 0.0
            _tell(stage=stage, progress=share)

    analyze(task.film, task.folder, settings, progress)


def _too_much(limits: Limits) -> dict[str, str]:
    allowed = limits.work_bytes // MIB
    return {
        "message": f"The film needs more than the {allowed} MB of memory that its analysis may use.",
        "hint": "Send a smaller one.",
    }


def _most_used() -> int:
    """The most memory in bytes that this process has had; 0 where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmPeak")), 0)


def _restrict(limits: Limits) -> None:
    """No more memory, processor time and bytes in a file than allowed; where the system can say so."""
    os.nice(5) if hasattr(os, "nice") else None
    try:
        import resource
    except ImportError:
        return
    seconds = int(limits.work_s)
    for what, most in (
        (resource.RLIMIT_AS, limits.work_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, limits.work_files),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def _watch() -> None:
    sys.stdin.read()
    os._exit(ABANDONED)


def _tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
