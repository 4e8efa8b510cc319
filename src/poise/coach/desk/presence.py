"""Who and what is before the camera: sitting, turned away, hand at the face, standing, away, or somebody else.

::

    unknown ── sits as the baseline says for 3 s, or 5 min pass ──► known
       ▲                                                              │
       └────── away for 5 s, or the head leaps to another place ──────┘

Only somebody known is judged: another person at the desk, or a chair set anew, is not a slouch. Who comes back
slouching is left alone until they have sat well once, or for those minutes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from poise.coach.desk.baseline import Baseline
from poise.coach.desk.events import Presence
from poise.coach.desk.sight import Glance
from poise.coach.desk.signatures import TURNED

#: Seconds without anybody to be away; of looking like the baseline to be known; and until whoever is there is
#: accepted.
AWAY_S, KNOWN_S, ACCEPT_S = 5.0, 3.0, 300.0
#: Spreads within which all measures but one are of somebody who looks like the baseline.
ALIKE = 4.0
#: Centimetres by which head and shoulders must have risen to stand. Ours.
RISE_CM = 14.0
#: A head that leaps by this many times its size within `LEAP_S`, and stays there for another look, is perhaps
#: another's. Ours.
LEAP, LEAP_S = 1.0, 1.5


class PresenceTracker:
    """Finds out from every look who and what is there."""

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self._known = True
        self._unknown_s = self._alike_s = 0.0
        self._last_seen = -math.inf
        self._anchor: Glance | None = None
        self._elsewhere = False

    def update(self, t: float, dt: float, glance: Glance | None, measures: Mapping[str, float]) -> Presence:
        """What is so as of this look, ``dt`` seconds after the last; ``measures`` are the steadied ones."""
        if glance is None:
            if t - self._last_seen >= AWAY_S or math.isinf(self._last_seen):
                self._forget()
                return "away"
            return "unclear"
        if t - self._last_seen >= AWAY_S or self._leapt(glance):
            self._forget()
        self._last_seen = t
        rise = measures["rise"]
        if glance.above or rise > RISE_CM:
            return "standing"
        if not glance.clear:
            return "unclear"
        if not self._known and not self._recognise(dt, measures):
            return "other"
        if glance.hand:
            return "hand"
        return "turned" if abs(measures.get("head_turn", 0.0)) > TURNED else "sitting"

    def _forget(self) -> None:
        self._known, self._unknown_s, self._alike_s = False, 0.0, 0.0

    def _recognise(self, dt: float, measures: Mapping[str, float]) -> bool:
        spread = self._baseline.spread
        alike = sum(abs(measures[name]) > ALIKE * spread[name] for name in spread) <= 1
        self._alike_s = self._alike_s + dt if alike else 0.0
        self._unknown_s += dt
        self._known = self._alike_s >= KNOWN_S or self._unknown_s >= ACCEPT_S
        return self._known

    def _leapt(self, glance: Glance) -> bool:
        """Whether the head is suddenly elsewhere, for the second look in a row."""
        anchor, size = self._anchor, float(glance.seen[0])
        near = (
            anchor is None or glance.t - anchor.t > LEAP_S or math.dist(glance.place, anchor.place) <= LEAP * size
        )
        if near or self._baseline.view != "front" or math.isnan(size):
            self._anchor, self._elsewhere = glance, False
            return False
        if not self._elsewhere:
            self._elsewhere = True
            return False
        self._anchor, self._elsewhere = glance, False
        return True
