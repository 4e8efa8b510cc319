"""A real browser with a fake camera before a real server, and what is overheard between them."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from browser import CHROMIUM, fake_camera, flags
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from poise.errors import ModelUnavailable
from poise.sim.shipped import ShippedClip
from poise.web.assets import assets
from tests.desk.classifiers import sinking

#: The runtime tells of itself on the console, as errors.
CHATTER = ("XNNPACK", "OpenGL error checking", "Feedback manager", "NORM_RECT")


def until(true: Callable[[], Any], seconds: float = 60.0, what: str = "") -> Any:
    """Wait for something to be true; the page's policy forbids to let the page itself wait."""
    end = time.monotonic() + seconds
    while not (answer := true()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what or true}"
        time.sleep(0.1)
    return answer


@dataclass
class Served:
    """`poise serve`, run as a user runs it, with a classifier that knows who has gone down."""

    data: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "poise", "serve", "--port", str(self.port), "--data", str(self.data)]
        command += ["--classifier", str(sinking(self.data / "mine.onnx", 240.0, ("up", "down")))]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        until(self._answers, 180, "the server answers")

    def _answers(self) -> bool:
        assert self.process
        assert self.process.poll() is None
        try:
            with urlopen(f"{self.url}/api/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def kill(self) -> None:
        """At once, as a power cut does; its workers end by themselves."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    try:
        assets()
    except ModelUnavailable as problem:
        pytest.skip(f"what the page runs on is not here: {problem}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = Served(tmp_path_factory.mktemp("data"), port)
    served.start()
    yield served
    served.stop()


@pytest.fixture(scope="session")
def browser(
    playwright: Playwright, squat: ShippedClip, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """Chromium, whose camera shows the athlete: eight seconds of standing, then six squats, then standing.

    The fourth and the fifth are shallow: the film's fourth, twice.
    """
    if not CHROMIUM:
        pytest.skip("there is no Chromium: apt-get install chromium")
    film = fake_camera(squat, tmp_path_factory.mktemp("camera") / "squat.mjpeg", twice=3)
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags(film))
    yield chromium
    chromium.close()


@dataclass
class Visit:
    """A page, and all that was overheard of it."""

    page: Page
    context: BrowserContext
    requests: list[tuple[str, str]] = field(default_factory=list)
    sent: list[str | bytes] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector)

    def state(self) -> str:
        return str(self.page.evaluate("document.documentElement.dataset.state"))

    def begin(self, exercise: str = "squat") -> None:
        """Choose an exercise and press Start; the rest is hands-free."""
        until(
            lambda: self.page.locator(f"#exercise option[value={exercise}]").count(), 20, "the exercises are known"
        )
        self.page.select_option("#exercise", exercise)
        self.page.click("#start")


@pytest.fixture(scope="module")
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens pages; they are closed with the module."""
    contexts = []

    def open_page(url: str, script: str = "", **options: Any) -> Visit:
        options = {"viewport": {"width": 1100, "height": 720}, "permissions": ["screen-wake-lock"], **options}
        context = browser.new_context(**options)
        contexts.append(context)
        if script:
            context.add_init_script(script)
        visited = Visit(context.new_page(), context)
        context.on("request", lambda request: visited.requests.append((request.method, request.url)))
        page = visited.page
        page.on("websocket", lambda ws: ws.on("framesent", lambda frame: visited.sent.append(frame)))
        page.on("pageerror", lambda error: visited.problems.append(str(error)))
        page.on(
            "console",
            lambda said: (
                visited.problems.append(said.text)
                if said.type == "error" and not any(words in said.text for words in CHATTER)
                else None
            ),
        )
        page.goto(url)
        return visited

    yield open_page
    for context in contexts:
        context.close()
