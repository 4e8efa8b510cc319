"""A workout: what is done when, and each exercise counted and judged by its own machine.

::

    Judged ─► Recogniser (live) or Timeline (recorded) ─► name, since ─► KnownReps, Holds or UnknownReps ─► events
                                                              │
                                          a change: the poses since then are gone through again

Live, an exercise is known a few seconds after it began, and what was missed of it is made up for. A recording is
gone through twice: what the first time recognised, settled into a `Timeline`, is known from the start the second.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Protocol

from poise.coach.counting import machine_of
from poise.coach.events import Counts, Cue, Event, Hold, Rep, Set
from poise.coach.exercise import Exercise, load_exercise
from poise.coach.form import Strictness
from poise.coach.machine import Machine, Phase
from poise.coach.partial import PartialBody
from poise.coach.recognise import REST, UNKNOWN, Recognised
from poise.coach.stretch import Judged
from poise.coach.summary import summed_up
from poise.coach.unknown import UnknownReps

#: Seconds of the past that can be gone through again.
MEMORY_S = 30.0
#: Seconds into a rest on either side in which an exercise is listened for: it is recognised late and left early.
AROUND_S = 6.0
#: The shortest span that stands by itself, seconds, where longer ones of another name are beside it.
BRIEF_S = 4.0
#: The longest that a repetition under way may take to end when the next exercise has been announced, seconds.
GRACE_S = 3.0
#: Seconds between repetitions of one exercise after which a new set begins.
SET_S = 12.0


@dataclass(frozen=True)
class Span:
    """From when to when, in seconds, something was done, how likely it was that, and whether any of it counted."""

    name: str
    start: float
    end: float
    probability: float
    counted: bool = True

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end - self.start


class Announcer(Protocol):
    """What says what is being done: a `Recogniser`, or a `Timeline` that knows."""

    def update(self, judged: Judged) -> Recognised:
        """What is being done as of this pose."""

    def finish(self) -> Recognised:
        """What was being done last."""


class Timeline:
    """What is done when, known beforehand; rest in between."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = tuple(spans)
        self._now = Recognised(REST, 1.0, -math.inf)

    @classmethod
    def settled(cls, spans: Iterable[Span], start: float, end: float) -> Timeline:
        """What a whole recording, ``start`` to ``end``, makes of what was recognised while it went on.

        Spans in which nothing counted, not even in part, are none; brief ones between longer ones give way; those
        of one name that touch become one, and each reaches into the rest around it.
        """
        done = [span for span in spans if span.counted and span.seconds > 0]
        longest = max((span.seconds for span in done), default=0.0)
        done = [span for span in done if span.seconds >= min(BRIEF_S, longest)]
        merged: list[Span] = []
        for span in done:
            last = merged[-1] if merged else None
            if last and last.name == span.name and span.start - last.end <= 2 * AROUND_S:
                share = span.seconds / (last.seconds + span.seconds)
                likely = last.probability + share * (span.probability - last.probability)
                merged[-1] = Span(span.name, last.start, span.end, likely)
            else:
                merged.append(span)
        reaching = []
        for i, span in enumerate(merged):
            before = merged[i - 1].end if i else start - AROUND_S
            after = merged[i + 1].start if i + 1 < len(merged) else end + AROUND_S
            first = max(span.start - AROUND_S, min(span.start, (before + span.start) / 2))
            last_t = min(span.end + AROUND_S, max(span.end, (span.end + after) / 2))
            reaching.append(replace(span, start=max(first, start), end=min(last_t, end)))
        return cls(reaching)

    @property
    def main(self) -> str:
        """What was done most of the time, an exercise before anything without a name; "" when nothing was."""
        seconds: dict[str, float] = {}
        for span in self.spans:
            seconds[span.name] = seconds.get(span.name, 0.0) + span.seconds
        return max(seconds, key=lambda name: (name != UNKNOWN, seconds[name]), default="")

    def probability(self, name: str) -> float:
        """How likely it was that, over all its spans; 0 without any."""
        spans = [span for span in self.spans if span.name == name]
        total = sum(span.seconds for span in spans)
        return sum(span.probability * span.seconds for span in spans) / total if total else 0.0

    def update(self, judged: Judged) -> Recognised:
        """What is being done at the time of this pose."""
        t = judged.pose.t
        span = next((span for span in self.spans if span.start <= t <= span.end), None)
        name, since = (span.name, span.start) if span else (REST, self._now.since)
        if (name, since) != (self._now.name, self._now.since):
            self._now = Recognised(name, span.probability if span else 1.0, since)
        return self._now

    def finish(self) -> Recognised:
        """What was being done last."""
        return self._now


class Workout:
    """The machine for a whole workout: of each exercise its own machine, from when the announcer says it began."""

    def __init__(
        self, announcer: Announcer, strictness: Strictness = "standard", body: PartialBody | None = None
    ) -> None:
        self.spans: list[Span] = []
        self._strictness: Strictness = strictness
        self._body = body or PartialBody(())
        self._announcer = announcer
        self._recent: deque[Judged] = deque()
        self._said = Recognised(REST, 1.0, -math.inf)
        self._machine: Machine | None = None
        self._counts = Counts()
        self._numbered = 0
        self._likely: list[float] = []
        self._announced = self._ended = math.nan
        self._since = -math.inf

    @property
    def exercise(self) -> Exercise | None:
        """The exercise being done; None at rest, and while nobody knows what it is."""
        return self._machine.exercise if self._machine else None

    @property
    def doing(self) -> str:
        """The name of the exercise being done, ``rest`` or ``unknown``."""
        return self._said.name

    @property
    def counts(self) -> Counts:
        """What has been counted of the exercise being done, or of the last one."""
        return self._machine.counts if self._machine else self._counts

    @property
    def phase(self) -> Phase:
        """Where in the movement the body is."""
        if self._machine:
            return self._machine.phase
        return "rest" if self._recent and self._recent[-1].pose.seen else "unseen"

    @property
    def progress(self) -> float:
        """How far towards the turn the body is."""
        return self._machine.progress if self._machine else math.nan

    @property
    def cue(self) -> Cue | None:
        """What to say as of the last pose."""
        return self._machine.cue if self._machine else None

    def update(self, judged: Judged) -> list[Event]:
        """Advance by one pose of the judgement track."""
        self._recent.append(judged)
        while self._recent[0].pose.t < judged.pose.t - MEMORY_S:
            self._recent.popleft()
        said = self._announcer.update(self._body.completed(judged))
        changed = (said.name, said.since) != (self._said.name, self._said.since)
        if changed and not self._ending(judged.pose.t):
            return self._change(said)
        if self._machine is None:
            return []
        events = self._told(self._machine.update(judged))
        if changed and events:
            self._ended = events[-1].end
        elif not changed:
            self._likely.append(said.probability)
            self._announced = self._ended = math.nan
        return events

    def finish(self) -> list[Event]:
        """What the end of the recording completes."""
        said = self._announcer.finish()
        events = self._change(said) if said.name != self._said.name else []
        return events + self._close(self._recent[-1].pose.t if self._recent else 0.0)

    def _ending(self, t: float) -> bool:
        """Whether the last repetition of what was being done is still to end, now that something else is."""
        if math.isnan(self._announced):
            self._announced = t
        moving = self._machine is not None and self._machine.phase in ("towards", "back")
        return moving and math.isnan(self._ended) and t - self._announced <= GRACE_S

    def _change(self, said: Recognised) -> list[Event]:
        since = said.since if math.isnan(self._ended) else max(said.since, self._ended)
        events = self._close(since)
        self._said, self._since, self._likely = said, since, [said.probability]
        self._announced = self._ended = math.nan
        self._machine = self._machine_for(said.name)
        if self._machine:
            for judged in self._recent:
                if judged.pose.t >= since:
                    events += self._told(self._machine.update(judged))
        return events

    def _machine_for(self, name: str) -> Machine | None:
        if name == REST:
            return None
        exercise = None if name == UNKNOWN else load_exercise(name)
        if exercise is None or not self._body.can(exercise):
            return UnknownReps()
        return machine_of(self._body.fitted(exercise), self._strictness)

    def _close(self, t: float) -> list[Event]:
        if self._machine is None:
            return []
        events = self._told(self._machine.finish())
        counts = self._machine.counts
        counted = bool(counts.full or counts.partial)
        self.spans.append(Span(self._said.name, self._since, t, fmean(self._likely), counted))
        self._counts, self._machine = counts, None
        self._numbered += counts.full + counts.partial + counts.invalid
        return events

    def _told(self, events: list[Event]) -> list[Event]:
        return [replace(event, number=self._numbered + event.number) for event in events]


def sets_of(events: Iterable[Event]) -> tuple[Set, ...]:
    """Repetitions and holds in time order, gathered into sets: one exercise each, without a long pause."""
    sets: list[list[Event]] = []
    for event in sorted(events, key=lambda event: event.start):
        last = sets[-1][-1] if sets else None
        if last is None or last.exercise != event.exercise or event.start - last.end > SET_S:
            sets.append([])
        sets[-1].append(event)
    out: list[Set] = []
    for i, members in enumerate(sets):
        kinds = [event.kind if isinstance(event, Rep) else "full" for event in members]
        full, partial, invalid = (kinds.count(kind) for kind in ("full", "partial", "invalid"))
        held = sum((event.held_s for event in members if isinstance(event, Hold)), 0.0)
        counts = Counts(full, partial, invalid, held)
        # Walking up and away is no part of it, though it may look like a repetition that does not count.
        counted = [event for event, kind in zip(members, kinds, strict=True) if kind != "invalid"] or members
        start, end = counted[0].start, max(event.end for event in counted)
        rest = start - out[-1].end if out else math.nan
        numbers = tuple(event.number for event in members)
        summary = summed_up([event for event in members if isinstance(event, Rep)])
        out.append(Set(i + 1, members[0].exercise, start, end, counts, rest, numbers, summary))
    return tuple(out)
