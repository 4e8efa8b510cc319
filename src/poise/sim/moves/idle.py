"""What people do between sets: nothing that counts as a repetition."""

from __future__ import annotations

from typing import Any

import numpy as np

from poise.sim.body import Body, Posture
from poise.sim.move import Base, Beat, Move, Parameter, Tempo, arm_towards, ease, wander
from poise.sim.moves.stances import SIGN, free_arms, lower_body


def _mood(beat: Beat) -> float:
    return float(beat["mood"][0])


def _attention(beat: Beat) -> dict[str, Any]:
    """A head that looks about."""
    mood = _mood(beat)
    return {"head_yaw": 25.0 * wander(beat.t, mood, 1), "neck_flexion": 8.0 * wander(beat.t, mood, 2)}


def _standing(body: Body, beat: Beat) -> Posture:
    mood = _mood(beat)
    lean = 3.0 * wander(beat.t, mood, 3)
    return Posture(
        **lower_body(body, beat.base, np.full_like(beat.t, 5.0), 0.15 * body.stature),
        **free_arms(beat.arms, lean),
        **_attention(beat),
        spine_flexion=lean,
        spine_side=4.0 * wander(beat.t, mood, 4),
        spine_twist=6.0 * wander(beat.t, mood, 5),
    )


def _fidgeting(body: Body, beat: Beat) -> Posture:
    """Hands that gesture, scratch, drink, adjust: every arm angle wanders."""
    mood = _mood(beat)
    size = beat["size"][:, None]
    both = np.stack([wander(beat.t, mood, 20 + i) for i in range(2)], axis=-1)
    bend = np.stack([wander(beat.t, mood, 30 + i) for i in range(2)], axis=-1)
    turn = np.stack([wander(beat.t, mood, 40 + i) for i in range(2)], axis=-1)
    elevation, plane = arm_towards(30.0 * size * (both + 0.3), 14.0)
    return Posture(
        **lower_body(body, beat.base, np.full_like(beat.t, 6.0), 0.15 * body.stature),
        **_attention(beat),
        spine_flexion=5.0 * wander(beat.t, mood, 3),
        spine_twist=12.0 * wander(beat.t, mood, 5),
        arm_elevation=elevation,
        arm_plane=plane,
        arm_rotation=40.0 * size * turn,
        elbow=np.clip(60.0 + 75.0 * size * bend, 3.0, 145.0),
    )


def _stooping(body: Body, beat: Beat) -> Posture:
    """Bending down once in a while, as for a dumbbell or a shoelace, and coming up again."""
    mood = _mood(beat)
    down = ease(1.6 * wander(beat.t, mood, 50, 0.02, 0.16) - 0.2)
    lean = 4.0 + 72.0 * down
    elevation, plane = arm_towards(np.minimum(lean + 6.0 * down, 80.0), 8.0)
    return Posture(
        **lower_body(body, "standing", 6.0 + 50.0 * down, 0.16 * body.stature),
        **_attention(beat),
        pitch=0.6 * lean,
        spine_flexion=0.4 * lean,
        spine_twist=12.0 * wander(beat.t, mood, 5),
        arm_elevation=elevation,
        arm_plane=plane,
        elbow=14.0,
    )


def _walking(body: Body, beat: Beat) -> Posture:
    """Pacing to and fro: hips and knees as in level gait, turning round at the ends."""
    mood, t = _mood(beat), beat.t
    step = 2 * np.pi * beat["cadence"] / 2 * t
    swing = np.sin(step[:, None] + np.array((0.0, np.pi)))
    recover = np.cos(step[:, None] + np.array((0.0, np.pi)))
    knee = 8.0 + 52.0 * np.maximum(recover, 0.0) ** 2
    leg = np.pi * beat["speed"] / beat["pace_m"] * t
    path = beat["pace_m"] / 2 * (2 / np.pi) * np.arcsin(0.995 * np.sin(leg))
    yaw = beat["heading"] + 180.0 * (1.0 - ease(3.0 * np.cos(leg) + 0.5))  # turns round on the spot at the ends
    heading = np.radians(beat["heading"])
    arms, plane = arm_towards(-22.0 * swing, 6.0)
    return Posture(
        root=np.stack([path * np.sin(heading), np.full_like(t, body.hip_height), path * np.cos(heading)], axis=-1),
        yaw=yaw,
        pitch=3.0,
        spine_twist=-6.0 * swing[:, 0],
        hip_flexion=26.0 * swing + 4.0,
        hip_abduction=1.0,
        knee=knee,
        foot_pitch=-8.0 * swing,
        arm_elevation=arms,
        arm_plane=plane,
        elbow=16.0 - 10.0 * SIGN * swing[:, :1],
        head_yaw=12.0 * wander(t, mood, 1),
        grounded=True,
    )


_MOOD = {"mood": Parameter(0, (0, 1000), "", "which of endless variations")}
_BASES: tuple[Base, ...] = ("standing", "seated", "kneeling")

STANDING = Move(
    "standing",
    _standing,
    _MOOD,
    Tempo(),
    reps=0,
    bases=_BASES,
    arms=("hanging", "hips", "crossed", "head", "goblet"),
)
FIDGETING = Move(
    "fidgeting", _fidgeting, {**_MOOD, "size": Parameter(1, (0.5, 1.5), "", "how lively")}, reps=0, bases=_BASES
)
STOOPING = Move("stooping", _stooping, _MOOD, reps=0)
WALKING = Move(
    "walking",
    _walking,
    {
        **_MOOD,
        "cadence": Parameter(1.8, (1.3, 2.3), "Hz", "steps per second"),
        "speed": Parameter(0.9, (0.4, 1.3), "m/s", "speed over the floor"),
        "pace_m": Parameter(2.0, (0.8, 3.0), "m", "how far before turning round"),
        "heading": Parameter(0, (-180, 180), "deg", "which way the path runs"),
    },
    reps=0,
)
