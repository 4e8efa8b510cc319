"""Training an HRNet: on one processor or on many by torchrun, in full or mixed precision, and resumed.

Adam at 0.001, a tenth of it after 81 % and a hundredth after 95 % of the epochs (Sun et al. 2019: after 170 and 200
of 210), or up to it and down to nothing along a cosine, which gets further in little time; the loss is the mean
squared difference of the heatmaps of labelled keypoints. A network is the same at any size of picture, so one may
begin with small pictures, which cost less, and go on with larger ones. Kernels can be learnt by Muon instead, which
in as many hours of the processor gets further.

Left and right look alike, so a network first shows both in both heatmaps, and may stay there: half of each is as
near as it comes without telling them apart, and the ankles of a small one stayed for 120 000 views. What tells them
apart is the difference of the two heatmaps, which may weigh more than their sum; the loss is least where it was.
"""

from __future__ import annotations

import csv
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.distributed import destroy_process_group, init_process_group
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

from poise.body import COCO17
from poise.learn.keypoints.data import People
from poise.learn.keypoints.evaluate import precision, torch_network
from poise.learn.keypoints.hrnet import HRNet, load_checkpoint, open_hrnet
from poise.learn.keypoints.muon import Muon

#: Shares of the epochs after which the rate falls to a tenth.
_FALLS = (170 / 210, 200 / 210)
#: Share of the epochs in which the rate of a cosine rises (ours).
_RISE = 0.05
#: How far Muon goes at Adam's rate (ours: of 8, 20 and 50 it learnt most).
_MUON = 20.0
#: Batches by which the means of the normalisations are taken afresh before measuring (ours).
_SETTLING = 32

#: Told after every epoch: which, the mean loss, and the average precision where it was measured, else NaN.
Progress = Callable[[int, float, float], None]


@dataclass(frozen=True)
class Training:
    """How to train.

    Args:
        net: one of `poise.learn.keypoints.hrnet.SHAPES`.
        epochs: how often to see everybody.
        batch: people at a time, on each processor.
        optimiser: Adam, as in the paper, or Muon for kernels and Adam for the rest.
        rate: of Adam, at its highest; Muon's goes with it.
        fall: how the rate falls: by steps, as in the paper, or along a cosine after a short rise.
        least: the rate a cosine ends at: more than nothing where another training is to go on from this one.
        sides: how much the difference of a left and a right heatmap weighs, their sum weighing 1 (the paper: 1).
        begin: a checkpoint to begin with: the authors', or one of other people.
        workers: processes that prepare examples.
        mixed: whether to compute in half precision where that is safe.
        measure: every how many epochs to measure the precision.
        channels_last: whether pictures lie channel by channel last, which convolutions on processors prefer.
        seed: of everything random.

    """

    net: str = "w32"
    epochs: int = 210
    batch: int = 32
    optimiser: Literal["adam", "muon"] = "adam"
    rate: float = 1e-3
    fall: Literal["steps", "cosine"] = "steps"
    least: float = 0.0
    sides: float = 1.0
    begin: Path | None = None
    workers: int = 0
    mixed: bool = False
    measure: int = 1
    channels_last: bool = True
    seed: int = 0


def train(
    training: Training,
    learned: People,
    held_out: People,
    folder: Path,
    progress: Progress | None = None,
    until: Callable[[], bool] = lambda: False,
) -> HRNet:
    """Train a network, going on from what is in the folder: ``last.pt``, ``best.pt`` and ``curve.csv``.

    Under torchrun every process takes its share of the people, and the first measures and writes.

    Args:
        training: how.
        learned: whom to learn from.
        held_out: on whom to measure.
        folder: where checkpoints lie.
        progress: told after every epoch.
        until: asked after every epoch whether to stop early.

    """
    many = int(os.environ.get("WORLD_SIZE", "1")) > 1
    first = int(os.environ.get("RANK", "0")) == 0
    device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if torch.cuda.is_available() else "cpu"
    if device != "cpu":
        torch.cuda.set_device(device)
    if many:
        init_process_group("nccl" if device != "cpu" else "gloo")
    try:
        torch.manual_seed(training.seed)
        net = open_hrnet(training.net).to(device)
        state = _State(net, training, folder, device)
        wrapped: nn.Module = DistributedDataParallel(net) if many else net
        sampler: DistributedSampler[Any] | None = DistributedSampler(learned, shuffle=True) if many else None
        while state.epoch < training.epochs and not until():
            loss = _epoch(wrapped, learned, sampler, training, state, device)
            state.epoch += 1
            ap = float("nan")
            if first and (state.epoch % training.measure == 0 or state.epoch == training.epochs):
                settle(net, learned, training, state.epoch, device)
                ap = precision(torch_network(net, device), held_out).ap
            if first:
                state.save(loss, ap)
                if progress:
                    progress(state.epoch, loss, ap)
        return net
    finally:
        if many:
            destroy_process_group()


class _State:
    """What training goes on from: the network, its optimisers, and how far it got."""

    def __init__(self, net: HRNet, training: Training, folder: Path, device: str) -> None:
        self._net, self._folder = net, folder
        self.optimisers = _optimisers(net, training)
        self.scaler = torch.amp.GradScaler(enabled=training.mixed and device != "cpu")
        self.epoch, self._best, self._hours, self._since = 0, -1.0, 0.0, time.process_time()
        folder.mkdir(parents=True, exist_ok=True)
        last = folder / "last.pt"
        if last.exists():
            said = torch.load(last, map_location=device, weights_only=True)
            net.load_state_dict(said["net"])
            for optimiser, state in zip(self.optimisers, said["optimisers"], strict=True):
                optimiser.load_state_dict(state)
            self.scaler.load_state_dict(said["scaler"])
            self.epoch, self._best, self._hours = said["epoch"], said["best"], said["hours"]
        elif training.begin:
            load_checkpoint(net, training.begin)

    def save(self, loss: float, ap: float) -> None:
        better = ap > self._best
        self._best = ap if better else self._best
        worked, processes = time.process_time(), int(os.environ.get("WORLD_SIZE", "1"))
        self._hours, self._since = self._hours + processes * (worked - self._since) / 3600, worked
        said = {
            "net": self._net.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "scaler": self.scaler.state_dict(),
            "epoch": self.epoch,
            "best": self._best,
            "hours": self._hours,
        }
        unfinished = self._folder / "unfinished.pt"
        torch.save(said, unfinished)
        unfinished.replace(self._folder / "last.pt")
        if better:
            torch.save({"net": self._net.state_dict()}, self._folder / "best.pt")
        curve = self._folder / "curve.csv"
        fresh = not curve.exists()
        with curve.open("a", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            if fresh:
                rows.writerow(["epoch", "loss", "ap", "processor hours"])
            measured = "" if math.isnan(ap) else f"{ap:.4f}"
            rows.writerow([self.epoch, f"{loss:.6f}", measured, f"{self._hours:.5f}"])


def _optimisers(net: HRNet, training: Training) -> list[Optimizer]:
    """Adam for all that is learnt, or Muon for the kernels between the first layer and the last."""
    between = {
        name
        for name, learnt in net.named_parameters()
        if learnt.ndim > 1 and not name.startswith(("conv1.", "final_layer."))
    }
    by_muon = between if training.optimiser == "muon" else set()
    rest = [learnt for name, learnt in net.named_parameters() if name not in by_muon]
    kernels = [learnt for name, learnt in net.named_parameters() if name in by_muon]
    optimisers: list[Optimizer] = [torch.optim.Adam([{"params": rest, "times": 1.0}])]
    return [*optimisers, Muon([{"params": kernels, "times": _MUON}])] if kernels else optimisers


def _epoch(
    net: nn.Module,
    people: People,
    sampler: DistributedSampler[Any] | None,
    training: Training,
    state: _State,
    device: str,
) -> float:
    """Once through everybody; the mean loss."""
    net.train()
    people.epoch = state.epoch
    if sampler is not None:
        sampler.set_epoch(state.epoch)
    loader = _batches(people, training, state.epoch, sampler)
    total, batches = 0.0, 0
    layout = torch.channels_last if training.channels_last else torch.contiguous_format
    kind = torch.float16 if device != "cpu" else torch.bfloat16
    for pictures, heatmaps, counts in loader:
        for optimiser in state.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["times"] * rate(training, state.epoch + batches / len(loader))
        net.zero_grad(set_to_none=True)
        given = pictures.to(device, memory_format=layout, non_blocking=True)
        with torch.autocast(device.split(":")[0], kind, enabled=training.mixed):
            seen = net(given)
        loss = heatmap_loss(seen.float(), heatmaps.to(device), counts.to(device), training.sides)
        state.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        for optimiser in state.optimisers:
            state.scaler.step(optimiser)
        state.scaler.update()
        total, batches = total + float(loss.detach()), batches + 1
    return total / max(batches, 1)


def _batches(
    people: People, training: Training, epoch: int, sampler: DistributedSampler[Any] | None = None
) -> DataLoader[Any]:
    """Everybody in an order that the epoch tells, or this process's share of them."""
    return DataLoader(
        people,
        batch_size=training.batch,
        shuffle=sampler is None,
        sampler=sampler,
        generator=torch.Generator().manual_seed(training.seed * 1_000_003 + epoch),
        num_workers=training.workers,
        drop_last=len(people) > training.batch,
        pin_memory=torch.cuda.is_available(),
    )


def settle(net: HRNet, people: People, training: Training, epoch: int = 0, device: str = "cpu") -> None:
    """Take the means and spreads of the normalisations afresh, from some batches of people seen as in training.

    The running ones are of the last ten batches or so: few people, and while the rate is high, of a network that
    was another.
    """
    update_bn(islice(_batches(people, training, epoch), _SETTLING), net, torch.device(device))


def rate(training: Training, epoch: float) -> float:
    """Adam's rate after so many epochs."""
    done = epoch / training.epochs
    if training.fall == "cosine":
        high = training.least + (training.rate - training.least) * (1 + math.cos(math.pi * done)) / 2
        return high * min(1.0, done / _RISE)
    return training.rate * 0.1 ** sum(epoch >= round(share * training.epochs) for share in _FALLS)


def heatmap_loss(seen: Tensor, wanted: Tensor, counts: Tensor, sides: float = 1.0) -> Tensor:
    """Half the mean squared difference of heatmaps ``(N, K, H, W)``, those that do not count left at zero.

    Args:
        seen: what the network shows.
        wanted: what it should show.
        counts: which keypoints count ``(N, K)``.
        sides: how much the difference of a left and a right heatmap weighs where both count (ours).

    """
    off = seen - wanted
    lost: Tensor = (off**2).mean((2, 3)) * counts
    if sides != 1.0:  # l² + r² = ((l + r)² + (l - r)²) / 2, and each pair is met twice
        mirror = torch.from_numpy(COCO17.mirror).to(off.device)
        lost = lost + (sides - 1.0) / 4 * ((off - off[:, mirror]) ** 2).mean((2, 3)) * counts * counts[:, mirror]
    return 0.5 * lost.mean()
