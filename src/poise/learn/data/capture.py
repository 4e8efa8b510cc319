"""A session before the camera: for each class a countdown, then some seconds that become rows.

::

    for each label, in turn, so many rounds ──► 3, 2, 1 ──► recording ──► the next
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from poise.body import Pose, PoseSequence
from poise.errors import NobodySeen
from poise.learn.data.extract import LEAST_SCORE, look
from poise.learn.data.table import LandmarkTable
from poise.vision.estimators import PoseEstimator
from poise.vision.frame import Frame

#: Told what to do next: the label, "ready" or "recording", and the whole seconds that are left of it.
Telling = Callable[[str, str, int], None]


@dataclass(frozen=True)
class Plan:
    """What is recorded: every label in turn for ``seconds``, ``rounds`` times, each after a ``countdown``."""

    labels: Sequence[str]
    seconds: float = 5.0
    rounds: int = 1
    countdown: float = 3.0
    rate: float = 10.0


def capture(
    frames: Iterable[Frame],
    eyes: PoseEstimator,
    plan: Plan,
    name: str,
    *,
    subject: str = "",
    tell: Telling = lambda label, what, left: None,
    least: float = LEAST_SCORE,
) -> LandmarkTable:
    """The rows of a session before a camera; each stretch is a part of its own.

    Time is the frames' own. The table ends early when the frames do.

    Args:
        frames: from a camera, which end when it is closed; or any others.
        eyes: who sees.
        plan: what is recorded.
        name: what the recording is called in the column ``file``.
        subject: who it is.
        tell: told what to do.
        least: the mean score below which a row is left out.

    Raises:
        NobodySeen: when nobody was seen while it recorded.

    """
    turns = [label for _ in range(plan.rounds) for label in plan.labels]
    tables: list[LandmarkTable] = []
    poses: list[Pose] = []
    turn, began, due, said = 0, math.nan, -math.inf, ("", "", -1)

    def finish() -> None:
        if poses:
            rows = PoseSequence.of(poses)
            tables.append(LandmarkTable.of(rows, name, label=turns[turn], subject=subject, part=turn + 1))
        poses.clear()

    for frame in frames:
        began = frame.t if math.isnan(began) else began
        into = frame.t - began
        if into >= plan.countdown + plan.seconds:
            finish()
            turn, began = turn + 1, frame.t
            if turn == len(turns):
                break
            into = 0.0
        recording = into >= plan.countdown
        left = math.ceil(plan.countdown - into if not recording else plan.countdown + plan.seconds - into)
        now = (turns[turn], "recording" if recording else "ready", left)
        if now != said:
            tell(*now)
            said = now
        if recording and frame.t >= due - 1e-6:
            due = frame.t + 1 / plan.rate
            pose, _ = look(eyes, frame, least)
            if pose:
                poses.append(pose)
    else:
        finish()
    if not tables:
        raise NobodySeen("Nobody was seen while it recorded.", "Stand in the picture, well lit, and try again.")
    return LandmarkTable.joined(tables)
