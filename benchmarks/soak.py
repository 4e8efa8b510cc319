"""Whether a day with the coach takes more and more memory.

python benchmarks/soak.py [--hours 8] [--rate 15] [--exercise auto]

One session of the server goes on for so many hours of its own clock: sets of several exercises by a simulated
person with an estimator's noise, and rests between them. Poses are judged and kept as those of a socket are, one
right after the other. Printed are the memory of the process after every half hour, and how much it grew from the
first of them to the last.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from machine import machine

from poise.body import Pose
from poise.coach import Coach
from poise.server.live import Going, Keeping
from poise.server.messages import PoseGiven, Start
from poise.session import Session
from poise.sim import Camera, Noise, film_poses, perform
from poise.store import open_store

#: What is done, turn by turn, and how often; between them is a minute of rest.
SETS = (("squat", 12), ("biceps_curl", 10), ("lunge", 10), ("shoulder_press", 10), ("jumping_jack", 20))
REST_S = 60.0
HALF_HOUR_S = 1800.0


def a_day(rate: float) -> Iterator[tuple[float, Pose]]:
    """Poses with their seconds, without end."""
    began = 0.0
    for number in itertools.count():
        exercise, reps = SETS[number % len(SETS)]
        view = Camera(yaw=90.0 if exercise in ("squat", "lunge", "biceps_curl") else 0.0)
        poses = film_poses(perform(exercise, reps=reps, seed=number), view, rate=rate, noise=Noise(), seed=number)
        for pose in poses:
            yield began + pose.t, pose
        began += float(poses.t[-1]) + 1.0 / rate
        last = pose
        for i in range(int(REST_S * rate)):
            yield began + i / rate, last
        began += REST_S


def given(t: float, pose: Pose) -> PoseGiven:
    """What a page would send."""
    rows = np.column_stack([pose.points, pose.score]).round(2)
    body = [row.tolist() if np.isfinite(row).all() else None for row in rows]
    return PoseGiven.model_validate({"type": "pose", "t": t, "keypoints": body})


def resident_mb() -> float:
    """Memory of this process now."""
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


async def soak(folder: Path, exercise: str, rate: float, hours: float) -> None:
    """One session of so many hours; prints what it takes."""
    taken, began, cpu = list[float](), time.perf_counter(), time.process_time()
    with open_store("", folder) as store, ThreadPoolExecutor(1) as thread:
        session = store.begin("me", exercise)
        start = Start.model_validate({"type": "start", "exercise": exercise, "width": 640, "height": 480})
        going = Going(start, Session(Coach(exercise)), Keeping(store, thread, session), (640, 480))
        for number, (t, pose) in enumerate(a_day(rate)):
            if t > len(taken) * HALF_HOUR_S:
                taken.append(resident_mb())
                print(
                    f"{t / 3600:4.1f} h {taken[-1]:6.1f} MB {time.process_time() - cpu:6.0f} s of CPU", flush=True
                )
            if t > hours * 3600:
                break
            feedback = going.judge(given(t, pose))
            if number % round(10 * rate) == 0:
                await going.keeping.keep()
        assert feedback
        await going.keeping.end()
    kept = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    print(f"{hours:g} hours at {rate:g} poses a second in {time.perf_counter() - began:.0f} s: {feedback.counts}")
    print(f"memory from the first half hour to the end: {taken[-1] - taken[1]:+.1f} MB; on disk {kept:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--rate", type=float, default=15.0)
    parser.add_argument("--exercise", default="auto")
    asked = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(soak(Path(folder), asked.exercise, asked.rate, asked.hours))


if __name__ == "__main__":
    main()
