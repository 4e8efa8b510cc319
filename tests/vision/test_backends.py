"""Every backend with its real network, where that is at hand: the contract, and the shipped squats counted."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from poise.coach import review
from poise.sim.shipped import ShippedClip
from poise.vision import weights
from poise.vision.estimators import PoseEstimator, check_estimator, open_estimator
from poise.vision.follow import follow
from poise.vision.frame import Frame
from poise.vision.video import open_film

FILES = Path(__file__).parents[3] / "shared" / "weights"
TOPDOWN = FILES / "ultralight_simplepose_256x192.onnx"

#: Backend, its options, and the file that must be here.
BACKENDS: list[tuple[str, dict[str, Any], str]] = [
    ("movenet", {}, "movenet_single_pose_lightning_ptq.tflite"),
    ("posenet", {}, "posenet_mobilenet_v1_075_353_481_quant.tflite"),
    ("openpose", {}, "human-pose-estimation-0001_FP16-INT8.xml"),
    ("hrnet", {"model": str(TOPDOWN), "trust": True}, TOPDOWN.name),
    ("rtmpose", {"model": str(TOPDOWN), "trust": True, "detector": "rtmdet-nano"}, "rtmdet_nano.onnx"),
    ("mediapipe", {"model": "lite"}, "pose_landmarker_lite.task"),
]


@pytest.fixture(params=BACKENDS, ids=lambda row: row[0])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], PoseEstimator]:
    name, options, file = request.param
    if not (FILES / file).exists():
        pytest.skip(f"{file} is not at hand")
    if name == "mediapipe":
        pytest.importorskip(
            "mediapipe", reason="the extra 'mediapipe' brings OpenCV; it is tested where it is there"
        )
    monkeypatch.setenv(weights.FOLDER_VARIABLE, str(FILES))
    return lambda: open_estimator(name, people=2, **options)


def test_it_keeps_the_contract_of_estimators(backend: Callable[[], PoseEstimator], squat: ShippedClip) -> None:
    with open_film(squat.path) as source:
        frames = [Frame(frame.image, i / 30) for i, frame in enumerate(islice(source, 0, 9, 3))]
    check_estimator(backend, frames)


def test_it_coaches_the_shipped_squats(backend: Callable[[], PoseEstimator], squat: ShippedClip) -> None:
    counts = review("squat", follow(squat.path, backend).poses).counts
    # The fourth is shallow: true keypoints make it partial, and from the networks it lies at the limit.
    assert (counts.full + counts.partial, counts.invalid) == (5, 0)
    assert counts.full >= 4
