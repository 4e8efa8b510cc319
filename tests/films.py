"""Films made of the shipped one: smaller, slower, cut, doubled; and films of nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from poise.vision.frame import Frame, Picture
from poise.vision.video import open_film
from poise.vision.writer import open_writer


def write(path: Path, frames: Iterable[Frame]) -> Path:
    """A film of those frames."""
    frames = iter(frames)
    first = next(frames)
    with open_writer(path, first.size) as writer:
        writer.write(first)
        for frame in frames:
            writer.write(frame)
    return path


def thinned(source: Path, rate: float, end: float = 1e9) -> Iterator[Frame]:
    """The frames of a film at a lower rate, up to a time."""
    due = 0.0
    with open_film(source, end=end) as film:
        for frame in film:
            if frame.t >= due - 1e-6:
                due = frame.t + 1 / rate
                yield frame


def multiplied(source: Path, times: int, end: float) -> Iterator[Frame]:
    """The film up to a time, at so many times its rate: every picture is shown that often."""
    with open_film(source, end=end) as film:
        frames = list(film)
    step = (frames[-1].t - frames[0].t) / (len(frames) - 1) / times
    for frame in frames:
        for i in range(times):
            yield Frame(frame.image, frame.t + i * step)


def beside(source: Path, shrink: int, rate: float, end: float) -> Iterator[Frame]:
    """The film with a smaller copy of itself to its right: two people."""
    for frame in thinned(source, rate, end):
        small = frame.image[::shrink, ::shrink]
        wall = np.broadcast_to(frame.image[:1, :1], (frame.size[1], small.shape[1], 3)).copy()
        wall[-small.shape[0] :] = small
        yield Frame(np.concatenate([frame.image, wall], axis=1), frame.t)


def standing_and_squatting(source: Path, rate: float, end: float) -> Iterator[Frame]:
    """Somebody stands, mirrored, while another does on their right what the film shows."""
    frames = list(thinned(source, rate, end))
    standing = frames[0].image[:, ::-1]
    for frame in frames:
        yield Frame(np.hstack([standing, frame.image]), frame.t)


def cropped(source: Path, columns: slice, rate: float, end: float) -> Iterator[Frame]:
    """Some columns of the film only: somebody half out of the picture."""
    for frame in thinned(source, rate, end):
        yield Frame(np.ascontiguousarray(frame.image[:, columns]), frame.t)


def nobody(seconds: float = 1.0, rate: float = 10.0) -> Iterator[Frame]:
    """A film of grey noise."""
    noise = np.random.default_rng(0)
    for i in range(int(seconds * rate)):
        image: Picture = noise.integers(100, 140, (120, 160, 3), dtype=np.uint8)
        yield Frame(image, i / rate)
