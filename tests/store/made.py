"""Sessions made up for the tests of this room and of the server."""

from __future__ import annotations

import numpy as np

from poise.body import BLAZEPOSE33, PoseSequence
from poise.report.schema import Counts, Fault, Hold, Rep, Report, Set


def poses(
    count: int = 20, start: float = 0.0, world: bool = False, size: tuple[int, int] | None = (640, 480)
) -> PoseSequence:
    """A body that drifts to the right by 1.5 px an instant, 15 to the second; its nose is not seen."""
    k = len(BLAZEPOSE33)
    at = np.arange(count)[:, None, None]
    points = np.stack(
        np.broadcast_arrays(100.3 + 1.5 * at[..., 0] + np.arange(k), 50.7 + 10 * np.arange(k)), axis=-1
    )
    points[:, 0] = np.nan
    score = np.full((count, k), 0.9)
    score[:, 0] = 0
    third = np.full((count, k, 3), 0.1234) if world else None
    return PoseSequence(
        BLAZEPOSE33, start + np.arange(count) / 15, points, score, third, size, meta={"source": "made up"}
    )


def fault(state: str = "fault") -> Fault:
    return Fault.model_validate(
        {
            "name": "shallow",
            "title": "Too shallow",
            "state": state,
            "value": 80.0,
            "sigma": 3.0,
            "unit": "deg",
            "limit": 90.0,
            "ok": 100.0,
            "probability": 0.97,
            "t": 1.0,
            "view": "side",
            "cue": "Sit lower.",
            "why": "Depth.",
            "source": "ours",
            "evidence": "C",
        }
    )


def rep(
    number: int, start: float = 0.0, kind: str = "full", exercise: str = "squat", faults: tuple[Fault, ...] = ()
) -> Rep:
    return Rep.model_validate(
        {
            "number": number,
            "kind": kind,
            "start": start,
            "turn": start + 1,
            "end": start + 2,
            "rom": 90.0 + number,
            "unit": "deg",
            "eccentric_s": 1.0,
            "pause_s": 0.1,
            "concentric_s": 0.9,
            "asymmetry": None,
            "confidence": 0.9,
            "reasons": (),
            "faults": faults,
            "exercise": exercise,
        }
    )


def hold(number: int, start: float, held_s: float) -> Hold:
    return Hold(number=number, start=start, end=start + held_s, held_s=held_s, faults=(), exercise="plank")


def one_set(number: int, exercise: str, full: int, held_s: float = 0.0, partial: int = 0) -> Set:
    counts = Counts(full=full, partial=partial, invalid=0, held_s=held_s)
    return Set(
        number=number,
        exercise=exercise,
        title=exercise.capitalize(),
        start=0.0,
        end=2.0,
        rest_s=None,
        counts=counts,
        numbers=tuple(range(1, full + partial + 1)),
        summary=None,
    )


def made_report() -> Report:
    """A report of two full squats, one with a fault."""
    reps = (rep(1, 0.0, faults=(fault(),)), rep(2, 3.0))
    return Report.model_validate(
        {
            "poise": "0",
            "source": {"file": "squat.mp4"},
            "exercise": {
                "name": "squat",
                "title": "Squat",
                "confidence": 1,
                "signal": "hip_height",
                "unit": "torso",
                "setup": "",
            },
            "counts": {"full": 2, "partial": 0, "invalid": 0, "held_s": 0},
            "reps": reps,
            "holds": (),
            "sets": (one_set(1, "squat", 2),),
            "view": {"name": "side", "yaw": 90, "sigma": 5, "facing": 1},
            "seen_share": 1,
            "advice": (),
            "notes": (),
            "timing": {"frames": 20, "seconds": 1.3},
            "model": {},
        }
    )
