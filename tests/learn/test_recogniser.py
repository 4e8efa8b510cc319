"""Training: a small network learns, is written as it is, and comes out the same again."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from poise.coach.descriptor import NAMES
from poise.coach.network import Network
from poise.coach.recognise import MODEL
from poise.learn.performances import CLASSES, KINDS
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


def test_what_counts_as_one_class_is_summed(model: networks.Dense, tmp_path: Path) -> None:
    points, _ = clouds(50, 2)
    path = tmp_path / "corners.onnx"
    networks.write_network(path, [model], {"classes": "a,b"}, counts_as=(1, 0, 1))
    a, b, c = answers(model, points).T
    np.testing.assert_allclose(Network(path)(points), np.stack([b, a + c], axis=-1), atol=1e-6)


@pytest.fixture(scope="module")
def kinds() -> Windows:
    """Windows that show what kind they are."""
    rng = np.random.default_rng(5)
    kinds = np.repeat(np.arange(len(KINDS)), 60)
    middles = rng.normal(0.0, 3.0, (len(KINDS), 20))
    points = (middles[kinds] + rng.normal(0.0, 0.2, (len(kinds), 20))).astype(np.float32)
    return Windows(points, kinds, points)


@pytest.mark.parametrize(("name", "more"), [("DROPOUT", 0.9), ("DISTURBED", 2.0)])
def test_the_more_is_left_out_and_disturbed_the_less_sure_is_what_is_learnt(
    kinds: Windows, monkeypatch: pytest.MonkeyPatch, name: str, more: float
) -> None:
    def sure() -> float:
        model = recogniser.train_recogniser(kinds, seed=1, epochs=30)
        return float(answers(model, kinds.descriptors).max(-1).mean())

    usual = sure()
    assert usual > 0.7
    monkeypatch.setattr(recogniser, name, more)
    assert sure() < usual - 0.1


def test_of_kinds_that_look_alike_the_heavier_is_likelier(kinds: Windows) -> None:
    """Of an exercise, fidgeting and a knee raise that nothing tells apart, each is as likely as its weight."""
    names = list(KINDS)
    chosen = [names.index(name) for name in ("squat", "fidgeting", "knee_raise")]
    alike = replace(kinds, descriptors=kinds.descriptors.copy())
    for kind in chosen[1:]:
        alike.descriptors[kinds.kinds == kind] = kinds.descriptors[kinds.kinds == chosen[0]]
    model = recogniser.train_recogniser(alike, seed=1, epochs=30)
    squat, fidgeting, raised = answers(model, alike.descriptors[kinds.kinds == chosen[0]]).mean(0)[chosen]
    assert squat > fidgeting > 3 * raised
    assert raised < 0.25 * squat


def test_what_ships_has_the_shape_that_is_trained() -> None:
    shipped = {w.name: tuple(w.dims) for w in onnx.load(MODEL).graph.initializer}
    members = recogniser.MEMBERS * len(recogniser.HANGING)
    sizes = (len(NAMES), *recogniser.HIDDEN, len(KINDS))
    for i, (a, b) in enumerate(pairwise(sizes)):
        assert shipped[f"w{i}"] == (members, a, b)
    assert shipped["counts_as"] == (len(KINDS), len(CLASSES))


def test_the_command_writes_both_networks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recogniser.main(["--out", str(tmp_path), "--sections", "4", "--workers", "1"])
    out = capsys.readouterr().out
    assert "sha256" in out
    assert "windows of other simulated people" in out
    assert Network(tmp_path / "recogniser.onnx").metadata["classes"].endswith("rest,unknown")
    assert Network(tmp_path / "deepfit.onnx").metadata["seed"] == "7"
