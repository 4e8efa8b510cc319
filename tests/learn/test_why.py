"""Why: the joint that a network looks at is the one it names, at the moment it looks at."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from poise.classify import About
from poise.errors import InputError
from poise.learn.nets import Net
from poise.learn.recipe import load_recipe
from poise.learn.why import why
from poise.learn.why_page import why_page

NAMES = load_recipe("streams").look.keypoints
ABOUT = About(("correct", "incorrect"), NAMES, 3.2, 10.0)


class KneesApart(Net):
    """Says "incorrect" when the knees are close together in the middle of the window, and knows nothing else."""

    def logits(self, x: Tensor) -> Tensor:
        left, right = (NAMES.index(f"{side}_knee") for side in ("left", "right"))
        near = 40.0 - (x[:, 14:18, left, 0] - x[:, 14:18, right, 0]).mean(1)
        return torch.stack([-near, near], dim=1) / 4


def windows(count: int, apart: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    rng = np.random.default_rng(3)
    base = rng.uniform(100, 300, (1, 1, len(NAMES), 3))
    out = np.broadcast_to(base, (count, 32, len(NAMES), 3)) + rng.normal(0, 2, (count, 32, len(NAMES), 3))
    out[:, :, NAMES.index("left_knee"), 0] = 200 + apart / 2
    out[:, :, NAMES.index("right_knee"), 0] = 200 - apart / 2
    out[..., 2] = 0.9
    return out.astype(np.float32)


def test_the_joint_and_the_moment_that_matter_are_named() -> None:
    net = KneesApart(load_recipe("streams"), 2)
    found = why(net, ABOUT, windows(1, 20.0)[0], windows(12, 60.0))
    assert found.label == "incorrect"
    assert found.other == "correct"
    joint, share = found.ranked[0]
    assert joint == "knee"
    assert share > 0.95
    assert 1.4 <= found.moment < 1.8
    knee = found.shares[:, found.joints.index("knee")]
    assert np.abs(np.delete(knee, range(14, 18))).max() < 1e-6
    # what all joints add is the lead over the others' lead (completeness)
    assert float(found.shares.sum()) == pytest.approx(2 * (20 - (-20)) / 4, rel=0.3)


def test_it_is_drawn() -> None:
    net = KneesApart(load_recipe("streams"), 2)
    window = windows(1, 20.0)[0]
    found = why(net, ABOUT, window, windows(12, 60.0))
    page = why_page(found, window, NAMES, "me.npz", 4.0)
    assert "Why incorrect" in page
    assert "<strong>knee</strong>" in page
    assert page.count("<circle") > 1
    assert page.count('aria-label="at') == 8


def test_what_cannot_be_asked_is_told() -> None:
    net = KneesApart(load_recipe("streams"), 2)
    with pytest.raises(InputError, match="Everything else"):
        why(net, ABOUT, windows(1, 20.0)[0], windows(5, 20.0))
    with pytest.raises(InputError, match="movement"):
        why(net, About(("a", "b"), NAMES), windows(1, 20.0)[0, :1], windows(5, 60.0)[:, :1])
