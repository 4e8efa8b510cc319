"""The landmark table: what is written is read, as CSV, as Parquet, and as the tutorial has it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from poise.errors import InputError, UnreadableRecording
from poise.learn.data import Interval, LandmarkTable, labelled, read_labels, read_table, write_labels, write_table
from poise.learn.data.squats import FAULTS, simulate_squats
from tests.learn.data.made import film, pictures


def same(a: LandmarkTable, b: LandmarkTable) -> None:
    assert a.skeleton.keypoints == b.skeleton.keypoints
    for name in ("points", "score", "t", "part", "world"):
        one, other = getattr(a, name), getattr(b, name)
        if one is None or other is None:
            assert one is other, name
        else:
            np.testing.assert_array_equal(one, other, err_msg=name)
    for name in ("file", "label", "subject", "view", "split"):
        assert getattr(a, name).tolist() == getattr(b, name).tolist(), name
    assert a.digest() == b.digest()


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_what_is_written_is_read_number_for_number(ending: str, tmp_path: Path) -> None:
    table = simulate_squats(1, reps=1, cameras=1)[:150]
    table.points[3, 4], table.score[3, 4] = np.nan, 0.0
    assert table.world is not None
    write_table(tmp_path / f"squats{ending}", table)
    back = read_table(tmp_path / f"squats{ending}")
    same(table, back)
    assert back.skeleton.name == "blazepose33"


def test_pictures_have_no_times_and_no_empty_columns(tmp_path: Path) -> None:
    write_table(tmp_path / "pictures.csv", pictures(4))
    header, first = (tmp_path / "pictures.csv").read_text().splitlines()[:2]
    assert header.startswith("file,subject,label,nose_x,nose_y,nose_score,left_eye_x")
    assert first.startswith("good/000.jpg,p0,good,")
    assert not read_table(tmp_path / "pictures.csv").is_film


def test_the_tutorials_table_is_written_and_read(tmp_path: Path) -> None:
    table = pictures(4)
    table.points[1, 3] = np.nan
    table.score[1, 3] = 0.0
    write_table(tmp_path / "m.csv", table, "movenet")
    header, _, second = (tmp_path / "m.csv").read_text().splitlines()[:3]
    assert header.split(",")[:4] == ["file_name", "NOSE_x", "NOSE_y", "NOSE_score"]
    assert header.split(",")[-2:] == ["class_no", "class_name"]
    assert second.split(",")[10:13] == ["0.0", "0.0", "0.0"]
    assert second.endswith("0,bad")
    back = read_table(tmp_path / "m.csv")
    assert back.skeleton.name == "coco17"
    np.testing.assert_array_equal(back.points, table.points)
    assert back.label.tolist() == table.label.tolist()


def test_keypoints_of_ones_own_choice_make_a_skeleton(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "file,left_hip_x,left_hip_y,left_hip_score,left_knee_x,left_knee_y,left_knee_score\na,1,2,1,3,4,1\n"
    )
    table = read_table(tmp_path / "t.csv")
    assert table.skeleton.keypoints == ("left_hip", "left_knee")
    assert table.skeleton.bones == (("left_hip", "left_knee"),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column 'file'"),
        ("file,nose_x,nose_y\na,1,2\n", "nose_score"),
        ("file,nose_x,nose_y,nose_score\na,1,2\n", "line 2 has 3 cells"),
        ("file,nose_x,nose_y,nose_score\na,1,b,1\n", "nose_y"),
        ("file,split,nose_x,nose_y,nose_score\na,mine,1,2,1\n", "'mine'"),
        ("file,file\na,b\n", "two columns"),
    ],
)
def test_what_is_no_table_is_told_in_words(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(UnreadableRecording, match=words):
        read_table(tmp_path / "t.csv")


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecording, match="cannot be opened"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(InputError, match=r"end in \.csv or \.parquet"):
        write_table(tmp_path / "t.xlsx", pictures(2))
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UnreadableRecording, match="cut short"):
        read_table(tmp_path / "t.parquet")


def test_labels_are_kept_and_written_into_rows(tmp_path: Path) -> None:
    said = [
        Interval("a", 0.0, 0.45, "good", "anna", "tired, after lunch", "me"),
        Interval("a", 1.0, 1.2, "bad"),
        Interval("b.jpg", float("nan"), float("nan"), "good"),
    ]
    write_labels(tmp_path / "labels.csv", said)
    back = read_labels(tmp_path / "labels.csv")
    assert back[:2] == said[:2]
    assert back[2].is_picture
    table = labelled(film("a", ["old"]), back[:2])
    assert table.label.tolist() == ["good"] * 5 + [""] * 5 + ["bad"] * 3 + [""] * 7
    assert table.part.tolist() == [1] * 5 + [0] * 5 + [2] * 3 + [0] * 7
    assert set(table.subject.tolist()) == {"anna"}
    with pytest.raises(InputError, match=r"b\.jpg"):
        labelled(film("a", ["old"]), back)


@pytest.mark.parametrize("row", ["a,2,1,good,,,", "a,x,1,good,,,", "a,1,,good,,,"])
def test_labels_that_make_no_sense_are_told_with_their_line(row: str, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text(f"file,start,end,label,subject,note,labeller\n{row}\n")
    with pytest.raises(UnreadableRecording, match="line 2"):
        read_labels(tmp_path / "l.csv")


def test_simulated_squats_are_half_correct_and_know_who_is_who() -> None:
    table = simulate_squats(3, reps=2, cameras=2, seed=5)
    assert table.classes == ("correct", "incorrect")
    assert sorted(set(table.subject.tolist())) == ["person0000", "person0001", "person0002"]
    assert len(list(table.films())) == 3 * 2 * 2
    for _, one in table.films():
        assert set(one.part.tolist()) == {0, 1, 2}
        assert set(one.label[one.part == 0].tolist()) == {""}
    again = simulate_squats(3, reps=2, cameras=2, seed=5, told="fault")
    assert set(again.classes) <= {"correct", *FAULTS}
    np.testing.assert_array_equal(again.points, table.points)
    assert len(FAULTS) == 10
