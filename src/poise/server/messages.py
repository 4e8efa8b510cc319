"""What is said on the socket, both ways; `docs/protocol.md` is the same in words.

::

    page ── start, pose, pose, …, stop ─► server        and ping at any time
    page ◄─ ready, feedback, …, summary ── server       and pong; error at any time

Every message is one JSON object in a text frame and says what it is in ``type``. Times are seconds on the page's
own clock, coordinates pixels of the page's picture; what is unknown or could not be measured is ``null``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from poise.body import BLAZEPOSE33
from poise.coach import BodyName
from poise.report.schema import Advice, Counts, Cue, Hold, Number, Rep, Seconds, Set, View

#: The version of this protocol; within one, fields are only ever added.
PROTOCOL = 1
#: Bytes of the longest message that is read.
LONGEST = 32_768
#: How far from the picture's corner a coordinate may be, in pixels, and how far from the hips, in metres.
FARTHEST_PX, FARTHEST_M = 100_000.0, 100.0

_COUNT = len(BLAZEPOSE33)

Name = Annotated[str, StringConstraints(max_length=64, pattern=r"^[\w-]*$")]
Side = Annotated[int, Field(ge=16, le=16_384)]
Pixel = Annotated[float, AllowInfNan(False), Field(ge=-FARTHEST_PX, le=FARTHEST_PX)]
Metre = Annotated[float, AllowInfNan(False), Field(ge=-FARTHEST_M, le=FARTHEST_M)]
Share = Annotated[float, AllowInfNan(False), Field(ge=0, le=1)]
Clock = Annotated[float, AllowInfNan(False), Field(ge=0, le=1e9)]


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Start(_Given):
    """Begin to be coached; whatever was going on on this socket is finished first."""

    type: Literal["start"]
    exercise: Name = Field(
        default="auto", description="A name from `/api/exercises`, `auto` to recognise it, `any` to count."
    )
    width: Side = Field(description="Width in pixels of the picture that the keypoints lie in.")
    height: Side = Field(description="Height in pixels of that picture.")
    body: BodyName | None = Field(
        default=None, description="What of the body exercises; null: as the profile has it."
    )
    profile: Name = Field(
        default="", description="Id of whose session it is, from `/api/profiles`; empty for the first."
    )
    mode: Literal["workout", "setup"] = Field(
        default="workout",
        description="`setup` while somebody gets into the picture: advice is given, but nothing is kept.",
    )
    resume: Name | None = Field(
        default=None, description="Id of the session to go on with, after a lost connection; its counts go on."
    )


class PoseGiven(_Given):
    """One body at one instant, seen by the page."""

    type: Literal["pose"]
    t: Clock = Field(
        description="When the picture was taken, seconds; a pose no later than the last is passed over."
    )
    keypoints: (
        Annotated[list[tuple[Pixel, Pixel, Share] | None], Field(min_length=_COUNT, max_length=_COUNT)] | None
    ) = Field(description="33 of [x, y, score] in BlazePose's order, null where unseen; null when nobody is seen.")
    world: (
        Annotated[list[tuple[Metre, Metre, Metre] | None], Field(min_length=_COUNT, max_length=_COUNT)] | None
    ) = Field(default=None, description="33 of [x, y, z], metres from between the hips.")
    width: Side | None = Field(default=None, description="Width of the picture from now on, when it changed.")
    height: Side | None = Field(default=None, description="Height of the picture from now on, when it changed.")


class Stop(_Given):
    """End the session: what it completes is told, and all is kept."""

    type: Literal["stop"]


class Ping(_Given):
    """Asks for a `pong`."""

    type: Literal["ping"]
    t: Clock | None = Field(default=None, description="Given back in the `pong`.")


Request = Annotated[Start | PoseGiven | Stop | Ping, Field(discriminator="type")]
#: Reads a message of the page.
REQUEST: TypeAdapter[Start | PoseGiven | Stop | Ping] = TypeAdapter(Request)


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class Skeleton(_Told):
    """Which keypoints there are."""

    name: str
    keypoints: tuple[str, ...] = Field(description="Names, in the order of every list of keypoints.")
    bones: tuple[tuple[str, str], ...] = Field(description="Pairs of names to draw lines between.")


class Ready(_Told):
    """The session has begun; poses may come."""

    type: Literal["ready"] = "ready"
    protocol: int = PROTOCOL
    session: str = Field(description="Id under which it is kept.")
    resumed: bool = Field(description="Whether it goes on with an earlier one.")
    exercise: str = Field(description="As given in `start`.")
    title: str = Field(description="In plain words; empty for `auto` and `any`.")
    kind: Literal["reps", "hold"] = Field(description="Whether repetitions are counted, or seconds held.")
    setup: str = Field(description="How to stand and where to put the camera; empty for `auto` and `any`.")
    notes: tuple[str, ...] = Field(
        (), description="What is neither asked for nor judged of this body, if anything."
    )
    skeleton: Skeleton
    classifier: str = Field(
        default="", description="What the classifier is called that is asked, too; empty without one."
    )


class RepDone(Rep):
    """One repetition, at the pose that completes it; `faults` lists every rule and how it came out."""

    type: Literal["rep"] = "rep"
    tempo: str = Field(description="Eccentric-pause-concentric seconds, as trainers write it: `1.2-0.3-1.5`.")


class HoldDone(Hold):
    """One hold, when it has ended."""

    type: Literal["hold"] = "hold"


class CueTold(Cue):
    """The one thing to say now, and where."""

    keypoints: tuple[str, ...] = Field(description="Names of the keypoints it is about.")


class ClassifiedTold(_Told):
    """What the classifier that the server was given says."""

    t: Seconds = Field(description="When: the middle of the repetition, or now.")
    label: str
    probability: Share


class FeedbackTold(_Told):
    """All there is to say about one pose."""

    type: Literal["feedback"] = "feedback"
    t: Seconds = Field(description="The time of the pose it answers; the page knows from it how late it is.")
    exercise: str = Field(
        description="What is coached now; `any` where it has no name, `rest` while nothing is done."
    )
    title: str = Field(description="In plain words; empty where it has no name.")
    phase: Literal["unseen", "rest", "towards", "turn", "back", "hold"]
    progress: Number = Field(description="How far towards the turn: 0 at rest, 1 at the turn.")
    counts: Counts
    measured: Mapping[str, Number] = Field(description="The shown joint angles, degrees, at most 0.4 s old.")
    view: View
    advice: tuple[Advice, ...] = Field(description="What to change about the set-up, most important first.")
    events: tuple[Annotated[RepDone | HoldDone, Field(discriminator="type")], ...]
    cue: CueTold | None = Field(default=None, description="The one thing to say now; null when there is nothing.")
    corrected: list[tuple[float, float] | None] | None = Field(
        default=None, description="33 of [x, y]: the corrected pose to show as a ghost; null when there is none."
    )
    classified: ClassifiedTold | None = Field(
        default=None,
        description="What the classifier says, of every repetition or four times a second; else null.",
    )
    skipped: int = Field(description="Poses passed over so far because newer ones had come.")
    server_ms: float = Field(description="Milliseconds from the arrival of the pose to this answer.")


class Summary(_Told):
    """The session has ended and is kept."""

    type: Literal["summary"] = "summary"
    session: str = Field(
        description="Id for `/api/sessions/{id}`; empty when nobody was seen, and nothing is kept."
    )
    duration_s: Seconds
    sets: tuple[Set, ...]
    reps: tuple[Rep, ...]
    holds: tuple[Hold, ...]


class Pong(_Told):
    """Answers a `ping`."""

    type: Literal["pong"] = "pong"
    t: float | None


class Error(_Told):
    """Something could not be done."""

    type: Literal["error"] = "error"
    code: Literal["message", "name", "order", "busy", "refused", "fault"] = Field(
        description="`message`: not a message of this protocol; `name`: an unknown exercise, profile or session; "
        "`order`: a pose before `start`; `busy`: too many sockets; `refused`: too many mistakes; `fault`: ours."
    )
    message: str = Field(description="What went wrong.")
    hint: str = Field(description="What to do; may be empty.")
    closing: bool = Field(default=False, description="Whether the server closes the socket now.")


Answer = Ready | FeedbackTold | Summary | Pong | Error


def schema() -> dict[str, Any]:
    """The JSON schema of every message, page's and server's."""
    given = REQUEST.json_schema()
    told: dict[str, Any] = TypeAdapter(Annotated[Answer, Field(discriminator="type")]).json_schema(
        mode="serialization"
    )
    return {"page": given, "server": told}
