"""What the coach needs of whatever counts: one small machine for each kind of exercise."""

from __future__ import annotations

from typing import Literal, Protocol

from poise.coach.events import Counts, Cue, Event
from poise.coach.exercise import Exercise
from poise.coach.stretch import Judged

Phase = Literal["unseen", "rest", "towards", "turn", "back", "hold"]


class Machine(Protocol):
    """What the coach needs of each: see the module's first lines."""

    @property
    def exercise(self) -> Exercise | None:
        """The exercise whose repetitions it counts; None where they have no name."""

    @property
    def counts(self) -> Counts:
        """What has been counted so far."""

    @property
    def phase(self) -> Phase:
        """Where in the movement the body is."""

    @property
    def progress(self) -> float:
        """How far towards the turn the body is, 0 at rest and 1 at the turn; NaN when nobody knows."""

    @property
    def cue(self) -> Cue | None:
        """What to say as of the last pose; mostly None."""

    def update(self, judged: Judged) -> list[Event]:
        """Advance by one pose of the judgement track; gives the events it completes."""

    def finish(self) -> list[Event]:
        """The events that the end of the recording completes."""
