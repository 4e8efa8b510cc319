"""The desk coach in a tab that is hidden, in Chromium as users start it: it looks on, and notifies.

Playwright keeps every page visible and awake, so Chromium is started without it, and asked over its debugging port.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from browser import CHROMIUM, desk_film, flags
from websockets.sync.client import ClientConnection, connect

from poise.desk.opinion import keep_opinion
from poise.sim import Body
from poise.sim.desk import DeskScene
from tests.desk.classifiers import sinking
from tests.web.conftest import Served, until

#: Seconds for which they sit well, before they sink.
WELL_S = 25.0


class Line:
    """A debugging connection: to a tab, or to the browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self._numbers = socket, count(1)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (answer := json.loads(self._socket.recv(timeout=60))).get("id") != number:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def evaluate(self, script: str) -> Any:
        answer = self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")


class Chromium:
    """A Chromium with the switches of `flags`, and no others."""

    def __init__(self, film: Path, folder: Path) -> None:
        assert CHROMIUM
        options = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"]
        self._process = subprocess.Popen(
            [CHROMIUM, *flags(film), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        told = folder / "DevToolsActivePort"
        words = until(lambda: told.exists() and told.read_text().split(), 60, "Chromium starts")
        self._address = f"127.0.0.1:{words[0]}"
        self._lines = ExitStack()
        self._browser = self._line(f"ws://{self._address}{words[1]}")

    def _line(self, url: str) -> Line:
        return Line(self._lines.enter_context(connect(url, proxy=None, max_size=None)))

    def open(self, url: str) -> Line:
        """A new tab, in front of all others."""
        with urlopen(Request(f"http://{self._address}/json/new?{url}", method="PUT")) as answer:
            return self._line(json.load(answer)["webSocketDebuggerUrl"])

    def allow(self, origin: str, *what: str) -> None:
        self._browser.ask("Browser.grantPermissions", origin=origin, permissions=list(what))

    def close(self) -> None:
        self._browser.ask("Browser.close")
        self._lines.close()
        self._process.wait(30)


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Chromium]:
    if not CHROMIUM:
        pytest.skip("there is no Chromium: apt-get install chromium")
    well, slumped = (replace(DeskScene.sitting(5, Body.of(), slump=cm), restless=0.2) for cm in (0.0, 8.0))
    film = desk_film(tmp_path / "desk.mjpeg", [(well, WELL_S), (slumped, 90.0)])
    opened = Chromium(film, tmp_path / "user")
    yield opened
    opened.close()


def test_in_a_hidden_tab_it_looks_on_and_notifies(server: Served, chromium: Chromium, tmp_path: Path) -> None:
    keep_opinion(server.data / "desk", sinking(tmp_path / "content.onnx", 1e4))  # which is content with everything
    chromium.allow(server.url, "notifications")
    tab = chromium.open(f"{server.url}/#/desk")
    until(lambda: tab.evaluate("Boolean(window.poise) && document.documentElement.dataset.server === 'here'"), 60)
    tab.evaluate("document.getElementById('sit-notify').click()")
    tab.evaluate("document.getElementById('sit-start').click()")
    until(lambda: tab.evaluate("document.documentElement.dataset.sit") == "watching", 90, "it is learnt")
    chromium.open("about:blank")
    until(lambda: tab.evaluate("document.visibilityState") == "hidden", 20, "the tab is hidden")
    frames = "window.frames_ = 0; (function on() { frames_ += 1; requestAnimationFrame(on); })()"
    tab.evaluate(frames)
    before, began = tab.evaluate("[poise.sit.looks, performance.now()]")
    until(lambda: tab.evaluate("poise.sit.alerts.length"), 120, "a slump is told of")
    time.sleep(2)
    after, ended = tab.evaluate("[poise.sit.looks, performance.now()]")
    assert tab.evaluate("document.visibilityState") == "hidden"
    assert tab.evaluate("frames_") <= 2, "the page itself sleeps"
    assert (after - before) / (ended - began) * 1e3 == pytest.approx(2, abs=0.5)
    shown = tab.evaluate(
        "navigator.serviceWorker.ready.then((kept) => kept.getNotifications())"
        ".then((all) => all.map(({ title, body, silent, tag }) => ({ title, body, silent, tag })))"
    )
    (alert,) = tab.evaluate("poise.sit.alerts")
    assert alert["type"] == "nudge"
    assert shown == [{"title": "poise", "body": alert["text"], "silent": True, "tag": "poise"}]
    until(lambda: tab.evaluate("poise.sit.alerts.length") > 1, 60, "the second opinion differs")
    other = tab.evaluate("poise.sit.alerts[1]")
    assert (other["type"], other["level"]) == ("disagreement", 0), "told, and no alert"
    assert other["text"] == tab.evaluate("document.getElementById('sit-last').textContent")
    assert "Second opinion: fine" in tab.evaluate("document.getElementById('sit-signs').textContent")
