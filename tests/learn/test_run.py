"""A run from a table to a folder: it learns, is measured on others, says what leaks, and its file answers alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from poise.body import COCO17, PoseSequence
from poise.classify import HELD_S, Beside, Live, open_classifier
from poise.cli.app import complete
from poise.errors import InputError, PoiseError, UnsuitableModel
from poise.learn.data import LandmarkTable, LeakySplit, examples_of, split, write_table
from poise.learn.data.squats import simulate_squats
from poise.learn.deepfit import CLASSES
from poise.learn.export import LITERT_PYTHON, Parity, ParityLost, Precision, exported, to_tflite
from poise.learn.nets import Net
from poise.learn.recipe import load_recipe
from poise.learn.run import Asked, Run, learn, read_run, write_run
from poise.learn.scores import drawn_again, scored, wilson
from poise.learn.train import _temperature, predicted, train
from tests.desk.classifiers import sinking
from tests.learn.data.made import body, pictures

POSCO = load_recipe("posco").changed(training__epochs=8)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """Good and bad postures of ten people, learned in a moment, and the folder."""
    run = learn(POSCO, pictures(120, people=10))
    folder = tmp_path_factory.mktemp("run")
    write_run(run, folder)
    return run, folder


def test_scores_are_what_they_say() -> None:
    likely = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]])
    found = scored(likely, np.array([0, 0, 1, 1]), ("bad", "good"), np.array(["a", "a", "b", "b"]))
    assert found.confusion == ((2, 0), (1, 1))
    assert found.accuracy.value == 0.75
    assert found.over == "subjects"
    bad, good = found.classes
    assert (bad.precision, bad.recall, bad.support) == (2 / 3, 1.0, 2)
    assert bad.f1 == pytest.approx(0.8)
    assert (good.precision, good.recall) == (1.0, 0.5)
    assert found.precision == pytest.approx(5 / 6)
    assert [(one.subject, one.accuracy, one.count) for one in found.people] == [("a", 1.0, 2), ("b", 0.5, 2)]
    assert found.ece == pytest.approx((0.1 + 0.4 + 0.2 + 0.7) / 4)
    assert found.brier == pytest.approx(2 * (0.01 + 0.16 + 0.04 + 0.49) / 4)
    assert found.plain()["f1"] == pytest.approx((0.8 + 2 / 3) / 2)


def test_intervals_over_people_are_wider_than_over_their_examples() -> None:
    right = np.repeat([1.0, 1.0, 0.0, 1.0], 50)
    people = np.repeat(["a", "b", "c", "d"], 50)
    found, alone = drawn_again(right, people), wilson(150, 200)
    assert found.value == alone.value == 0.75
    assert found.high - found.low > 3 * (alone.high - alone.low)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)


def test_it_learns_and_says_how_well(ran: tuple[Run, Path]) -> None:
    run, folder = ran
    assert run.test.accuracy.value > 0.9
    assert run.test.subjects == 2
    assert run.leaky is not None
    assert len(run.curve) == 3
    assert [step.count for step in run.curve] == sorted(step.count for step in run.curve)
    said = json.loads((folder / "run.json").read_text())
    assert said["test"]["accuracy"]["value"] == run.test.accuracy.value
    assert said["about"]["labels"] == ["bad", "good"]
    assert said["about"]["data"] == run.examples.data
    page = (folder / "report.html").read_text()
    for words in ("By person", "A random split", "expected calibration error", "By class", "p0"):
        assert words in page or words == "p0", words
    assert all(one.subject in page for one in run.test.people)
    assert "flatters" not in page
    assert "<script" not in page


def test_the_same_seed_gives_the_same_network() -> None:
    examples = examples_of(pictures(60), COCO17.keypoints)
    one, other = (train(POSCO, examples, split(examples), seed=3) for _ in range(2))
    for a, b in zip(one.net.state_dict().values(), other.net.state_dict().values(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("name", ["posco", "posture_model"])
def test_what_is_told_of_an_epoch_is_what_the_network_says_of_raw_keypoints(name: str) -> None:
    examples = examples_of(pictures(60), COCO17.keypoints)
    made = split(examples)
    found = train(load_recipe(name).changed(training__epochs=3), examples, made)
    likely = predicted(found.net, examples[made.validation])
    truth = np.searchsorted(found.labels, examples.label[made.validation])
    told = found.epochs[found.best]
    assert told.validation_accuracy == pytest.approx((likely.argmax(1) == truth).mean())
    loss = -np.log(likely[np.arange(len(truth)), truth]).mean()
    assert told.validation_loss == pytest.approx(loss, rel=1e-4)


def test_only_recipes_that_vary_are_varied(monkeypatch: pytest.MonkeyPatch) -> None:
    examples, seen = examples_of(pictures(60), COCO17.keypoints), []

    def noted(x: torch.Tensor, *_: object) -> torch.Tensor:
        seen.append(len(x))
        return x

    monkeypatch.setattr("poise.learn.train.varied", noted)
    recipe = POSCO.changed(training__epochs=1)
    train(recipe, examples, split(examples))
    assert seen == []
    train(recipe.changed(vary__mirror=0.5), examples, split(examples))
    assert sum(seen) == len(split(examples).train)


def test_probabilities_are_made_to_fit_what_is_seen() -> None:
    rng = np.random.default_rng(0)
    likely = rng.dirichlet((1.0, 1.0, 1.0), 4000)
    truth = np.array([rng.choice(3, p=p) for p in likely])
    net = Net(POSCO, 3)
    net.dense = torch.nn.Sequential(torch.nn.Identity())
    for off in (3.0, 0.5):  # too sure of itself, and not sure enough
        found = _temperature(net, torch.from_numpy(off * np.log(likely)), torch.from_numpy(truth))
        assert found == pytest.approx(off, rel=0.08)


def test_classes_weigh_alike_where_a_recipe_says_so() -> None:
    table = pictures(80, people=10)
    few = table[np.array([i % 2 == 0 or i % 8 == 1 for i in range(80)])]  # four good ones to a bad one
    examples = examples_of(few, COCO17.keypoints)
    made = split(examples)
    nothing = POSCO.changed(training__epochs=60, training__rate=0.05, look__prepare="embedding")
    blind = replace(examples, values=np.zeros_like(examples.values))  # all that is known is how common each is
    for balanced, good in ((False, 0.8), (True, 0.5)):
        found = train(nothing.changed(training__balanced=balanced, training__patience=0), blind, made)
        assert float(predicted(found.net, blind)[0, 1]) == pytest.approx(good, abs=0.07)


@pytest.mark.parametrize(
    ("precision", "most", "changed", "passes"),
    [
        ("float32", 1e-5, 0, True),
        ("float32", 2e-3, 0, False),
        ("float32", 1e-5, 1, False),
        ("float16", 1e-2, 0, True),
        ("float16", 1e-2, 1, False),
        ("int8", 0.1, 50, True),
        ("int8", 0.1, 51, False),
    ],
)
def test_no_decision_may_change_but_with_weights_of_8_bits(
    precision: Precision, most: float, changed: int, passes: bool
) -> None:
    assert Parity("c.tflite", precision, 1000, most, changed, 9, {}).passes is passes


def test_a_leak_stops_it_or_is_repeated() -> None:
    table = pictures(60, people=10)
    with pytest.raises(LeakySplit, match="the same person"):
        learn(POSCO, table, Asked("random", quick=True))
    run = learn(POSCO, table, Asked("random", quick=True, despite_leaks=True))
    assert any("subject" in leak for leak in run.leaks)
    assert run.leaky is None


def test_a_grid_is_searched_on_the_validation() -> None:
    recipe = POSCO.model_copy(update={"search": {"training.rate": (1e-9, 0.01)}})
    run = learn(recipe, pictures(80, people=10), Asked(search=True, quick=True))
    assert [one.changes for one in run.searched] == [{"training.rate": 1e-9}, {"training.rate": 0.01}]
    assert run.recipe.training.rate == 0.01
    with pytest.raises(InputError, match="nothing to search"):
        learn(POSCO, pictures(80, people=10), Asked(search=True, quick=True))


def test_the_onnx_file_takes_raw_keypoints_and_answers_alike(
    ran: tuple[Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, folder = ran
    classifier = open_classifier(folder / "classifier.onnx")
    assert classifier.about == run.about
    values = run.examples.values[run.made.test]
    np.testing.assert_allclose(
        classifier(values), run.trained.probabilities(run.examples[run.made.test]), atol=1e-5
    )
    kept = read_run(folder)
    found = exported(kept, folder / "again.onnx")
    assert (found.changed, found.count) == (0, 120)
    assert found.most < 1e-4
    assert list(found.ms) == ["onnxruntime"]
    last = kept.net.dense[-1]
    assert isinstance(last, torch.nn.Linear)
    last.bias.data += torch.tensor([9.0, -9.0])
    monkeypatch.setattr("poise.learn.export.to_onnx", lambda *_: None)  # the file stays what it was
    with pytest.raises(ParityLost, match="decisions changed"):
        exported(kept, folder / "again.onnx")
    with pytest.raises(PoiseError, match=r"\.onnx in float32"):
        exported(kept, folder / "c.onnx", "int8")


def test_a_stream_is_classified_pose_by_pose(ran: tuple[Run, Path]) -> None:
    classifier = open_classifier(ran[1] / "classifier.onnx")
    t = np.arange(40) / 10
    points = np.array([body(60.0 * (i >= 20), i) for i in range(40)])
    poses = PoseSequence(COCO17, t, points, np.full(points.shape[:2], 0.9))
    verdicts = classifier.verdicts(poses, hop=0.5)
    assert [one.label for one in verdicts] == ["good"] * 4 + ["bad"] * 4
    assert [one.t for one in verdicts] == pytest.approx([0.5 * i for i in range(8)])
    assert verdicts[0].probability == verdicts[0].all["good"]
    assert sum(verdicts[0].all.values()) == pytest.approx(1.0)
    live = Live(classifier)
    gone = PoseSequence(COCO17, t, np.full_like(points, np.nan), np.zeros(points.shape[:2]))
    assert all(live.update(pose) is None for pose in gone)


def test_a_sequence_recipe_learns_squats_and_its_file_sees_windows(tmp_path: Path) -> None:
    table = simulate_squats(10, reps=2, cameras=1)
    recipe = load_recipe("streams").changed(training__epochs=2, layers__residual=(1,), layers__width=8)
    run = learn(recipe, table, Asked(quick=True))
    assert run.examples.values.shape[1:] == (32, 17, 3)
    assert run.trained.net.temperature != 1.0
    write_run(run, tmp_path)
    classifier = open_classifier(tmp_path / "classifier.onnx")
    film = next(one for _, one in table.films()).poses()
    verdicts = classifier.verdicts(film, hop=1.0)
    assert verdicts[0].t - film.t[0] == pytest.approx(3.2 * 0.9, abs=0.15)
    assert {one.label for one in verdicts} <= {"correct", "incorrect"}
    at = float(run.examples.at[0])
    one = classifier.verdict(next(f for n, f in table.films() if n == run.examples.file[0]).poses(), at)
    likely = run.trained.probabilities(run.examples[:1])[0]
    np.testing.assert_allclose(list(one.all.values()), likely, atol=2e-3)


def test_a_repetition_is_classified_once_what_surrounds_it_was_seen(tmp_path: Path) -> None:
    taught = sinking(tmp_path / "c.onnx", 100.0, ("up", "down"), seconds=2.0, centred="part")
    classifier = open_classifier(taught)
    t = np.arange(700) / 10
    points = np.array([body(60.0 * (2.0 <= at < 4.5), 0, 0.0) for at in t])  # shoulders at 90 and 150 pixels
    poses = PoseSequence(COCO17, t, points, np.full(points.shape[:2], 0.9))
    beside = Beside(classifier)
    said = [beside.update(pose, {20: [1.5, 3.0], 650: [64.0]}.get(i, ())) for i, pose in enumerate(poses)]
    found = [(i, one.t, one.label) for i, one in enumerate(said) if one]
    assert found == [(25, 1.5, "down"), (40, 3.0, "down"), (650, 64.0, "up")]
    assert len(beside._seen) <= 10 * HELD_S + 1
    every = Beside(open_classifier(sinking(tmp_path / "d.onnx", 100.0, ("up", "down"))), hop=0.5)
    assert [one.label for pose in poses[:30] if (one := every.update(pose, [0.1]))] == ["up"] * 4 + ["down"] * 2


def test_a_damaged_run_is_told(ran: tuple[Run, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder of a run"):
        read_run(tmp_path)
    for name in ("run.json", "recipe.json", "windows.npz", "weights.pt"):
        (tmp_path / name).write_bytes((ran[1] / name).read_bytes())
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(InputError, match="damaged"):
        read_run(tmp_path)


def test_tflite_needs_its_tools(ran: tuple[Run, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LITERT_PYTHON, raising=False)
    monkeypatch.setattr("poise.learn.export.find_spec", lambda name: None)
    kept = read_run(ran[1])
    with pytest.raises(PoiseError, match="litert-torch") as told:
        to_tflite(kept.net, kept.windows, tmp_path / "c.tflite")
    assert LITERT_PYTHON in str(told.value)
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho it is broken >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv(LITERT_PYTHON, str(broken))
    with pytest.raises(PoiseError, match="it is broken"):
        to_tflite(kept.net, kept.windows, tmp_path / "c.tflite")


THEIRS = Path(__file__).parents[3] / "shared" / "weights"


@pytest.mark.skipif(not THEIRS.is_dir(), reason="the weights of others are not part of the project")
def test_files_of_the_tutorial_and_of_deepfit_are_known_by_their_size() -> None:
    tutorial = open_classifier(THEIRS / "posemonitor_pose_classifier.tflite", ["a", "b", "c"])
    assert tutorial.about.layout == "movenet"
    values = np.concatenate([body(), np.full((17, 1), 0.9)], axis=1)[None, None]
    assert tutorial(values).shape == (1, 3)
    np.testing.assert_allclose(tutorial(values * [2, 2, 1]), tutorial(values), atol=0.05)  # it centres and scales
    deepfit = open_classifier(THEIRS / "deepfit_classifier_v3.tflite", CLASSES)
    assert deepfit.about.layout == "deepfit"
    assert deepfit.about.labels == CLASSES
    points = np.full((1, 1, 18, 3), 100.0)
    points[..., :2] += np.arange(36).reshape(18, 2)
    np.testing.assert_allclose(deepfit(points).sum(), 1.0, atol=1e-3)
    with pytest.raises(InputError, match="has 3 outputs"):
        open_classifier(THEIRS / "posemonitor_pose_classifier.tflite", ["good", "bad"])


def test_files_that_are_no_classifiers_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnsuitableModel, match="cannot be opened"):
        open_classifier(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    with pytest.raises(UnsuitableModel):
        open_classifier(tmp_path / "bad.onnx")


@pytest.fixture
def poise(tmp_path: Path) -> Callable[..., str]:
    def run(*arguments: object, code: int = 0) -> str:
        done = CliRunner().invoke(complete(), [str(one) for one in arguments])
        if isinstance(done.exception, PoiseError):
            assert code == 1, done.exception
            return str(done.exception)
        assert done.exit_code == code, done.output
        return done.output

    return run


def test_the_command_line_trains_compares_exports_and_classifies(
    tmp_path: Path, poise: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "posture.csv"
    write_table(table, pictures(60, people=10))
    out = poise("learn", "train", "posco", table, "--out", tmp_path / "a", "--set", "training.epochs=5", "--quick")
    assert "it never saw, split by subject" in out
    poise("learn", "train", "deepfit", table, "--out", tmp_path / "b", "--quick")
    shown = poise("learn", "compare", tmp_path / "a", tmp_path / "b")
    assert "posco" in shown
    assert "deepfit" in shown
    said = poise("learn", "export", tmp_path / "a", "--out", tmp_path / "c.onnx", "--report", tmp_path / "c.json")
    assert "0 of 60 decisions changed" in said
    assert json.loads((tmp_path / "c.json").read_text())["passes"] is True
    from poise.body.formats import write_recording

    points = np.array([body(0.0, i) for i in range(20)])
    poses = PoseSequence(COCO17, np.arange(20) / 10, points, np.full(points.shape[:2], 0.9))
    write_recording(tmp_path / "me.npz", poses)
    lines = poise("classify", tmp_path / "c.onnx", tmp_path / "me.npz", "--json").splitlines()
    assert len(lines) == 4
    assert json.loads(lines[0])["label"] == "good"
    assert "'pocso'" in poise("learn", "train", "pocso", table, "--out", tmp_path / "d", code=1)
    assert "streams" in poise("learn", "recipes")


def test_the_snu_table_is_one_command(tmp_path: Path, poise: Callable[..., str]) -> None:
    table: LandmarkTable = simulate_squats(8, reps=1, cameras=1)
    write_table(tmp_path / "squats.parquet", table)
    out = poise("learn", "table", tmp_path / "squats.parquet", "--set", "training.epochs=1")
    for words in ("LSTM + convolution", "LSTM only", "convolution only", "training", "precision", "recall"):
        assert words in out
    said = poise("learn", "table", tmp_path / "squats.parquet", "--set", "training.epochs=1", "--json")
    assert set(json.loads(said)) == {"LSTM + convolution", "LSTM only", "convolution only"}
