"""When to say something, and when not: dwell, hysteresis, rate limits, levels, praise and breaks.

::

    good ── bad for 20 s of the last 30 s watched ──► bad ── below the clear bound for 10 s ──► good
                                                       │
                        a nudge at most every 10 min; level 1, then 2, then 3; after three in vain: recalibrate?
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from poise.coach.desk.events import (
    BreakDue,
    BreakTaken,
    DeskCounts,
    DeskEvent,
    Disagreement,
    Nudge,
    Praise,
    Presence,
    Recalibrate,
)
from poise.coach.desk.signatures import CLEAR_S, SIGNATURES, SLOUCH
from poise.coach.exercise import load_exercise
from poise.errors import InputError, UnknownName
from poise.language import words

#: What is offered for breaks: standing, and countable from a camera that sees little more than the upper body.
EXERCISES = ("squat", "shoulder_press", "lateral_raise")
#: Seconds within which a nudge must be heeded to be praised. Ours.
HEED_S = 60.0
#: Seconds for which the second opinion must have been another to be told of. Ours.
DIFFERS_S = 30.0
#: Nudges of one signature in vain after which the baseline is doubted instead.
IN_VAIN = 3


@dataclass(frozen=True)
class DeskSettings:
    """What the user may choose.

    At most one nudge every ``every_s`` seconds; a break after ``break_s`` of sitting (30 to 45 minutes are usual),
    which being away or standing for ``pause_s`` is; praise for every ``streak_s`` of sitting well. ``exercises``
    are offered in turn for breaks; ``leave_out`` names signatures nobody wants to hear of.

    Raises:
        InputError: a time that is not above zero.
        UnknownName: an exercise or a signature nobody knows.

    """

    every_s: float = 600.0
    break_s: float = 2700.0
    pause_s: float = 120.0
    streak_s: float = 3600.0
    praise: bool = True
    exercises: tuple[str, ...] = EXERCISES
    leave_out: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("every_s", "break_s", "pause_s", "streak_s"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name):g} s.", "Give more than 0.")
        for name in self.exercises:
            load_exercise(name)
        known = {signature.name for signatures in SIGNATURES.values() for signature in (*signatures, SLOUCH)}
        for name in self.leave_out:
            if name not in known:
                raise UnknownName("signature", name, known)


class Dwell:
    """Whether a signature is bad: it must last, and so must its end.

    Only time in which it could be observed counts; `bad_s` is for how long it has been bad.
    """

    def __init__(self, dwell_s: float, of_s: float) -> None:
        self._dwell_s, self._of_s = dwell_s, of_s
        self._window: deque[tuple[float, bool]] = deque()
        self._watched = self._beyond = self._below = 0.0
        self.bad = False
        self.bad_s = 0.0

    def update(self, dt: float, value: float, limit: float, clear: float) -> bool:
        """Whether it is bad after ``dt`` more seconds at ``value``."""
        self._window.append((dt, value > limit))
        self._watched += dt
        self._beyond += dt * (value > limit)
        while self._watched - self._window[0][0] >= self._of_s:
            gone, was = self._window.popleft()
            self._watched -= gone
            self._beyond -= gone * was
        self._below = self._below + dt if value < clear else 0.0
        if self.bad:
            self.bad = self._below < CLEAR_S
        else:
            self.bad = self._beyond >= self._dwell_s
        if self.bad:
            self.bad_s += dt
        else:
            self.bad_s = 0.0
        if self._below >= CLEAR_S:
            self._window.clear()
            self._watched = self._beyond = 0.0
        return self.bad

    def reset(self) -> None:
        """Forget everything."""
        self._window.clear()
        self._watched = self._beyond = self._below = 0.0
        self.bad = False
        self.bad_s = 0.0


@dataclass(frozen=True)
class Bad:
    """A signature that is bad now: how far beyond its limit (1 at it), and what would be said."""

    name: str
    excess: float
    value: float
    unit: str
    text: str


class Policy:
    """Decides what to say, and counts exactly that."""

    def __init__(self, settings: DeskSettings) -> None:
        self._settings = settings
        self._nudged_at: float | None = None
        self._nudged: Nudge | None = None
        self._vain: Counter[str] = Counter()
        self._doubted: set[str] = set()
        self._given: Counter[str] = Counter()
        self._others: Counter[type] = Counter()
        self._paused_s = self._reminded_s = 0.0
        self._offered = 0
        self._snoozed_until = float("-inf")
        self._praised_streaks = 0
        self._differs_s = 0.0
        self._differed_at: float | None = None
        self._differing = False
        self.sat_s = self.streak_s = 0.0

    @property
    def counts(self) -> DeskCounts:
        """What was said so far."""
        others = self._others
        return DeskCounts(
            dict(self._given), others[Praise], others[BreakDue], others[BreakTaken], others[Disagreement]
        )

    def snooze(self, until: float) -> None:
        """Say nothing until then."""
        self._snoozed_until = until

    def silent(self, t: float) -> bool:
        """Whether the user asked for silence."""
        return t < self._snoozed_until

    def update(
        self, t: float, dt: float, presence: Presence, bad: Sequence[Bad], silent: bool, differs: str | None = None
    ) -> tuple[DeskEvent, ...]:
        """What is to be said now; ``differs`` how the second opinion does: empty if not, None if nobody knows."""
        sitting = presence in ("sitting", "turned", "hand")
        self._forgive(bad, sitting)
        if sitting:
            self.streak_s = 0.0 if bad else self.streak_s + dt
        events = [*self._heeded(t, bad, sitting, silent), *self._breaks(t, dt, presence, silent)]
        if presence in ("sitting", "turned") and bad and not silent:
            events += self._nudge(t, bad)
        if sitting and not bad and not silent:
            events += self._streak(t)
        events += self._disagree(t, dt, differs, silent)
        for event in events:
            self._others[type(event)] += 1
        return tuple(events)

    def _forgive(self, bad: Sequence[Bad], sitting: bool) -> None:
        """What is over no longer counts as in vain."""
        if sitting:
            names = {one.name for one in bad}
            for name in [name for name in self._vain if name not in names]:
                del self._vain[name]
            self._doubted &= names

    def _nudge(self, t: float, bad: Sequence[Bad]) -> Iterator[DeskEvent]:
        if self._nudged_at is not None and t - self._nudged_at < self._settings.every_s:
            return
        wanted = [one for one in bad if one.name not in self._doubted]
        if not wanted:
            return
        worst = max(wanted, key=lambda one: one.excess)
        self._nudged_at = t
        if self._vain[worst.name] >= IN_VAIN:
            self._doubted.add(worst.name)
            yield Recalibrate(
                t,
                words(
                    "{text} If this is how you want to sit, calibrate again; I will not mention it any more.",
                    text=worst.text,
                ),
            )
            return
        level = (1, 2, 3)[self._vain[worst.name]]
        self._vain[worst.name] += 1
        self._given[worst.name] += 1
        self._nudged = Nudge(t, worst.name, level, worst.value, worst.unit, worst.text)  # type: ignore[arg-type]
        yield self._nudged

    def _heeded(self, t: float, bad: Sequence[Bad], sitting: bool, silent: bool) -> Iterator[DeskEvent]:
        nudge = self._nudged
        if nudge is None or not sitting:
            return
        if nudge.signature not in {one.name for one in bad}:
            self._nudged = None
            if self._settings.praise and t - nudge.t <= HEED_S and not silent:
                yield Praise(t, "heeded", t - nudge.t, words("Better, thank you."))

    def _streak(self, t: float) -> Iterator[DeskEvent]:
        done = int(self.streak_s // self._settings.streak_s)
        if done > self._praised_streaks and self._settings.praise:
            yield Praise(
                t,
                "streak",
                self.streak_s,
                words("{minutes} minutes of sitting well.", minutes=f"{self.streak_s / 60:.0f}"),
            )
        self._praised_streaks = done

    def _disagree(self, t: float, dt: float, differs: str | None, silent: bool) -> Iterator[DeskEvent]:
        """Tell of another opinion that lasts: once until both agree again, and no more often than nudges."""
        if differs is None:
            return
        self._differs_s = self._differs_s + dt if differs else 0.0
        self._differing = self._differing and bool(differs)
        soon = self._differed_at is not None and t - self._differed_at < self._settings.every_s
        if self._differs_s >= DIFFERS_S and not (self._differing or soon or silent):
            self._differing, self._differed_at = True, t
            yield Disagreement(t, differs)

    def _breaks(self, t: float, dt: float, presence: Presence, silent: bool) -> Iterator[DeskEvent]:
        if presence in ("away", "standing", "other"):
            self._paused_s += dt
            if self._paused_s >= self._settings.pause_s and self.sat_s:
                if self._reminded_s:
                    yield self.took_break(t)
                else:
                    self._rested()
            return
        self._paused_s = 0.0
        if presence != "moved":
            self.sat_s += dt
        if self.sat_s >= self._reminded_s + self._settings.break_s and not silent:
            self._reminded_s = self.sat_s
            exercise = self._settings.exercises[self._offered % len(self._settings.exercises)]
            self._offered += 1
            text = words(
                "You have sat for {minutes} minutes. Stand up; how about a minute of {exercise}?",
                minutes=f"{self.sat_s / 60:.0f}",
                exercise=_title(exercise),
            )
            yield BreakDue(t, self.sat_s, exercise, text)

    def took_break(self, t: float, exercise: str = "", reps: int = 0) -> BreakTaken:
        """Note that sitting was interrupted, with an exercise or without."""
        what = words("A break: well done.")
        if reps:
            what = words("{n} × {exercise}: well done.", n=reps, exercise=_title(exercise))
        event = BreakTaken(t, self.sat_s, what, exercise, reps)
        self._rested()
        return event

    def _rested(self) -> None:
        self.sat_s = self._reminded_s = 0.0


def _title(exercise: str) -> str:
    """What an exercise is called within a sentence."""
    title = load_exercise(exercise).title
    return title[:1].lower() + title[1:]
