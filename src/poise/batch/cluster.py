"""A crew of Ray actors, here or on the machines of a cluster; each holds one hand (extra ``cluster``)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from types import TracebackType
from typing import Any, Self

from poise.batch.crew import ATTEMPTS, CUT_OFF, J
from poise.batch.jobs import Hand, Job, perform
from poise.errors import InputError, MissingExtra, PoiseError


class Cluster:
    """A crew of actors, one for each processor of the cluster unless told otherwise.

    Args:
        address: the cluster's, such as ``ray://head:10001`` or ``auto``; "" for one that is started here, and ended
            with the crew. On its machines poise must be installed, and they must reach films and results alike.
        workers: how many actors; 0 for one a processor.

    Raises:
        MissingExtra: without Ray.
        InputError: when there is no cluster at that address.

    """

    def __init__(self, address: str = "", workers: int = 0) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it reports its use otherwise
        try:
            ray: Any = import_module("ray")
        except ModuleNotFoundError as missing:
            raise MissingExtra("The engine 'ray'", "cluster") from missing
        self._ray = ray
        here: dict[str, Any] = {"num_cpus": workers or None, "include_dashboard": False} if not address else {}
        try:
            ray.init(address=address or None, log_to_driver=False, logging_level="error", **here)
        except (ConnectionError, ValueError, RuntimeError) as problem:
            raise InputError(
                f"There is no cluster at {address!r} ({problem}).", "Start one: ray start --head"
            ) from problem
        except Exception as problem:  # what Ray raises when its own processes do not start
            raise PoiseError(
                f"Ray could not be started on this machine: {problem}",
                "Try again when less is going on here, or use the processes of this machine: --engine processes",
            ) from problem
        self.workers = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._actor: Any = ray.remote(num_cpus=1)(_Actor)
        self._actors: list[Any] = []

    def run(self, jobs: Iterable[J], tell: Callable[[J, float], None]) -> Iterator[tuple[J, Any]]:
        """See `poise.batch.crew.Crew`; how far a job is, is not told."""
        todo = iter(jobs)
        again: list[J] = []
        cut_off: Counter[J] = Counter()
        at: dict[Any, tuple[Any, J]] = {}
        while True:
            busy = {id(actor) for actor, _ in at.values()}
            for actor in self._idle(busy):
                job = again.pop() if again else next(todo, None)
                if job is None:
                    break
                at[actor.do.remote(job)] = actor, job
            if not at:
                return
            ended, _ = self._ray.wait(list(at), num_returns=1)
            actor, job = at.pop(ended[0])
            try:
                yield job, self._ray.get(ended[0])
            except self._ray.exceptions.RayActorError:
                self._actors.remove(actor)
                cut_off[job] += 1
                if cut_off[job] < ATTEMPTS:
                    again.append(job)
                else:
                    yield job, CUT_OFF

    def _idle(self, busy: set[int]) -> Iterator[Any]:
        yield from [actor for actor in self._actors if id(actor) not in busy]
        while len(self._actors) < self.workers:
            self._actors.append(self._actor.remote())
            yield self._actors[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for actor in self._actors:
            self._ray.kill(actor)
        self._ray.shutdown()


class _Actor:
    """A hand in a process of the cluster."""

    def __init__(self) -> None:
        self._hand = Hand()

    def do(self, job: Job) -> object:
        """What came of a job."""
        return perform(job, self._hand, lambda share: None)
