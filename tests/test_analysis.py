"""The main job, end to end: a film in, a folder of results out, and what happens when it cannot be done."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from poise.analysis import Analysis, Settings, analyze, result_folders
from poise.body import BODY25, COCO17, HALPE26, OPENPOSE18, Skeleton
from poise.body.formats import read_recording
from poise.coach import Rep
from poise.errors import InputError, NobodySeen, UnknownName, UnreadableMedia
from poise.report.schema import json_schema
from poise.sim.accuracy import angle_errors
from poise.sim.shipped import ShippedClip
from poise.vision.video import open_film
from tests.films import beside, cropped, multiplied, nobody, thinned, write
from tests.vision.scripted import Gone

pytestmark = pytest.mark.models

SECONDS_OFF = 0.35


def faults(rep: Rep) -> list[str]:
    return [fault.name for fault in rep.faults if fault.state == "fault"]


def verdict(folder: Path) -> dict[str, Any]:
    """The report without what differs from run to run: how long it took and what it was made of."""
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return {name: value for name, value in report.items() if name not in ("timing", "source")}


def test_the_shipped_squats_are_counted_where_they_truly_are(squat: ShippedClip, squat_analysis: Analysis) -> None:
    reps = squat_analysis.review.reps
    assert [rep.kind for rep in reps] == ["full"] * len(squat.performance.reps)
    for rep, true in zip(reps, squat.performance.reps, strict=True):
        assert rep.turn == pytest.approx(true.turn, abs=SECONDS_OFF)


def test_only_the_shallow_squat_is_called_shallow(squat_analysis: Analysis) -> None:
    assert [faults(rep) for rep in squat_analysis.review.reps] == [[], [], [], ["shallow"], []]


def test_angles_seen_from_the_side_are_within_six_degrees_of_the_truth(
    squat: ShippedClip, squat_analysis: Analysis
) -> None:
    errors = angle_errors(squat, squat_analysis.poses)
    assert set(errors) == {"knee_flexion", "hip_flexion", "elbow_flexion"}
    assert max(errors.values()) <= 6.0, errors


def test_the_results_are_all_there_and_agree(squat: ShippedClip, squat_analysis: Analysis) -> None:
    folder = squat_analysis.folder
    report = json.loads((folder / "report.json").read_text())
    jsonschema.validate(report, json.loads(json_schema()))
    assert report["counts"]["full"] == 5
    assert report["exercise"] == report["exercise"] | {"name": "squat", "confidence": 1.0}
    with (folder / "reps.csv").open() as table:
        assert [row["faults"] for row in csv.DictReader(table)] == ["", "", "", "shallow", ""]
    assert "Not deep enough" in (folder / "report.html").read_text()
    for name in ("keypoints.npz", "keypoints.parquet"):
        assert len(read_recording(folder / name)) == len(squat_analysis.poses) == report["timing"]["frames"]
    with open_film(squat.path) as film, open_film(folder / "annotated.mp4") as annotated:
        assert annotated.size == film.size
        assert annotated.duration == pytest.approx(film.duration, abs=0.1)


@pytest.mark.parametrize("name", ["keypoints.npz", "keypoints.parquet"])
def test_saved_keypoints_give_the_same_verdict(name: str, squat_analysis: Analysis, tmp_path: Path) -> None:
    again = analyze(squat_analysis.folder / name, tmp_path, Settings(exercise="squat"))
    assert verdict(again.folder) == verdict(squat_analysis.folder)
    assert not (tmp_path / "annotated.mp4").exists()


def test_parts_side_by_side_see_what_one_part_sees(
    squat: ShippedClip, squat_analysis: Analysis, tmp_path: Path
) -> None:
    one = analyze(squat.path, tmp_path, Settings(exercise="squat", workers=1, film=False))
    assert one.poses.t.tolist() == squat_analysis.poses.t.tolist()
    assert [faults(rep) for rep in one.review.reps] == [faults(rep) for rep in squat_analysis.review.reps]


def test_a_part_of_a_film(squat: ShippedClip, tmp_path: Path) -> None:
    third = squat.performance.reps[2]
    analysis = analyze(
        squat.path, tmp_path, Settings(exercise="squat", film=False, start=third.start - 0.2, end=third.end + 0.3)
    )
    assert [rep.kind for rep in analysis.review.reps] == ["full"]
    assert analysis.review.reps[0].turn == pytest.approx(third.turn, abs=SECONDS_OFF)


def test_eight_frames_a_second_are_enough_to_count(squat: ShippedClip, tmp_path: Path) -> None:
    film = write(tmp_path / "slow.mp4", thinned(squat.path, rate=8))
    analysis = analyze(film, tmp_path / "out", Settings(exercise="squat", film=False))
    assert analysis.review.counts.full == 5
    assert "slow_camera" in [advice.name for advice in analysis.review.advice]


def test_240_frames_a_second_are_counted_as_any_others(squat: ShippedClip, tmp_path: Path) -> None:
    first, second, *_ = squat.performance.reps
    film = write(tmp_path / "fast.mp4", multiplied(squat.path, 12, end=(first.end + second.start) / 2))
    analysis = analyze(film, tmp_path / "out", Settings(exercise="squat", model="lite", film=False))
    assert 1 / np.median(np.diff(analysis.poses.t)) == pytest.approx(240, rel=0.01)
    assert [rep.kind for rep in analysis.review.reps] == ["full"]
    assert analysis.review.reps[0].turn == pytest.approx(first.turn, abs=SECONDS_OFF)


def test_of_two_people_the_larger_is_coached_and_the_report_says_so(squat: ShippedClip, tmp_path: Path) -> None:
    film = write(tmp_path / "two.mp4", beside(squat.path, shrink=2, rate=12, end=6.0))
    analysis = analyze(film, tmp_path / "out", Settings(exercise="squat", film=False))
    assert any("2 people were seen" in note for note in analysis.report.notes)
    width = squat.camera.size[0]
    assert (analysis.poses.at("mid_hip")[:, 0] < width).all()


def test_somebody_half_out_of_the_picture_is_told_to_step_back(squat: ShippedClip, tmp_path: Path) -> None:
    width = squat.camera.size[0]
    film = write(tmp_path / "half.mp4", cropped(squat.path, slice(0, width // 2 + 10), rate=10, end=5.0))
    analysis = analyze(film, tmp_path / "out", Settings(exercise="squat", film=False))
    assert "cut_off" in [advice.name for advice in analysis.review.advice]


def test_nobody_in_the_picture(tmp_path: Path) -> None:
    film = write(tmp_path / "empty.mp4", nobody())
    with pytest.raises(NobodySeen, match=r"Nobody was found in 'empty\.mp4'"):
        analyze(film, tmp_path / "out", Settings(exercise="squat"))


def test_a_film_cut_short_is_analysed_as_far_as_it_goes(squat: ShippedClip, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    data = squat.path.read_bytes()
    cut.write_bytes(data[: len(data) * 6 // 10])
    analysis = analyze(cut, tmp_path / "out", Settings(exercise="squat", film=False))
    assert 1 <= analysis.review.counts.full <= 4
    (early,) = [note for note in analysis.report.notes if "ends early" in note]
    assert early.endswith(" of 13.8 s could be read."), "one note, of the film, not of the parts it was followed in"


def test_what_is_not_a_film_is_said_plainly(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("squats on Monday")
    with pytest.raises(UnreadableMedia, match=r"notes\.mp4"):
        analyze(text, tmp_path / "out")
    with pytest.raises(UnreadableMedia, match="no file"):
        analyze(tmp_path / "missing.mp4", tmp_path / "out")


def test_unknown_names_are_told_before_any_work(squat: ShippedClip, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'squat'"):
        analyze(squat.path, tmp_path / "out", Settings(exercise="sqaut"))
    with pytest.raises(UnknownName, match="No backend is called 'blazepsoe'"):
        analyze(squat.path, tmp_path / "out", Settings(exercise="squat", backend="blazepsoe"))
    assert not (tmp_path / "out").exists()


def test_results_that_do_not_fit_are_told_in_a_sentence_and_none_is_half_written(
    squat_analysis: Analysis, tmp_path: Path
) -> None:
    """No file may grow beyond so many bytes: to who writes it, that is a disk that is full."""
    resource = pytest.importorskip("resource")
    command = [sys.executable, "-m", "poise", "analyze", squat_analysis.folder / "keypoints.npz", "-o", tmp_path]
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert "panicked" not in done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_sources_of_one_name_get_folders_of_their_own() -> None:
    folders = result_folders([Path("a/x.mp4"), Path("b/x.mp4"), Path("b/x.avi")], Path("out"))
    assert folders == [Path("out/x"), Path("out/x-2"), Path("out/x-3")]


def test_input_errors_are_input_errors() -> None:
    assert issubclass(UnreadableMedia, InputError)


@pytest.mark.parametrize("skeleton", [COCO17, OPENPOSE18, BODY25, HALPE26], ids=lambda s: s.name)
def test_keypoints_that_others_made_are_coached(squat: ShippedClip, tmp_path: Path, skeleton: Skeleton) -> None:
    """True keypoints, laid out as OpenPose's files, with a passer-by who is named first at times."""
    truth = squat.poses(np.arange(0.0, squat.performance.seconds, 1 / 20)).to(skeleton)
    folder = tmp_path / "openpose"
    folder.mkdir()
    for i, pose in enumerate(truth):
        seen = np.nan_to_num(np.column_stack([pose.points, np.where(np.isnan(pose.points[:, 0]), 0.0, 0.9)]))
        small = seen * np.array([0.3, 0.3, 1.0]) + np.array([300.0, 0.0, 0.0]) * (seen[:, 2:] > 0)
        people = [{"pose_keypoints_2d": one.ravel().tolist()} for one in (seen, small)[:: 1 if i % 3 else -1]]
        (folder / f"{i:06d}_keypoints.json").write_text(json.dumps({"people": people}))
    done = analyze(folder, tmp_path / "results", Settings(exercise="squat", rate=20.0))
    assert (done.review.counts.full, done.review.counts.partial) == (4, 1)
    assert done.poses.skeleton is skeleton
    assert not (done.folder / "annotated.mp4").exists()


@pytest.mark.parametrize(("person", "right"), [("largest", False), ("400,250", True)])
def test_who_of_several_is_coached_may_be_said(
    squat: ShippedClip, tmp_path: Path, person: str, right: bool
) -> None:
    folder = tmp_path / "openpose"
    folder.mkdir()
    truth = squat.poses(np.arange(0.0, 4.0, 1 / 20)).to(COCO17)
    for i, pose in enumerate(truth):
        people = []
        for scale, dx in ((1.0, -120.0), (0.7, 250.0)):
            places = (pose.points - (180.0, 240.0)) * scale + (180.0 + dx, 240.0)
            people.append({"pose_keypoints_2d": np.column_stack([places, pose.score]).ravel().tolist()})
        (folder / f"{i:06d}_keypoints.json").write_text(json.dumps({"people": people}))
    done = analyze(folder, tmp_path / "results", Settings(exercise="squat", rate=20.0, person=person))
    assert (np.nanmin(done.poses.points[..., 0]) > 240) == right
    said = {
        "largest": "the largest and steadiest of them",
        "400,250": "whoever is at 400,250 when they are first seen",
    }
    assert f"2 people were seen; {said[person]} is coached." in done.report.notes


def test_keypoints_are_written_here_when_the_process_that_had_them_was_killed(
    squat_analysis: Analysis, tmp_path: Path
) -> None:
    saved = squat_analysis.folder / "keypoints.npz"
    done = analyze(saved, tmp_path / "results", Settings(exercise="squat"), pool=Gone(1))
    for name in ("keypoints.npz", "keypoints.parquet"):
        assert len(read_recording(done.folder / name)) == len(squat_analysis.poses)
