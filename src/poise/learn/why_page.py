"""Why a verdict came about, drawn on the skeleton over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader

from poise.body import SKELETONS
from poise.learn.why import JOINTS, Floats, Why

#: How many moments are drawn, and how wide and high each is.
MOMENTS, WIDE, HIGH = 8, 120, 200


def why_page(found: Why, window: Floats, names: Sequence[str], source: str, at: float) -> str:
    """A page: the body at some moments, its joints as large as what they added, and the same as a table by time.

    Args:
        found: what drove the verdict.
        window: ``(T, K, 3)`` keypoints as the network took them.
        names: what they are called.
        source: what the window is from.
        at: when its middle was, seconds.

    """
    environment = Environment(loader=PackageLoader("poise.learn"), autoescape=True, trim_blocks=True)
    spoke = np.maximum(found.shares, 0.0)
    spells = np.array_split(np.arange(len(window)), min(MOMENTS, len(window)))
    rows = [int(spell[spoke[spell].sum(1).argmax()]) for spell in spells]  # of each spell the moment that says most
    most = float(spoke.max()) or 1.0
    bodies = [_body(window, row, spoke[row] / most, names, found) for row in rows]
    heat = [
        {"joint": joint, "share": share, "cells": [float(v) / most for v in spoke[:, found.joints.index(joint)]]}
        for joint, share in found.ranked
    ]
    return environment.get_template("why.html.j2").render(
        why=found,
        bodies=bodies,
        heat=heat,
        source=source,
        at=at,
        size=(WIDE, HIGH),
        seconds=len(window) / found.rate,
    )


def _body(window: Floats, row: int, strength: Any, names: Sequence[str], found: Why) -> dict[str, Any]:
    seen = window[..., 2] > 0
    xy = window[..., :2][seen]
    low, high = xy.min(0), xy.max(0)
    scale = float(min((WIDE - 20) / max(high[0] - low[0], 1.0), (HIGH - 30) / max(high[1] - low[1], 1.0)))
    place = (window[row, :, :2] - (low + high) / 2) * scale + (WIDE / 2, HIGH / 2 - 5)
    bones = [
        (*place[names.index(a)], *place[names.index(b)])
        for a, b in SKELETONS["blazepose33"].bones
        if a in names and b in names and seen[row, names.index(a)] and seen[row, names.index(b)]
    ]
    dots = []
    for joint, share in zip(found.joints, strength, strict=True):
        for i, name in enumerate(names):
            own = name.split("_", 1)[-1] in JOINTS[joint] or name in JOINTS[joint]
            if own and seen[row, i] and share > 0.05:
                dots.append((float(place[i, 0]), float(place[i, 1]), 3 + 11 * float(share) ** 0.5))
    return {"t": row / found.rate, "bones": [[float(v) for v in bone] for bone in bones], "dots": dots}
