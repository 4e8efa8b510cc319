"""People who exercise in more ways than good form allows: what a recogniser should have seen.

`poise.sim` shows how an exercise is done, well or with a fault. People also squat with a bar on their backs, along
a wall or ending in a press, put their hands on a bench for a push-up, curl on an incline, and stop for a while at
either end. None of that is a fault, and all of it is the same exercise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from poise.body import Array
from poise.coach import exercises, load_exercise
from poise.coach.recognise import REST, UNKNOWN
from poise.learn.styles import HANGING, drawn, varied
from poise.sim import MOVES, Body, Performance, Tempo, perform
from poise.sim.kinematics import rotation_x
from poise.sim.move import Move
from poise.sim.moves.others import OTHERS

_Way = TypeVar("_Way")

#: What a recogniser may answer: every exercise of the library, nothing, or something it has no name for.
CLASSES: tuple[str, ...] = (*exercises(), REST, UNKNOWN)
#: Those that are held: getting there and away is no part of them, and looks like something else.
HOLDS: tuple[str, ...] = tuple(name for name in exercises() if load_exercise(name).kind == "hold")

#: Parameters that people vary more widely than what the faults and good form of the simulator span.
_WIDER: dict[str, dict[str, tuple[float, float]]] = {
    "squat": {
        "depth": (60, 152),
        "trunk_lean": (-34, 40),
        "knee_forward": (-30, 10),
        "stance": (0.10, 0.50),
        "toe_out": (0, 45),
        "knee_ratio": (0.8, 1.3),
    },
    "lunge": {"depth": (60, 112), "trunk_lean": (-4, 40), "stance": (0.06, 0.24)},
    "push_up": {"hands": (0.20, 0.46), "depth": (55, 120), "flare": (5, 85)},
    "sit_up": {"top": (28, 100), "bottom": (0, 30), "knees": (15, 125)},
    "biceps_curl": {"swing": (-10, 45), "bottom": (4, 60), "top": (90, 148)},
    "shoulder_press": {"plane": (-5, 70), "start": (75, 135), "lockout": (2, 40)},
    "front_raise": {"top": (60, 165), "plane": (68, 98), "elbows": (3, 50)},
    "lateral_raise": {"top": (60, 125), "plane": (-5, 42), "elbows": (5, 60)},
    "triceps_extension": {"bend": (65, 135), "drift": (-5, 45)},
    "dumbbell_row": {"hinge": (28, 88), "knees": (6, 60), "elbows": (60, 115)},
    "deadlift": {"hinge": (35, 88), "knees": (4, 75), "stance": (0.10, 0.45)},
    "jumping_jack": {
        "arms_up": (85, 175),
        "spread": (0.9, 2.8),
        "closed": (-0.5, 0.9),
        "arms_down": (2, 45),
        "lag": (-0.05, 0.15),
        "knees": (1, 70),
    },
    "plank": {},
    "wall_sit": {"depth": (60, 105), "knee_forward": (-10, 26), "lean": (-8, 22)},
    "glute_bridge": {"short": (-5, 20), "knees": (60, 125)},
}
#: Movements along the floor; and by how much those of the library are raised at the head, degrees.
_LEVEL = ("push_up", "plank", "sit_up", "glute_bridge", "lying_legs", "bench_press", "lounging")
_TILTED = {"push_up": (-15.0, 45.0), "plank": (-15.0, 20.0), "sit_up": (-20.0, 15.0)}
#: Where standing still in the starting position is rest; a push-up that is not begun is a plank.
_STARTS_AT_REST = tuple(name for name in MOVES if name not in ("push_up", "plank", "dumbbell_row"))
#: Doing nothing that counts, and how often each is drawn.
_IDLE = {"standing": 2, "walking": 2, "fidgeting": 7, "stooping": 3, "play": 2, "lounging": 2, "start": 3}
_UNNAMED = {
    "anything": 4,
    "pull_up": 2,
    "bench_press": 3,
    "knee_raise": 4,
    "swing": 1,
    "bend": 2,
    "boxing": 2,
    "lying_legs": 2,
}


#: What is told apart in training, each with the class it counts as: there are many ways to rest, and what has no
#: name is many movements. As one class each they are told from exercises less well.
KINDS: dict[str, str] = (
    {name: name for name in exercises()} | dict.fromkeys(_IDLE, REST) | dict.fromkeys(_UNNAMED, UNKNOWN)
)


@dataclass(frozen=True)
class Section:
    """Some seconds of somebody: ``t`` ``(T,)``, ``joints`` ``(T, 33, 3)`` and whether a repetition is going on.

    ``kind`` is one of `KINDS`. A hold goes on while the position is held. ``level`` is whether the body lies along
    the floor, where estimators err most.
    """

    kind: str
    t: Array
    joints: Array
    active: Array
    stature: float
    level: bool


def perform_class(
    label: str, rng: np.random.Generator, seconds: float, rate: float, hanging: int = HANGING
) -> Section:
    """A section of somebody or other doing what the class `label` stands for, ``rate`` samples a second.

    ``hanging`` is how often the arms of who squats hang (`varied`).
    """
    kind = drawn(_IDLE, rng) if label == REST else drawn(_UNNAMED, rng) if label == UNKNOWN else label
    name = str(rng.choice(_STARTS_AT_REST)) if kind == "start" else kind
    move = MOVES.get(name) or OTHERS[name]
    performance = _performance(move, rng, seconds, still=label == REST)
    pose = varied(move, rng, hanging if label == "squat" else HANGING)
    performance = replace(performance, move=replace(move, pose=pose))
    begin = float(rng.uniform(0.0, max(performance.seconds - seconds, 0.0)))
    t = begin + np.arange(int(min(performance.seconds, seconds) * rate)) / rate
    active = np.zeros(len(t), dtype=bool)
    for rep, (start, tempo) in enumerate(zip(performance.starts, performance.tempi, strict=True)):
        after = performance.starts[rep + 1] if rep + 1 < len(performance.starts) else np.inf
        end = start + tempo.sum()
        if name in HOLDS:
            active |= (t >= start + tempo[0]) & (t <= start + tempo[:2].sum())
        else:
            active |= (t >= start) & (t <= (after if after - end < 1.0 else end))
    joints = performance.joints(t)
    if name in _TILTED and rng.random() < 0.5:  # hands or feet on something
        joints = joints @ rotation_x(float(rng.uniform(*_TILTED[name])))
    return Section(kind, t, joints, active, performance.body.stature, name in _LEVEL)


def _usually(ways: Sequence[_Way], rng: np.random.Generator) -> _Way:
    """The usual one of several ways, their first, half of the time, and else any of them."""
    return ways[0] if rng.random() < 0.5 else ways[int(rng.integers(len(ways)))]


def _performance(move: Move, rng: np.random.Generator, seconds: float, still: bool) -> Performance:
    form: dict[str, float] = {}
    wider = _WIDER.get(move.name, {})
    sloppy = rng.random() < 0.5
    for name, spec in move.parameters.items():
        if name == "towards":
            continue
        low, high = spec.natural
        if sloppy and name in wider:
            low, high = wider[name]
        elif sloppy and not spec.fault:
            low, high = low - 0.3 * (high - low), high + 0.3 * (high - low)
        form[name] = float(rng.uniform(low, high))
    if move.name in ("squat", "deadlift") and rng.random() < 0.2:  # a wide stance, with feet turned out
        form |= {"stance": float(rng.uniform(0.3, 0.55))}
        form |= {"toe_out": float(rng.uniform(25, 55))} if "toe_out" in move.parameters else {}
    possible = [name for name, spec in move.parameters.items() if spec.fault and name != "towards"]
    wanted = min(int(rng.choice((0, 1, 2), p=(0.5, 0.35, 0.15))), len(possible))
    for name in rng.choice(possible, wanted, replace=False) if wanted else ():
        form[name] = float(rng.uniform(*move.parameters[name].faulty))
    if move.name == "deadlift":  # a hinge bends the trunk at least as far as the knees,
        form["knees"] = min(form["knees"], form["hinge"])
    elif move.name == "squat":  # a squat the knees farther than the trunk, which leans by 0.28 of them and more
        form["trunk_lean"] = min(form["trunk_lean"], 0.55 * form["depth"])
    elif move.name == "jumping_jack" and form["arms_up"] < 125:  # arms that stay low leave it to the legs to tell
        form["closed"] = min(form["closed"], form["spread"] - 0.6)
    pace = float(np.exp(rng.uniform(np.log(0.55), np.log(2.4))))
    parts = np.array([move.tempo.towards, move.tempo.turn, move.tempo.back, move.tempo.rest])
    parts = parts * pace * np.exp(rng.normal(0.0, 0.25, 4))
    for pause in (1, 3):
        if rng.random() < 0.2:
            parts[pause] += rng.uniform(0.0, 1.5)
    reps = 0 if still else max(1, min(12, int(np.ceil(seconds / parts.sum())) + 1))
    if move.name in HOLDS:
        reps, parts[1] = 1 - still, rng.uniform(8.0, 20.0)
    idle = bool(rng.random() < 0.35)
    return perform(
        move,
        reps=reps,
        tempo=Tempo(*(float(p) for p in parts)),
        form=form,
        sides=_usually(move.sides, rng),
        base=_usually(move.bases, rng),
        arms=move.arms[int(rng.integers(len(move.arms)))],
        body=Body.random(rng),
        variation=float(rng.uniform(0.0, 0.7)) if move.name in _WIDER else 0.0,
        fatigue=float(rng.choice((0.0, 0.0, 0.4))),
        shape=float(rng.uniform(0.6, 1.6)),
        sway=float(rng.uniform(0.3, 2.5)),
        lead=float(rng.uniform(0.0, 3.0)) if idle and not still else (seconds if still else 0.0),
        tail=float(rng.uniform(0.0, 3.0)) if idle and not still else 0.0,
        seed=int(rng.integers(2**31)),
    )
