"""What is kept, as values: profiles, sessions, and jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any, Literal

from poise.report.schema import Hold, Rep, Set

SessionState = Literal["live", "complete", "interrupted"]
JobState = Literal["uploading", "queued", "running", "done", "failed"]


@dataclass(frozen=True)
class Profile:
    """A person whose sessions are kept apart from others', what of the body exercises, and how many there are."""

    id: str
    name: str
    sessions: int
    body: str = "whole"


@dataclass(frozen=True)
class Done:
    """What was done of one exercise in one session.

    ``rom`` is the median range of motion of the full repetitions, in ``unit``, ``tempo_s`` their median seconds;
    ``faults`` counts the repetitions or holds that each fault was seen in, by its title.
    """

    exercise: str
    title: str
    full: int
    partial: int
    invalid: int
    held_s: float
    sets: int
    rom: float | None
    unit: str
    tempo_s: float | None
    faults: dict[str, int]


@dataclass(frozen=True)
class KeptSession:
    """One session in short. ``asked`` is the exercise it was begun with; ``started_at`` is in UTC."""

    id: str
    profile: str
    source: Literal["live", "film"]
    asked: str
    started_at: datetime
    duration_s: float
    state: SessionState
    done: tuple[Done, ...]


@dataclass(frozen=True)
class WholeSession(KeptSession):
    """One session with everything that happened in it; ``job`` is the upload it was made from."""

    sets: tuple[Set, ...]
    reps: tuple[Rep, ...]
    holds: tuple[Hold, ...]
    job: str | None


@dataclass(frozen=True)
class Job:
    """An upload and what becomes of it; ``problem`` has a ``message`` and a ``hint``."""

    id: str
    profile: str
    name: str
    size: int
    exercise: str
    difficulty: float
    person: str
    state: JobState
    created_at: datetime
    attempt: int
    stage: str
    progress: float | None
    problem: dict[str, str] | None
    verdict: dict[str, Any] | None
    session: str | None


def done_of(sets: Sequence[Set], reps: Sequence[Rep], holds: Sequence[Hold]) -> tuple[Done, ...]:
    """What was done of each exercise, in the order in which they were begun."""
    summed = []
    for name in dict.fromkeys(one.exercise for one in sets):
        mine = [one for one in sets if one.exercise == name]
        events: list[Rep | Hold] = [rep for rep in reps if rep.exercise == name]
        events += [hold for hold in holds if hold.exercise == name]
        full = [rep for rep in reps if rep.exercise == name and rep.kind == "full"]
        roms = [rep.rom for rep in full if rep.rom is not None]
        titles = [fault.title for event in events for fault in event.faults if fault.state == "fault"]
        summed.append(
            Done(
                name,
                mine[0].title,
                sum(one.counts.full for one in mine),
                sum(one.counts.partial for one in mine),
                sum(one.counts.invalid for one in mine),
                round(sum(one.counts.held_s for one in mine), 4),
                len(mine),
                median(roms) if roms else None,
                full[0].unit if full else "",
                round(median(rep.end - rep.start for rep in full), 4) if full else None,
                {title: titles.count(title) for title in sorted(set(titles))},
            )
        )
    return tuple(summed)
