"""The corrected pose held to its contract, on simulated faulty repetitions.

python benchmarks/correct.py [--reps 1000] [--seed 1] [--exercise squat]

Everybody's bodies, every exercise and every fault that the simulator can plant and a rule is about, at random
severity, from random cameras within the gate of the rule's plane, with the noise of an estimator. Whatever is then
judged a fault is corrected. A correction keeps its contract when

* every rule that it corrects is fine (on the good side of its ok limit),
* every bone is as long as it was seen, within 2 %,
* what bears the body is where it was, within 2 % of the torso,
* every rule that was ok and asks something of that moment is fine, or no worse than it was.

Where no such pose is found, that is said with a reason; it is counted apart. Printed are the shares, with n and
95 % Wilson intervals, what fails, and the time a correction takes.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from form import planted
from intervals import wilson
from machine import machine

from poise.body import Array
from poise.body.geometry import distance
from poise.coach import Correction, exercises, load_exercise, review
from poise.coach.correct import MARGIN
from poise.coach.events import Event
from poise.coach.exercise import Support
from poise.coach.figure import BEARING
from poise.coach.measures import Body, Plane
from poise.sim import MOVES, Camera, Noise, film_poses, perform
from poise.sim import Body as Athlete

RATE = 20.0
#: Relative to bone, torso, and the way from ok to limit.
BONES, CONTACTS, RULES = 0.02, 0.02, 0.05


def broken_contract(correction: Correction, exercise: str) -> list[str]:
    """What of its contract a correction breaks; empty when it keeps it."""
    if correction.pose is None:
        return [correction.reason]
    bears, before = load_exercise(exercise).bears, correction.body
    after = replace(before, pose=correction.pose)
    wrong = []
    for bound in correction.bounds:
        slack = (MARGIN if bound.broken else RULES) * bound.gap  # what is mended is so with `MARGIN` to spare
        if not bound.low - slack <= float(bound.measure.compute(after, bound.side)) <= bound.high + slack:
            wrong.append(f"{bound.rule} is {'not corrected' if bound.broken else 'worse'}")
    planes = [bound.measure.plane for bound in correction.bounds if bound.broken]
    plane: Plane = next((plane for plane in planes if plane != "any"), "any")
    long, then = (_lengths(body, plane) for body in (before, after))
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(then / long - 1)[long > 0.02 * float(before.scale)]
    if np.nanmax(off) > BONES:
        wrong.append(f"a bone is {100 * np.nanmax(off):.1f} % off")
    for name in _borne(correction, bears):
        away = float(distance(correction.seen.at(name), correction.pose.at(name)) / before.scale)
        if away > CONTACTS:
            wrong.append(f"{name} is {away:.2f} torso lengths off")
    return wrong


def _lengths(body: Body, plane: Plane) -> Array:
    """The lengths of the bones as seen, foreshortening undone; the trunk's middle stands for its sides."""
    bones = [b for b in body.pose.skeleton.bones if {end.partition("_")[2] for end in b} != {"shoulder", "hip"}]
    bones.append(("mid_shoulder", "mid_hip"))
    return np.array([float(distance(*body.in_plane(plane, *bone))) for bone in bones])


def _borne(correction: Correction, bears: tuple[Support, ...]) -> Iterator[str]:
    """The keypoints that must not have moved; of a foot that turned about its toes, the toes."""
    for support in bears:
        stems = ("foot_index",) if correction.on_toes and support == "feet" else BEARING[support]
        for stem in stems if support != "floor" else ():
            yield from (stem,) if stem.startswith("mid_") else (f"left_{stem}", f"right_{stem}")


def faulty(seed: int, names: list[str]) -> Iterator[tuple[str, str, Correction]]:
    """Corrections of faulty repetitions, without end: the exercise, what was planted, and the correction."""
    rng = np.random.default_rng(seed)
    cases = [(name, fault, form) for name in names for fault, form in planted(name) if fault]
    while True:
        for name, fault, form in cases:
            (parameter,) = form
            form = {parameter: float(rng.uniform(*MOVES[name].parameters[parameter].faulty))}
            measure = next(rule.quantity for rule in load_exercise(name).fault if rule.name == fault)
            plane, away = measure.plane, float(rng.uniform(-measure.gate, measure.gate))
            ideal = {"sagittal": (90.0, 270.0), "frontal": (0.0, 180.0), "any": (0.0, 90.0, 180.0, 270.0)}[plane]
            camera = Camera(yaw=float(rng.choice(ideal)) + away, height=float(rng.uniform(0.4, 1.7)))
            performance = perform(
                name, reps=3, form=form, lead=1.5, body=Athlete.random(rng), seed=int(rng.integers(2**31))
            )
            camera = camera.framing(performance.joints(np.arange(0.0, performance.seconds, 0.2)))
            poses = film_poses(performance, camera, rate=RATE, noise=Noise(), seed=int(rng.integers(2**31)))
            result = review(name, poses)
            events: tuple[Event, ...] = (*result.reps, *result.holds)
            for event in events:
                for correction in event.corrections:
                    yield name, fault, correction


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=1000, help="how many corrected moments")
    parser.add_argument("--seed", type=int, default=1, help="for bodies, cameras and noise")
    parser.add_argument("--exercise", action="append", choices=exercises(), help="only this one (may be repeated)")
    asked = parser.parse_args()

    print(machine())
    told: Counter[str] = Counter()
    good = there = 0
    kept: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    took = []
    for name, _, correction in faulty(asked.seed, asked.exercise or list(exercises())):
        began = time.perf_counter()
        _ = correction.pose
        took.append(1e3 * (time.perf_counter() - began))
        wrong = broken_contract(correction, name)
        good += not wrong
        there += correction.pose is not None
        for fault in correction.faults:
            total[name, fault] += 1
            kept[name, fault] += not wrong
        told.update({f"{name} {', '.join(correction.faults)}: {what}" for what in wrong})
        if len(took) >= asked.reps:
            break
    for (name, fault), n in sorted(total.items()):
        print(f"  {name:18s} {fault:18s} {kept[name, fault]:4d} of {n}")
    for what, part, whole in (("a corrected pose", there, len(took)), ("contract kept", good, there)):
        low, high = wilson(part, whole)
        print(f"{what}: {part} of {whole}, {100 * part / whole:.1f} % [{100 * low:.1f}, {100 * high:.1f}]")
    print(f"milliseconds a correction: median {np.median(took):.1f}, 95 % below {np.quantile(took, 0.95):.1f}")
    for what, n in told.most_common():
        print(f"  {n:4d} x {what}")


if __name__ == "__main__":
    main()
