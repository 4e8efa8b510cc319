"""The crew of this machine: as many processes as it has cores, each with one hand, given one job at a time.

A process that dies over a job, whatever killed it, is replaced, and the job given to another; after `ATTEMPTS` the
film is taken for the reason. One that is silent for `SILENT_S` is taken for dead.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from poise.batch.jobs import Hand, Job, Tell, perform
from poise.batch.results import Problem
from poise.beside import end_with_parent

J = TypeVar("J", bound=Job)

#: How often a job may be cut off before it is given up.
ATTEMPTS = 3
#: Seconds after which a process that says nothing is taken for dead: no film decodes that slowly (ours).
SILENT_S = 300.0
#: Seconds between two words on how far a job is.
_TELL_S = 0.5

CUT_OFF = Problem(
    f"It was cut off {ATTEMPTS} times: it needs more memory than there is, or brings the decoder down.",
    "Convert it to an .mp4, make it smaller, or use fewer workers; then start again with --retry.",
)

_log = logging.getLogger("poise.batch")


class Crew(Protocol):
    """Who does the jobs."""

    workers: int

    def run(self, jobs: Iterable[J], tell: Callable[[J, float], None]) -> Iterator[tuple[J, Any]]:
        """Each job with what came of it, or the `Problem` with it, in the order in which they end.

        ``tell`` is told a job that is being done, and the share of it that is.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Processes:
    """A crew of processes of this machine; leaving it as a context ends them."""

    def __init__(self, workers: int = 0) -> None:
        self.workers = workers or os.cpu_count() or 1
        self._hands: list[_Worker] = []

    def run(self, jobs: Iterable[J], tell: Callable[[J, float], None]) -> Iterator[tuple[J, Any]]:
        """See `Crew`."""
        todo = iter(jobs)
        again: list[J] = []
        cut_off: Counter[J] = Counter()
        at: dict[_Worker, J] = {}
        while True:
            for worker in self._idle(at):
                job = again.pop() if again else next(todo, None)
                if job is None:
                    break
                worker.give(job)
                at[worker] = job
            if not at:
                return
            for worker, job in self._heard(at):
                try:
                    share, outcome = worker.connection.recv()
                except (EOFError, OSError):
                    self._bury(worker)
                    del at[worker]
                    cut_off[job] += 1
                    _log.warning("a process died over %s (%s of %s)", job, cut_off[job], ATTEMPTS)
                    if cut_off[job] < ATTEMPTS:
                        again.append(job)
                    else:
                        yield job, CUT_OFF
                    continue
                worker.heard = time.monotonic()
                if share is not None:
                    tell(job, share)
                else:
                    del at[worker]
                    yield job, outcome

    def _idle(self, at: dict[_Worker, J]) -> Iterator[_Worker]:
        """Those who have nothing to do; started when they are first wanted."""
        yield from [worker for worker in self._hands if worker not in at]
        while len(self._hands) < self.workers:
            self._hands.append(_Worker())
            yield self._hands[-1]

    def _heard(self, at: dict[_Worker, J]) -> list[tuple[_Worker, J]]:
        """Those who said something, or are dead."""
        while True:
            for worker in at:
                if time.monotonic() - worker.heard > SILENT_S:
                    worker.process.kill()  # which is then heard
            said = wait([worker.connection for worker in at], timeout=1.0)
            if said:
                return [(worker, job) for worker, job in at.items() if worker.connection in said]

    def _bury(self, worker: _Worker) -> None:
        self._hands.remove(worker)
        worker.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in list(self._hands):
            self._bury(worker)


class _Worker:
    """A process with a hand."""

    def __init__(self) -> None:
        fresh = get_context("spawn")
        self.connection, theirs = fresh.Pipe()
        self.process = fresh.Process(target=_work, args=(theirs,), name="poise-batch")
        self.process.start()
        theirs.close()  # so that its end is heard
        self.heard = time.monotonic()

    def give(self, job: Job) -> None:
        """Have it do a job."""
        self.heard = time.monotonic()
        with contextlib.suppress(OSError):  # it died meanwhile, which is heard
            self.connection.send(job)

    def end(self) -> None:
        """End it, whatever it does."""
        self.connection.close()
        self.process.kill()
        self.process.join()
        self.process.close()


def _work(parent: Connection) -> None:
    """The life of a process: jobs in, what came of them out, until nobody gives any more."""
    end_with_parent()
    hand = Hand()
    while True:
        try:
            job: Job = parent.recv()
        except EOFError:
            break
        parent.send((None, perform(job, hand, _telling(parent))))
    hand.close()


def _telling(parent: Connection) -> Tell:
    last = time.monotonic()

    def tell(share: float) -> None:
        nonlocal last
        if time.monotonic() - last >= _TELL_S:
            last = time.monotonic()
            parent.send((share, None))

    return tell
