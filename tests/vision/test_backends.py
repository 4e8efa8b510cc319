"""Every backend with its real network, where that is at hand: the contract, squats counted, and two told apart."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poise.coach import review
from poise.sim.shipped import ShippedClip
from poise.vision import weights
from poise.vision.estimators import PoseEstimator, check_estimator, open_estimator
from poise.vision.follow import follow
from poise.vision.frame import Frame
from poise.vision.tracking import Choice
from poise.vision.video import open_film
from tests.films import standing_and_squatting, write

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
    found = review("squat", follow(squat.path, backend).poses)
    counts = found.counts
    # The fourth is shallow: true keypoints make it partial, and from the networks it lies at the limit.
    assert (counts.full + counts.partial, counts.invalid) == (5, 0)
    assert counts.full >= 4
    shallow = [[fault.state for fault in rep.faults if fault.name == "shallow"] for rep in found.reps]
    assert shallow == [["ok"], ["ok"], ["ok"], ["fault"], ["ok"]]


@pytest.fixture(scope="module")
def two_people(squat: ShippedClip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One stands, mirrored, while another squats twice on the right; ten pictures a second."""
    return write(tmp_path_factory.mktemp("two") / "two.mp4", standing_and_squatting(squat.path, 10, 6.4))


@pytest.mark.parametrize(("person", "reps"), [("540,240", 2), ("180,240", 0)])
def test_whoever_is_pointed_at_is_coached(
    backend: Callable[[], PoseEstimator], two_people: Path, person: str, reps: int, request: pytest.FixtureRequest
) -> None:
    if "movenet" in request.node.name:
        pytest.skip("MoveNet sees one person")
    followed = follow(two_people, backend, choice=Choice.parse(person))
    assert followed.people == 2
    x = np.nanmedian(followed.poses.points[..., 0], axis=1)
    assert ((x > 360) == (reps > 0))[np.isfinite(x)].all(), "one of the two was taken for the other"
    counts = review("squat", followed.poses).counts
    assert (counts.full + counts.partial, counts.invalid) == (reps, 0)
