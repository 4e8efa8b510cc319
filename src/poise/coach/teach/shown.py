"""A demonstration: a few repetitions of a movement without a name, as the judgement track has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from poise.body import Array, Pose
from poise.coach.coach import Coach
from poise.coach.events import ANY, Rep
from poise.coach.measures import Body
from poise.coach.stretch import Judged, Stretch
from poise.errors import NobodySeen


@dataclass(frozen=True, eq=False)
class Shown:
    """What was shown in one film: the poses as they are judged, and what resembled itself in them.

    ``alike`` are the repetitions of the class-agnostic counter (`poise.coach.unknown`): a first opinion.
    """

    judged: Sequence[Judged]
    alike: tuple[Rep, ...]

    @classmethod
    def of(cls, poses: Iterable[Pose]) -> Shown:
        """A demonstration from its poses.

        Raises:
            NobodySeen: when nobody is in it.

        """
        coach = Coach(ANY, recorded=True)
        judged: list[Judged] = []
        for pose in poses:
            coach.update(pose)
            judged += coach.judged
        events = coach.finish()
        judged += coach.judged
        judged = [one for one in judged if one.pose.seen and np.isfinite(one.scale) and np.isfinite(one.view.yaw)]
        if len(judged) < 2:
            raise NobodySeen("Nobody was seen showing the movement.", "Step into the picture with your whole body.")
        return cls(judged, tuple(event for event in events if isinstance(event, Rep)))

    @cached_property
    def stretch(self) -> Stretch:
        """All of it as one stretch."""
        return Stretch.of(self.judged, self.judged[0].pose.t)

    @cached_property
    def t(self) -> Array:
        """Seconds of its poses, ``(T,)``."""
        return self.stretch.t

    @cached_property
    def body(self) -> Body:
        """The body, with its scale and view as they were known at each instant."""
        whole = self.stretch.body
        scale, yaw, facing = (
            np.array([getattr(source, name) for source in sources], dtype=np.float64)
            for sources, name in (
                (self.judged, "scale"),
                ([one.view for one in self.judged], "yaw"),
                ([one.view for one in self.judged], "facing"),
            )
        )
        return Body(whole.pose, scale, yaw, np.where(facing == 0, 1.0, facing), whole.tilt)
