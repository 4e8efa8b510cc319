"""Movements that legs and hips drive: squat, wall sit, lunge, deadlift, jumping jack."""

from __future__ import annotations

import numpy as np

from poise.body import Array
from poise.sim.body import LUMBAR, TOE, Body, Posture
from poise.sim.kinematics import Value, rotation_y, two_bone
from poise.sim.move import Beat, Move, Parameter, Tempo, between, bump, ease
from poise.sim.moves.stances import SIGN, free_arms, hips_over_feet, leaning, places


def _behind(body: Body, knee: Value, shank_lean: Value) -> Array:
    """How far the hip is behind the ankle when the shank leans ahead and the knee is bent; degrees, metres."""
    shank = np.radians(shank_lean)
    thigh = np.radians(knee) - shank
    return np.asarray(body.thigh * np.sin(thigh) - body.shank * np.sin(shank))


def _toe_height(body: Body) -> float:
    return body.ankle_height + float(TOE[1]) * body.scale


def _stagger(body: Body, beat: Beat) -> Array:
    """How far the left foot is set back (and the right one ahead) for the knees to differ as asked at the turn."""
    depth, half = beat["depth"], beat["asymmetry"] / 2
    back = _behind(body, depth, depth / 4 + beat["knee_forward"])
    return np.asarray((body.leg_reach(depth - half) ** 2 - body.leg_reach(depth + half) ** 2) / (4 * back))


def _toes(body: Body, beat: Beat) -> Array:
    """Where the toes of a squat stay, ``(T, 2, 3)``, the ankles ``stance`` apart."""
    turned, foot = np.radians(beat["toe_out"]), TOE[2] * body.scale
    toe = places(
        beat["stance"] * body.stature / 2 + np.sin(turned) * foot, _toe_height(body), np.cos(turned) * foot
    )
    toe[..., 2] -= SIGN * _stagger(body, beat)[:, None]
    return toe


def _knees_aside(body: Body, beat: Beat, toe: Array) -> Array:
    """How far the knees must move outwards at the turn, from over the toes, to be as far apart as asked, metres."""
    feet = body.ankle_over_toe(toe, 0.0, beat["toe_out"])
    back = _behind(body, beat["depth"], beat["depth"] / 4 + beat["knee_forward"])
    hips = hips_over_feet(body, feet, beat["depth"], back)[:, None] + places(body.hip_half, 0.0, 0.0)
    pole = rotation_y(SIGN * beat["toe_out"][:, None])[..., 2]
    knees, _ = two_bone(hips, feet, body.thigh, body.shank, pole)
    apart = knees[:, 0, 0] - knees[:, 1, 0]
    return np.asarray((beat["knee_ratio"] * beat["stance"] * body.stature - apart) / 2)


def _squat(body: Body, beat: Beat) -> Posture:
    u, H = beat.phase, body.stature
    knee = between(beat["top"], beat["depth"], u)
    back = _behind(body, knee, knee / 4 + beat["knee_forward"] * u)
    lean = 0.28 * knee + beat["trunk_lean"] * u + beat["hips_shoot_up"] * bump(beat.returning / 0.7)
    lifted = np.degrees(np.arcsin(np.clip(beat["heel_rise"] * u, 0.0, 0.9)))
    toe = _toes(body, beat)
    feet = body.ankle_over_toe(toe, lifted, beat["toe_out"])
    inward = beat["valgus"] * H - _knees_aside(body, beat, toe)
    pitch, spine = leaning(lean, 0.38 * lean)
    return Posture(
        root=hips_over_feet(body, feet, knee, back, beat["hip_shift"] * H * u),
        pitch=pitch,
        spine_flexion=spine,
        neck_flexion=-0.35 * lean,
        head_flexion=-0.30 * lean,
        feet=feet,
        toe_out=beat["toe_out"],
        foot_pitch=lifted,
        knee_in=inward * u,
        **free_arms(beat.arms, lean, u),
    )


SQUAT = Move(
    "squat",
    _squat,
    {
        "depth": Parameter(120, (114, 130), "deg", "peak knee flexion; 120 is thighs level", "shallow", (45, 84)),
        "top": Parameter(6, (2, 12), "deg", "knee flexion when standing"),
        "trunk_lean": Parameter(
            0, (-8, 4), "deg", "trunk lean beyond what keeps the balance", "over_lean", (16, 30)
        ),
        "knee_forward": Parameter(
            0, (-4, 5), "deg", "shank lean beyond a quarter of the knee flexion", "knee_forward", (22, 30)
        ),
        "valgus": Parameter(
            0, (0, 0.006), "stature", "knees moved to the midline at the turn", "knees_in", (0.045, 0.07)
        ),
        "heel_rise": Parameter(0, (0, 0.03), "foot", "heels lifted at the turn", "heel_rise", (0.25, 0.5)),
        "hips_shoot_up": Parameter(
            0, (0, 4), "deg", "lean added as the hips rise first", "hips_shoot_up", (24, 38)
        ),
        "asymmetry": Parameter(
            0, (-3, 3), "deg", "left minus right knee flexion: one foot set back", "asymmetry", (15, 22)
        ),
        "hip_shift": Parameter(0, (-0.006, 0.006), "stature", "hips shifted sideways", "hip_shift", (0.04, 0.07)),
        "towards": Parameter(1.2, (0.8, 2.5), "s", "time of the way down", "fast_descent", (0.3, 0.55)),
        "stance": Parameter(
            0.23, (0.19, 0.30), "stature", "distance between the ankles", "narrow_stance", (0.05, 0.1)
        ),
        "knee_ratio": Parameter(1.0, (0.88, 1.15), "ankles", "distance of the knees at the turn, but for valgus"),
        "toe_out": Parameter(18, (5, 30), "deg", "how far the feet point outwards"),
    },
    Tempo(1.2, 0.15, 1.0, 0.4),
    amplitude="depth",
    arms=("ahead", "crossed", "hips", "head", "goblet"),
)


def _wall_sit(body: Body, beat: Beat) -> Posture:
    """At phase 0 standing, at phase 1 sitting on nothing, the trunk upright as against a wall."""
    u = beat.phase
    shin = beat["knee_forward"] * u
    knee = between(6.0, beat["depth"], u) + shin
    feet = places(0.09 * body.stature, body.ankle_height, np.zeros_like(u))
    lean = beat["lean"] * u
    pitch, spine = leaning(lean, 0.3 * lean)
    return Posture(
        root=hips_over_feet(body, feet, knee, _behind(body, knee, shin)),
        pitch=pitch,
        spine_flexion=spine,
        feet=feet,
        toe_out=8.0,
        **free_arms(beat.arms, lean),
    )


WALL_SIT = Move(
    "wall_sit",
    _wall_sit,
    {
        "depth": Parameter(90, (85, 96), "deg", "thighs from upright; 90 is level", "too_high", (40, 58)),
        "knee_forward": Parameter(0, (-4, 4), "deg", "shins leaning ahead", "knees_forward", (26, 36)),
        "lean": Parameter(0, (-2, 4), "deg", "trunk leaning ahead", "lean_forward", (22, 32)),
    },
    Tempo(1.5, 20.0, 1.5, 2.0),
    reps=1,
    arms=("crossed", "hips", "hanging"),
)


_LUNGE_PITCH, _LUNGE_TOE_OUT = 62.0, 2.0  # of the rear foot at the turn, degrees


def _knee_clear(body: Body, hip: Array, ankle: Array) -> Array:
    """How far the hips must be ahead of the rear ankle, both at these heights, to keep that knee off the floor."""
    low = 0.04 * body.stature
    thigh = np.sqrt(np.maximum(body.thigh**2 - (hip - low) ** 2, 0.0))
    return np.asarray(thigh + np.sqrt(np.maximum(body.shank**2 - (ankle - low) ** 2, 0.0)))


def _lunge(body: Body, beat: Beat) -> Posture:
    """The leading leg is worked out as the left one; sides are swapped at the end where the right one leads."""
    u, H = beat.phase, body.stature
    lead, stepping = beat.side >= 0, beat["stepping"] > 0.5
    way = np.where(lead, 1.0, -1.0)
    half = beat["stance"] * H / 2
    shift = 0.45 * beat["sway"] * H * u  # the hips sway out and the spine bends after them
    tilt = np.degrees(np.arcsin(0.55 * beat["sway"] * H * u / ((1.0 - LUMBAR) * body.trunk)))
    across = half - body.hip_half - shift
    # At the turn, measured from the rear toe: the rear ankle, the hips before it, the front ankle before them.
    toe = np.stack(np.broadcast_arrays(-half, _toe_height(body), 0.0), axis=-1)[:, None] * np.ones((2, 1))
    tucked = body.ankle_over_toe(toe, np.full_like(u, _LUNGE_PITCH), _LUNGE_TOE_OUT)[:, 1]
    back = _behind(body, beat["depth"], beat["knee_forward"])
    deep = body.ankle_height + np.sqrt(body.leg_reach(beat["depth"]) ** 2 - across**2 - back**2)
    hips_z = tucked[:, 2] + np.maximum(beat["step"] * H, _knee_clear(body, deep, tucked[:, 1]))
    front_z = hips_z + back
    # In a split squat both feet stay. Stepping, the front foot flies from beside the other to its place and back.
    flown = np.where(stepping, ease(u / 0.55), 1.0)
    start_z = -TOE[2] * body.scale * np.cos(np.radians(_LUNGE_TOE_OUT))
    foot_z = between(start_z, front_z, flown)
    foot_y = body.ankle_height + np.where(stepping, 0.05 * H * bump(flown), 0.0)
    rear_pitch = between(np.where(stepping, 0.0, 35.0), _LUNGE_PITCH, u)
    rear = body.ankle_over_toe(toe, rear_pitch, _LUNGE_TOE_OUT)[:, 1]
    knee = between(12.0, beat["depth"], u)
    behind = between((front_z - tucked[:, 2]) / 2, back, u)
    planted = np.sqrt(np.maximum(body.leg_reach(knee) ** 2 - across**2 - behind**2, 1e-6))
    z = np.where(stepping, between(start_z, hips_z, u), front_z - behind)
    y = np.where(
        stepping, between(body.ankle_height + body.leg_reach(5.0), deep, u**1.5), body.ankle_height + planted
    )
    for near_y, near_z, dx in (  # no leg is longer than it is
        (foot_y, foot_z, across),
        (rear[:, 1], rear[:, 2], across + 2 * shift),
    ):
        slack = (0.9995 * body.leg) ** 2 - dx**2 - (z - near_z) ** 2
        y = np.minimum(y, near_y + np.sqrt(np.maximum(slack, 1e-6)))
    front = np.stack(np.broadcast_arrays(half, foot_y, foot_z), axis=-1)
    feet = np.stack([front, rear], axis=1)
    pitch = np.stack([np.zeros_like(u), rear_pitch], axis=-1)
    knee_in = np.stack([beat["valgus"] * H * u, np.zeros_like(u)], axis=-1)
    feet = np.where(lead[:, None, None], feet, feet[:, ::-1] * (-1.0, 1.0, 1.0))
    pitch = np.where(lead[:, None], pitch, pitch[:, ::-1])
    knee_in = np.where(lead[:, None], knee_in, knee_in[:, ::-1])
    lean = between(2.0, beat["trunk_lean"], u)
    tipped, spine = leaning(lean, 0.4 * lean)
    return Posture(
        root=np.stack([way * shift, y, z], axis=-1),
        pitch=tipped,
        spine_flexion=spine,
        spine_side=-way * tilt,
        head_side=way * tilt,
        neck_flexion=-0.6 * lean,
        feet=feet,
        toe_out=_LUNGE_TOE_OUT,
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
        "trunk_lean": Parameter(5, (0, 13), "deg", "trunk lean at the turn", "trunk_pitch", (33, 50)),
        "valgus": Parameter(0, (0, 0.006), "stature", "front knee moved to the midline", "knees_in", (0.03, 0.06)),
        "sway": Parameter(
            0, (-0.02, 0.02), "stature", "shoulders swayed to the leading side", "sway", (0.155, 0.18)
        ),
        "step": Parameter(0.24, (0.22, 0.28), "stature", "rear ankle behind the hips at the turn"),
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
    lean = between(beat["lockout"] / 2 - beat["lean_back"], beat["hinge"], u) + 0.75 * early
    stance = places(beat["stance"] * H / 2, body.ankle_height, 0.0)
    back = _behind(body, knee, knee / 5)
    pitch, spine = leaning(lean, 0.25 * lean)
    root = hips_over_feet(body, stance, knee, back)
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
        "lean_back": Parameter(0, (0, 3), "deg", "lean back when standing", "over_extension", (16, 24)),
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
    knee = beat["knees"] * (1.0 - 0.7 * bump(u))
    feet = places(apart, body.ankle_height + hop, 0.0)
    return Posture(
        root=hips_over_feet(body, feet, knee, 0.005 * H),
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
        "spread": Parameter(1.8, (1.5, 2.3), "shoulders", "ankle distance when open", "feet_narrow", (0.65, 0.92)),
        "lag": Parameter(0, (0, 0.06), "cycle", "arms behind legs", "out_of_time", (0.22, 0.32)),
        "knees": Parameter(14, (11, 24), "deg", "knee flexion on landing", "stiff_landing", (1, 5)),
        "closed": Parameter(0.5, (0.4, 0.7), "shoulders", "ankle distance when closed", "feet_apart", (1.25, 1.45)),
        "arms_down": Parameter(12, (8, 25), "deg", "arm elevation when closed"),
    },
    Tempo(0.42, 0.05, 0.42, 0.10),
    amplitude="arms_up",
    reps=10,
)
