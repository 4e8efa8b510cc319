"""Training a recipe's network on examples, on one processor, in minutes."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from poise.classify import given
from poise.learn.data import Examples, Split
from poise.learn.nets import Net, Plain
from poise.learn.recipe import Recipe, Vary
from poise.learn.vary import varied

#: Told after every epoch: which, and of how many at most.
Progress = Callable[[int, int], None]
#: Examples that go through a network at a time when it is only asked.
_BATCH = 512


@dataclass(frozen=True)
class Epoch:
    """What came of an epoch: mean loss and accuracy, of what is learned from and of the validation."""

    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass(eq=False)
class Trained:
    """A trained network, its labels in the order of its outputs, and how it got there."""

    recipe: Recipe
    net: Net
    labels: tuple[str, ...]
    epochs: list[Epoch] = field(default_factory=list)
    best: int = 0

    def probabilities(self, examples: Examples) -> NDArray[np.float32]:
        """How likely each label is: ``(N, labels)``."""
        return predicted(self.net, examples)


def predicted(net: Net, examples: Examples) -> NDArray[np.float32]:
    """A network's probabilities ``(N, labels)`` for examples."""
    net.eval()
    x = torch.from_numpy(given(examples.values))
    with torch.no_grad():
        return torch.cat([net(part) for part in torch.split(x, _BATCH)]).numpy()


def train(
    recipe: Recipe, examples: Examples, made: Split, seed: int = 0, progress: Progress | None = None
) -> Trained:
    """A network trained on the split's training examples, stopped and calibrated by its validation.

    The same arguments give the same network on the same machine.
    """
    torch.manual_seed(seed)
    labels, how = examples.classes, recipe.training
    y = torch.from_numpy(np.searchsorted(labels, examples.label).astype(np.int64))
    x = torch.from_numpy(given(examples.values))
    world = None
    if recipe.vary.turn and examples.world is not None:
        world = torch.from_numpy(np.nan_to_num(examples.world))
    learned, held = (torch.from_numpy(rows) for rows in (made.train, made.validation))
    net = Net(recipe, len(labels))
    if isinstance(net.prepare, Plain):
        net.prepare.learn(x[learned])
    ready = _prepared(net, x)
    counts = torch.bincount(y[learned], minlength=len(labels)).clamp(min=1)
    weight = counts.sum() / (len(labels) * counts) if how.balanced else None
    loss_of = nn.CrossEntropyLoss(weight, label_smoothing=how.smoothing)
    plain_loss = nn.CrossEntropyLoss(weight)
    optimiser = torch.optim.AdamW(net.parameters(), lr=how.rate, weight_decay=how.decay)
    batches = math.ceil(len(learned) / how.batch)
    schedule: Any = None
    if how.schedule == "cosine":
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, how.rate, total_steps=how.epochs * batches)
    trained = Trained(recipe, net, labels)
    best, kept = math.inf, copy.deepcopy(net.state_dict())
    for epoch in range(how.epochs):
        net.train()
        total = 0.0
        for rows in torch.split(learned[torch.randperm(len(learned))], how.batch):
            if len(rows) == 1 and len(learned) > 1:
                continue  # nothing can be normalised over one
            seen = ready[rows]
            if recipe.vary != Vary():
                varied_ = varied(
                    x[rows], None if world is None else world[rows], recipe.look.keypoints, recipe.vary
                )
                seen = net.prepare(varied_)
            loss = loss_of(net.judged(seen), y[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if schedule is not None:
                schedule.step()
            total += float(loss.detach()) * len(rows)
        validation = _measured(net, ready[held], y[held], plain_loss)
        train_accuracy = _measured(net, ready[learned], y[learned], plain_loss)[1]
        trained.epochs.append(Epoch(total / len(learned), train_accuracy, *validation))
        if validation[0] < best or not how.patience:
            best, kept, trained.best = validation[0], copy.deepcopy(net.state_dict()), epoch
        if progress:
            progress(epoch + 1, how.epochs)
        if how.patience and epoch - trained.best >= how.patience:
            break
    net.load_state_dict(kept)
    net.eval()
    if how.calibrated:
        net.temperature.fill_(_temperature(net, ready[held], y[held]))
    return trained


def _prepared(net: Net, x: Tensor) -> Tensor:
    """What a network makes of keypoints before its layers, which do not learn from that: made once."""
    with torch.no_grad():
        return torch.cat([net.prepare(part) for part in torch.split(x, _BATCH)])


def _judged(net: Net, ready: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.cat([net.judged(part) for part in torch.split(ready, _BATCH)])


def _measured(net: Net, ready: Tensor, y: Tensor, loss_of: nn.Module) -> tuple[float, float]:
    """Mean loss and accuracy."""
    net.eval()
    logits = _judged(net, ready)
    return float(loss_of(logits, y)), float((logits.argmax(-1) == y).double().mean())


def _temperature(net: Net, ready: Tensor, y: Tensor) -> float:
    """By what logits are divided for probabilities to fit what is seen: the likeliest (Guo et al. 2017)."""
    logits = _judged(net, ready)
    tried = torch.logspace(-0.7, 0.7, 141)
    losses = torch.stack([nn.functional.cross_entropy(logits / t, y) for t in tried])
    return float(tried[losses.argmin()])


@dataclass(frozen=True)
class Searched:
    """One combination of a grid search: what was changed, and how well it did on the validation."""

    changes: dict[str, Any]
    accuracy: float
    loss: float


def search(
    recipe: Recipe, examples: Examples, made: Split, seed: int = 0, progress: Progress | None = None
) -> tuple[Recipe, list[Searched]]:
    """The best of the combinations a recipe lists, by accuracy on the validation and then by its loss."""
    tried = list(recipe.searched())
    found = []
    for number, (changes, changed) in enumerate(tried, 1):
        trained = train(changed, examples, made, seed)
        epoch = trained.epochs[trained.best]
        found.append((Searched(changes, epoch.validation_accuracy, epoch.validation_loss), changed))
        if progress:
            progress(number, len(tried))
    best = max(found, key=lambda one: (one[0].accuracy, -one[0].loss))
    return best[1], [one for one, _ in found]
