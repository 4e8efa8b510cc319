"""Which model a board can bear: each is raced on a drawn athlete for some seconds, the best fast enough wins."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from poise.body.formats import replacing
from poise.sim.shipped import shipped
from poise.vision.estimators import PoseEstimator, open_estimator
from poise.vision.frame import Frame
from poise.vision.video import open_film

#: Models of BlazePose, the best first.
MODELS = ("full", "lite")
#: Pictures a second that are enough, and the most that are of use (ours: a fast repetition lasts half a second).
ENOUGH, MOST = 15.0, 30.0
#: Seconds of a race.
RACE_S = 30.0
#: Frames before the clock runs: the first also allocate, and look for the person.
_WARM = 3


@dataclass(frozen=True)
class Lap:
    """What a frame costs with a model on so many threads: seconds of 95 % of them at most."""

    model: str
    threads: int
    seconds: float


@dataclass(frozen=True)
class Choice:
    """What a board is to run: a model, on so many threads, at so many pictures a second at most."""

    model: str
    threads: int
    rate: float


def race(
    share: float,
    seconds: float = RACE_S,
    tell: Callable[[str, float, float | None], None] = lambda stage, done, total: None,
    open_eyes: Callable[..., PoseEstimator] = open_estimator,
) -> Choice:
    """The choice for this machine, raced for so many seconds.

    Args:
        share: how much of the time may be spent on pictures, 0 to 1.
        seconds: how long the race may take.
        tell: told how far it has got.
        open_eyes: opens BlazePose on LiteRT, as `open_estimator` does.

    Raises:
        ModelUnavailable: when a model is not here and cannot be fetched.

    """
    frames = _frames()
    cores = os.cpu_count() or 1
    entries = [(model, threads) for model in MODELS for threads in dict.fromkeys((1, min(cores, 4)))]
    laps = []
    for i, (model, threads) in enumerate(entries):
        tell("Finding out what this board can bear", i, len(entries))
        with open_eyes("blazepose", model=model, threads=threads) as eyes:
            laps.append(Lap(model, threads, _seconds(eyes, frames, seconds / len(entries))))
    return choose(laps, share)


def choose(laps: list[Lap], share: float) -> Choice:
    """The best model that is fast enough, on as few threads as that takes; else whatever is fastest.

    >>> choose([Lap("full", 1, 0.1), Lap("full", 4, 0.04), Lap("lite", 1, 0.05)], share=0.8)
    Choice(model='full', threads=4, rate=20.0)
    >>> choose([Lap("full", 1, 0.2), Lap("lite", 1, 0.1)], share=0.8)
    Choice(model='lite', threads=1, rate=8.0)
    """
    enough = [lap for lap in laps if share / lap.seconds >= ENOUGH]
    best = min(enough, key=lambda lap: (MODELS.index(lap.model), lap.threads), default=None)
    best = best or min(laps, key=lambda lap: lap.seconds)
    return Choice(best.model, best.threads, min(MOST, share / best.seconds))


def remembered(path: Path) -> Choice | None:
    """The choice that was made on this machine, with this poise; None when there is none."""
    try:
        said = json.loads(path.read_bytes())
        return Choice(**said["choice"]) if said["board"] == _board() else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def remember(path: Path, choice: Choice) -> None:
    """Keep a choice, so that the next start need not race.

    Raises:
        OSError: when it cannot be written.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(json.dumps({"board": _board(), "choice": asdict(choice)}).encode())


def _board() -> list[str | int | None]:
    return [platform.machine(), platform.node(), os.cpu_count(), version("poise"), version("ai-edge-litert")]


def _frames() -> list[Frame]:
    """A second of a drawn athlete, as a camera of 640x480 might see one."""
    (clip,) = (one for one in shipped() if one.exercise == "squat")
    with open_film(clip.path) as film:
        return list(islice(film, 24))


def _seconds(eyes: PoseEstimator, frames: list[Frame], seconds: float) -> float:
    took: list[float] = []
    until = time.perf_counter() + seconds
    for i, frame in enumerate(cycle(frames)):
        began = time.perf_counter()
        if began > until and i > 2 * _WARM:
            break
        eyes.estimate([Frame(frame.image, i / MOST)])
        if i >= _WARM:
            took.append(time.perf_counter() - began)
    return float(np.percentile(took, 95))
