"""Draws a film of the simulated athlete: ``python -m poise.sim squat --out squat.mp4``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from poise.errors import PoiseError
from poise.sim.camera import Camera
from poise.sim.film import film_video, instants
from poise.sim.performance import perform
from poise.sim.shipped import ShippedClip, read_clip


def main(arguments: list[str] | None = None) -> None:
    """Parse, draw, write."""
    parser = argparse.ArgumentParser(prog="python -m poise.sim", description=__doc__)
    parser.add_argument("what", help="an exercise, or a recipe such as those in src/poise/sim/clips/*.json")
    parser.add_argument("--out", required=True, help="the film to write, *.mp4")
    parser.add_argument("--yaw", type=float, default=60.0, help="where the camera is: 0 in front, 90 at the left")
    parser.add_argument("--reps", type=int, help="how many repetitions")
    given = parser.parse_args(arguments)
    try:
        clip = read_clip(given.what) if given.what.endswith(".json") else _plain(given.what, given.yaw, given.reps)
        film_video(clip.performance, clip.camera, given.out, clip.rate, clip.look, progress=_say)
    except (PoiseError, OSError) as error:
        parser.error(str(error))


def _plain(exercise: str, yaw: float, reps: int | None) -> ShippedClip:
    performance = perform(exercise, reps=reps)
    camera = Camera(yaw=yaw, height=1.0, fov=35.0, size=(480, 480)).framing(
        performance.joints(instants(performance, 5))
    )
    return ShippedClip(exercise, Path(exercise), performance, camera, 25.0, "blue")


def _say(done: int, total: int) -> None:
    sys.stderr.write(f"\rframe {done} of {total}" + "\n" * (done == total))


if __name__ == "__main__":
    main()
