"""The pictures of the docs, made by the program itself: ``docs/pictures/*.jpg``.

python benchmarks/pictures.py [--out docs/pictures]

Films that ship are analysed; frames of what was drawn, the corrected poses, the plot of a notebook, the report and
the page, coached before a camera that shows the drawn athlete, are what users see. Needs Chromium and the extras
``notebook`` and ``web``.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import matplotlib as mpl
import numpy as np
from browser import CHROMIUM, FLAGS, fake_camera, flags
from PIL import Image
from playwright.sync_api import Browser, Playwright, sync_playwright
from soak import given
from web import URL, serving

import poise
from poise.analysis import Analysis, Settings, analyze
from poise.coach import Coach
from poise.report.film import stills
from poise.server.live import Going, Keeping
from poise.server.messages import Start
from poise.session import Session
from poise.sim import Camera, film_poses, perform
from poise.sim.shipped import ShippedClip, shipped
from poise.store import open_store
from poise.store.tables import now
from poise.vision.video import open_film

#: Pixels: the height of frames that stand side by side, and what is between them.
HIGH, GAP = 420, 8


def beside(pictures: list[Image.Image]) -> Image.Image:
    """The pictures in a row, all as high."""
    row = [one.resize((round(one.width * HIGH / one.height), HIGH)) for one in pictures]
    whole = Image.new("RGB", (sum(one.width + GAP for one in row) - GAP, HIGH), "white")
    left = 0
    for one in row:
        whole.paste(one, (left, 0))
        left += one.width + GAP
    return whole


def last_fault(analysis: Analysis) -> float:
    """Second of the last fault."""
    return max(fault.t for rep in analysis.review.reps for fault in rep.faults if fault.state == "fault")


def frame(film: Path, t: float) -> Image.Image:
    """The frame of a film at a second."""
    with open_film(film, start=t) as frames:
        return Image.fromarray(next(iter(frames)).image)


def of_films(clips: list[ShippedClip], folder: Path, out: Path) -> Path:
    """Annotated frames, corrected poses and a plot; the report of the first film."""
    done = [analyze(clip.path, folder / clip.name, Settings(exercise=clip.name)) for clip in clips]
    annotated = [frame(one.folder / "annotated.mp4", last_fault(one)) for one in done]
    beside(annotated).save(out / "annotated.jpg", quality=88)
    shots = [stills(clip.path, one.review, one.poses) for clip, one in zip(clips, done, strict=True)]
    right = [next(shot.right for shot in reversed(of) if shot.right) for of in shots]
    beside([Image.open(io.BytesIO(jpeg)) for jpeg in right]).save(out / "corrected.jpg", quality=88)
    mpl.use("agg")
    poise.plot(done[0].review).savefig(out / "plot.jpg", dpi=100)
    return done[0].folder / "report.html"


async def trained(folder: Path) -> None:
    """Twelve weeks of squats in a history, twice a week, ever a few more."""
    with open_store("", folder) as store, ThreadPoolExecutor(1) as thread:
        for number in range(18):
            began = now() - timedelta(days=(17 - number) * 3.5)
            with patch("poise.store.store.now", lambda day=began: day):
                session = store.begin("me", "squat")
            start = Start.model_validate({"type": "start", "exercise": "squat", "width": 640, "height": 480})
            going = Going(start, Session(Coach("squat")), Keeping(store, thread, session), (640, 480))
            moves = perform("squat", reps=5 + number // 3, seed=number)
            for pose in film_poses(moves, Camera(yaw=90.0), rate=15, seed=number):
                going.judge(given(pose.t, pose))
            await going.keeping.end()


@contextmanager
def chromium(playwright: Playwright, switches: list[str]) -> Iterator[Browser]:
    """Chromium, closed in the end."""
    opened = playwright.chromium.launch(executable_path=CHROMIUM, args=switches)
    yield opened
    opened.close()


def shown(browser: Browser, address: str, size: tuple[int, int], out: Path, ready: str) -> None:
    """A picture of a page, once something is on it."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme="dark")
    page.goto(address)
    page.wait_for_selector(ready)
    time.sleep(1)
    save(page.screenshot(), out)
    page.close()


def coached(browser: Browser, address: str, out: Path) -> None:
    """A picture of the page while it says what to change."""
    page = browser.new_page(viewport={"width": 1000, "height": 625}, color_scheme="dark")
    page.goto(address)
    page.wait_for_selector("#exercise option[value=squat]", state="attached")
    page.select_option("#exercise", "squat")
    page.click("#start")
    page.wait_for_selector("#cue[data-kind=cue]", timeout=120_000)
    save(page.screenshot(), out)
    page.close()


def save(png: bytes, out: Path) -> None:
    """A picture of the browser, as a JPEG."""
    Image.fromarray(np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))).save(out, quality=85)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "pictures")
    out = parser.parse_args().out
    clips = [next(clip for clip in shipped() if clip.name == name) for name in ("squat", "push_up")]
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        asyncio.run(trained(here / "data"))
        report = of_films(clips, here, out)
        film = fake_camera(clips[0], here / "squat.mjpeg", twice=3)
        with sync_playwright() as playwright:
            with chromium(playwright, list(FLAGS)) as browser:
                shown(browser, report.as_uri(), (800, 1400), out / "report.jpg", "h1")
            with serving(here / "data"), chromium(playwright, flags(film)) as browser:
                shown(browser, f"{URL}#history", (1000, 781), out / "history.jpg", "svg")
                coached(browser, URL, out / "live.jpg")
    print(*sorted(out.glob("*.jpg")), sep="\n")


if __name__ == "__main__":
    main()
