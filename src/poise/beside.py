"""Processes that work beside this one and end with it; nothing heavy is imported here, so that they start first."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import active_children, get_context, parent_process
from threading import Thread


@contextmanager
def processes(workers: int) -> Iterator[Executor | None]:
    """A pool for `poise.vision.follow` with one process less than workers (0: cores); None when that is none.

    The processes import what they need meanwhile. They end with this one, whatever ends it.
    """
    beside = (workers or os.cpu_count() or 1) - 1
    if not beside:
        yield None
        return
    os.environ.setdefault("RAYON_NUM_THREADS", "1")  # of who crops pictures; every core has a process to itself
    with ProcessPoolExecutor(beside, get_context("spawn"), end_with_parent) as pool:
        for _ in range(beside):
            pool.submit(import_module, "poise.vision.follow")
        try:
            yield pool
        finally:  # they hold nothing worth waiting for
            for child in active_children():
                child.kill()


def end_with_parent() -> None:
    """In such a process: end when the one that started it is gone, and at an interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # without a traceback
    Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = parent_process()
    if parent:
        parent.join()
        os._exit(1)
