"""Train the recogniser, and DeepFit's network to compare with, from simulated people alone.

python -m poise.learn.recogniser --out FOLDER [--sections 1000] [--seed 7] [--workers 2]

Writes ``recogniser.onnx`` and ``deepfit.onnx`` and prints what the first gets right of people simulated with
another seed. The same arguments give the same networks on the same machine.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from poise.coach.network import Network
from poise.coach.recognise import REST, UNKNOWN
from poise.learn import deepfit
from poise.learn.networks import Dense, trained, write_network
from poise.learn.performances import CLASSES, KINDS
from poise.learn.windows import Windows, simulate

#: Hidden layers of the recogniser, and members of each of its trainings.
HIDDEN, MEMBERS = (128, 64), 4
#: The share of hidden units left out in training, and the noise of descriptors (`trained`): people do not move as
#: the simulation does. With less of either more videos of real people are taken for something else.
DROPOUT, DISTURBED = 0.5, 0.3
#: A training each: how often the arms of who squats hang in it (`styles.varied`). Nobody knows how often they do.
#: Shown less of it, a network takes squats with hanging arms for deadlifts, and shown more, others for unknown.
HANGING = (5, 8)
#: How much kinds weigh in training, against one for an exercise; what is not listed weighs what its class does.
#: People rest more than they do any one exercise, and mostly fidget and pick things up; what has no name may be
#: anything, and would else claim much of what is only done in an unusual way.
WEIGHTS = {REST: 0.3, UNKNOWN: 0.06, "fidgeting": 0.7, "stooping": 0.65, "start": 0.5}


def train_recogniser(windows: Windows, seed: int, epochs: int = 14) -> Dense:
    """The network that tells `KINDS` from descriptors."""
    return trained(
        windows.descriptors,
        windows.kinds,
        (*HIDDEN, len(KINDS)),
        weights=[WEIGHTS.get(kind, WEIGHTS.get(name, 1.0)) for kind, name in KINDS.items()],
        members=MEMBERS,
        epochs=epochs,
        dropout=DROPOUT,
        disturbed=DISTURBED,
        seed=seed,
    )


def train_deepfit(windows: Windows, seed: int, epochs: int = 60) -> Dense:
    """DeepFit's network, trained on frames of its ten exercises; DeepFit leaves rest out as well."""
    known = np.array([deepfit.CLASSES.index(name) if name in deepfit.CLASSES else -1 for name in CLASSES])
    labels = known[windows.labels]
    chosen = labels >= 0
    return trained(
        windows.frames[chosen],
        labels[chosen],
        deepfit.LAYERS[1:],
        activation="Sigmoid",
        dropout=0.0,
        smoothing=0.0,
        decay=0.0,
        epochs=epochs,
        seed=seed,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, write and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write the networks to")
    parser.add_argument("--sections", type=int, default=1000, help="how many people do each exercise")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2, help="processes that simulate")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)  # sums in one order, whatever the machine
    began, say = time.monotonic(), Console(soft_wrap=True, highlight=False).print
    others = simulate(asked.sections, asked.seed, asked.workers, [name for name in CLASSES if name != "squat"])
    trainings = []
    for hanging in HANGING:
        squats = simulate(asked.sections, asked.seed, asked.workers, ["squat"], hanging)
        windows = Windows.of([others, squats])
        say(f"{len(windows.kinds)} windows simulated after {time.monotonic() - began:.0f} s")
        trainings.append(train_recogniser(windows, asked.seed))
    counts_as = [CLASSES.index(name) for name in KINDS.values()]
    made = {
        "recogniser": (trainings, CLASSES, counts_as),
        "deepfit": ([train_deepfit(windows, asked.seed)], deepfit.CLASSES, None),
    }
    for name, (models, classes, counted) in made.items():
        about = {
            "classes": ",".join(classes),
            "seed": str(asked.seed),
            "sections": str(asked.sections),
            "poise": version("poise"),
        }
        path = asked.out / f"{name}.onnx"
        write_network(path, models, about, counted)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        say(f"{path}: {path.stat().st_size} bytes, sha256 {digest}")
    say(f"trained after {time.monotonic() - began:.0f} s")
    unseen = simulate(max(asked.sections // 20, 1), asked.seed + 1, asked.workers)
    answers = Network(asked.out / "recogniser.onnx")(unseen.descriptors).argmax(-1)
    for label, name in enumerate(CLASSES):
        right = answers[unseen.labels == label] == label
        if right.size:
            say(f"{name:18s} {right.mean():6.1%} of {len(right)} windows of other simulated people")


if __name__ == "__main__":
    main()
