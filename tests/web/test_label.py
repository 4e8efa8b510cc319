"""Labelling in Chromium with nothing but keys, over a reload, a kill and a server that is away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from poise.learn.data.labels import Interval, read_labels
from poise.sim.shipped import ShippedClip
from tests.web.conftest import Visit, until


class Labelling:
    """``poise data label`` as a process, on one port however often it is started."""

    def __init__(self, folder: Path, film: Path) -> None:
        self.labels = folder / "labels.csv"
        self._film = film
        self.port = 0
        self.url = ""

    def start(self) -> None:
        command = [sys.executable, "-m", "poise", "data", "label", str(self._film), "--keys", "d=down,p=up"]
        command += ["--out", str(self.labels), "--labeller", "ann", "--port", str(self.port), "--no-show"]
        wide = {**os.environ, "COLUMNS": "300"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=wide)
        assert self.process.stdout
        line = self.process.stdout.readline()
        self.url = line.split("Label at ")[1].split(" ")[0]
        self.port = int(self.url.rstrip("/").rpartition(":")[2])

    def end(self, sign: signal.Signals) -> None:
        self.process.send_signal(sign)
        self.process.wait(20)
        assert self.process.stdout
        self.process.stdout.close()

    def rows(self) -> list[Interval]:
        return read_labels(self.labels) if self.labels.exists() else []


@pytest.fixture(scope="module")
def labelling(squat: ShippedClip, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Labelling]:
    started = Labelling(tmp_path_factory.mktemp("labels"), squat.path)
    started.start()
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGINT)


def opened(visit: Callable[..., Visit], labelling: Labelling) -> Visit:
    visited = visit(labelling.url)
    until(lambda: visited.state() == "ready", 20, "the page is ready")
    until(lambda: visited.page.evaluate("document.getElementById('film').readyState") >= 2, 20, "the film is there")
    return visited


def seek(visited: Visit, t: float) -> None:
    visited.page.evaluate("t => { document.getElementById('film').currentTime = t; }", t)
    until(lambda: not visited.page.evaluate("document.getElementById('film').seeking"), 10)


def test_frames_and_intervals_are_labelled_with_keys_and_gone_on_with(
    labelling: Labelling, visit: Callable[..., Visit], squat: ShippedClip
) -> None:
    visited = opened(visit, labelling)
    page, name = visited.page, squat.path.name
    page.fill("#subject", "p1")
    page.press("#subject", "Enter")
    seek(visited, 1.0)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("d")
    until(lambda: labelling.rows() == [Interval(name, 1.04, 1.04, "down", "p1", "", "ann")], 10, "a frame is kept")
    page.keyboard.press("i")
    page.fill("#note", "slow, at first")
    page.press("#note", "Enter")
    page.keyboard.press("p")
    assert "up since" in visited.text("#open")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("p")
    stretch = Interval(name, 1.04, 2.04, "up", "p1", "slow, at first", "ann")
    until(lambda: labelling.rows()[-1:] == [stretch], 10, "an interval is kept")
    page.keyboard.press("i")
    page.keyboard.press("d")
    until(lambda: len(labelling.rows()) == 3, 10)
    page.keyboard.press("u")
    until(lambda: len(labelling.rows()) == 2, 10, "the last is taken back")
    until(lambda: page.locator("#rows li").count() == 2, 10, "it is gone from the page, too")
    page.reload()
    until(lambda: visited.state() == "ready", 20)
    until(lambda: abs(page.evaluate("document.getElementById('film').currentTime") - 2.04) < 0.01, 10, "it goes on")
    assert page.input_value("#subject") == "p1"
    until(lambda: page.locator("#rows li").count() == 2, 10, "the rows are there again")
    page.click("#rows li:first-child .danger")
    until(lambda: labelling.rows() == [stretch], 10, "one is removed")
    assert visited.problems == []


def test_nothing_said_is_lost_when_the_server_is_killed(labelling: Labelling, visit: Callable[..., Visit]) -> None:
    visited = opened(visit, labelling)
    before = labelling.rows()
    labelling.end(signal.SIGKILL)
    seek(visited, 3.0)
    visited.page.keyboard.press("d")
    until(lambda: "1 not kept yet" in visited.text("#kept"), 10, "it says that it is not kept")
    assert "cannot be reached" in visited.text("#problem")
    labelling.start()
    until(lambda: len(labelling.rows()) == len(before) + 1, 15, "it is kept once the server is back")
    until(lambda: visited.text("#kept") == "All kept", 10)
    assert labelling.rows()[-1].start == 3.0
    assert visited.text("#problem") == ""
