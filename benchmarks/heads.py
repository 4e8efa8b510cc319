"""Fault heads learned from simulation beside the rules, on real data: does a network add anything to them.

python benchmarks/heads.py [--performances 200] [--members 5] [--data ../shared/data] [--keep FOLDER]

An exercise is performed by random bodies with every fault of its rules planted or not with even odds, each on
its own, at random severity, before random cameras within the gate of the side view and through estimators on
good and bad days. Its truth is what its rules read without noise from a perfect camera. From what the coach's
measures were in each repetition (least, most, middle, at the turn) an ensemble of small networks learns, for
every rule at once, the measure with its variance (Gaussian likelihood) and whether the limit is broken. A
head's probability is the mean over the ensemble, its uncertainty their spread. Nothing real is trained on or
looked at for it.

Held to Pose Trainer's clips, curls and front raises: a clip is bad if anything is a fault on any repetition,
for heads as for rules at the probability from which poise speaks. The same measures of single instants are
learned for leaning back and for planks, and held to the labelled frames of Exercise-Correction, seen side-on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from form import Staged, judged, overlap
from form_real import FORM, PLANKS, WIDE, frames, judgeable, recordings, share
from machine import machine
from torch import nn

from poise import review
from poise.body import OPENPOSE18, Array, PoseSequence
from poise.coach import Hold, Rep, load_exercise
from poise.coach.exercise import Exercise
from poise.coach.form import SURE
from poise.coach.measures import MEASURES
from poise.coach.stretch import Judged, Stretch
from poise.coach.view import observable
from poise.sim import MOVES, Camera, Noise

#: What every skeleton has, and heads are shown.
SHOWN = tuple(
    measure
    for measure in MEASURES.values()
    if measure.plane != "frontal" and not any(part in need for need in measure.needs for part in ("heel", "foot"))
)
#: Seconds before and after a repetition that belong to it, as in its rules.
AROUND = 0.3


@dataclass(frozen=True)
class Learned:
    """What was learned of an exercise: an ensemble, and how its inputs are scaled."""

    rules: tuple[str, ...]
    networks: tuple[nn.Module, ...]
    mean: Array
    sd: Array

    def told(self, shown: Array) -> tuple[Array, Array]:
        """The probability of every fault ``(N, R)``, and how far the ensemble is apart on it."""
        x = torch.tensor(self.scaled(shown), dtype=torch.float32)
        with torch.no_grad():
            each = torch.stack([torch.sigmoid(network(x)[..., 2]) for network in self.networks])
        return each.mean(0).numpy(), each.std(0, correction=0).numpy()

    def scaled(self, shown: Array) -> Array:
        """Inputs with what is unknown at its mean, none further off than those learned from hardly ever were."""
        return np.asarray(np.clip(np.nan_to_num((shown - self.mean) / self.sd), -4.0, 4.0))


def described(part: Sequence[Judged], turn: float) -> Array:
    """What the measures were in a repetition: least, most, middle and at the turn of each; NaN unknown."""
    stretch = Stretch.of(part, turn)
    values = np.array([measure.value(stretch.body) for measure in SHOWN])
    near = int(np.argmin(np.abs(stretch.t - turn)))
    with np.errstate(all="ignore"):
        known = np.where(np.isfinite(values).any(-1, keepdims=True), values, 0.0)
        rows = [*(np.nanquantile(known, q, axis=-1) for q in (0.05, 0.95, 0.5)), values[:, near]]
    return np.concatenate([np.where(np.isfinite(values).any(-1), row, np.nan) for row in rows])


#: Descriptions ``(N, F)``, and the truth of every rule ``(N, R)``.
Shown = tuple[Array, Array]


def simulated(exercise: Exercise, performances: int) -> dict[str, Shown]:
    """What is shown of simulated performances: of whole repetitions, and of instants."""
    rng = np.random.default_rng(crc32(exercise.name.encode()))
    names = tuple(rule.name for rule in exercise.fault)
    faults = {name: p for name, p in MOVES[exercise.name].parameters.items() if p.fault in names}
    shown: dict[str, list[tuple[Array, list[float]]]] = {"repetitions": [], "instants": []}
    for seed in range(performances):
        form = {name: float(rng.uniform(*p.faulty)) for name, p in faults.items() if rng.random() < 0.5}
        staged = Staged(exercise.name, form, seed)
        truth = staged.truth()
        camera = Camera(yaw=float(rng.uniform(60, 120)), height=float(rng.uniform(0.5, 1.6)))
        poses = staged.filmed(staged.framed(camera), Noise.random(rng))
        seen = judgeable(poses)
        for event in judged(review(exercise.name, poses)):
            values = [next((v for e, v in truth[name] if overlap(e, event)), np.nan) for name in names]
            if np.isfinite(values).any():
                for what, rows in shown.items():
                    rows += [(described(*part), values) for part in parts(seen, event, what)]
    return {what: (np.array([x for x, _ in rows]), np.array([y for _, y in rows])) for what, rows in shown.items()}


def parts(seen: Sequence[Judged], event: Rep | Hold, what: str) -> list[tuple[list[Judged], float]]:
    """A repetition whole, or some of its instants one by one: what there is, and when it turns."""
    during = [one for one in seen if event.start - AROUND <= one.pose.t <= event.end + AROUND and one.pose.seen]
    if not during:
        return []
    if what == "instants":
        middle = event.turn if isinstance(event, Rep) else (event.start + event.end) / 2
        near = [one for one in during if abs(one.pose.t - middle) < 0.2] or during[:1]
        return [([one], one.pose.t) for one in near[::3]]
    return [(during, event.turn if isinstance(event, Rep) else (event.start + event.end) / 2)]


def learned(exercise: Exercise, shown: Array, truths: Array, members: int) -> Learned:
    """An ensemble trained on them, each from a start of its own."""
    limits = np.array([rule.limit for rule in exercise.fault])
    spans = np.array([abs(rule.limit - rule.ok) for rule in exercise.fault])
    signs = np.array([1.0 if rule.above else -1.0 for rule in exercise.fault])
    beyond = signs * (truths - limits) / spans
    mean, sd = np.nanmean(shown, 0), np.nanstd(shown, 0) + 1e-6
    rules = tuple(rule.name for rule in exercise.fault)
    networks = []
    for member in range(members):
        torch.manual_seed(member)
        network = nn.Sequential(
            nn.Linear(shown.shape[1], 64),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(64, 64),
            nn.ReLU(),
            nn.Linear(64, 3 * len(rules)),
            nn.Unflatten(-1, (len(rules), 3)),
        )
        whole = Learned(rules, (), mean, sd)
        x = torch.tensor(whole.scaled(shown), dtype=torch.float32)
        y = torch.tensor(np.clip(np.nan_to_num(beyond), -5, 5), dtype=torch.float32)
        known = torch.tensor(np.isfinite(beyond), dtype=torch.float32)
        broken = (y > 0).float()
        share_of = (broken * known).sum(0) / known.sum(0).clamp(min=1)
        weight = torch.where(broken > 0, 0.5 / share_of.clamp(0.05), 0.5 / (1 - share_of).clamp(0.05)) * known
        optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-3)
        for _ in range(300):
            rows = torch.randint(len(x), (256,))
            out = network(x[rows])
            away = nn.functional.gaussian_nll_loss(
                out[..., 0], y[rows], torch.exp(out[..., 1].clamp(-6, 4)), reduction="none"
            )
            right = nn.functional.binary_cross_entropy_with_logits(out[..., 2], broken[rows], reduction="none")
            loss = (weight[rows] * (right + 0.2 * away)).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        networks.append(network.eval())
    return Learned(rules, tuple(networks), mean, sd)


def clips(head: Learned, exercise: Exercise, folder: Path) -> None:
    """Good and bad clips, by the head and by the rules."""
    right = {"head": 0, "rules": 0}
    total = 0
    for file in sorted(folder.glob("*.npy")):
        seen = np.load(file, allow_pickle=False)
        points = np.where(seen[..., 2:] > 0, seen[..., :2], np.nan)
        poses = PoseSequence(OPENPOSE18, np.arange(len(seen)) / 30, points, 1.0 * (seen[..., 2] > 0))
        told = review(exercise.name, poses)
        looked = judgeable(poses)
        rows = [described(*part) for rep in told.reps if rep.faults for part in parts(looked, rep, "repetitions")]
        odds, apart = head.told(np.array(rows)) if rows else (np.zeros((1, 1)), np.zeros((1, 1)))
        bad = "_bad_" in file.name
        by_rule = any(fault.state == "fault" for rep in told.reps for fault in rep.faults)
        total += 1
        right["rules"] += by_rule == bad
        right["head"] += bool((odds > SURE).any()) == bad
        names = [head.rules[j] for j in np.flatnonzero((odds > SURE).any(0))] if rows else []
        print(f"  {'bad' if bad else 'good':5s}head: {', '.join(names) or 'no fault'} (spread {apart.max():.2f})")
    for whose, n in right.items():
        print(f"{exercise.name} clips, {whose}: {share(n, total)}")


def labelled(head: Learned, files: Sequence[Path], called: dict[str, str]) -> None:
    """Labelled frames by the head: right if the surest of the faults in question is the label, or none is."""
    right = total = 0
    for file in files:
        labels, poses = frames(file, WIDE)
        for names, looked in recordings(labels, poses):
            side = [i for i, one in enumerate(looked) if observable(one.view, "sagittal")]
            keep = [i for i in side if names[i] in (*called, "C")]
            if not keep:
                continue
            odds, _ = head.told(np.array([described([looked[i]], looked[i].pose.t) for i in keep]))
            asked = odds[:, [head.rules.index(rule) for rule in called.values()]]
            surest = np.where(asked.max(1) > 0.5, np.array(list(called))[asked.argmax(1)], "C")
            right, total = right + int((surest == names[keep]).sum()), total + len(keep)
    print(f"labelled frames by the head for {', '.join(called.values())}: {share(right, total)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--performances", type=int, default=200, help="simulated performances an exercise")
    parser.add_argument("--members", type=int, default=5, help="networks in an ensemble")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--keep", type=Path, help="where what was simulated is kept, and used again")
    asked = parser.parse_args()

    print(machine())
    history = asked.data / "exercise-correction/history"
    for name in ("biceps_curl", "front_raise", "plank"):
        exercise = load_exercise(name)
        for what, (shown, truths) in kept(exercise, asked.performances, asked.keep).items():
            cut = int(0.8 * len(shown))  # the last performances, by other bodies, are not learned from
            head = learned(exercise, shown[:cut], truths[:cut], asked.members)
            odds, _ = head.told(shown[cut:])
            print(f"{name}: {len(shown)} simulated {what}, {len(shown) - cut} of them to try it on")
            for j, rule in enumerate(exercise.fault):
                known = np.isfinite(truths[cut:, j])
                broken = (truths[cut:, j] > rule.limit) == rule.above
                right = ((odds[:, j] > 0.5) == broken)[known]
                print(f"  {rule.name:18s} {share(int(right.sum()), len(right))}")
            if what == "repetitions" and name in FORM.values():
                folder = next(folder for folder, of in FORM.items() if of == name)
                clips(head, exercise, asked.data / "pose-trainer" / folder)
            elif what == "instants" and name == "biceps_curl":
                labelled(head, [history / "bicep_train_prev_5434rows.csv.gz"], {"L": "lean_back"})
            elif what == "instants" and name == "plank":
                labelled(head, [history / f"{file}.csv.gz" for file in PLANKS], {"L": "hip_sag", "H": "hip_pike"})


def kept(exercise: Exercise, performances: int, keep: Path | None) -> dict[str, Shown]:
    """What was simulated of an exercise, now or before."""
    file = keep / f"{exercise.name}_{performances}.npz" if keep else None
    if file and file.exists():
        with np.load(file) as arrays:
            return {what: (arrays[f"{what}_x"], arrays[f"{what}_y"]) for what in ("repetitions", "instants")}
    made = simulated(exercise, performances)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        (rx, ry), (ix, iy) = made["repetitions"], made["instants"]
        np.savez(file, repetitions_x=rx, repetitions_y=ry, instants_x=ix, instants_y=iy)
    return made


if __name__ == "__main__":
    main()
