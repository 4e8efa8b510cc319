"""Somebody at a desk for minutes or a whole day, and everything about it known.

>>> from poise.sim.desk import DeskScene, desk_camera
>>> scene = DeskScene.sitting(60, forward_head=5)
>>> poses = next(scene.film(desk_camera(scene.body), rate=2))
>>> len(poses), poses.size
(120, (640, 480))

A way of sitting is a value for each of `WAYS`, all 0 for sitting well. What happens is `Spell`s: each bends some of
them (or an arm, or the whole body) for a while, coming and going smoothly. Under them everything wanders a little.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from poise.body import Array, PoseSequence
from poise.errors import UnknownName
from poise.sim.body import LUMBAR, Body, Figure, Posture
from poise.sim.camera import Camera
from poise.sim.film import seen_poses
from poise.sim.move import Parameter, ease, wander
from poise.sim.moves.stances import leaning, lower_body, places
from poise.sim.noise import Noise

#: How somebody may sit: what is natural, and from which size on it is the fault of that name. Sizes of faults are
#: those the desk coach must find; centimetres are of the body, not of the picture.
WAYS: Mapping[str, Parameter] = {
    "near": Parameter(0, (-6, 6), "cm", "eyes closer to the camera, leaning from the hips", "near", (26, 30)),
    "forward_head": Parameter(0, (-1, 1), "cm", "head ahead of the shoulders", "forward_head", (5, 8)),
    "slump": Parameter(0, (-0.5, 1.5), "cm", "shoulders sunk by rounding the back", "slump", (5, 8)),
    "hike": Parameter(0, (0, 1), "cm", "both shoulders drawn up", "hike", (4, 6)),
    "head_tilt": Parameter(0, (-3, 3), "deg", "left ear raised", "head_tilt", (12, 20)),
    "shoulder_tilt": Parameter(0, (-2, 2), "deg", "left shoulder raised", "shoulder_tilt", (8, 14)),
    "head_turn": Parameter(0, (-6, 6), "deg", "face turned to the left", "head_turn", (30, 45)),
    "look_down": Parameter(0, (-4, 4), "deg", "face bent down", "look_down", (25, 40)),
}

#: Other things a spell may do to the body, 0 to 1: a hand at the face, an arm reaching out, arms stretched up,
#: standing; or, in degrees and centimetres, a trunk turned to the left and a chair moved to the left.
_ELSE = ("hand", "reach", "stretch", "stand", "twist", "aside")
_TILTS = ("head_tilt", "shoulder_tilt", "head_turn")

Who = Literal["self", "nobody", "visitor"]


@dataclass(frozen=True)
class Spell:
    """Something that is so from ``start`` to ``end``, seconds, coming and going within ``ramp`` seconds.

    ``form`` adds to `WAYS` and what else a body may do; ``who`` is in the picture meanwhile.
    """

    name: str
    start: float
    end: float
    form: Mapping[str, float] = field(default_factory=dict)
    ramp: float = 1.0
    who: Who = "self"


@dataclass(frozen=True, eq=False)
class DeskScene:
    """Somebody at a desk: looked at in any instant, or filmed.

    ``restless`` scales how much everything wanders; 1 is as much as `WAYS` calls natural.
    """

    body: Body
    seconds: float
    spells: tuple[Spell, ...] = ()
    restless: float = 0.5
    seed: int = 0

    @classmethod
    def sitting(cls, seconds: float, body: Body | None = None, /, **form: float) -> DeskScene:
        """Somebody who sits in one way all the time.

        Raises:
            UnknownName: a way of sitting nobody knows.

        """
        known = (*WAYS, *_ELSE)
        for name in form:
            if name not in known:
                raise UnknownName("way of sitting", name, known)
        spell = Spell("sitting", -10.0, seconds + 10.0, form)
        return cls(body or Body.of(), seconds, (spell,), 0.15)

    @classmethod
    def day(
        cls, seconds: float, rng: np.random.Generator, *, quiet: float = 20.0, body: Body | None = None
    ) -> DeskScene:
        """A day of ordinary movement and no fault: reaching, drinking, talking, a second screen, being away.

        The first ``quiet`` seconds are spent sitting well. How often and for how long things happen is ours.
        """
        spells, t = [], quiet
        while (t := t + float(rng.exponential(25.0))) < seconds:
            habit = _HABITS[int(rng.choice(len(_HABITS), p=_OFTEN))]
            spell = habit.spell(t, rng)
            if spell.who == "visitor":  # who sits down first lets the other stand up
                spells.append(Spell("leaving", t - 8.0, spell.end + 8.0, who="nobody"))
            spells.append(spell)
            t = spell.end
        t = quiet
        while (t := t + float(rng.exponential(600.0))) < seconds:  # sits a little differently for a while
            form = {name: float(rng.uniform(*WAYS[name].natural)) for name in ("near", "slump", "shoulder_tilt")}
            form["aside"] = float(rng.normal(0.0, 2.0))
            end = t + 20.0 + float(rng.exponential(600.0))
            spells.append(Spell("settling", t, end, form, 4.0))
            t = end
        return cls(body or Body.random(rng), seconds, tuple(spells), 0.5, int(rng.integers(2**31)))

    def with_spell(self, *spells: Spell) -> DeskScene:
        """The same scene in which something more happens."""
        return replace(self, spells=(*self.spells, *spells))

    def form(self, t: Array) -> dict[str, Array]:
        """The way of sitting at instants ``t``: each of `WAYS` and what else a body may do, ``(T,)``."""
        out = {name: np.zeros(len(t)) for name in _ELSE}
        for i, (name, way) in enumerate(WAYS.items()):
            out[name] = self.restless * 0.5 * (way.natural[1] - way.natural[0]) * wander(t, self.seed, i, 0.02, 0.3)
        for spell in self.spells:
            part = slice(*np.searchsorted(t, (spell.start, spell.end)).tolist())
            if part.start < part.stop:
                here = t[part]
                share = ease((here - spell.start) / spell.ramp) * ease((spell.end - here) / spell.ramp)
                for name, size in spell.form.items():
                    out[name][part] += size * share
        return out

    def who(self, t: Array) -> list[Who]:
        """Who is in the picture at instants ``t``."""
        who: list[Who] = ["self"] * len(t)
        for spell in self.spells:
            if spell.who != "self":
                for i in range(*np.searchsorted(t, (spell.start, spell.end)).tolist()):
                    who[i] = spell.who
        return who

    def figure(self, t: Array | float) -> Figure:
        """The posed body at instants ``t``, seconds."""
        times = np.atleast_1d(np.asarray(t, dtype=np.float64))
        return self.body.figure(_posture(self.body, self.form(times)))

    def film(
        self, camera: Camera, rate: float = 2.0, noise: Noise | None = None, seed: int = 0, part_s: float = 300.0
    ) -> Iterator[PoseSequence]:
        """What a pose estimator would make of it, some minutes at a time; exact without ``noise``.

        Nobody is NaN. Legs are left out: they are under the desk, and what an estimator says of them is a guess.
        """
        visitor = Body.random(np.random.default_rng(self.seed + 1))
        for number, first in enumerate(np.arange(0.0, self.seconds, part_s)):
            t = first + np.arange(round(min(part_s, self.seconds - first) * rate)) / rate
            poses = _seen(self.figure(t).joints, t, self.body, camera)
            who = np.array(self.who(t))
            if (who == "visitor").any():
                form = {**self.form(t), "near": np.full(len(t), -12.0), "aside": np.full(len(t), 9.0)}
                other = _seen(visitor.figure(_posture(visitor, form)).joints, t, visitor, camera)
                poses.points[who == "visitor"] = other.points[who == "visitor"]
            if noise is not None:
                poses = noise.applied(poses, seed + number)
            poses.points[who == "nobody"] = np.nan
            poses.score[who == "nobody"] = 0.0
            yield poses


def desk_camera(
    body: Body,
    *,
    distance: float = 0.62,
    above: float = 0.0,
    aside: float = 0.0,
    fov: float = 65.0,
    size: tuple[int, int] = (640, 480),
) -> Camera:
    """A camera at a desk: ``distance`` metres (over the floor) from the eyes of a body that sits well.

    It is ``above`` the eyes, metres, and ``aside`` degrees to the left of where the person faces; it is aimed so
    that the face is in the upper half of the picture.
    """
    joints = body.figure(_posture(body, dict.fromkeys((*WAYS, *_ELSE), np.zeros(1)))).at("left_eye")[0]
    target = (0.0, float(joints[1]) - 0.12, float(joints[2]))
    return Camera(aside, distance, float(joints[1]) + above, 0.0, fov, size, target)


@dataclass(frozen=True)
class _Habit:
    """An ordinary thing to do: how many seconds it lasts, and the ranges of what it does to the body."""

    name: str
    often: float
    seconds: tuple[float, float]
    form: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    ramp: float = 1.0
    who: Who = "self"

    def spell(self, start: float, rng: np.random.Generator) -> Spell:
        side = float(rng.choice((-1.0, 1.0)))
        form = {
            name: float(rng.uniform(*range_)) * (side if name in (*_TILTS, "twist") else 1.0)
            for name, range_ in self.form.items()
        }
        seconds = float(np.exp(rng.uniform(*np.log(self.seconds))))
        return Spell(self.name, start, start + seconds, form, self.ramp, self.who)


_HABITS = (
    _Habit("reaching", 12, (3, 8), {"reach": (0.5, 1), "near": (2, 9), "twist": (3, 14), "shoulder_tilt": (2, 8)}),
    _Habit("drinking", 6, (4, 8), {"hand": (1, 1), "look_down": (-15, -4)}, 0.8),
    _Habit("talking", 3, (60, 240), {"head_turn": (5, 18), "twist": (2, 6), "head_tilt": (0, 5), "near": (-4, 4)}),
    _Habit("second screen", 8, (5, 120), {"head_turn": (25, 45), "twist": (5, 15)}),
    _Habit("keyboard", 18, (1.5, 5), {"look_down": (15, 30)}, 0.5),
    _Habit("notes", 3, (10, 60), {"look_down": (20, 35), "near": (0, 5)}),
    _Habit("reading closely", 6, (4, 15), {"near": (6, 14), "forward_head": (1, 4)}),
    _Habit("leaning back", 2, (30, 240), {"near": (-16, -6)}, 2.0),
    _Habit("hand at the face", 6, (5, 40), {"hand": (1, 1), "head_tilt": (0, 8)}),
    _Habit("stretching", 1, (3, 7), {"stretch": (1, 1), "near": (-10, -4), "hike": (1, 4)}),
    _Habit("standing", 0.5, (10, 90), {"stand": (1, 1)}, 1.5),
    _Habit("away", 0.7, (30, 900), who="nobody"),
    _Habit("visitor", 0.3, (15, 180), who="visitor"),
)
_OFTEN = np.array([habit.often for habit in _HABITS]) / sum(habit.often for habit in _HABITS)


def _seen(joints: Array, t: Array, body: Body, camera: Camera) -> PoseSequence:
    poses = replace(seen_poses(joints, t, body.stature, camera), world=None)
    legs = [
        i for i, n in enumerate(poses.skeleton.keypoints) if n.endswith(("knee", "ankle", "heel", "foot_index"))
    ]
    poses.points[:, legs], poses.score[:, legs] = np.nan, 0.0
    return poses


def _posture(body: Body, form: Mapping[str, Array]) -> Posture:
    """How a body sits; everything zero is sitting well, hands on the keyboard."""
    count = len(form["near"])
    seat = lower_body(body, "seated", np.zeros(count), 0.15 * body.stature)
    sat, standing = seat["root"], np.array((0.0, 0.99 * body.hip_height, -0.05))
    root = sat + form["stand"][:, None] * (standing - sat) + 0.01 * form["aside"][:, None] * (1.0, 0.0, 0.0)
    lean = _degrees_of(0.01 * form["near"] / (1.11 * body.trunk))
    curl = _curl(np.maximum(form["slump"], 0.0) * 0.01 / body.trunk)
    pitch, bend = leaning(lean, curl)
    stiff = pitch + bend  # how the thorax is turned; head and neck make up for it, to keep the gaze
    ahead = np.radians(14.0)
    poke = _degrees_of(np.sin(ahead) + 0.01 * form["forward_head"] / body.neck) - 14.0
    down = form["look_down"]
    tilt, twist = form["shoulder_tilt"], form["twist"]
    return Posture(
        root=root,
        pitch=pitch,
        feet=seat["feet"],
        knee_pole=seat["knee_pole"],
        spine_flexion=bend,
        spine_side=tilt,
        spine_twist=twist + 0.2 * form["head_turn"],
        neck_flexion=poke - stiff + 0.5 * down,
        head_flexion=-poke + 0.5 * down,
        head_yaw=0.8 * form["head_turn"] - twist,
        head_side=form["head_tilt"] - 0.8 * tilt,
        shrug=0.01 * np.maximum(form["hike"], 0.0),
        hands=_hands(body, root, form),
        elbow_pole=(0.6, -1.0, -0.3),
    )


def _hands(body: Body, root: Array, form: Mapping[str, Array]) -> Array:
    """Where the wrists are, ``(T, 2, 3)``: on the keyboard, at the face, reaching out or stretched up."""
    s, seat = body.scale, root[:, None]
    keyboard = seat + places(0.12 * s, 0.20 * s, 0.36 * s)
    face = seat + places(0.06 * s, 0.62 * s, 0.20 * s)
    out = seat + places(0.35 * s, 0.30 * s, 0.62 * s)
    up = seat + places(0.25 * s, 1.10 * s, 0.05 * s)
    hands = np.array(np.broadcast_to(keyboard, (len(root), 2, 3)))
    right = np.array((0.0, 1.0))[:, None]  # the left stays where it is
    hands = hands + form["hand"][:, None, None] * right * (face - hands)
    hands = hands + form["reach"][:, None, None] * right * (out - hands)
    return np.asarray(hands + form["stretch"][:, None, None] * (up - hands))


def _degrees_of(sine: Array) -> Array:
    return np.asarray(np.degrees(np.arcsin(np.clip(sine, -0.95, 0.95))))


def _curl(drop: Array) -> Array:
    """The bend in the spine that brings the shoulders nearer the hips by a share of the trunk, degrees."""
    both = 2.0 * LUMBAR * (1.0 - LUMBAR)
    cos = ((1.0 - drop) ** 2 - LUMBAR**2 - (1.0 - LUMBAR) ** 2) / both
    return np.asarray(np.degrees(np.arccos(np.clip(cos, -0.5, 1.0))))
