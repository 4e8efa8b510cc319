"""What all estimators do alike: how one is opened; and one stream, frame by frame, until it is closed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from poise.body import Pose, Skeleton
from poise.vision import weights
from poise.vision.frame import Frame


class Stream:
    """One stream of frames; a backend says in `see` who is in the next one.

    Args:
        skeleton: the skeleton of every pose it finds.

    """

    _now: float

    def __init__(self, skeleton: Skeleton) -> None:
        self.skeleton = skeleton
        self.reset()

    def see(self, frame: Frame) -> list[Pose]:
        """Who is in the next frame."""
        raise NotImplementedError

    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        """Who is in each frame.

        Raises:
            ValueError: when a frame is not later than the one before it.

        """
        seen = []
        for frame in frames:
            if not frame.t > self._now:
                raise ValueError(f"frames must be in time order: {frame.t} s came after {self._now} s")
            self._now = frame.t
            seen.append(self.see(frame))
        return seen

    def reset(self) -> None:
        """Forget the stream: the next frame is the first of another. A backend adds what it remembers."""
        self._now = -math.inf

    def close(self) -> None:
        """Let go of the networks; it cannot estimate afterwards."""
        self.__dict__.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True)
class Opener:
    """Opens a backend that is one network: fetched when it is not here, or from a file of the user's.

    Args:
        backend: its name, as in the catalogue of weights.
        models: those there are, the usual one first.
        build: makes the estimator of a `ModelFile`, ``people``, ``threads`` and ``runtime``.

    """

    backend: str
    models: tuple[str, ...]
    build: Callable[..., Stream]

    def __call__(
        self,
        *,
        model: str = "",
        people: int = 1,
        threads: int = 1,
        progress: weights.Progress | None = None,
        trust: bool = False,
        runtime: str = "",
    ) -> Stream:
        """An estimator, as by `poise.vision.estimators.open_estimator`.

        Args:
            model: one of `models`, or a model file.
            people: how many people to find at most.
            threads: how many threads the network may use.
            progress: told about model files as they arrive.
            trust: whether a model file may be used that poise does not know.
            runtime: which runtime runs it; "" for the fastest.

        Raises:
            UnknownName: when there is no such model.
            MissingExtra: when nothing is installed that runs it.
            ModelUnavailable: when it is not here and cannot be fetched, is not trusted, or not such a network.

        """
        file = weights.network(self.backend, model or self.models[0], self.models, trust, progress)
        return self.build(file, people=people, threads=threads, runtime=runtime)
