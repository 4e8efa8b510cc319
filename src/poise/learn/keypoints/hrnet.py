"""HRNet for keypoints: branches of several resolutions side by side, fused again and again (Sun et al. 2019).

The parameters are called as in the authors' published checkpoints, so these load by name::

    picture ─ stem (1/4) ─ layer1 ─┬─ stage2 ─┬─ stage3 ─┬─ stage4 ─ final_layer ─ heatmaps (1/4)
                                   └─ 1/8 ────┴─ 1/8 ────┴─ 1/8
                                              └─ 1/16 ───┴─ 1/16
                                                         └─ 1/32
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from poise.errors import UnknownName, UnsuitableModel

#: Keypoints of a body: COCO's.
KEYPOINTS = 17


@dataclass(frozen=True)
class Shape:
    """How wide and how deep an HRNet is.

    Args:
        width: channels of the branch of the highest resolution; each lower one has twice as many.
        first: bottleneck blocks of the first stage, and their narrow channels.
        modules: exchange modules of the stages after it.
        blocks: residual blocks of a branch in a module.

    """

    width: int
    first: tuple[int, int] = (4, 64)
    modules: tuple[int, int, int] = (1, 4, 3)
    blocks: int = 4


#: The shapes there are: as in the paper, and the authors' small one (HRNet-W18-Small v1), but with 24 channels for
#: its 16: sums of sixteen cannot tell seventeen keypoints apart, and it was the ankles that became one in training.
SHAPES = {
    "w32": Shape(32),
    "w48": Shape(48),
    "small": Shape(24, first=(1, 32), modules=(1, 1, 1), blocks=2),
}


def conv(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size, but for its stride."""
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)


class BasicBlock(nn.Module):
    """Two convolutions around a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(channels, channels), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = conv(channels, channels), nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` to the same."""
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + x)


class Bottleneck(nn.Module):
    """Narrowing, convolving and widening fourfold around a shortcut."""

    def __init__(self, inputs: int, narrow: int) -> None:
        super().__init__()
        wide = 4 * narrow
        self.conv1, self.bn1 = conv(inputs, narrow, 1), nn.BatchNorm2d(narrow)
        self.conv2, self.bn2 = conv(narrow, narrow), nn.BatchNorm2d(narrow)
        self.conv3, self.bn3 = conv(narrow, wide, 1), nn.BatchNorm2d(wide)
        same = inputs == wide
        self.downsample = None if same else nn.Sequential(conv(inputs, wide, 1), nn.BatchNorm2d(wide))

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W)`` to ``(N, 4 narrow, H, W)``."""
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        return torch.relu(self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x)))


def _halving(inputs: int, outputs: int, last: bool = False) -> nn.Sequential:
    layers: list[nn.Module] = [conv(inputs, outputs, stride=2), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([] if last else [nn.ReLU()]))


class Exchange(nn.Module):
    """Branches of several resolutions, each on its own, and then each told what all others saw.

    Args:
        channels: of each branch, the highest resolution first.
        blocks: of each branch.
        results: how many branches come out: all, or the first alone at the network's end.

    """

    def __init__(self, channels: tuple[int, ...], blocks: int, results: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*(BasicBlock(c) for _ in range(blocks))) for c in channels)
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(self._path(channels, to, source) for source in range(len(channels)))
            for to in range(results)
        )

    @staticmethod
    def _path(channels: tuple[int, ...], to: int, source: int) -> nn.Module:
        """From one branch to another: widened upwards, or halved step by step downwards."""
        if source == to:
            return nn.Identity()
        a, b = channels[source], channels[to]
        if source > to:
            scale = 2.0 ** (source - to)
            return nn.Sequential(conv(a, b, 1), nn.BatchNorm2d(b), nn.Upsample(scale_factor=scale, mode="nearest"))
        steps = to - source
        return nn.Sequential(*(_halving(a, b if i == steps - 1 else a, i == steps - 1) for i in range(steps)))

    def forward(self, branches: list[Tensor]) -> list[Tensor]:
        """Feature maps of each branch, to the same."""
        seen = [branch(x) for branch, x in zip(self.branches, branches, strict=True)]
        fused = []
        for paths in self.fuse_layers:
            told = [path(x) for path, x in zip(cast(nn.ModuleList, paths), seen, strict=True)]
            fused.append(torch.relu(reduce(torch.add, told)))
        return fused


class HRNet(nn.Module):
    """Heatmaps ``(N, 17, H/4, W/4)`` of pictures ``(N, 3, H, W)``, normalised as ImageNet's; by 32 in both ways."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        count, narrow = shape.first
        self.conv1, self.bn1 = conv(3, 64, stride=2), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = conv(64, 64, stride=2), nn.BatchNorm2d(64)
        inputs = [64] + [4 * narrow] * (count - 1)
        self.layer1 = nn.Sequential(*(Bottleneck(n, narrow) for n in inputs))
        widths = [tuple(shape.width * 2**i for i in range(n)) for n in (2, 3, 4)]
        self.transition1 = _transition((4 * narrow,), widths[0])
        self.stage2 = _stage(widths[0], shape, 0)
        self.transition2 = _transition(widths[0], widths[1])
        self.stage3 = _stage(widths[1], shape, 1)
        self.transition3 = _transition(widths[1], widths[2])
        self.stage4 = _stage(widths[2], shape, 2, last=True)
        self.final_layer = nn.Conv2d(shape.width, KEYPOINTS, 1)
        for module in self.modules():  # He et al. 2015; the authors' begin with what they learnt of ImageNet
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.normal_(self.final_layer.weight, std=0.001)  # heatmaps are nearly everywhere nothing
        nn.init.zeros_(cast(Tensor, self.final_layer.bias))

    def forward(self, x: Tensor) -> Tensor:
        """The heatmaps."""
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        branches = [self.layer1(x)]
        for transition, stage in (
            (self.transition1, self.stage2),
            (self.transition2, self.stage3),
            (self.transition3, self.stage4),
        ):
            last = len(branches) - 1
            branches = [
                branches[min(i, last)] if isinstance(step, nn.Identity) else step(branches[min(i, last)])
                for i, step in enumerate(transition)
            ]
            branches = stage(branches)
        heatmaps: Tensor = self.final_layer(branches[0])
        return heatmaps


def _transition(before: tuple[int, ...], after: tuple[int, ...]) -> nn.ModuleList:
    """From the branches of a stage to those of the next, which has one more."""
    steps: list[nn.Module] = []
    for i, channels in enumerate(after):
        if i >= len(before):
            steps.append(nn.Sequential(_halving(before[-1], channels)))
        elif channels == before[i]:
            steps.append(nn.Identity())
        else:
            steps.append(nn.Sequential(conv(before[i], channels), nn.BatchNorm2d(channels), nn.ReLU()))
    return nn.ModuleList(steps)


def _stage(channels: tuple[int, ...], shape: Shape, number: int, last: bool = False) -> nn.Sequential:
    count = shape.modules[number]
    return nn.Sequential(
        *(Exchange(channels, shape.blocks, 1 if last and i == count - 1 else len(channels)) for i in range(count))
    )


def open_hrnet(name: str) -> HRNet:
    """An HRNet of that shape, untrained.

    Raises:
        UnknownName: when there is no such shape.

    """
    if name not in SHAPES:
        raise UnknownName("HRNet", name, SHAPES)
    return HRNet(SHAPES[name])


def load_checkpoint(net: HRNet, path: Path | str) -> None:
    """Fill a network with the parameters of a checkpoint: this project's, the authors' or a wrapped one.

    Raises:
        UnsuitableModel: when it is no checkpoint, or of another network.

    """
    try:
        said = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as problem:  # torch has no error of its own for what is no checkpoint
        raise UnsuitableModel(
            f"{path} is no checkpoint that can be read safely.", "Give a .pth or .pt file."
        ) from problem
    wanted = net.state_dict()
    found = plain_names(said)
    missing = [k for k, v in wanted.items() if k not in found or found[k].shape != v.shape]
    missing = [k for k in missing if not k.endswith("num_batches_tracked")]
    if missing:
        raise UnsuitableModel(
            f"{path} holds another network: of {len(wanted)} parameters {len(missing)} are missing or of another "
            f"shape, the first of them {missing[0]}.",
            f"Say which HRNet it is: {', '.join(SHAPES)}.",
        )
    net.load_state_dict({k: found.get(k, v) for k, v in wanted.items()})


def plain_names(said: object) -> dict[str, Tensor]:
    """The parameters in a checkpoint, by the names they have in the network itself.

    Wrappers add ``module.`` (data-parallel), ``_orig_mod.`` (compiled), ``model.`` or ``backbone.`` and
    ``keypoint_head.`` (toolboxes), and put everything into ``state_dict`` or ``model``.
    """
    while isinstance(said, Mapping) and not any(isinstance(v, Tensor) for v in said.values()):
        inner = next((said[k] for k in ("net", "state_dict", "model", "best_state_dict") if k in said), None)
        if inner is None:
            return {}
        said = inner
    if not isinstance(said, Mapping):
        return {}
    names = {}
    for key, value in said.items():
        name = str(key)
        for prefix in ("module.", "_orig_mod.", "model.", "backbone.", "keypoint_head.", "head."):
            name = name.removeprefix(prefix)
        names[name] = value
    return names
