"""Simulated people at desks, and baselines learnt from them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from poise.body import BLAZEPOSE33, Pose
from poise.coach.desk import Baseline, Calibration, Desk, DeskFeedback, DeskSettings
from poise.sim import Body, Noise
from poise.sim.desk import DeskScene, Spell, desk_camera

BODY = Body.of()
FRONT = desk_camera(BODY)
SIDE = desk_camera(BODY, distance=1.3, aside=90.0)
#: Once to twice of how BlazePose lite erred on drawn people at desks.
NOISE = Noise(jitter=0.5, bias=0.002, bias_s=1.0, outliers=0.004, gaps=0.02)


def sitting(seconds: float, *spells: Spell, side: bool = False, start: float = 0.0, **form: float) -> list[Pose]:
    """Somebody who sits still but for what is asked, seen without error twice a second."""
    scene = replace(DeskScene.sitting(seconds, BODY, **form), restless=0.0).with_spell(*spells)
    return [replace(pose, t=pose.t + start) for part in scene.film(SIDE if side else FRONT) for pose in part]


def learnt(poses: list[Pose], calibration: Calibration | None = None) -> Baseline:
    """The baseline learnt from poses."""
    calibration = calibration or Calibration()
    for pose in poses:
        step = calibration.update(pose)
        if isinstance(step, Baseline):
            return step
    raise AssertionError("nothing was learnt")


@cache
def baseline(side: bool = False) -> Baseline:
    """Of the body above, sitting well."""
    return learnt(sitting(12, side=side))


def watched(
    poses: list[Pose], settings: DeskSettings | None = None, desk: Desk | None = None
) -> list[DeskFeedback]:
    """What the desk coach says of poses."""
    desk = desk or Desk(baseline(), settings)
    return [desk.update(pose) for pose in poses]


def nobody(start: float, seconds: float) -> list[Pose]:
    """An empty chair."""
    return [Pose.missing(BLAZEPOSE33, t, FRONT.size) for t in np.arange(start, start + seconds, 0.5)]
