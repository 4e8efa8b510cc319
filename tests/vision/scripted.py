"""Eyes that see what a script says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Self

import numpy as np

from poise.body import COCO17, Pose, Skeleton
from poise.vision.frame import Frame

#: Who is where at a time: by number, pixels from the left and a height in pixels.
Script = Callable[[float], dict[int, tuple[float, float]]]

TRAINEE, OTHER = {0: (300.0, 200.0)}, {1: (800.0, 170.0)}


class Held:
    """What every estimator has beside its eyes, and the tests have no use for."""

    def reset(self) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Eyes(Held):
    """An estimator that reads from a script; every second one takes 0 for 1 and 1 for 0."""

    skeleton: Skeleton = COCO17
    opened = 0

    def __init__(self, script: Script) -> None:
        self._script = script
        self._backwards = bool(Eyes.opened % 2)
        Eyes.opened += 1

    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        return [self._seen(frame.t) for frame in frames]

    def _seen(self, t: float) -> list[Pose]:
        people = self._script(t).items()
        return [figure(t, *place, 1 - n if self._backwards else n) for n, place in people]


def figure(t: float, x: float, height: float, number: int = 0) -> Pose:
    rows = np.linspace(10.0, 10.0 + height, len(COCO17))
    sides = x + 0.1 * height * np.where(np.arange(len(COCO17)) % 2, 1, -1)
    return Pose(COCO17, t, np.stack([sides, rows], axis=-1), np.full(len(COCO17), 0.9), person=number)


class Gone(ThreadPoolExecutor):
    """A pool whose process was killed."""

    def submit(self, *_: object, **__: object) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(BrokenProcessPool("killed"))
        return future
