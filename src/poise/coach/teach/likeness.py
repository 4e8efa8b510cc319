"""Whether poise, left to itself, would take a shown movement for an exercise that it knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from poise.coach.events import Rep, ViewName
from poise.coach.exercise import load_exercise
from poise.coach.recognise import REST, UNKNOWN, Recogniser
from poise.coach.teach.shown import Shown

#: The share of the recogniser's looks from which on a movement is too close to an exercise, or to rest. Ours: above
#: it the hidden Markov model comes to say so sooner or later.
TOO_CLOSE = 0.5


@dataclass(frozen=True)
class Likeness:
    """What a movement looks like from one view: the likeliest class of the recogniser, and how likely on average.

    ``like`` is the name of an exercise of the library, ``rest``, or ``unknown``, which is what it should be.
    """

    view: ViewName
    like: str
    share: float

    @property
    def close(self) -> bool:
        """Whether it would be taken for something else."""
        return self.like != UNKNOWN and self.share >= TOO_CLOSE


def likeness(film: Shown, reps: Sequence[Rep]) -> Likeness:
    """What a film looks like to the recogniser from its first repetition to its last."""
    recogniser = Recogniser()
    looks, looked = [], recogniser.looked
    for judged in film.judged:
        recogniser.update(judged)
        if recogniser.looked != looked and reps[0].start <= judged.pose.t <= reps[-1].end:
            looks.append(recogniser.seen)
        looked = recogniser.looked
    mean = np.mean(looks, axis=0) if looks else recogniser.belief
    best = int(np.argmax(mean))
    return Likeness(film.stretch.view.name, recogniser.classes[best], float(mean[best]))


def verdict(name: str, seen: Sequence[Likeness]) -> tuple[str, ...]:
    """In words: for each view whether the movement is told apart there, and what to do where it is not."""
    lines = []
    for one in {(one.view, one.close and one.like): one for one in seen}.values():
        what = ""
        if one.close:
            what = "rest" if one.like == REST else load_exercise(one.like).title.lower()
        lines.append(
            f"{_WHERE[one.view]} it is "
            + (
                f"too close to {what} ({one.share:.0%})."
                if what
                else "told apart from every exercise of the library."
            )
        )
    if any(one.close for one in seen):
        missing = [way for view, way in _OTHER.items() if view not in {one.view for one in seen}]
        also = f"Record it also {missing[0]}, or say" if missing and all(one.close for one in seen) else "Say"
        lines.append(f"{also} which it is when you do it: --exercise {name}.")
    return tuple(lines)


_WHERE: dict[ViewName, str] = {
    "front": "From the front",
    "oblique": "From aslant",
    "side": "From the side",
    "rear": "From behind",
    "unknown": "From where it was shown",
}
_OTHER: dict[ViewName, str] = {"side": "from the side", "front": "from the front"}
