"""Examples varied while a network learns: mirrored, seen from elsewhere, not level, jittered, in part lost."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from poise.learn.nets import mirror_order
from poise.learn.recipe import Vary

#: How far away the camera is that somebody is seen from elsewhere by, metres.
_AWAY = (2.5, 5.0)
#: Pixels of a metre there; the networks do not notice.
_PIXELS = 150.0


def varied(x: Tensor, world: Tensor | None, keypoints: tuple[str, ...], how: Vary) -> Tensor:
    """Keypoints ``(N, T, K, 3)`` varied, each example in its own way.

    Args:
        x: pixels and scores, 0 where unseen.
        world: ``(N, T, K, 3)`` metres about the hips, 0 where unseen, or None.
        keypoints: their names.
        how: how much.

    """
    count = len(x)
    score = x[..., 2:]
    xy = x[..., :2]
    if world is not None and how.turn:
        turned = torch.rand(count) < how.turn
        xy = torch.where(turned[:, None, None, None], _elsewhere(world, how.turn_by), xy)
    if how.mirror:
        order = mirror_order(keypoints)
        flip = torch.rand(count) < how.mirror
        swapped, hidden = xy[:, :, order] * torch.tensor([-1.0, 1.0]), score[:, :, order]
        xy = torch.where(flip[:, None, None, None], swapped, xy)
        score = torch.where(flip[:, None, None, None], hidden, score)
    if how.lean:
        angle = torch.randn(count) * math.radians(how.lean)
        c, s = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
        xy = torch.stack([c * xy[..., 0] - s * xy[..., 1], s * xy[..., 0] + c * xy[..., 1]], dim=-1)
    if how.jitter:
        high = xy[..., 1].amax((1, 2)) - xy[..., 1].amin((1, 2))
        xy = xy + torch.randn_like(xy) * (how.jitter * torch.rand(count) * high)[:, None, None, None]
    out = torch.cat([xy, score], dim=-1)
    if how.lose:
        lost = torch.rand(count, 1, x.shape[2], 1) < how.lose
        out = torch.where(lost, torch.zeros_like(out), out)
    return torch.where(out[..., 2:] > 0, out, torch.zeros_like(out))


def _elsewhere(world: Tensor, by: float) -> Tensor:
    """The body seen by a level camera that walked around it: ``(N, T, K, 2)`` pixels."""
    count = len(world)
    calm = (world[:, :-2] + 2 * world[:, 1:-1] + world[:, 2:]) / 4  # depths jitter, and come into the picture
    world = torch.cat([world[:, :1], calm, world[:, -1:]], dim=1)
    angle = (torch.rand(count) * 2 - 1) * math.radians(by)
    c, s = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    across, deep = c * world[..., 0] + s * world[..., 2], -s * world[..., 0] + c * world[..., 2]
    away = (_AWAY[0] + torch.rand(count) * (_AWAY[1] - _AWAY[0]))[:, None, None]
    near = away / (away + deep).clamp(min=0.5)
    return torch.stack([across * near, world[..., 1] * near], dim=-1) * _PIXELS
