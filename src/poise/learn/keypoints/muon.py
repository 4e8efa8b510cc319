"""Muon (Jordan et al. 2024): of what a gradient asks of a kernel, every direction is gone alike.

As a matrix, outputs by all that each looks at, the momentum of a kernel's gradient is a few large singular values
and many small ones, and a step along it learns little but the former. Muon steps along the nearest matrix whose
singular values are near one, found by five Newton-Schulz iterations. Each iterate is a polynomial of the small
matrix ``M Mᵀ`` times ``M``, so that they are gone through on that one: a third of the time, to rounding the same.
(torch's own takes matrices only, and computes in bfloat16: thirty times slower on a processor without it.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor
from torch.optim import Optimizer

#: Of the quintic that raises small singular values fastest, and how often it is gone through (Jordan et al. 2024).
_A, _B, _C = 3.4445, -4.7750, 2.0315
_ITERATIONS = 5


class Muon(Optimizer):
    """An optimiser of convolutions' kernels ``(outputs, inputs, H, W)``, or of anything of two axes and more.

    Args:
        kernels: what to learn.
        lr: how far a step goes.
        momentum: how much of the last step's direction is kept; steps look ahead along it (Nesterov).

    """

    def __init__(self, kernels: Iterable[Any], lr: float = 0.02, momentum: float = 0.95) -> None:
        super().__init__(kernels, {"lr": lr, "momentum": momentum})

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Go a step; what the closure says of the loss before it."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for kernel in group["params"]:
                if kernel.grad is None:
                    continue
                kept = self.state[kernel].setdefault("momentum", torch.zeros_like(kernel.grad))
                kept.mul_(group["momentum"]).add_(kernel.grad)
                asked = (kernel.grad + group["momentum"] * kept).flatten(1)
                rows, columns = asked.shape
                far = group["lr"] * math.sqrt(max(1.0, rows / columns))
                kernel.sub_(far * alike(asked).view_as(kernel))
        return loss


def alike(asked: Tensor) -> Tensor:
    """A matrix ``(R, C)`` with singular values that are near one, 0.7 to 1.2, unless they were next to nothing."""
    wide = asked if asked.shape[0] <= asked.shape[1] else asked.mT
    wide = wide / wide.norm().clamp_min(1e-12)
    small = wide @ wide.mT
    one = torch.eye(len(small), dtype=small.dtype, device=small.device)
    turned = one
    for _ in range(_ITERATIONS):
        once = _A * one + _B * small + _C * small @ small
        turned, small = once @ turned, once @ small @ once
    found: Tensor = turned @ wide
    return found if asked.shape[0] <= asked.shape[1] else found.mT
