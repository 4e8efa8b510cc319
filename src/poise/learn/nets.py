"""The networks of the recipes, whole: raw keypoints in, probabilities out, so that nothing is left to get wrong.

::

    (N, T, K, 3) x, y in pixels and score ─► prepared ─► layers ─► logits ─► / temperature ─► softmax
    0, 0, 0 where unseen                     (in the graph: it travels with the exported file)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from poise.body import SKELETONS
from poise.body.skeleton import mirrored
from poise.learn.recipe import Layers, Recipe

#: How many torsos a body is at most from its hips (the tutorial's torso multiplier).
TORSOS = 2.5
#: Frames of the Gaussian, and how far it reaches (as scipy's does by default).
SIGMA, REACH = 1.0, 4
_EPS = 1e-6
#: Widths and lengths below this share of the body's size are mostly an estimator's error, and hardly divide. Ours.
_SLIGHT = 0.12

_ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "relu6": nn.ReLU6, "sigmoid": nn.Sigmoid}


class Prepare(nn.Module):
    """What becomes of keypoints in the graph; ``numbers`` is how many come out, of each frame.

    Args:
        keypoints: their names, in order.

    """

    numbers: int

    def __init__(self, keypoints: Sequence[str]) -> None:
        super().__init__()
        self.keypoints = tuple(keypoints)

    def middle(self, x: Tensor, name: str) -> Tensor:
        """The middle of a pair of keypoints, or a keypoint: ``(..., 2)`` of ``(..., K, 2)``."""
        pair = (f"left_{name}", f"right_{name}")
        places = [self.keypoints.index(one) for one in (pair if pair[0] in self.keypoints else (name,))]
        return x[..., places[0] : places[0] + 1, :].add(x[..., places[-1] : places[-1] + 1, :]).mul(0.5).squeeze(-2)


def _length(x: Tensor) -> Tensor:
    return torch.sqrt((x * x).sum(-1) + _EPS * _EPS)


class Embedding(Prepare):
    """The tutorial's embedding: centred on the hips, divided by the size of the pose, flattened."""

    def __init__(self, keypoints: Sequence[str]) -> None:
        super().__init__(keypoints)
        self.numbers = 2 * len(self.keypoints)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, 2 K)`` of ``(N, 1, K, 3)``."""
        xy = x[:, 0, :, :2]
        hips, shoulders = self.middle(xy, "hip"), self.middle(xy, "shoulder")
        away = xy - hips[:, None]
        # The tutorial's norm runs over the keypoints, and so gives one number for x and one for y.
        farthest = torch.sqrt((away * away).sum(1) + _EPS * _EPS).amax(-1)
        size = torch.maximum(TORSOS * _length(shoulders - hips), farthest)
        return (away / size[:, None, None]).flatten(1)


class Plain(Prepare):
    """The coordinates as they are, but for a shift and a scale that a linear model does not notice."""

    shift: Tensor
    scale: Tensor

    def __init__(self, keypoints: Sequence[str]) -> None:
        super().__init__(keypoints)
        self.numbers = 2 * len(self.keypoints)
        self.register_buffer("shift", torch.zeros(self.numbers))
        self.register_buffer("scale", torch.ones(self.numbers))

    def learn(self, x: Tensor) -> None:
        """Take the shift and scale from examples."""
        flat = x[:, 0, :, :2].flatten(1)
        self.shift.copy_(flat.mean(0))
        self.scale.copy_(1 / flat.std(0).clamp(min=1e-3))

    def forward(self, x: Tensor) -> Tensor:
        """``(N, 2 K)`` of ``(N, 1, K, 3)``."""
        return (x[:, 0, :, :2].flatten(1) - self.shift) * self.scale


class Gravity(Prepare):
    """DeepFit's: about the centre of gravity of what is seen, in body lengths, first every x and then every y."""

    def __init__(self, keypoints: Sequence[str]) -> None:
        super().__init__(keypoints)
        self.numbers = 2 * len(self.keypoints)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, 2 K)`` of ``(N, 1, K, 3)``; see `poise.classify.gravity`."""
        xy, seen = x[:, 0, :, :2], (x[:, 0, :, 2] > 0).to(x.dtype)
        at = {name: i for i, name in enumerate(self.keypoints)}

        def apart(a: str, b: str) -> Tensor:
            return _length(xy[:, at[a]] - xy[:, at[b]]) * seen[:, at[a]] * seen[:, at[b]]

        faces = [f"{side}_{part}" for side in ("left", "right") for part in ("ear", "eye")]
        head = torch.stack([apart(top, face) for top in ("neck", "nose") for face in faces]).amax(0)
        trunk = torch.maximum(apart("neck", "left_hip"), apart("neck", "right_hip"))
        legs = [apart(f"{s}_hip", f"{s}_knee") + apart(f"{s}_knee", f"{s}_ankle") for s in ("left", "right")]
        length = head + trunk + torch.maximum(legs[0], legs[1])
        some = (length > _EPS).to(x.dtype)
        middle = (xy * seen[..., None]).sum(1) / seen.sum(1).clamp(min=1.0)[:, None]
        out = (xy - middle[:, None]) / (length + 1.0 - some)[:, None, None]
        out = out * seen[..., None] * some[:, None, None]
        return out.transpose(1, 2).flatten(1)


class Differences(Prepare):
    """The SNU thesis's: mapped by a reference frame, smoothed, and what changes from frame to frame."""

    before: Tensor
    weights: Tensor

    def __init__(self, keypoints: Sequence[str], frames: int) -> None:
        super().__init__(keypoints)
        self.numbers = 2 * len(self.keypoints)
        reach = np.arange(-REACH, REACH + 1)
        weights = np.exp(-0.5 * (reach / SIGMA) ** 2)
        self.register_buffer("weights", torch.tensor(weights / weights.sum(), dtype=torch.float32))
        self.register_buffer("before", torch.tril(torch.ones(frames, frames)))

    def forward(self, x: Tensor) -> Tensor:
        """``(N, T - 1, 2 K)`` of ``(N, T, K, 3)``."""
        xy, seen = x[..., :2], (x[..., 2] > 0).to(x.dtype)
        whole = seen.amin(-1)
        first = whole * (torch.matmul(whole, self.before.T) < 1.5).to(x.dtype)
        start = torch.cat([1.0 - first.amax(-1, keepdim=True), torch.zeros_like(first[:, 1:])], dim=1)
        reference = (xy * (first + start)[..., None, None]).sum(1)
        hips, shoulders = self.middle(reference, "hip"), self.middle(reference, "shoulder")
        torso = _length(shoulders - hips).clamp(min=1.0)
        placed = (xy - hips[:, None, None]) / torso[:, None, None, None] * seen[..., None]
        smooth = self._smoothed(placed.flatten(2))
        return smooth[:, 1:] - smooth[:, :-1]

    def _smoothed(self, x: Tensor) -> Tensor:
        """A Gaussian along time, the ends going on as they are."""
        padded = torch.cat([x[:, :1]] * REACH + [x] + [x[:, -1:]] * REACH, dim=1)
        frames = x.shape[1]
        out = padded[:, :frames] * self.weights[0]
        for i in range(1, 2 * REACH + 1):
            out = out + padded[:, i : i + frames] * self.weights[i]
        return out


class Streams(Prepare):
    """Ours: joints about the hips, bones, how both move, how wide it stands and how far forward; in body sizes.

    Widths are told in widths of the trunk, and what is ahead of the feet in lengths of the feet: both stay the same
    as the camera walks around (a level one, far away), until there is nothing left to divide by.
    """

    def __init__(self, keypoints: Sequence[str]) -> None:
        super().__init__(keypoints)
        known = set(self.keypoints)
        bones = [b for b in SKELETONS["blazepose33"].bones if set(b) <= known]
        self.bones = [(self.keypoints.index(a), self.keypoints.index(b)) for a, b in bones]
        pairs = [name for name in self.keypoints if name.startswith("left_")]
        self.left = [self.keypoints.index(name) for name in pairs]
        self.right = [self.keypoints.index(mirrored(name)) for name in pairs]
        self.numbers = 2 * (2 * len(self.keypoints) + 2 * len(self.bones)) + len(self.keypoints)
        self.feet = {"left_heel", "left_foot_index"} <= known
        self.numbers += 3 * len(pairs) + 2 if self.feet else 2 * len(pairs) + 1

    def forward(self, x: Tensor) -> Tensor:
        """``(N, T, numbers)`` of ``(N, T, K, 3)``."""
        xy, seen = x[..., :2], (x[..., 2] > 0).to(x.dtype)
        hips = self.middle(xy, "hip")
        torso = _length(self.middle(xy, "shoulder") - hips)
        legs = [
            _length(xy[:, :, self.keypoints.index(f"{s}_knee")] - xy[:, :, self.keypoints.index(f"{s}_ankle")])
            for s in ("left", "right")
        ]
        # As long as it ever looks: a body that leans towards the camera is not small.
        size = torch.maximum(torso, torch.maximum(legs[0], legs[1]) / 0.86).mean(1).clamp(min=1.0)
        joints = (xy - hips[:, :, None]) / size[:, None, None, None] * seen[..., None]
        one, other = [a for a, _ in self.bones], [b for _, b in self.bones]
        both = (seen[:, :, one] * seen[:, :, other])[..., None]
        bones = (joints[:, :, other] - joints[:, :, one]) * both
        still = torch.cat([joints, bones], dim=2).flatten(2)
        moved = torch.cat([still[:, 1:] - still[:, :-1], torch.zeros_like(still[:, :1])], dim=1)
        return torch.cat([still, 10.0 * moved, seen, self._turned(joints, seen)], dim=2)

    def _turned(self, joints: Tensor, seen: Tensor) -> Tensor:
        """Pairs in widths of the trunk, left above right, and their middles in lengths of the feet."""
        both = seen[:, :, self.left] * seen[:, :, self.right]
        left, right = joints[:, :, self.left], joints[:, :, self.right]
        apart = (left - right) * both[..., None]
        wide = (self._pair(apart, "shoulder") + self._pair(apart, "hip"))[..., 0].mean(1)[:, None, None] / 2
        told, shown = [apart[..., 0] * _per(wide) / 2, 4 * apart[..., 1]], [wide]
        if self.feet:
            feet = self.middle(joints, "foot_index") - self.middle(joints, "heel")
            long = feet[..., 0].mean(1)[:, None, None]
            ahead = ((left + right)[..., 0] / 2 - self.middle(joints, "ankle")[..., :1]) * both
            told.append(ahead * _per(long) / 4)
            shown.append(long)
        return torch.cat([*told, *(3 * one.expand_as(seen[..., :1]) for one in shown)], dim=2)

    def _pair(self, apart: Tensor, part: str) -> Tensor:
        return apart[:, :, self.left.index(self.keypoints.index(f"left_{part}"))]


def _per(size: Tensor) -> Tensor:
    """One by a size, but nothing by nothing."""
    return size / (size * size + _SLIGHT * _SLIGHT)


class _Residual(nn.Module):
    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.inside = nn.Sequential(
            nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv1d(width, width, 1),
            nn.BatchNorm1d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.inside(x))


class OverTime(nn.Module):
    """What a sequence network does before its dense layers: ``(N, T, numbers)`` to ``(N, width)``."""

    def __init__(self, numbers: int, layers: Layers) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        channels = numbers
        if layers.residual:
            parts += [nn.Conv1d(channels, layers.width, 1), nn.BatchNorm1d(layers.width), nn.ReLU()]
            parts += [_Residual(layers.width, dilation, layers.dropout) for dilation in layers.residual]
            channels = layers.width
        for size, width in layers.convolutions:
            parts += [nn.Conv1d(channels, width, size, padding=size // 2), nn.ReLU(), nn.Dropout(layers.dropout)]
            channels = width
        self.convolved = nn.Sequential(*parts)
        self.lstm = nn.LSTM(channels, layers.lstm, batch_first=True, bidirectional=True) if layers.lstm else None
        self.attend = nn.Conv1d(channels, 1, 1) if layers.residual else None
        self.width = 2 * layers.lstm if layers.lstm else 2 * channels if layers.residual else channels

    def forward(self, x: Tensor) -> Tensor:
        """What is known at the end: of an LSTM its last states, else averages over time."""
        x = self.convolved(x.transpose(1, 2))
        if self.lstm is not None:
            out, _ = self.lstm(x.transpose(1, 2))
            half = out.shape[-1] // 2
            return torch.cat([out[:, -1, :half], out[:, 0, half:]], dim=1)
        if self.attend is not None:
            weight = torch.softmax(self.attend(x), dim=-1)
            return torch.cat([(x * weight).sum(-1), x.amax(-1)], dim=1)
        return x.mean(-1)


class Net(nn.Module):
    """A recipe's network: `forward` gives probabilities, `logits` what training needs."""

    temperature: Tensor

    def __init__(self, recipe: Recipe, labels: int) -> None:
        super().__init__()
        look, layers = recipe.look, recipe.layers
        frames = max(1, round(look.seconds * look.rate))
        self.prepare: Prepare = {
            "embedding": Embedding,
            "plain": Plain,
            "gravity": Gravity,
            "differences": lambda names: Differences(names, frames),
            "streams": Streams,
        }[look.prepare](look.keypoints)
        moving = bool(layers.convolutions or layers.lstm or layers.residual)
        self.over_time = OverTime(self.prepare.numbers, layers) if moving else None
        widths = [self.over_time.width if self.over_time else self.prepare.numbers, *layers.dense]
        dense: list[nn.Module] = []
        for a, b in pairwise(widths):
            dense += [nn.Linear(a, b), _ACTIVATIONS[layers.activation](), nn.Dropout(layers.dropout)]
        self.dense = nn.Sequential(*dense, nn.Linear(widths[-1], labels))
        self.register_buffer("temperature", torch.ones(1))

    def logits(self, x: Tensor) -> Tensor:
        """``(N, labels)`` of keypoints ``(N, T, K, 3)``."""
        return self.judged(self.prepare(x))

    def judged(self, x: Tensor) -> Tensor:
        """``(N, labels)`` of what `prepare` made of keypoints."""
        out: Tensor = self.dense(x if self.over_time is None else self.over_time(x))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """How likely each label is: ``(N, labels)`` of keypoints ``(N, T, K, 3)``."""
        return torch.softmax(self.logits(x) / self.temperature, dim=-1)


def mirror_order(keypoints: Sequence[str]) -> list[int]:
    """For each keypoint the place of its mirror image."""
    return [list(keypoints).index(mirrored(name)) for name in keypoints]
