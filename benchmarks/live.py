"""What coaching takes of a live frame: seeing, and then knowing, counting and judging, on one thread.

python benchmarks/live.py [FILM] [--exercise squat] [--model full] [--frames 300] [--rounds 3]

Every frame goes through the estimator and the tracker, as live, and its pose at once through three coaches: one
that is told the exercise, one that counts anything, and one that finds out what it is (``auto``: recognition and
counting, smoothing, view and rules together). So each runs with the caches the network leaves behind. Printed are
milliseconds of one core a frame, the median over rounds with the lowest and the highest; of the coaches also the
95th percentile of the wall time of single frames over all rounds, and which share of a live frame (seeing and that
coach) it is. Decoding is not counted.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from machine import machine
from numpy.typing import NDArray
from peers import SHARED

from poise import open_estimator
from poise.body import Pose
from poise.coach import ANY, AUTO, Coach
from poise.vision.tracking import PersonTracker
from poise.vision.video import open_film


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path, nargs="?", default=SHARED / "clips" / "mrpose_squat.mp4")
    parser.add_argument("--exercise", default="squat")
    parser.add_argument("--model", default="full")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()

    print(machine())
    rounds = [one_round(asked.film, asked.exercise, asked.model, asked.frames) for _ in range(asked.rounds)]
    frames = len(rounds[0]["seeing"])
    print(f"{asked.film.name}, n = {frames} frames, {asked.rounds} rounds, {asked.model}, one thread; ms a frame")
    cpu = {name: np.array([1e3 * took[name][:, 0].mean() for took in rounds]) for name in rounds[0]}
    for name, each in cpu.items():
        words = f"{name:12s} {np.median(each):6.2f} ({each.min():.2f}-{each.max():.2f})"
        if name != "seeing":
            slow = 1e3 * np.percentile(np.concatenate([took[name][:, 1] for took in rounds]), 95)
            share = np.median(each / (each + cpu["seeing"]))
            words += f", 95 % of frames within {slow:.2f} ms; {share:.1%} of a live frame"
        print(words)


def one_round(film: Path, exercise: str, model: str, most: int) -> dict[str, NDArray[np.float64]]:
    """Seconds of one core and of the clock, ``(frames, 2)``, for seeing and for each coach."""
    coaches = {exercise: Coach(exercise), ANY: Coach(ANY), AUTO: Coach(AUTO)}
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ("seeing", *coaches)}
    tracker = PersonTracker()
    with open_film(film) as frames, open_estimator(model=model) as estimator:
        for frame, _ in zip(frames, range(most), strict=False):
            cpu, wall = time.process_time(), time.perf_counter()
            (poses,) = estimator.estimate([frame])
            pose = tracker.update(poses) or Pose.missing(estimator.skeleton, frame.t, frame.size)
            took["seeing"].append((time.process_time() - cpu, time.perf_counter() - wall))
            for name, coach in coaches.items():
                cpu, wall = time.process_time(), time.perf_counter()
                coach.update(pose)
                took[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    return {name: np.array(each) for name, each in took.items()}


if __name__ == "__main__":
    main()
