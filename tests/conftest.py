"""What several rooms' tests share: the shipped squat, followed once."""

from __future__ import annotations

from pathlib import Path

import pytest

from poise.analysis import Analysis, Settings, analyze
from poise.sim.shipped import ShippedClip, shipped


@pytest.fixture(scope="session")
def squat() -> ShippedClip:
    """The shipped film of squats from the side, the fourth of which is shallow."""
    return next(clip for clip in shipped() if clip.name == "squat")


@pytest.fixture(scope="session")
def squat_analysis(squat: ShippedClip, tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """That film analysed by BlazePose full, as `poise analyze` does it."""
    folder: Path = tmp_path_factory.mktemp("results") / "squat"
    return analyze(squat.path, folder, Settings(exercise="squat"))
