"""The coach: smoothing, view, counting and form, composed. A recording is a loop over the same machine."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import numpy as np

from poise.body import Array, Pose
from poise.coach.counting import Holds, KnownReps, angles
from poise.coach.events import Advice, Counts, Event, Feedback, Hold, Rep, Review, View
from poise.coach.exercise import Exercise, load_exercise
from poise.coach.form import Judged, Stretch, best_side
from poise.coach.machine import Machine
from poise.coach.measures import Body, Measure, find_measure
from poise.coach.setup import SetupCoach
from poise.coach.smoothing import DisplayTrack, Guard, JudgementTrack
from poise.coach.unknown import UnknownReps
from poise.coach.view import Scale, ViewTracker

#: The name under which repetitions of anything are counted, without judging them.
ANY = "any"

#: How many poses are measured at a time for the plots of a review; keeps a long recording's memory flat.
_BLOCK = 256


class Coach:
    """Coaches one person doing one exercise: `update` takes a pose and says all there is to say about it.

    Args:
        exercise: the name of an exercise, a path to an exercise file, an `Exercise`, or ``any`` to count only.

    Raises:
        UnknownName: when no exercise has that name.
        InvalidExercise: when the file breaks the rules of exercise files.

    """

    def __init__(self, exercise: str | Exercise) -> None:
        self.exercise = _known(exercise)
        self.judged: list[Judged] = []
        self._angle = self.exercise.shown_angle if self.exercise else None
        self._scale = Scale()
        self._view = ViewTracker()
        self._guard: Guard | None = None
        self._display = DisplayTrack()
        self._judgement = JudgementTrack()
        self._setup = SetupCoach(self.exercise)
        self._machine = _machine(self.exercise)

    def update(self, pose: Pose) -> Feedback:
        """What there is to say about the next pose; `judged` then holds the poses that became ready to judge."""
        scale = self._scale.update(pose)
        self._guard = self._guard or Guard(pose.skeleton)
        believed = self._guard.update(pose, scale)
        shown = self._display.update(believed, scale)
        view = self._view.update(believed, scale)
        self.judged = [Judged(ready, scale, view) for ready in self._judgement.update(believed)]
        events = [event for judged in self.judged for event in self._machine.update(judged)]
        return self._feedback(shown, scale, view, events)

    def finish(self) -> tuple[Event, ...]:
        """The events that the end of the recording completes."""
        scale, view = self._scale.value, self._view.view
        self.judged = [Judged(ready, scale, view) for ready in self._judgement.finish()]
        events = [event for judged in self.judged for event in self._machine.update(judged)]
        return (*events, *self._machine.finish())

    @property
    def counts(self) -> Counts:
        """What has been counted so far."""
        return self._machine.counts

    def _feedback(self, shown: Pose, scale: float, view: View, events: list[Event]) -> Feedback:
        measurable = shown.seen and math.isfinite(scale)
        return Feedback(
            t=shown.t,
            exercise=self.exercise.name if self.exercise else ANY,
            phase=self._machine.phase if shown.seen else "unseen",
            progress=self._machine.progress,
            counts=self._machine.counts,
            measured=_Angles(self._angle, shown, scale, view) if self._angle and measurable else {},
            view=view,
            pose=shown,
            advice=self._setup.update(shown, scale, view),
            events=tuple(events),
        )


class _Angles(Mapping[str, float]):
    """The shown angle of each side, measured when first asked for: nobody reads those of every pose of a film."""

    def __init__(self, measure: Measure, pose: Pose, scale: float, view: View) -> None:
        self._measure = measure
        self._names = tuple(f"{side}_{measure.name}".strip("_") for side in measure.sides())
        self._seen = pose, scale, view

    @cached_property
    def _values(self) -> dict[str, float]:
        pose, scale, view = self._seen
        body = Body(pose, np.float64(scale), np.float64(view.yaw), np.float64(view.facing or 1))  # type: ignore[arg-type]
        return dict(zip(self._names, angles(self._measure, body, view).tolist(), strict=True))

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _known(exercise: str | Exercise) -> Exercise | None:
    if isinstance(exercise, Exercise):
        return exercise
    return None if exercise == ANY else load_exercise(exercise)


def _machine(exercise: Exercise | None) -> Machine:
    if exercise is None:
        return UnknownReps()
    return Holds(exercise) if exercise.kind == "hold" else KnownReps(exercise)


def review(exercise: str | Exercise, poses: Iterable[Pose]) -> Review:
    """The judgement of a recording: the same `Coach`, fed pose by pose.

    Raises:
        UnknownName: when no exercise has that name.
        InvalidExercise: when the exercise file breaks the rules.

    """
    coach = Coach(exercise)
    plots = _Plots(coach.exercise)
    events: list[Event] = []
    views: list[View] = []
    advice: Counter[Advice] = Counter()
    instants = seen = 0
    for pose in poses:
        feedback = coach.update(pose)
        plots.add(coach.judged)
        events += feedback.events
        instants += 1
        if feedback.phase != "unseen":
            seen += 1
            views.append(feedback.view)
            advice.update(feedback.advice)
    events += coach.finish()
    plots.add(coach.judged, last=True)
    usual_view = max(Counter(v.name for v in views).items(), key=lambda item: item[1], default=("unknown", 0))[0]
    like_it = [v for v in views if v.name == usual_view]
    return Review(
        exercise=coach.exercise.name if coach.exercise else ANY,
        confidence=1.0,
        counts=coach.counts,
        reps=tuple(e for e in events if isinstance(e, Rep)),
        holds=tuple(e for e in events if isinstance(e, Hold)),
        view=like_it[len(like_it) // 2] if like_it else View("unknown", math.nan, math.nan, 0),
        advice=tuple(item for item, n in advice.items() if n >= 0.3 * seen),
        t=plots.t(),
        measured=plots.measured(),
        signal=plots.signal,
        unit=plots.unit,
        seen_share=seen / instants if instants else 0.0,
    )


class _Plots:
    """Collects every quantity of an exercise over time, measured block by block on the judgement track."""

    def __init__(self, exercise: Exercise | None) -> None:
        names = ["hip_height", "hand_height"]
        self.signal, self.unit = "movement", "torso"
        if exercise:
            names = [exercise.angle, exercise.signal.measure, *(rule.measure for rule in exercise.fault)]
            self.signal, self.unit = exercise.signal.measure, exercise.signal.quantity.unit
        self._measures = [find_measure(name) for name in dict.fromkeys(names)]
        self._waiting: list[Judged] = []
        self._t: list[Array] = []
        self._values: dict[str, list[Array]] = {m.name: [] for m in self._measures}

    def add(self, judged: list[Judged], last: bool = False) -> None:
        """Take in poses; measure them once there is a block of them."""
        self._waiting += judged
        if not self._waiting or not (last or len(self._waiting) >= _BLOCK):
            return
        stretch = Stretch.of(self._waiting, self._waiting[0].pose.t)
        self._t.append(stretch.t)
        for measure in self._measures:
            best = measure.sides().index(best_side(measure, stretch))
            self._values[measure.name].append(angles(measure, stretch.body, stretch.view)[best])
        self._waiting = []

    def t(self) -> Array:
        """Seconds of every measured instant."""
        return np.concatenate(self._t) if self._t else np.zeros(0)

    def measured(self) -> dict[str, Array]:
        """Every quantity at those instants."""
        return {name: np.concatenate(v) if v else np.zeros(0) for name, v in self._values.items()}
