"""Who sits on a chair does no wall sit: believed is who was seen to get into it as along a wall."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from poise.body import PoseSequence
from poise.coach import Coach
from poise.coach.entry import Doubting
from poise.coach.events import ANY
from poise.coach.recognise import REST, Recognised
from poise.coach.stretch import Judged
from poise.sim import MOVES, Camera, Noise, Performance, Tempo, film_poses, perform
from poise.sim import Body as SimBody
from poise.sim.body import Posture
from poise.sim.move import Beat, Move, bump

VIEWS = pytest.mark.parametrize("yaw", [0.0, 60.0, 100.0, 230.0])
#: Down in 1.5 s, and held.
HELD = Tempo(1.5, 10.0, 1.5, 0.0)


class Says:
    """An announcer that says a name from a time on, with rest for a second of every ten."""

    def __init__(self, name: str, begins: float) -> None:
        self._name, self._begins = name, begins
        self._now = Recognised(REST, 1.0, -math.inf)

    def update(self, judged: Judged) -> Recognised:
        t = judged.pose.t
        name = self._name if t > self._begins and (t - self._begins) % 10.0 < 9.0 else REST
        if name != self._now.name:
            self._now = Recognised(name, 0.9, t)
        return self._now

    def finish(self) -> Recognised:
        return self._now


def judged(poses: PoseSequence) -> list[Judged]:
    coach = Coach(ANY)
    return [one for pose in poses if coach.update(pose) for one in coach.judged]


def onto_a_chair(lean: float) -> Move:
    """Sitting down and up again, the trunk leaning by that on the way."""
    upright = MOVES["wall_sit"]

    def pose(body: SimBody, beat: Beat) -> Posture:
        posture = upright.pose(body, beat)
        return replace(posture, pitch=np.asarray(posture.pitch) + lean * bump(beat.phase))

    return replace(upright, pose=pose)


def said(name: str, performance: Performance, yaw: float) -> list[str]:
    """What is said in turn of a performance that the announcer takes for something from the sixth second on."""
    doubting = Doubting(Says(name, 6.0))
    poses = film_poses(performance, Camera(yaw=yaw), rate=15, noise=Noise(), seed=1)
    names = [doubting.update(one).name for one in judged(poses)] + [doubting.finish().name]
    return [b for a, b in zip(["", *names], names, strict=False) if a != b]


@VIEWS
def test_who_slides_down_a_wall_is_believed_after_a_break_too(yaw: float) -> None:
    hold = perform("wall_sit", reps=1, tempo=replace(HELD, turn=20.0), lead=2.0, tail=0.0)
    assert said("wall_sit", hold, yaw) == [REST, "wall_sit", REST, "wall_sit"]


@VIEWS
def test_who_is_seated_from_the_beginning_is_not(yaw: float) -> None:
    assert said("wall_sit", perform("standing", lead=14.0, base="seated"), yaw) == [REST]


@VIEWS
def test_who_leans_forward_to_sit_down_is_not(yaw: float) -> None:
    hold = perform(onto_a_chair(44.0), reps=1, tempo=HELD, lead=2.0, tail=0.0)
    assert said("wall_sit", hold, yaw) == [REST]


@pytest.mark.parametrize("name", ["plank", "squat", "unknown"])
def test_what_asks_for_no_way_in_is_believed(name: str) -> None:
    assert said(name, perform("standing", lead=14.0, base="seated"), 60.0) == [REST, name]


def test_nobody_has_entered_anything() -> None:
    assert Doubting(Says("wall_sit", 0.0)).finish().name == REST
