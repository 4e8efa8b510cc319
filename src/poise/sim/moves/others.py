"""Repetitions of what the library does not know: named exercises, and invented ones without end.

They are what a recogniser must learn to leave unnamed. They move like the exercises do, without faults.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from poise.body import Array
from poise.sim.body import Body, Posture
from poise.sim.move import Beat, Move, Parameter, Sides, Tempo, between, wander
from poise.sim.moves.stances import leaning, lower_body, places

_SEED = {"mood": Parameter(0, (0, 1000), "", "which of endless variations")}


def _rng(beat: Beat) -> np.random.Generator:
    return np.random.default_rng(int(1000 * abs(float(beat["mood"][0]))))


def _upright(body: Body, beat: Beat, knee: float = 6.0) -> dict[str, Any]:
    return lower_body(body, beat.base, np.full_like(beat.t, knee), 0.17 * body.stature)


def _pull_up(body: Body, beat: Beat) -> Posture:
    """Hanging from a bar, the body goes up between the hands."""
    r, u, H = _rng(beat), beat.phase, body.stature
    wide = r.uniform(0.12, 0.32) * H
    bar = body.hip_height + body.trunk + body.arm_reach(8.0) + r.uniform(0.0, 0.3)
    reach = np.asarray(body.arm_reach(between(10.0, r.uniform(95, 135), u)))
    drop = np.sqrt(np.maximum(reach**2 - (wide - body.shoulder_half) ** 2, 1e-4))
    root = np.stack([np.zeros_like(u), bar - drop - body.trunk, np.full_like(u, -0.03 * H)], axis=-1)
    return Posture(
        root=root,
        pitch=between(0.0, -r.uniform(0, 15), u),
        hands=places(wide, bar, 0.0)[0],
        elbow_pole=(0.4, -1.0, 0.5),
        hip_flexion=r.uniform(-5, 25) + r.uniform(0, 10) * u,
        knee=r.choice((5.0, 60.0, 90.0)) * np.ones_like(u),
        neck_flexion=-15.0 * u,
    )


def _bench_press(body: Body, beat: Beat) -> Posture:
    """On the back, hands go from the chest to above it."""
    r, u = _rng(beat), beat.phase
    bent = between(8.0, r.uniform(85, 120), u)
    feet = places(r.uniform(0.12, 0.22) * body.stature, body.ankle_height, body.thigh * r.uniform(0.7, 1.1))[0]
    return Posture(
        root=(0.0, 0.42, 0.0),
        pitch=-90.0 + r.uniform(0, 40) * r.integers(2),
        feet=feet,
        knee_pole=(0.0, 1.0, 0.6),
        arm_elevation=between(r.uniform(80, 95), r.uniform(50, 85), u),
        arm_plane=between(82.0, r.uniform(0, 40), u),
        arm_rotation=between(0.0, 60.0, u),
        elbow=bent,
    )


def _knee_raise(body: Body, beat: Beat) -> Posture:
    """Standing, the knees come up by turns or together: marching, high knees, kicks back."""
    r = _rng(beat)
    front = r.uniform(45, 110) if r.random() < 0.75 else 5.0
    u = beat.u
    return Posture(
        root=(0.0, body.hip_height, 0.0),
        hip_flexion=between(2.0, front, u),
        knee=between(4.0, r.uniform(60, 115), u),
        arm_elevation=r.uniform(5, 60) + r.uniform(0, 40) * u[:, ::-1],
        arm_plane=r.uniform(0, 90),
        elbow=r.uniform(10, 110),
        pitch=r.uniform(-5, 10),
        grounded=True,
    )


def _swing(body: Body, beat: Beat) -> Posture:
    """A weight swung from between the legs to the chest or above."""
    r, u = _rng(beat), beat.phase
    lean = between(r.uniform(40, 75), -3.0, u)
    pitch, spine = leaning(lean, 0.2 * lean)
    return Posture(
        **lower_body(body, "standing", between(r.uniform(25, 60), 4.0, u), 0.28 * body.stature),
        pitch=pitch,
        spine_flexion=spine,
        arm_elevation=np.abs(between(r.uniform(-10, 20), r.uniform(80, 160), u)),
        arm_plane=88.0,
        elbow=8.0,
    )


def _bend(body: Body, beat: Beat) -> Posture:
    """Side bends, twists, chops and heel raises of a standing body whose arms keep still or follow."""
    r, u = _rng(beat), beat.phase
    way = np.where(beat.side >= 0, 1.0, -1.0) if beat.side.any() else np.ones_like(u)
    kind = int(r.integers(3))
    arms = r.uniform(5, 150), r.uniform(0, 90), r.uniform(0, 130)
    return Posture(
        **_upright(body, beat, r.uniform(3, 25)),
        spine_side=way * r.uniform(15, 35) * u * (kind == 0),
        spine_twist=way * r.uniform(25, 60) * u * (kind != 0),
        spine_flexion=r.uniform(0, 35) * u * (kind == 2),
        arm_elevation=arms[0] + r.uniform(-5, 60) * u * (kind == 2),
        arm_plane=arms[1],
        elbow=arms[2],
    )


def _boxing(body: Body, beat: Beat) -> Posture:
    """Hands that punch, circle, pull down or clap, by turns or together."""
    r, u = _rng(beat), beat.u
    kind = int(r.integers(4))
    turn = 2 * np.pi * u + np.array((0.0, r.choice((0.0, np.pi))))
    if kind == 0:  # punches
        arms: tuple[Array, Any, Any, Array] = between(40.0, 85.0, u), 80.0, -10.0, between(125.0, 12.0, u)
    elif kind == 1:  # circles
        wide = r.uniform(15, 60)
        arms = 85 + wide * np.sin(turn), 30 + wide * np.cos(turn), 0.0, np.full_like(u, 12.0)
    elif kind == 2:  # pulled down from overhead
        arms = between(r.uniform(150, 172), r.uniform(35, 80), u), 10.0, 70.0, between(15.0, r.uniform(90, 130), u)
    else:  # closed ahead of the chest and opened
        arms = (
            np.full_like(u, r.uniform(75, 95)),
            between(r.uniform(0, 15), 88.0, u),
            0.0,
            np.full_like(u, r.uniform(8, 80)),
        )
    elevation, plane, rotation, elbow = arms
    return Posture(
        **_upright(body, beat, r.uniform(3, 25)),
        spine_twist=15.0 * (beat.u[:, 0] - beat.u[:, 1]),
        arm_elevation=elevation,
        arm_plane=plane,
        arm_rotation=rotation,
        elbow=elbow,
    )


def _lying_legs(body: Body, beat: Beat) -> Posture:
    """On the back or the belly: legs lifted, cycling, hands and feet alike."""
    r, u = _rng(beat), beat.u
    supine = r.random() < 0.7
    arms = r.uniform(5, 60), r.uniform(-10, 60)
    return Posture(
        root=(0.0, 0.1, 0.0),
        pitch=(-90.0 if supine else 90.0) + r.uniform(-5, 30) * beat.phase * (-1 if supine else -0.7),
        hip_flexion=between(r.uniform(0, 20), r.uniform(35, 100), u)
        if supine
        else between(0.0, -r.uniform(8, 25), u),
        knee=between(r.uniform(3, 20), r.uniform(3, 100), u),
        arm_elevation=between(arms[0], arms[1], beat.u[:, ::-1]) + 5.0,
        arm_plane=r.uniform(0, 90),
        elbow=r.uniform(5, 110),
        hip_rotation=0.0,
    )


def _play(body: Body, beat: Beat) -> Posture:
    """A ball game: running about, dribbling, turning, reaching, crouching; nothing keeps time."""
    t, mood = beat.t, float(beat["mood"][0])
    r = _rng(beat)

    def course(key: int, slow: float = 0.1, fast: float = 0.9) -> Array:
        return wander(t, mood, key, slow, fast)

    stride = 2 * np.pi * r.uniform(0.6, 1.4) * t + 2.0 * course(1)
    go = np.clip(0.6 + 0.6 * course(2, 0.05, 0.3), 0.0, 1.3)
    swing = go[:, None] * np.sin(stride[:, None] + np.array((0.0, np.pi)))
    lift = go[:, None] * np.maximum(np.cos(stride[:, None] + np.array((0.0, np.pi))), 0.0)
    crouch = np.clip(25 + 30 * course(3), 5, 80)[:, None]
    both = np.stack([course(10 + i, 0.2, r.uniform(0.8, 2.4)) for i in range(6)], axis=-1)
    return Posture(
        root=np.stack(
            [0.8 * course(4, 0.05, 0.3), np.full_like(t, body.hip_height), 0.8 * course(5, 0.05, 0.3)], -1
        ),
        yaw=r.uniform(0, 360) + 80.0 * course(6, 0.05, 0.3),
        pitch=10.0 + 12.0 * course(7),
        spine_flexion=6.0 * course(8),
        spine_twist=14.0 * course(9),
        hip_flexion=0.55 * crouch + 30.0 * swing,
        knee=crouch + 45.0 * lift,
        arm_elevation=np.clip(45.0 + 40.0 * both[:, :2], 3, 165),
        arm_plane=45.0 + 35.0 * both[:, 2:4],
        elbow=np.clip(60.0 + 45.0 * both[:, 4:6], 3, 140),
        hip_abduction=6.0,
        grounded=True,
    )


def _lounging(body: Body, beat: Beat) -> Posture:
    """Sitting or lying on the floor, or on all fours, and hardly moving."""
    r, t, mood = _rng(beat), beat.t, float(beat["mood"][0])
    pitch = r.choice((-90.0, -88.0, 90.0, -20.0, -5.0, 15.0, 80.0)) + r.uniform(-6, 6)
    knee = r.uniform(0, 120)
    return Posture(
        root=(0.0, 0.1, 0.0),
        pitch=pitch + 3.0 * wander(t, mood, 1),
        hip_flexion=np.clip(90.0 + min(pitch, 0.0) + knee / 2, -5, 130) * (pitch < 40) + 3.0 * wander(t, mood, 2),
        hip_abduction=r.uniform(0, 30),
        knee=knee * (pitch < 40),
        arm_elevation=r.uniform(5, 100) + 8.0 * np.stack([wander(t, mood, 3), wander(t, mood, 4)], -1),
        arm_plane=r.uniform(-40, 90),
        elbow=np.clip(r.uniform(5, 120) + 12.0 * np.stack([wander(t, mood, 5), wander(t, mood, 6)], -1), 2, 140),
        neck_flexion=r.uniform(-10, 20) + 5.0 * wander(t, mood, 7),
    )


def _anything(body: Body, beat: Beat) -> Posture:
    """An invented repetition: from one random posture to another and back, limb after limb."""
    r = _rng(beat)
    moving = r.random(3) < (0.75, 0.5, 0.5)  # arms, legs, trunk
    late = beat.delayed(r.uniform(0.0, 0.4))
    u = np.stack([beat.phase, late if r.random() < 0.5 else beat.phase], axis=-1)
    trunk = beat.phase if r.random() < 0.6 else late

    def course(low: float, high: float, part: int, alike: float = 0.5) -> Array:
        a, b = r.uniform(low, high, 2), r.uniform(low, high, 2)
        if r.random() < alike:
            a[1], b[1] = a[0], b[0]
        return np.asarray(a + (b - a) * u * moving[part])

    lying = r.random() < 0.3
    pitch = r.choice((-90.0, 90.0)) if lying else r.choice((0.0, 0.0, 20.0, 60.0))
    return Posture(
        root=(0.0, 0.12 if lying else body.hip_height, 0.0),
        pitch=pitch + r.uniform(-25, 25) * trunk * moving[2],
        spine_flexion=r.uniform(-10, 30) * trunk * moving[2],
        spine_side=r.uniform(-25, 25) * trunk * moving[2],
        spine_twist=r.uniform(-40, 40) * trunk * moving[2],
        arm_elevation=course(0, 170, 0),
        arm_plane=course(-40, 100, 0),
        arm_rotation=course(-90, 90, 0),
        elbow=course(0, 140, 0),
        hip_flexion=course(-15, 110, 1, 0.25),
        hip_abduction=course(-5, 45, 1, 0.25),
        knee=course(0, 120, 1, 0.25),
        grounded=not lying,
    )


_SIDES: tuple[Sides, ...] = ("both", "alternating", "left", "right")

#: Movements by name that are repeated but not in the library, ``play`` that is not, and ``lounging`` that is rest.
OTHERS: dict[str, Move] = {
    move.name: move
    for move in (
        Move("pull_up", _pull_up, _SEED, Tempo(1.0, 0.2, 1.2, 0.3)),
        Move("bench_press", _bench_press, _SEED, Tempo(1.2, 0.2, 1.0, 0.3)),
        Move("knee_raise", _knee_raise, _SEED, Tempo(0.5, 0.1, 0.5, 0.1), sides=("alternating", "left", "right")),
        Move("swing", _swing, _SEED, Tempo(0.7, 0.1, 0.8, 0.1)),
        Move("bend", _bend, _SEED, Tempo(0.9, 0.2, 0.9, 0.2), sides=_SIDES, bases=("standing", "seated")),
        Move("boxing", _boxing, _SEED, Tempo(0.6, 0.1, 0.6, 0.1), sides=_SIDES, bases=("standing", "seated")),
        Move("lying_legs", _lying_legs, _SEED, Tempo(0.9, 0.2, 0.9, 0.2), sides=_SIDES),
        Move("anything", _anything, _SEED, Tempo(0.8, 0.2, 0.8, 0.2)),
        Move("play", _play, _SEED, reps=0),
        Move("lounging", _lounging, _SEED, reps=0),
    )
}
