"""poise: a posture and workout coach for any camera.

Five lines coach a film::

    import poise

    analysis = poise.analyze("squat.mp4", "results", poise.Settings(exercise="squat"))
    print(analysis.report.counts.full, "squats")

and a stream of keypoints from anywhere::

    coach = poise.Coach("squat")
    for pose in poses:                      # poise.Pose(skeleton, t, points, score); skeletons: poise.body
        feedback = coach.update(pose)
        print(feedback.counts.full, feedback.phase)

Importing poise loads none of its parts; each name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poise.analysis import Settings, analyze
    from poise.body import Pose, PoseSequence
    from poise.coach import Coach, review
    from poise.errors import PoiseError
    from poise.report.notebook import plot, to_pandas, to_xarray
    from poise.session import Session
    from poise.teaching import teach
    from poise.vision.estimators import open_estimator
    from poise.vision.video import open_film

__all__ = [
    "Coach",
    "PoiseError",
    "Pose",
    "PoseSequence",
    "Session",
    "Settings",
    "analyze",
    "open_estimator",
    "open_film",
    "plot",
    "review",
    "teach",
    "to_pandas",
    "to_xarray",
]

_HOMES = {
    "poise.analysis": ("Settings", "analyze"),
    "poise.body": ("Pose", "PoseSequence"),
    "poise.coach": ("Coach", "review"),
    "poise.errors": ("PoiseError",),
    "poise.report.notebook": ("plot", "to_pandas", "to_xarray"),
    "poise.session": ("Session",),
    "poise.teaching": ("teach",),
    "poise.vision.estimators": ("open_estimator",),
    "poise.vision.video": ("open_film",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'poise' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
