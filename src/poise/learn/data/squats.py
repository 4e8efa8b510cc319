"""A squat set without anybody having to squat: simulated people, half of their sets correct, half with one fault.

Everybody does a correct set and an incorrect one; each is seen by some of eight cameras around them, through the
errors of a pose estimator. The subject is the person, the view the camera's sector, a part is a repetition.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, replace
from functools import partial
from typing import Literal

import numpy as np

from poise.learn.data.table import LandmarkTable
from poise.sim import MOVES, Body, Camera, Noise, Performance, Tempo, film_poses, perform

#: Where cameras stand: the middles of sectors, degrees around the person, 0 ahead.
VIEWS = tuple(range(0, 360, 45))
#: How far from the middle of its sector a camera is at most, degrees. The sectors do not touch.
SPREAD = 15.0
#: The labels by whether it is done well.
CORRECT, INCORRECT = "correct", "incorrect"
#: The faults that are simulated: all that a squat may show.
FAULTS = tuple(sorted(spec.fault for spec in MOVES["squat"].parameters.values() if spec.fault))
#: Rows a second.
RATE = 20.0

Told = Literal["verdict", "fault"]


def squatting(rng: np.random.Generator, fault: str, reps: int, body: Body | None = None) -> Performance:
    """Somebody squatting in their own way, without fault ("") or with that one in every repetition."""
    move = MOVES["squat"]
    form = {name: float(rng.uniform(*spec.natural)) for name, spec in move.parameters.items() if name != "towards"}
    form |= {
        n: float(rng.uniform(*spec.faulty)) for n, spec in move.parameters.items() if fault and spec.fault == fault
    }
    pace = float(np.exp(rng.uniform(np.log(0.8), np.log(1.5))))
    return perform(
        "squat",
        reps=reps,
        tempo=Tempo(*(seconds * pace * float(np.exp(rng.normal(0.0, 0.15))) for seconds in astuple(move.tempo))),
        form=form,
        arms=move.arms[int(rng.integers(len(move.arms)))],
        body=body or Body.random(rng),
        variation=float(rng.uniform(0.0, 0.4)),
        shape=float(rng.uniform(0.8, 1.3)),
        sway=float(rng.uniform(0.3, 1.5)),
        lead=1.5,
        tail=1.5,
        seed=int(rng.integers(2**31)),
    )


def watching(rng: np.random.Generator, view: int) -> Camera:
    """A camera in a sector, at the height of a table or a chest."""
    return Camera(
        yaw=float(view + rng.uniform(-SPREAD, SPREAD)),
        distance=float(rng.uniform(2.5, 4.5)),
        height=float(rng.uniform(0.5, 1.5)),
        roll=float(rng.normal(0.0, 2.0)),
        fov=float(rng.uniform(50.0, 75.0)),
        size=((640, 480), (480, 640))[int(rng.integers(2))],
    ).aimed(rng.normal(0.0, 0.05, 3))


def simulate_squats(
    people: int = 120,
    seed: int = 0,
    *,
    reps: int = 3,
    cameras: int = 3,
    told: Told = "verdict",
    workers: int = 1,
    progress: Callable[[str, float, float | None], None] = lambda stage, done, total: None,
) -> LandmarkTable:
    """The table of a simulated squat set; the same for the same arguments.

    Args:
        people: how many, each of whom does two sets.
        seed: of everything random.
        reps: how many repetitions a set has.
        cameras: how many of the eight watch each set.
        told: whether a label is the "verdict" (correct, incorrect), or the "fault" ("correct" or its name).
        workers: processes that simulate.
        progress: told how far it has got.

    """
    one = partial(_person, seed=seed, reps=reps, cameras=cameras, told=told)
    tables = []
    if workers > 1:
        with ProcessPoolExecutor(workers) as pool:
            for done, table in enumerate(pool.map(one, range(people), chunksize=4), 1):
                progress("simulating", done, people)
                tables.append(table)
    else:
        for number in range(people):
            progress("simulating", number, people)
            tables.append(one(number))
    return LandmarkTable.joined(tables)


def _person(number: int, seed: int, reps: int, cameras: int, told: Told) -> LandmarkTable:
    rng = np.random.default_rng((seed, number))
    body = Body.random(rng)
    sets = ("", FAULTS[int(rng.integers(len(FAULTS)))])
    tables = []
    for fault in sets:
        performance = squatting(rng, fault, reps, body)
        verdict = INCORRECT if fault else CORRECT
        label = verdict if told == "verdict" else fault or CORRECT
        for view in rng.choice(VIEWS, min(cameras, len(VIEWS)), replace=False):
            noise, film_seed = Noise.random(rng), int(rng.integers(2**31))
            poses = film_poses(performance, watching(rng, int(view)), RATE, noise, film_seed)
            part = np.zeros(len(poses), np.int64)
            for rep in performance.reps:
                part[(poses.t >= rep.start) & (poses.t <= rep.end)] = rep.number
            table = LandmarkTable.of(
                poses,
                f"person{number:04d}_{verdict}_{view:03d}",
                subject=f"person{number:04d}",
                view=f"{view:03d}",
                part=part,
            )
            tables.append(replace(table, label=np.where(part > 0, label, "")))
    return LandmarkTable.joined(tables)
