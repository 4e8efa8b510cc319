"""What ``report.json`` says: a public contract, field by field.

Times are seconds on the film's own clock. What was not measured, or could not be, is ``null``. Numbers are
rounded to four decimals. The schema describes one ``schema_version`` exactly; within a major version fields are
only ever added.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from poise.body import PoseSequence
from poise.coach.correct import Correction
from poise.coach.events import Event, RepKind, Review, State, ViewName
from poise.coach.events import Set as SetDone
from poise.coach.exercise import Evidence, exercises, load_exercise, own_exercises
from poise.coach.exercise import Exercise as ExerciseFile


def _tidy(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, 4) if math.isfinite(value) else None


Seconds = Annotated[float, BeforeValidator(_tidy)]
Number = Annotated[float | None, BeforeValidator(_tidy)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class Source(_Part):
    """What was analysed."""

    file: str = Field(description="Name of the film or recording, without its folder.")
    sha256: str | None = Field(None, description="SHA-256 of the file, in hexadecimal; null when it is no file.")
    bytes: int | None = Field(None, description="Size of the file in bytes; null when it is no file.")
    duration_s: Seconds = Field(0.0, description="Seconds from the first judged instant to the last.")
    width: int | None = Field(None, description="Width of the picture in pixels; null when unknown.")
    height: int | None = Field(None, description="Height of the picture in pixels; null when unknown.")

    @classmethod
    def of(cls, path: Path, sequence: PoseSequence) -> Self:
        """What that file and the sequence in it say of themselves.

        Raises:
            OSError: when the file is there but cannot be read.

        """
        width, height = sequence.size or (None, None)
        digest, size = None, None
        if path.is_file():
            size = path.stat().st_size
            with path.open("rb") as file:
                digest = file_digest(file, "sha256").hexdigest()
        name = path.name or str(path)
        return cls(file=name, sha256=digest, bytes=size, duration_s=sequence.duration, width=width, height=height)


class Exercise(_Part):
    """Which exercise was done; of several the one done longest."""

    name: str = Field(description="Name as given at the command line, such as `push_up`; `any` for none by name.")
    title: str = Field(description="Name in plain words, such as `Push-up`.")
    confidence: Number = Field(
        description="How likely it is that it is this one, 0 to 1; 1 when it was given, 0 when none was recognised."
    )
    signal: str = Field(description="Name of the measure that drives the counting.")
    unit: str = Field(description="Unit of the signal: deg, torso (shares of the torso's length) or ratio.")
    setup: str = Field(description="How to stand and where to put the camera; empty for `any`.")


class Counts(_Part):
    """How many repetitions of the exercise there were."""

    full: int = Field(description="Repetitions that count.")
    partial: int = Field(description="Repetitions that did not go far enough to count.")
    invalid: int = Field(description="Movements that were none, or could not be followed; they do not count.")
    held_s: Seconds = Field(description="Seconds held in all, for holds; 0 otherwise.")


class Fault(_Part):
    """One rule held to one repetition or hold. A rule is listed however it came out: see `state`."""

    name: str = Field(description="Name of the rule within the exercise.")
    title: str = Field(description="What goes wrong, in plain words.")
    state: State = Field(
        description="How it came out: `fault` (the limit is broken, probability above 0.8), `ok` (below 0.2), "
        "`unsure` (between), `not_observable` (cannot be judged from this view or picture; see `reason`)."
    )
    value: Number = Field(description="What was measured, in `unit`; null when it could not be.")
    sigma: Number = Field(description="Standard error of `value`, in `unit`.")
    unit: str = Field(description="Unit of `value`, `sigma`, `limit` and `ok`: deg, torso, ratio or s.")
    limit: Number = Field(description="Where the fault begins, in `unit`.")
    ok: Number = Field(description="Up to where all is well, in `unit`; it lies on the good side of `limit`.")
    probability: Number = Field(description="Probability that the limit is broken, 0 to 1.")
    t: Number = Field(description="When it was measured, seconds.")
    view: ViewName = Field(description="Where the body was seen from at that time.")
    cue: str = Field(description="What to do about it: one short sentence, as a coach would say it.")
    why: str = Field(description="Why it matters.")
    source: str = Field(description="Where the criterion comes from.")
    evidence: Evidence = Field(
        description="A: published criterion and number; B: published criterion, our number; C: ours; "
        "own: learnt from the user's own examples."
    )
    keypoints: tuple[str, ...] = Field((), description="Keypoints that it is measured from.")
    reason: str = Field("", description="Why it could not be judged; empty otherwise.")


class Rep(_Part):
    """One repetition: there and back again."""

    number: int = Field(description="1 for the first movement found, counting those that are not full too.")
    kind: RepKind = Field(description="`full`, `partial` (not far enough) or `invalid`.")
    start: Seconds = Field(description="When it began, seconds.")
    turn: Seconds = Field(description="When it turned, seconds.")
    end: Seconds = Field(description="When it ended, seconds.")
    rom: Number = Field(description="Range of motion: how far the signal moved, in `unit`.")
    unit: str = Field(description="Unit of `rom` and `asymmetry`.")
    eccentric_s: Number = Field(description="Seconds of lowering.")
    pause_s: Number = Field(description="Seconds of rest at the turn.")
    concentric_s: Number = Field(description="Seconds of lifting.")
    asymmetry: Number = Field(description="Left minus right at the turn, in `unit`; null unless both were seen.")
    confidence: Number = Field(description="How surely the body was seen throughout, 0 to 1.")
    reasons: tuple[str, ...] = Field(description="Why it is partial or invalid; empty for a full one.")
    faults: tuple[Fault, ...] = Field(description="Every rule of the exercise, and how it came out.")
    exercise: str = Field(description="Name of the exercise it is a repetition of, `any` when it has none.")


class Hold(_Part):
    """One hold of a static exercise."""

    number: int = Field(description="1 for the first.")
    start: Seconds = Field(description="When it began, seconds.")
    end: Seconds = Field(description="When it ended, seconds.")
    held_s: Seconds = Field(description="Seconds that count: those spent in a fault are left out.")
    faults: tuple[Fault, ...] = Field(description="Every rule of the exercise, and how it came out.")
    exercise: str = Field(description="Name of the exercise.")


class Change(_Part):
    """What a corrected pose does to a measure of a rule that was broken."""

    rule: str = Field(description="Name of the rule within the exercise.")
    keypoints: tuple[str, ...] = Field(description="Keypoints that it is measured from.")
    before: Number = Field(description="What was measured at that instant, in `unit`.")
    after: Number = Field(description="What would be measured, in `unit`.")
    unit: str = Field(description="Unit of both: deg, torso or ratio.")


class Corrected(_Part):
    """The body at the moment of a fault as it would be done right: the same limbs, borne by the same spot."""

    number: int = Field(description="The number of its repetition or hold: 1 for the first.")
    exercise: str = Field(description="Name of its exercise.")
    t: Seconds = Field(description="The instant it stands for, seconds.")
    faults: tuple[str, ...] = Field(description="Names of the rules that it mends.")
    keypoints: Mapping[str, tuple[float, float]] = Field(
        description="Where every keypoint would be, pixels of the picture; empty where there is no such pose."
    )
    changes: tuple[Change, ...] = Field(description="What it does to the measures of those rules, side by side.")
    reason: str = Field(description="Why there is no such pose; empty where there is one.")


class Summary(_Part):
    """What the full repetitions of a set have in common; null where there are too few to tell."""

    reps: int = Field(description="How many full repetitions it is of.")
    rom: Number = Field(description="Median range of motion, in `unit`.")
    unit: str = Field(description="Unit of `rom` and `asymmetry`.")
    rom_spread: Number = Field(description="Standard deviation of the range over its mean, 0 to 1.")
    tempo_spread: Number = Field(description="Standard deviation of the duration over its mean, 0 to 1.")
    asymmetry: Number = Field(description="Median of left minus right at the turn, in `unit`.")
    range_lost: Number = Field(
        description="Share of the range lost from first to last by their trend, 0 to 1; less than 0 when it grew."
    )
    slowed: Number = Field(
        description="Share by which lifting took longer at the end than at first, 0 to 1 or more."
    )
    tired: bool = Field(description="Whether range was lost or lifting slowed much and clearly.")


class Cue(_Part):
    """Something that was said: what to mend, or that it is mended."""

    t: Seconds = Field(description="When, seconds.")
    kind: Literal["correct", "praise"] = Field(description="`correct` what to mend, `praise` that it is mended.")
    name: str = Field(description="Name of the rule.")
    text: str = Field(description="The words.")
    exercise: str = Field(description="Name of the exercise.")


class Set(_Part):
    """Repetitions or holds of one exercise without a long pause: a line of the workout's log."""

    number: int = Field(description="1 for the first of the film.")
    exercise: str = Field(description="Name of the exercise, `any` when it has none.")
    title: str = Field(description="Name of the exercise in plain words.")
    start: Seconds = Field(description="When its first repetition that is not invalid began, seconds.")
    end: Seconds = Field(description="When its last repetition that is not invalid ended, seconds.")
    rest_s: Number = Field(description="Seconds since the set before it ended; null for the first.")
    counts: Counts = Field(description="How many repetitions it has.")
    numbers: tuple[int, ...] = Field(description="Numbers of its repetitions or holds.")
    summary: Summary | None = Field(
        None, description="How alike, how even and how tiring they were; null of fewer than three full ones."
    )

    @classmethod
    def of(cls, done: SetDone, given: ExerciseFile | None = None) -> Self:
        """A set as the coach tells it; ``given`` is the exercise file where it is the user's own."""
        return cls.model_validate(vars(done) | {"title": _title(done.exercise, given)})


class View(_Part):
    """Where the body was seen from, most of the time."""

    name: ViewName = Field(description="`front`, `oblique`, `side`, `rear` or `unknown`.")
    yaw: Number = Field(
        description="Degrees between the way the body faces and the camera: 0 facing it, 90 side-on."
    )
    sigma: Number = Field(description="Standard error of `yaw`, degrees.")
    facing: int = Field(description="1 when the person faces right in the picture, -1 left, 0 undecided.")


class Advice(_Part):
    """Something to change about the set-up, not the movement, so that more can be judged."""

    name: str = Field(description="Name of the advice.")
    text: str = Field(description="What to change, and what it would unlock.")


class Timing(_Part):
    """How much was looked at, and how long it took."""

    frames: int = Field(description="Pictures looked at.")
    seconds: Seconds = Field(description="Length of the film, seconds.")
    ms: Mapping[str, Seconds] = Field({}, description="Milliseconds per picture, by stage of the work.")
    wall_s: Number = Field(None, description="Seconds that the whole analysis took; null when not measured.")


class Report(_Part):
    """One film, judged."""

    schema_version: Literal["1.2"] = Field("1.2", description="Version of this contract.")
    poise: str = Field(description="Version of poise that wrote it.")
    source: Source
    exercise: Exercise
    counts: Counts
    reps: tuple[Rep, ...] = Field(
        description="Every repetition of any exercise, in time order, the partial and invalid ones too."
    )
    holds: tuple[Hold, ...] = Field(description="Every hold of a static exercise, in time order.")
    corrected: tuple[Corrected, ...] = Field(
        (), description="The corrected poses of all faults, one for each moment of a repetition or hold."
    )
    sets: tuple[Set, ...] = Field(description="The workout's log: every set, in time order.")
    cues: tuple[Cue, ...] = Field((), description="What a coach beside you would have said, in time order.")
    view: View
    seen_share: Number = Field(
        description="Share of the instants at which the person was seen well enough, 0 to 1."
    )
    advice: tuple[Advice, ...] = Field(description="How to set up next time.")
    notes: tuple[str, ...] = Field(description="What else one should know, such as that a second person was seen.")
    timing: Timing
    model: Mapping[str, str] = Field(description="Where the keypoints come from: backend, model, hash, versions.")

    @classmethod
    def of(
        cls,
        review: Review,
        sequence: PoseSequence,
        exercise: ExerciseFile | None,
        source: Path,
        timing: Timing,
        notes: Iterable[str] = (),
    ) -> Self:
        """The report of a judged recording.

        Args:
            review: what the coach says of it.
            sequence: the poses that were judged.
            exercise: what it was held to; None when it was only counted.
            source: the film or recording; only its name, size and hash are told.
            timing: how much was looked at, and how long it took.
            notes: what to add to the notes of the review.

        Raises:
            OSError: when the source is there but cannot be read.

        """
        events: tuple[Event, ...] = (*review.reps, *review.holds)
        parts = {
            name: getattr(review, name)
            for name in ("counts", "reps", "holds", "view", "seen_share", "advice", "cues")
        }
        return cls.model_validate(
            {
                "poise": version("poise"),
                "source": Source.of(source, sequence),
                "exercise": {
                    "name": review.exercise,
                    "title": _title(review.exercise, exercise),
                    "setup": exercise.setup if exercise else "",
                    "confidence": review.confidence,
                    "signal": review.signal,
                    "unit": review.unit,
                },
                "sets": [Set.of(one, exercise) for one in review.sets],
                "corrected": [_corrected(event, one) for event in events for one in event.corrections],
                "notes": (*review.notes, *notes),
                "timing": timing,
                "model": dict(sequence.meta),
                **parts,
            }
        )

    @property
    def judged(self) -> tuple[Rep | Hold, ...]:
        """Everything that was held to the rules: repetitions, then holds."""
        return (*self.reps, *self.holds)

    def text(self) -> str:
        """The report as JSON, indented, ending in a newline."""
        return self.model_dump_json(indent=2) + "\n"


def _corrected(event: Event, correction: Correction) -> dict[str, Any]:
    told = {name: getattr(correction, name) for name in ("t", "faults", "keypoints", "changes", "reason")}
    return told | {"number": event.number, "exercise": event.exercise}


def _title(name: str, given: ExerciseFile | None) -> str:
    if given and given.name == name:
        return given.title
    return load_exercise(name).title if name in (*exercises(), *own_exercises()) else "Any movement"


def json_schema() -> str:
    """The JSON schema of ``report.json``, as it stands in ``docs/report.schema.json``."""
    return json.dumps(Report.model_json_schema(mode="serialization"), indent=2, ensure_ascii=False) + "\n"
