"""Looking at somebody who sits: a camera or film in, once or twice a second; what the desk coach says out.

::

    frames ─► Looks ─► Pose ─► calibrate ─► Baseline
                        └────► Watch.update ─► DeskFeedback ─► diary, alerts
                                  └ in a break, at full rate: Coach(exercise)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Protocol, runtime_checkable

from poise.body import Pose
from poise.coach import Coach
from poise.coach.desk import (
    Baseline,
    BreakDue,
    Calibration,
    Desk,
    DeskFeedback,
    Disagreement,
    Learning,
    Nudge,
    Praise,
    Slouching,
)
from poise.desk.alerts import Alerts
from poise.desk.backdrop import Backdrop
from poise.desk.diary import Tally
from poise.desk.opinion import SecondOpinion
from poise.errors import InputError, NobodySeen
from poise.vision.estimators import PoseEstimator
from poise.vision.frame import Frame

#: Seconds a break's exercise is counted for, and after the reminder in which standing up begins it.
EXERCISE_S, OFFER_S = 60.0, 300.0
#: Seconds after which somebody who cannot be learnt from is told so.
LEARN_MOST_S = 120.0


@runtime_checkable
class Paced(Protocol):
    """Frames of which fewer may be asked for, ``pace`` seconds apart, as of a camera."""

    pace: float

    def __iter__(self) -> Iterator[Frame]: ...


class Looks:
    """Poses from a camera or film, ``every`` so many seconds; 0 for every frame. `every` may change on the way.

    `moved` says whether the camera has moved since somebody was seen first.
    """

    def __init__(self, frames: Paced | Iterable[Frame], eyes: PoseEstimator, every: float) -> None:
        self._frames, self._eyes = frames, eyes
        self._backdrop = Backdrop()
        self.every = every

    @property
    def moved(self) -> bool:
        """Whether the room behind is seen elsewhere than at first."""
        return self._backdrop.moved

    @property
    def every(self) -> float:
        """Seconds from one look to the next."""
        return self._every

    @every.setter
    def every(self, seconds: float) -> None:
        self._every = seconds
        if isinstance(self._frames, Paced):
            self._frames.pace = seconds

    def __iter__(self) -> Iterator[Pose]:
        due: float | None = None
        for frame in self._frames:
            if due is not None and frame.t < due:
                continue
            # Films have pictures at certain times only: a look that comes late does not put off the next.
            due = frame.t + self._every if due is None else max(due + self._every, frame.t + self._every / 2)
            (poses,) = self._eyes.estimate([frame])
            pose = poses[0] if poses else Pose.missing(self._eyes.skeleton, frame.t, frame.size)
            if self._every:
                self._backdrop.update(frame.image, pose)
            yield pose


def calibrate(
    poses: Iterator[Pose],
    tell: Callable[[Learning], None],
    distance: float | None = None,
    fov: float | None = None,
    slouch: Callable[[], None] | None = None,
) -> Baseline:
    """How somebody sits well, learnt from the next poses; with their slouch too, when ``slouch`` can ask for it.

    Raises:
        InputError: when two minutes brought nothing that could be learnt from, or the distance is none.
        NobodySeen: when the film or camera ended before.

    """
    baseline = _learnt(poses, Calibration(distance, fov), tell)
    if slouch is None:
        return baseline
    slouch()
    return _learnt(poses, Slouching(baseline), tell)


def _learnt(poses: Iterator[Pose], learner: Calibration | Slouching, tell: Callable[[Learning], None]) -> Baseline:
    began: float | None = None
    problem = ""
    for pose in poses:
        began = pose.t if began is None else began
        step = learner.update(pose)
        if isinstance(step, Baseline):
            return step
        tell(step)
        problem = step.problem or problem
        if pose.t - began > LEARN_MOST_S:
            raise InputError("Two minutes did not show ten seconds of sitting still.", problem)
    raise NobodySeen("The pictures ended before you were learnt.", problem or "Give ten seconds of sitting well.")


@dataclass(frozen=True)
class Quiet:
    """Hours of the day without alerts, local time; they may reach over midnight."""

    start: time
    end: time

    @classmethod
    def of(cls, text: str) -> Quiet:
        """Quiet hours written as ``22:00-07:00``.

        Raises:
            InputError: when they are written otherwise.

        """
        try:
            start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
        except ValueError:
            raise InputError(f"{text!r} are no quiet hours.", "Write them as 22:00-07:00.") from None
        return cls(start, end)

    def at(self, now: time) -> bool:
        """Whether it is quiet now.

        >>> Quiet.of("22:00-07:00").at(time(23)), Quiet.of("22:00-07:00").at(time(7))
        (True, False)
        """
        if self.start <= self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end


class Snooze:
    """Until when alerts are held back, in a file, so that another command can ask for it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def until(self, moment: datetime) -> None:
        """Hold alerts back until then."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(moment.isoformat(timespec="seconds"), encoding="utf-8")

    def at(self, now: datetime) -> bool:
        """Whether alerts are held back now."""
        try:
            return now < datetime.fromisoformat(self._path.read_text(encoding="utf-8").strip())
        except (OSError, ValueError, TypeError):
            return False


class Watch:
    """Lives a day at the desk: judges looks, gives alerts, fills the diary, counts the exercise of a break.

    Args:
        desk: who judges.
        tally: what goes to the diary, None for none.
        alerts: how the user is reached.
        quiet: hours without alerts.
        snooze: where another command asks for silence.
        opinion: a classifier of the user's own, which is asked too; None for none.

    """

    def __init__(
        self,
        desk: Desk,
        tally: Tally | None = None,
        alerts: Alerts | None = None,
        quiet: Quiet | None = None,
        snooze: Snooze | None = None,
        opinion: SecondOpinion | None = None,
    ) -> None:
        self.desk = desk
        self._tally, self._alerts, self._quiet, self._snooze = tally, alerts, quiet, snooze
        self._opinion = opinion
        self._offered: BreakDue | None = None
        self._exercise: _Exercise | None = None

    @property
    def exercising(self) -> bool:
        """Whether a break's exercise is being counted, which takes every frame."""
        return self._exercise is not None

    @property
    def exercise(self) -> tuple[str, int, float] | None:
        """The exercise being counted, its repetitions so far, and the seconds left of its minute."""
        return (self._exercise.name, self._exercise.reps, self._exercise.left_s) if self._exercise else None

    def update(self, pose: Pose, now: datetime) -> DeskFeedback:
        """What there is to say about the next pose; ``now`` is local time."""
        silent = (self._quiet and self._quiet.at(now.time())) or (self._snooze and self._snooze.at(now))
        self.desk.silent = bool(silent) or self.exercising
        if self._exercise and self._exercise.update(pose):
            self.desk.exercised(self._exercise.name, self._exercise.reps)
            self._exercise = None
        feedback = self.desk.update(pose, self._opinion.update(pose) if self._opinion else None)
        self._offer(feedback)
        if self._tally:
            self._tally.add(feedback, now)
        for event in feedback.events:
            if self._alerts and not isinstance(event, Praise | Disagreement):
                self._alerts.give(event.text, event.level if isinstance(event, Nudge) else 1)
        return feedback

    def close(self) -> None:
        """Write what the diary does not have yet."""
        if self._tally:
            self._tally.close()

    def _offer(self, feedback: DeskFeedback) -> None:
        """Begin the exercise once the user stands up after a reminder."""
        for event in feedback.events:
            if isinstance(event, BreakDue):
                self._offered = event
        if self._offered is None:
            return
        if feedback.t - self._offered.t > OFFER_S:
            self._offered = None
        elif feedback.presence == "standing":
            self._exercise, self._offered = _Exercise(self._offered.exercise, feedback.t), None


class _Exercise:
    """The exercise of a break, counted for a minute."""

    def __init__(self, name: str, t: float) -> None:
        self.name = name
        self.reps = 0
        self.left_s = EXERCISE_S
        self._coach = Coach(name)
        self._until = t + EXERCISE_S

    def update(self, pose: Pose) -> bool:
        """Whether the minute is over."""
        counts = self._coach.update(pose).counts
        self.reps, self.left_s = counts.full, max(0.0, self._until - pose.t)
        return pose.t >= self._until
