"""Faults planted in simulated bodies against the verdicts of the coach, from every side.

python benchmarks/form.py [--step 15] [--seeds 1] [--exercise squat]

Every exercise is performed without a fault and with each fault that its file has a rule for, and filmed from yaw 0
to 180 degrees and three heights with the noise of an estimator. Within the gate of a rule's plane its verdicts are
counted as found, missed, or false (a fault that was not planted); outside the gate every fault verdict is listed,
true or not. Verdicts are on full repetitions and on holds. Printed are recall, precision and coverage (the share of
verdicts that are fault or ok), with n and 95 % Wilson intervals. It is a simulation: it says what geometry allows.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from intervals import wilson
from machine import machine

from poise.coach import Fault, Review, exercises, load_exercise, review
from poise.coach.view import GATES, off_plane
from poise.sim import MOVES, Camera, Noise, film_poses, perform

HEIGHTS = (0.5, 1.1, 1.7)
RATE = 20.0


@dataclass(frozen=True)
class Case:
    """One performance: what was planted in it ('' for nothing), and where it was seen from."""

    exercise: str
    planted: str
    yaw: float
    height: float
    seed: int


def planted(exercise: str) -> Iterator[tuple[str, dict[str, float]]]:
    """No fault, and each fault that a rule is about, in the middle of what the simulator calls faulty."""
    yield "", {}
    rules = {rule.name for rule in load_exercise(exercise).fault}
    for name, parameter in MOVES[exercise].parameters.items():
        if parameter.fault in rules:
            yield parameter.fault, {name: sum(parameter.faulty) / 2}


def judged(case: Case, form: dict[str, float]) -> Review:
    """What the coach makes of it."""
    performance = perform(case.exercise, reps=3, form=form, lead=1.5, seed=case.seed)
    camera = Camera(yaw=case.yaw, height=case.height)
    camera = camera.framing(performance.joints(np.arange(0.0, performance.seconds, 0.2)))
    return review(case.exercise, film_poses(performance, camera, rate=RATE, noise=Noise(), seed=case.seed))


def verdicts(result: Review) -> Iterator[Fault]:
    """Every verdict on every full repetition and hold."""
    for told in (*(rep.faults for rep in result.reps), *(hold.faults for hold in result.holds)):
        yield from told


def sweep(names: list[str], step: float, seeds: int) -> None:
    """Run every case and print what came of it."""
    inside: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    outside: list[tuple[Case, Fault]] = []
    beyond = 0
    for exercise in names:
        planes = {rule.name: rule.quantity.plane for rule in load_exercise(exercise).fault}
        for fault, form in planted(exercise):
            for yaw in np.arange(0.0, 180.1, step):
                for height in HEIGHTS:
                    for seed in range(1, seeds + 1):
                        case = Case(exercise, fault, float(yaw), height, seed)
                        for verdict in verdicts(judged(case, form)):
                            plane = planes[verdict.name]
                            if off_plane(case.yaw, plane) <= GATES[plane]:
                                tally = inside[exercise, verdict.name]
                                tally[("there " if verdict.name == fault else "not there ") + verdict.state] += 1
                            else:
                                beyond += 1
                                if verdict.state == "fault":
                                    outside.append((case, verdict))
    print(f"{'within the gate':34s} {'recall':>22s} {'precision':>12s} {'coverage':>9s} {'false':>6s}")
    total: Counter[str] = Counter()
    for (exercise, name), tally in inside.items():
        total += tally
        print(f"  {exercise:18s} {name:15s} {_line(tally)}")
    print(f"  {'all':34s} {_line(total)}")
    untrue = [(case, verdict) for case, verdict in outside if verdict.name != case.planted]
    print(f"outside the gate: n = {beyond} verdicts, {len(outside)} faults, {len(untrue)} of them not in the truth")
    for case, verdict in outside:
        value = f"{verdict.value:.3g} ± {verdict.sigma:.2g} {verdict.unit}, limit {verdict.limit:g}"
        print(f"  {case} {verdict.name} {value}")


def _line(tally: Counter[str]) -> str:
    there = sum(n for state, n in tally.items() if state.startswith("there"))
    found, false = tally["there fault"], tally["not there fault"]
    said = sum(tally[f"{where} {state}"] for where in ("there", "not there") for state in ("fault", "ok"))
    low, high = wilson(found, there)
    precision = found / (found + false) if found + false else float("nan")
    recall = f"{found}/{there} {100 * found / max(there, 1):.0f} % [{100 * low:.0f}, {100 * high:.0f}]"
    return f"{recall:>22s} {100 * precision:10.1f} % {100 * said / max(tally.total(), 1):7.0f} % {false:6d}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=float, default=15.0, help="degrees between yaws")
    parser.add_argument("--seeds", type=int, default=1, help="performances of every case")
    parser.add_argument("--exercise", action="append", choices=exercises(), help="only this one (may be repeated)")
    asked = parser.parse_args()

    print(machine())
    sweep(asked.exercise or list(exercises()), asked.step, asked.seeds)


if __name__ == "__main__":
    main()
