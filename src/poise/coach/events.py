"""What the coach says: frozen values, the same in the command line, the socket, the report and the tests.

::

    Feedback            all there is to say about one pose
    ├─ View             where the body is seen from
    ├─ Counts           full, partial and invalid repetitions so far
    ├─ Advice           something to change about the set-up, not the movement
    ├─ Cue              something to say now: what to mend, or that it is mended
    └─ Event            Rep or Hold, at the pose that completes it
         ├─ Fault       one rule held to that repetition or hold: fault, ok, unsure or not observable
         └─ Correction  how the body would have looked done right, at a moment of a fault
    Review              a whole recording, judged
    └─ Set              repetitions of one exercise without a long pause
         └─ Summary     how alike and how even they were, and how they tired
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from poise.body import Array, Pose

if TYPE_CHECKING:
    from poise.coach.correct import Correction
    from poise.coach.exercise import Evidence

#: The name under which repetitions of anything are counted, without judging them.
ANY = "any"

State = Literal["fault", "ok", "unsure", "not_observable"]
RepKind = Literal["full", "partial", "invalid"]
ViewName = Literal["front", "oblique", "side", "rear", "unknown"]


@dataclass(frozen=True)
class View:
    """Where the body is seen from.

    ``yaw`` is the angle between the body's facing direction and the camera, 0 facing it, 90 side-on, 180
    turned away; NaN when unknown. ``sigma`` is its standard error. ``facing`` is +1 when the person faces right
    in the picture, -1 left, 0 when that is not decided (frontal). ``tilt`` is the angle of the body's left-right
    axis in the picture to the horizontal, degrees: of one who lies on the floor, a high camera sees it upright.
    """

    name: ViewName
    yaw: float
    sigma: float
    facing: int
    tilt: float = 0.0


@dataclass(frozen=True)
class Fault:
    """One rule held to one repetition or hold; `state` says how it came out.

    ``value`` ± ``sigma`` was measured at time ``t`` against ``limit``, in ``unit``; ``value`` is NaN and
    ``reason`` says why when the state is ``not_observable``. ``probability`` is that of the limit being broken.
    ``source`` and ``evidence`` (A published criterion and number, B published criterion and our number, C ours,
    own learnt from the user's own examples)
    say where the limit comes from.
    """

    name: str
    title: str
    state: State
    value: float
    sigma: float
    unit: str
    limit: float
    ok: float
    probability: float
    t: float
    view: ViewName
    cue: str
    why: str
    source: str
    evidence: Evidence
    keypoints: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Rep:
    """One repetition: there and back again.

    Times are seconds on the recording's clock; ``rom`` is the range of the exercise's phase signal, in
    ``unit``. ``eccentric_s``, ``pause_s`` and ``concentric_s`` are the lowering, the rest at the turn and the
    lifting. ``asymmetry`` is left minus right at the turn in ``unit``, NaN when one side was not seen.
    ``reasons`` says why a repetition is partial or invalid; it is empty for a full one. ``exercise`` is the
    name of what it is a repetition of, ``any`` when it has none. ``corrections`` are the corrected poses, one for
    every moment of a fault, the worst first.
    """

    number: int
    kind: RepKind
    start: float
    turn: float
    end: float
    rom: float
    unit: str
    eccentric_s: float
    pause_s: float
    concentric_s: float
    asymmetry: float
    confidence: float
    reasons: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    exercise: str = ANY
    corrections: tuple[Correction, ...] = field(default=(), repr=False, compare=False)

    @property
    def tempo(self) -> str:
        """Eccentric-pause-concentric seconds, as trainers write it.

        >>> Rep(1, "full", 0, 1.2, 3, 90, "deg", 1.2, 0.3, 1.5, 0, 1).tempo
        '1.2-0.3-1.5'
        """
        return f"{self.eccentric_s:.1f}-{self.pause_s:.1f}-{self.concentric_s:.1f}"


@dataclass(frozen=True)
class Hold:
    """One hold of a static exercise: ``held_s`` seconds counted, leaving out the time spent in a fault.

    ``corrections`` are the corrected poses, one for every moment of a fault, the worst first.
    """

    number: int
    start: float
    end: float
    held_s: float
    faults: tuple[Fault, ...] = ()
    exercise: str = ANY
    corrections: tuple[Correction, ...] = field(default=(), repr=False, compare=False)


Event = Rep | Hold


@dataclass(frozen=True)
class Counts:
    """How many repetitions of each kind so far, and for holds the seconds held."""

    full: int = 0
    partial: int = 0
    invalid: int = 0
    held_s: float = 0.0


@dataclass(frozen=True)
class Cue:
    """Something to say at time ``t``: ``correct`` what to mend, or ``praise`` that what was said is mended.

    ``name`` and ``title`` are those of the rule, ``fault`` is its verdict on the repetition it is said after.
    """

    t: float
    kind: Literal["correct", "praise"]
    name: str
    title: str
    text: str
    exercise: str
    fault: Fault


@dataclass(frozen=True)
class Summary:
    """What the full repetitions of a set have in common.

    ``rom`` is their median range in ``unit``; ``rom_spread`` and ``tempo_spread`` are standard deviations of range
    and duration as shares of their means. ``asymmetry`` is the median of left minus right at the turn.
    ``range_lost`` and ``slowed`` are how much range was lost and how much longer lifting took, from the first to
    the last by their trend, as shares; ``tired`` whether one is large and clear. NaN is what too few show.
    """

    reps: int
    rom: float
    unit: str
    rom_spread: float
    tempo_spread: float
    asymmetry: float
    range_lost: float
    slowed: float
    tired: bool


@dataclass(frozen=True)
class Set:
    """Repetitions or holds of one exercise without a long pause; ``rest_s`` is the pause before it, NaN at first.

    It lasts from the first that is full, partial or held to the last. ``numbers`` are those of its repetitions or
    holds; ``summary`` is None of fewer than three full repetitions.
    """

    number: int
    exercise: str
    start: float
    end: float
    counts: Counts
    rest_s: float
    numbers: tuple[int, ...]
    summary: Summary | None = None


@dataclass(frozen=True)
class Advice:
    """Something to change about the set-up so that more can be judged: one sentence, and what it would unlock."""

    name: str
    text: str


@dataclass(frozen=True)
class Feedback:
    """All there is to say about one pose.

    ``pose`` is the display track (smoothed, no lag); ``phase`` is where in the repetition the body is;
    ``measured`` holds every quantity of the exercise at this instant, NaN where it cannot be measured;
    ``progress`` is how far towards the turn the phase signal is, 0 at rest and 1 at the turn. ``advice`` is the one
    thing about the set-up to change now, if any, or that all is well when it is so for the first time; ``ready``
    whether it is. ``corrected`` is the corrected pose to be shown over the person now: of the worst fault of the
    last repetition, for some seconds; it is worked out when its ``pose`` or ``keypoints`` are asked for.
    """

    t: float
    exercise: str
    phase: Literal["unseen", "rest", "towards", "turn", "back", "hold"]
    progress: float
    counts: Counts
    measured: Mapping[str, float]
    view: View
    pose: Pose
    advice: tuple[Advice, ...] = ()
    events: tuple[Event, ...] = ()
    ready: bool = False
    corrected: Correction | None = field(default=None, repr=False, compare=False)
    cue: Cue | None = None


@dataclass(frozen=True, eq=False)
class Review:
    """A whole recording, judged.

    ``t`` and ``measured`` are the judgement track: every quantity over time, for plots; ``signal`` is the name
    of the measure that drives the counting. ``view`` is the one seen most. ``seen_share`` is the share of
    instants at which the person was seen well enough.
    """

    exercise: str
    confidence: float
    counts: Counts
    reps: tuple[Rep, ...]
    holds: tuple[Hold, ...]
    view: View
    advice: tuple[Advice, ...]
    t: Array
    measured: Mapping[str, Array]
    signal: str
    unit: str
    seen_share: float
    notes: tuple[str, ...] = ()
    sets: tuple[Set, ...] = ()
    cues: tuple[Cue, ...] = ()
