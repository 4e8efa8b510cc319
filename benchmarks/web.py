"""The page in headless Chromium on this machine: how late it is, how fast, and what leaving out the mask gains.

python benchmarks/web.py [--seconds 20] [--rounds 3]

The camera is a film of the rendered athlete, 640x480 at 30 pictures a second; browser and server share the machine.
Late is from when a picture was taken (the camera's own clock, set by the least delay there was) to when the coach's
answer to it is drawn. The networks with and without the segmentation mask take turns, as fast as they can.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import numpy as np
from browser import CHROMIUM, fake_camera, flags
from machine import machine
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from poise.sim.shipped import shipped
from poise.vision import weights
from poise.web.bundle import task_file

PORT = 18_765
URL = f"http://localhost:{PORT}/"


@contextmanager
def serving(data: Path) -> Iterator[None]:
    """`poise serve`, in a process of its own."""
    command = [sys.executable, "-m", "poise", "serve", "--port", str(PORT), "--data", str(data)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                urlopen(f"{URL}api/health", timeout=1).close()
                break
            except OSError:
                assert server.poll() is None
                time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait(20)


def coached(context: BrowserContext, query: str = "") -> Page:
    """A page that is past waiting, so that poses go to the coach."""
    page = context.new_page()
    page.goto(URL + query)
    while not page.locator("#exercise option[value=squat]").count():
        time.sleep(0.2)
    page.select_option("#exercise", "squat")
    page.click("#start")
    while page.evaluate("document.documentElement.dataset.state") != "waiting":
        time.sleep(0.1)
    page.click("#go")
    time.sleep(3)
    return page


def live(chromium: Browser, seconds: float) -> None:
    """How late what is drawn is, and how often."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = coached(context)
    page.evaluate("poise.live.late.length = 0")
    before, began = page.evaluate("poise.live.stage.poses"), time.perf_counter()
    time.sleep(seconds)
    took = time.perf_counter() - began
    poses = page.evaluate("poise.live.stage.poses") - before
    late = 1e3 * np.array(page.evaluate("poise.live.late"))
    spent = page.evaluate("poise.live.stage.ms / poise.live.stage.poses")
    context.close()
    again = np.random.default_rng(0).choice(late, (2000, len(late)))
    for name, share in (("median", 50), ("95 %", 95)):
        low, high = np.percentile(np.percentile(again, share, axis=1), (2.5, 97.5))
        print(f"late, {name}: {np.percentile(late, share):.0f} ms [{low:.0f}, {high:.0f}], n = {len(late)} drawn")
    print(f"poses: {poses / took:.1f} a second over {took:.0f} s, {spent:.1f} ms each in the network")


def instead(body: bytes) -> Callable[[Route], None]:
    """Answers a request with those bytes."""
    return lambda route: route.fulfill(body=body)


def mask(chromium: Browser, seconds: float, rounds: int) -> None:
    """As many poses as it can, with and without the mask."""
    detector, landmarks = weights.load("blazepose-detector"), weights.load("blazepose-full")
    found: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for _ in range(rounds):
        for kept in found:
            context = chromium.new_context(service_workers="block")
            task = task_file(detector, landmarks, mask=kept)
            context.route("**/pose_full.task", instead(task))
            page = coached(context, "?fps=60&model=full")
            poses, ms = page.evaluate("[poise.live.stage.poses, poise.live.stage.ms]")
            began = time.perf_counter()
            time.sleep(seconds)
            more, most = page.evaluate("[poise.live.stage.poses, poise.live.stage.ms]")
            found[kept].append(((more - poses) / (time.perf_counter() - began), (most - ms) / (more - poses)))
            context.close()
    for kept, runs in found.items():
        rates, costs = ([run[i] for run in runs] for i in (0, 1))
        print(
            f"{'with' if kept else 'without'} the mask: {statistics.median(rates):.1f} poses a second"
            f" [{min(rates):.1f}, {max(rates):.1f}], {statistics.median(costs):.1f} ms each"
            f" [{min(costs):.1f}, {max(costs):.1f}], {rounds} rounds of {seconds:g} s"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    squat = next(clip for clip in shipped() if clip.name == "squat")
    print(machine())
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)), sync_playwright() as playwright:
        film = fake_camera(squat, Path(folder) / "squat.mjpeg", before=1, after=1)
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags(film))
        print(f"Chromium {chromium.version}, headless")
        live(chromium, given.seconds)
        mask(chromium, given.seconds / 2, given.rounds)
        chromium.close()


if __name__ == "__main__":
    main()
