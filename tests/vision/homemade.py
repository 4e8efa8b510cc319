"""Films and pictures made on the spot, of which everything is known.

The picture shows a marked board: a red, green, blue and yellow corner (clockwise from the top left) on grey,
and a white bar whose place along the width tells the time it was taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

CORNERS = {"red": (200, 20, 20), "green": (20, 180, 20), "blue": (20, 20, 200), "yellow": (200, 200, 20)}
TICK = Fraction(1, 90_000)


def even(rate: float, seconds: float) -> list[float]:
    """Times at a steady rate, from 0 until before ``seconds``."""
    return [i / rate for i in range(round(rate * seconds))]


def board(t: float = 0.0, size: tuple[int, int] = (96, 64)) -> Image:
    """The board at a time; the bar crosses it in two seconds."""
    width, height = size
    image = np.full((height, width, 3), 90, np.uint8)
    h, w = height // 4, width // 4
    image[:h, :w], image[:h, -w:] = CORNERS["red"], CORNERS["green"]
    image[-h:, -w:], image[-h:, :w] = CORNERS["blue"], CORNERS["yellow"]
    x = bar_at(t, width)
    image[h + 2 : -h - 2, x - 2 : x + 2] = 255
    return image


def bar_at(t: float, width: int = 96) -> int:
    """Where the middle of the bar is at a time, in pixels."""
    return 6 + round((t % 2.0) / 2.0 * (width - 12))


def bar_seen(image: Image) -> float:
    """Where the middle of the bar is in a picture of the board, in pixels."""
    brightness = image[image.shape[0] // 2].min(-1).astype(float)
    bright = np.clip(brightness - 150, 0, None)
    return float((bright * (np.arange(len(bright)) + 0.5)).sum() / bright.sum())


def corners_seen(image: Image) -> list[str]:
    """The names of the four corners, clockwise from the top left."""
    h, w = image.shape[0] // 10, image.shape[1] // 10
    seen = [image[h, w], image[h, -1 - w], image[-1 - h, -1 - w], image[-1 - h, w]]
    return [min(CORNERS, key=lambda n: float(np.abs(np.array(CORNERS[n]) - c).sum())) for c in seen]


def film(
    path: Path,
    times: Iterable[float],
    size: tuple[int, int] = (96, 64),
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    start: float = 0.0,
    turned: float | None = None,
    mirrored: bool = False,
    pixel_aspect: Fraction | None = None,
    tags: dict[str, str] | None = None,
    sound: str | None = None,
    faststart: bool = False,
) -> Path:
    """A film of the board with a picture at each of the times.

    ``start`` is the first time on the file's own clock, ``turned`` the degrees clockwise a player is told to
    turn it, ``sound`` the codec of a 440 Hz tone that lasts as long as the film.
    """
    times = list(times)
    steps = [b - a for a, b in pairwise(times)] or [0.1]
    options = {"movflags": "+faststart"} if faststart else {}
    with av.open(str(path), "w", options=options) as container:
        encoding = {"g": "10", "preset": "ultrafast"} if codec == "libx264" else {}
        video: Any = container.add_stream(
            codec, rate=round(1 / steps[0]), options=encoding, width=size[0], height=size[1]
        )
        video.pix_fmt = pix_fmt
        video.codec_context.time_base = TICK
        if pixel_aspect is not None:
            video.codec_context.sample_aspect_ratio = pixel_aspect
        if turned is not None or mirrored:
            video.set_display_rotation(-(turned or 0.0), hflip=mirrored)
        video.metadata.update(tags or {})
        audio: Any = container.add_stream(sound, rate=48_000) if sound else None
        container.start_encoding()
        for t, step in zip(times, [*steps, steps[-1]], strict=False):
            picture = av.VideoFrame.from_ndarray(board(t, size)).reformat(format=pix_fmt)
            picture.pts, picture.time_base = round((start + t) / TICK), TICK
            picture.duration = round(step / TICK)
            container.mux(video.encode(picture))
        container.mux(video.encode())
        if audio is not None:
            for packet in _tone(audio, start, start + max(times)):
                container.mux(packet)
    return path


def tone(path: Path, seconds: float, codec: str = "aac") -> Path:
    """A sound without pictures."""
    with av.open(str(path), "w") as container:
        audio: Any = container.add_stream(codec, rate=48_000)
        for packet in _tone(audio, 0.0, seconds):
            container.mux(packet)
    return path


def _tone(audio: Any, start: float, end: float) -> Iterable[Any]:
    """Packets of a 440 Hz tone, silent but for the second half of every second."""
    size = 1024
    for first in range(round(start * 44_100), round(end * 44_100), size):
        t = np.arange(first, first + size) / 44_100
        wave = np.where(t % 1.0 < 0.5, 0.0, 0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 44_100, first, Fraction(1, 44_100)
        yield from audio.encode(frame)
    yield from audio.encode(None)
