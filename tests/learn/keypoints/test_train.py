"""Training: it learns, stops and goes on, in one process and in two; and what comes of it runs elsewhere alike."""

from __future__ import annotations

import csv
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from poise.body import COCO17
from poise.learn.keypoints.coco import read_coco
from poise.learn.keypoints.data import People, Recipe
from poise.learn.keypoints.evaluate import torch_network
from poise.learn.keypoints.export import exported, parity, to_onnx, to_tflite
from poise.learn.keypoints.hrnet import open_hrnet
from poise.learn.keypoints.train import Training, heatmap_loss, rate, settle, train
from tests.learn.keypoints.test_data import folder  # noqa: F401 - a fixture

SMALL = (64, 96)


def people(folder: Path, vary: float = 1.0) -> People:  # noqa: F811
    return People(read_coco(folder / "people.json"), folder, Recipe(SMALL, vary=vary))


def test_only_what_counts_is_lost() -> None:
    seen, wanted = torch.zeros(1, 2, 4, 4), torch.ones(1, 2, 4, 4)
    assert float(heatmap_loss(seen, wanted, torch.tensor([[1.0, 0.0]]))) == pytest.approx(0.25)


def test_telling_left_from_right_may_weigh_more_than_both_together() -> None:
    """By hand: ankles off by 3 and 1 are off by 4 together and by 2 apart."""
    off = torch.zeros(1, 17, 2, 2)
    left, right, nose = (COCO17.index(name) for name in ("left_ankle", "right_ankle", "nose"))
    off[:, left], off[:, right] = 3.0, 1.0
    wanted, counts = torch.zeros_like(off), torch.ones(1, 17)
    assert float(heatmap_loss(off, wanted, counts)) == pytest.approx(0.5 * (16 / 2 + 4 / 2) / 17)
    assert float(heatmap_loss(off, wanted, counts, sides=5.0)) == pytest.approx(0.5 * (16 / 2 + 5 * 4 / 2) / 17)
    off[:, nose] = 2.0
    assert float(heatmap_loss(off, wanted, counts, sides=5.0)) == pytest.approx(0.5 * (8 + 10 + 4) / 17)
    counts[:, right] = 0.0
    assert float(heatmap_loss(off, wanted, counts, sides=5.0)) == pytest.approx(0.5 * (9 + 4) / 17)


def test_the_rate_falls_as_in_the_paper_however_many_epochs_there_are() -> None:
    """Sun et al. 2019, 4.1: 0.001, after 170 epochs 0.0001, after 200 0.00001, of 210."""
    assert [rate(Training(), epoch) for epoch in (0, 169, 170, 199, 200, 209)] == pytest.approx(
        [1e-3, 1e-3, 1e-4, 1e-4, 1e-5, 1e-5]
    )
    assert [rate(Training(epochs=21), epoch) for epoch in (16, 17, 19, 20)] == pytest.approx(
        [1e-3, 1e-4, 1e-4, 1e-5]
    )


def test_along_a_cosine_the_rate_rises_shortly_and_falls_to_nothing() -> None:
    how = Training(epochs=40, fall="cosine")
    assert [rate(how, epoch) for epoch in (0, 1, 20, 40)] == pytest.approx(
        [0.0, 0.5e-3 * (1 + np.cos(np.pi / 40)) / 2, 0.5e-3, 0.0]
    )


def test_a_cosine_ends_at_the_rate_another_training_goes_on_from() -> None:
    how = Training(epochs=40, fall="cosine", least=0.6e-3)
    assert [rate(how, epoch) for epoch in (0, 20, 40)] == pytest.approx([0.0, 0.8e-3, 0.6e-3])


def test_it_begins_with_what_another_network_learnt(folder: Path, tmp_path: Path) -> None:  # noqa: F811
    before = open_hrnet("small")
    torch.save({"state_dict": before.state_dict()}, tmp_path / "before.pt")
    how = Training(net="small", epochs=1, batch=2, rate=0.0, begin=tmp_path / "before.pt")
    after = train(how, people(folder), people(folder, vary=0.0), tmp_path / "net")
    assert torch.equal(after.conv1.weight, before.conv1.weight)


def curve(folder: Path) -> list[dict[str, str]]:  # noqa: F811
    with (folder / "curve.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("optimiser", ["adam", "muon"])
def test_it_learns_and_goes_on_where_it_stopped(
    folder: Path,  # noqa: F811
    tmp_path: Path,
    optimiser: Literal["adam", "muon"],
) -> None:
    how = Training(net="small", epochs=3, batch=2, measure=3, optimiser=optimiser)
    whole = train(how, people(folder), people(folder, vary=0.0), tmp_path / "whole")
    stops = iter([False, True])
    train(how, people(folder), people(folder, vary=0.0), tmp_path / "parts", until=lambda: next(stops))
    rows = curve(tmp_path / "parts")
    assert [row["epoch"] for row in rows] == ["1"]
    parts = train(how, people(folder), people(folder, vary=0.0), tmp_path / "parts")
    rows = curve(tmp_path / "parts")
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [bool(row["ap"]) for row in rows] == [False, False, True]
    hours = [float(row["processor hours"]) for row in rows]
    assert hours == sorted(hours)
    assert hours[-1] > 0.0
    for a, b in zip(whole.state_dict().values(), parts.state_dict().values(), strict=True):
        assert torch.allclose(a.float(), b.float(), atol=1e-5)
    assert (tmp_path / "whole" / "best.pt").exists()


def test_muon_learns_the_kernels_between_the_first_layer_and_the_last(folder: Path, tmp_path: Path) -> None:  # noqa: F811
    """What Adam learns moves by the rate at first; of Muon's, every direction, by some twenty times that."""
    torch.save({"net": open_hrnet("small").state_dict()}, tmp_path / "before.pt")
    before = torch.load(tmp_path / "before.pt", weights_only=True)["net"]
    how = Training(net="small", epochs=1, batch=8, optimiser="muon", fall="steps", begin=tmp_path / "before.pt")
    after = train(how, people(folder), people(folder, vary=0.0), tmp_path / "net").state_dict()
    moved = {name: (after[name] - before[name]).flatten(1) for name in before if before[name].ndim == 4}
    far = {name: float(torch.linalg.matrix_norm(much, 2)) for name, much in moved.items()}
    for name in ("conv1.weight", "final_layer.weight"):
        assert float(moved[name].abs().max()) == pytest.approx(1e-3, rel=0.01), name
    for name in ("conv2.weight", "layer1.0.conv1.weight", "stage4.0.fuse_layers.0.3.0.weight"):
        tall = max(1.0, moved[name].shape[0] / moved[name].shape[1]) ** 0.5
        assert 0.6 < far[name] / (0.02 * tall) < 1.3, name


def test_the_means_of_the_normalisations_are_those_of_people(folder: Path) -> None:  # noqa: F811
    learned, net = people(folder, vary=0.0), open_hrnet("small")
    net.bn1.running_mean.fill_(7.0)  # type: ignore[union-attr]
    settle(net, learned, Training(batch=2))
    pictures = torch.stack([learned[i][0] for i in range(len(learned))])
    with torch.no_grad():
        expected = net.conv1(pictures).mean((0, 2, 3))
    assert torch.allclose(net.bn1.running_mean, expected, atol=1e-5)  # type: ignore[arg-type]
    assert net.training
    assert net.bn1.momentum == 0.1


def test_a_network_is_measured_with_means_that_are_no_others(folder: Path, tmp_path: Path) -> None:  # noqa: F811
    before = open_hrnet("small")
    before.bn1.running_mean.fill_(7.0)  # type: ignore[union-attr]
    torch.save({"net": before.state_dict()}, tmp_path / "before.pt")
    how = Training(net="small", epochs=1, batch=2, rate=0.0, begin=tmp_path / "before.pt")
    after = train(how, people(folder), people(folder, vary=0.0), tmp_path / "net")
    assert float(after.bn1.running_mean.abs().max()) < 6.0  # type: ignore[union-attr]


def test_two_processes_train_one_network(folder: Path, tmp_path: Path) -> None:  # noqa: F811
    given = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    given += ["-m", "poise.learn.keypoints", "train", "--net", "small", "--size", "64x96", "--epochs", "1"]
    given += ["--batch", "1", "--learn", str(folder / "people.json"), "--measure", str(folder / "people.json")]
    given += ["--out", str(tmp_path / "net"), "--mixed"]
    done = subprocess.run(
        given, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch 1 of 1") == 1, "only the first tells and writes"
    assert (tmp_path / "net" / "last.pt").exists()


def random_net() -> torch.nn.Module:
    torch.manual_seed(3)
    net = open_hrnet("small").eval()
    for layer in net.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight)
    return net


def test_onnx_says_what_the_network_says(folder: Path, tmp_path: Path) -> None:  # noqa: F811
    net = random_net()
    to_onnx(net, SMALL, tmp_path / "net.onnx")  # type: ignore[arg-type]
    pictures = torch.rand(2, 3, 96, 64)
    ours, theirs = torch_network(net)(pictures), exported(tmp_path / "net.onnx")(pictures)
    assert np.abs(ours - theirs).max() < 1e-3 * np.abs(ours).max()
    far = parity(net, tmp_path / "net.onnx", people(folder, vary=0.0))  # type: ignore[arg-type]
    assert far.most_px < 0.5
    assert far.ap[0] == pytest.approx(far.ap[1], abs=0.002)
    assert far.n == 2 * 17


@pytest.mark.skipif(
    importlib.util.find_spec("litert_torch") is None, reason="litert-torch wants an environment of its own"
)
def test_tflite_says_what_the_network_says(folder: Path, tmp_path: Path) -> None:  # noqa: F811
    net = random_net()
    to_tflite(net, SMALL, tmp_path / "net.tflite")  # type: ignore[arg-type]
    far = parity(net, tmp_path / "net.tflite", people(folder, vary=0.0))  # type: ignore[arg-type]
    assert far.most_px < 0.5
