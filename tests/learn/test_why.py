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
    (joint, share), (below, rest) = found.ranked[:2]
    assert (joint, below) == ("knee", "foot")  # the shank puts the knee where it is
    assert (share, rest) == pytest.approx((2 / 3, 1 / 3), abs=0.02)
    assert 1.4 <= found.moment < 1.8
    knee = found.shares[:, found.joints.index("knee")]
    assert np.abs(np.delete(knee, range(14, 18))).max() < 1e-6
    # what all joints add is the lead over the others' lead (completeness)
    assert float(found.shares.sum()) == pytest.approx(2 * (20 - (-20)) / 4, rel=0.3)


class ShouldersLow(Net):
    """Says "incorrect" when the shoulders are low in the picture, whatever made them."""

    def logits(self, x: Tensor) -> Tensor:
        low = x[:, :, NAMES.index("left_shoulder"), 1].mean(1) - 200.0
        return torch.stack([-low, low], dim=1) / 4


@pytest.mark.parametrize(
    ("sunk", "joints"),
    [
        (("shoulder",), {"shoulder": 2 / 3, "hip": 1 / 3}),  # the trunk is shorter
        (("shoulder", "hip"), {"hip": 2 / 3, "knee": 1 / 3}),  # the thighs are, and carry it
        (("shoulder", "hip", "knee"), {"knee": 2 / 3, "foot": 1 / 3}),
    ],
)
def test_what_is_carried_has_done_nothing(sunk: tuple[str, ...], joints: dict[str, float]) -> None:
    net = ShouldersLow(load_recipe("streams"), 2)
    others = np.zeros((6, 32, len(NAMES), 3), np.float32)
    others[..., 2] = 0.9
    for i, name in enumerate(NAMES):
        part = name.partition("_")[2]
        others[..., i, :2] = 100.0, {"shoulder": 180.0, "hip": 240.0, "knee": 300.0}.get(part, 360.0)
    window = others[0].copy()
    for i, name in enumerate(NAMES):
        window[1:, i, 1] += 40.0 * (name.partition("_")[2] in sunk)  # at first as high, so that it is as large
    found = dict(why(net, ABOUT, window, others).ranked)
    for joint, share in joints.items():
        assert found[joint] == pytest.approx(share, abs=0.02)


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
