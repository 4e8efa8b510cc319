"""How far the verdicts on form can be trusted: planted faults in simulated bodies, seen from every side.

python benchmarks/form.py [--step 22.5] [--seeds 1] [--exercise squat] [--height 1.1] [--workers 2] [--keep DIR]

Somebody performs every exercise without a fault and with each fault that its file has a rule for, from the
least to the most of what the simulator calls faulty, and is filmed from yaw 0 to 180 degrees and several
heights with the noise of an estimator; bodies and noise differ from case to case. The truth of a rule is what
it reads without noise from a far camera in its own plane, and of knees and elbows the angle in space. A verdict
is within the gate when the trunk is truly seen from within the gate of the rule's measure, and not at its edge: the
line of sight to it at most 31 degrees off its plane, of some 28, 23, 13 or 8, from the side or, of sagittal ones,
from above; and not from where the body is in the way. It does not matter what poise takes the view for. Of those:

recall     where the truth is beyond the limit by at least 2 standard errors of the verdict, how many were called a
           fault: unsure, ok, not observable, and repetitions not found or not counted as full are all missed
judged     the same where there is a verdict: without those not observable and those not counted
precision  of those called a fault, how many are beyond the limit in truth
coverage   how many verdicts are fault or ok
false      faults that are none

Outside the gate, which is 35 degrees off (of narrow ones 17 or 12) and more, every fault is listed, true or not;
what is said between, where poise may take a view for within or outside, is told in a row of its own. Then, rule by
rule, the share on the wrong side of the limit among the surest verdicts (risk by coverage), and at the coverage at
which poise speaks.
It is a simulation: it says what geometry allows. With ``--keep`` the verdicts on each exercise are kept in a
file there and used again, so that the sweep can be run in pieces; in the end, all of them together.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from zlib import crc32

import numpy as np
from intervals import wilson
from machine import machine

from poise.body import BLAZEPOSE33, Array, PoseSequence
from poise.coach import Hold, Rep, Review, exercises, load_exercise, review
from poise.coach.exercise import Rule
from poise.coach.measures import Plane
from poise.sim import MOVES, Body, Camera, Noise, perform
from poise.sim.film import instants, seen_poses

HEIGHTS = (0.5, 1.1, 1.7)
GIRDLES = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")
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
#: The state of a repetition that is there, and was not found or not held to the rule.
UNCOUNTED = "uncounted"
#: Degrees about its gate within which a view is at its edge, neither within nor outside; degrees off the plane up
#: to which it is so for all but narrow gates; and degrees beyond which a gate is not narrow.
EDGE, OFF, NARROW = 2.0, 35.0, 24.0
#: Shares of all verdicts at which the risk is told.
COVERAGES = (0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Verdict:
    """What a rule said of a repetition or hold, what is true, what was planted (or ''), and whence it was seen.

    ``askew`` is how far off the rule's plane the line of sight to the trunk truly is, degrees.
    """

    exercise: str
    rule: str
    planted: str
    severity: float
    seed: int
    yaw: float
    height: float
    askew: float
    state: str
    value: float
    sigma: float
    probability: float
    truth: float

    @cached_property
    def held_to(self) -> Rule:
        """The rule itself."""
        return next(rule for rule in load_exercise(self.exercise).fault if rule.name == self.rule)

    @property
    def gated(self) -> bool:
        """Whether the body is truly seen from within the gate of the rule, and not at its edge."""
        edge = EDGE if self.held_to.quantity.plane != "any" else 0.0
        return self.askew <= self.held_to.quantity.gate - edge and not self.held_to.hidden(self.yaw)

    @property
    def outside(self) -> bool:
        """Whether it is seen from beyond the gate and its edge, or from where the body is in the way."""
        gate = self.held_to.quantity.gate
        return self.askew > (OFF if gate > NARROW else gate + EDGE) or self.held_to.hidden(self.yaw)

    @property
    def beyond(self) -> float:
        """How far the truth is beyond the limit, in the rule's unit."""
        off = self.truth - self.held_to.limit
        return off if self.held_to.above else -off

    @property
    def there(self) -> bool:
        """Whether the truth is beyond the limit by 2 standard errors; where none is known, by the way from ok."""
        known = math.isfinite(self.sigma)
        return self.beyond >= (2 * self.sigma if known else abs(self.held_to.limit - self.held_to.ok))

    @property
    def false(self) -> bool:
        """Whether it is a fault that is none."""
        unknown = math.isnan(self.truth) and self.planted != self.rule
        return self.state == "fault" and (self.beyond <= 0 or unknown)

    def __str__(self) -> str:
        planted = f"{self.planted} {self.severity:.3g}" if self.planted else "no fault"
        unit, limit = self.held_to.unit, self.held_to.limit
        return (
            f"{self.exercise} with {planted} from {self.yaw:g} deg, {self.height:g} m: {self.rule} "
            f"{self.state}, {self.value:.3g} ± {self.sigma:.2g} {unit}, limit {limit:g}, in truth {self.truth:.3g}"
        )


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
        self.seed = crc32(repr((exercise, form, seed)).encode())
        body = Body.random(np.random.default_rng(self.seed))
        reps = min(2, MOVES[exercise].reps)
        self.performance = perform(exercise, reps=reps, form=form, body=body, lead=1.5, seed=seed)
        self.t = instants(self.performance, RATE)
        self.joints = self.performance.joints(self.t)

    def seen(self, camera: Camera, noise: Noise | None) -> Review:
        """What the coach makes of it from there."""
        return review(self.exercise.name, self.filmed(camera, noise))

    def filmed(self, camera: Camera, noise: Noise | None) -> PoseSequence:
        """Its poses from there."""
        poses = seen_poses(self.joints, self.t, self.performance.body.stature, camera)
        seed = crc32(repr((self.seed, camera.yaw, camera.height)).encode())
        return noise.applied(poses, seed) if noise else poses

    def framed(self, camera: Camera) -> Camera:
        """The camera as far away as shows all of it."""
        return camera.framing(self.joints[::4])

    def askew(self, camera: Camera, plane: Plane, event: Rep | Hold) -> float:
        """How far off a plane the line of sight to the trunk is while something is done, degrees."""
        if plane == "any":
            return 0.0
        during = self.joints[(self.t >= event.start) & (self.t <= event.end)].mean(0)
        ls, rs, lh, rh = (during[BLAZEPOSE33.index(name)] for name in GIRDLES)
        across, sight = ls - rs + lh - rh, (ls + rs + lh + rh) / 4 - camera.position
        if plane == "frontal":
            sight = sight * (1.0, 0.0, 1.0)
        along = abs(float(across @ sight)) / float(np.linalg.norm(across) * np.linalg.norm(sight))
        return math.degrees(math.acos(min(along, 1.0)) if plane == "sagittal" else math.asin(min(along, 1.0)))

    def truth(self) -> Truth:
        """What each rule reads on each repetition or hold from a perfect camera, or in space; NaN where unseen."""
        side, front, rear = (
            list(judged(self.seen(self.framed(Camera(yaw=yaw, distance=80.0, height=0.9, fov=2.0)), None)))
            for yaw in (90.0, 0.0, 180.0)
        )
        truth: Truth = {}
        for rule in self.exercise.fault:
            plane, events = rule.quantity.plane, side
            if plane == "frontal":
                hidden = any(math.isnan(_value(event, rule)) for event in front)
                events = rear if rule.only == "behind" or (hidden and rule.only is None) else front
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


def overlap(event: Rep | Hold, other: Rep | Hold) -> bool:
    """Whether one is the other: more than half of the shorter is."""
    shorter = min(event.end - event.start, other.end - other.start)
    return min(event.end, other.end) - max(event.start, other.start) > 0.5 * shorter


@dataclass(frozen=True)
class Piece:
    """One performance, and from where it is filmed."""

    exercise: str
    planted: str
    form: dict[str, float]
    seed: int
    views: tuple[tuple[float, float], ...]

    def verdicts(self) -> list[Verdict]:
        """What every rule says of it from everywhere."""
        staged = Staged(self.exercise, self.form, self.seed)
        truth = staged.truth()
        told = []
        for yaw, height in self.views:
            camera = staged.framed(Camera(yaw=yaw, height=height))
            seen = list(judged(staged.seen(camera, Noise())))
            for rule in staged.exercise.fault:
                known = truth[rule.name]
                pairs = [
                    (event, True, next((value for other, value in known if overlap(event, other)), math.nan))
                    for event in seen
                ]
                found = [other for other, _ in known for event in seen if overlap(event, other)]
                pairs += [(other, False, value) for other, value in known if other not in found]
                for event, told_of, true in pairs:
                    faults = event.faults if told_of else ()
                    said = next((fault for fault in faults if fault.name == rule.name), None)
                    numbers = (said.value, said.sigma, said.probability) if said else (math.nan,) * 3
                    if said or math.isfinite(true):
                        case = (
                            self.exercise,
                            rule.name,
                            self.planted,
                            sum(self.form.values()),
                            self.seed,
                            yaw,
                            height,
                            staged.askew(camera, rule.quantity.plane, event),
                        )
                        told.append(Verdict(*case, said.state if said else UNCOUNTED, *numbers, true))
        return told


def sweep(
    exercise: str, step: float, seeds: int, heights: Sequence[float], workers: int, keep: Path | None
) -> list[Verdict]:
    """Every verdict on an exercise, worked out or read from where an earlier run kept them."""
    file = keep / f"{exercise}_{step:g}_{seeds}_{'_'.join(map(str, heights))}.csv" if keep else None
    if file and file.exists():
        with file.open(newline="", encoding="utf-8") as text:
            return [_read(row) for row in csv.reader(text)]
    views = tuple(product(np.arange(0.0, 180.1, step).tolist(), heights))
    pieces = [
        Piece(exercise, fault, form, seed, views)
        for fault, form in planted(exercise)
        for seed in range(1, seeds + 1)
    ]
    with ProcessPoolExecutor(workers) as pool:
        found = [verdict for told in pool.map(Piece.verdicts, pieces) for verdict in told]
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        with part.open("w", newline="", encoding="utf-8") as text:
            csv.writer(text).writerows(astuple(verdict) for verdict in found)
        part.rename(file)
    return found


def _read(row: list[str]) -> Verdict:
    exercise, rule, planted, severity, seed, yaw, height, askew, state, *numbers = row
    seen = float(severity), int(seed), float(yaw), float(height), float(askew)
    value, sigma, probability, truth = map(float, numbers)
    return Verdict(exercise, rule, planted, *seen, state, value, sigma, probability, truth)


def told(verdicts: Sequence[Verdict]) -> str:
    """The figures of verdicts within their gates, in a row."""
    states = Counter(verdict.state for verdict in verdicts)
    there = Counter(verdict.state for verdict in verdicts if verdict.there)
    faults, false = states["fault"], sum(verdict.false for verdict in verdicts)
    asked = there.total() - there["not_observable"] - there[UNCOUNTED]
    columns = share(there["fault"], there.total()), share(there["fault"], asked), share(faults - false, faults)
    coverage = (faults + states["ok"]) / max(states.total(), 1)
    return "".join(f"{column:>26s}" for column in columns) + f"{100 * coverage:8.0f} % {false:5d}"


def share(n: int, of: int) -> str:
    """A share with its interval."""
    if not of:
        return "0/0"
    low, high = wilson(n, of)
    return f"{n}/{of} {100 * n / of:.1f} % [{100 * low:.0f}, {100 * high:.0f}]"


def risk(verdicts: Sequence[Verdict]) -> str:
    """The share of the surest verdicts on the wrong side of the limit, at some coverages and where poise speaks."""
    known = [verdict for verdict in verdicts if math.isfinite(verdict.truth)]
    measured = [v for v in known if math.isfinite(v.probability) and v.state != "not_observable"]
    measured.sort(key=lambda v: -abs(v.probability - 0.5))
    wrong = np.cumsum([(v.probability > 0.5) != (v.beyond > 0) for v in measured])

    def at(n: int) -> str:
        return f"{100 * wrong[n - 1] / n:.1f} %" if 0 < n <= len(measured) else "–"

    spoken = sum(v.state in ("fault", "ok") for v in measured)
    cells = [f"n = {len(known)}", *(at(math.ceil(coverage * len(known))) for coverage in COVERAGES), at(spoken)]
    return "".join(f"{cell:>10s}" for cell in cells) + f" at {100 * spoken / max(len(known), 1):3.0f} %"


def report(verdicts: Iterable[Verdict], tell: bool) -> None:
    """Print what came of all cases."""
    inside: defaultdict[tuple[str, str], list[Verdict]] = defaultdict(list)
    outside, between = [], []
    for verdict in verdicts:
        if verdict.gated:
            inside[verdict.exercise, verdict.rule].append(verdict)
        elif verdict.outside:
            outside.append(verdict)
        else:
            between.append(verdict)
    every = [verdict for some in inside.values() for verdict in some]
    print(f"{'within the gate':34s}{'recall':>26s}{'judged':>26s}{'precision':>26s} {'coverage':>9s} false")
    for (name, rule), some in inside.items():
        print(f"  {name:18s} {rule:15s}{told(some)}")
    print(f"  {'all':34s}{told(every)}")
    missed = Counter(v.state for v in every if v.there and v.state != "fault")
    print(f"missed: {', '.join(f'{n} {state}' for state, n in missed.most_common()) or 'none'}")
    silent = [f"{name} {rule}" for (name, rule), some in inside.items() if not any(v.there for v in some)]
    print(f"never beyond the limit by 2 standard errors: {', '.join(silent) or 'none'}")
    print(f"  {'at the edge of it':34s}{told(between)}")
    faults = [verdict for verdict in outside if verdict.state == "fault"]
    print(
        f"outside the gate: n = {len(outside)}, {len(faults)} faults, {sum(v.false for v in faults)} of them false"
    )
    for verdict in faults:
        print(f"  {verdict}")
    head = "".join(f"{f'{100 * coverage:.0f} %':>10s}" for coverage in COVERAGES)
    print(f"{'risk by coverage, within the gate':44s}{head}{'spoken':>10s}")
    for (name, rule), some in inside.items():
        print(f"  {name:18s} {rule:15s}{risk(some)}")
    print(f"  {'all':34s}{risk(every)}")
    if tell:
        for verdict in every:
            if verdict.false or (verdict.there and verdict.state != "fault"):
                print(f"{'false' if verdict.false else 'missed'}: {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=float, default=22.5, help="degrees between yaws")
    parser.add_argument("--seeds", type=int, default=1, help="performances of every case")
    parser.add_argument("--height", type=float, action="append", help="metres of the camera (may be repeated)")
    parser.add_argument("--exercise", action="append", choices=exercises(), help="only this one (may be repeated)")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--keep", type=Path, help="where verdicts are kept, and used again")
    parser.add_argument("--tell", action="store_true", help="list what was called a fault and is none, and missed")
    asked = parser.parse_args()

    print(machine())
    names, heights = asked.exercise or exercises(), tuple(asked.height or HEIGHTS)
    print(f"{len(names)} exercises, every {asked.step:g} deg, from {heights} m, {asked.seeds} seeds")
    some = [sweep(name, asked.step, asked.seeds, heights, asked.workers, asked.keep) for name in names]
    report([verdict for part in some for verdict in part], asked.tell)


if __name__ == "__main__":
    main()
