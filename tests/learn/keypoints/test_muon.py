"""Muon: every direction of a kernel's gradient is gone alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from poise.learn.keypoints.muon import Muon, alike


@pytest.mark.parametrize("shape", [(24, 216), (24, 24), (96, 24)])
def test_the_singular_values_are_brought_near_one_and_the_directions_stay(shape: tuple[int, int]) -> None:
    random = torch.Generator().manual_seed(1)
    asked = torch.randn(shape, generator=random) @ torch.diag(torch.logspace(0, -1, shape[1]))
    u, s, v = torch.linalg.svd(asked, full_matrices=False)
    found = u.mT @ alike(asked) @ v.mT
    values = torch.diagonal(found)
    counts = s > 0.01 * s[0]
    assert torch.all((values > 0.6) & (values < 1.25) | ~counts)
    assert float((found - torch.diag(values)).abs().max()) < 1e-3


def test_it_is_newton_and_schulz_iteration() -> None:
    """The same as on the whole matrix, which is how Jordan et al. have it."""
    asked = torch.randn(8, 30, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    whole = asked / asked.norm()
    for _ in range(5):
        gram = whole @ whole.mT
        whole = 3.4445 * whole + (-4.7750 * gram + 2.0315 * gram @ gram) @ whole
    assert torch.allclose(alike(asked), whole, atol=1e-9)


def test_a_gradient_of_nothing_moves_nothing() -> None:
    kernel = torch.nn.Parameter(torch.ones(4, 2, 3, 3))
    kernel.grad = torch.zeros_like(kernel)
    Muon([kernel]).step()
    assert torch.equal(kernel.detach(), torch.ones(4, 2, 3, 3))


def test_a_step_goes_as_far_however_large_the_gradient() -> None:
    """About the rate times its direction; a tall kernel goes further by the root of its shape."""
    for rows, columns in ((4, 9), (16, 4)):
        u, v = torch.randn(rows, 1), torch.randn(1, columns)
        kernel = torch.nn.Parameter(torch.zeros(rows, columns, 1, 1))
        moved = []
        for size in (1e-3, 1e3):
            with torch.no_grad():
                kernel.zero_()
            kernel.grad = size * (u @ v).view_as(kernel)
            Muon([kernel], lr=0.1).step()
            moved.append(kernel.detach().flatten(1).clone())
        assert torch.allclose(moved[0], moved[1], atol=1e-4)
        far = float(torch.linalg.matrix_norm(moved[0], 2))
        assert far == pytest.approx(0.1 * np.sqrt(max(1.0, rows / columns)), rel=0.35)


def test_momentum_goes_on_where_the_gradient_is_gone() -> None:
    kernel = torch.nn.Parameter(torch.zeros(2, 3, 1, 1))
    optimiser = Muon([kernel], lr=0.1)
    kernel.grad = torch.eye(2, 3).view_as(kernel)
    optimiser.step()
    first = kernel.detach().clone()
    kernel.grad = torch.zeros_like(kernel)
    optimiser.step()
    assert torch.allclose(kernel.detach() - first, first, atol=1e-4)
    kernel.grad = None
    optimiser.step()
    assert torch.allclose(kernel.detach(), 2 * first, atol=1e-4)


def test_it_learns_what_is_asked() -> None:
    """Directions that matter a hundred times less than others are learnt all the same."""
    random = torch.Generator().manual_seed(3)
    wanted = torch.randn(6, 6, generator=random)
    weights = torch.logspace(0, -1, 6)
    kernel = torch.nn.Parameter(torch.zeros(6, 6))
    optimiser = Muon([kernel], lr=0.1)

    def loss() -> float:
        optimiser.zero_grad()
        lost = ((kernel - wanted) * weights).square().sum()
        lost.backward()  # type: ignore[no-untyped-call]
        return float(lost.detach())

    for step in range(200):
        optimiser.param_groups[0]["lr"] = 0.1 * (1 - step / 200)
        optimiser.step(loss)
    assert float((kernel.detach() - wanted).abs().max()) < 0.02
