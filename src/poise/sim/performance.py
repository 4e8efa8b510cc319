"""Somebody does an exercise, and everything about it is known.

>>> performance = perform("squat", reps=3, form={"depth": [120, 70, 120]})
>>> performance.joints(np.arange(0, performance.seconds, 0.04)).shape[1:]
(33, 3)
>>> [rep.faults for rep in performance.reps]
[(), ('shallow',), ()]
>>> round(performance.reps[1].turn, 3)
5.025
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from poise.body import Array
from poise.errors import InputError, UnknownName
from poise.sim.body import Body, Figure, Posture
from poise.sim.move import Arms, Base, Beat, Move, Sides, Tempo, ease, wander
from poise.sim.moves import find_move
from poise.sim.truth import true_measures


@dataclass(frozen=True)
class TrueRep:
    """One repetition as it was: seconds, the values of form it was done with, the faults those are.

    ``turn`` is the middle of the hold at the turn. ``side`` is "both", or the one that moved (or led).
    """

    number: int
    start: float
    turn: float
    end: float
    side: str
    form: Mapping[str, float]
    faults: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Performance:
    """A set of repetitions that can be looked at in any instant; made by `perform`.

    ``starts`` ``(N,)`` and ``tempi`` ``(N, 3)`` (towards, turn, back) are seconds; ``form`` holds ``(N,)`` values;
    ``lead`` ``(N,)`` is +1 where the left side moves or leads, -1 the right, 0 both.
    """

    move: Move
    body: Body
    seconds: float
    starts: Array
    tempi: Array
    lead: Array
    form: Mapping[str, Array] = field(repr=False)
    base: Base
    arms: Arms
    shape: float
    sway: float
    seed: int

    @classmethod
    def random(cls, exercise: str, rng: np.random.Generator, reps: int | None = None) -> Performance:
        """Somebody or other doing the exercise in one of the ways people do it.

        Body, tempo, base, sides, arms and every parameter of form vary; 30 % of performances are free of faults,
        40 % show one and 30 % two or three, in every repetition.

        Raises:
            UnknownName: an exercise nobody knows.

        """
        move = find_move(exercise)
        form = {
            name: float(rng.uniform(*spec.natural)) for name, spec in move.parameters.items() if name != "towards"
        }
        possible = [name for name, spec in move.parameters.items() if spec.fault]
        wanted = min(int(rng.choice((0, 1, 2, 3), p=(0.3, 0.4, 0.2, 0.1))), len(possible))
        for name in rng.choice(possible, wanted, replace=False) if wanted else ():
            form[name] = float(rng.uniform(*move.parameters[name].faulty))
        pace = float(np.exp(rng.uniform(np.log(0.6), np.log(1.8))))
        tempo = [seconds * pace * np.exp(rng.normal(0.0, 0.2)) for seconds in astuple(move.tempo)]
        return perform(
            exercise,
            reps=reps,
            tempo=Tempo(*tempo),
            form=form,
            sides=move.sides[int(rng.integers(len(move.sides)))],
            base=move.bases[int(rng.integers(len(move.bases)))],
            arms=move.arms[int(rng.integers(len(move.arms)))],
            body=Body.random(rng),
            variation=float(rng.uniform(0.0, 0.6)),
            fatigue=float(rng.choice((0.0, 0.0, 0.4))),
            shape=float(rng.uniform(0.7, 1.5)),
            sway=float(rng.uniform(0.3, 2.0)),
            lead=float(rng.uniform(0.0, 2.0)) if move.reps else 10.0,
            tail=float(rng.uniform(0.0, 2.0)),
            seed=int(rng.integers(2**31)),
        )

    def figure(self, t: ArrayLike) -> Figure:
        """The posed body at instants ``t``, seconds."""
        return self.body.figure(self._posture(np.atleast_1d(np.asarray(t, dtype=np.float64))))

    def joints(self, t: ArrayLike) -> Array:
        """Joint positions at instants ``t``: ``(T, 33, 3)`` metres in the room's axes (see `poise.sim.body`)."""
        return self.figure(t).joints

    def measures(self, t: ArrayLike) -> dict[str, Array]:
        """What is true of the body at instants ``t`` (see `poise.sim.truth`), each ``(T,)``."""
        return true_measures(self.joints(t))

    @cached_property
    def reps(self) -> tuple[TrueRep, ...]:
        """The repetitions in order; of a hold, each hold."""
        out = []
        for i, start in enumerate(self.starts):
            towards, turn, back = self.tempi[i]
            form = {name: float(values[i]) for name, values in self.form.items()}
            faults = (spec.fault for name, spec in self.move.parameters.items() if spec.shows_fault(form[name]))
            out.append(
                TrueRep(
                    number=i + 1,
                    start=float(start),
                    turn=float(start + towards + turn / 2),
                    end=float(start + towards + turn + back),
                    side=("both", "left", "right")[int(self.lead[i])],
                    form=form,
                    faults=tuple(sorted(fault for fault in faults if fault)),
                )
            )
        return tuple(out)

    def _posture(self, t: Array) -> Posture:
        rep, phase, returning = self._course(t)
        lead = self.lead[rep] if len(self.starts) else np.zeros(len(t))
        form = {name: self._blended(values, rep, t) for name, values in self.form.items()}
        cycle = self.tempi.sum(-1)[rep] if len(self.starts) else np.ones(len(t))
        beat = Beat(
            t=t,
            u=phase[:, None] * np.stack([lead >= 0, lead <= 0], axis=-1),
            returning=returning,
            side=lead,
            form=form,
            delayed=lambda share: self._course(t - np.asarray(share) * cycle)[1],
            base=self.base,
            arms=self.arms,
        )
        return self._swayed(self.move.pose(self.body, beat), t)

    def _course(self, t: Array) -> tuple[NDArray[np.intp], Array, Array]:
        """Which repetition it is, its phase 0..1, and the share of the way back done, each ``(T,)``."""
        if not len(self.starts):
            return np.zeros(len(t), dtype=np.intp), np.zeros(len(t)), np.zeros(len(t))
        rep = np.clip(np.searchsorted(self.starts, t, side="right") - 1, 0, len(self.starts) - 1)
        into = t - self.starts[rep]
        towards, turn, back = self.tempi[rep].T
        returning = np.clip((into - towards - turn) / back, 0.0, 1.0)
        phase = np.where(into < towards + turn, ease(into / towards), 1.0 - ease(returning))
        phase = np.maximum(phase, 0.0) ** self.shape  # one minus ease may be a rounding error below nothing
        return rep, phase, np.where(into > towards + turn, returning, 0.0)

    def _blended(self, values: Array, rep: NDArray[np.intp], t: Array) -> Array:
        """A value of form over time: that of the repetition, changing to the next one's in the rest between."""
        if len(values) == 1:
            return np.full(len(t), values[0])
        after = np.minimum(rep + 1, len(values) - 1)
        end = self.starts[rep] + self.tempi[rep].sum(-1)
        rest = np.maximum(self.starts[after] - end, 1e-9)
        return np.asarray(values[rep] + (values[after] - values[rep]) * ease((t - end) / rest))

    def _swayed(self, posture: Posture, t: Array) -> Posture:
        if not self.sway:
            return posture
        drift = [self.sway * wander(t, self.seed, 100 + i) for i in range(4)]
        free = posture.hands is None  # hands on the floor would be torn off it
        return replace(
            posture,
            head_yaw=posture.head_yaw + 3.0 * drift[0],
            neck_flexion=posture.neck_flexion + 2.0 * drift[1],
            spine_flexion=posture.spine_flexion + free * drift[2],
            spine_side=posture.spine_side + free * drift[3],
        )


def perform(
    exercise: str | Move,
    *,
    reps: int | None = None,
    tempo: Tempo | None = None,
    form: Mapping[str, float | Sequence[float]] | None = None,
    sides: Sides | None = None,
    base: Base | None = None,
    arms: Arms | None = None,
    body: Body | None = None,
    variation: float = 0.0,
    fatigue: float = 0.0,
    shape: float = 1.0,
    sway: float = 0.0,
    lead: float = 1.0,
    tail: float = 1.0,
    seed: int = 0,
) -> Performance:
    """A set of an exercise (or, of a movement nobody should count, ``lead`` + ``tail`` seconds of it).

    Args:
        exercise: a name in `poise.sim.moves.MOVES`, or a movement itself.
        reps: how many; None for as many as are usual.
        tempo: seconds of a repetition; None for the usual ones.
        form: parameters of the movement by name, one value for all repetitions or one for each; what is not
            named is neutral. ``MOVES[exercise].parameters`` says what there is, its unit and what is a fault.
        sides: which side moves or leads: "both", "left", "right", "alternating".
        base: "standing", "seated", "kneeling" (or "forearms", of a plank).
        arms: what arms do that the exercise leaves free.
        body: whose; None for an average one of 1.75 m.
        variation: how much repetitions differ, 0 exactly alike, 1 as much as good form allows (and ±15 % of time).
        fatigue: how far the last repetition's amplitude falls, as a share of the natural range, and tempo slows.
        shape: exponent of the phase: below 1 lingers at the turn, above 1 at rest.
        sway: degrees by which trunk and head wander.
        lead: seconds before the first repetition.
        tail: seconds after the last.
        seed: of variation and sway.

    Raises:
        UnknownName: an exercise, parameter, side, base or arm position nobody knows.
        InputError: fewer than no repetitions, or values of a parameter that are neither one nor ``reps``.

    """
    move = exercise if isinstance(exercise, Move) else find_move(exercise)
    for kind, given, known in (
        ("side", sides, move.sides),
        ("base", base, move.bases),
        ("arm position", arms, move.arms),
    ):
        if given is not None and given not in known:
            raise UnknownName(f"{kind} of {move.name}", given, known)
    rng = np.random.default_rng(seed)
    count = move.reps if reps is None else reps
    if count < 0:
        raise InputError(f"{count} repetitions cannot be done.", "Ask for 0 or more.")
    tempo = tempo or move.tempo
    values = _form(move, dict(form or {}), max(count, 1), rng, variation, fatigue)
    pace = (
        np.exp(rng.normal(0.0, 0.15 * variation, (count, 4)))
        * np.linspace(1.0, 1.0 + 0.5 * fatigue, count)[:, None]
    )
    parts = np.array([tempo.towards, tempo.turn, tempo.back, tempo.rest]) * pace
    if "towards" in (form or {}):
        parts[:, 0] = values["towards"][:count]
    elif "towards" in values and count:
        values["towards"] = parts[:, 0]
    ends = lead + np.cumsum(parts.sum(-1))
    turns = {"both": [0], "left": [1], "right": [-1], "alternating": [1, -1]}[sides or move.sides[0]]
    return Performance(
        move=move,
        body=body or Body.of(),
        seconds=float((ends[-1] - parts[-1, 3] if count else lead) + tail),
        starts=ends - parts.sum(-1),
        tempi=parts[:, :3],
        lead=np.resize(turns, count),
        form=values,
        base=base or move.bases[0],
        arms=arms or move.arms[0],
        shape=shape,
        sway=sway,
        seed=seed,
    )


def _form(
    move: Move,
    given: dict[str, float | Sequence[float]],
    count: int,
    rng: np.random.Generator,
    variation: float,
    fatigue: float,
) -> dict[str, Array]:
    out = {}
    for name, spec in move.parameters.items():
        low, high = spec.natural
        value = np.asarray(given.pop(name, spec.neutral), dtype=np.float64)
        if value.ndim and value.shape != (count,):
            raise InputError(
                f"{name} of {move.name} has {value.size} values.", f"Give one, or one for each of {count}."
            )
        values = np.broadcast_to(value, (count,)) + rng.normal(0.0, 0.15, count) * variation * (high - low)
        if name == move.amplitude:
            worse = 1.0 if spec.faulty[0] >= high else -1.0
            values = values + worse * fatigue * (high - low) * np.linspace(0.0, 1.0, count)
        out[name] = values
    if given:
        raise UnknownName(f"form parameter of {move.name}", next(iter(given)), move.parameters)
    return out
