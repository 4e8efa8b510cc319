"""How fast BlazePose in poise is against MediaPipe's own runtimes, and what it costs.

python benchmarks/speed.py [FILM] [--model full] [--frames 300] [--rounds 5]
python benchmarks/speed.py [FILM] --whole [--exercise squat] [--model full] [--rounds 5]

Every contender runs in a process of its own with the same frames in memory; they take turns, one round of all
frames each, so that a busy machine slows all alike. Printed are the median over rounds of a round's median
milliseconds a frame (with the lowest and highest round), CPU milliseconds a frame over all threads, the peak memory
of the whole process, and how many times as fast as MediaPipe Tasks it was in the same round.

With ``--whole`` it is from file to verdict on two cores: ``poise analyze --no-video`` as a user starts it,
MediaPipe Tasks in two processes that decode and follow a half of the film each, and that decoding alone. They take
turns, each time in new processes; a round in which the machine is busy with other things is left out. Printed are
frames a second with and without the start of the processes; loading the models counts as work of poise, but as a
part of the start of Tasks.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from compileall import compile_dir
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from machine import machine
from numpy.typing import NDArray
from peers import LEGACY, SHARED, TASKS, Contender, Running, frames_of, task_file

import poise
from poise.vision.estimators._openvino import installed
from poise.vision.video import open_film

#: A round counts only when everything else on the machine used fewer cores than this.
DISTURBED = 0.2


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
        running = [Running(contender) for contender in contenders(model)]
        ms: defaultdict[str, list[float]] = defaultdict(list)
        cpu: defaultdict[str, list[float]] = defaultdict(list)
        peak: dict[str, float] = {}
        for turn in range(rounds + 1):
            for one in running:
                answer = one.do("time", *frames.given)
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


@dataclass(frozen=True)
class Run:
    """One film from beginning to end: frames, and the seconds it took with the start of the processes and without.

    ``cpu_s`` is seconds of all its processors, ``others`` how many cores everything else on the machine used.
    """

    frames: int
    whole_s: float
    work_s: float
    cpu_s: float
    others: float


def processors() -> tuple[float, float]:
    """Processor seconds used so far: by the processes that this one waited for, and by the whole machine."""
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    stat = Path("/proc/stat")
    user, nice, system, *_ = map(int, stat.read_text().split()[1:5]) if stat.exists() else (0, 0, 0)
    return own.ru_utime + own.ru_stime, (user + nice + system) / os.sysconf("SC_CLK_TCK")


def ended(frames: int, began: float, ready: float, before: tuple[float, float]) -> Run:
    """The run that is over now."""
    now, (own, whole) = time.perf_counter(), processors()
    cpu = own - before[0]
    return Run(frames, now - began, now - ready, cpu, (whole - before[1] - cpu) / (now - began))


def halves(contender: Contender, film: Path) -> Run:
    """A contender in two processes, each with a half of the film."""
    began, before = time.perf_counter(), processors()
    both = [Running(contender) for _ in range(2)]
    for one in both:
        one.do("ready")
    ready = time.perf_counter()
    for part, one in enumerate(both):
        one.ask("film", film, part, len(both))
    frames = sum(one.answer()["frames"] for one in both)
    for one in both:
        one.close()
    return ended(frames, began, ready, before)


def analyzed(film: Path, exercise: str, model: str) -> tuple[Run, dict[str, float]]:
    """The command of poise, and its milliseconds a frame by stage."""
    poise = [sys.executable, "-m", "poise"]
    options = f"--no-video --json --workers 2 --exercise {exercise} --model {model} --out".split()
    began = time.perf_counter()
    subprocess.run([*poise, "--version"], check=True, capture_output=True)
    start = time.perf_counter() - began
    with TemporaryDirectory() as folder:
        began, before = time.perf_counter(), processors()
        told = subprocess.run([*poise, "analyze", film, *options, folder], check=True, capture_output=True).stdout
        timing = json.loads(told)["timing"]
        return ended(timing["frames"], began, began + start, before), timing["ms"]


def file_to_verdict(film: Path, exercise: str, model: str, rounds: int) -> None:
    """Time whole films, and print a line for each."""
    compile_dir(Path(poise.__file__).parent, quiet=1)  # as pip leaves whatever it installs
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    tasks = Contender("Tasks, two processes", "tasks", task_file(model), (), TASKS)
    decoding = Contender("decoding alone, two processes", "nobody", "", (), TASKS)
    ours = "poise analyze --no-video"
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    stages: list[dict[str, float]] = []
    disturbed = 0
    while len(stages) < rounds and disturbed <= 3 * rounds:
        turn = {one.label: halves(one, film) for one in (tasks, decoding)}
        turn[ours], ms = analyzed(film, exercise, model)
        if max(run.others for run in turn.values()) > DISTURBED:
            disturbed += 1
            continue
        stages.append(ms)
        for label, run in turn.items():
            runs[label].append(run)
    if not stages:
        raise SystemExit("The machine was never left alone for a round; try again when it is.")

    with open_film(film) as source:
        width, height = source.size
        n = runs[ours][0].frames
        print(f"{film.name}, {width}x{height}, {n} frames, {source.duration:.1f} s; {model}, {TASKS}, 2 cores")
    print(f"poise follows films on {'OpenVINO' if installed() else 'LiteRT'} here")
    print(f"{len(stages)} rounds, and {disturbed} left out in which others used more than {DISTURBED} cores")
    for what, seconds in (("with the start of the processes", "whole_s"), ("once they have started", "work_s")):
        print(f"\n{what:34s} {'frames a second':>22s} {'CPU ms':>7s} {'films a minute':>15s} {'times Tasks':>18s}")
        took = {label: np.array([getattr(run, seconds) for run in each]) for label, each in runs.items()}
        for label, each in took.items():
            cpu = np.median([1e3 * run.cpu_s / n for run in runs[label]])
            print(
                f"{label:34s} {spread(n / each):>22s} {cpu:7.1f} {np.median(60 / each):15.1f} "
                f"{spread(took[tasks.label] / each, 2):>18s}"
            )
    told = ", ".join(f"{stage} {np.median([each[stage] for each in stages]):.2f}" for stage in stages[0])
    print(f"\npoise, ms a frame of work in each thread: {told}")


def spread(values: NDArray[np.float64], digits: int = 1) -> str:
    """The median, with the lowest and the highest."""
    return f"{np.median(values):.{digits}f} ({values.min():.{digits}f}-{values.max():.{digits}f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path, nargs="?", default=SHARED / "clips" / "mrpose_squat.mp4")
    parser.add_argument("--model", default="full", choices=("lite", "full"))
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--exercise", default="squat")
    asked = parser.parse_args()

    print(machine())
    if asked.whole:
        file_to_verdict(asked.film, asked.exercise, asked.model, asked.rounds)
    else:
        estimators(asked.film, asked.model, asked.frames, asked.rounds)


if __name__ == "__main__":
    main()
