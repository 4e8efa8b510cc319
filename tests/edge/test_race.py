"""The race that finds out what a board can bear."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from poise.body import BLAZEPOSE33, Pose
from poise.edge import race as races
from poise.edge.race import Choice, Lap, choose, race, remember, remembered
from poise.vision.estimators import PoseEstimator
from poise.vision.frame import Frame
from tests.vision.scripted import Held


class Clock:
    """A clock that only goes on when somebody works."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Runner(Held):
    """Takes so long for every frame, and longer for some."""

    skeleton = BLAZEPOSE33

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds
        self.times: list[float] = []

    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        self._clock.now += self._seconds
        self.times += [frame.t for frame in frames]
        return [[] for _ in frames]


def raced(monkeypatch: pytest.MonkeyPatch, costs: dict[tuple[str, int], float], cores: int) -> tuple[Choice, float]:
    clock = Clock()
    monkeypatch.setattr(races, "time", clock)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)

    def opened(backend: str, *, model: str, threads: int, **more: Any) -> PoseEstimator:
        assert (backend, more) == ("blazepose", {})
        return Runner(clock, costs[model, threads])

    return race(0.8, 12.0, open_eyes=opened), clock.now


def test_the_best_model_that_is_fast_enough_wins_on_as_few_threads_as_that_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    costs = {("full", 1): 0.09, ("full", 4): 0.04, ("lite", 1): 0.05, ("lite", 4): 0.02}
    choice, took = raced(monkeypatch, costs, cores=4)
    assert (choice.model, choice.threads) == ("full", 4)
    assert choice.rate == pytest.approx(20.0)
    assert took == pytest.approx(12.0, abs=0.5)
    costs["full", 1] = 0.05
    assert raced(monkeypatch, costs, cores=4)[0].threads == 1


def test_on_a_slow_board_the_fastest_wins_and_no_rate_is_beyond_use(monkeypatch: pytest.MonkeyPatch) -> None:
    choice, _ = raced(monkeypatch, {("full", 1): 0.5, ("lite", 1): 0.2}, cores=1)
    assert choice.model == "lite"
    assert choice.rate == pytest.approx(4.0)
    assert raced(monkeypatch, {("full", 1): 0.002, ("lite", 1): 0.001}, cores=1)[0] == Choice("full", 1, races.MOST)


class Stuttering(Runner):
    """Takes four times as long for every tenth frame."""

    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        self._clock.now += 3 * self._seconds * (len(self.times) % 10 == 9)
        return super().estimate(frames)


def test_a_board_is_known_by_its_slower_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(races, "time", clock)
    opened = {"lite": 0.02, "full": 0.2}
    choice = race(0.8, 60.0, open_eyes=lambda backend, *, model, threads: Stuttering(clock, opened[model]))
    assert choice.rate == pytest.approx(0.8 / (4 * 0.02))


def test_enough_is_enough_at_the_limit() -> None:
    assert choose([Lap("full", 1, 0.8 / 15), Lap("lite", 1, 0.001)], 0.8).model == "full"
    assert choose([Lap("full", 1, 0.81 / 15), Lap("lite", 1, 0.001)], 0.8).model == "lite"


def test_a_choice_is_remembered_on_the_same_board_only(tmp_path: Path) -> None:
    path = tmp_path / "edge" / "choice.json"
    assert remembered(path) is None
    remember(path, Choice("lite", 2, 12.5))
    assert remembered(path) == Choice("lite", 2, 12.5)
    said = json.loads(path.read_text())
    path.write_text(json.dumps({**said, "board": ["another"]}))
    assert remembered(path) is None
    path.write_text("{")
    assert remembered(path) is None
