"""Training: a small network learns, is written as it is, and comes out the same again."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from poise.coach.descriptor import NAMES
from poise.coach.network import Network
from poise.coach.recognise import MODEL
from poise.learn.performances import CLASSES
from poise.learn.windows import Windows

torch = pytest.importorskip("torch", reason="torch, of the extra train, is not installed")
onnx = pytest.importorskip("onnx", reason="onnx, of the extra train, is not installed")

from poise.learn import networks, recogniser  # noqa: E402


def clouds(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points around three corners of a cube, and which corner; a tenth of the coordinates is unknown."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    points = 4.0 * np.eye(3)[labels] + rng.normal(0.0, 0.7, (count, 3))
    points[rng.random(points.shape) < 0.1] = np.nan
    return points.astype(np.float32), labels.astype(np.int64)


def answers(model: networks.Dense, points: np.ndarray) -> np.ndarray:
    """How likely the members of a network take each corner to be, on average."""
    with torch.no_grad():
        return np.asarray(torch.softmax(model(torch.from_numpy(points)), -1).mean(0).numpy())


@pytest.fixture(scope="module")
def model() -> networks.Dense:
    """Two small networks that tell the corners."""
    return networks.trained(*clouds(1500, 0), (16, 3), members=2, epochs=8, seed=1, batch=64)


def test_it_learns(model: networks.Dense) -> None:
    points, labels = clouds(500, 1)
    assert (answers(model, points).argmax(-1) == labels).mean() > 0.9


def test_what_is_written_is_what_was_trained(model: networks.Dense, tmp_path: Path) -> None:
    points, _ = clouds(50, 2)
    path = tmp_path / "corners.onnx"
    networks.write_network(path, [model], {"classes": "a,b,c"})
    np.testing.assert_allclose(Network(path)(points), answers(model, points), atol=1e-6)
    assert Network(path).metadata == {"classes": "a,b,c"}


def test_of_several_trainings_each_keeps_its_weights_and_what_it_takes_for_usual(
    model: networks.Dense, tmp_path: Path
) -> None:
    points, _ = clouds(50, 2)
    shifted, labels = clouds(600, 3)
    other = networks.trained(
        (2.0 * shifted + 1.0).astype(np.float32), labels, (16, 3), members=2, epochs=2, seed=2, batch=64
    )
    path = tmp_path / "both.onnx"
    networks.write_network(path, [model, other], {})
    expected = (answers(model, points) + answers(other, points)) / 2
    np.testing.assert_allclose(Network(path)(points), expected, atol=1e-6)
    assert np.abs(answers(model, points) - answers(other, points)).max() > 0.1


def test_training_can_be_repeated(model: networks.Dense) -> None:
    again = networks.trained(*clouds(1500, 0), (16, 3), members=2, epochs=8, seed=1, batch=64)
    for one, other in zip(model.weights, again.weights, strict=True):
        assert torch.equal(one, other)


def test_a_class_can_weigh_less() -> None:
    """Two classes that cannot be told apart: the heavier one is answered."""
    rng = np.random.default_rng(3)
    points, labels = rng.normal(0.0, 1.0, (800, 2)).astype(np.float32), rng.integers(0, 2, 800)
    model = networks.trained(points, labels, (8, 2), weights=(0.2, 1.0), epochs=20, batch=64)
    with torch.no_grad():
        assert (model(torch.from_numpy(points))[0].argmax(-1) == 1).float().mean() > 0.95


def test_what_is_learnt_is_as_sure_as_labels_are_smooth_and_units_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(5)
    labels = np.repeat(np.arange(len(CLASSES)), 60)
    middles = rng.normal(0.0, 3.0, (len(CLASSES), 20))
    points = (middles[labels] + rng.normal(0.0, 0.2, (len(labels), 20))).astype(np.float32)

    def sure() -> float:
        model = recogniser.train_recogniser(Windows(points, labels, points), seed=1, epochs=60)
        return float(answers(model, points).max(-1).mean())

    usual = sure()
    assert 1.0 - recogniser.SMOOTHING < usual < 0.96  # smoothed by 0.05 it is 0.99
    monkeypatch.setattr(recogniser, "DROPOUT", 0.9)
    assert sure() < usual - 0.1


def test_what_ships_has_the_shape_that_is_trained() -> None:
    shipped = {w.name: tuple(w.dims) for w in onnx.load(MODEL).graph.initializer}
    members = recogniser.MEMBERS * len(recogniser.HANGING)
    sizes = (len(NAMES), *recogniser.HIDDEN, len(CLASSES))
    for i, (a, b) in enumerate(pairwise(sizes)):
        assert shipped[f"w{i}"] == (members, a, b)


def test_the_command_writes_both_networks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recogniser.main(["--out", str(tmp_path), "--sections", "4", "--workers", "1"])
    out = capsys.readouterr().out
    assert "sha256" in out
    assert "windows of other simulated people" in out
    assert Network(tmp_path / "recogniser.onnx").metadata["classes"].endswith("rest,unknown")
    assert Network(tmp_path / "deepfit.onnx").metadata["seed"] == "7"
