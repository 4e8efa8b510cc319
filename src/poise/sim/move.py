"""What a movement is made of: parameters of form, a tempo, and a function from phase to posture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from poise.body import Array
from poise.sim.body import Body, Posture
from poise.sim.kinematics import Value

Base = Literal["standing", "seated", "kneeling", "forearms"]
Sides = Literal["both", "left", "right", "alternating"]
Arms = Literal["hanging", "ahead", "crossed", "hips", "head", "goblet"]


@dataclass(frozen=True)
class Parameter:
    """One named quantity of form, in a physical unit.

    Good form lies in ``natural``. When ``fault`` is not empty, a value at or beyond the near end of ``faulty``
    shows the fault of that name; in between is neither. Ranges run from low to high.
    """

    neutral: float
    natural: tuple[float, float]
    unit: str
    meaning: str
    fault: str = ""
    faulty: tuple[float, float] = (np.inf, np.inf)

    def shows_fault(self, value: float) -> bool:
        """Whether this value is clearly a fault."""
        if self.faulty[0] >= self.natural[1]:
            return value >= self.faulty[0]
        return value <= self.faulty[1]


@dataclass(frozen=True)
class Tempo:
    """Seconds of a repetition: moving towards the turn, holding there, moving back, and resting before the next.

    >>> Tempo(1.0, 0.2, 0.8, 0.5).seconds
    2.5
    """

    towards: float = 1.1
    turn: float = 0.15
    back: float = 1.0
    rest: float = 0.35

    @property
    def seconds(self) -> float:
        """The whole repetition, rest included."""
        return self.towards + self.turn + self.back + self.rest


@dataclass(frozen=True)
class Beat:
    """Where in its repetitions a movement is, at T instants.

    ``t`` is seconds from the start. ``u`` ``(T, 2)`` is the phase of the left and the right side, 0 at rest and 1
    at the turn; ``phase`` ``(T,)`` that of the body as a whole. ``returning`` is the share of the way back done,
    0 before the turn. ``side`` is +1 where the left side leads, -1 the right, 0 both. ``delayed(s)`` is ``phase``
    as it was ``s`` seconds ago. ``beat["depth"]`` is the parameter of that name, ``(T,)``.
    """

    t: Array
    u: Array
    returning: Array
    side: Array
    form: Mapping[str, Array]
    delayed: Callable[[Value], Array]
    base: Base
    arms: Arms

    def __getitem__(self, name: str) -> Array:
        return self.form[name]

    @property
    def phase(self) -> Array:
        """The phase of the body as a whole, ``(T,)``."""
        return np.asarray(self.u.max(-1))


@dataclass(frozen=True)
class Move:
    """One way of moving: how it looks at every phase, and what can be good or bad about it.

    ``amplitude`` names the parameter that fatigue wears down. ``reps`` is how many are done when nobody says; 0
    for what cannot be counted. The first of ``bases``, ``sides`` and ``arms`` is the usual one.
    """

    name: str
    pose: Callable[[Body, Beat], Posture] = field(repr=False)
    parameters: Mapping[str, Parameter] = field(repr=False)
    tempo: Tempo = field(default_factory=Tempo)
    amplitude: str = ""
    reps: int = 5
    bases: tuple[Base, ...] = ("standing",)
    sides: tuple[Sides, ...] = ("both",)
    arms: tuple[Arms, ...] = ("hanging",)


def between(rest: Value, turn: Value, u: Value) -> Array:
    """From ``rest`` at phase 0 to ``turn`` at phase 1; ``(T,)`` values stand beside a two-sided phase.

    >>> between(10.0, 90.0, np.array([0.0, 0.5, 1.0])).tolist()
    [10.0, 50.0, 90.0]
    """
    phase = np.asarray(u, dtype=np.float64)
    a, b = (np.asarray(v, dtype=np.float64) for v in (rest, turn))
    if phase.ndim == 2:
        a, b = (v[:, None] if v.ndim == 1 else v for v in (a, b))
    return np.asarray(a + (b - a) * phase)


def ease(x: Value) -> Array:
    """The minimum-jerk course from 0 to 1 (Flash & Hogan 1985), flat before and after.

    >>> ease(np.array([-1.0, 0.0, 0.5, 1.0, 2.0])).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    c = np.clip(x, 0.0, 1.0)
    return np.asarray(c * c * c * (c * (6.0 * c - 15.0) + 10.0))


def bump(x: Value) -> Array:
    """A smooth hump: 0 at 0 and before, 1 at 0.5, 0 at 1 and after."""
    return np.asarray(np.sin(np.pi * np.clip(x, 0.0, 1.0)) ** 2)


def arm_towards(ahead: Value, aside: Value) -> tuple[Array, Array]:
    """Elevation and plane of an arm swung ``ahead`` and ``aside`` (below 90 degrees each) from hanging.

    >>> [round(float(v), 6) for v in arm_towards(-20.0, 0.0)]
    [20.0, -90.0]
    """
    a, b = np.tan(np.radians(ahead)), np.tan(np.radians(aside))
    return np.degrees(np.arctan(np.hypot(a, b))), np.degrees(np.arctan2(a, b))


def wander(t: Array, mood: float, key: int, slow: float = 0.08, fast: float = 0.5) -> Array:
    """Aimless motion: a smooth course of about ±1 over time, another one for every ``mood`` and ``key``.

    Five sine waves between ``slow`` and ``fast`` Hz at random phases.
    """
    rng = np.random.default_rng((int(1000 * abs(mood)), key))
    rate, phase = rng.uniform(slow, fast, 5), rng.uniform(0, 2 * np.pi, 5)
    return np.asarray(np.sin(2 * np.pi * rate * t[:, None] + phase).sum(-1) / 2.2)
