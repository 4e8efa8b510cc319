"""The line in which films wait for a worker: Huey, in a file or in Redis. What becomes of them the store says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from huey import Huey, SqliteHuey

from poise.errors import MissingExtra, StoreUnavailable

_NAME = "poise"


class Queue:
    """Ids of jobs, in the order in which they came.

    Args:
        url: of a Redis server; "" for a file in ``folder``.
        folder: where that file lies.
        do: what a worker does with an id; a server only puts them in.

    """

    def __init__(self, url: str, folder: Path, do: Callable[[str], None] | None = None) -> None:
        self.huey = _huey(url, folder)

        def analyse(job: str) -> None:
            assert do is not None, "this process only queues"
            do(job)

        self._task: Any = self.huey.task(name="analyse")(analyse)

    def put(self, job: str) -> None:
        """Let a job wait."""
        self._task(job)

    def put_missing(self, jobs: list[str]) -> None:
        """Let those jobs wait that do not yet: a crash between the store and the queue leaves such behind."""
        waiting = {task.args[0] for task in self.huey.pending()}
        for job in jobs:
            if job not in waiting:
                self.put(job)

    def close(self) -> None:
        """Close the file, or the connections to Redis."""
        self.huey.storage.close()
        if pool := getattr(self.huey.storage, "pool", None):
            pool.disconnect()


def _huey(url: str, folder: Path) -> Huey:
    if not url:
        folder.mkdir(parents=True, exist_ok=True)
        return SqliteHuey(_NAME, filename=str(folder / "queue.sqlite"), results=False, timeout=30)
    try:
        from huey import RedisHuey
        from redis.exceptions import RedisError
    except ImportError as missing:
        raise MissingExtra("A queue in Redis", "redis") from missing
    try:
        queue = RedisHuey(_NAME, url=url, results=False)
        queue.storage.queue_size()
    except (RedisError, ValueError) as problem:
        raise StoreUnavailable(f"The queue {url!r} cannot be reached: {problem}.", "Check its address.") from None
    return queue
