"""Who of several people is coached: the largest and steadiest, locked on until they are gone.

::

    nobody ── the largest who was seen for `STEADY_S` (or at once, when alone) ──► locked
       ▲                                                                             │
       └────────────── gone for `GONE_S` ◄── somebody else is never coached meanwhile ┘
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from poise.body import Pose

#: Seconds somebody must have been seen to be preferred over others, or counted as one of several.
STEADY_S = 0.5
#: Seconds after which somebody who is gone is given up.
GONE_S = 2.0


@dataclass
class _Candidate:
    first: float
    last: float
    size: float


class PersonTracker:
    """Chooses, pose by pose, the person coached; `people_seen` is how many were steadily in view at once."""

    def __init__(self) -> None:
        self.people_seen = 0
        self._known: dict[int, _Candidate] = {}
        self._coached: int | None = None

    def update(self, poses: Sequence[Pose]) -> Pose | None:
        """The pose of the person coached among those of one instant; None when they are not in it."""
        for pose in poses:
            self._note(pose)
        now = max((pose.t for pose in poses), default=math.nan)
        steady = [p for p in poses if now - self._known[p.person].first >= STEADY_S]
        self.people_seen = max(self.people_seen, len(steady), min(1, len(poses)))
        if self._coached is not None and now - self._known[self._coached].last > GONE_S:
            self._coached = None
        if self._coached is None:
            choice = steady or (poses if len(poses) == 1 else ())
            best = max(choice, key=lambda pose: self._known[pose.person].size, default=None)
            self._coached = best.person if best else None
        return next((pose for pose in poses if pose.person == self._coached), None)

    def _note(self, pose: Pose) -> None:
        size = _size(pose)
        known = self._known.get(pose.person)
        if known is None or pose.t - known.last > GONE_S:
            self._known[pose.person] = _Candidate(pose.t, pose.t, size)
            return
        known.last = pose.t
        known.size += 0.1 * (size - known.size)


def _size(pose: Pose) -> float:
    """The diagonal of the keypoints, in pixels."""
    seen = pose.points[np.isfinite(pose.points[:, 0])]
    return float(np.hypot(*np.ptp(seen, axis=0))) if len(seen) else 0.0
