"""What the coach needs of whatever counts: one small machine for each kind of exercise."""

from __future__ import annotations

from typing import Literal, Protocol

from poise.coach.events import Counts, Event
from poise.coach.form import Judged

Phase = Literal["unseen", "rest", "towards", "turn", "back", "hold"]


class Machine(Protocol):
    """What the coach needs of each: see the module's first lines."""

    counts: Counts
    phase: Phase
    progress: float

    def update(self, judged: Judged) -> list[Event]:
        """Advance by one pose of the judgement track; gives the events it completes."""

    def finish(self) -> list[Event]:
        """The events that the end of the recording completes."""
