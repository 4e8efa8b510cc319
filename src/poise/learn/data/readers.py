"""Data sets that others published, as landmark tables.

================  ===========================================================================================
MM-Fit            a folder of ``w00`` ...: ``w00_pose_2d.npy`` (2, N, 19), ``w00_pose_3d.npy`` (3, N, 18) and
                  ``w00_labels.csv``; the first of the last axis is the frame's number
COCO              ``person_keypoints_*.json``
OpenPose          a folder for each class, in it one for each film, in it ``*_keypoints.json``
ML Kit            a ``.csv`` without a header: picture, class, and x, y, z of BlazePose's 33 landmarks
RepCount          ``type, name, count, L1, L2 ...``: the first and last frame of every repetition
================  ===========================================================================================
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poise.body import BLAZEPOSE33, COCO17, OPENPOSE18, Array, PoseSequence, levelled
from poise.body.formats import read_people
from poise.body.formats.people import COCO_SCORE
from poise.errors import UnreadableRecording
from poise.learn.data.labels import Interval
from poise.learn.data.table import LandmarkTable, read_table
from poise.learn.keypoints.coco import read_coco as read_annotations
from poise.vision.tracking import coached

#: MM-Fit's exercises, as poise calls them; all else of a workout is ``rest``.
MMFIT_CLASSES = {
    "squats": "squat",
    "lunges": "lunge",
    "bicep_curls": "biceps_curl",
    "situps": "sit_up",
    "pushups": "push_up",
    "tricep_extensions": "triceps_extension",
    "dumbbell_rows": "dumbbell_row",
    "jumping_jacks": "jumping_jack",
    "dumbbell_shoulder_press": "shoulder_press",
    "lateral_shoulder_raises": "lateral_raise",
}
#: The workouts of MM-Fit's own splits (Strömbäck et al. 2020, and their code): the ``unseen`` are nowhere else.
MMFIT_SPLITS = {
    "train": ("w01", "w02", "w03", "w04", "w06", "w07", "w08", "w16", "w17", "w18"),
    "validation": ("w14", "w15", "w19"),
    "seen": ("w09", "w10", "w11"),
    "unseen": ("w00", "w05", "w12", "w13", "w20"),
}
#: Pictures a second of MM-Fit's films.
MMFIT_RATE = 30.0
#: The places of MM-Fit's three-dimensional joints among its seventeen, as OpenPose calls them.
_MMFIT_WORLD = {
    **{
        "right_hip": 1,
        "right_knee": 2,
        "right_ankle": 3,
        "left_hip": 4,
        "left_knee": 5,
        "left_ankle": 6,
        "neck": 8,
    },
    **{"left_shoulder": 11, "left_elbow": 12, "left_wrist": 13},
    **{"right_shoulder": 14, "right_elbow": 15, "right_wrist": 16},
}


def read_data(path: Path | str) -> LandmarkTable:
    """The table of any data this file knows, by what is at that path; a landmark table is read as it is.

    Raises:
        UnreadableRecording: when there is nothing of the kind.

    """
    path = Path(path)
    if path.is_dir():
        if any(re.fullmatch(r"w\d\d", one.name) for one in path.iterdir()):
            return read_mmfit(path)
        return read_openpose(path)
    if path.suffix.lower() == ".json":
        return read_coco(path)
    if path.suffix.lower() == ".csv" and path.is_file() and _is_mlkit(path):
        return read_mlkit(path)
    return read_table(path)


def read_mmfit(folder: Path, test: str = "unseen") -> LandmarkTable:
    """The workouts of MM-Fit, one film each, every set a part; what is between sets is ``rest``.

    The subject is the workout, since the files do not say who is who; the makers' splits keep people apart.

    Args:
        folder: where ``w00`` ... lie.
        test: which of the makers' tests is the column ``split``'s "test": "unseen" people, or "seen" ones.

    Raises:
        UnreadableRecording: when a file is missing or damaged.

    """
    splits = {w: name for name, ws in MMFIT_SPLITS.items() for w in ws}
    called = {"train": "train", "validation": "validation", test: "test"}
    tables = []
    for workout in sorted(one for one in folder.iterdir() if re.fullmatch(r"w\d\d", one.name)):
        start = workout / workout.name
        flat = _array(Path(f"{start}_pose_2d.npy"), (2, 19))
        frames, order = np.unique(flat[0, :, 0].astype(np.int64), return_index=True)
        points = np.moveaxis(flat[:, order, 1:], 0, -1)
        seen = (points != 0).any(-1)
        points = np.where(seen[..., None], points, np.nan)
        world = _mmfit_world(Path(f"{start}_pose_3d.npy"), frames)
        label, part = np.full(len(frames), "rest", dtype="<U24"), np.zeros(len(frames), np.int64)
        for number, (first, last, name) in enumerate(_mmfit_sets(Path(f"{start}_labels.csv")), 1):
            rows = (frames >= first) & (frames <= last)
            label[rows], part[rows] = name, number
        part[part == 0] = 1000 + np.searchsorted(np.flatnonzero(np.diff(part)), np.flatnonzero(part == 0))
        poses = PoseSequence(OPENPOSE18, frames / MMFIT_RATE, points, seen.astype(np.float64), world)
        split = called.get(splits.get(workout.name, ""), "")
        table = LandmarkTable.of(poses, workout.name, subject=workout.name, split=split, part=part)
        tables.append(replace(table, label=label))
    return LandmarkTable.joined(tables)


def _mmfit_sets(path: Path) -> list[tuple[int, int, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [(int(a), int(b), MMFIT_CLASSES[name.strip()]) for a, b, _, name in csv.reader(file)]
    except OSError as error:
        raise UnreadableRecording(
            f"{path} cannot be opened: {error.strerror}.",
            "Unpack MM-Fit again: a workout is a folder w00 with its .npy and .csv files.",
        ) from error
    except (ValueError, KeyError) as error:
        raise UnreadableRecording(
            f"{path} is no label file of MM-Fit: {error}.", "Its rows are first frame, last frame, count, exercise."
        ) from error


def _mmfit_world(path: Path, frames: NDArray[np.int64]) -> Array | None:
    """The joints in three dimensions, metres from the hips, as far as their authors lifted them; None without."""
    if not path.is_file():
        return None
    flat = _array(path, (3, 18))
    out = np.full((len(frames), len(OPENPOSE18), 3), np.nan)
    at = np.searchsorted(frames, flat[0, :, 0])
    known = (at < len(frames)) & (frames[np.minimum(at, len(frames) - 1)] == flat[0, :, 0])
    joints = np.moveaxis(flat[:, known, 1:], 0, -1)
    for name, place in _MMFIT_WORLD.items():
        out[at[known], OPENPOSE18.index(name)] = (joints[:, place] - joints[:, 0]) / 1000
    return out


def _array(path: Path, shape: tuple[int, int]) -> Array:
    """An array ``(shape[0], N, shape[1])`` in a ``.npy`` file."""
    try:
        values = np.load(path, allow_pickle=False)
    except OSError as error:
        raise UnreadableRecording(
            f"{path} cannot be opened.",
            "Unpack MM-Fit again: a workout is a folder w00 with its .npy and .csv files.",
        ) from error
    except ValueError as error:
        raise UnreadableRecording(
            f"{path} holds no array: {error}.",
            "Unpack MM-Fit again: a workout is a folder w00 with its .npy and .csv files.",
        ) from error
    if values.ndim != 3 or (values.shape[0], values.shape[2]) != shape:
        raise UnreadableRecording(
            f"{path} has the shape {values.shape}.", f"It should be ({shape[0]}, N, {shape[1]})."
        )
    return np.asarray(values, dtype=np.float64)


def read_coco(path: Path) -> LandmarkTable:
    """The people of a COCO keypoints file, without labels; what is hidden scores half of what is visible.

    Raises:
        UnreadableRecording: when it is no such file.

    """
    found = read_annotations(path)
    people = [one for one in found.people if (one.keypoints[:, 2] > 0).any() and not one.crowd]
    keypoints = np.array([one.keypoints for one in people]).reshape(-1, 17, 3)
    score = levelled(keypoints[..., 2] / 2, COCO_SCORE)
    points = np.where(score[..., None] > 0, keypoints[..., :2], np.nan)
    poses = PoseSequence(COCO17, np.arange(len(people), dtype=np.float64), points, score)
    files = np.array([found.files.get(one.image, str(one.image)) for one in people], dtype=np.str_)
    return replace(LandmarkTable.of(poses, "", picture=True), file=files)


def read_openpose(folder: Path, rate: float = 30.0) -> LandmarkTable:
    """OpenPose's films in folders by class; of several people the one who is coached.

    Raises:
        UnreadableRecording: when there is none.

    """
    tables = []
    for inside in sorted({file.parent for file in folder.glob("*/*/*_keypoints.json")}):
        poses, _ = coached((one.t, one.poses) for one in read_people(inside, rate))
        tables.append(
            LandmarkTable.of(poses, f"{inside.parent.name}/{inside.name}", label=inside.parent.name, part=1)
        )
    if not tables:
        raise UnreadableRecording(
            f"{folder} holds no data that poise knows.",
            "Known: landmark tables (.csv, .parquet), MM-Fit, COCO, and CLASS/FILM/*_keypoints.json of OpenPose. "
            "Pictures and films are read with: poise data extract",
        )
    return LandmarkTable.joined(tables)


def _is_mlkit(path: Path) -> bool:
    with path.open(encoding="utf-8-sig") as file:
        cells = file.readline().split(",")
    return len(cells) == 2 + 3 * len(BLAZEPOSE33) and cells[2].strip().replace(".", "").lstrip("-").isdigit()


def read_mlkit(path: Path) -> LandmarkTable:
    """The samples of ML Kit's pose classification. The film is what the picture's name says it was cut from.

    Raises:
        UnreadableRecording: when it is no such file.

    """
    try:
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
        values = np.array([row[2:] for row in rows], dtype=np.float64).reshape(-1, len(BLAZEPOSE33), 3)
    except (OSError, ValueError) as error:
        raise UnreadableRecording(f"{path} is no file of ML Kit's samples: {error}.", "Check the path.") from error
    poses = PoseSequence(
        BLAZEPOSE33, np.arange(len(rows), dtype=np.float64), values[..., :2], np.ones(values.shape[:2])
    )
    files, labels = (np.array([row[i] for row in rows], dtype=np.str_) for i in (0, 1))
    films = np.array([film_of(row[0]) for row in rows], dtype=np.str_)
    return replace(LandmarkTable.of(poses, "", picture=True), file=files, subject=films, label=labels)


def film_of(picture: str) -> str:
    """What a picture called ``frame__FILM__NUMBER.jpg`` was cut from; else the picture itself.

    >>> film_of("frame__i4di_AXtnvY__0011729.jpg"), film_of("Screenshot_2021.png")
    ('i4di_AXtnvY', 'Screenshot_2021.png')
    """
    found = re.fullmatch(r"frame__(.+)__\d+\.\w+", picture)
    return found.group(1) if found else picture


def read_repcount(path: Path, rates: Mapping[str, float]) -> list[Interval]:
    """The repetitions of RepCount's annotations, as labels of its films.

    Args:
        path: the annotations.
        rates: pictures a second of each film; those of other films are left out.

    Raises:
        UnreadableRecording: when it is no such file.

    """
    out = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                if row["name"] not in rates:
                    continue
                marks = [
                    int(float(v)) / rates[row["name"]] for c, v in row.items() if re.fullmatch(r"L\d+", c) and v
                ]
                pairs = zip(marks[::2], marks[1::2], strict=True)
                out += [Interval(row["name"], a, b, row["type"]) for a, b in pairs if b >= a]
    except OSError as error:
        raise UnreadableRecording(f"{path} cannot be opened: {error.strerror}.", "Check the path.") from error
    except (KeyError, ValueError, TypeError) as error:
        raise UnreadableRecording(
            f"{path} is no annotation of RepCount: {error}.", "Its columns are type, name, count, L1, L2 and so on."
        ) from error
    return out
