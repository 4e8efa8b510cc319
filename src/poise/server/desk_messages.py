"""What is said on the socket of the desk coach, both ways; `docs/protocol.md` is the same in words.

::

    page ── start, pose, pose, …, snooze, stop ─► server
    page ◄─ ready, learning, …, watching, desk, … ─ server     and error at any time
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AllowInfNan, Field, StringConstraints, TypeAdapter

from poise.coach.desk import Presence
from poise.report.schema import Number, Seconds
from poise.server.messages import Error, Name, Ping, Pong, PoseGiven, Side, Stop, _Given, _Told

Minutes = Annotated[float, AllowInfNan(False), Field(ge=0, le=1440)]


class DeskStart(_Given):
    """Sit down before the camera: learn how this person sits well, or go on with what was learnt."""

    type: Literal["start"]
    width: Side = Field(description="Width in pixels of the picture that the keypoints lie in.")
    height: Side = Field(description="Height in pixels of that picture.")
    profile: Name = Field(default="", description="Id of who sits, from `/api/profiles`; empty for the first.")
    place: Annotated[str, StringConstraints(max_length=24, pattern=r"^\w+$")] = Field(
        default="desk", description="Which camera and desk: there is a baseline for each."
    )
    calibrate: bool = Field(default=False, description="Learn anew, also when there is a baseline.")
    slouch: bool = Field(default=False, description="When learning: learn the slouch, too.")
    distance: Annotated[float, Field(ge=20, le=200)] | None = Field(
        default=None, description="When learning: measured from the eyes to the camera, cm."
    )
    nudge_minutes: Annotated[Minutes, Field(ge=1)] = Field(default=10, description="At most one nudge in so many.")
    break_minutes: Annotated[Minutes, Field(ge=5)] = Field(default=45, description="Of sitting until a break.")
    leave_out: Annotated[list[Name], Field(max_length=32)] = Field(
        default_factory=list, description="Signatures never to mention, such as `near`."
    )
    quiet: Annotated[str, StringConstraints(max_length=16)] = Field(
        default="", description="Hours without alerts, such as `22:00-07:00`; empty for none."
    )


class Snooze(_Given):
    """Say nothing for some minutes; 0 ends it."""

    type: Literal["snooze"]
    minutes: Minutes


DeskRequest = Annotated[DeskStart | PoseGiven | Snooze | Stop | Ping, Field(discriminator="type")]
#: Reads a message of the page.
DESK_REQUEST: TypeAdapter[DeskStart | PoseGiven | Snooze | Stop | Ping] = TypeAdapter(DeskRequest)


class DeskReady(_Told):
    """Poses may come."""

    type: Literal["ready"] = "ready"
    session: None = Field(default=None, description="Nothing to go on with: what is known is kept under `place`.")


class LearningTold(_Told):
    """How learning goes."""

    type: Literal["learning"] = "learning"
    what: Literal["well", "slouch"] = Field(description="Whether sitting well is shown, or the slouch.")
    share: Number = Field(description="How much of it is done, 0 to 1.")
    problem: str = Field(description="What keeps it from going on; empty when nothing does.")


class Watched(_Told):
    """A signature that is watched for."""

    name: str
    title: str
    sees: str = Field(description="What of it a camera can see, and what it cannot.")


class Watching(_Told):
    """Learnt, or known from before: from here on everything is compared with the baseline."""

    type: Literal["watching"] = "watching"
    view: Literal["front", "side"]
    distance: Number = Field(description="From the eyes to the camera when sitting well, cm.")
    measured: bool = Field(description="Whether that was measured, or is reckoned from a usual camera.")
    signatures: tuple[Watched, ...]


class SignTold(_Told):
    """One signature as of now."""

    name: str
    title: str
    state: Literal["ok", "bad", "not_observable"]
    value: Number = Field(description="Grows towards the fault, in `unit`; null when it cannot be observed.")
    unit: str
    limit: Number = Field(description="From which value on it is bad.")
    clear: Number = Field(description="Below which it is good again.")
    reason: str = Field(description="Why it cannot be observed; empty when it can.")


class DeskEventTold(_Told):
    """Something to say."""

    type: Literal["nudge", "praise", "break_due", "break_taken", "disagreement", "recalibrate"]
    text: str
    level: int = Field(default=0, description="Of a nudge: 1 gently, 2 and 3 when it was not heeded.")
    signature: str = Field(default="", description="What a nudge is about.")


class DeskCountsTold(_Told):
    """How many alerts were given: exactly the events that were."""

    nudges: dict[str, int]
    praises: int
    breaks_due: int
    breaks_taken: int
    disagreements: int


class Exercising(_Told):
    """The exercise of a break, while it is counted."""

    exercise: str
    title: str
    reps: int
    left_s: Seconds


class DeskTold(_Told):
    """All there is to say about one look."""

    type: Literal["desk"] = "desk"
    t: Seconds = Field(description="The time of the pose it answers.")
    presence: Presence
    words: str = Field(description="What that means.")
    signs: tuple[SignTold, ...]
    distance: Number = Field(description="From the eyes to the camera, cm; null where it cannot be said.")
    sat_s: Seconds = Field(description="For how long one has sat without a break.")
    streak_s: Seconds = Field(description="For how long nothing was bad.")
    silent: bool = Field(description="Whether alerts are held back.")
    opinion: SignTold | None = Field(
        default=None, description="What the user's own classifier says, as a sign in percent; null without one."
    )
    counts: DeskCountsTold
    events: tuple[DeskEventTold, ...]
    exercise: Exercising | None = Field(
        default=None, description="The exercise of a break being counted: every picture is wanted then."
    )


class DeskEnded(_Told):
    """It has ended, and the diary is written."""

    type: Literal["ended"] = "ended"


DeskAnswer = DeskReady | LearningTold | Watching | DeskTold | DeskEnded | Pong | Error


def desk_schema() -> dict[str, Any]:
    """The JSON schema of every message on the desk coach's socket, page's and server's."""
    told: dict[str, Any] = TypeAdapter(Annotated[DeskAnswer, Field(discriminator="type")]).json_schema(
        mode="serialization"
    )
    return {"page": DESK_REQUEST.json_schema(), "server": told}
