"""How fast BlazePose in poise is against MediaPipe's own runtimes, and what it costs.

python benchmarks/speed.py [FILM] [--model full] [--frames 300] [--rounds 7]

Every contender runs in a process of its own with the same frames in memory; they take turns, one round of all
frames each, so that a busy machine slows all alike. Printed are the median over rounds of a round's median
milliseconds a frame (with the lowest and highest round), CPU milliseconds a frame over all threads, the peak memory
of the whole process, and how many times as fast as MediaPipe Tasks it was in the same round.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from machine import machine
from peers import LEGACY, SHARED, TASKS, Contender, Running, frames_of, task_file


def contenders(model: str) -> list[Contender]:
    """Who runs; the first is what the others are held against."""
    return [
        Contender(f"Tasks ({TASKS})", "tasks", task_file(model), (), TASKS),
        Contender(f"mp.solutions ({LEGACY})", "legacy", model, (), LEGACY),
        Contender("poise, 1 thread", "poise", model),
        Contender("poise, 2 threads", "poise", model, ("threads=2",)),
        Contender("landmark network alone, 1 thread", "network", model),
        Contender("landmark network alone, 2 threads", "network", model, ("threads=2",)),
    ]


def estimators(film: Path, model: str, most: int, rounds: int) -> None:
    """Time the estimators, and print a line for each."""
    with frames_of(film, most) as frames:
        print(f"{film.name}, {frames.width}x{frames.height}, n = {frames.count} frames, {rounds} rounds, {model}")
        running = [Running(contender, frames) for contender in contenders(model)]
        ms: defaultdict[str, list[float]] = defaultdict(list)
        cpu: defaultdict[str, list[float]] = defaultdict(list)
        peak: dict[str, float] = {}
        for turn in range(rounds + 1):
            for one in running:
                answer = one.do("time")
                if turn:  # the first round warms up
                    ms[one.label].append(1e3 * float(np.median(answer["wall"])))
                    cpu[one.label].append(1e3 * answer["cpu"] / frames.count)
                peak[one.label] = answer["peak_mb"]
        for one in running:
            one.close()

    first = running[0].label
    print(f"{'':36s} {'ms a frame':>20s} {'CPU ms':>7s} {'peak MB':>8s} {'times as fast as Tasks':>26s}")
    for label, each in ms.items():
        faster = np.array(ms[first]) / np.array(each)
        print(
            f"{label:36s} {np.median(each):6.2f} ({min(each):5.2f}-{max(each):5.2f}) {np.median(cpu[label]):7.2f} "
            f"{peak[label]:8.0f} {np.median(faster):10.2f} ({faster.min():.2f}-{faster.max():.2f})  "
            f"memory {peak[label] / peak[first]:.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path, nargs="?", default=SHARED / "clips" / "mrpose_squat.mp4")
    parser.add_argument("--model", default="full", choices=("lite", "full"))
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()

    print(machine())
    estimators(asked.film, asked.model, asked.frames, asked.rounds)


if __name__ == "__main__":
    main()
