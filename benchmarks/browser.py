"""Chromium with a fake camera, before which the rendered athlete exercises; for the benchmark and the tests.

Chromium plays a ``.mjpeg`` file (JPEGs back to back, which must be 4:2:0) at 30 pictures a second, over and over.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from poise.sim.desk import DeskScene, desk_camera
from poise.sim.render import draw
from poise.sim.shipped import ShippedClip
from poise.vision.frame import Picture
from poise.vision.video import open_film

RATE = 30.0
SIZE = (640, 480)

#: Where Chromium is; None where it is not.
CHROMIUM = os.environ.get("POISE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox",  # there is none in containers
    *("--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),  # frames go through WebGL
    *("--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
)


def flags(film: Path) -> list[str]:
    """The switches to start Chromium with, so that its camera shows a film."""
    return [*FLAGS, f"--use-file-for-fake-video-capture={film}"]


def fake_camera(
    clip: ShippedClip, path: Path, before: float = 8.0, after: float = 45.0, twice: int | None = None
) -> Path:
    """A file of a shipped film, with seconds of standing still before and after it, one repetition ``twice``."""
    rep = None if twice is None else clip.performance.reps[twice]
    with open_film(clip.path) as film:
        frames = [(frame.t, _jpeg(frame.image)) for frame in film]
    times = np.array([t for t, _ in frames])
    with path.open("wb") as file:
        for k in range(int((before + times[-1] + after) * RATE)):
            t = k / RATE - before
            if rep and t > rep.end:
                t -= rep.end - rep.start
            shown = int(np.searchsorted(times, t, side="right")) - 1
            file.write(frames[max(shown, 0)][1])
    return path


def desk_film(path: Path, parts: Iterable[tuple[DeskScene, float]], drawn: int = 5, step: float = 0.5) -> Path:
    """A file of somebody at a desk: of each scene a few pictures, shown to and fro for so many seconds."""
    with path.open("wb") as file:
        for scene, seconds in parts:
            camera = desk_camera(scene.body)
            there = [_jpeg(draw(scene, camera, k * step, "blue", 1)) for k in range(drawn)]
            there += there[-2:0:-1]
            for k in range(int(seconds / step)):
                file.write(there[k % len(there)] * int(RATE * step))
    return path


def _jpeg(image: Picture) -> bytes:
    """The picture in the middle of one of the camera's size, its edges drawn out to the sides, as a JPEG."""
    small = np.asarray(Image.fromarray(image).resize(_within(image.shape[1], image.shape[0])))
    rows, columns = SIZE[1] - small.shape[0], SIZE[0] - small.shape[1]
    whole = np.pad(small, ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2), (0, 0)), "edge")
    out = io.BytesIO()
    Image.fromarray(whole).save(out, "JPEG", quality=88, subsampling="4:2:0")
    return out.getvalue()


def _within(width: int, height: int) -> tuple[int, int]:
    scale = min(SIZE[0] / width, SIZE[1] / height)
    return round(scale * width), round(scale * height)
