"""What is written for other programs is opened again by readers that are not ours."""

from __future__ import annotations

import io
import json
from pathlib import Path

import bvh as bvh_reader
import c3d as c3d_reader
import duckdb
import numpy as np
import pandas as pd
import pytest

from poise.body import BLAZEPOSE33, COCO17, HALPE26, Pose, PoseSequence
from poise.body.formats import EXPORTS, export_recording, holds_people, read_people
from poise.body.formats.mot import angles
from poise.body.formats.motion import motion_of
from poise.errors import InputError, MissingExtra, UnknownName

#: A person in metres who faces the camera, arms out to the sides: x to the right of the picture, y down, z away.
STANDING = {
    "nose": (0.0, -0.70, -0.10),
    "left_shoulder": (0.20, -0.50, 0.0),
    "left_elbow": (0.50, -0.50, 0.0),
    "left_wrist": (0.75, -0.50, 0.0),
    "left_hip": (0.10, 0.0, 0.0),
    "left_knee": (0.10, 0.45, 0.0),
    "left_ankle": (0.10, 0.85, 0.0),
    "left_foot_index": (0.10, 0.85, -0.20),
}


def standing(knee: float = 0.0) -> dict[str, np.ndarray]:
    """Where keypoints are with the left shank swung back by so many degrees."""
    places = {name: np.array(at) for name, at in STANDING.items()}
    for name, (x, y, z) in STANDING.items():
        if name.startswith("left"):
            places[name.replace("left", "right")] = np.array((-x, y, z))
    turn, at = np.radians(knee), places["left_knee"]
    for name in ("left_ankle", "left_foot_index"):
        _, down, away = places[name] - at
        swung = (0.0, down * np.cos(turn) - away * np.sin(turn), down * np.sin(turn) + away * np.cos(turn))
        places[name] = at + np.array(swung)
    return places


def recording(knees: list[float], t: list[float] | None = None, world: bool = True) -> PoseSequence:
    """Somebody whose left knee bends, 30 times a second; 200 pixels are a metre."""
    poses = []
    for at, knee in zip(t or [i / 30 for i in range(len(knees))], knees, strict=True):
        places = np.full((33, 3), np.nan)
        for name, place in standing(knee).items():
            places[BLAZEPOSE33.index(name)] = place
        points = places[:, :2] * 200 + (320, 240)
        score = np.isfinite(points[:, 0]).astype(float)
        poses.append(Pose(BLAZEPOSE33, at, points, score, places if world else None, size=(640, 480)))
    return PoseSequence.of(poses)


BENDING = [0.0, 30.0, 60.0, 90.0]


def test_markers_come_back_from_trc(tmp_path: Path) -> None:
    export_recording(tmp_path / "a.trc", recording(BENDING))
    rows = (tmp_path / "a.trc").read_text().splitlines()
    assert rows[2].split("\t")[:5] == ["30", "30", "4", "33", "mm"]
    number, t, *cells = rows[9].split("\t")
    knee = 3 * BLAZEPOSE33.index("left_knee")
    assert number == "4"
    assert float(t) == pytest.approx(0.1)
    assert [float(cell) for cell in cells[knee : knee + 3]] == pytest.approx([100.0, -450.0, 0.0])
    assert cells[3 * BLAZEPOSE33.index("left_pinky")] == "", "unseen is empty"

    seen = [instant.poses[0] for instant in read_people(tmp_path / "a.trc")]
    assert [pose.t for pose in seen] == pytest.approx([0, 1 / 30, 2 / 30, 0.1], abs=1e-6)
    bent = [pose.world_at("left_ankle") - pose.world_at("left_knee") for pose in seen]
    assert [float(np.linalg.norm(shank)) for shank in bent] == pytest.approx([0.4] * 4, abs=1e-6)
    assert abs(float(bent[3] @ (seen[3].world_at("left_hip") - seen[3].world_at("left_knee")))) < 1e-6, "90 degrees"


def test_a_picture_without_depth_is_written_in_pixels(tmp_path: Path) -> None:
    given = recording(BENDING, world=False)
    export_recording(tmp_path / "a.trc", given)
    seen = [instant.poses[0] for instant in read_people(tmp_path / "a.trc")]
    assert seen[0].world is None
    knee = np.array([pose.at("left_knee") for pose in seen])
    assert np.diff(knee, axis=0) == pytest.approx(0.0)
    down = seen[0].at("left_ankle") - seen[0].at("nose")
    assert down == pytest.approx(given.at("left_ankle")[0] - given.at("nose")[0], abs=1e-3)


def test_another_reader_finds_the_markers_of_a_trc(tmp_path: Path) -> None:
    export_recording(tmp_path / "a.trc", recording(BENDING))
    names = (tmp_path / "a.trc").read_text().splitlines()[3].split("\t")
    table = pd.read_csv(tmp_path / "a.trc", sep="\t", skiprows=6, header=None)
    assert table[1].tolist() == pytest.approx([0, 1 / 30, 2 / 30, 0.1], abs=1e-6)
    ankle = names.index("left_ankle")
    height, depth = table[ankle + 1] - table[names.index("left_knee") + 1], table[ankle + 2]
    bend = np.radians(BENDING)
    assert height.to_numpy() == pytest.approx(-400 * np.cos(bend), abs=1e-3)
    assert np.abs(depth.to_numpy()) == pytest.approx(400 * np.sin(bend), abs=1e-3)


@pytest.mark.parametrize(
    ("suffix", "table"),
    [
        (".csv", "read_csv('{}', skip=1)"),
        (".parquet", "read_parquet('{}')"),
        (
            ".json",
            "(select unnest(columns.t) t, unnest(columns.left_ankle_y) left_ankle_y, "
            "unnest(columns.left_pinky_x) left_pinky_x from read_json('{}'))",
        ),
    ],
)
def test_tables_are_read_by_a_database_that_is_not_ours(tmp_path: Path, suffix: str, table: str) -> None:
    given = recording(BENDING)
    export_recording(tmp_path / f"a{suffix}", given)
    rows = f"select t, left_ankle_y, left_pinky_x from {table.format(tmp_path / f'a{suffix}')}"
    found = np.array(duckdb.execute(rows).fetchall(), dtype=np.float64)
    assert found[:, 0].tolist() == given.t.tolist()
    assert found[:, 1].tolist() == given.at("left_ankle")[:, 1].tolist()
    assert np.isnan(found[:, 2]).all(), "unseen"


def test_an_archive_is_read_by_numpy_and_json_says_its_units(tmp_path: Path) -> None:
    given = recording(BENDING)
    for suffix in (".npz", ".json"):
        export_recording(tmp_path / f"a{suffix}", given)
    assert np.load(tmp_path / "a.npz")["points"] == pytest.approx(given.points, nan_ok=True)
    said = json.loads((tmp_path / "a.json").read_text())
    assert (said["skeleton"], said["size"]) == ("blazepose33", [640, 480])
    assert {column.rpartition("_")[2] for column in said["columns"]} == set(", ".join(said["units"]).split(", "))


def test_a_json_of_poise_is_told_from_others(tmp_path: Path) -> None:
    export_recording(tmp_path / "ours.json", recording(BENDING))
    (tmp_path / "theirs.json").write_text('{"people": []}')
    assert not holds_people(tmp_path / "ours.json")
    assert holds_people(tmp_path / "theirs.json")
    assert holds_people(tmp_path / "none.json")


@pytest.mark.filterwarnings("ignore:No analog data found")
def test_markers_come_back_from_c3d(tmp_path: Path) -> None:
    export_recording(tmp_path / "a.c3d", recording(BENDING))
    reader = c3d_reader.Reader(io.BytesIO((tmp_path / "a.c3d").read_bytes()))
    assert reader.point_rate == 30.0
    assert reader.get("POINT:UNITS").string_value.strip() == "mm"
    labels = [label.strip() for label in reader.point_labels]
    assert labels == list(BLAZEPOSE33.keypoints)
    frames = [points for _, points, _ in reader.read_frames()]
    assert len(frames) == 4
    foot = frames[0][labels.index("left_foot_index")]
    assert foot[:3] == pytest.approx([100.0, -200.0, -850.0]), "towards the camera is -y, down is -z"
    assert foot[3] == 0.0
    assert frames[0][labels.index("left_pinky")][3] == -1.0, "unseen"


def test_joint_angles_come_back_from_mot(tmp_path: Path) -> None:
    export_recording(tmp_path / "a.mot", recording(BENDING))
    head, _, body = (tmp_path / "a.mot").read_text().partition("endheader\n")
    assert head.splitlines()[0] == "Coordinates"
    assert {"nRows=4", "nColumns=11", "inDegrees=yes"} <= set(head.splitlines())
    names, *rows = body.splitlines()
    table = np.genfromtxt(rows, delimiter="\t", names=names.split("\t"))
    assert table["time"] == pytest.approx([0, 1 / 30, 2 / 30, 0.1], abs=1e-6)
    assert table["knee_angle_l"] == pytest.approx(BENDING, abs=1e-4)
    assert table["knee_angle_r"] == pytest.approx(0.0, abs=1e-4)
    assert table["ankle_angle_r"] == pytest.approx(0.0, abs=1e-4)
    trunk, arm = np.array((-0.1, 0.5)), np.array((0.3, 0.0))  # from the shoulder to the hip, and to the elbow
    raised = np.degrees(np.arccos(trunk @ arm / np.linalg.norm(trunk) / np.linalg.norm(arm)))
    assert table["shoulder_elevation_l"] == pytest.approx(raised, abs=1e-4)


def euler(z: float, x: float, y: float) -> np.ndarray:
    """The rotation about Z, then X, then Y, as the makers of the format define it."""
    (cz, cx, cy), (sz, sx, sy) = (np.cos(np.radians([z, x, y])), np.sin(np.radians([z, x, y])))
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.asarray(about_z @ about_x @ about_y)


def posed(text: str, frame: int) -> dict[str, np.ndarray]:
    """Where the joints of a BVH file are in one frame, by walking its hierarchy; ends under ``NAME/end``."""
    tree = bvh_reader.Bvh(text)
    found: dict[str, np.ndarray] = {}

    def walk(joint: bvh_reader.BvhNode, origin: np.ndarray, way: np.ndarray) -> None:
        name = joint.name
        here = origin + way @ np.array(tree.joint_offset(name))
        if not found:
            here = here + [tree.frame_joint_channel(frame, name, f"{axis}position") for axis in "XYZ"]
        turned = way @ euler(*(tree.frame_joint_channel(frame, name, f"{axis}rotation") for axis in "ZXY"))
        found[name] = here
        for end in joint.filter("End"):
            found[f"{name}/end"] = here + turned @ np.array([float(value) for value in end["OFFSET"]])
        for child in joint.filter("JOINT"):
            walk(child, here, turned)

    walk(next(tree.root.filter("ROOT")), np.zeros(3), np.eye(3))
    return found


@pytest.mark.parametrize("frame", [0, 1, 3])
def test_a_skeleton_comes_back_from_bvh(tmp_path: Path, frame: int) -> None:
    export_recording(tmp_path / "a.bvh", recording(BENDING))
    text = (tmp_path / "a.bvh").read_text()
    tree = bvh_reader.Bvh(text)
    assert tree.nframes == 4
    assert tree.frame_time == pytest.approx(1 / 30, abs=1e-6)
    joints = posed(text, frame)
    wanted = standing(BENDING[frame])
    for joint, keypoint in {
        "LeftArm": "left_shoulder",
        "LeftForeArm": "left_elbow",
        "LeftForeArm/end": "left_wrist",
        "RightForeArm/end": "right_wrist",
        "LeftUpLeg": "left_hip",
        "LeftLeg": "left_knee",
        "LeftFoot": "left_ankle",
        "LeftFoot/end": "left_foot_index",
        "RightFoot/end": "right_foot_index",
        "Neck/end": "nose",
    }.items():
        assert joints[joint] == pytest.approx(wanted[keypoint] * (100, -100, -100), abs=0.05), joint


def test_a_joint_that_is_unseen_stays_as_it_was(tmp_path: Path) -> None:
    given = recording(BENDING)
    points, world = given.points.copy(), given.world.copy() if given.world is not None else None
    assert world is not None
    foot = [BLAZEPOSE33.index(f"left_{part}") for part in ("ankle", "foot_index")]
    points[2, foot], world[2, foot] = np.nan, np.nan
    export_recording(tmp_path / "a.bvh", PoseSequence(BLAZEPOSE33, given.t, points, given.score, world))
    text = (tmp_path / "a.bvh").read_text()
    assert posed(text, 2)["LeftFoot"] == pytest.approx(posed(text, 1)["LeftFoot"], abs=1e-3)


def test_uneven_times_become_even_ones() -> None:
    given = recording([0.0, 30.0, 90.0], t=[0.0, 0.1, 0.3])
    motion = motion_of(given, rate=10)
    assert motion.t == pytest.approx([0.0, 0.1, 0.2, 0.3])
    here = motion.at("left_ankle")
    assert here[2] == pytest.approx((here[1] + here[3]) / 2)
    assert angles(motion)["knee_angle_l"][[0, 1, 3]] == pytest.approx([0.0, 30.0, 90.0])


def test_what_lies_beside_nothing_is_still_there() -> None:
    given = recording(BENDING)
    points = given.points.copy()
    points[1] = np.nan
    flat = PoseSequence(BLAZEPOSE33, given.t, points, given.score, size=given.size)
    seen = np.isfinite(motion_of(flat, rate=30).at("nose")[:, 0])
    assert seen.tolist() == [True, False, True, True]


def test_a_coco_skeleton_has_no_feet_and_is_written_all_the_same(tmp_path: Path) -> None:
    whole = recording(BENDING, world=False)
    points = whole.all_at(COCO17.keypoints)
    coco = PoseSequence(COCO17, whole.t, points, np.isfinite(points[..., 0]).astype(float), size=(640, 480))
    for suffix in EXPORTS:
        export_recording(tmp_path / f"a{suffix}", coco)
        assert (tmp_path / f"a{suffix}").stat().st_size > 500
    assert "left_foot" not in (tmp_path / "a.trc").read_text()
    assert "ankle_angle" not in (tmp_path / "a.mot").read_text()
    assert "LeftLeg" in (tmp_path / "a.bvh").read_text()


@pytest.mark.parametrize("suffix", EXPORTS)
def test_nobody_is_not_written(tmp_path: Path, suffix: str) -> None:
    nobody = PoseSequence.of([Pose.missing(HALPE26, t) for t in (0.0, 0.1)])
    with pytest.raises(InputError, match="nobody"):
        export_recording(tmp_path / f"a{suffix}", nobody)
    assert not list(tmp_path.iterdir())


def test_unknown_kinds_say_which_are_known(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"\.bvh"):
        export_recording(tmp_path / "a.fbx", recording(BENDING))


def test_c3d_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ezc3d", None)
    with pytest.raises(MissingExtra, match=r"poise\[export\]"):
        export_recording(tmp_path / "a.c3d", recording(BENDING))
    assert not list(tmp_path.iterdir())
