"""Bodies of which only a part exercises: seated, with one arm. What they leave out is neither asked for nor judged.

What a body leaves out is a list of keypoints. They are not looked at, whether they are absent, rest or do something
else (`PartialBody.of`); and an exercise loses the rules that need them, which it then says it does not judge
(`PartialBody.fitted`). So no exercise file need know of any of this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal, get_args

import numpy as np

from poise.body import BLAZEPOSE33, Pose, Skeleton
from poise.coach.exercise import Exercise, Rule, Unjudged, exercises, load_exercise
from poise.coach.measures import Measure, find_measure
from poise.coach.stretch import Judged
from poise.errors import InputError, UnknownName
from poise.language import words

_LEGS = ("knee", "ankle", "heel", "foot_index")
_ARM = ("elbow", "wrist", "pinky", "index", "thumb")


@dataclass(frozen=True)
class _Part:
    """A way in which a body exercises only in part: what it leaves out, in words and as keypoints."""

    without: str
    absent: tuple[str, ...]


#: The ways there are; a body may combine them, but has an arm at least.
PARTS = {
    "seated": _Part(words("the legs"), tuple(f"{side}_{name}" for side in ("left", "right") for name in _LEGS)),
    "left-arm": _Part(words("the right arm"), tuple(f"right_{name}" for name in _ARM)),
    "right-arm": _Part(words("the left arm"), tuple(f"left_{name}" for name in _ARM)),
}
#: The name of every body there is; that of the one that leaves nothing out comes first.
BodyName = Literal["whole", "seated", "left-arm", "right-arm", "seated,left-arm", "seated,right-arm"]
BODIES: tuple[BodyName, ...] = get_args(BodyName)
WHOLE: BodyName = "whole"


@dataclass(frozen=True)
class PartialBody:
    """A body of which only a part exercises; made by `partial_body`. ``parts`` are names of `PARTS`."""

    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        """How it is asked for: ``seated,left-arm``; ``whole`` when nothing is left out."""
        return ",".join(self.parts) or WHOLE

    @cached_property
    def absent(self) -> frozenset[str]:
        """The keypoints that are neither asked for nor judged."""
        return frozenset(name for part in self.parts for name in PARTS[part].absent)

    def of(self, pose: Pose) -> Pose:
        """The pose without what is left out, as if it were unseen."""
        if not self.parts:
            return pose
        absent = _indices(pose.skeleton, self.absent)
        points, score = pose.points.copy(), pose.score.copy()
        points[absent], score[absent] = np.nan, 0.0
        world = None if pose.world is None else pose.world.copy()
        if world is not None:
            world[absent] = np.nan
        return pose.moved(points, score, world)

    def completed(self, judged: Judged) -> Judged:
        """The pose as if an arm that is left out did what the other does: what exercises are recognised by."""
        other = {"left-arm": "left", "right-arm": "right"}
        side = next((other[part] for part in self.parts if part in other), "")
        if not side:
            return judged
        pose, turned = judged.pose, judged.view.yaw
        points = pose.points.copy()
        of, to = _arm_of(pose.skeleton, side), _arm_of(pose.skeleton, "left" if side == "right" else "right")
        alike = (1.0 if 45.0 < turned < 135.0 else -1.0, 1.0)  # seen from the side, else from the front or behind
        points[to[1:]] = points[to[0]] + alike * (points[of[1:]] - points[of[0]])
        return replace(judged, pose=pose.moved(points, pose.score, pose.world))

    def can(self, exercise: Exercise) -> bool:
        """Whether this body can do it and have it counted; seated, only what is done standing otherwise."""
        standing = "seated" not in self.parts or exercise.bears == ("feet",)
        return standing and self._measures(exercise.signal.quantity) and self._measures(exercise.shown_angle)

    @property
    def able(self) -> tuple[str, ...]:
        """The exercises that ship with poise and that it can do."""
        return tuple(name for name in exercises() if self.can(load_exercise(name)))

    def fitted(self, exercise: Exercise) -> Exercise:
        """The exercise as this body does it: without what would need what is left out.

        Raises:
            InputError: when it cannot be counted without that.

        """
        if not self.parts:
            return exercise
        if not self.can(exercise):
            raise InputError(
                words(
                    "{exercise} cannot be counted without {parts}.", exercise=exercise.title, parts=self._without()
                ),
                words("What can: {names}.", names=", ".join(self.able)),
            )
        kept = [rule for rule in exercise.fault if self._holds(rule)]
        unjudged = (Unjudged(title=rule.title, why=self.about) for rule in exercise.fault if rule not in kept)
        seated = "seated" in self.parts
        return exercise.model_copy(
            update={
                "setup": self._setup(exercise),
                "bears": ("hips",) if seated else exercise.bears,
                "still": exercise.still if exercise.still and self._seen((exercise.still.keypoint,)) else None,
                "condition": tuple(one for one in exercise.condition if self._measures(one.quantity)),
                "benchmark": tuple(one for one in exercise.benchmark if self._measures(one.quantity)),
                "fault": tuple(kept),
                "unjudged": (*exercise.unjudged, *unjudged),
            }
        )

    @property
    def about(self) -> str:
        """What it leaves out, in a sentence; empty when that is nothing."""
        if not self.parts:
            return ""
        return words("Without {parts}: neither asked for nor judged.", parts=self._without())

    def notes(self, done: Iterable[Exercise]) -> Iterator[str]:
        """What it leaves out of exercises `fitted` to it, one sentence each."""
        if self.parts:
            yield self.about
            for title in dict.fromkeys(title for each in done for title in self.leaves_out(each)):
                yield words("Not judged of this body: {fault}.", fault=title)

    def leaves_out(self, exercise: Exercise) -> tuple[str, ...]:
        """The titles of the rules that an exercise has lost by being `fitted` to it."""
        return tuple(one.title for one in exercise.unjudged if self.parts and one.why == self.about)

    def _without(self) -> str:
        both = {"left-arm": words("the legs and the right arm"), "right-arm": words("the legs and the left arm")}
        return both[self.parts[1]] if len(self.parts) > 1 else PARTS[self.parts[0]].without

    def _setup(self, exercise: Exercise) -> str:
        setup = exercise.setup
        if "seated" in self.parts:
            setup = (
                words("Sit facing the camera, with your hands in the picture wherever they go.")
                if exercise.plane == "frontal"
                else words("Sit side-on to the camera, with your hands in the picture wherever they go.")
            )
        if exercise.plane == "frontal" or not {"left-arm", "right-arm"} & {*self.parts}:
            return setup
        if "left-arm" in self.parts:
            return words("{setup} Your left arm is to be on the camera's side.", setup=setup)
        return words("{setup} Your right arm is to be on the camera's side.", setup=setup)

    def _holds(self, rule: Rule) -> bool:
        against = rule.against is None or self._measures(find_measure(rule.against))
        return against and self._measures(rule.quantity)

    def _measures(self, measure: Measure) -> bool:
        return any(self._seen(measure.keypoints(side)) for side in measure.sides())

    def _seen(self, names: tuple[str, ...]) -> bool:
        needed = {BLAZEPOSE33.keypoints[i] for i in BLAZEPOSE33.ends(names).every}
        return self.absent.isdisjoint(needed)


@cache
def _arm_of(skeleton: Skeleton, side: str) -> list[int]:
    return [skeleton.index(f"{side}_{name}") for name in ("shoulder", "elbow", "wrist")]


@cache
def _indices(skeleton: Skeleton, names: frozenset[str]) -> list[int]:
    return [i for i, name in enumerate(skeleton.keypoints) if name in names]


def partial_body(name: str) -> PartialBody:
    """The body of that name: one of `BODIES`, its parts in any order.

    Raises:
        UnknownName: when there is none.

    """
    parts = [part.strip() for part in name.lower().split(",")]
    ordered = tuple(part for part in PARTS if part in parts)
    body = PartialBody(ordered)
    if body.name not in BODIES or {*parts} - {*ordered} - ({WHOLE, ""} if not ordered else set()):
        raise UnknownName("body", name, BODIES)
    return body
