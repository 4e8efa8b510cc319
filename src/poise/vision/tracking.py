"""Who is coached when several people are in the picture: the largest and steadiest, and then no other.

Every person gathers weight with every second they are seen, the more the larger and the clearer they are. Whoever
is coached stays so unless another weighs more than twice as much. When they are gone, somebody who appears only
then is taken for them at once (a film has cuts); a bystander, who was there with them, only after a while.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from poise.body import Pose

#: How many times the weight of the person coached another needs to be coached instead.
_HEAVIER = 2.0

#: Seconds the person coached must be gone before a bystander is coached.
_PATIENCE_S = 2.0

#: Seconds for which people must have been seen together to count as being there.
_TOGETHER_S = 1.0

#: In a recording, somebody with less than this share of the heaviest person's weight is never coached.
_PASSER_BY = 0.05

#: A gap between frames longer than this counts as this long.
_LONGEST_S = 0.2


class PersonTracker:
    """Picks the person who is coached, live with `update`, or over a recording with `coached`."""

    def __init__(self) -> None:
        self._weight: defaultdict[int, float] = defaultdict(float)
        self._together: defaultdict[int, float] = defaultdict(float)
        self._observed: float | None = None
        self._coached: int | None = None
        self._coached_at = 0.0
        self._bystanders: set[int] = set()

    @property
    def people_seen(self) -> int:
        """How many people were there: the most that were seen together for a second in all."""
        return max((n for n, seconds in self._together.items() if seconds >= _TOGETHER_S), default=0)

    def update(self, poses: Sequence[Pose]) -> Pose | None:
        """Of the people in the next frame the one who is coached; None when they are not there."""
        self._observe(poses)
        return self._pick(poses)

    def coached(self, recording: Sequence[Sequence[Pose]]) -> list[Pose | None]:
        """For each frame of a recording the pose of the person who weighs most in the whole of it, or None."""
        for poses in recording:
            self._observe(poses)
        enough = _PASSER_BY * max(self._weight.values(), default=0.0)
        return [self._pick([p for p in poses if self._weight[p.person] >= enough]) for poses in recording]

    def _observe(self, poses: Sequence[Pose]) -> None:
        if not poses:
            return
        t = poses[0].t
        seconds = 0.0 if self._observed is None else min(t - self._observed, _LONGEST_S)
        self._observed = t
        for pose in poses:
            self._weight[pose.person] += seconds * _size(pose) * float(pose.score.mean())
        for n in range(1, len(poses) + 1):
            self._together[n] += seconds

    def _pick(self, poses: Sequence[Pose]) -> Pose | None:
        if not poses:
            return None
        t = poses[0].t
        present = {pose.person: pose for pose in poses}
        heaviest = max(present, key=lambda person: self._weight[person])
        if self._coached in present:
            if self._weight[heaviest] > _HEAVIER * self._weight[self._coached]:
                self._take(heaviest)
        elif new := present.keys() - self._bystanders:
            self._take(max(new, key=lambda person: self._weight[person]))
        elif t - self._coached_at > _PATIENCE_S:
            self._take(heaviest)
        else:
            return None
        assert self._coached is not None
        self._coached_at = t
        self._bystanders |= present.keys() - {self._coached}
        return present[self._coached]

    def _take(self, person: int) -> None:
        self._coached = person
        self._bystanders.clear()


def _size(pose: Pose) -> float:
    """The diagonal of the box around a body, pixels."""
    return float(np.hypot(*(np.nanmax(pose.points, axis=0) - np.nanmin(pose.points, axis=0))))
