"""One stream, coached: frames or poses in, feedback out."""

from __future__ import annotations

import math
from dataclasses import replace

from poise.body import Pose
from poise.coach import Coach, Feedback
from poise.coach.setup import LOST
from poise.vision.estimators import PoseEstimator
from poise.vision.frame import Frame
from poise.vision.tracking import PersonTracker

#: How far apart the pixels are that the brightness of a picture is taken from.
_APART = 16


class Session:
    """Coaches a live stream: `on_frame` sees and judges, `on_pose` judges what somebody else saw.

    Args:
        coach: who judges.
        estimator: who sees; None when only poses come in.

    """

    def __init__(self, coach: Coach, estimator: PoseEstimator | None = None) -> None:
        self.coach = coach
        self._estimator = estimator
        self._tracker = PersonTracker()

    def on_frame(self, frame: Frame) -> Feedback:
        """What there is to say about the next frame.

        Raises:
            ValueError: when the session has no estimator, or the frame is not later than the last.

        """
        if self._estimator is None:
            raise ValueError("this session has no estimator; give it one, or use on_pose")
        (poses,) = self._estimator.estimate([frame])
        pose = self._tracker.update(poses) or Pose.missing(self._estimator.skeleton, frame.t, frame.size)
        feedback = self.on_pose(pose, float(frame.image[::_APART, ::_APART].mean()))
        return replace(feedback, advice=(LOST,)) if self._tracker.lost else feedback

    def on_pose(self, pose: Pose, light: float = math.nan) -> Feedback:
        """What there is to say about the next pose of the person coached.

        ``light`` is the mean brightness of its picture, 0 to 255; NaN when it is not known.
        """
        return self.coach.update(pose, light)
