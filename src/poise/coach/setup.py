"""Whether one may begin: where to stand and where to put the camera, one thing to change at a time.

What is asked of the set-up follows from the rules of the exercise: which keypoints must be in the picture, which
plane must be seen, how much a tilted camera may add to what they measure, how many pictures a second a repetition
takes. What matters most is said first. Advice is given up only when it is clearly followed, and nothing new is said
that does not last for two looks, so that it does not flicker. That all is well is said once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np

from poise.body import Array, Pose
from poise.body import geometry as g
from poise.coach.events import Advice, View
from poise.coach.exercise import Exercise
from poise.coach.measures import GATES, Body, Plane
from poise.coach.view import beyond, off_plane, turn_advice

#: Seconds between looks.
LOOK_S = 0.5
#: How much of its limit what was complained of must fall below to be well again.
EASED = 0.9
#: Torso lengths in pixels below which keypoints are too coarse, and as a share of the picture's height, too close.
SMALL_PX, CLOSE = 45.0, 0.55
#: Mean brightness of a picture, 0 to 255, below which it is dark. Ours.
DARK = 45.0
#: Pictures that the shortest repetition must have, and the seconds between them where no exercise is known. Ours.
PICTURES, SLOW_S = 5.0, 0.11
#: The least tilt of a camera that is told, degrees, and the most of the way from ok to limit it may use up.
TILT, TILT_SHARE = 5.0, 0.5
#: Trunk over legs of somebody who stands straight, seen level (0.29 of stature over 0.51), and the factor by which
#: perspective must change it for the camera to be too high or too low: at two metres, above 1.7 m or below 0.3 m.
TRUNK_TO_LEGS, STEEP = 0.565, 1.2

NOBODY = Advice("nobody", "Step into the picture: nobody can be seen.")
LOST = Advice("lost", "I lost you: somebody else is in the picture. Step to where I can see you.")
DARK_ROOM = Advice("dark", "It is too dark: turn on a light, or turn to where it falls on you.")
CUT_OFF = Advice("cut_off", "Step back until your whole body is in the picture.")
CUT_BELOW = Advice("cut_off", "Your feet are out of the picture: tilt the camera down, or step back.")
CUT_ABOVE = Advice("cut_off", "You reach out of the top of the picture: tilt the camera up, or step back.")
CUT_ASIDE = Advice("cut_off", "You are half out of the picture: move towards its middle.")
FAR = Advice("too_far", "Come closer to the camera, or use a sharper one: you are small in the picture.")
CLOSE_BY = Advice("too_close", "Step back from the camera: you fill the whole picture.")
TILTED = Advice("tilted", "The camera is tilted: set it level, so that upright is upright.")
TOO_HIGH = Advice(
    "too_high", "The camera looks down on you: put it lower, about as high as your hips, or step back."
)
TOO_LOW = Advice("too_low", "The camera looks up at you: put it higher, about as high as your hips, or step back.")
SLOW = Advice("slow_camera", "The film has few pictures a second; more light or a faster camera shows more.")
READY = Advice("ready", "Ready: I can see all I need. Begin when you like.")


class SetupCoach:
    """Looks at every pose and says, twice a second anew, the one thing about the set-up that should change now."""

    def __init__(self, exercise: Exercise | None) -> None:
        self.ready = False
        self.advice: Advice | None = None
        self._told = False
        self._next: Advice | None = None
        self._looked = -math.inf
        self._t = self._step = math.nan
        self.expect(exercise)

    def expect(self, exercise: Exercise | None) -> None:
        """From now on it is this exercise that is to be seen."""
        self._exercise = exercise
        rules = exercise.fault if exercise else ()
        measured = (*rules, exercise.signal) if exercise else ()
        needs = {name for one in measured for side in one.quantity.sides() for name in one.quantity.keypoints(side)}
        self._needs = tuple(sorted(needs))
        planes = Counter(rule.quantity.plane for rule in rules if rule.quantity.plane != "any")
        most = max(planes.values(), default=0)
        favoured: Plane = exercise.plane if exercise else "any"
        often = [plane for plane, n in planes.items() if n == most]
        self._plane = favoured if not often or favoured in often else often[0]
        self._slow = exercise.min_s / PICTURES if exercise else SLOW_S
        self._upright = exercise is not None and {*exercise.bears} <= {"feet", "floor"}
        self._tolerable = math.nan

    def update(self, pose: Pose, scale: float, view: View, light: float = math.nan) -> tuple[Advice, ...]:
        """What to change now, if anything; that all is well when it is so for the first time.

        Args:
            pose: the person, as displayed.
            scale: pixels of a torso length.
            view: where the body is seen from.
            light: mean brightness of the picture, 0 to 255; NaN when nobody looked.

        """
        if not math.isnan(self._t):
            step = pose.t - self._t
            self._step = step if math.isnan(self._step) else self._step + 0.1 * (step - self._step)
        first, self._t = math.isnan(self._t), pose.t
        if pose.t - self._looked >= LOOK_S:
            self._looked = pose.t
            found = next(self._wrong(pose, scale, view, light), None)
            if first or found == self._next:
                told = self.ready
                self.advice, self.ready = found, found is None and not first
                self._told = self._told or told
            self._next = found
        if self.ready and not self._told:
            return (READY,)
        return (self.advice,) if self.advice else ()

    def _wrong(self, pose: Pose, scale: float, view: View, light: float) -> Iterator[Advice]:
        """All that should change, most important first."""
        now = self.advice.name if self.advice else ""
        for advice, share in self._shares(pose, scale, view, light):
            if share > (EASED if advice.name == now else 1.0):
                yield advice

    def _shares(self, pose: Pose, scale: float, view: View, light: float) -> Iterator[tuple[Advice, float]]:
        """How much of its limit each thing that might be wrong has used up."""
        yield DARK_ROOM, DARK / max(light, 1.0)
        yield NOBODY, 0.0 if pose.seen else 2.0
        if not (pose.seen and math.isfinite(scale)):
            return
        if pose.size is not None:
            yield self._cut(pose, pose.size)
            yield CLOSE_BY, scale / (CLOSE * pose.size[1])
        yield FAR, SMALL_PX / max(scale, 1.0)
        yield from self._camera(pose, scale, view)  # before the view: from above, a body seems turned
        if self._plane != "any" and math.isfinite(view.yaw):
            yield turn_advice(self._plane), off_plane(view.yaw, self._plane) / GATES[self._plane]
        yield SLOW, self._step / self._slow

    def _cut(self, pose: Pose, size: tuple[int, int]) -> tuple[Advice, float]:
        """Which of the needed keypoints are beyond which edges of the picture."""
        names = tuple(name for name in self._needs if pose.skeleton.has(name))
        off = beyond(pose.all_at(names), size)
        above, below = (off[:, 1] < 0).any(), (off[:, 1] > 0).any()
        if off[:, 0].any():
            return (CUT_OFF if above or below else CUT_ASIDE), 2.0
        if above and below:
            return CUT_OFF, 2.0
        return (CUT_BELOW if below else CUT_ABOVE), 2.0 if above or below else 0.0

    def _camera(self, pose: Pose, scale: float, view: View) -> Iterator[tuple[Advice, float]]:
        """How level the camera is, and how high; it shows in somebody who stands straight."""
        shoulder, hip, ankle = pose.all_at(("mid_shoulder", "mid_hip", "mid_ankle"))
        trunk, legs = math.dist(shoulder, hip), math.dist(hip, ankle)
        if self._exercise is None or not (trunk > 0.7 * scale and legs > 1.2 * scale):
            return
        if not abs(float(g.signed_offset(hip, shoulder, ankle))) < 0.06:
            return
        if math.isnan(self._tolerable) and math.isfinite(view.yaw):
            self._tolerable = self._tolerance(pose, scale, view)
        tilt = abs(float(g.lean(shoulder, ankle)))
        yield TILTED, tilt / max(self._tolerable, TILT) if tilt < 45.0 else 0.0  # more, and one is lying
        if self._upright:
            steep = trunk / legs / TRUNK_TO_LEGS
            yield TOO_HIGH, 1 + (steep - STEEP)
            yield TOO_LOW, 1 + (1 / steep - STEEP)

    def _tolerance(self, pose: Pose, scale: float, view: View) -> float:
        """The tilt of the camera, degrees, by which a rule first loses `TILT_SHARE` of its way from ok to limit."""
        assert self._exercise is not None
        cos, sin = math.cos(math.radians(1.0)), math.sin(math.radians(1.0))
        turn = np.array([[cos, sin], [-sin, cos]])

        def body(points: Array) -> Body:
            at = (np.float64(v) for v in (scale, view.yaw, view.facing or 1))
            return Body(pose.moved(points, pose.score, None), *at)  # type: ignore[arg-type]

        level, tilted = body(pose.points), body(pose.points @ turn)
        most = math.inf
        for rule in self._exercise.fault:
            off = np.abs(rule.quantity.each(tilted) - rule.quantity.each(level))
            off = off[np.isfinite(off)]
            if off.size and off.max() > 1e-9 and rule.at in ("turn", "max", "min", "median", "start"):
                most = min(most, TILT_SHARE * abs(rule.limit - rule.ok) / float(off.max()))
        return most
