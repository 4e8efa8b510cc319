"""What every estimator of poise's own does alike: one stream, frame by frame, in time order, until it is closed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from poise.body import Pose, Skeleton
from poise.vision.frame import Frame


class Stream:
    """One stream of frames; a backend says in `see` who is in the next one.

    Args:
        skeleton: the skeleton of every pose it finds.

    """

    def __init__(self, skeleton: Skeleton) -> None:
        self.skeleton = skeleton
        self._now = -math.inf

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

    def close(self) -> None:
        """Let go of the networks; it cannot estimate afterwards."""
        self.__dict__.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
