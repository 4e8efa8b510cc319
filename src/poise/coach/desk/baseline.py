"""How somebody sits when they sit well: learnt in ten seconds, from then on what everything is compared with.

Lengths become centimetres by one assumption, which is said wherever a number is: that the camera sees 65 degrees
from side to side (`FOV`) and eyes are 6.3 cm apart (63.4 ± 3.7 mm), or, better, that the user measured how far away
they sat.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from pydantic import TypeAdapter, ValidationError

from poise.body import Array, Pose
from poise.coach.desk.sight import SEEN, TRUST, DeskView, Steady, glance, view_of
from poise.errors import InputError, UnreadableRecording
from poise.language import words

#: Seconds of sitting well that are learnt from; and of slouching, when that is shown.
LEARN_S, SLOUCH_S = 10.0, 5.0
#: Of the steadied looks while learning: the most that size may vary (share), and angles (degrees).
STILL_SIZE, STILL_DEG = 0.02, 2.0
#: Horizontal field of view of a camera nobody measured, degrees (most webcams: 60 to 78); distance of the pupils,
#: cm; how far the eyes are ahead of the shoulders, and of what is measured as face (mostly ears), cm: those of the
#: simulated body, ours.
FOV, PUPILS, EYES_AHEAD, FACE_BEHIND = 65.0, 6.3, 12.0, 6.5
#: The most that what varies while learning raises a spread above its floor. Ours.
_LIVELY = 1.15
#: Share of the looks that must have shown head and shoulders.
_MOSTLY = 0.8
#: Pixels between the eyes below which they are too coarse.
SMALL_PX = 12.0

#: What is measured against the baseline from each side, with its unit and the smallest spread it is held to: judged
#: bad from three spreads on, and good again below two (z > 3, z < 2). The spreads are ours. Tilts
#: are bad from the usual warning on (7 and 5 degrees), since BlazePose tells about 60 % of how a head is tilted,
#: and 40 % of how it is bent.
MEASURES: dict[DeskView, dict[str, tuple[str, float]]] = {
    "front": {
        "nearer": ("cm", 2.5),
        "forward_head": ("cm", 0.9),
        "drop": ("cm", 1.0),
        "hike": ("cm", 0.8),
        "head_tilt": ("deg", 2.4),
        "shoulder_tilt": ("deg", 1.8),
        "head_turn": ("deg", 6.0),
        "look_down": ("deg", 4.0),
    },
    "side": {
        "neck": ("deg", 3.0),
        "lean": ("deg", 5.0),
        "shorter": ("%", 2.5),
        "round": ("%", 2.5),
        "look_down": ("deg", 7.0),
    },
}


@dataclass(frozen=True)
class Baseline:
    """How somebody sits well before one camera.

    ``seen`` is what the camera saw (`SEEN`), ``spread`` how much each of `MEASURES` varied, at least its floor.
    ``distance`` is from the eyes to the camera, cm; ``measured`` says whether the user measured it, else it is
    reckoned from `FOV`. ``slouch`` are the measures of the slouch the user showed. ``size`` is that of the picture.
    """

    view: DeskView
    seen: Mapping[str, float]
    spread: Mapping[str, float]
    distance: float
    focal: float
    measured: bool = False
    size: tuple[int, int] | None = None
    slouch: Mapping[str, float] = field(default_factory=dict)

    def text(self) -> str:
        """As JSON, to be kept."""
        return str(_ADAPTER.dump_json(self, indent=1).decode())

    @classmethod
    def read(cls, text: str) -> Baseline:
        """The baseline kept as JSON.

        Raises:
            UnreadableRecording: when the text is not one.

        """
        try:
            baseline = _ADAPTER.validate_json(text)
        except ValidationError as error:
            raise UnreadableRecording(
                f"This is not a saved baseline ({error.errors()[0]['msg']}).", "Calibrate again."
            ) from error
        if set(baseline.seen) != set(SEEN[baseline.view]) or set(baseline.spread) != set(MEASURES[baseline.view]):
            raise UnreadableRecording("This baseline was saved by another version of poise.", "Calibrate again.")
        return baseline

    def measures(self, seen: Array) -> dict[str, float]:
        """What is seen (`SEEN`) against this baseline, as `MEASURES` and the ``rise`` of the whole body, cm.

        All 0 for sitting just so, NaN where unseen.
        """
        now = dict(zip(SEEN[self.view], seen.tolist(), strict=True))
        return _front(self, now) if self.view == "front" else _side(self, now)


_ADAPTER = TypeAdapter(Baseline)


def _front(base: Baseline, now: Mapping[str, float]) -> dict[str, float]:
    was = base.seen
    centre, middle = (base.size[0] / 2, base.size[1] / 2) if base.size else (was["ear_x"], was["eye_y"])

    def depth(which: Mapping[str, float], length: str, from_: float) -> float:
        return from_ * was[length] / which[length]

    def place(which: Mapping[str, float]) -> tuple[float, float, float, float]:
        eyes = depth(which, "face", base.distance + FACE_BEHIND) - FACE_BEHIND
        shoulders = depth(which, "width", base.distance + EYES_AHEAD)
        return (
            eyes,
            shoulders,
            (which["eye_y"] - middle) * eyes / base.focal,
            (which["shoulder_y"] - middle) * shoulders / base.focal,
        )

    eyes0, shoulders0, eye_y0, shoulder_y0 = place(was)
    eyes, shoulders, eye_y, shoulder_y = place(now)
    nearer, drop = eyes0 - eyes, shoulder_y - shoulder_y0

    def facing(which: Mapping[str, float]) -> tuple[float, float]:
        """Yaw and pitch of the face in the room: a head off the middle is seen more from its side."""
        x, y = (which["ear_x"] - centre) / base.focal, (which["eye_y"] - middle) / base.focal
        return which["yaw"] - math.degrees(math.atan(x)), which["pitch"] - math.degrees(math.atan(y))

    (yaw0, pitch0), (yaw, pitch) = facing(was), facing(now)
    turn = yaw - yaw0
    gap_lost = (shoulder_y0 - eye_y0) - (shoulder_y - eye_y)
    return {
        "nearer": nearer,
        "forward_head": _beyond(_ahead(nearer - (shoulders0 - shoulders), gap_lost), _TWISTING * turn),
        # Sunk is who sinks as a whole; a camera that is not level also sees leaning as sinking or rising.
        "drop": _least(drop, eye_y - eye_y0) - _TILTED * abs(nearer),
        "hike": _least(gap_lost, -drop),
        "rise": _least(-drop, eye_y0 - eye_y),
        "head_tilt": _beyond(now["head_roll"] - was["head_roll"], _TURNING[0] * turn),
        "shoulder_tilt": _beyond(now["shoulder_roll"] - was["shoulder_roll"], _TURNING[1] * turn),
        "head_turn": turn,
        "look_down": pitch - pitch0,
    }


#: How many centimetres up or down a camera that is tilted by some 15 degrees sees each one nearer; and how many
#: degrees it sees a head, and the shoulders that follow it, tilted for each one turned. Ours.
_TILTED, _TURNING = 0.2, (0.5, 0.25)
#: A neck that brings the head forward by 5 cm also lowers it by 2.8 (that of the simulated body; ours). A camera
#: above the eyes sees less of the one and more of the other, and as much of both together.
_NECK = 5.0 / math.hypot(5.0, 2.8)
#: How many centimetres a head seems to come forward for each degree it is turned: the trunk follows, its shoulders
#: look narrower and so farther, by up to 0.4 cm a degree of trunk before a camera 15 degrees aside. Ours.
_TWISTING = 0.12


def _ahead(nearer: float, lower: float) -> float:
    """How far a head has come forward that is so much nearer and lower against the shoulders, cm."""
    return _NECK * math.hypot(nearer, min(max(lower, 0.0), nearer)) if nearer > 0 else nearer


def _beyond(value: float, allowed: float) -> float:
    """What of a value is beyond what is allowed for, either way."""
    return math.copysign(max(0.0, abs(value) - abs(allowed)), value) if math.isfinite(value + allowed) else math.nan


def _side(base: Baseline, now: Mapping[str, float]) -> dict[str, float]:
    was = base.seen
    return {
        "neck": now["neck"] - was["neck"],
        "lean": now["trunk"] - was["trunk"],
        "shorter": 100.0 * (1.0 - now["trunk_length"] / was["trunk_length"]),
        "round": 100.0 * (now["round"] - was["round"]),
        "look_down": now["pitch"] - was["pitch"],
        "rise": _TRUNK * (was["shoulder_y"] - now["shoulder_y"]) / was["trunk_length"],
    }


#: From hip to shoulder, cm, to tell standing from sitting. Ours.
_TRUNK = 48.0


def _least(a: float, b: float) -> float:
    return math.nan if math.isnan(a + b) else min(a, b)


@dataclass(frozen=True)
class Learning:
    """How learning goes: ``share`` of it done, and the ``problem`` that keeps it from going on, empty when none."""

    share: float
    problem: str = ""


class Calibration:
    """Learns how somebody sits well: `update` takes poses until ten seconds in a row have been still and clear.

    Args:
        distance: from the eyes to the camera in cm, when the user measured it.
        fov: degrees the camera sees from side to side, when that is known.

    Raises:
        InputError: a distance or field of view that no desk and no camera has.

    """

    def __init__(self, distance: float | None = None, fov: float | None = None) -> None:
        if distance is not None and not 20 <= distance <= 200:
            raise InputError(f"{distance:g} cm is no distance to a camera on a desk.", "Give 20 to 200.")
        if fov is not None and not 30 <= fov <= 130:
            raise InputError(f"No webcam sees {fov:g} degrees.", "Give 30 to 130, or leave it out.")
        self._distance, self._fov = distance, fov
        self._view: DeskView | None = None
        self._size: tuple[int, int] | None = None
        self._began = math.nan
        self._steady = Steady()
        self._looks: deque[tuple[float, Array, Array]] = deque()
        self._missed: deque[float] = deque()

    def update(self, pose: Pose) -> Learning | Baseline:
        """How it goes after the next pose; the baseline once it is learnt."""
        if math.isnan(self._began):
            self._began = pose.t
        problem = self._look(pose)
        if problem:
            self._missed.append(pose.t)
        while self._looks and pose.t - self._looks[0][0] > LEARN_S:
            self._looks.popleft()
        while self._missed and pose.t - self._missed[0] > LEARN_S:
            self._missed.popleft()
        looked = pose.t - self._looks[0][0] if self._looks else 0.0
        if len(self._missed) > (1 - _MOSTLY) * (len(self._looks) + len(self._missed)):
            return Learning(0.0, problem or words("I could not see your head and shoulders all the time."))
        if pose.t - self._began < LEARN_S or looked < 0.9 * LEARN_S:
            return Learning(min(looked / LEARN_S, 0.99), problem)
        return self._accept()

    def _look(self, pose: Pose) -> str:
        """Take a look; what is wrong with it, or nothing."""
        view = view_of(pose)
        if view is None:
            if not pose.seen or pose.scores_at(("nose", "left_shoulder", "right_shoulder")).max() < TRUST:
                return words("I cannot see you: sit where the camera shows your head and shoulders.")
            return words("The camera sees you at an angle: turn it to face you, or put it right at your side.")
        if view != self._view:
            self._view, self._size = view, pose.size
            self._steady.reset()
            self._looks.clear()
        seen = glance(pose, view)
        assert seen is not None
        if not seen.clear or (view == "front" and math.isnan(seen.seen[1])):
            return words("Part of your head or shoulders is out of the picture: move the camera back or turn it.")
        if view == "front" and seen.seen[SEEN["front"].index("pupils")] < SMALL_PX:
            return words("You are too small in the picture: bring the camera nearer.")
        if seen.hand:
            return words("Take your hand from your face.")
        self._looks.append((pose.t, seen.seen, self._steady.update(seen)))
        return ""

    def _accept(self) -> Learning | Baseline:
        """The baseline, if the last ten seconds were still; else what to do."""
        assert self._view is not None
        names, raw = SEEN[self._view], np.array([seen for _, seen, _ in self._looks])
        steady = np.array([steadied for _, _, steadied in self._looks])
        known = np.isfinite(raw).mean(0) >= 0.5
        median = np.where(known, np.nanmedian(np.where(known, raw, 0.0), axis=0), math.nan)
        restless = _restless(self._view, steady, median)
        if restless:
            return Learning(0.5, restless)
        seen = dict(zip(names, median.tolist(), strict=True))
        base = Baseline(self._view, seen, {}, *self._scale(seen), self._distance is not None, self._size)
        measured = [base.measures(row) for row in steady]
        spread = {
            name: min(max(floor, 1.48 * _mad([m[name] for m in measured])), _LIVELY * floor)
            for name, (_, floor) in MEASURES[self._view].items()
        }
        return replace(base, spread=spread)

    def _scale(self, seen: Mapping[str, float]) -> tuple[float, float]:
        """Distance of the eyes, cm, and focal length, pixels."""
        width = self._size[0] if self._size else 640
        focal = width / 2 / math.tan(math.radians(self._fov or FOV) / 2)
        if self._view == "side":
            return self._distance or 100.0, focal
        pupils = seen["pupils"]
        if self._distance is None:
            return focal * PUPILS / pupils, focal
        return self._distance, focal if self._fov else pupils * self._distance / PUPILS


class Slouching:
    """Learns the user's own slouch from five seconds: `update` gives the baseline with it once it is clear."""

    def __init__(self, baseline: Baseline) -> None:
        self._base = baseline
        self._steady = Steady()
        self._looks: list[tuple[float, Array]] = []

    def update(self, pose: Pose) -> Learning | Baseline:
        """How it goes after the next pose; the baseline with the slouch once it differs from sitting well."""
        seen = glance(pose, self._base.view)
        if seen is None or not seen.clear:
            return Learning(0.0, words("I cannot see your head and shoulders."))
        self._looks.append((pose.t, self._steady.update(seen)))
        looked = pose.t - self._looks[0][0]
        if looked < SLOUCH_S:
            return Learning(looked / SLOUCH_S)
        measured = self._base.measures(np.nanmedian(np.array([steady for _, steady in self._looks]), axis=0))
        slouch = {name: measured[name] for name in SLOUCHES[self._base.view] if math.isfinite(measured[name])}
        if max((abs(v) / self._base.spread[name] for name, v in slouch.items()), default=0.0) < 3.0:
            self._looks.clear()
            return Learning(0.0, words("From here that looks the same as sitting well: slouch as you usually do."))
        return replace(self._base, slouch=slouch)


#: What a slouch is made of, from each side.
SLOUCHES: dict[DeskView, tuple[str, ...]] = {
    "front": ("nearer", "forward_head", "drop", "hike"),
    "side": ("neck", "lean", "shorter"),
}


def _restless(view: DeskView, steady: Array, median: Array) -> str:
    """What was not still, or nothing."""
    spread = np.nanstd(np.where(np.isfinite(median), steady, 0.0), axis=0)
    by = dict(zip(SEEN[view], spread.tolist(), strict=True))
    if view == "front":
        if by["face"] > STILL_SIZE * median[0] or by["width"] > STILL_SIZE * 1.5 * median[1]:
            return words("You moved nearer or farther: sit still for ten seconds.")
        if max(by["head_roll"], by["shoulder_roll"]) > STILL_DEG or by["yaw"] > 2 * STILL_DEG:
            return words("You moved your head or shoulders: sit still for ten seconds.")
    elif by["neck"] > STILL_DEG or by["trunk"] > STILL_DEG:
        return words("You moved: sit still for ten seconds.")
    return ""


def _mad(values: list[float]) -> float:
    known = np.array([v for v in values if math.isfinite(v)])
    return float(np.median(np.abs(known - np.median(known)))) if known.size else 0.0
