"""The judgement of a recording: the same coach, fed pose by pose."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from poise.body import Array, Pose, PoseSequence
from poise.coach.coach import AUTO, Coach
from poise.coach.counting import angles
from poise.coach.events import ANY, Advice, Counts, Cue, Event, Hold, Rep, Review, View
from poise.coach.exercise import Exercise, load_exercise
from poise.coach.form import Strictness
from poise.coach.measures import find_measure
from poise.coach.partial import WHOLE, partial_body
from poise.coach.recognise import UNKNOWN
from poise.coach.setup import READY
from poise.coach.stretch import Judged, Stretch, best_side
from poise.coach.workout import Timeline, Workout, sets_of

#: How many poses are measured at a time for the plots; keeps a long recording's memory flat.
_BLOCK = 1024
#: What is said when nothing was recognised.
NOTHING = "No exercise that poise knows was recognised; name it with --exercise, or use 'any' to count anything."
NAMELESS = "The exercise was not recognised: repetitions are counted, but not judged. Name it with --exercise."


def review(
    exercise: str | Exercise | Timeline,
    poses: Iterable[Pose],
    strictness: Strictness = "standard",
    body: str = WHOLE,
) -> Review:
    """The judgement of a recording, its limits taken as strictly as asked, of what of the body exercises.

    With ``auto`` it is gone through twice: once to find out what is done when (`recognised`), and again knowing it.

    Raises:
        UnknownName: when no exercise or body has that name.
        InvalidExercise: when the exercise file breaks the rules.
        InputError: when that body cannot do the exercise.

    """
    part = partial_body(body)
    if exercise != AUTO and not isinstance(exercise, Timeline):
        coach = Coach(exercise, True, strictness, body)
        found = _reviewed(coach, poses)
        return replace(found, notes=tuple(part.notes([coach.exercise] if coach.exercise else [])))
    poses = poses if isinstance(poses, PoseSequence) else list(poses)
    exercise = exercise if isinstance(exercise, Timeline) else recognised(poses, body)
    main = exercise.main
    nameless = main in ("", UNKNOWN)
    coach = Coach(exercise, strictness=strictness, body=body)
    found = _reviewed(coach, poses, None if nameless else part.fitted(load_exercise(main)))
    notes = (NAMELESS if main else NOTHING,) if nameless else ()
    done = [part.fitted(load_exercise(name)) for name in {one.exercise: 0 for one in found.sets} if name != ANY]
    probability = 0.0 if nameless else exercise.probability(main)
    return replace(found, confidence=probability, notes=(*notes, *part.notes(done)))


def recognised(poses: Iterable[Pose], body: str = WHOLE) -> Timeline:
    """What is done when in a recording, as recognised without being told."""
    coach = Coach(AUTO, body=body)
    start = end = math.nan
    for pose in poses:
        coach.update(pose)
        start, end = (pose.t if math.isnan(start) else start), pose.t
    coach.finish()
    assert isinstance(coach.machine, Workout)
    return Timeline.settled(coach.machine.spans, start, end)


def _reviewed(coach: Coach, poses: Iterable[Pose], exercise: Exercise | None = None) -> Review:
    """What a coach says of a recording, summed up for one exercise: the coach's own unless another is given."""
    exercise = exercise or coach.exercise
    plots = _Plots(exercise)
    events: list[Event] = []
    cues: list[Cue] = []
    views: list[View] = []
    advice: Counter[Advice] = Counter()
    instants = seen = 0
    for pose in poses:
        feedback = coach.update(pose)
        plots.add(coach.judged)
        events += feedback.events
        cues += (feedback.cue,) if feedback.cue else ()
        instants += 1
        if feedback.phase != "unseen":
            seen += 1
            views.append(feedback.view)
            for one in feedback.advice:
                if one != READY:
                    advice[one] += 1
    events += coach.finish()
    plots.add(coach.judged, last=True)
    usual_view = max(Counter(v.name for v in views).items(), key=lambda item: item[1], default=("unknown", 0))[0]
    like_it = [v for v in views if v.name == usual_view]
    name = exercise.name if exercise else ANY
    sets = sets_of(events)
    return Review(
        exercise=name,
        confidence=1.0,
        counts=_sum(one.counts for one in sets if one.exercise == name),
        reps=tuple(e for e in events if isinstance(e, Rep)),
        holds=tuple(e for e in events if isinstance(e, Hold)),
        view=like_it[len(like_it) // 2] if like_it else View("unknown", math.nan, math.nan, 0),
        advice=tuple(item for item, n in advice.items() if n >= 0.3 * seen),
        t=plots.t(),
        measured=plots.measured(),
        signal=plots.signal,
        unit=plots.unit,
        seen_share=seen / instants if instants else 0.0,
        sets=sets,
        cues=tuple(cues),
    )


def _sum(counts: Iterable[Counts]) -> Counts:
    each = list(counts)
    return Counts(
        sum(c.full for c in each),
        sum(c.partial for c in each),
        sum(c.invalid for c in each),
        sum(c.held_s for c in each),
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
