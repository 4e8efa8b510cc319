"""A run: a recipe, taught on data, measured on people it never saw, written into a folder.

::

    DIR/run.json         everything that was measured, and how it was made
    DIR/report.html      the same to read
    DIR/recipe.json      the recipe as it was used
    DIR/weights.pt       the network's parameters, nothing else in it
    DIR/classifier.onnx  the classifier: raw keypoints in, probabilities out
    DIR/windows.npz      some examples to hold other formats to
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from poise.classify import About, given
from poise.errors import InputError
from poise.learn.data import Examples, LandmarkTable, Split, check, examples_of, leaks, split
from poise.learn.data.splits import By
from poise.learn.nets import Net
from poise.learn.recipe import Recipe
from poise.learn.scores import Scores, scored
from poise.learn.train import Searched, Trained, predicted, search, train

#: How many examples a run keeps to hold exports to.
KEPT = 1000
#: Shares of the people that a learning curve is drawn over.
SHARES = (0.25, 0.5, 1.0)

Telling = Callable[[str, float, float | None], None]


@dataclass(frozen=True)
class Asked:
    """How a run is made.

    Args:
        by: what is kept apart, see `poise.learn.data.split`.
        seed: of everything random.
        despite_leaks: go on where something leaks; the report repeats it.
        search: take the best of the combinations that the recipe lists.
        quick: leave out the learning curve and the leaky split's figure.

    """

    by: By = "subject"
    seed: int = 0
    despite_leaks: bool = False
    search: bool = False
    quick: bool = False


@dataclass(frozen=True)
class Leaky:
    """What a random split would have shown, and whether it leaks at all."""

    accuracy: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Step:
    """One point of a learning curve: the examples learned from, and the accuracy on them and on the test."""

    count: int
    train: float
    test: float


@dataclass(eq=False)
class Run:
    """What came of it."""

    recipe: Recipe
    asked: Asked
    trained: Trained
    examples: Examples
    made: Split
    test: Scores
    validation: Scores
    train: Scores
    views: dict[str, Scores]
    leaks: list[str]
    seconds: float
    leaky: Leaky | None = None
    curve: list[Step] = field(default_factory=list)
    searched: list[Searched] = field(default_factory=list)

    @property
    def about(self) -> About:
        """What its classifier says about itself."""
        look, test = self.recipe.look, self.test
        known = ", ".join(test.labels)
        card = (
            f"{self.recipe.about} Learned from {len(self.made.train)} examples; {test.accuracy.value:.1%} right "
            f"({test.accuracy.low:.1%} to {test.accuracy.high:.1%}) of {test.count} examples of "
            f"{test.subjects or 'unnamed'} others, split by {self.made.by}. It knows {known} and nothing else: "
            "what is none of them is called one of them. Not for medical use."
        )
        measures = {"accuracy": test.accuracy.value, "f1": test.f1, "ece": test.ece}
        return About(
            self.trained.labels,
            look.keypoints,
            look.seconds,
            look.rate,
            recipe=self.recipe.name,
            title=self.recipe.title,
            data=self.examples.data,
            card=card,
            measures=measures,
            centred=look.centred,
        )

    def plain(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "kind": "poise classifier run",
            "about": asdict(self.about),
            "recipe": self.recipe.model_dump(),
            "asked": asdict(self.asked),
            "counts": {name: len(getattr(self.made, name)) for name in ("train", "validation", "test")},
            "leaks": self.leaks,
            "seconds": self.seconds,
            "test": self.test.plain(),
            "validation": self.validation.plain(),
            "train": self.train.plain(),
            "views": {name: scores.plain() for name, scores in self.views.items()},
            "leaky": None if self.leaky is None else asdict(self.leaky),
            "curve": [asdict(step) for step in self.curve],
            "epochs": [asdict(epoch) for epoch in self.trained.epochs],
            "best": self.trained.best,
            "temperature": float(self.trained.net.temperature),
            "searched": [asdict(one) for one in self.searched],
        }


def learn(recipe: Recipe, table: LandmarkTable, asked: Asked | None = None, tell: Telling | None = None) -> Run:
    """A run of a recipe on a landmark table.

    Raises:
        InputError: when the table cannot be learned from.
        LeakySplit: when something leaks.

    """
    asked, began = asked or Asked(), time.monotonic()
    say = tell or (lambda stage, done, total: None)
    look = recipe.look
    examples = examples_of(table, look.keypoints, look.seconds, look.rate, look.hop)
    made = split(examples, asked.by, recipe.training.test, recipe.training.validation, asked.seed)
    if not asked.despite_leaks:
        check(examples, made)
    found = [f"{leak.kind}: {leak.what} ({leak.count} examples)" for leak in leaks(examples, made)]
    searched: list[Searched] = []
    if asked.search:
        if not recipe.search:
            raise InputError(f"The recipe {recipe.name} lists nothing to search.", "Add a part [search] to it.")
        recipe, searched = search(recipe, examples, made, asked.seed, lambda d, n: say("searching", d, n))
    trained = train(recipe, examples, made, asked.seed, lambda d, n: say("training", d, n))
    likely, truth = predicted(trained.net, examples), _truth(examples)

    def score(rows: Any) -> Scores:
        return scored(likely[rows], truth[rows], trained.labels, examples.subject[rows])

    views = {}
    if len(set(examples.view[made.test].tolist())) > 1:
        views = {
            str(v): score(made.test[examples.view[made.test] == v]) for v in np.unique(examples.view[made.test])
        }
    run = Run(
        recipe,
        asked,
        trained,
        examples,
        made,
        score(made.test),
        score(made.validation),
        score(made.train),
        views,
        found,
        time.monotonic() - began,
        searched=searched,
    )
    if not asked.quick:
        run.curve = _curve(run, say)
        run.leaky = _leaky(run, say)
    return run


def _truth(examples: Examples) -> Any:
    return np.searchsorted(examples.classes, examples.label).astype(np.int64)


def _leaky(run: Run, say: Telling) -> Leaky | None:
    """What a random split shows of the same recipe; None where the run's own is one."""
    if run.made.by == "random":
        return None
    how, examples = run.recipe.training, run.examples
    made = split(examples, "random", how.test, how.validation, run.asked.seed)
    trained = train(run.recipe, examples, made, run.asked.seed, lambda d, n: say("a leaky split", d, n))
    likely, truth = predicted(trained.net, examples[made.test]), _truth(examples)[made.test]
    shown = scored(likely, truth, trained.labels, np.full(len(truth), "")).accuracy
    return Leaky(shown.value, shown.low, shown.high, len(truth))


def _curve(run: Run, say: Telling) -> list[Step]:
    """The accuracy by how much was learned from; people are added whole."""
    steps = []
    groups = run.examples.groups[run.made.train]
    names = np.random.default_rng(run.asked.seed).permutation(np.unique(groups))
    truth = _truth(run.examples)
    for share in SHARES:
        if share == 1.0:
            steps.append(Step(len(run.made.train), run.train.accuracy.value, run.test.accuracy.value))
            continue
        rows = run.made.train[np.isin(groups, names[: max(1, round(share * len(names)))])]
        if len(set(run.examples.label[rows].tolist())) < len(run.trained.labels):
            continue
        part = Split(rows, run.made.validation, run.made.test, run.made.by)
        trained = train(run.recipe, run.examples, part, run.asked.seed, lambda d, n: say("a learning curve", d, n))
        right = [
            float((predicted(trained.net, run.examples[r]).argmax(1) == truth[r]).mean())
            for r in (rows, run.made.test)
        ]
        steps.append(Step(len(rows), *right))
    return steps


def write_run(run: Run, folder: Path) -> None:
    """Write a run into a folder, with its report and its classifier as ONNX.

    Raises:
        OSError: when it cannot be written.

    """
    from poise.learn.export import to_onnx
    from poise.learn.report import page

    folder.mkdir(parents=True, exist_ok=True)
    said = run.plain()
    torch.save(run.trained.net.state_dict(), folder / "weights.pt")
    (folder / "recipe.json").write_text(run.recipe.model_dump_json(indent=2), encoding="utf-8")
    np.savez_compressed(folder / "windows.npz", windows=_some(run))
    to_onnx(run.trained.net, _some(run)[:1], folder / "classifier.onnx", run.about)
    (folder / "run.json").write_text(json.dumps(said, indent=1), encoding="utf-8")
    (folder / "report.html").write_text(page(said), encoding="utf-8")


def _some(run: Run) -> Any:
    """Examples to hold exports to: the test's first, then others, as a network takes them."""
    rows = np.concatenate([run.made.test, run.made.validation, run.made.train])[:KEPT]
    return given(run.examples.values[rows])


@dataclass(eq=False)
class Kept:
    """A run read back from its folder: what a network needs to be exported or asked."""

    folder: Path
    recipe: Recipe
    net: Net
    about: About
    windows: Any
    said: dict[str, Any]


def read_run(folder: Path) -> Kept:
    """A run as it lies in its folder.

    Raises:
        InputError: when there is none, or it is damaged.

    """
    try:
        said = json.loads((folder / "run.json").read_text("utf-8"))
        recipe = Recipe.model_validate_json((folder / "recipe.json").read_text("utf-8"))
        about = About.parse(json.dumps(said["about"]))
        net = Net(recipe, len(about.labels))
        net.load_state_dict(torch.load(folder / "weights.pt", map_location="cpu", weights_only=True))
        windows = np.load(folder / "windows.npz", allow_pickle=False)["windows"]
    except OSError as error:
        raise InputError(f"{folder} is no folder of a run: {error}.", "Make one: poise learn train") from error
    except (KeyError, ValueError, RuntimeError) as error:
        raise InputError(f"The run in {folder} is damaged: {error}.", "Make it anew: poise learn train") from error
    net.eval()
    return Kept(folder, recipe, net, about, windows, said)
