"""Movements that legs and hips drive: squat, lunge, deadlift, jumping jack."""

from __future__ import annotations

import numpy as np

from poise.body import Array
from poise.sim.body import LUMBAR, TOE, Body, Posture, Value, spread
from poise.sim.move import Beat, Move, Parameter, Tempo, between, bump, ease
from poise.sim.moves.stances import SIGN, free_arms, hips_over_feet, leaning, places


def _behind(body: Body, knee: Value, shank_lean: Value) -> Array:
    """How far the hip is behind the ankle when the shank leans ahead and the knee is bent; degrees, metres."""
    shank = np.radians(shank_lean)
    thigh = np.radians(knee) - shank
    return np.asarray(body.thigh * np.sin(thigh) - body.shank * np.sin(shank))


def _toe_height(body: Body) -> float:
    return body.ankle_height + float(TOE[1]) * body.scale


def _squat(body: Body, beat: Beat) -> Posture:
    u = beat.phase
    half = spread(beat["asymmetry"]) / 2 * SIGN
    knee = between(beat["top"], spread(beat["depth"]) + half, u[:, None] * np.ones(2))
    mean = knee.mean(-1)
    back = _behind(body, mean, mean / 4 + beat["knee_forward"] * u)
    lean = mean / 3 + beat["trunk_lean"] * u + beat["hips_shoot_up"] * bump(beat.returning / 0.7)
    lifted = np.degrees(np.arcsin(np.clip(beat["heel_rise"] * u, 0.0, 0.9)))
    toe = places(
        beat["stance"] * body.stature / 2 + np.sin(np.radians(beat["toe_out"])) * TOE[2] * body.scale,
        _toe_height(body),
        np.cos(np.radians(beat["toe_out"])) * TOE[2] * body.scale,
    )
    feet = body.ankle_over_toe(toe, lifted, beat["toe_out"])
    pitch, spine = leaning(lean, 0.38 * lean)
    root, roll = hips_over_feet(body, feet, knee, back, pitch, beat["hip_shift"] * body.stature * u)
    return Posture(
        root=root,
        pitch=pitch,
        roll=roll,
        spine_flexion=spine,
        spine_side=-roll,
        neck_flexion=-0.35 * lean,
        head_flexion=-0.30 * lean,
        feet=feet,
        toe_out=beat["toe_out"],
        foot_pitch=lifted,
        knee_in=beat["valgus"] * body.stature * u,
        **free_arms(beat.arms, lean, u),
    )


SQUAT = Move(
    "squat",
    _squat,
    {
        "depth": Parameter(120, (114, 130), "deg", "peak knee flexion; 120 is thighs level", "shallow", (45, 98)),
        "top": Parameter(6, (2, 12), "deg", "knee flexion when standing"),
        "trunk_lean": Parameter(
            0, (-8, 4), "deg", "trunk lean beyond that of the shanks + 10", "trunk_lean", (16, 30)
        ),
        "knee_forward": Parameter(0, (-4, 5), "deg", "shank lean beyond a quarter of the knee flexion"),
        "valgus": Parameter(
            0, (0, 0.006), "stature", "knees moved to the midline at the turn", "valgus", (0.03, 0.06)
        ),
        "heel_rise": Parameter(0, (0, 0.03), "foot", "heels lifted at the turn", "heel_rise", (0.25, 0.5)),
        "hips_shoot_up": Parameter(
            0, (0, 4), "deg", "lean added as the hips rise first", "hips_shoot_up", (24, 38)
        ),
        "asymmetry": Parameter(0, (-3, 3), "deg", "left minus right knee flexion", "asymmetry", (15, 22)),
        "hip_shift": Parameter(0, (-0.006, 0.006), "stature", "hips shifted sideways", "hip_shift", (0.04, 0.07)),
        "towards": Parameter(1.2, (0.8, 2.5), "s", "time of the way down", "fast_descent", (0.3, 0.55)),
        "stance": Parameter(0.23, (0.19, 0.30), "stature", "distance between the ankles"),
        "toe_out": Parameter(18, (5, 30), "deg", "how far the feet point outwards"),
    },
    Tempo(1.2, 0.15, 1.0, 0.4),
    amplitude="depth",
    arms=("ahead", "crossed", "hips", "head", "goblet"),
)


def _lunge(body: Body, beat: Beat) -> Posture:
    """The leading leg is worked out as the left one; sides are swapped at the end where the right one leads."""
    u, H = beat.phase, body.stature
    lead = beat.side >= 0
    step, half = beat["step"] * H, beat["stance"] * H / 2
    back = _behind(body, beat["depth"], beat["knee_forward"])
    rise = beat["stepping"] > 0.5
    toe_y = _toe_height(body)
    # Split: both feet stay. Stepping: the leading foot flies from beside the other one to its place and back.
    flown = np.where(rise, ease(u / 0.55), 1.0)
    front_z = step * flown
    front_y = body.ankle_height + np.where(rise, 0.05 * H * bump(flown), 0.0)
    rear_pitch = np.where(rise, between(0.0, 62.0, u), between(35.0, 62.0, u))
    rear_toe = np.stack(np.broadcast_arrays(-half, toe_y, TOE[2] * body.scale), axis=-1)
    turn = body.ankle_over_toe(np.repeat(rear_toe[:, None], 2, 1), rear_pitch, 2.0)[:, 1]
    knee = between(12.0, beat["depth"], u)
    behind = between(step / 2, back, u)
    across = half - body.hip_half
    planted = np.sqrt(np.maximum(body.leg_reach(knee) ** 2 - across**2 - behind**2, 1e-6))
    deep = np.sqrt(np.maximum(body.leg_reach(beat["depth"]) ** 2 - across**2 - back**2, 1e-6))
    z = np.where(rise, between(0.0, step - back, u), step - behind)
    y = body.ankle_height + np.where(rise, between(body.leg_reach(5.0), deep, u**1.5), planted)
    for foot_y, foot_z in ((front_y, front_z), (turn[:, 1], turn[:, 2])):  # no leg is longer than it is
        slack = (0.9995 * body.leg) ** 2 - across**2 - (z - foot_z) ** 2
        y = np.minimum(y, foot_y + np.sqrt(np.maximum(slack, 1e-6)))
    front = np.stack(np.broadcast_arrays(half, front_y, front_z), axis=-1)
    feet = np.stack([front, turn], axis=1)
    pitch = np.stack([np.zeros_like(u), rear_pitch], axis=-1)
    knee_in = np.stack([beat["valgus"] * H * u, np.zeros_like(u)], axis=-1)
    feet = np.where(lead[:, None, None], feet, feet[:, ::-1] * (-1.0, 1.0, 1.0))
    pitch = np.where(lead[:, None], pitch, pitch[:, ::-1])
    knee_in = np.where(lead[:, None], knee_in, knee_in[:, ::-1])
    lean = between(2.0, beat["trunk_lean"], u)
    tilt = np.degrees(np.arcsin(np.clip(beat["sway"] * H * u / body.trunk, -0.7, 0.7)))
    tipped, spine = leaning(lean, 0.4 * lean)
    return Posture(
        root=np.stack([np.zeros_like(u), y, z], axis=-1),
        pitch=tipped,
        spine_flexion=spine,
        spine_side=-tilt,
        head_side=tilt,
        neck_flexion=-0.6 * lean,
        feet=feet,
        toe_out=2.0,
        foot_pitch=pitch,
        knee_in=knee_in,
        **free_arms(beat.arms, lean, u),
    )


LUNGE = Move(
    "lunge",
    _lunge,
    {
        "depth": Parameter(92, (84, 102), "deg", "peak flexion of the front knee", "shallow", (30, 58)),
        "knee_forward": Parameter(4, (-4, 10), "deg", "lean of the front shank", "knee_over_toe", (28, 40)),
        "trunk_lean": Parameter(5, (0, 13), "deg", "trunk lean at the turn", "trunk_lean", (33, 50)),
        "valgus": Parameter(0, (0, 0.006), "stature", "front knee moved to the midline", "valgus", (0.03, 0.06)),
        "sway": Parameter(0, (-0.02, 0.02), "stature", "shoulders swayed sideways", "sway", (0.155, 0.18)),
        "step": Parameter(0.42, (0.38, 0.47), "stature", "distance between the feet"),
        "stance": Parameter(0.12, (0.10, 0.16), "stature", "sideways distance between the feet"),
        "stepping": Parameter(0, (0, 1), "0 or 1", "whether each repetition steps out and back"),
    },
    Tempo(1.2, 0.15, 1.1, 0.4),
    amplitude="depth",
    sides=("left", "right", "alternating"),
    arms=("hips", "hanging", "crossed", "goblet"),
)


def _deadlift(body: Body, beat: Beat) -> Posture:
    u, H = beat.phase, body.stature
    early = bump(beat.returning / 0.7) * beat["hips_first"]
    bend = between(beat["lockout"], beat["knees"], u)
    knee = bend - np.minimum(early, 0.8 * (bend - beat["lockout"]))
    lean = between(beat["lockout"] / 2 - beat["lean_back"], beat["hinge"], u) + early / 3
    stance = places(beat["stance"] * H / 2, body.ankle_height, 0.0)
    back = _behind(body, knee, knee / 5)
    pitch, spine = leaning(lean, 0.25 * lean)
    root, _ = hips_over_feet(body, stance, spread(knee) * np.ones(2), back, pitch)
    chest = pitch + spine
    lumbar, rest = LUMBAR * np.sin(np.radians(pitch)), (1.0 - LUMBAR) * np.sin(np.radians(chest))
    shoulder_z = root[:, 2] + body.trunk * (lumbar + rest)
    bar_z = 0.5 * TOE[2] * body.scale + beat["bar_drift"] * H * u
    swing = np.degrees(np.arcsin(np.clip((bar_z - shoulder_z) / (body.upper_arm + body.forearm), -0.9, 0.9)))
    return Posture(
        root=root,
        pitch=pitch,
        spine_flexion=spine,
        neck_flexion=-0.3 * lean,
        head_flexion=-0.2 * lean,
        feet=stance,
        toe_out=12.0,
        arm_elevation=np.abs(chest + swing),
        arm_plane=np.where(chest + swing >= 0, 86.0, -86.0),
        elbow=4.0,
        pronation=60.0,
    )


DEADLIFT = Move(
    "deadlift",
    _deadlift,
    {
        "hinge": Parameter(62, (50, 74), "deg", "peak trunk lean", "shallow", (20, 36)),
        "knees": Parameter(45, (15, 70), "deg", "peak knee flexion: about 20 is a Romanian deadlift"),
        "lockout": Parameter(4, (1, 8), "deg", "knee flexion left when standing", "no_lockout", (22, 36)),
        "lean_back": Parameter(0, (0, 3), "deg", "lean back when standing", "lean_back", (14, 24)),
        "hips_first": Parameter(
            0, (0, 4), "deg", "knees straighten before the trunk rises", "hips_first", (20, 32)
        ),
        "bar_drift": Parameter(0, (-0.01, 0.03), "stature", "hands ahead of mid-foot", "bar_drift", (0.12, 0.18)),
        "stance": Parameter(0.17, (0.13, 0.24), "stature", "distance between the ankles"),
    },
    Tempo(1.4, 0.2, 1.2, 0.5),
    amplitude="hinge",
)


def _jumping_jack(body: Body, beat: Beat) -> Posture:
    u, H = beat.phase, body.stature
    arms = beat.delayed(beat["lag"])
    apart = between(beat["closed"], beat["spread"], u) * body.shoulder_half
    hop = 0.035 * H * bump(u)
    knee = spread(beat["knees"] * (1.0 - 0.7 * bump(u))) * np.ones(2)
    feet = places(apart, body.ankle_height + hop, 0.0)
    root, _ = hips_over_feet(body, feet, knee, 0.005 * H)
    return Posture(
        root=root,
        feet=feet,
        toe_out=12.0,
        pitch=2.0,
        arm_elevation=between(beat["arms_down"], beat["arms_up"], arms),
        arm_plane=12.0,
        arm_rotation=between(0.0, -60.0, arms),
        elbow=between(14.0, 18.0, arms),
    )


JUMPING_JACK = Move(
    "jumping_jack",
    _jumping_jack,
    {
        "arms_up": Parameter(162, (152, 172), "deg", "peak arm elevation", "arms_short", (80, 124)),
        "spread": Parameter(1.8, (1.5, 2.3), "shoulders", "ankle distance when open", "legs_short", (0.8, 1.1)),
        "lag": Parameter(0, (0, 0.06), "cycle", "arms behind legs", "out_of_time", (0.22, 0.32)),
        "knees": Parameter(14, (11, 24), "deg", "knee flexion on landing", "stiff_landing", (1, 5)),
        "closed": Parameter(0.5, (0.4, 0.7), "shoulders", "ankle distance when closed"),
        "arms_down": Parameter(12, (8, 25), "deg", "arm elevation when closed"),
    },
    Tempo(0.42, 0.05, 0.42, 0.10),
    amplitude="arms_up",
    reps=10,
)
