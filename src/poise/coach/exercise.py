"""What an exercise file may say; one TOML file per exercise in `exercises/`, no code.

Over a repetition (or hold), or the lowering or lifting part of it, a rule takes a measure at a moment, or its
largest, smallest or range, and holds it to a limit. What cannot be said like that needs a new measure in
`measures.py`, never more grammar here.
"""

from __future__ import annotations

import os
import re
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from poise.body import BLAZEPOSE33
from poise.coach.measures import MEASURES, Measure, Plane, find_measure
from poise.errors import InputError, InvalidExercise, UnknownName

Support = Literal["feet", "floor", "hands", "elbows", "knees", "hips", "shoulders"]
#: When a measure is taken. ``gain`` is its largest value beyond the one at the beginning, ``speed`` its fastest
#: change a second, ``seconds`` how long it is on its way in the phase, ``lag`` how far it is out of step with
#: another measure, as a share of the repetition.
Moment = Literal["start", "turn", "max", "min", "range", "median", "gain", "speed", "seconds", "lag"]
#: Which part of a repetition is looked at; the whole reaches a little beyond it.
Part = Literal["whole", "lowering", "lifting"]
#: Of a movement of two sides: both do the same; one or both move; the leg in front works.
Working = Literal["together", "moving", "front"]
#: How strong the grounds of a limit are: a published criterion and number; published, with a number of ours; ours;
#: or learnt from the user's own examples.
Evidence = Literal["A", "B", "C", "own"]
MeasureName = Annotated[str, Field(description="the name of a measure of `poise.coach.measures`")]

#: Names the folder of the user's own files.
FOLDER_VARIABLE = "POISE_DATA"
_OWN_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_HINT = "Compare it with one that ships with poise: docs/add-exercise.md says what each part is."
#: Names that stand for something else than an exercise.
_TAKEN = ("auto", "any", "rest", "unknown")


def _keypoint(name: str) -> str:
    if not BLAZEPOSE33.has(name):
        raise ValueError(str(UnknownName("keypoint", name, BLAZEPOSE33.keypoints)))
    return name


KeypointName = Annotated[str, AfterValidator(_keypoint), Field(description="a keypoint, or a midpoint of two")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Measured(_Strict):
    """Anything that takes a measure."""

    measure: MeasureName

    @field_validator("measure")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in MEASURES:
            raise ValueError(str(UnknownName("measure", name, MEASURES)))
        return name

    @property
    def quantity(self) -> Measure:
        """The measure itself."""
        return find_measure(self.measure)


class Signal(_Measured):
    """The quantity that drives the counting, and where it usually rests and turns.

    ``side``: ``mean`` when both sides move together, ``any`` when one side or the sides in turn may move.
    ``stand_in``: the keypoint whose height in the picture is counted by while the measure's own are out of sight.
    """

    rest: float
    turn: float
    side: Literal["mean", "any"] = "mean"
    stand_in: KeypointName | None = None

    @model_validator(mode="after")
    def _moves(self) -> Self:
        if self.rest == self.turn:
            raise ValueError("rest and turn must differ")
        return self


class Condition(_Measured):
    """Something that must hold at a moment of a repetition (or throughout a hold) for it to be one at all."""

    at: Moment = "turn"
    min: float | None = None
    max: float | None = None
    reason: str = Field(description="what is said when it does not hold")

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give a min or a max")
        return self


class Still(_Strict):
    """A keypoint that stays where it is: how far it may sway sideways, in torso lengths."""

    keypoint: KeypointName
    within: float


class Entry(_Measured):
    """The way into a hold, from rest to turn of its signal: unless told what it is, poise believes no other.

    ``keeps``: the least share that is left of the measure all the way, of what it is before or after, the lesser.
    """

    keeps: float


class Rule(_Measured):
    """A fault: a measure at a moment, held to a limit. Between ``ok`` and ``limit`` nothing is said.

    ``relative``: the measure is taken against the person's own neutral, captured before the first repetition.
    ``usual`` is the neutral of most people and its standard deviation: it stands in where none was captured, and
    where the one captured is further from it than `UNUSUAL` of these, so that nobody's fault is their neutral.
    ``short``: repetitions that fall short are held to it too, since it is about their range.
    ``only``: it can be told from the front only, or from behind, where the body is not in the way.
    ``against``: the measure that a ``lag`` is behind, or at whose lowest a ``gain`` begins.
    """

    name: str
    title: str
    at: Moment
    phase: Part = "whole"
    against: MeasureName | None = None
    ok: float
    limit: float
    relative: bool = False
    usual: tuple[float, float] | None = None
    short: bool = False
    only: Literal["front", "behind"] | None = None
    cue: str
    why: str
    source: str
    evidence: Evidence

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.ok == self.limit:
            raise ValueError("ok and limit must differ")
        if self.against is None if self.at == "lag" else self.against is not None and self.at != "gain":
            raise ValueError("a lag must be against another measure, a gain may be, nothing else")
        if self.at == "seconds" and self.phase == "whole":
            raise ValueError("only lowering and lifting are timed")
        if self.usual and not self.relative:
            raise ValueError("only what is relative has a usual neutral")
        return self

    @field_validator("against")
    @classmethod
    def _known_other(cls, name: str | None) -> str | None:
        return None if name is None else _Measured(measure=name).measure

    @property
    def unit(self) -> str:
        """What value, ok and limit are counted in."""
        own = self.quantity.unit
        return {"seconds": "s", "speed": f"{own}/s", "lag": "of the repetition"}.get(self.at, own)

    @property
    def taken(self) -> str:
        """What is measured and when, in words."""
        words = self.measure.replace("_", " ")
        other = (self.against or "").replace("_", " ")
        moment = {
            "gain": f"rise since {other + ' was lowest' if other else 'the beginning'}",
            "lag": f"out of step with {other}",
            "speed": "fastest change",
            "seconds": "time from a tenth to nine tenths of its way",
        }.get(self.at, self.at)
        phase = "" if self.phase == "whole" else f" while {self.phase}"
        return f"{words}, {moment}{phase}{', against your own neutral' if self.relative else ''}"

    @property
    def seen_from(self) -> str:
        """From where it can be judged, in words."""
        measure = self.quantity
        ideal = {"sagittal": "side-on", "frontal": "facing or turned away"}.get(measure.plane)
        if ideal is None:
            return "any"
        if self.only:
            ideal = {"front": "facing", "behind": "turned away"}[self.only]
        return f"{ideal}, within {measure.gate:g} degrees"

    def hidden(self, yaw: float) -> bool:
        """Whether the body is in the way, seen from a yaw."""
        return self.only is not None and (self.only == "front") == (yaw > 90)

    @property
    def above(self) -> bool:
        """Whether too much of it is the fault (else too little)."""
        return self.limit > self.ok


class Unjudged(_Strict):
    """A fault that trainers look for and a single camera cannot tell: what it is, and why it is not judged."""

    title: str
    why: str


class Benchmark(_Measured):
    """The range a measure usually has at a moment when the exercise is done well; shown, never a fault."""

    title: str
    at: Moment
    low: float
    high: float
    source: str


class Exercise(_Strict):
    """One exercise: how it is counted, and what its form is held to."""

    name: str
    title: str
    kind: Literal["reps", "hold"] = "reps"
    plane: Plane = Field(description="the plane it is best seen in")
    setup: str = Field(description="how to stand and where to put the camera, in one sentence")
    angle: MeasureName = Field(description="the joint angle shown, and whose range is the repetition's ROM")
    towards: Literal["eccentric", "concentric"] = Field(
        default="eccentric", description="what the way from rest to turn is: lowering or lifting"
    )
    signal: Signal
    full: float = Field(default=0.4, description="least share of rest-to-turn for a full repetition")
    partial: float = Field(default=0.2, description="least share of rest-to-turn for a partial repetition")
    min_s: float = Field(default=0.5, description="seconds below which a repetition cannot be one")
    either: bool = Field(default=False, description="whether people also begin at the turn and come back to it")
    working: Working = Field(default="together", description="which of two sides is held to the rules")
    bears: tuple[Support, ...] = Field(
        default=("feet",),
        description="what bears the body at the turn, and stays in its place in a corrected pose; "
        "with `floor` feet stay on their level only",
    )
    still: Still | None = None
    entry: Entry | None = None
    condition: tuple[Condition, ...] = ()
    benchmark: tuple[Benchmark, ...] = ()
    fault: tuple[Rule, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()

    @field_validator("angle")
    @classmethod
    def _known_angle(cls, name: str) -> str:
        return _Measured(measure=name).measure

    @property
    def shown_angle(self) -> Measure:
        """The joint angle shown, as a measure."""
        return find_measure(self.angle)


def parse_exercise(text: str, where: str) -> Exercise:
    """The exercise that a TOML text describes; ``where`` names it in errors.

    Raises:
        InvalidExercise: when it is not TOML, or says something an exercise file may not say.

    """
    try:
        return Exercise.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InvalidExercise(f"{where} is not a TOML file: {error}.", _HINT) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise InvalidExercise(f"{where}: {first['msg']} at '{place}'{more}.", _HINT) from None


@cache
def exercises() -> tuple[str, ...]:
    """The names of the exercises that ship with poise, in alphabetical order."""
    folder = resources.files("poise.coach").joinpath("exercises")
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def data_folder(part: str = "") -> Path:
    """Where the user's own files are, or those of one kind: in the user's data folder, or in ``$POISE_DATA``."""
    given = os.environ.get(FOLDER_VARIABLE)
    return (Path(given).expanduser() if given else Path(platformdirs.user_data_dir("poise"))) / part


def own_file(name: str) -> Path:
    """Where the exercise file of the user's own exercise of that name is, or would be."""
    return data_folder("exercises") / f"{name}.toml"


def own_exercises() -> tuple[str, ...]:
    """The names of the user's own exercises, taught or written by hand, in alphabetical order."""
    names = (path.stem for path in data_folder("exercises").glob("*.toml"))
    return tuple(sorted(name for name in names if _OWN_NAME.fullmatch(name) and name not in exercises()))


def check_own_name(name: str) -> None:
    """Make sure that an exercise of one's own may have this name.

    Raises:
        InputError: when it is taken, or is no name.

    """
    if name in (*exercises(), *_TAKEN):
        raise InputError(f"The name {name!r} is taken.", f"Give it one of your own, such as my_{name}.")
    if not _OWN_NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is no name for an exercise.", "Use small letters, digits and underscores, such as high_kick."
        )


def load_exercise(name: str) -> Exercise:
    """The exercise of that name, of poise or of the user's own, or the one a path to a ``.toml`` file describes.

    Raises:
        UnknownName: when there is none of that name.
        InvalidExercise: when the file breaks the rules.

    """
    if name in exercises():
        return _shipped(name)
    if name in own_exercises():
        return _read(own_file(name))
    if not name.endswith(".toml"):
        raise UnknownName("exercise", name, (*exercises(), *own_exercises()))
    path = Path(name)
    if not path.is_file():
        raise InvalidExercise(f"There is no exercise file {name}.", "Give the path of a .toml file.")
    return _read(path)


@cache
def _shipped(name: str) -> Exercise:
    file = resources.files("poise.coach").joinpath("exercises", f"{name}.toml")
    return parse_exercise(file.read_text(encoding="utf-8"), f"{name}.toml")


def _read(path: Path) -> Exercise:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidExercise(f"{path.name} cannot be read as text: {error}.", "Save it as UTF-8.") from None
    return parse_exercise(text, path.name)
