"""What benchmarks do to their data before anything is measured."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from poise.sim import Body, Camera, film_poses, perform


def test_a_track_that_fills_the_unit_cube_gets_its_shape_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The better for knowing whose proportions they are, and not at all by leaving the cube as it is."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    recognise = import_module("recognise")
    body = Body.random(np.random.default_rng(3))
    poses = film_poses(perform("squat", reps=2, body=body), Camera(yaw=60.0), rate=15)
    off = np.nanmean(recognise.restored(poses))
    assert off < 0.05
    monkeypatch.setattr(recognise, "ROUNDS", 1)
    assert np.nanmean(recognise.restored(poses)) > 1.3 * off
    monkeypatch.setattr(recognise, "STEPS", 0)
    assert np.nanmean(recognise.restored(poses)) > 0.15
