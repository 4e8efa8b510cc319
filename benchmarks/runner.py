"""Runs one estimator; started by `peers`, each in the environment the estimator needs.

Usage: runner.py ESTIMATOR MODEL [OPTION=VALUE ...]

Every line on standard input is a command, answered with a line of JSON:

* ``ready``, once the models are loaded;
* ``time FRAMES WIDTH HEIGHT`` goes once through a file of raw RGB frames;
* ``track FRAMES WIDTH HEIGHT FILE`` does so too and leaves the keypoints in FILE (npz);
* ``film FILM PART PARTS`` decodes one of so many parts of a film, the first being 0, and follows it;
* ``films FILM ...`` decodes and follows films one after the other, each with an estimator of its own.
"""

from __future__ import annotations

import importlib
import json
import resource
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

#: Frames are given this many seconds apart, as MediaPipe's older interface always takes them to be.
STEP_S = 1 / 30

Estimate = Callable[[npt.NDArray[np.uint8], float], "npt.NDArray[np.float64] | None"]
Answer = dict[str, Any]


def poise(model: str, threads: str = "1", smooth: str = "0") -> Estimate:
    """BlazePose in poise; MODEL is lite, full or heavy."""
    from poise.vision.estimators import open_estimator
    from poise.vision.frame import Frame

    estimator = open_estimator("blazepose", model=model, threads=int(threads), smooth=smooth == "1")

    def estimate(image: npt.NDArray[np.uint8], t: float) -> npt.NDArray[np.float64] | None:
        (poses,) = estimator.estimate([Frame(image, t)])
        return poses[0].points if poses else None

    return estimate


def legacy(model: str, smooth: str = "1") -> Estimate:
    """MediaPipe's older interface, ``mp.solutions.pose``; MODEL is lite, full or heavy."""
    solution = importlib.import_module("mediapipe").solutions.pose.Pose(
        model_complexity=("lite", "full", "heavy").index(model), smooth_landmarks=smooth == "1"
    )

    def estimate(image: npt.NDArray[np.uint8], t: float) -> npt.NDArray[np.float64] | None:
        found = solution.process(image).pose_landmarks
        return _pixels(found.landmark, image) if found else None

    return estimate


def tasks(model: str) -> Estimate:
    """MediaPipe Tasks' pose landmarker following a video; MODEL is a ``.task`` file."""
    mp = importlib.import_module("mediapipe")
    vision = importlib.import_module("mediapipe.tasks.python.vision")
    base = importlib.import_module("mediapipe.tasks.python").BaseOptions(model_asset_path=model)
    landmarker = vision.PoseLandmarker.create_from_options(
        vision.PoseLandmarkerOptions(base_options=base, running_mode=vision.RunningMode.VIDEO)
    )

    def estimate(image: npt.NDArray[np.uint8], t: float) -> npt.NDArray[np.float64] | None:
        picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=image)
        found = landmarker.detect_for_video(picture, round(1000 * t)).pose_landmarks
        return _pixels(found[0], image) if found else None

    return estimate


def network(model: str, threads: str = "1") -> Estimate:
    """The landmark network in poise alone, always on the same picture: the floor. MODEL is lite, full or heavy."""
    from poise.vision import weights
    from poise.vision.estimators import _blazepose
    from poise.vision.estimators._tflite import Network

    landmarks = Network(weights.load(f"blazepose-{model}"), _blazepose.LANDMARK_OUTPUTS, (0.0, 1.0), int(threads))
    same = np.full((landmarks.pixels, landmarks.pixels, 3), 127, np.uint8)

    def estimate(image: npt.NDArray[np.uint8], t: float) -> None:
        landmarks.run(same)

    return estimate


def nobody(model: str) -> Estimate:
    """Sees nothing, at once: what a film takes then is its decoding."""
    return lambda image, t: None


def _pixels(landmarks: Any, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    height, width = image.shape[:2]
    return np.array([(point.x * width, point.y * height) for point in landmarks])


def frames(estimate: Estimate, clock: Iterator[int], path: str, width: str, height: str, keep: str = "") -> Answer:
    """Seconds each frame of a raw file took, and the processor's over all threads."""
    buffer = np.empty((int(height), int(width), 3), np.uint8)
    wall, points = [], []
    cpu = 0.0
    with Path(path).open("rb") as file:
        while file.readinto(buffer):  # type: ignore[arg-type]
            t = next(clock) * STEP_S
            began, worked = time.perf_counter(), time.process_time()
            found = estimate(buffer, t)
            wall.append(time.perf_counter() - began)
            cpu += time.process_time() - worked
            points.append(np.full((33, 2), np.nan) if found is None else found)
    if keep:
        np.savez(keep, points=np.array(points))
    return {"wall": wall, "cpu": cpu}


def film(estimate: Estimate, path: str, part: str, parts: str) -> Answer:
    """How many frames a part of a film has, decoded by OpenCV, and in how many of them somebody was seen."""
    cv2 = importlib.import_module("cv2")
    source = cv2.VideoCapture(path)
    whole = int(source.get(cv2.CAP_PROP_FRAME_COUNT))
    begin, end = (whole * cut // int(parts) for cut in (int(part), int(part) + 1))
    source.set(cv2.CAP_PROP_POS_FRAMES, begin)
    seen = read = 0
    while read < end - begin:
        there, image = source.read()
        if not there:
            break
        found = estimate(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), (begin + read) * STEP_S)
        read, seen = read + 1, seen + (found is not None)
    return {"frames": read, "seen": seen}


ESTIMATORS: dict[str, Callable[..., Estimate]] = {f.__name__: f for f in (poise, legacy, tasks, network, nobody)}


def main() -> None:
    name, model, *options = sys.argv[1:]
    made = partial(ESTIMATORS[name], model, **dict(option.split("=") for option in options))
    estimate = made()
    clock = count(1)
    for line in sys.stdin:
        command, *given = shlex.split(line)
        answer: Answer = {}
        if command == "film":
            answer = film(estimate, *given)
        elif command == "films":
            answer = {"frames": sum(film(made(), path, "0", "1")["frames"] for path in given)}
        elif command != "ready":
            answer = frames(estimate, clock, *given)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(answer | {"peak_mb": peak}), flush=True)


if __name__ == "__main__":
    main()
