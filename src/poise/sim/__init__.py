"""Known truth: a kinematic body that exercises, cameras that watch it, noise, and a renderer.

::

    perform("squat", reps=5, form={"valgus": 0.05})    a Performance: joints, measures, reps, faults: all true
    film_poses(performance, Camera(yaw=90), noise=...)  a PoseSequence, as an estimator would give
    shipped()                                           the films that come with poise, and their truth
    MOVES["squat"].parameters                           what there is to vary, its unit, and what is a fault
"""

from poise.sim.body import Body
from poise.sim.camera import Camera
from poise.sim.film import film_poses
from poise.sim.move import Tempo
from poise.sim.moves import MOVES
from poise.sim.noise import Noise
from poise.sim.performance import Performance, TrueRep, perform
from poise.sim.shipped import ShippedClip, shipped

__all__ = [
    "MOVES",
    "Body",
    "Camera",
    "Noise",
    "Performance",
    "ShippedClip",
    "Tempo",
    "TrueRep",
    "film_poses",
    "perform",
    "shipped",
]
