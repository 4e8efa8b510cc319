"""Sitting at a desk: learn how somebody sits well, watch once or twice a second, say little and only what is seen.

::

    Calibration.update(pose)  ─► Learning … ─► Baseline          ten seconds of sitting well
    Desk(baseline).update(pose) ─► DeskFeedback                  presence, signs, events

    Pose ─► glance ─► Steady ─► Baseline.measures ─► value_of ─► Dwell ─► Policy ─► Nudge, Praise, BreakDue …
                          └───► PresenceTracker: sitting, turned, away …
"""

from poise.coach.desk.baseline import Baseline, Calibration, Learning, Slouching
from poise.coach.desk.desk import Desk
from poise.coach.desk.events import (
    PRESENCES,
    BreakDue,
    BreakTaken,
    DeskCounts,
    DeskEvent,
    DeskFeedback,
    Disagreement,
    Nudge,
    Opinion,
    Praise,
    Presence,
    Recalibrate,
    Sign,
)
from poise.coach.desk.policy import EXERCISES, DeskSettings
from poise.coach.desk.signatures import SIGNATURES, Signature

__all__ = [
    "EXERCISES",
    "PRESENCES",
    "SIGNATURES",
    "Baseline",
    "BreakDue",
    "BreakTaken",
    "Calibration",
    "Desk",
    "DeskCounts",
    "DeskEvent",
    "DeskFeedback",
    "DeskSettings",
    "Disagreement",
    "Learning",
    "Nudge",
    "Opinion",
    "Praise",
    "Presence",
    "Recalibrate",
    "Sign",
    "Signature",
    "Slouching",
]
