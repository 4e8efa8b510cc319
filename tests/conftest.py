"""What several rooms' tests share: the shipped squat, followed once, and what drives browsers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from poise.analysis import Analysis, Settings, analyze
from poise.sim.shipped import ShippedClip, shipped

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

# How long something takes is no reason to fail: a busy machine stands still for seconds.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def squat() -> ShippedClip:
    """The shipped film of squats from the side, the fourth of which is shallow."""
    return next(clip for clip in shipped() if clip.name == "squat")


@pytest.fixture(scope="session")
def squat_analysis(squat: ShippedClip, tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """That film analysed by BlazePose full, as `poise analyze` does it."""
    folder: Path = tmp_path_factory.mktemp("results") / "squat"
    return analyze(squat.path, folder, Settings(exercise="squat"))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives browsers; there can be one at a time."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session", autouse=True)
def what_everybody_has() -> Iterator[None]:
    """BlazePose runs on LiteRT in tests, as it does for who has no extra; what else it may run on has its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("poise.vision.estimators.blazepose.installed", lambda: False)
        yield
