"""Where to stand and where to put the camera: one thing to change at a time, most important first."""

from __future__ import annotations

import math

from poise.body import Pose
from poise.coach.events import Advice, View
from poise.coach.exercise import Exercise
from poise.coach.measures import Plane
from poise.coach.view import observable, turn_advice

#: Seconds between looks, and between the poses of a film that is too slow to judge quick movements.
LOOK_S, SLOW_S = 0.5, 0.11
#: Torso lengths in pixels below which keypoints are too coarse, and as a share of the picture's height, too close.
SMALL_PX, CLOSE = 45.0, 0.55

NOBODY = Advice("nobody", "Step into the picture: nobody can be seen.")
LOST = Advice("lost", "I lost you: somebody else is in the picture. Step to where I can see you.")
CUT_OFF = Advice("cut_off", "Step back or tilt the camera until your whole body is in the picture.")
FAR = Advice("too_far", "Come closer to the camera, or use a sharper one: you are small in the picture.")
CLOSE_BY = Advice("too_close", "Step back from the camera: you fill the whole picture.")
SLOW = Advice("slow_camera", "The film has few pictures a second; more light or a faster camera shows more.")


class SetupCoach:
    """Looks at every pose and says, twice a second anew, what about the set-up should change."""

    def __init__(self, exercise: Exercise | None) -> None:
        self._plane: Plane = exercise.plane if exercise else "any"
        measured = (*exercise.fault, exercise.signal) if exercise else ()
        needed = {name for item in measured for name in _both_sides(item.quantity.needs)}
        self._needed = sorted(needed)
        self._advice: tuple[Advice, ...] = ()
        self._looked = -math.inf
        self._t = math.nan
        self._step = math.nan

    def update(self, pose: Pose, scale: float, view: View) -> tuple[Advice, ...]:
        """What to change, most important first; empty when all is well."""
        if not math.isnan(self._t):
            step = pose.t - self._t
            self._step = step if math.isnan(self._step) else self._step + 0.1 * (step - self._step)
        self._t = pose.t
        if pose.t - self._looked >= LOOK_S:
            self._looked = pose.t
            self._advice = tuple(self._look(pose, scale, view))
        return self._advice

    def _look(self, pose: Pose, scale: float, view: View) -> list[Advice]:
        if not pose.seen:
            return [NOBODY]
        advice = []
        if self._outside(pose):
            advice.append(CUT_OFF)
        if pose.size is not None and math.isfinite(scale) and scale > CLOSE * pose.size[1]:
            advice.append(CLOSE_BY)
        elif math.isfinite(scale) and scale < SMALL_PX:
            advice.append(FAR)
        if math.isfinite(view.yaw) and not observable(view, self._plane):
            advice.append(turn_advice(self._plane))
        if self._step > SLOW_S:
            advice.append(SLOW)
        return advice

    def _outside(self, pose: Pose) -> bool:
        if pose.size is None:
            return False
        width, height = pose.size
        for name in self._needed:
            if pose.skeleton.has(name):
                x, y = pose.at(name).tolist()
                if x < 0 or y < 0 or x > width or y > height:
                    return True
        return False


def _both_sides(names: tuple[str, ...]) -> list[str]:
    return [name.format(side=side) for name in names for side in (("left", "right") if "{side}" in name else ("",))]
