"""What the desk coach says: frozen values, the same on the command line, in a socket, in the diary and in tests.

::

    DeskFeedback     all there is to say about one look
    ├─ Sign          one signature: its value against its bounds; ok, bad, or not observable, and why
    └─ DeskEvent
       ├─ Nudge      a signature has been bad for long enough: one sentence
       ├─ Praise     a nudge was heeded, or a long stretch of sitting well
       ├─ BreakDue   sat for long enough: stand up, and what to do
       ├─ BreakTaken sitting was interrupted, or the exercise was done
   ├─ Disagreement  the second opinion has been another for a while
       └─ Recalibrate  the baseline does not fit any more, and why
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: Where somebody is, as far as the camera can say. Only ``sitting`` is judged; none of the others is a slouch.
Presence = Literal["sitting", "turned", "hand", "unclear", "standing", "away", "other", "moved"]

#: What each of them means, in words for the user.
PRESENCES: Mapping[Presence, str] = {
    "sitting": "watching",
    "turned": "your face is turned away; waiting",
    "hand": "a hand is at your face; waiting",
    "unclear": "I cannot see your head and shoulders well",
    "standing": "you are standing",
    "away": "nobody is here",
    "other": "this does not look like you sitting here; waiting",
    "moved": "the camera or the desk has moved; please calibrate again",
}


@dataclass(frozen=True)
class Sign:
    """One signature as of now.

    ``value`` grows towards the fault, in ``unit``: bad from ``limit`` on, good again below ``clear``. It is NaN
    when the state is ``not_observable``, and ``reason`` says why. ``bad_s`` is for how long it has been bad.
    """

    name: str
    title: str
    state: Literal["ok", "bad", "not_observable"]
    value: float
    unit: str
    limit: float
    clear: float
    bad_s: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Opinion:
    """What a classifier of the user's own says: its ``label``, and how likely sitting badly is, 0 to 1."""

    label: str
    bad: float


@dataclass(frozen=True)
class Nudge:
    """Something to change about how one sits, said once: ``level`` 1 gently, 2 and 3 when it was not heeded."""

    t: float
    signature: str
    level: Literal[1, 2, 3]
    value: float
    unit: str
    text: str


@dataclass(frozen=True)
class Praise:
    """Something done well: ``heeded`` a nudge, or a ``streak`` of ``seconds`` sitting well."""

    t: float
    why: Literal["heeded", "streak"]
    seconds: float
    text: str


@dataclass(frozen=True)
class BreakDue:
    """Sat for ``sat_s`` seconds: time to stand up and do ``exercise``."""

    t: float
    sat_s: float
    exercise: str
    text: str


@dataclass(frozen=True)
class BreakTaken:
    """Sitting was interrupted after ``sat_s`` seconds; ``reps`` of the ``exercise`` were seen, 0 without any."""

    t: float
    sat_s: float
    text: str
    exercise: str = ""
    reps: int = 0


@dataclass(frozen=True)
class Disagreement:
    """The second opinion has been another than what is measured, for a while: told, and no alert."""

    t: float
    text: str


@dataclass(frozen=True)
class Recalibrate:
    """The baseline does not fit what is seen any more."""

    t: float
    text: str


DeskEvent = Nudge | Praise | BreakDue | BreakTaken | Disagreement | Recalibrate


@dataclass(frozen=True)
class DeskCounts:
    """How many alerts were given: exactly the events that were."""

    nudges: Mapping[str, int] = field(default_factory=dict)
    praises: int = 0
    breaks_due: int = 0
    breaks_taken: int = 0
    disagreements: int = 0


@dataclass(frozen=True)
class DeskFeedback:
    """All there is to say about one look.

    ``distance`` is from the eyes to the camera, cm, NaN where it cannot be said. ``sat_s`` is for how long one has
    sat without a break, ``streak_s`` for how long nothing was bad, ``silent`` whether alerts are held back.
    ``opinion`` is the second one, None without any; it is not among the signs, and nothing is nudged for it.
    """

    t: float
    presence: Presence
    signs: tuple[Sign, ...] = ()
    distance: float = float("nan")
    sat_s: float = 0.0
    streak_s: float = 0.0
    silent: bool = False
    opinion: Sign | None = None
    counts: DeskCounts = field(default_factory=DeskCounts)
    events: tuple[DeskEvent, ...] = ()

    @property
    def bad(self) -> tuple[str, ...]:
        """The names of what is bad now."""
        return tuple(sign.name for sign in self.signs if sign.state == "bad")
