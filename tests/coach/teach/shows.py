"""Simulated people who show movements, good and bad."""

from __future__ import annotations

from functools import cache

from poise.body import PoseSequence
from poise.sim import Body, Camera, Noise, Tempo, film_poses, perform
from poise.sim.moves import MOVES
from poise.sim.moves.others import OTHERS

SLOW = Tempo(1.6, 0.4, 1.4, 0.6)


@cache
def shows(
    name: str,
    reps: int,
    yaw: float = 90.0,
    seed: int = 1,
    tall: float = 1.75,
    slow: bool = False,
    **form: float,
) -> PoseSequence:
    """Somebody who does a movement before a level camera, seen with an estimator's noise."""
    move = MOVES.get(name) or OTHERS[name]
    performance = perform(
        move,
        reps=reps,
        form=form,
        body=Body.of(tall),
        tempo=SLOW if slow else None,
        variation=0.3 if name in MOVES else 0.0,
        sway=0.5,
        seed=seed,
    )
    camera = Camera(yaw=yaw).framing(performance.joints([0.0, performance.reps[0].turn]), fill=0.7)
    return film_poses(performance, camera, rate=20, noise=Noise(), seed=seed)
