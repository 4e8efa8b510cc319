"""How people differ in doing one movement: habits, props, and what an exercise leaves free.

Each is a change to the posture that the movement would have, drawn at random once for a performance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from poise.sim import Body
from poise.sim.body import Posture
from poise.sim.kinematics import spread
from poise.sim.move import Beat, Move, between
from poise.sim.moves.stances import places

_Change: TypeAlias = Callable[[Body, Beat, Posture], Posture]

#: How often free arms hang, unless it is said.
HANGING = 3

_LEGS = ("squat", "lunge")
_ARMS = ("biceps_curl", "lateral_raise", "front_raise", "shoulder_press", "triceps_extension")
_ONE_ARMED = ("biceps_curl", "shoulder_press", "lateral_raise", "front_raise", "dumbbell_row")


def drawn(weights: Mapping[str, int], rng: np.random.Generator) -> str:
    """One of the names, each as often as its weight says."""
    share = np.array(list(weights.values()), dtype=np.float64)
    return str(rng.choice(list(weights), p=share / share.sum()))


def varied(move: Move, rng: np.random.Generator, hanging: int = HANGING) -> Callable[[Body, Beat], Posture]:
    """The movement in a personal style, with what the exercise leaves free done in some other way.

    ``hanging`` is how often free arms hang, where 2 is how often they hold a bar on the back.
    """
    changes: list[_Change] = [_style(rng)]
    if move.name in _LEGS and rng.random() < 0.65:
        changes.append(_arms(rng, hanging))
    elif move.name in ("standing", "stooping", "walking") and rng.random() < 0.4:
        changes.append(_arms(rng, hanging, moving=False))
    elif move.name == "sit_up":
        changes += [_arms(rng, hanging, moving=False)] if rng.random() < 0.3 else []
        changes += [_on_a_bench(rng)] if rng.random() < 0.2 else []
    elif move.name == "jumping_jack" and rng.random() < 0.15:
        changes.append(_clapping(rng))
    if move.name == "squat" and rng.random() < 0.15:
        changes.append(_hopping(rng))
    elif move.name == "squat" and rng.random() < 0.12:
        changes.append(_one_legged(rng))
    if move.name in _ONE_ARMED and rng.random() < 0.6:
        changes.append(_other_arm(rng))
    if move.name in _ARMS:
        back = float(rng.uniform(-35, 20)) if rng.random() < 0.2 else 0.0  # an inclined bench
        changes.append(lambda _, __, p: replace(p, pitch=p.pitch + back))

    def pose(body: Body, beat: Beat) -> Posture:
        posture = move.pose(body, beat)
        for change in changes:
            posture = change(body, beat, posture)
        return posture

    return pose


#: How much people's habits differ in each angle, degrees: held throughout, and growing towards the turn.
_HABITS = {
    "arm_elevation": (6.0, 6.0),
    "arm_plane": (9.0, 7.0),
    "arm_rotation": (12.0, 8.0),
    "elbow": (8.0, 6.0),
    "pronation": (20.0, 10.0),
    "pitch": (3.0, 2.5),
    "yaw": (6.0, 4.0),
    "spine_flexion": (7.0, 5.0),
    "spine_side": (3.0, 2.0),
    "spine_twist": (5.0, 4.0),
    "neck_flexion": (9.0, 4.0),
    "head_yaw": (12.0, 4.0),
    "toe_out": (7.0, 0.0),
}
_TWO_SIDED = ("arm_elevation", "arm_plane", "arm_rotation", "elbow", "pronation", "toe_out")


def _style(rng: np.random.Generator) -> _Change:
    """Habits: every angle a little off, left and right not quite alike, feet not quite where they should be."""
    size = float(rng.uniform(0.0, 2.0))
    habits = {}
    for name, (held, growing) in _HABITS.items():
        count = 2 if name in _TWO_SIDED else 1
        a, b = rng.normal(0.0, held, 1), rng.normal(0.0, growing, 1)
        habits[name] = (
            size * (a + rng.normal(0.0, 0.4 * held, count)),
            size * (b + rng.normal(0.0, 0.4 * growing, count)),
        )
    step = size * rng.normal(0.0, 0.03, (2, 3)) * (1.0, 0.0, 1.0)

    def change(_: Body, beat: Beat, p: Posture) -> Posture:
        angles: dict[str, Any] = {}
        for name, (held, growing) in habits.items():
            angle, u = getattr(p, name), beat.phase
            if name in _TWO_SIDED:
                angle, u = spread(angle), u[:, None]
            angles[name] = angle + held + growing * u
        angles["elbow"] = np.maximum(angles["elbow"], 0.0)
        if p.hands is not None:  # the trunk has to stay where the hands can be reached
            return replace(p, **{name: angles[name] for name in ("neck_flexion", "head_yaw", "toe_out")})
        return replace(p, feet=None if p.feet is None else np.asarray(p.feet) + step, **angles)

    return change


def _arms(rng: np.random.Generator, hanging: int, moving: bool = True) -> _Change:
    """Arms that hold a bar on the back or in front, hang with weights, press at the top, or are anywhere."""
    others = {"back": 2, "front": 2, "anywhere": 1, "press": moving, "moving": moving}
    kind = drawn({"hanging": hanging, **others}, rng)
    draw = rng.uniform
    anywhere = draw(0, 170), draw(-40, 100), draw(-90, 110), draw(0, 140)
    start = {
        "back": (draw(35, 75), draw(-45, 10), draw(60, 115), draw(110, 140)),
        "front": (draw(20, 90), draw(60, 90), draw(-60, 20), draw(110, 142)),
        "hanging": (draw(3, 15), draw(0, 60), 0.0, draw(3, 20)),
    }.get(kind, anywhere)
    turn = {
        "press": (draw(150, 172), draw(0, 40), draw(40, 80), draw(5, 20)),
        "moving": (draw(0, 170), draw(-40, 100), draw(-90, 110), draw(0, 140)),
    }.get(kind, start)
    late = draw(0.0, 0.4)

    def change(_: Body, beat: Beat, p: Posture) -> Posture:
        u = 1.0 - np.clip(2.0 * beat.phase, 0.0, 1.0) if kind == "press" else beat.delayed(late)
        elevation, plane, rotation, elbow = (between(a, b, u) for a, b in zip(start, turn, strict=True))
        if kind == "hanging":  # whatever the trunk does
            chest = np.asarray(p.pitch) + np.asarray(p.spine_flexion)
            elevation, plane = np.hypot(start[0], chest), np.degrees(np.arctan2(chest, start[0]))
        return replace(p, hands=None, arm_elevation=elevation, arm_plane=plane, arm_rotation=rotation, elbow=elbow)

    return change


def _on_a_bench(rng: np.random.Generator) -> _Change:
    """Hips on something, feet on the floor or hooked lower than them."""
    high, away = float(rng.uniform(0.15, 0.5)), float(rng.uniform(0.8, 1.15))

    def change(body: Body, _: Beat, p: Posture) -> Posture:
        feet = places(body.hip_half * 1.2, body.ankle_height, body.thigh * away)[0]
        return replace(p, root=np.asarray(p.root) * (1.0, 0.0, 1.0) + (0.0, high, 0.0), feet=feet, foot_pitch=0.0)

    return change


def _hopping(rng: np.random.Generator) -> _Change:
    """Feet that jump apart on the way down and together on the way up."""
    wide = float(rng.uniform(0.05, 0.2))
    return lambda body, beat, p: replace(
        p, feet=np.asarray(p.feet) + places(wide * body.stature * beat.phase, 0.0, 0.0)
    )


def _one_legged(rng: np.random.Generator) -> _Change:
    """The other leg held off the floor, ahead of the body or behind it, or hanging beside what is stood on."""
    side, up = int(rng.integers(2)), float(rng.uniform(0.05, 0.2))
    away = float(rng.choice((1.0, 1.0, -0.6))) * float(rng.uniform(0.15, 0.4))
    hanging, bent = rng.random() < 0.4, float(rng.uniform(0.8, 1.0))

    def change(body: Body, beat: Beat, p: Posture) -> Posture:
        lifted = np.zeros((len(beat.t), 2, 3))
        if hanging:  # as far below the hips as when standing
            lifted[:, side, 1] = np.asarray(p.root)[..., 1] - bent * body.hip_height
            lifted[:, side, 2] = 0.3 * body.stature * away * beat.phase
        else:
            lifted[:, side, 1] = body.stature * (up + 0.1 * beat.phase)
            lifted[:, side, 2] = body.stature * away * (0.4 + 0.6 * beat.phase)
        return replace(p, feet=np.asarray(p.feet) + lifted)

    return change


def _other_arm(rng: np.random.Generator) -> _Change:
    """One arm exercises: the other hangs, or rests on the hip or a bench."""
    aside = (
        float(rng.uniform(3, 50)),
        float(rng.uniform(-30, 60)),
        float(rng.uniform(-70, 20)),
        float(rng.uniform(5, 90)),
    )

    def change(_: Body, beat: Beat, p: Posture) -> Posture:
        idle = np.stack([beat.side < 0, beat.side > 0], axis=-1)
        if not (idle.any(0).sum() == 1 and idle.any(1).all()):
            return p
        names = ("arm_elevation", "arm_plane", "arm_rotation", "elbow")
        arms: dict[str, Any] = {
            name: np.where(idle, value, spread(getattr(p, name))) for name, value in zip(names, aside, strict=True)
        }
        return replace(p, **arms)

    return change


def _clapping(rng: np.random.Generator) -> _Change:
    """Arms that open and close ahead of the chest instead of going up."""
    high, closed = float(rng.uniform(70, 100)), float(rng.uniform(85, 110))
    return lambda _, beat, p: replace(
        p, arm_elevation=high, arm_plane=between(closed, 0.0, beat.phase), arm_rotation=0.0
    )
