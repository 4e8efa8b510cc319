"""``poise data`` as it is typed: from pictures, films and a camera to tables, and what is said on the way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from poise.cli.app import complete
from poise.errors import PoiseError
from poise.learn.data import Interval, read_table, write_labels, write_table
from poise.sim.shipped import ShippedClip
from tests.learn.data.made import Eyes, film, frames

Poise = Callable[..., str]


@pytest.fixture
def poise(monkeypatch: pytest.MonkeyPatch) -> Poise:
    """The command line, whose estimator sees what the brightness of pictures says."""
    monkeypatch.setattr("poise.vision.estimators.open_estimator", lambda *_, **__: Eyes())

    def run(*arguments: object) -> str:
        done = CliRunner().invoke(complete(), [str(one) for one in arguments])
        if isinstance(done.exception, PoiseError):
            return str(done.exception)
        assert done.exit_code == 0, done.output
        return done.output

    return run


def grey(path: Path, bright: int) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.fromarray(np.full((40, 60, 3), bright, np.uint8)).save(path)


def test_folders_become_a_table_in_either_layout_and_what_is_set_aside_a_page(tmp_path: Path, poise: Poise) -> None:
    for name, bright in (
        ("good/ann_1.png", 90),
        ("good/ben_1.png", 60),
        ("bad/ann_2.png", 120),
        ("bad/x_3.png", 0),
    ):
        grey(tmp_path / "pictures" / name, bright)
    to = tmp_path / "posture.csv"
    said = poise("data", "extract", tmp_path / "pictures", "--out", to, "--subject-from", "/([a-z]+)_")
    assert "1 set aside" in said
    assert "x_3.png" in (tmp_path / "posture-rejects.html").read_text()
    table = read_table(to)
    assert table.file.tolist() == ["bad/ann_2.png", "good/ann_1.png", "good/ben_1.png"]
    assert table.label.tolist() == ["bad", "good", "good"]
    assert table.subject.tolist() == ["ann", "ann", "ben"]
    poise("data", "convert", to, "--out", tmp_path / "theirs.csv", "--layout", "movenet")
    assert (tmp_path / "theirs.csv").read_text().startswith("file_name,NOSE_x,NOSE_y,NOSE_score,")
    poise("data", "convert", tmp_path / "theirs.csv", "--out", tmp_path / "back.parquet")
    np.testing.assert_array_equal(read_table(tmp_path / "back.parquet").points, table.points)


def test_films_are_looked_at_so_often_and_taken_apart(tmp_path: Path, poise: Poise, squat: ShippedClip) -> None:
    poise("data", "extract", squat.path, "--out", tmp_path / "t.csv", "--label", "squat", "--rate", "2", "--quiet")
    table = read_table(tmp_path / "t.csv")
    assert table.classes == ("squat",)
    assert np.median(np.diff(table.t)) == pytest.approx(0.5, abs=0.05)
    said = poise("data", "frames", squat.path, tmp_path / "frames", "--rate", "0.5")
    assert said.startswith(f"{len(list((tmp_path / 'frames').glob('*.jpg')))} pictures in ")


def test_a_camera_counts_down_and_records(tmp_path: Path, poise: Poise, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def camera(device: int | str) -> object:
        asked.append(device)
        return nullcontext(iter(frames(100)))

    monkeypatch.setattr("poise.vision.camera.open_camera", camera)
    wanted = ("--label", "good", "--label", "slumped", "--seconds", "2", "--countdown", "2", "--subject", "ann")
    said = poise("data", "capture", "--out", tmp_path / "me.csv", "--camera", "1", *wanted).splitlines()
    assert asked == [1]
    told = [line for line in said if line.startswith(("get ready", "recording"))]
    assert told[:4] == [
        "get ready: good in 2",
        "get ready: good in 1",
        "recording good: 2 s left",
        "recording good: 1 s left",
    ]
    assert told[4] == "get ready: slumped in 2"
    table = read_table(tmp_path / "me.csv")
    assert table.label.tolist() == ["good"] * 20 + ["slumped"] * 20
    assert set(table.subject.tolist()) == {"ann"}


def test_labels_are_written_into_a_table_and_two_labellers_compared(tmp_path: Path, poise: Poise) -> None:
    write_table(tmp_path / "t.csv", film("a.mp4", [""], 4.0))
    rows = [
        Interval("a.mp4", 0.0, 1.0, "up", "p1", labeller="ann"),
        Interval("a.mp4", 0.0, 0.5, "up", labeller="ben"),
    ]
    write_labels(tmp_path / "labels.csv", rows)
    said = poise("data", "agreement", tmp_path / "labels.csv")
    assert "up: intersection over union 0.50" in said
    write_labels(tmp_path / "ann.csv", rows[:1])
    poise("data", "convert", tmp_path / "t.csv", "--labels", tmp_path / "ann.csv", "--out", tmp_path / "l.parquet")
    table = read_table(tmp_path / "l.parquet")
    assert (table.label == "up").sum() == 11
    assert set(table.subject.tolist()) == {"p1"}


def test_simulated_squats_and_what_cannot_be_written(tmp_path: Path, poise: Poise) -> None:
    poise("data", "squats", "--people", "4", "--out", tmp_path / "s.parquet", "--label", "fault")
    table = read_table(tmp_path / "s.parquet")
    assert len(set(table.subject.tolist())) == 4
    assert "correct" in table.classes
    assert "incorrect" not in table.classes
    write_table(tmp_path / "t.csv", film("a", ["x"]))
    assert "cannot be written" in poise("data", "convert", tmp_path / "t.csv", "--out", tmp_path / "no" / "t.csv")
