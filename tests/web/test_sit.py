"""The desk coach on the page, before a camera that shows somebody drawn at a desk."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from browser import CHROMIUM, desk_film, flags
from playwright.sync_api import Browser, Playwright

from poise.sim import Body
from poise.sim.desk import DeskScene
from tests.web.conftest import Served, Visit, until

#: Seconds for which they sit well, before they sink.
WELL_S = 45.0


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody who sits well for a while, and then slumps."""
    if not CHROMIUM:
        pytest.skip("there is no Chromium: apt-get install chromium")
    well, slumped = (replace(DeskScene.sitting(5, Body.of(), slump=cm), restless=0.2) for cm in (0.0, 8.0))
    return desk_film(tmp_path_factory.mktemp("camera") / "desk.mjpeg", [(well, WELL_S), (slumped, 75.0)])


@pytest.fixture(scope="module")
def browser(playwright: Playwright, film: Path) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags(film))
    yield chromium
    chromium.close()


#: Notifications are remembered instead of shown.
HEAR = """
window.notified = [];
window.Notification = class { constructor(title, about) { window.notified.push({ title, ...about }); }
  static permission = 'granted'; static requestPermission() { return Promise.resolve('granted'); } };
ServiceWorkerRegistration.prototype.showNotification = function (title, about) {
  window.notified.push({ title, ...about }); return Promise.resolve(); };
"""

LOOK = """() => ({
  sit: document.documentElement.dataset.sit, nudge: document.documentElement.dataset.nudge ?? '',
  say: document.getElementById('sit-say').textContent, last: document.getElementById('sit-last').textContent,
  aloud: document.getElementById('sit-aloud').textContent, model: document.getElementById('sit-from').textContent,
  border: getComputedStyle(document.documentElement, '::after').borderTopWidth, alerts: poise.sit.alerts.length,
})"""


@dataclass
class Sat:
    """What was seen of sitting down, learning, and a slump."""

    visit: Visit
    said: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture(scope="module")
def sat(server: Served, visit: Callable[..., Visit]) -> Sat:
    visited = visit(f"{server.url}/#/desk", HEAR)
    page = visited.page
    until(lambda: page.evaluate("document.documentElement.dataset.server") == "here", 20)
    page.check("#sit-notify")
    page.click("#sit-start")
    seen = Sat(visited)

    def nudged() -> bool:
        now = page.evaluate(LOOK)
        if not seen.said or seen.said[-1] != now:
            seen.said.append(now)
        assert now["sit"] != "form", visited.text("#sit-problem")
        return bool(now["alerts"])

    until(nudged, 150, "a slump is told of")
    until(lambda: page.evaluate("window.notified.length"), 5, "it is notified")
    seen.said.append(page.evaluate(LOOK))
    return seen


def test_it_learns_in_ten_seconds_and_says_how_one_sits(sat: Sat) -> None:
    states = list(dict.fromkeys(now["sit"] for now in sat.said))
    assert states == ["starting", "learning", "watching"][-len(states) :]
    assert "watching" in states
    words = [now["say"] for now in sat.said if now["sit"] == "watching"]
    assert "You sit well." in words
    assert words.index("You sit well.") < words.index("Slumped")
    assert "Seen from the front" in sat.said[-1]["model"]
    assert "±20 %" in sat.said[-1]["model"]


def test_a_slump_is_told_once_gently(sat: Sat) -> None:
    (alert,) = sat.visit.page.evaluate("poise.sit.alerts")
    assert (alert["type"], alert["level"]) == ("nudge", 1)
    assert "sunk" in alert["text"]
    last = sat.said[-1]
    assert last["nudge"] == "1"
    assert float(last["border"].removesuffix("px")) > 5
    assert last["aloud"] == last["last"] == alert["text"]
    (shown,) = sat.visit.page.evaluate("window.notified")
    assert (shown["title"], shown["body"], shown["silent"], shown["tag"]) == ("poise", alert["text"], True, "poise")


def test_its_limits_are_on_the_screen(sat: Sat) -> None:
    page = sat.visit.page
    page.click("#sit-now summary")
    items = page.locator("#sit-signs li")
    assert items.count() >= 8
    assert "BlazePose" not in (text := " ".join(items.all_inner_texts()))
    assert "Whether the back is round cannot be seen" in text
    assert page.locator("#sit-signs li.fault").count() == 1


def test_it_looks_twice_a_second_by_the_light_network(sat: Sat) -> None:
    page = sat.visit.page
    before, began = page.evaluate("[poise.sit.looks, performance.now()]")
    page.wait_for_timeout(6000)
    after, ended = page.evaluate("[poise.sit.looks, performance.now()]")
    assert (after - before) / (ended - began) * 1e3 == pytest.approx(2, abs=0.5)
    loaded = {url.rsplit("/", 1)[1] for _, url in sat.visit.requests if url.endswith(".task")}
    assert "pose_lite.task" in loaded


def test_snoozing_and_speaking_again(sat: Sat) -> None:
    page = sat.visit.page
    page.click("#sit-snooze")
    until(lambda: page.evaluate("poise.sit.told.silent"), 10, "it is silent")
    assert page.inner_text("#sit-snooze") == "Speak again"
    assert page.evaluate("document.documentElement.dataset.nudge ?? ''") == ""
    page.click("#sit-snooze")
    until(lambda: not page.evaluate("poise.sit.told.silent"), 10, "it speaks again")


def test_it_goes_on_when_the_server_was_killed(sat: Sat, server: Served) -> None:
    page = sat.visit.page
    server.kill()
    page.wait_for_selector("#sit-away", state="visible")
    server.start()
    page.wait_for_selector("#sit-away", state="hidden", timeout=30_000)
    told = page.evaluate("poise.sit.told.t")
    until(lambda: page.evaluate("poise.sit.told.t") > told, 20, "it looks on, and need not learn anew")
    assert page.evaluate("document.documentElement.dataset.sit") == "watching"


def test_the_small_window_holds_what_is_said(sat: Sat) -> None:
    page = sat.visit.page
    if not page.evaluate("Boolean(window.documentPictureInPicture)"):
        pytest.skip("this browser has no picture-in-picture for documents")
    page.click("#sit-small")
    until(lambda: page.evaluate("Boolean(documentPictureInPicture.window?.document.getElementById('sit-say'))"), 10)
    told = page.evaluate("poise.sit.told.t")
    until(lambda: page.evaluate("poise.sit.told.t") > told, 10, "it goes on")
    inside = "documentPictureInPicture.window.document.getElementById('sit-say').textContent"
    assert page.evaluate(inside)
    page.evaluate("documentPictureInPicture.window.close()")
    page.wait_for_selector("#sit-now #sit-say", state="visible")


def test_the_diary_has_it_and_lets_it_go(sat: Sat) -> None:
    page = sat.visit.page
    page.click("#sit-stop")
    page.wait_for_selector("#sit-diary", state="visible")
    assert page.evaluate("document.documentElement.dataset.sit") == "form"
    assert page.locator("#sit-charts svg").count() == 2
    with page.expect_download() as download:
        page.click("#sit-csv")
    assert "good_s" in download.value.path().read_text("utf-8"), "a server that was killed has lost its minutes"
    page.click("#sit-erase")
    page.click("dialog .danger")
    page.wait_for_selector("#sit-diary", state="hidden")


def test_keypoints_only_and_to_nobody_else(sat: Sat, server: Served) -> None:
    messages = [json.loads(frame) for frame in sat.visit.sent]
    assert {message["type"] for message in messages} == {"start", "pose", "snooze", "stop"}
    assert all(len(frame) < 4096 for frame in sat.visit.sent)
    assert {url.split("/")[2] for _, url in sat.visit.requests} == {f"localhost:{server.port}"}
    mine = [
        problem for problem in sat.visit.problems if "ERR_CONNECTION" not in problem and "WebSocket" not in problem
    ]
    assert mine == []
