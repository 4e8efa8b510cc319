"""The landmark table: one row for a body at one instant, and what is known about it. All learning begins here.

A row is a picture of somebody, or an instant of a film; rows of one film are in time order. The columns are

====================  =====================================================================================
``file``              the picture or film it was seen in
``t``                 seconds on the film's clock; empty for a picture
``part``              which labelled stretch of its film: a repetition, an interval; 0 is none
``subject``           who it is; empty when nobody said
``label``             the class; empty when there is none
``view``, ``split``   where the camera stood; ``train``, ``validation`` or ``test`` if the makers of the data said
``NAME_x, NAME_y``    pixels; empty when unseen
``NAME_score``        0..1
``NAME_wx, _wy, _wz`` metres, hip-centred, where an estimator gives them
====================  =====================================================================================

`read_table` and `write_table` know CSV and Parquet by the file's ending, and the table of TensorFlow's MoveNet
pose-classification tutorial, with the columns ``file_name, NOSE_x, NOSE_y, NOSE_score, ..., class_no, class_name``.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from poise.body import COCO17, SKELETONS, Array, PoseSequence, Skeleton
from poise.body.formats import replacing
from poise.body.formats.parquet import read_sealed, write_sealed
from poise.errors import InputError, UnreadableRecording

Words = NDArray[np.str_]
Floats = NDArray[np.float32]

#: The columns of words, in order; those that no row fills are not written.
WORDS = ("file", "subject", "label", "view", "split")
#: What a split may be called.
SPLITS = ("train", "validation", "test")

_KIND, _VERSION = "poise landmarks", 1
Layout = Literal["poise", "movenet"]


@dataclass(frozen=True, eq=False)
class LandmarkTable:
    """Rows of keypoints with what is known about them.

    Args:
        skeleton: which keypoints there are, K of them.
        points: ``(N, K, 2)`` pixels, NaN where unseen.
        score: ``(N, K)``.
        file: ``(N,)`` where each row was seen.
        t: ``(N,)`` seconds, NaN for pictures.
        label: ``(N,)`` classes, "" for none.
        subject: ``(N,)``, "" when unknown.
        part: ``(N,)`` which labelled stretch of its film, 0 for none.
        view: ``(N,)``.
        split: ``(N,)`` one of `SPLITS` or "".
        world: ``(N, K, 3)`` metres, or None.

    Raises:
        ValueError: when shapes do not fit.

    """

    skeleton: Skeleton
    points: Floats
    score: Floats
    file: Words
    t: Array
    label: Words
    subject: Words
    part: NDArray[np.int64]
    view: Words
    split: Words
    world: Floats | None = None

    def __post_init__(self) -> None:
        count, k = len(self.file), len(self.skeleton)
        if self.points.shape != (count, k, 2) or self.score.shape != (count, k):
            raise ValueError(f"{count} rows of {k} keypoints, but points {self.points.shape}")
        for name in ("t", "part", *WORDS):
            if getattr(self, name).shape != (count,):
                raise ValueError(f"{name} has the shape {getattr(self, name).shape}, and there are {count} rows")

    @classmethod
    def of(
        cls,
        poses: PoseSequence,
        file: str,
        *,
        label: str = "",
        subject: str = "",
        view: str = "",
        split: str = "",
        part: Sequence[int] | NDArray[np.int64] | int = 0,
        picture: bool = False,
    ) -> Self:
        """The rows of a recording; of one that is a picture, without its time."""
        count = len(poses)
        world = None if poses.world is None else poses.world.astype(np.float32)
        return cls(
            poses.skeleton,
            poses.points.astype(np.float32),
            poses.score.astype(np.float32),
            np.full(count, file),
            np.full(count, np.nan) if picture else poses.t.copy(),
            np.full(count, label),
            np.full(count, subject),
            np.broadcast_to(np.asarray(part, dtype=np.int64), (count,)).copy(),
            np.full(count, view),
            np.full(count, split),
            world,
        )

    @classmethod
    def joined(cls, tables: Iterable[LandmarkTable]) -> LandmarkTable:
        """The rows of several tables of one skeleton, one after the other.

        Raises:
            InputError: when there are none, or their skeletons differ.

        """
        parts = list(tables)
        if not parts:
            raise InputError("There is nothing to learn from.", "Give at least one picture or film of somebody.")
        first = parts[0]
        if any(part.skeleton != first.skeleton for part in parts):
            names = ", ".join(sorted({part.skeleton.name for part in parts}))
            raise InputError(
                f"Landmarks of different skeletons cannot be joined: {names}.",
                "Extract all of it anew with one --backend.",
            )
        values: dict[str, Any] = {
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(cls)
            if field.name not in ("skeleton", "world")
        }
        whole = all(part.world is not None for part in parts)
        world = np.concatenate([part.world for part in parts if part.world is not None]) if whole else None
        return cls(first.skeleton, world=world, **values)

    def __len__(self) -> int:
        return len(self.file)

    def __getitem__(self, rows: Any) -> LandmarkTable:
        """Some of the rows: a slice, indices or a mask."""
        world = None if self.world is None else self.world[rows]
        chosen = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name not in ("skeleton", "world")}
        return replace(self, world=world, **chosen)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels there are, in alphabetical order."""
        return tuple(str(name) for name in np.unique(self.label) if name)

    @property
    def is_film(self) -> bool:
        """Whether its rows have times."""
        return bool(np.isfinite(self.t).any())

    def films(self) -> Iterator[tuple[str, LandmarkTable]]:
        """Each file's rows."""
        order = np.argsort(self.file, kind="stable")
        bounds = np.flatnonzero(np.diff(np.unique(self.file[order], return_inverse=True)[1])) + 1
        for rows in np.split(order, bounds):
            if len(rows):
                yield str(self.file[rows[0]]), self[rows]

    def poses(self) -> PoseSequence:
        """The rows of one film as a recording.

        Raises:
            ValueError: when their times do not increase.

        """
        world = None if self.world is None else self.world.astype(np.float64)
        return PoseSequence(
            self.skeleton, self.t, self.points.astype(np.float64), self.score.astype(np.float64), world
        )

    def digest(self) -> str:
        """The sha256 of all that is in it: what a classifier says it was trained on."""
        whole = sha256(",".join(self.skeleton.keypoints).encode())
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                text = "\n".join(value.tolist()).encode() if value.dtype.kind == "U" else value.tobytes()
                whole.update(text)
        return whole.hexdigest()


def read_table(path: Path | str) -> LandmarkTable:
    """The table in a ``.csv`` or ``.parquet`` file; a CSV file may be of the MoveNet tutorial, too.

    Raises:
        UnreadableRecording: when there is no such file, it is no landmark table, or it is damaged.

    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".parquet":
            with path.open("rb") as file:
                return _from_parquet(*read_sealed(file))
        return _from_csv(path.read_text("utf-8-sig"))
    except OSError as error:
        raise UnreadableRecording(f"{path} cannot be opened: {error.strerror}.", "Check the path.") from error
    except (ValueError, csv.Error) as error:
        hint = "A landmark table has the columns file, label, NAME_x, NAME_y and NAME_score: see docs/learn.md."
        raise UnreadableRecording(f"{path} cannot be read as a landmark table: {error}.", hint) from error


def write_table(path: Path | str, table: LandmarkTable, layout: Layout = "poise") -> None:
    """Write a table whole or not at all; `layout` "movenet" writes the tutorial's CSV.

    Raises:
        InputError: when the table lacks what that layout needs, or the ending is not known.
        OSError: when the folder is missing or cannot be written to.

    """
    path = Path(path)
    if path.suffix.lower() not in (".csv", ".parquet") or (layout == "movenet" and path.suffix.lower() != ".csv"):
        known = ".csv" if layout == "movenet" else ".csv or .parquet"
        raise InputError(f"A landmark table cannot be written as {path.name!r}.", f"Let its name end in {known}.")
    columns = _movenet_columns(table) if layout == "movenet" else _columns(table)
    with replacing(path) as file:
        if path.suffix.lower() == ".parquet":
            about = json.dumps({"kind": _KIND, "version": _VERSION, "skeleton": table.skeleton.name})
            write_sealed(
                file, about, len(table), lambda rows: {name: values[rows] for name, values in columns.items()}
            )
            return
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(columns)
        rows.writerows(zip(*(_cells(values) for values in columns.values()), strict=True))
        text.detach()


def _cells(values: Any) -> list[str]:
    if isinstance(values, list):
        return values
    return ["" if cell == "nan" else cell for cell in np.asarray(values).astype(str).tolist()]


def _columns(table: LandmarkTable) -> dict[str, Any]:
    out: dict[str, Any] = {"file": table.file.tolist()}
    if table.is_film:
        out |= {"t": table.t, "part": table.part}
    out |= {"subject": table.subject.tolist(), "label": table.label.tolist()}
    out |= {name: getattr(table, name).tolist() for name in ("view", "split") if getattr(table, name).any()}
    for i, name in enumerate(table.skeleton.keypoints):
        out |= {f"{name}_x": table.points[:, i, 0], f"{name}_y": table.points[:, i, 1]}
        out[f"{name}_score"] = table.score[:, i]
        if table.world is not None:
            out |= {f"{name}_{axis}": table.world[:, i, j] for j, axis in enumerate(("wx", "wy", "wz"))}
    return out


def _movenet_columns(table: LandmarkTable) -> dict[str, Any]:
    if not all(table.skeleton.has(name) for name in COCO17.keypoints):
        raise InputError(
            f"The tutorial's table has COCO's 17 keypoints, and {table.skeleton.name} lacks some.",
            "Extract with another backend.",
        )
    out: dict[str, Any] = {"file_name": table.file.tolist()}
    for name in COCO17.keypoints:
        i = table.skeleton.index(name)
        seen = np.isfinite(table.points[:, i]).all(-1)
        for j, axis in enumerate(("x", "y")):
            out[f"{name.upper()}_{axis}"] = np.where(seen, table.points[:, i, j], 0.0).astype(np.float32)
        out[f"{name.upper()}_score"] = table.score[:, i]
    out["class_no"] = np.array([table.classes.index(str(name)) if name else -1 for name in table.label])
    out["class_name"] = table.label.tolist()
    return out


def _from_csv(text: str) -> LandmarkTable:
    header, *rows = list(csv.reader(io.StringIO(text, newline=""))) or [[]]
    if len(set(header)) != len(header):
        raise ValueError("it has two columns of one name")
    for i, row in enumerate(rows):
        if len(row) != len(header):
            raise ValueError(f"line {i + 2} has {len(row)} cells, and there are {len(header)} columns")
    cells = dict(zip(header, zip(*rows, strict=True) if rows else ([] for _ in header), strict=True))
    if "class_name" in cells and "file_name" in cells:
        cells = {
            {"file_name": "file", "class_name": "label"}.get(name, name.lower()): values
            for name, values in cells.items()
            if name != "class_no"
        }
    return _from_columns(cells, "")


def _from_parquet(about: str, table: Any) -> LandmarkTable:
    said = json.loads(about)
    if said.get("kind") != _KIND or said.get("version") != _VERSION:
        raise ValueError(f"it is {said.get('kind')!r}, and not a landmark table of version {_VERSION}")
    columns = {
        name: table.column(name).to_pylist()
        if name in WORDS
        else np.concatenate([np.empty(0, np.float32), *(chunk.to_numpy() for chunk in table.column(name).chunks)])
        for name in table.column_names
    }
    return _from_columns(columns, str(said.get("skeleton", "")))


def _from_columns(columns: Mapping[str, Any], skeleton: str) -> LandmarkTable:
    if "file" not in columns:
        raise ValueError("it has no column 'file'")
    count = len(columns["file"])
    names = tuple(name.removesuffix("_x") for name in columns if name.endswith("_x"))
    if not names:
        raise ValueError("it has no column NAME_x")
    lacking = [f"{name}_{axis}" for name in names for axis in ("y", "score") if f"{name}_{axis}" not in columns]
    if lacking:
        raise ValueError(f"it lacks the column {lacking[0]!r}")

    def numbers(name: str, kind: type = np.float32) -> NDArray[Any]:
        values = columns[name]
        if isinstance(values, np.ndarray):
            return values.astype(kind)
        try:
            return np.array([cell or "nan" for cell in values], dtype=kind)
        except ValueError as error:
            raise ValueError(f"column {name!r} holds no number where one belongs ({error})") from None

    def gathered(axes: Sequence[str]) -> Floats:
        flat = [np.stack([numbers(f"{name}_{axis}") for axis in axes], axis=-1) for name in names]
        return np.stack(flat, axis=1).reshape(count, len(names), len(axes))

    def words(name: str) -> Words:
        return np.array(columns.get(name, [""] * count), dtype=np.str_).reshape(count)

    points, score = gathered(("x", "y")), np.nan_to_num(gathered(("score",))[..., 0])
    points[score <= 0] = np.nan
    strange = sorted({*words("split").tolist()} - {*SPLITS, ""})
    if strange:
        raise ValueError(f"its split is {strange[0]!r}, and known are {', '.join(SPLITS)}")
    return LandmarkTable(
        _skeleton(names, skeleton),
        points,
        score,
        words("file"),
        numbers("t", np.float64) if "t" in columns else np.full(count, np.nan),
        words("label"),
        words("subject"),
        np.nan_to_num(numbers("part", np.float64)).astype(np.int64)
        if "part" in columns
        else np.zeros(count, np.int64),
        words("view"),
        words("split"),
        gathered(("wx", "wy", "wz")) if f"{names[0]}_wx" in columns else None,
    )


def _skeleton(names: tuple[str, ...], called: str) -> Skeleton:
    """The known skeleton of those keypoints, else one of their own, without bones that are not there."""
    for skeleton in SKELETONS.values():
        if skeleton.keypoints == names:
            return skeleton
    bones = {bone for known in SKELETONS.values() for bone in known.bones if set(bone) <= set(names)}
    return Skeleton(called or "table", names, tuple(sorted(bones)))
