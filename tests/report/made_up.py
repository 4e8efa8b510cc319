"""A made-up review: ten squats filmed from the side, eight of which count, with every kind of verdict.

Rep 5 is partial and rep 10 invalid. Not deep enough: reps 2 and 7, and rep 4 is too close to call. Leaning too
far: rep 7. Dropping too fast: rep 9. Heels: always fine. Knees caving in cannot be seen from the side.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from poise.body import BLAZEPOSE33, Array, PoseSequence
from poise.coach.events import Advice, Counts, Fault, Hold, Rep, RepKind, Review, State, View
from poise.coach.exercise import Exercise, parse_exercise
from poise.coach.workout import sets_of
from poise.report import Shot, Timing

SIDE = View("side", 84.0, 9.0, 1)
REST_S, REP_S = 1.0, 2.8

TITLES = {
    "depth": "Not deep enough",
    "lean": "Leaning too far forward",
    "drop": "Dropping too fast",
    "heels": "Heels come up",
    "valgus": "Knees cave in",
}
#: For each rule what was measured on each repetition; None where it could not be.
VALUES: dict[str, list[float | None]] = {
    "depth": [-3.1, 17.6, 1.2, 8.9, 32.0, -1.5, 21.3, 2.0, -4.4, None],
    "lean": [8.0, 11.5, 9.2, 14.1, 6.0, 9.9, 27.4, 12.2, 10.4, None],
    "drop": [1.1, 1.0, 1.2, 1.1, 0.9, 1.0, 1.0, 1.1, 0.45, None],
    "heels": [0.02, 0.03, 0.01, 0.05, 0.02, 0.04, 0.06, 0.03, 0.05, None],
    "valgus": [None] * 10,
}
BROKEN = {("depth", 2), ("depth", 5), ("depth", 7), ("lean", 7), ("drop", 9)}
UNSURE = {("depth", 4), ("lean", 4), ("heels", 7)}
#: name: (unit, limit, ok, sigma, cue, why, source, evidence)
RULES: dict[str, tuple[str, float, float, float, str, str, str, str]] = {
    "depth": (
        *("deg", 10, 0, 3.9, "Sit lower, until the tops of your thighs are level with the floor."),
        *("Half squats train the same muscles through half of their range.", "Myer et al. 2014, Table 1", "A"),
    ),
    "lean": (
        *("deg", 20, 10, 4.2, "Keep your chest up: let the trunk lean no further than your shins."),
        *("The further the trunk leans, the more the lower back has to carry.", "Myer et al. 2014", "B"),
    ),
    "drop": (
        *("s", 0.6, 0.8, 0.05, "Take a second to go down."),
        *("A controlled descent keeps the load on the muscles, not on the joints.", "Myer et al. 2014", "B"),
    ),
    "heels": (
        *("torso", 0.08, 0.04, 0.015, "Keep your whole foot on the floor."),
        *("On the toes, the knees travel forward and balance is lost.", "Myer et al. 2014", "C"),
    ),
    "valgus": (
        *("ratio", 0.9, 1.0, math.nan, "Push your knees out over your toes."),
        *("Knees that cave in are a common way of loading the ligaments of the knee.", "Myer et al. 2014", "B"),
    ),
}


def state_of(name: str, number: int) -> State:
    if VALUES[name][number - 1] is None:
        return "not_observable"
    return "fault" if (name, number) in BROKEN else "unsure" if (name, number) in UNSURE else "ok"


def fault(rule: str, number: int, t: float, **changes: Any) -> Fault:
    unit, limit, ok, sigma, cue, why, source, evidence = RULES[rule]
    state, value = state_of(rule, number), VALUES[rule][number - 1]
    reason = "Face the camera, so that your knees and shoulders can be compared." if rule == "valgus" else ""
    held: dict[str, Any] = {
        "name": rule,
        "title": TITLES[rule],
        "state": state,
        "value": math.nan if value is None else value,
        "sigma": math.nan if value is None else sigma,
        "unit": unit,
        "limit": limit,
        "ok": ok,
        "probability": {"fault": 0.97, "ok": 0.02, "unsure": 0.45, "not_observable": math.nan}[state],
        "t": t,
        "view": "side",
        "cue": cue,
        "why": why,
        "source": source,
        "evidence": evidence,
        "keypoints": ("left_hip", "left_knee"),
        "reason": reason if state == "not_observable" else "",
    }
    return Fault(**(held | changes))


def rep(number: int, kind: RepKind = "full") -> Rep:
    start = REST_S + (number - 1) * (REP_S + 0.4)
    depth = VALUES["depth"][number - 1]
    rom = math.nan if depth is None else 100.0 - depth
    reasons = {"full": (), "partial": ("It turned at a third of the usual depth.",), "invalid": ("Out of sight.",)}
    return Rep(
        number,
        kind,
        start,
        start + 1.25,
        start + REP_S,
        rom,
        "deg",
        *(1.1 + 0.03 * number, 0.3, 1.2),
        math.nan if kind == "invalid" else 2.5 - 0.4 * number,
        0.93,
        reasons[kind],
        () if kind == "invalid" else tuple(fault(name, number, start + 1.25) for name in RULES),
        "squat",
    )


def motion(reps: tuple[Rep, ...], last: float) -> tuple[Array, Array]:
    """Time at 30 pictures a second, and how far down the body is at each: 0 standing, 1 at the usual turn."""
    t = np.arange(0, last, 1 / 30)
    down = np.zeros_like(t)
    for one in reps:
        inside = (t >= one.start) & (t <= one.end)
        share = np.clip((t[inside] - one.start) / (one.end - one.start), 0, 1)
        down[inside] = np.sin(np.pi * share) ** 2 * ((one.rom if math.isfinite(one.rom) else 60) / 100)
    return t, down + 0.006 * np.sin(37.7 * t) + 0.004 * np.sin(11.3 * t + 1)


def kinds() -> Iterator[tuple[int, RepKind]]:
    for number in range(1, 11):
        yield number, "partial" if number == 5 else "invalid" if number == 10 else "full"


def squats(**changes: Any) -> Review:
    reps = tuple(rep(number, kind) for number, kind in kinds())
    t, down = motion(reps, reps[-1].end + 1.2)
    knee = 8 + 92 * down
    knee[(t > 30.3) & (t < 31.4)] = np.nan
    held: dict[str, Any] = {
        "exercise": "squat",
        "confidence": 1.0,
        "counts": Counts(8, 1, 1),
        "reps": reps,
        "holds": (),
        "view": SIDE,
        "advice": (Advice("face_camera", "Face the camera, so that your knees and shoulders can be compared."),),
        "t": t,
        "measured": {
            "knee_flexion": knee,
            "hip_height": 1.9 - 0.8 * down,
            "thigh_elevation": 84 - 84 * down,
            "trunk_lean": 6 + 34 * down,
            "knee_over_toe": -0.3 + 0.34 * down,
            "knee_ankle_ratio": np.full_like(t, np.nan),
        },
        "signal": "hip_height",
        "unit": "torso",
        "seen_share": 0.973,
        "notes": ("2 people seen; the larger one is coached.",),
    }
    return Review(**(held | changes))


def plank() -> Review:
    sag = {"name": "sag", "title": "Hips sag", "unit": "ratio", "limit": 0.08, "ok": 0.05, "sigma": 0.01}
    holds = tuple(
        Hold(n, start, start + held, held - late, (fault("heels", 1, start + 5, **sag, state=state, value=value),))
        for n, start, held, late, state, value in (
            (1, 2.0, 31.0, 0.0, "ok", 0.03),
            (2, 41.0, 18.0, 6.5, "fault", 0.12),
        )
    )
    t = np.arange(0, 62, 0.1)
    return squats(
        exercise="plank",
        counts=Counts(held_s=42.5),
        reps=(),
        holds=holds,
        t=t,
        measured={"hip_sag": 0.03 + 0.03 * (t > 50) + 0.004 * np.sin(3 * t)},
        signal="hip_sag",
        unit="ratio",
    )


def workout() -> Review:
    """The same repetitions, had the first four been squats and the others lunges after a rest, and then a plank."""
    names = ["squat"] * 4 + ["lunge"] * 6
    reps = tuple(replace(one, exercise=name) for one, name in zip(squats().reps, names, strict=True))
    later = tuple(replace(one, start=one.start + 40, turn=one.turn + 40, end=one.end + 40) for one in reps[4:])
    reps = reps[:4] + later
    held = replace(plank().holds[0], number=11, start=80.0, end=111.0, exercise="plank", faults=())
    return squats(reps=reps, holds=(held,), sets=sets_of([*reps, held]), counts=Counts(4), confidence=0.93)


def nothing() -> Review:
    """A film in which nobody did anything that counts, and hardly anything was seen."""
    t = np.arange(0, 5, 1 / 30)
    blank = {"hip_height": np.full_like(t, np.nan)}
    unseen = View("unknown", math.nan, math.nan, 0)
    return squats(counts=Counts(), reps=(), advice=(), view=unseen, t=t, measured=blank, seen_share=0.1, notes=())


def exercise(name: str = "squat", title: str = "Squat") -> Exercise:
    return parse_exercise(
        f"""
        name = "{name}"
        title = "{title}"
        plane = "sagittal"
        setup = "Stand side-on, three metres away, the camera at hip height."
        angle = "knee_flexion"
        signal = {{ measure = "hip_height", rest = 1.9, turn = 1.1 }}

        [[benchmark]]
        title = "Knee at the turn"
        measure = "knee_flexion"
        at = "turn"
        low = 85
        high = 110
        source = "made up"

        [[fault]]
        name = "depth"
        title = "Not deep enough"
        measure = "thigh_elevation"
        at = "min"
        ok = 0
        limit = 10
        cue = "Sit lower."
        why = "Range."
        source = "made up"
        evidence = "A"
        """,
        "made up",
    )


def film_of(review: Review) -> PoseSequence:
    """Poses at the times of a review; where they are does not matter to a report."""
    k = len(BLAZEPOSE33)
    shape = (len(review.t), k)
    meta = {"backend": "blazepose", "model": "pose_landmark_full"}
    return PoseSequence(BLAZEPOSE33, review.t, np.zeros((*shape, 2)), np.ones(shape), None, (1280, 720), 0, meta)


def timing(review: Review) -> Timing:
    ms = {"decode": 2.1, "pose": 18.4, "coach": 0.2}
    return Timing(frames=len(review.t), seconds=film_of(review).duration, ms=ms, wall_s=9.7)


def jpeg(shade: int = 90) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (32, 18), (shade, 120, 160)).save(held, "JPEG")
    return held.getvalue()


def shots(review: Review) -> list[Shot]:
    """A picture of each fault, and one of something else."""
    faults = [f for r in review.reps for f in r.faults if f.state == "fault"]
    pictures = [Shot(f.t, f"{f.title}, seen from the side.", jpeg(40 + i), f.name) for i, f in enumerate(faults)]
    return [*pictures, Shot(0.5, "Standing before the first one.", jpeg(200))]
