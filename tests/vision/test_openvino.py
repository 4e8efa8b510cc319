"""BlazePose on OpenVINO: the same keypoints, nothing reported, and LiteRT where it cannot be used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from poise.vision import weights
from poise.vision.estimators import _blazepose as blaze
from poise.vision.estimators import _openvino
from poise.vision.estimators._openvino import OpenVINONetwork
from poise.vision.estimators._tflite import Network
from poise.vision.estimators.blazepose import _network

pytest.importorskip("openvino", reason="OpenVINO is an extra")
pytestmark = pytest.mark.models

GIVEN = blaze.LANDMARK_OUTPUTS, (0.0, 1.0), 1


@pytest.fixture(scope="module")
def lite() -> bytes:
    return weights.load("blazepose-lite")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    return tmp_path / "poise" / "openvino"


def test_it_makes_of_a_picture_what_litert_does(lite: bytes, cache: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    fast, plain = OpenVINONetwork(lite, *GIVEN), Network(lite, *GIVEN)
    assert fast.pixels == plain.pixels
    for a, b in zip(fast.run(picture), plain.run(picture), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-2 * np.abs(b).max())
    assert len(list(cache.glob("*.tflite"))) == 1
    OpenVINONetwork(lite, *GIVEN)  # the second time from the cache
    assert len(list(cache.glob("*.tflite"))) == 1


def test_a_network_cut_down_otherwise_is_kept_apart(lite: bytes, cache: Path) -> None:
    outputs, values, threads = GIVEN
    OpenVINONetwork(lite, outputs, values, threads)
    fewer = OpenVINONetwork(lite, outputs[:2], values, threads)
    assert len(fewer.run(np.zeros((256, 256, 3), np.uint8))) == 2
    assert len(list(cache.glob("*.tflite"))) == 2


def test_where_nothing_can_be_kept_litert_runs(lite: bytes, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poise.vision.estimators.blazepose.installed", lambda: True)
    cache.parent.parent.joinpath("poise").write_text("a file where the folder should be")
    assert isinstance(_network(lite, *GIVEN, hurry=True), Network)


def test_only_who_is_in_a_hurry_pays_for_it(lite: bytes, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poise.vision.estimators.blazepose.installed", lambda: True)
    assert isinstance(_network(lite, *GIVEN, hurry=False), Network)
    assert isinstance(_network(lite, *GIVEN, hurry=True), OpenVINONetwork)


def test_with_it_litert_is_not_even_imported(lite: bytes) -> None:
    script = (
        "import sys\n"
        "from poise.vision.estimators import open_estimator\n"
        "open_estimator(model='lite', hurry=True)\n"
        "print([name for name in sys.modules if name.startswith('ai_edge_litert')])\n"
    )
    for imported in (None, "[]\n"):  # the first time, networks may still have to be cut down
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert imported is None or done.stdout == imported


def test_its_use_is_not_reported() -> None:
    """OpenVINO starts a process that reports to its makers when its converter of models is imported."""
    script = (
        "import multiprocessing.process as made, sys\n"
        "started = []\n"
        "made.BaseProcess.start = lambda self: started.append(self)\n"
        "from poise.vision.estimators.runtime import openvino\n"
        "openvino().Core()\n"
        "print(started, [name for name in sys.modules if name.startswith('openvino_telemetry')])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[] []\n"


def test_every_opener_of_it_goes_through_that_door() -> None:
    sources = Path(_openvino.__file__).parents[2].rglob("*.py")
    imports: Callable[[str], bool] = lambda line: line.strip().startswith(("import openvino", "from openvino"))  # noqa: E731
    assert [path.name for path in sources if any(map(imports, path.read_text().splitlines()))] == []
