"""Overlap: work that runs ahead in a thread of its own."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from queue import Empty, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")


class _End:
    """Nothing more comes; with the error that ended it, if one did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Iterable[T], depth: int = 4) -> Generator[T]:
    """The same items in the same order, made by a thread that stays up to ``depth`` of them ahead.

    Decoding, inference and drawing overlap when each runs ahead of the next:
    ``for pose in ahead(estimated(ahead(film)))``. The thread starts when the first item is asked for. Errors
    come out where the item would have. Closing the iteration early, also by leaving a ``for``, stops the
    thread and closes ``items`` in it before going on.

    >>> list(ahead(range(3)))
    [0, 1, 2]
    """
    ready: Queue[T | _End] = Queue(depth)
    stop = Event()
    iterator = iter(items)

    def work() -> None:
        end = _End()
        try:
            for item in iterator:
                ready.put(item)
                if stop.is_set():
                    break
        except BaseException as error:  # handed over to the reader, whatever it is
            end = _End(error)
        finally:
            if isinstance(iterator, Generator):
                iterator.close()
            ready.put(end)

    thread = Thread(target=work, name="poise-ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        while thread.is_alive():
            try:
                ready.get(timeout=0.01)
            except Empty:
                continue
        thread.join()
