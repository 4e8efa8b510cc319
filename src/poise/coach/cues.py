"""What is said aloud, and when: one thing at a time, the worst first, and praise when it is mended.

A fault is spoken of once `AGREE` of the last `OF` repetitions that could show it had it, the present one among
them, and nothing else until it is mended or has been said `TRIES` times; again only after `AGAIN` repetitions. It
is mended when none of the last `OF` repetitions has it and the last is surely fine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from poise.coach.events import Cue, Fault, State
from poise.language import words

#: How many of how many repetitions must agree.
AGREE, OF = 2, 3
#: Repetitions before the same is said again, and how often it is said before something else may be.
AGAIN, TRIES = 4, 3


def severity(fault: Fault) -> float:
    """How bad and how sure: the way beyond the limit as a share of that from fine to it, times its probability."""
    return abs(fault.value - fault.limit) / abs(fault.limit - fault.ok) * fault.probability


@dataclass
class _Course:
    """What became of one rule: its last states, how often it was spoken of, and the repetitions since."""

    states: deque[State] = field(default_factory=lambda: deque(maxlen=OF))
    said: int = 0
    since: int = 0


class Prompter:
    """Decides after each repetition (or look at a hold) what to say, if anything; ``again`` stands for `AGAIN`."""

    def __init__(self, exercise: str, again: int = AGAIN) -> None:
        self._exercise, self._again = exercise, again
        self._courses: dict[str, _Course] = {}
        self._open: str | None = None

    def update(self, t: float, faults: Sequence[Fault]) -> Cue | None:
        """What to say at time ``t``, in seconds, of what was just judged; mostly None."""
        for fault in faults:
            course = self._courses.setdefault(fault.name, _Course())
            course.since += 1
            if fault.state != "not_observable":
                course.states.append(fault.state)
        return self._praise(t, faults) or self._correct(t, faults)

    def _praise(self, t: float, faults: Sequence[Fault]) -> Cue | None:
        for fault in faults:
            course = self._courses[fault.name]
            if course.said and fault.state == "ok" and len(course.states) == OF and "fault" not in course.states:
                course.said, self._open = 0, None if self._open == fault.name else self._open
                lower = fault.title[:1].lower() + fault.title[1:]
                text = words("Good, that is mended: {fault}.", fault=lower)
                return Cue(t, "praise", fault.name, fault.title, text, self._exercise, fault)
        return None

    def _correct(self, t: float, faults: Sequence[Fault]) -> Cue | None:
        there = [
            fault
            for fault in sorted(faults, key=severity, reverse=True)
            if fault.state == "fault" and list(self._courses[fault.name].states).count("fault") >= AGREE
        ]
        current = self._courses[self._open] if self._open else None
        if current and current.said < TRIES:
            there = [fault for fault in there if fault.name == self._open]
        for fault in there:
            course = self._courses[fault.name]
            if course.said < TRIES and (not course.said or course.since >= self._again):
                course.said, course.since, self._open = course.said + 1, 0, fault.name
                return Cue(t, "correct", fault.name, fault.title, fault.cue, self._exercise, fault)
        return None
