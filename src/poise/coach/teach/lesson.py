"""A few repetitions in; an exercise out that the machine which counts all others counts at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from poise.body import Pose
from poise.coach.events import Rep
from poise.coach.exercise import Exercise, Rule, check_own_name
from poise.coach.teach.draft import counted, drafted, plain
from poise.coach.teach.likeness import Likeness, likeness, verdict
from poise.coach.teach.rules import learned
from poise.coach.teach.shown import Shown
from poise.coach.teach.signals import Candidate, agreed, candidates
from poise.coach.teach.text import exercise_text
from poise.errors import InputError

#: The least worth of a signal, and as a share of the best, to count by. Ours.
LEAST_WORTH, NEARLY = 0.1, 0.5
#: The fewest repetitions that show what is repeated, and the fewest that are advised.
FEWEST, ADVISED = 2, 3
#: The mean score of a signal's keypoints below which they were hardly seen.
DIM = 0.5


@dataclass(frozen=True)
class Lesson:
    """What was taught: the exercise; and of each film how many repetitions it shows and what it looks like.

    ``notes`` say what was measured and what to do better, one sentence each.
    """

    exercise: Exercise
    reps: tuple[int, ...]
    likeness: tuple[Likeness, ...]
    notes: tuple[str, ...]

    @property
    def verdict(self) -> tuple[str, ...]:
        """Whether poise, left to itself, would take it for an exercise it knows, view by view, in words."""
        return verdict(self.exercise.name, self.likeness)

    def text(self) -> str:
        """The exercise file, with what was measured as comments."""
        return exercise_text(
            self.exercise, ("Taught by showing it; change what you like.", *self.notes, *self.verdict)
        )


def teach(
    name: str,
    shown: Sequence[Iterable[Pose]],
    *,
    title: str = "",
    reps: int | None = None,
    bad: Mapping[str, Sequence[Iterable[Pose]]] | None = None,
) -> Lesson:
    """The exercise that somebody shows, three to five good repetitions in each of a few recordings.

    Args:
        name: what it will be called: small letters, digits and underscores.
        shown: the recordings, from one view or from several.
        title: its title; made from the name unless given.
        reps: how many repetitions each recording shows; found out unless given.
        bad: for each fault, by its title, recordings of repetitions with it, seen from where the good ones are.

    Raises:
        InputError: when the name cannot be used, nothing is repeated, or nothing tells good from bad.
        NobodySeen: when nobody is in a recording.

    """
    check_own_name(name)
    films = [Shown.of(poses) for poses in shown]
    if not films:
        raise InputError("Nothing was shown.", "Give at least one recording of three to five repetitions.")
    found = [one for one in candidates(films) if one.worth >= LEAST_WORTH]
    wanted = (reps,) * len(films) if reps else agreed(found, films)
    if not found or min(wanted) < FEWEST:
        raise InputError(
            "No movement was found that is repeated.",
            "Show three to five repetitions, with a moment of standing still before and after, your whole body in "
            "the picture; or say how many there are with --reps.",
        )
    chosen = _chosen(name, title or name.replace("_", " ").capitalize(), found, films, wanted)
    exercise = drafted(chosen, films)
    told = [counted(exercise, film) for film in films]
    seen = tuple(likeness(film, done) for film, done in zip(films, told, strict=True) if done)
    rules = learn(exercise, films, bad or {})
    exercise = exercise.model_copy(update={"fault": rules})
    return Lesson(exercise, wanted, seen, tuple(_notes(exercise, films, told, wanted)))


def learn(
    exercise: Exercise, good: Sequence[Shown], bad: Mapping[str, Sequence[Iterable[Pose]]]
) -> tuple[Rule, ...]:
    """A rule for each fault of which there are bad examples.

    Raises:
        InputError: when there are too few examples, or nothing tells them from the good ones.
        NobodySeen: when nobody is in one.

    """
    return tuple(
        learned(exercise, fault, good, [Shown.of(poses) for poses in films]) for fault, films in bad.items()
    )


def _chosen(
    name: str, title: str, found: Sequence[Candidate], films: Sequence[Shown], wanted: Sequence[int]
) -> Exercise:
    """The exercise with the worthiest signal by which the machine counts what was shown; else most nearly so."""
    tried: list[tuple[int, int, Exercise]] = []
    for i, one in enumerate(found):
        if one.worth < NEARLY * found[0].worth:
            break
        for either in (False, True):
            exercise = plain(name, title, one.signal, either)
            off = sum(abs(_full(counted(exercise, film)) - n) for film, n in zip(films, wanted, strict=True))
            if not off:
                return exercise
            tried.append((off, i, exercise))
    return min(tried, key=lambda one: one[:2])[2]


def _full(reps: Sequence[Rep]) -> int:
    return sum(rep.kind == "full" for rep in reps)


def _notes(
    exercise: Exercise, films: Sequence[Shown], told: Sequence[Sequence[Rep]], wanted: Sequence[int]
) -> Iterable[str]:
    """What was measured, and what to do better."""
    done = [rep for reps in told for rep in reps if rep.kind == "full"]
    views = dict.fromkeys(film.stretch.view.name for film in films)
    several = "s" * (len(films) > 1)
    yield f"{sum(wanted)} repetitions in {len(films)} recording{several}, seen from: {', '.join(views)}."
    if done:
        lower, pause, lift = (
            median(getattr(rep, f"{part}_s") for rep in done) for part in ("eccentric", "pause", "concentric")
        )
        rom = median(rep.rom for rep in done)
        yield (
            f"Usually {lower:.1f} s down, {pause:.1f} s at the turn, {lift:.1f} s up; "
            f"{exercise.angle.replace('_', ' ')} changes by {rom:.0f} {exercise.shown_angle.unit}."
        )
    for i, (film, reps, n) in enumerate(zip(films, told, wanted, strict=True), 1):
        which = f"recording {i}" if len(films) > 1 else "it"
        if n < ADVISED:
            yield f"Only {n} repetitions were shown in {which}: three to five teach better."
        if _full(reps) != n:
            yield f"Of the {n} repetitions shown in {which} {_full(reps)} are counted: show them more evenly."
        if exercise.signal.quantity.scores(film.body).mean(-1).max() < DIM:
            yield f"What is counted by was hardly seen in {which}: put your whole body in the picture."
