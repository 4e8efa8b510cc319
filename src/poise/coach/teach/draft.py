"""The exercise file that a shown movement makes: what is counted, from where, and what came of it when shown.

Everything beside the signal is read off the repetitions that the counting machine itself finds with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from poise.body import Array
from poise.coach.counting import KnownReps, angles
from poise.coach.events import Rep
from poise.coach.exercise import Exercise, Signal, Support
from poise.coach.measures import MEASURES, WORLD_SIGMA, Plane, find_measure
from poise.coach.stretch import best_side
from poise.coach.teach.shown import Shown
from poise.coach.teach.signals import joints
from poise.coach.view import observable

#: The joint angles that may be shown and be a repetition's range of motion, each with its joint.
ANGLES = {
    "knee_flexion": "knee",
    "hip_flexion": "hip",
    "elbow_flexion": "elbow",
    "elbow_flexion_frontal": "elbow",
    "shoulder_flexion": "shoulder",
    "shoulder_abduction": "shoulder",
    "trunk_elevation": "hip",
}
#: What may bear the body, and the keypoint that then stays in its place.
_BEARING: dict[Support, str] = {
    "feet": "mid_ankle",
    "hands": "mid_wrist",
    "elbows": "mid_elbow",
    "knees": "mid_knee",
    "hips": "mid_hip",
    "shoulders": "mid_shoulder",
}
#: Torso lengths within which a keypoint stays in its place, and above the lowest within which it lies on the floor.
IN_PLACE, ON_FLOOR = 0.15, 0.35
#: Keypoints that may stay, the first that does is held to it, and how far an unseen body may sway there.
STAYING = (("mid_hip", 0.4), ("mid_ankle", 0.5))
#: How far shoulders are above hips at every turn of an upright, or of a level movement; and what it is held to.
UPRIGHT, LEVEL = (0.75, 0.2), (0.35, 0.8)
#: The least share of the quickest repetition shown that one may take, and the least seconds.
QUICKEST, LEAST_S = 0.4, 0.3
#: How alike the height of the shoulders in the picture must be to a signal to stand in for it.
STANDS_IN = 0.95


def counted(exercise: Exercise, film: Shown) -> list[Rep]:
    """What the counting machine counts in a film that was shown."""
    machine = KnownReps(exercise)
    events = [event for judged in film.judged for event in machine.update(judged)]
    return [event for event in (*events, *machine.finish()) if isinstance(event, Rep)]


def plain(name: str, title: str, signal: Signal, either: bool) -> Exercise:
    """An exercise that is counted by a signal, and by nothing else."""
    return Exercise(
        name=name,
        title=title,
        plane="any",
        setup=".",
        angle="knee_flexion",
        signal=signal,
        either=either,
        min_s=LEAST_S,
    )


def drafted(exercise: Exercise, films: Sequence[Shown]) -> Exercise:
    """The same exercise with all that its repetitions in the films show."""
    seen = [_Seen(film, [rep for rep in counted(exercise, film) if rep.kind == "full"]) for film in films]
    angle = _angle(exercise.signal, seen)
    plane = find_measure(angle).plane
    signal = exercise.signal
    both = signal.side == "mean" or not signal.quantity.sided
    return Exercise.model_validate(
        exercise.model_dump()
        | {
            "plane": plane,
            "setup": _setup(plane),
            "angle": angle,
            "towards": "concentric" if _rises(seen) else "eccentric",
            "signal": signal.model_dump() | {"stand_in": _stand_in(signal, seen)},
            "min_s": max(LEAST_S, round(QUICKEST * min(r.end - r.start for one in seen for r in one.reps), 1)),
            "working": "together" if both else "moving",
            "bears": _bears(seen),
            "still": _still(seen),
            "condition": _conditions(seen),
        }
    )


@dataclass(frozen=True)
class _Seen:
    """A film that was shown, and the repetitions counted in it."""

    film: Shown
    reps: list[Rep]

    def at(self, name: str) -> list[Array]:
        """Where a keypoint is in every repetition, in torso lengths, each ``(T, 2)``."""
        places = self.film.body.at(name) / self.film.body.scale[:, None]
        t = self.film.t
        return [places[(t >= rep.start) & (t <= rep.end)] for rep in self.reps]

    def turns(self, values: Array) -> list[float]:
        """What values ``(T,)`` are at every turn."""
        return [float(np.interp(rep.turn, self.film.t, values)) for rep in self.reps]

    def starts(self, values: Array) -> list[float]:
        """What values ``(T,)`` are at every start."""
        return [float(np.interp(rep.start, self.film.t, values)) for rep in self.reps]

    def stays(self, name: str) -> bool:
        """Whether a keypoint stays in its place in every repetition."""
        return all(float((_spread(path)).max(initial=0.0)) <= IN_PLACE for path in self.at(name))


def _spread(path: Array) -> Array:
    path = path[np.isfinite(path).all(-1)]
    return np.ptp(np.percentile(path, (5, 95), axis=0), axis=0) if len(path) else np.array([np.inf])


def _angle(signal: Signal, seen: Sequence[_Seen]) -> str:
    """Of the joints that the signal spans, the angle that changes most against its error from start to turn."""
    spanned = joints(signal.quantity)
    names = [name for name, joint in ANGLES.items() if joint in spanned] or list(ANGLES)
    best = 0.0, names[0]
    for one in seen:
        stretch = one.film.stretch
        for name in names:
            measure = find_measure(name)
            side = best_side(measure, stretch)
            each = angles(measure, stretch.body, stretch.view)[measure.sides().index(side)]
            changes = [abs(b - a) for a, b in zip(one.starts(each), one.turns(each), strict=True)]
            known = [change for change in changes if np.isfinite(change)]
            if known:
                sigma = WORLD_SIGMA
                if observable(stretch.view, measure.plane):
                    sigma = float(np.nanmedian(measure.sigma(stretch.body, side, stretch.view.sigma)))
                best = max(best, (median(known) / sigma, name))
    return best[1]


def _setup(plane: Plane) -> str:
    where = {"sagittal": "Stand side-on to", "frontal": "Face", "any": "Stand before"}[plane]
    return f"{where} the camera, as when it was taught, with your whole body in the picture."


def _rises(seen: Sequence[_Seen]) -> bool:
    """Whether more of the body is higher at the turn than at the start."""
    rise = 0.0
    for name in ("mid_shoulder", "mid_hip", "mid_elbow", "mid_wrist", "mid_knee"):
        for one in seen:
            height = -one.film.body.at(name)[:, 1] / one.film.body.scale
            rise += float(np.nansum([b - a for a, b in zip(one.starts(height), one.turns(height), strict=True)]))
    return rise > 0


def _stand_in(signal: Signal, seen: Sequence[_Seen]) -> str | None:
    """The shoulders, where their height in the picture goes as the signal goes."""
    if signal.quantity.unit != "torso" or "mid_ankle" not in signal.quantity.needs:
        return None
    for one in seen:
        own = signal.quantity.value(one.film.body)
        other = -one.film.body.at("mid_shoulder")[:, 1] / one.film.body.scale
        ok = np.isfinite(own + other)
        slope = np.polyfit(own[ok], other[ok], 1)[0]
        if np.corrcoef(own[ok], other[ok])[0, 1] < STANDS_IN or not 0.5 <= slope <= 2.0:
            return None
    return "mid_shoulder"


def _bears(seen: Sequence[_Seen]) -> tuple[Support, ...]:
    """What is lowest at the turn and stays in its place; feet when nothing does."""
    bearing = []
    for support, name in _BEARING.items():
        above = []
        for one in seen:
            body = one.film.body
            level = {key: one.turns(body.at(key)[:, 1] / body.scale) for key in _BEARING.values()}
            above += [max(v) - own for own, *v in zip(level[name], *level.values(), strict=True)]
        if median(above) <= ON_FLOOR and all(one.stays(name) for one in seen):
            bearing.append(support)
    return tuple(bearing) or ("feet",)


def _still(seen: Sequence[_Seen]) -> dict[str, object] | None:
    return next(
        ({"keypoint": name, "within": most} for name, most in STAYING if all(one.stays(name) for one in seen)), None
    )


def _conditions(seen: Sequence[_Seen]) -> tuple[dict[str, object], ...]:
    """How upright the trunk must at least be at the turn, and how level, where that was clear."""
    rise = MEASURES["trunk_rise"]
    turns = sorted(v for one in seen for v in one.turns(rise.value(one.film.body)) if np.isfinite(v))
    if not turns:
        return ()
    held = {"measure": rise.name, "at": "turn"}
    if turns[0] >= UPRIGHT[0]:
        return ({**held, "min": UPRIGHT[1], "reason": "your trunk was not upright"},)
    if turns[-1] <= LEVEL[0]:
        return ({**held, "max": LEVEL[1], "reason": "your trunk was not level"},)
    return ()
