"""Why a sequence network said what it said: which joints, at which moments.

Integrated gradients (Sundararajan et al. 2017) along the way from how others do it to how this was done: what a
joint adds to the verdict's logit on that way, moment by moment. How others do it are the windows nearest to this
one that the network calls something else, laid onto the same feet and made as large; so what is asked is not what
a body without knees would be, but what these knees do that others' do not.

The way is walked bone by bone, from the feet up: a trunk that is higher because the thighs are, has done nothing.
What a bone adds is shared by the joint that it carries and the one it turns on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from poise.classify import About
from poise.errors import InputError
from poise.learn.nets import Net

Floats = NDArray[np.float32]

#: Joints by the keypoints that are theirs; left and right together.
JOINTS: dict[str, tuple[str, ...]] = {
    "head": ("nose", "eye", "ear"),
    "shoulder": ("shoulder", "neck"),
    "elbow": ("elbow",),
    "wrist": ("wrist",),
    "hip": ("hip",),
    "knee": ("knee",),
    "foot": ("ankle", "heel", "foot_index"),
}
#: What each is carried by, standing; the ankles, and what has nothing to carry it, are where they are.
_CARRIED = {
    "knee": "ankle",
    "hip": "knee",
    "shoulder": "hip",
    "neck": "shoulder",
    "elbow": "shoulder",
    "wrist": "elbow",
    "nose": "shoulder",
    "eye": "nose",
    "ear": "nose",
    "heel": "ankle",
    "foot_index": "ankle",
}
#: The share of a bone that is the joint's which it carries; the rest is that of the joint it turns on. Ours.
CARRIES = 2 / 3
#: Steps of the way, and how many others are asked.
STEPS, OTHERS = 24, 8


@dataclass(frozen=True, eq=False)
class Why:
    """What drove a verdict.

    ``label`` is the verdict, ``probability`` its likelihood and ``other`` what the others are called. ``shares`` is
    ``(T, joints)``: what each joint of ``joints`` added to the verdict's lead at each moment (negative: spoke
    against it).
    """

    label: str
    probability: float
    other: str
    joints: tuple[str, ...]
    shares: Floats
    rate: float

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Joints with their share of all that spoke for the verdict, the strongest first."""
        each = np.maximum(self.shares.sum(0), 0.0)
        each = each / max(float(each.sum()), 1e-9)
        order = np.argsort(-each)
        return [(self.joints[i], float(each[i])) for i in order]

    @property
    def moment(self) -> float:
        """When it showed most, seconds from the beginning of the window."""
        return float(np.maximum(self.shares.sum(1), 0.0).argmax() / self.rate)


def why(net: Net, about: About, window: Floats, others: Floats) -> Why:
    """Why a network said what it says of a window.

    Args:
        net: the network.
        about: what its classifier says about itself.
        window: ``(T, K, 3)`` as the network takes it.
        others: ``(N, T, K, 3)`` windows of the same kind to compare with, such as a run's.

    Raises:
        InputError: when it looks at single poses, or calls all the others the same.

    """
    if about.frames < 2:
        raise InputError(
            "Only what looks at movement can be asked when.", "Train one that does: poise learn train streams DATA"
        )
    net.eval()
    with torch.no_grad():
        likely = net(torch.from_numpy(window[None]))[0].numpy()
        said = torch.cat([net(part) for part in torch.split(torch.from_numpy(others), 256)]).numpy()
    best = int(likely.argmax())
    unlike = others[said.argmax(1) != best]
    if not len(unlike):
        raise InputError(f"Everything else is called {about.labels[best]!r}, too.", "Compare with other windows.")
    names = about.keypoints
    laid = _laid_onto(window, unlike, names)
    near = laid[np.argsort(_apart(window, laid))[:OTHERS]]
    counted = said[said.argmax(1) != best].mean(0)
    counted[best] = -1
    other = int(counted.argmax())
    bones, ends = _bones(names)
    joints = tuple(joint for joint, parts in JOINTS.items() if _places(names, parts))
    shares = (_gradients(net, window, near, best, bones) @ ends)[:, [list(JOINTS).index(j) for j in joints]]
    return Why(about.labels[best], float(likely[best]), about.labels[other], joints, shares, about.rate)


def _places(names: Sequence[str], parts: Sequence[str]) -> list[int]:
    return [i for i, name in enumerate(names) if name.split("_", 1)[-1] in parts or name in parts]


def _bones(names: Sequence[str]) -> tuple[Floats, Floats]:
    """What makes bones of keypoints ``(K, K)``, and each joint's share of what a bone adds ``(K, joints)``.

    A bone goes to its keypoint from the one below on the same side, or from the middle of a pair.
    """
    kinds = [name.removeprefix("left_").removeprefix("right_") for name in names]
    order = list(JOINTS)
    of = {part: order.index(joint) for joint, parts in JOINTS.items() for part in parts}
    bones, ends = np.eye(len(names), dtype=np.float32), np.zeros((len(names), len(order)), np.float32)
    for i, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        below = _CARRIED.get(kind)
        while below is not None and below not in kinds:
            below = _CARRIED.get(below)
        if kind in of:
            ends[i, of[kind]] += CARRIES
            ends[i, of[below or kind]] += 1 - CARRIES
        if below is not None:
            same = name.replace(kind, below)
            carrying = [names.index(same)] if same in names else [j for j, k in enumerate(kinds) if k == below]
            bones[i, carrying] -= 1.0 / len(carrying)
    return bones, ends


def _gradients(net: Net, window: Floats, near: Floats, best: int, bones: Floats) -> Floats:
    """What each bone adds to the verdict's lead at each moment: ``(T, K)``, the mean over the others."""
    end, starts = torch.from_numpy(window), torch.from_numpy(near)
    total = torch.zeros_like(starts[..., :2])
    for step in range(STEPS):
        point = (starts + (step + 0.5) / STEPS * (end - starts)).requires_grad_()
        logits = net.logits(point)
        rest = torch.logsumexp(torch.cat([logits[:, :best], logits[:, best + 1 :]], dim=1), dim=1)
        (slope,) = torch.autograd.grad((logits[:, best] - rest).sum(), point)
        total += slope[..., :2] / STEPS
    made = torch.from_numpy(bones)
    turned = torch.einsum("ij,ntjc->ntic", made, (end - starts)[..., :2])
    felt = torch.einsum("ji,ntjc->ntic", torch.linalg.inv(made), total)
    return (turned * felt).sum(-1).mean(0).numpy()


def _laid_onto(window: Floats, others: Floats, names: Sequence[str]) -> Floats:
    """Others' windows made as large as this one, on the same feet; what is unseen in this one is unseen in them."""
    feet = _places(names, ("ankle",)) or list(range(len(names)))
    trunk = _places(names, ("shoulder",)), _places(names, ("hip",))

    def size(x: Any) -> Any:
        along = x[..., trunk[0], :2].mean(-2) - x[..., trunk[1], :2].mean(-2)
        legs = x[..., trunk[1], :2].mean(-2) - x[..., feet, :2].mean(-2)
        return (np.linalg.norm(along, axis=-1) + np.linalg.norm(legs, axis=-1)).max(-1)

    scale = size(window) / np.maximum(size(others), 1e-6)
    place = others[..., feet, :2].mean((1, 2))
    out = others.copy()
    out[..., :2] = (others[..., :2] - place[:, None, None]) * scale[:, None, None, None]
    out[..., :2] += window[..., feet, :2].mean((0, 1))
    unseen = np.broadcast_to(window[None, ..., 2:] == 0, out.shape)
    missing = np.broadcast_to(others[..., 2:] == 0, out.shape)
    return np.where(unseen | missing, np.broadcast_to(window, out.shape), out).astype(np.float32)


def _apart(window: Floats, others: Floats) -> Floats:
    return np.asarray(np.linalg.norm((others - window)[..., :2], axis=-1).mean((1, 2)), dtype=np.float32)
