"""What the recipes learn: on simulated squats, and on other people's data where it is there.

python benchmarks/learn.py squats|sets|posco|why|export [--people 160] [--seed 0] [--split subject|view]

squats  the SNU squat recipe beside streams, on people and on views that were not learned from; and the SNU table
sets    DeepFit on stand-bend-crouch, as its author split it; sitting postures and phases of exercises by person
posco   200 drawn pictures, from a table to a classifier, on the clock
why     whether the joint that drove a verdict is the one a simulated fault is in
export  every recipe as ONNX and TFLite, held to its network on 1,000 windows (TFLite where litert-torch is)
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from intervals import wilson
from machine import machine
from numpy.typing import NDArray

from poise.body import OPENPOSE18, Array, PoseSequence
from poise.classify import given
from poise.errors import PoiseError
from poise.learn.data import Examples, LandmarkTable, examples_of, folds, read_data
from poise.learn.data.splits import By, Rows, Split
from poise.learn.data.squats import FAULTS, VIEWS, simulate_squats
from poise.learn.export import Precision, exported
from poise.learn.recipe import Recipe, load_recipe, recipes
from poise.learn.run import Asked, learn, read_run, write_run
from poise.learn.scores import drawn_again, scored
from poise.learn.train import predicted, train
from poise.learn.why import why

#: Simulated people who are only measured on.
UNSEEN = 240
DATA = Path(__file__).parents[2] / "shared" / "data"
#: The joints that a fault is in, from how the simulator makes it; settled before anything was measured.
CAUSES = {
    "asymmetry": ("foot", "knee"),
    "fast_descent": ("hip", "knee"),
    "heel_rise": ("foot",),
    "hip_shift": ("hip",),
    "hips_shoot_up": ("hip", "shoulder"),
    "knee_forward": ("knee",),
    "knees_in": ("knee",),
    "narrow_stance": ("foot",),
    "over_lean": ("hip", "shoulder"),
    "shallow": ("hip", "knee"),
}


def squats(people: int, seed: int, ways: Sequence[By]) -> None:
    """(d) beside (e), both measured on the same people whom nobody has seen, and the ablations of (d).

    By view, half of the views are learned from and the other half is measured, and the other way round.
    """
    table = simulate_squats(people, seed, workers=2)
    unseen = simulate_squats(UNSEEN, seed + 1000, reps=2, cameras=4, workers=2)
    print(f"{people} simulated people, seed {seed}; measured on {UNSEEN} others\n")
    print(
        "| recipe | split | training | validation | unseen | 95 % over people | precision | recall | "
        "calibration off | s |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    said = []
    for by in ways:
        asked = Asked(seed=seed, quick=True)
        held = (VIEWS,) if by == "subject" else (VIEWS[::2], VIEWS[1::2])
        snu = load_recipe("snu_squat")
        found, right = _measured(snu, table, unseen, held, replace(asked, search=True))
        _, better = _measured(load_recipe("streams"), table, unseen, held, asked)
        less = drawn_again(better.right - right.right, right.who)  # both look at the same windows
        said.append(
            f"streams less snu_squat, unseen {by}s: {less.value:+.1%} "
            f"({less.low:+.1%} to {less.high:+.1%} over people)"
        )
        if by == "subject":
            said.append(f"snu_squat searched: rate {found.training.rate}, dropout {found.layers.dropout}")
            for name, changes in (
                ("LSTM only", {"layers.convolutions": ()}),
                ("convolution only", {"layers.lstm": 0}),
            ):
                _measured(found.changed(**changes), table, unseen, held, asked, f"snu_squat, {name}")
    print("\n" + "\n".join(said))


@dataclass(frozen=True, eq=False)
class Measured:
    """Which examples of unseen people are right (1 and 0), and whose they are."""

    right: Array
    who: NDArray[np.str_]


def _measured(
    recipe: Recipe,
    table: LandmarkTable,
    unseen: LandmarkTable,
    held: Sequence[Sequence[int]],
    asked: Asked,
    name: str = "",
) -> tuple[Recipe, Measured]:
    """The recipe as it was used, and a row of how it fares on unseen people.

    Every item of ``held`` is views that are measured. It is learned from the others, or from all where
    all are held.
    """
    look, runs, parts, likely = recipe.look, [], [], []
    for views in held:
        names = [f"{view:03d}" for view in views]
        learned = table if len(held) == 1 else table[~np.isin(table.view, names)]
        run = learn(recipe.changed(training__test=0.05), learned, asked)
        part = examples_of(unseen[np.isin(unseen.view, names)], look.keypoints, look.seconds, look.rate, look.hop)
        runs.append(run)
        parts.append(part)
        likely.append(predicted(run.trained.net, part))
    label, who = (np.concatenate([getattr(part, field) for part in parts]) for field in ("label", "subject"))
    labels = runs[0].trained.labels
    truth, said = np.searchsorted(labels, label), np.concatenate(likely)
    scores = scored(said, truth, labels, who)
    accuracy = scores.accuracy
    training, validation = (
        np.mean([getattr(run, part).accuracy.value for run in runs]) for part in ("train", "validation")
    )
    split, seconds = "subject" if len(held) == 1 else "view", sum(run.seconds for run in runs)
    print(
        f"| {name or recipe.name} | {split} | {training:.1%} | {validation:.1%} | {accuracy.value:.1%} "
        f"(n = {scores.count}) | {accuracy.low:.1%} to {accuracy.high:.1%} | {scores.precision:.1%} | "
        f"{scores.recall:.1%} | {scores.ece:.1%} | {seconds:.0f} |",
        flush=True,
    )
    return runs[0].recipe, Measured(np.asarray(said.argmax(1) == truth, dtype=np.float64), who)


def stand_bend_crouch() -> LandmarkTable:
    """The author's frames and split; the files do not say who is who."""
    folder = DATA / "stand-bend-crouch"
    tables = []
    for part, split in (("train", "train"), ("test", "test")):
        flat = np.loadtxt(folder / f"X_{part}.txt", delimiter=",").reshape(-1, 18, 2)
        label = np.loadtxt(folder / f"Y_{part}.txt").astype(int)
        points = np.where((flat == 0).any(-1, keepdims=True), np.nan, flat)
        score = np.isfinite(points).all(-1).astype(float)
        poses = PoseSequence(OPENPOSE18, np.arange(len(flat), dtype=float), points, score)
        table = LandmarkTable.of(poses, "", split=split, picture=True)
        names = np.array(["stand", "bend", "crouch"])[label]
        files = np.array([f"{part}/{i:04d}" for i in range(len(flat))])
        tables.append(LandmarkTable(**{**vars(table), "label": names, "file": files}))
    return LandmarkTable.joined(tables)


def sets() -> None:
    """Other people's data."""
    if not DATA.is_dir():
        raise SystemExit(f"{DATA} is not there.")
    table = stand_bend_crouch()
    # DeepFit's own epochs and batches; and the author's epochs, in batches of Keras's size, as none is named.
    for epochs, batch, seed in ((20, 64, 0), (500, 32, 0), (500, 32, 1), (500, 32, 2)):
        recipe = load_recipe("deepfit").changed(
            training__epochs=epochs, training__batch=batch, training__validation=0.01
        )
        run = learn(recipe, table, Asked("given", seed, despite_leaks=True, quick=True))
        test = run.test
        low, high = wilson(round(test.accuracy.value * test.count), test.count)
        print(
            f"stand-bend-crouch, deepfit, {epochs} epochs of {batch}, seed {seed}, the author's split: "
            f"{test.accuracy.value:.2%} ({low:.2%} to {high:.2%}) of {test.count}; "
            f"leaks: {'; '.join(run.leaks) or 'none found'}",
            flush=True,
        )
    _multiposture()
    phases = read_data(DATA / "mlkit-fitness" / "fitness_pose_samples.csv")
    examples = examples_of(phases, load_recipe("posco").look.keypoints)
    truth = np.searchsorted(examples.classes, examples.label)
    right = np.zeros(len(examples))
    for _, learned, held in folds(examples, 5):
        right[held] = _right(examples, learned, held, truth)
    shown = drawn_again(right, examples.groups)
    rng, mixed = np.random.default_rng(0), np.zeros(len(examples))
    share = rng.permutation(len(examples)) % 5
    for i in range(5):
        mixed[share == i] = _right(examples, np.flatnonzero(share != i), np.flatnonzero(share == i), truth)
    films = len(set(examples.groups.tolist()))
    print(
        f"mlkit-fitness, posco, five folds by film: {shown.value:.1%} ({shown.low:.1%} to {shown.high:.1%} over "
        f"{films} films, n = {len(examples)}); five random folds: {mixed.mean():.1%}"
    )


def _right(examples: Examples, learned: Rows, held: Rows, truth: Rows) -> Array:
    order = np.random.default_rng(0).permutation(learned)
    made = Split(order[len(order) // 8 :], order[: len(order) // 8], held, "fold")
    trained = train(load_recipe("posco"), examples, made)
    return np.asarray(predicted(trained.net, examples[held]).argmax(1) == truth[held], dtype=np.float64)


def _multiposture() -> None:
    """Random forests on the eight features, as their author trained them: by person, and at random."""
    from sklearn.ensemble import RandomForestClassifier

    with (DATA / "multiposture" / "features.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in ("label_raw", "label", "subject")]
    x = np.array([[float(row[name]) for name in names] for row in rows])
    y, who = np.array([row["label"] for row in rows]), np.array([row["subject"] for row in rows])
    right, mixed = np.zeros(len(y)), np.zeros(len(y))
    share = np.random.default_rng(0).permutation(len(y)) % 5
    for held, out in [(who == one, right) for one in np.unique(who)] + [(share == i, mixed) for i in range(5)]:
        forest = RandomForestClassifier(200, random_state=0).fit(x[~held], y[~held])
        out[held] = forest.predict(x[held]) == y[held]
    by_person, at_random = drawn_again(right, who), wilson(int(mixed.sum()), len(y))
    print(
        f"multiposture, random forest on {len(names)} features, 5 classes, {len(np.unique(who))} people, "
        f"n = {len(y)}: one person left out {by_person.value:.1%} "
        f"({by_person.low:.1%} to {by_person.high:.1%} over people); "
        f"random folds {mixed.mean():.1%} ({at_random[0]:.1%} to {at_random[1]:.1%})",
        flush=True,
    )


def posco() -> None:
    """200 pictures, from a table to a folder with a report."""
    table = simulate_squats(40, 1, reps=1, cameras=1)
    table = table[table.label != ""]
    pictures = table[np.linspace(0, len(table) - 1, 200).astype(int)]
    pictures = LandmarkTable(**{**vars(pictures), "t": np.full(200, np.nan)})
    began = time.perf_counter()
    run = learn(load_recipe("posco"), pictures)
    with tempfile.TemporaryDirectory() as folder:
        write_run(run, Path(folder))
    took = time.perf_counter() - began
    print(f"posco from 200 pictures, with learning curve, leaky split, report and ONNX: {took:.1f} s")


def explained(people: int, seed: int) -> None:
    """How often the joint that drove a verdict is the one the fault is in."""
    run = learn(load_recipe("streams"), simulate_squats(people, seed, workers=2), Asked(seed=seed, quick=True))
    measured = simulate_squats(160, seed + 1000, reps=1, cameras=2, told="fault", workers=2)
    look = run.recipe.look
    examples = examples_of(measured, look.keypoints, look.seconds, look.rate)
    windows, others = given(examples.values), given(run.examples.values[run.made.train[::8]])
    called = run.trained.net(torch.from_numpy(windows)).argmax(1).numpy() == run.trained.labels.index("incorrect")
    hits: dict[str, list[bool]] = defaultdict(list)
    tops: dict[str, list[str]] = defaultdict(list)
    for i in np.flatnonzero(called & (examples.label != "correct")):
        fault = str(examples.label[i])
        top = why(run.trained.net, run.about, windows[i], others).ranked[0][0]
        hits[fault].append(top in CAUSES[fault])
        tops[fault].append(top)
    for fault in FAULTS:
        if hits[fault]:
            counts = {name: tops[fault].count(name) for name in sorted(set(tops[fault]))}
            print(f"{fault:14s} {np.mean(hits[fault]):6.1%} of {len(hits[fault]):3d}   {counts}")
    every = [one for values in hits.values() for one in values]
    low, high = wilson(sum(every), len(every))
    print(f"all            {np.mean(every):6.1%} of {len(every)} ({low:.1%} to {high:.1%})")


def export(people: int, seed: int) -> None:
    """Every recipe, in every format."""
    table = simulate_squats(people, seed, workers=2)
    print(
        "| recipe | file | windows | most a probability is off | changed decisions | kB | ms |\n"
        "|---|---|---|---|---|---|---|"
    )
    kinds: Sequence[tuple[str, Precision]] = (
        ("onnx", "float32"),
        ("tflite", "float32"),
        ("tflite", "float16"),
        ("tflite", "int8"),
    )
    for name in recipes():
        recipe = load_recipe(name).changed(training__epochs=8)
        run = learn(recipe, table, Asked(seed=seed, quick=True, despite_leaks=True))
        with tempfile.TemporaryDirectory() as folder:
            write_run(run, Path(folder))
            kept = read_run(Path(folder))
            for ending, precision in kinds:
                try:
                    found = exported(kept, Path(folder) / f"c.{ending}", precision)
                except PoiseError as problem:
                    print(f"| {name} | {ending} {precision} | {problem} | | | | |", flush=True)
                    continue
                ms = ", ".join(f"{value:.2f} ({runtime})" for runtime, value in found.ms.items())
                print(
                    f"| {name} | {ending} {precision} | {found.count} | {found.most:.1e} | {found.changed} | "
                    f"{found.size / 1e3:.0f} | {ms} |",
                    flush=True,
                )


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("squats", "sets", "posco", "why", "export"))
    parser.add_argument("--people", type=int, default=160)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=("subject", "view"), help="of squats: only this one")
    asked = parser.parse_args()
    print(machine())
    if asked.what == "squats":
        squats(asked.people, asked.seed, [asked.split] if asked.split else ["subject", "view"])
    elif asked.what == "sets":
        sets()
    elif asked.what == "posco":
        posco()
    elif asked.what == "why":
        explained(asked.people, asked.seed)
    else:
        export(asked.people, asked.seed)


if __name__ == "__main__":
    main()
