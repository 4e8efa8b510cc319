"""What the REST interface under ``/api`` takes and gives, beside what the socket and ``report.json`` say."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from poise.coach import BodyName
from poise.desk.diary import Entry
from poise.report.schema import Hold, Rep, Set
from poise.server.messages import Name

JobState = Literal["uploading", "queued", "running", "done", "failed"]


#: Who of several people: as `poise analyze --person` has it, in whole pixels.
_PERSON = r"^(largest|central|[0-9]{1,5},[0-9]{1,5})$"
#: Text without control characters.
_PLAIN = r"^[^\x00-\x1f\x7f]*$"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class Problem(_Part):
    """What every refusal says."""

    message: str = Field(description="What went wrong.")
    hint: str = Field(description="What to do; may be empty.")


class Health(_Part):
    """Whether all is well."""

    status: Literal["ok"] = "ok"
    poise: str = Field(description="Version of poise.")
    protocol: int = Field(description="Version of the socket's protocol.")
    sessions: int = Field(description="Sessions going on now.")


class PageInfo(_Part):
    """What the page needs to know before it starts."""

    vendor: str = Field(description="Folder of what the page runs on and is not ours, ending in a slash.")
    poise: str = Field(description="Version of poise.")
    protocol: int = Field(description="Version of the socket's protocol.")


class FilmLimits(_Part):
    """What a film may be."""

    bytes: int
    seconds: float
    pixels: int = Field(description="Width times height.")
    chunk: int = Field(description="Bytes that may be sent at once.")
    types: tuple[str, ...] = Field(description="Endings of file names.")


class ExerciseInfo(_Part):
    """One exercise that can be coached."""

    name: str
    title: str
    kind: Literal["reps", "hold"]
    plane: str = Field(description="The plane it is best seen in.")
    setup: str = Field(description="How to stand and where to put the camera.")
    faults: tuple[str, ...] = Field(description="What is looked for, in plain words.")
    unjudged: tuple[str, ...] = Field((), description="What is not looked for, because of the body asked for.")


class ModelFile(_Part):
    """One model file."""

    name: str
    licence: str
    file: str
    size: int = Field(description="Bytes; 0 when not known.")
    sha256: str
    here: bool = Field(description="Whether it is on this machine.")


PersonName = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True, pattern=_PLAIN)]


class ProfileNew(_Part):
    """A person to keep sessions for."""

    name: PersonName


class ProfileChange(_Part):
    """What is to be different about a person; what is not named stays."""

    name: PersonName | None = None
    body: BodyName | None = Field(None, description="What of the body exercises, live and in films.")


class Profile(ProfileNew):
    """A person whose sessions are kept apart from others'."""

    id: str
    body: BodyName = Field(description="What of the body exercises.")
    sessions: int = Field(description="How many are kept.")


class Done(_Part):
    """What was done of one exercise in one session."""

    exercise: str
    title: str
    full: int
    partial: int
    invalid: int
    held_s: float
    sets: int
    rom: float | None = Field(description="Median range of motion of the full repetitions, in `unit`.")
    unit: str
    tempo_s: float | None = Field(description="Median seconds of a full repetition.")
    faults: dict[str, int] = Field(
        description="How many repetitions or holds each fault was seen in, by its title."
    )


class SessionInfo(_Part):
    """One session in the list."""

    id: str
    profile: str
    source: Literal["live", "film"]
    asked: str = Field(description="The exercise it was begun with: a name, `auto` or `any`.")
    started_at: datetime = Field(description="When, in UTC.")
    duration_s: float
    state: Literal["live", "complete", "interrupted"] = Field(
        description="`live` while it goes on; `interrupted` when the server went away during it."
    )
    done: tuple[Done, ...]


class SessionDetail(SessionInfo):
    """One session, whole."""

    sets: tuple[Set, ...]
    reps: tuple[Rep, ...]
    holds: tuple[Hold, ...]
    job: str | None = Field(description="Id of the upload it was made from, whose results can be looked at.")


class Replay(_Part):
    """The keypoints of a session, for drawing them again."""

    width: int
    height: int
    keypoints: tuple[str, ...] = Field(description="Names, in the order of every list of keypoints.")
    bones: tuple[tuple[str, str], ...]
    t: list[float] = Field(description="Seconds on the session's clock.")
    points: list[list[tuple[float, float] | None]] = Field(
        description="For each instant [x, y], null where unseen."
    )
    more: bool = Field(description="Whether there are later instants than asked for.")


class UploadNew(_Part):
    """A film that is about to be sent."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_PLAIN)] = Field(
        description="Its file name."
    )
    size: int = Field(ge=1, le=1 << 50, description="Bytes in all.")
    exercise: Name = "auto"
    profile: Name = ""
    difficulty: float = Field(0.0, ge=0, le=1, description="The score from which the result counts as passed.")
    person: Annotated[str, StringConstraints(max_length=20, pattern=_PERSON)] = Field(
        "largest",
        description="Whom to judge of several people: the `largest`, the `central`, or `X,Y`, pixels of the film.",
    )


class Verdict(_Part):
    """What came of a film, in short; `report.json` among the results has it all."""

    headline: str
    score: float | None = Field(description="Share of the repetitions or holds that count and are without a fault.")
    passed: bool | None = Field(description="Whether the score reaches the difficulty asked for.")
    tips: tuple[str, ...] = Field(description="What to do about each fault seen, and about the set-up.")


class ResultFile(_Part):
    """One file of the results."""

    name: str
    type: str = Field(description="Media type.")
    size: int


class Job(_Part):
    """An upload, and what becomes of it."""

    id: str
    profile: str
    state: JobState
    name: str
    size: int
    received: int = Field(description="Bytes that are here; the next chunk begins at this offset.")
    chunk: int = Field(description="Bytes a chunk may have at most.")
    exercise: str
    difficulty: float
    person: str
    created_at: datetime
    stage: str = Field(description="What is being done, in plain words; empty unless it is running.")
    progress: float | None = Field(description="How much of that stage is done, 0 to 1.")
    problem: Problem | None = Field(description="Why it failed.")
    session: str | None = Field(description="Id of the session made of it.")
    verdict: Verdict | None
    results: tuple[ResultFile, ...] = Field(description="Files under `/api/jobs/{id}/results/`.")


class DeskMinutes(_Part):
    """How somebody sat in an hour or on a day."""

    when: str = Field(description="The hour as `09:00`, or the day as `2026-11-21`, local time.")
    good_s: float
    bad_s: float
    away_s: float
    unseen_s: float
    signatures: dict[str, float] = Field(description="Seconds in which each was bad.")
    nudges: dict[str, int]
    breaks: int
    reps: int

    @classmethod
    def of(cls, when: str, entry: Entry) -> Self:
        """What an entry of the diary says."""
        said = {name: getattr(entry, name) for name in cls.model_fields if name != "when"}
        return cls.model_validate({"when": when, **said})


class DeskDiary(_Part):
    """The desk coach's diary."""

    hours: list[DeskMinutes] = Field(description="Of today, those with anything in them.")
    days: list[DeskMinutes] = Field(description="The last days, the newest last.")
    titles: dict[str, str] = Field(description="What each signature is called.")
