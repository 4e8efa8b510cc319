"""Keypoints that others made: laid out as their makers lay them out, and read by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poise.body import BODY25, COCO17, HALPE26, OPENPOSE18, Array, Skeleton
from poise.body.formats import holds_people, read_people
from poise.body.formats.trc import PIXELS, keypoint
from poise.errors import UnreadableRecording


def body(skeleton: Skeleton, x: float = 0.0) -> Array:
    """Every keypoint somewhere else: ``(K, 3)`` x, y, score."""
    k = np.arange(len(skeleton), dtype=float)
    return np.stack([100 + x + k, 200 + 2 * k, np.full(len(k), 0.9)], axis=1)


def openpose(folder: Path, *frames: list[Array], first: int = 0) -> Path:
    folder.mkdir()
    for i, people in enumerate(frames, first):
        said = {"version": 1.3, "people": [{"pose_keypoints_2d": p.ravel().tolist()} for p in people]}
        (folder / f"squat_cam1_{i:012d}_keypoints.json").write_text(json.dumps(said))
    return folder


def write(path: Path, said: Any) -> Path:
    path.write_text(json.dumps(said))
    return path


@pytest.mark.parametrize("skeleton", [BODY25, OPENPOSE18], ids=lambda s: s.name)
def test_openpose_has_a_file_a_picture(tmp_path: Path, skeleton: Skeleton) -> None:
    hidden = body(skeleton)
    hidden[4] = 0.0  # what OpenPose writes for what it does not see
    film = openpose(tmp_path / "out", [hidden], [], [body(skeleton, 3), body(skeleton, 400)], first=10)
    assert holds_people(film)
    instants = read_people(film, rate=20)
    assert [round(i.t, 6) for i in instants] == [0.5, 0.55, 0.6]
    assert [len(i.poses) for i in instants] == [1, 0, 2]
    (pose,) = instants[0].poses
    assert pose.skeleton is skeleton
    assert np.isnan(pose.at("right_wrist")).all()
    assert pose.score_at("right_wrist") == 0
    assert pose.at("left_ankle").tolist() == body(skeleton)[skeleton.index("left_ankle"), :2].tolist()
    assert instants[2].poses[1].at("nose")[0] == 500


def test_a_single_openpose_file_is_one_picture(tmp_path: Path) -> None:
    folder = openpose(tmp_path / "out", [body(BODY25)])
    (file,) = folder.iterdir()
    ((t, (pose,)),) = read_people(file, rate=30)
    assert (t, pose.skeleton) == (0.0, BODY25)


@pytest.mark.parametrize("wrapped", [True, False])
def test_mmpose_lists_the_people_of_every_picture(tmp_path: Path, wrapped: bool) -> None:
    person = body(HALPE26)
    frames = [
        {
            "frame_id": n,
            "instances": [{"keypoints": person[:, :2].tolist(), "keypoint_scores": person[:, 2].tolist()}],
        }
        for n in (0, 2)
    ]
    file = write(tmp_path / "results_squat.json", {"meta_info": {}, "instance_info": frames} if wrapped else frames)
    instants = read_people(file, rate=10)
    assert [i.t for i in instants] == [0.0, 0.1, 0.2]
    assert [len(i.poses) for i in instants] == [1, 0, 1]
    assert instants[2].poses[0].at("right_heel").tolist() == [125, 250]


def test_scores_are_levelled_by_whose_they_are_and_the_origin_is_nowhere(tmp_path: Path) -> None:
    """OpenPose's are believed from 0.2, MMPose's and COCO's results from 0.3: each becomes 0.5."""
    person = body(COCO17)
    person[:2, 2] = 0.2, 0.3
    person[3, :2] = 0.0
    flat = person.ravel().tolist()
    row = {"keypoints": person[:, :2].tolist(), "keypoint_scores": person[:, 2].tolist()}
    laid_out = {
        "openpose": {"people": [{"pose_keypoints_2d": flat}]},
        "mmpose": [{"frame_id": 0, "instances": [row]}],
        "coco": [{"image_id": 0, "keypoints": flat}],
    }
    for name, said in laid_out.items():
        ((_, (pose,)),) = read_people(write(tmp_path / f"{name}.json", said), rate=1)
        assert pose.score[0 if name == "openpose" else 1] == pytest.approx(0.5), name
        assert np.isnan(pose.points[3]).all()
        assert pose.score[3] == 0.0


def test_of_the_whole_body_the_body_and_the_feet_are_taken(tmp_path: Path) -> None:
    points = np.arange(266, dtype=float).reshape(133, 2) + 1
    row = {"keypoints": points.tolist(), "keypoint_scores": [0.9] * 133}
    (instant,) = read_people(write(tmp_path / "a.json", [{"frame_id": 0, "instances": [row]}]), rate=30)
    (pose,) = instant.poses
    # COCO-WholeBody: 17 left big toe, 18 left small toe, 19 left heel, 20 right big toe, ...
    assert pose.at("left_foot_index").tolist() == points[17].tolist()
    assert pose.at("right_heel").tolist() == points[22].tolist()
    assert pose.at("right_ankle").tolist() == points[16].tolist()
    assert np.isnan(pose.at("neck")).all()


def test_coco_results_have_a_row_for_everybody(tmp_path: Path) -> None:
    rows = [
        {"image_id": n, "category_id": 1, "keypoints": body(COCO17, x).ravel().tolist(), "score": 0.8}
        for n, x in ((7, 0), (7, 300), (9, 5))
    ]
    instants = read_people(write(tmp_path / "results.json", rows), rate=1)
    assert [(i.t, len(i.poses)) for i in instants] == [(7.0, 2), (8.0, 0), (9.0, 1)]
    assert instants[2].poses[0].at("nose").tolist() == [105, 200]


def test_the_numbers_of_pictures_may_be_in_their_names(tmp_path: Path) -> None:
    rows = [{"image_id": f"film_{n}.jpg", "keypoints": body(COCO17).ravel().tolist()} for n in (3, 4)]
    assert [i.t for i in read_people(write(tmp_path / "alphapose.json", rows), rate=2)] == [1.5, 2.0]


def test_cocos_visibility_is_no_score(tmp_path: Path) -> None:
    labelled = body(COCO17)
    labelled[:, 2] = 2
    labelled[3], labelled[4, 2] = 0, 1
    file = write(tmp_path / "a.json", {"annotations": [{"image_id": 1, "keypoints": labelled.ravel().tolist()}]})
    ((_, (pose,)),) = read_people(file, rate=1)
    assert pose.score[[0, 3, 4]] == pytest.approx([1.0, 0.0, 0.5 + 0.5 * 0.2 / 0.7])


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"people": 3}, "lists no people"),
        ({"people": [{}]}, "has no 'pose_keypoints_2d'"),
        ({"people": [{"pose_keypoints_2d": [1, 2]}]}, "x, y and score in turn"),
        ({"people": [{"pose_keypoints_2d": ["a", "b", "c"]}]}, "not numbers"),
        ({"people": [{"pose_keypoints_2d": [1.0] * 12}]}, "4 keypoints"),
        ([{"instances": [{"keypoints": [[1, 2]], "keypoint_scores": [1, 1]}]}], "differ in number"),
        ([{"instances": 4}], "no list of people"),
        ({"people": []}, "nobody is in it"),
        ([], "nobody is in it"),
        ({"a": 1}, "laid out like none"),
        ("words", "laid out like none"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, said: Any, complaint: str) -> None:
    with pytest.raises(UnreadableRecording, match=complaint):
        read_people(write(tmp_path / "a.json", said), rate=30)


def test_damaged_and_missing_files_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"people": [')
    with pytest.raises(UnreadableRecording, match="cut short"):
        read_people(tmp_path / "a.json", rate=30)
    (tmp_path / "b.json").write_text("[" * 100_000)
    with pytest.raises(UnreadableRecording, match="not JSON"):
        read_people(tmp_path / "b.json", rate=30)
    with pytest.raises(UnreadableRecording, match="cannot be opened"):
        read_people(tmp_path / "none.json", rate=30)
    (tmp_path / "c.trc").write_text("nothing")
    with pytest.raises(UnreadableRecording, match="begin as a TRC"):
        read_people(tmp_path / "c.trc")


def test_without_a_rate_there_are_no_times(tmp_path: Path) -> None:
    folder = openpose(tmp_path / "out", [body(BODY25)])
    with pytest.raises(UnreadableRecording, match=r"no times.*--rate 30"):
        read_people(folder)


# TRC.

#: Somebody who stands and faces +x, as markers in metres, y up: the right side is towards +z.
MARKERS = {
    "Hip": (0.0, 0.9, 0.0),
    "RHip": (0.0, 0.9, 0.1),
    "LHip": (0.0, 0.9, -0.1),
    "RShoulder": (0.0, 1.4, 0.2),
    "LShoulder": (0.0, 1.4, -0.2),
    "Nose": (0.15, 1.6, 0.0),
    "RBigToe": (0.2, 0.0, 0.1),
    "C7": (-0.1, 1.5, 0.0),
}


def markers(path: Path, scale: Array, unit: str = "m", turn: float = 0.0) -> Path:
    """A file of those markers in two instants, turned about the upright and scaled."""
    places = np.array(list(MARKERS.values()))
    cos, sin = np.cos(turn), np.sin(turn)
    turned = places @ np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    lines = [
        "PathFileType\t4\t(X/Y/Z)\tsquat.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"60\t60\t2\t{len(MARKERS)}\t{unit}\t60\t0\t2",
        "Frame#\tTime\t" + "\t\t\t".join(MARKERS) + "\t\t",
        "\t\t" + "\t".join(f"X{i}\tY{i}\tZ{i}" for i in range(1, len(MARKERS) + 1)),
    ]
    for n in range(2):
        cells = [f"{v:.6f}" for v in (turned * scale).ravel()]
        if n:
            cells[:3] = ["", "", ""]
        lines.append("\t".join([str(n), f"{n / 60:.4f}", *cells]))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_markers_in_a_plane_of_metres_are_drawn_upright(tmp_path: Path) -> None:
    first, second = read_people(markers(tmp_path / "a.trc", np.array([1.0, 1.0, 0.0])))
    (pose,) = first.poses
    assert (first.t, round(second.t, 4)) == (0.0, 0.0167)
    assert pose.skeleton is HALPE26
    assert pose.at("nose").tolist() == pytest.approx([0.15 * PIXELS, -1.6 * PIXELS])
    assert pose.world is None
    assert np.isnan(pose.at("left_wrist")).all()
    assert np.isnan(second.poses[0].at("pelvis")).all()
    assert pose.score_at("nose") == 1.0


@pytest.mark.parametrize("upwards", [1.0, -1.0])
def test_markers_in_pixels_stay_where_they_are_the_right_way_up(tmp_path: Path, upwards: float) -> None:
    scale = np.array([300.0, upwards * 300.0, 0.0])
    (instant, _) = read_people(markers(tmp_path / "a_px.trc", scale))
    (pose,) = instant.poses
    assert pose.at("nose").tolist() == pytest.approx([45.0, -480.0])


@pytest.mark.parametrize("turn", [0.0, 0.7, 2.5, -1.2])
@pytest.mark.parametrize(("unit", "scale"), [("m", 1.0), ("mm", 1000.0)])
def test_markers_in_space_are_seen_from_the_side(tmp_path: Path, turn: float, unit: str, scale: float) -> None:
    (instant, _) = read_people(markers(tmp_path / "a.trc", np.full(3, scale), unit, turn))
    (pose,) = instant.poses
    assert (pose.at("nose") - pose.at("mid_hip")).tolist() == pytest.approx([0.15 * PIXELS, -0.7 * PIXELS], abs=0.1)
    assert pose.at("left_shoulder") == pytest.approx(pose.at("right_shoulder"), abs=0.1)
    assert pose.world is not None
    assert pose.world_at("nose").tolist() == pytest.approx([0.15, -0.7, 0.0], abs=1e-3)
    # Facing the picture's right, the right side is nearer to the camera.
    assert pose.world_at("left_hip")[2] == pytest.approx(0.1, abs=1e-3)
    assert pose.world_at("right_hip")[2] == pytest.approx(-0.1, abs=1e-3)


def test_markers_go_by_several_names() -> None:
    names = ("LBigToe", "right_small_toe", "RHeel", "L_Elbow", "Neck", "MidHip", "REye")
    assert [keypoint(n) for n in names] == [
        *("left_foot_index", "right_small_toe", "right_heel", "left_elbow", "neck", "pelvis", "right_eye")
    ]
    assert keypoint("RASI") is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("\tm\t", "\tft\t"), "unit is 'ft'"),
        (("\t0.0167\t", "\tlater\t"), "holds no number"),
        (("\t0.0167\t", "\t\t"), "no time"),
    ],
)
def test_what_is_wrong_with_markers_is_said(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    path = markers(tmp_path / "a.trc", np.ones(3))
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(UnreadableRecording, match=complaint):
        read_people(path)
