"""How far the verdicts on form can be trusted: planted faults in simulated bodies, seen from every side.

python benchmarks/form.py [--step 22.5] [--seeds 1] [--exercise squat] [--height 1.1]

Every exercise is performed without a fault and with each fault that its file has a rule for, from the
least to the most of what the simulator calls faulty, and filmed from yaw 0 to 180 degrees and several heights
with the noise of an estimator. The truth of a rule is what it reads without noise from a far camera in its
own plane, and of knees and elbows the angle in space. Within the gate of a rule every verdict counts:

recall     how many of those whose truth is beyond the limit by 2 standard errors were called a fault, when asked at
           all (``judged``: the keypoints were seen and the view held still) and of all of them (``all``)
precision  how many of those called a fault are beyond the limit in truth
coverage   how many verdicts are fault or ok
false      faults that are none

Outside the gate every fault verdict is listed, true or not. It is a simulation: it says what geometry allows.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from intervals import wilson
from machine import machine

from poise.body import Array
from poise.coach import Exercise, Fault, Hold, Rep, Review, exercises, load_exercise, review
from poise.coach.exercise import Rule
from poise.coach.view import GATES, off_plane
from poise.sim import MOVES, Camera, Noise, Performance, perform
from poise.sim.film import instants, seen_poses

HEIGHTS = (0.5, 1.1, 1.7)
RATE = 20.0
#: How severe the planted faults are: shares of the way from the least to the most that is faulty.
SEVERITIES = (0.0, 0.5, 1.0)
#: Measures that stand for an angle in space, and which one.
IN_SPACE = {
    "knee_flexion": "left_knee_flexion",
    "elbow_flexion": "left_elbow_flexion",
    "elbow_flexion_frontal": "left_elbow_flexion",
    "push_up_elbow_flexion": "left_elbow_flexion",
    "elbow_bend_ahead": "left_elbow_flexion",
}


@dataclass(frozen=True)
class Case:
    """One performance: what was planted in it ('' for nothing), and where it was seen from."""

    exercise: str
    planted: str
    severity: float
    yaw: float
    height: float
    seed: int


def planted(exercise: str) -> Iterator[tuple[str, dict[str, float]]]:
    """No fault, and each fault that a rule is about, from the least to the most of it: its name and form."""
    yield "", {}
    rules = {rule.name for rule in load_exercise(exercise).fault}
    for name, parameter in MOVES[exercise].parameters.items():
        if parameter.fault in rules:
            near, far = parameter.faulty
            near, far = (near, far) if near >= parameter.natural[1] else (far, near)
            for share in SEVERITIES:
                yield parameter.fault, {name: near + share * (far - near)}


#: Of every rule, what is true of each repetition or hold.
Truth = dict[str, list[tuple[Rep | Hold, float]]]


class Staged:
    """A performance, its joints worked out once for every camera."""

    def __init__(self, exercise: str, form: dict[str, float], seed: int) -> None:
        self.exercise = load_exercise(exercise)
        self.performance: Performance = perform(exercise, reps=3, form=form, lead=1.5, seed=seed)
        self.t = instants(self.performance, RATE)
        self.joints = self.performance.joints(self.t)
        self.seed = seed

    def seen(self, camera: Camera, noise: Noise | None) -> Review:
        """What the coach makes of it from there."""
        camera = camera.framing(self.joints[::4])
        poses = seen_poses(self.joints, self.t, self.performance.body.stature, camera)
        return review(self.exercise.name, noise.applied(poses, self.seed) if noise else poses)

    def truth(self) -> Truth:
        """What each rule reads on each repetition or hold from a perfect camera, or in space; NaN where unseen."""
        side, front, rear = (
            list(judged(self.seen(Camera(yaw=yaw, distance=80.0, height=0.9, fov=2.0), None)))
            for yaw in (90.0, 0.0, 180.0)
        )
        truth: Truth = {}
        for rule in self.exercise.fault:
            plane, events = rule.quantity.plane, side
            if plane == "frontal":
                hidden = any(math.isnan(_value(event, rule)) for event in front)
                events = rear if hidden and not rule.front else front
            spatial = rule.measure in IN_SPACE
            truth[rule.name] = [
                (event, self._in_space(event, rule) if spatial else _value(event, rule)) for event in events
            ]
        return truth

    def _in_space(self, event: Rep | Hold, rule: Rule) -> float:
        during = (self.t >= event.start - 0.3) & (self.t <= event.end + 0.3)
        values: Array = self.performance.measures(self.t[during])[IN_SPACE[rule.measure]]
        if rule.at == "turn" and isinstance(event, Rep):
            return float(np.interp(event.turn, self.t[during], values))
        low, high = float(values.min()), float(values.max())
        return {"max": high, "min": low, "range": high - low, "median": float(np.median(values))}[rule.at]


def judged(result: Review) -> Iterator[Rep | Hold]:
    """Every repetition and hold that was held to any rule."""
    yield from (rep for rep in result.reps if rep.faults)
    yield from result.holds


def _value(event: Rep | Hold, rule: Rule) -> float:
    return next((fault.value for fault in event.faults if fault.name == rule.name), math.nan)


class Tally:
    """What came of one rule within its gate."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.there = self.asked = self.found = self.false = 0

    def add(self, verdict: Fault, rule: Rule, truth: float, planted: bool) -> None:
        """Count a verdict whose truth is known."""
        sign = 1.0 if rule.above else -1.0
        beyond = sign * (truth - rule.limit)
        sigma = verdict.sigma if math.isfinite(verdict.sigma) else abs(rule.limit - rule.ok) / 2
        self.states[verdict.state] += 1
        if beyond >= 2 * sigma:
            self.there += 1
            self.asked += verdict.state != "not_observable"
            self.found += verdict.state == "fault"
        if verdict.state == "fault" and (beyond <= 0 or (math.isnan(beyond) and not planted)):
            self.false += 1

    def line(self) -> str:
        """Its figures in a row."""
        faults, total = self.states["fault"], max(self.states.total(), 1)
        precision = f"{100 * (faults - self.false) / faults:.1f} %" if faults else "–"
        told = self.states["fault"] + self.states["ok"]
        columns = [_share(self.found, self.asked), _share(self.found, self.there), precision]
        return "".join(f"{column:>24s}" for column in columns) + f"{100 * told / total:8.0f} % {self.false:5d}"

    def __iadd__(self, other: Tally) -> Tally:
        self.states += other.states
        self.there, self.asked = self.there + other.there, self.asked + other.asked
        self.found, self.false = self.found + other.found, self.false + other.false
        return self


def _share(n: int, of: int) -> str:
    if not of:
        return "0/0"
    low, high = wilson(n, of)
    return f"{n}/{of} {100 * n / of:.0f} % [{100 * low:.0f}, {100 * high:.0f}]"


def gated(rule: Rule, yaw: float) -> bool:
    """Whether a rule is asked about a body truly seen from there."""
    plane = rule.quantity.plane
    return off_plane(yaw, plane) <= GATES[plane] and not (rule.front and yaw > 90)


def sweep(names: list[str], step: float, seeds: int, heights: tuple[float, ...], tell: bool) -> None:
    """Run every case and print what came of it."""
    inside: defaultdict[tuple[str, str], Tally] = defaultdict(Tally)
    outside: list[tuple[Case, Fault]] = []
    beyond = 0
    for name in names:
        for fault, form in planted(name):
            for seed in range(1, seeds + 1):
                staged = Staged(name, form, seed)
                truth = staged.truth()
                for yaw in np.arange(0.0, 180.1, step):
                    for height in heights:
                        case = Case(name, fault, sum(form.values()), float(yaw), height, seed)
                        result = staged.seen(Camera(yaw=case.yaw, height=height), Noise())
                        for event in judged(result):
                            for rule, verdict in paired(staged.exercise, event):
                                true = true_value(truth[rule.name], event)
                                if gated(rule, case.yaw):
                                    tally = inside[name, rule.name]
                                    before = tally.false
                                    tally.add(verdict, rule, true, fault == rule.name)
                                    if tell and tally.false > before:
                                        print(f"  false: {case} {_told(verdict)}, in truth {true:.3g}")
                                else:
                                    beyond += 1
                                    if verdict.state == "fault":
                                        outside.append((case, verdict))
    print(
        f"{'within the gate':34s}{'recall of judged':>24s}{'of all':>24s}{'precision':>24s} {'coverage':>9s} false"
    )
    total = Tally()
    for (name, rule_name), tally in inside.items():
        total += tally
        print(f"  {name:18s} {rule_name:15s}{tally.line()}")
    print(f"  {'all':34s}{total.line()}")
    untrue = [(case, verdict) for case, verdict in outside if verdict.name != case.planted]
    print(f"outside the gate: n = {beyond} verdicts, {len(outside)} faults, {len(untrue)} of them not planted")
    for case, verdict in outside:
        print(f"  {case} {_told(verdict)}")


def true_value(known: list[tuple[Rep | Hold, float]], event: Rep | Hold) -> float:
    """What is true of the repetition or hold at that time; NaN where there was none."""
    shared = [(min(event.end, other.end) - max(event.start, other.start), value) for other, value in known]
    overlap, value = max(shared, default=(0.0, math.nan), key=lambda pair: pair[0])
    return value if overlap > 0.5 * (event.end - event.start) else math.nan


def paired(exercise: Exercise, event: Rep | Hold) -> Iterator[tuple[Rule, Fault]]:
    """Every verdict on a repetition or hold beside its rule."""
    verdicts = {verdict.name: verdict for verdict in event.faults}
    for rule in exercise.fault:
        if rule.name in verdicts:
            yield rule, verdicts[rule.name]


def _told(verdict: Fault) -> str:
    return f"{verdict.name} {verdict.value:.3g} ± {verdict.sigma:.2g} {verdict.unit}, limit {verdict.limit:g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=float, default=22.5, help="degrees between yaws")
    parser.add_argument("--seeds", type=int, default=1, help="performances of every case")
    parser.add_argument("--height", type=float, action="append", help="metres of the camera (may be repeated)")
    parser.add_argument("--exercise", action="append", choices=exercises(), help="only this one (may be repeated)")
    parser.add_argument("--tell", action="store_true", help="list what was called a fault and is none")
    asked = parser.parse_args()

    print(machine())
    names = asked.exercise or list(exercises())
    sweep(names, asked.step, asked.seeds, tuple(asked.height or HEIGHTS), asked.tell)


if __name__ == "__main__":
    main()
