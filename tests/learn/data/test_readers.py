"""Other people's data, in tiny files laid out as theirs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from poise.body import OPENPOSE18
from poise.errors import UnreadableRecording
from poise.learn.data import read_data, write_table
from poise.learn.data.readers import MMFIT_SPLITS, read_mmfit, read_repcount
from tests.learn.data.made import pictures


def mmfit(folder: Path, workout: str, frames: int = 60) -> None:
    """A workout: OpenPose's points (keypoint k at k, 2 k), the hips at the origin in 3D, squats in the middle."""
    inside = folder / workout
    inside.mkdir(parents=True)
    number = np.arange(100, 100 + frames, dtype=np.float64)
    flat = np.zeros((2, frames, 19))
    flat[:, :, 0] = number
    flat[0, :, 1:], flat[1, :, 1:] = 10 + np.arange(18), 10 + 2 * np.arange(18)
    flat[:, 3, 5] = 0.0  # not seen
    deep = np.zeros((3, frames - 1, 18))
    deep[:, :, 0] = number[1:]
    deep[0, :, 1 + 2] = 500.0  # the right knee, half a metre from the hips
    np.save(inside / f"{workout}_pose_2d.npy", flat)
    np.save(inside / f"{workout}_pose_3d.npy", deep)
    (inside / f"{workout}_labels.csv").write_text("110,129,5,squats\n140,149,3,bicep_curls\n")


def test_mmfit_is_read_with_its_sets_and_splits(tmp_path: Path) -> None:
    for workout in ("w00", "w01", "w09", "w14"):
        mmfit(tmp_path, workout)
    table = read_data(tmp_path)
    assert table.skeleton.name == "openpose18"
    split = dict(zip(table.file.tolist(), table.split.tolist(), strict=True))
    assert split == {"w00": "test", "w01": "train", "w09": "", "w14": "validation"}
    one = table[table.file == "w00"]
    assert one.t[0] == pytest.approx(100 / 30)
    assert (
        one.label.tolist() == ["rest"] * 10 + ["squat"] * 20 + ["rest"] * 10 + ["biceps_curl"] * 10 + ["rest"] * 10
    )
    assert len(set(one.part.tolist())) == 5
    assert np.isnan(one.points[3, 4]).all()
    assert one.points[4, 4].tolist() == [14.0, 18.0]
    assert one.world is not None
    assert np.isnan(one.world[0]).all()
    assert one.world[1, OPENPOSE18.index("right_knee")].tolist() == [0.5, 0.0, 0.0]
    seen = read_mmfit(tmp_path, test="seen")
    assert set(seen.file[seen.split == "test"].tolist()) == {"w09"}
    assert sum(len(ws) for ws in MMFIT_SPLITS.values()) == 21


def test_a_damaged_mmfit_is_told(tmp_path: Path) -> None:
    mmfit(tmp_path, "w00")
    (tmp_path / "w00" / "w00_labels.csv").write_text("1,2,3,dancing\n")
    with pytest.raises(UnreadableRecording, match="dancing"):
        read_data(tmp_path)
    np.save(tmp_path / "w00" / "w00_pose_2d.npy", np.zeros((3, 2)))
    with pytest.raises(UnreadableRecording, match=r"shape \(3, 2\)"):
        read_data(tmp_path)
    (tmp_path / "w00" / "w00_pose_2d.npy").unlink()
    with pytest.raises(UnreadableRecording, match="cannot be opened"):
        read_data(tmp_path)


def test_coco_people_are_rows(tmp_path: Path) -> None:
    keypoints = [[10 * i, 20, 2] for i in range(17)]
    keypoints[0], keypoints[1] = [0, 0, 0], [5, 6, 1]
    person = {"image_id": 7, "bbox": [0, 0, 9, 9], "area": 81.0, "keypoints": np.ravel(keypoints).tolist()}
    crowd = {**person, "iscrowd": 1}
    said = {"images": [{"id": 7, "file_name": "seven.jpg"}], "annotations": [person, crowd]}
    (tmp_path / "person_keypoints.json").write_text(json.dumps(said))
    table = read_data(tmp_path / "person_keypoints.json")
    assert table.file.tolist() == ["seven.jpg"]
    assert np.isnan(table.points[0, 0]).all()
    assert table.points[0, 1].tolist() == [5.0, 6.0]
    assert table.score[0, 0] < table.score[0, 1] < table.score[0, 2]


def test_openpose_films_lie_in_folders_of_classes(tmp_path: Path) -> None:
    for name, dx in (("good/one", 0), ("bad/two", 5)):
        (tmp_path / name).mkdir(parents=True)
        for i in range(3):
            flat = [v for k in range(25) for v in (10.0 + k + dx, 20.0 + k, 0.9)]
            said = {"people": [{"pose_keypoints_2d": flat}]}
            (tmp_path / name / f"film_{i:012d}_keypoints.json").write_text(json.dumps(said))
    table = read_data(tmp_path)
    assert table.skeleton.name == "body25"
    assert table.file.tolist() == ["bad/two"] * 3 + ["good/one"] * 3
    assert table.label.tolist() == ["bad"] * 3 + ["good"] * 3
    np.testing.assert_allclose(table.t[:3], [0, 1 / 30, 2 / 30])


def test_ml_kits_samples_know_their_film(tmp_path: Path) -> None:
    with (tmp_path / "samples.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        for i, name in enumerate(["frame__abc_d__000012.jpg", "frame__abc_d__000019.jpg", "Shot.png"]):
            rows.writerow([name, "up", *(f"{i + k / 10:.1f}" for k in range(99))])
    table = read_data(tmp_path / "samples.csv")
    assert table.subject.tolist() == ["abc_d", "abc_d", "Shot.png"]
    assert table.points[1, 1] == pytest.approx([1.3, 1.4])
    assert table.skeleton.name == "blazepose33"


def test_repcounts_annotations_become_labels(tmp_path: Path) -> None:
    path = tmp_path / "test.csv"
    path.write_text("type,name,count,L1,L2,L3,L4,L5\nsquat,a.mp4,2,30,60,60,120,\nsquat,b.mp4,1,0,10,,,\n")
    said = read_repcount(path, {"a.mp4": 30.0})
    assert [(one.file, one.start, one.end, one.label) for one in said] == [
        ("a.mp4", 1.0, 2.0, "squat"),
        ("a.mp4", 2.0, 4.0, "squat"),
    ]
    path.write_text("type,title\nsquat,a\n")
    with pytest.raises(UnreadableRecording, match="RepCount"):
        read_repcount(path, {"a": 30.0})


def test_a_landmark_table_is_read_as_it_is_and_nothing_is_told(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", pictures(4))
    assert len(read_data(tmp_path / "t.csv")) == 4
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableRecording, match="no data that poise knows"):
        read_data(tmp_path / "empty")
