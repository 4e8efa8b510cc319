"""Tables and plots for notebooks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

import poise
from poise import plot, to_pandas, to_xarray
from poise.analysis import Analysis
from poise.body import COCO17, PoseSequence
from poise.errors import MissingExtra, UnknownName

mpl.use("Agg")
from matplotlib import pyplot


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    pyplot.close("all")


def test_poses_are_a_table_by_seconds(squat_analysis: Analysis) -> None:
    poses = squat_analysis.poses
    table = to_pandas(poses)
    assert table.index.to_numpy() == pytest.approx(poses.t)
    assert table["left_knee_x"].to_numpy() == pytest.approx(poses.at("left_knee")[:, 0], nan_ok=True)
    assert table["nose_score"].to_numpy() == pytest.approx(poses.score_at("nose"))
    assert table["right_hip_wz"].to_numpy() == pytest.approx(poses.world_at("right_hip")[:, 2], nan_ok=True)


def test_repetitions_are_a_table_by_number(squat_analysis: Analysis) -> None:
    table = to_pandas(squat_analysis.review)
    reps = squat_analysis.review.reps
    assert table.index.tolist() == [rep.number for rep in reps]
    assert table["rom"].tolist() == [rep.rom for rep in reps]
    assert table["kind"].tolist() == [rep.kind for rep in reps]
    shown = {rep.number: {f.name for f in rep.faults if f.state == "fault"} for rep in reps}
    assert {number: set(filter(None, row.split(";"))) for number, row in table["faults"].items()} == shown


def test_poses_are_a_data_set_with_named_axes(squat_analysis: Analysis) -> None:
    poses = squat_analysis.poses
    data = to_xarray(poses)
    assert dict(data.sizes) == {
        **{"time": len(poses), "space": 2, "keypoints": 33, "individuals": 1},
        "world_space": 3,
    }
    knee = data.position.sel(keypoints="left_knee", individuals="person_0")
    assert knee.sel(space="y").to_numpy() == pytest.approx(poses.at("left_knee")[:, 1], nan_ok=True)
    hip = data.world.sel(keypoints="right_hip", world_space="z", individuals="person_0")
    assert hip.to_numpy() == pytest.approx(poses.world_at("right_hip")[:, 2], nan_ok=True)
    assert data.confidence.sel(keypoints="nose").to_numpy()[:, 0] == pytest.approx(poses.score_at("nose"))
    assert data.attrs["time_unit"] == "seconds"


def test_without_a_world_there_is_none() -> None:
    flat = PoseSequence(COCO17, np.array([0.0, 0.5]), np.zeros((2, 17, 2)), np.ones((2, 17)))
    assert "world" not in to_xarray(flat)
    assert "nose_wx" not in to_pandas(flat)


def test_a_review_is_plotted_with_what_was_off(squat_analysis: Analysis) -> None:
    review = squat_analysis.review
    figure = plot(review)
    first = figure.axes[0]
    assert first.lines[0].get_ydata() == pytest.approx(np.asarray(review.measured[review.signal]), nan_ok=True)
    assert len(first.patches) == len(review.reps)
    told = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert told == {fault.title for rep in review.reps for fault in rep.faults if fault.state == "fault"}
    assert told, "the shipped squats hold a shallow one"


def test_what_is_plotted_can_be_chosen(squat_analysis: Analysis) -> None:
    assert len(plot(squat_analysis.review, "knee_flexion", "trunk_lean").axes) == 2
    with pytest.raises(UnknownName, match="knee_flexion"):
        plot(squat_analysis.review, "knee_flection")


@pytest.mark.parametrize("name", ["pandas", "xarray", "matplotlib"])
def test_what_is_missing_is_named(squat_analysis: Analysis, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    known = squat_analysis.poses if name != "matplotlib" else squat_analysis.review
    makers: dict[str, Callable[..., object]] = {"pandas": to_pandas, "xarray": to_xarray, "matplotlib": plot}
    with pytest.raises(MissingExtra, match=r"poise\[notebook\]"):
        makers[name](known)


def test_faults_of_ones_own_exercise_are_plotted_too(
    squat_analysis: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POISE_DATA", str(tmp_path))
    (tmp_path / "exercises").mkdir()
    squat = resources.files("poise.coach").joinpath("exercises", "squat.toml").read_text()
    (tmp_path / "exercises" / "dip.toml").write_text(squat.replace('name = "squat"', 'name = "dip"'))
    figure = plot(poise.review("dip", squat_analysis.poses))
    assert {text.get_text() for axes in figure.axes for text in axes.texts} == {"Not deep enough"}
