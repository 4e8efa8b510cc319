"""The coach: smoothing, view, recognition, counting and form, composed. A recording is a loop over the same."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np

from poise.body import Pose
from poise.coach.correct import Correction
from poise.coach.counting import angles, machine_of
from poise.coach.entry import Doubting
from poise.coach.events import ANY, Counts, Cue, Event, Feedback, View
from poise.coach.exercise import Exercise, load_exercise
from poise.coach.form import Strictness
from poise.coach.machine import Machine
from poise.coach.measures import Body, Measure
from poise.coach.partial import WHOLE, PartialBody, partial_body
from poise.coach.recognise import REST, Recogniser
from poise.coach.setup import SetupCoach
from poise.coach.smoothing import DisplayTrack, Guard, JudgementTrack
from poise.coach.stretch import Judged
from poise.coach.unknown import UnknownReps
from poise.coach.view import Scale, ViewTracker
from poise.coach.workout import Timeline, Workout

#: The name under which poise finds out for itself what is being done.
AUTO = "auto"
#: Seconds for which a corrected pose is shown after the repetition it is about, if the next does not end sooner.
SHOWN_S = 4.0


class Coach:
    """Coaches one person: `update` takes a pose and says all there is to say about it.

    Args:
        exercise: the name of an exercise, a path to an exercise file, an `Exercise`, ``any`` to count only,
            ``auto`` to recognise what is done, or a `Timeline` that knows it.
        recorded: whether this is a recording, so that what has no name may be told at its end only.
        strictness: how strictly limits are taken: ``beginner``, ``standard`` or ``strict``.
        body: what of the body exercises: ``whole``, ``seated``, ``left-arm`` …; each of ``poise.coach.BODIES``.

    Raises:
        UnknownName: when no exercise or body has that name.
        InvalidExercise: when the file breaks the rules of exercise files.
        InputError: when that body cannot do the exercise.

    """

    def __init__(
        self,
        exercise: str | Exercise | Timeline,
        recorded: bool = False,
        strictness: Strictness = "standard",
        body: str = WHOLE,
    ) -> None:
        self.body = partial_body(body)
        self.machine = _machine(exercise, recorded, strictness, self.body)
        self.judged: list[Judged] = []
        self._scale = Scale()
        self._view = ViewTracker()
        self._guard: Guard | None = None
        self._display = DisplayTrack()
        self._judgement = JudgementTrack()
        self._setup = SetupCoach(self.exercise)
        self._set_up_for = self.exercise
        self._corrected: tuple[float, Correction | None] = -math.inf, None

    @property
    def exercise(self) -> Exercise | None:
        """The exercise coached now; None where it has no name."""
        return self.machine.exercise

    def update(self, pose: Pose, light: float = math.nan) -> Feedback:
        """What there is to say about the next pose; `judged` then holds the poses that became ready to judge.

        ``light`` is the mean brightness of its picture, 0 to 255, for advice on the set-up; NaN when unknown.
        """
        pose = self.body.of(pose)
        scale = self._scale.update(pose)
        self._guard = self._guard or Guard(pose.skeleton)
        believed = self._guard.update(pose, scale)
        shown = self._display.update(believed, scale)
        view = self._view.update(believed, scale)
        self.judged = [Judged(ready, scale, view) for ready in self._judgement.update(believed)]
        events, cue = self._events()
        return self._feedback(shown, scale, view, light, events, cue)

    def finish(self) -> tuple[Event, ...]:
        """The events that the end of the recording completes."""
        scale, view = self._scale.value, self._view.view
        self.judged = [Judged(ready, scale, view) for ready in self._judgement.finish()]
        events, _ = self._events()
        return (*events, *self.machine.finish())

    def _events(self) -> tuple[list[Event], Cue | None]:
        """What the poses that became ready complete, and the last thing to say of it."""
        events: list[Event] = []
        cue = None
        for judged in self.judged:
            events += self.machine.update(judged)
            cue = self.machine.cue or cue
        return events, cue

    @property
    def counts(self) -> Counts:
        """What has been counted so far: of the exercise being done, or of the last one."""
        return self.machine.counts

    def _feedback(
        self, shown: Pose, scale: float, view: View, light: float, events: list[Event], cue: Cue | None
    ) -> Feedback:
        exercise = self.exercise
        if exercise is not self._set_up_for:
            self._setup.expect(exercise)
            self._set_up_for = exercise
        for event in events:
            self._corrected = shown.t, event.corrections[0] if event.corrections else None
        since, corrected = self._corrected
        measurable = shown.seen and math.isfinite(scale)
        return Feedback(
            t=shown.t,
            exercise=self.doing,
            phase=self.machine.phase if shown.seen else "unseen",
            progress=self.machine.progress,
            counts=self.machine.counts,
            measured=_Angles(exercise.shown_angle, shown, scale, view) if exercise and measurable else {},
            view=view,
            pose=shown,
            advice=self._setup.update(shown, scale, view, light),
            ready=self._setup.ready,
            events=tuple(events),
            corrected=corrected if shown.t - since < SHOWN_S else None,
            cue=cue,
        )

    @property
    def doing(self) -> str:
        """The name of the exercise coached now; ``any`` where it has none, ``rest`` while nothing is done."""
        if self.exercise:
            return self.exercise.name
        resting = isinstance(self.machine, Workout) and self.machine.doing == REST
        return REST if resting else ANY


class _Angles(Mapping[str, float]):
    """The shown angle of each side, measured when first asked for: nobody reads those of every pose of a film."""

    def __init__(self, measure: Measure, pose: Pose, scale: float, view: View) -> None:
        self._measure = measure
        self._seen = pose, scale, view

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(f"{side}_{self._measure.name}".strip("_") for side in self._measure.sides())

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


def _machine(
    exercise: str | Exercise | Timeline, recorded: bool, strictness: Strictness, body: PartialBody
) -> Machine:
    if isinstance(exercise, Timeline):
        return Workout(exercise, strictness, body)
    if exercise == AUTO:
        return Workout(Doubting(Recogniser(only=body.able)), strictness, body)
    if exercise == ANY:
        return UnknownReps(recorded)
    return machine_of(
        body.fitted(exercise if isinstance(exercise, Exercise) else load_exercise(exercise)), strictness
    )
