"""What a network is shown: rows of a landmark table, or windows of its films, on the keypoints a recipe reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poise.body import Array, Keypoints, PoseSequence
from poise.classify import arranged
from poise.coach.descriptor import interpolated
from poise.errors import InputError
from poise.learn.data.table import Floats, LandmarkTable, Words


@dataclass(frozen=True, eq=False)
class Examples:
    """Windows of keypoints and what is known about each; one of a single pose has one frame.

    Args:
        keypoints: names, K of them.
        values: ``(N, T, K, 3)`` x, y in pixels and score; NaN where unseen.
        world: ``(N, T, K, 3)`` metres, or None.
        label: ``(N,)``; so are ``subject``, ``file``, ``view`` and ``split``.
        at: ``(N,)`` the middle of each window, seconds; NaN for pictures.
        seconds: how long a window is, 0 for a single pose.
        rate: frames a second of a window, 0 for a single pose.
        data: the sha256 of the table they are from.

    """

    keypoints: tuple[str, ...]
    values: Floats
    world: Floats | None
    label: Words
    subject: Words
    file: Words
    view: Words
    split: Words
    at: NDArray[np.float64]
    seconds: float
    rate: float
    data: str = ""

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, rows: Any) -> Examples:
        """Some of them."""
        chosen = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name in _ROWS}
        return replace(self, world=None if self.world is None else self.world[rows], **chosen)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels there are, in alphabetical order."""
        return tuple(str(name) for name in np.unique(self.label))

    @property
    def groups(self) -> Words:
        """Who must be on one side of a split: the subject; who is unknown, by the film; and the row by itself."""
        return np.where(self.subject != "", np.char.add("subject ", self.subject), np.char.add("file ", self.file))


_ROWS = ("values", "label", "subject", "file", "view", "split", "at")


def examples_of(
    table: LandmarkTable,
    keypoints: Sequence[str],
    seconds: float = 0.0,
    rate: float = 0.0,
    hop: float = 0.5,
) -> Examples:
    """What a network that reads those keypoints is shown of a table.

    Without seconds, every labelled row. With seconds, windows of every labelled part (but 0) of every film: one in
    the middle of a part that is not longer, else one every `hop` seconds from its beginning to its end.

    Raises:
        InputError: when the table has no labels, a single one, or no films for windows.

    """
    names = tuple(keypoints)
    if len(table.classes) < 2:
        found = f"only {table.classes[0]!r}" if table.classes else "none"
        raise InputError(
            f"A classifier needs at least two labels, and there is {found}.", "Label some: poise data label"
        )
    if not seconds:
        table = table[table.label != ""]
        points = Keypoints(
            table.skeleton,
            table.points.astype(np.float64),
            table.score.astype(np.float64),
            None if table.world is None else table.world.astype(np.float64),
        )
        values, world = _values(points, names)
        return Examples(
            names,
            values[:, None].astype(np.float32),
            None if world is None else world[:, None].astype(np.float32),
            table.label,
            table.subject,
            table.file,
            table.view,
            table.split,
            table.t,
            0.0,
            0.0,
            table.digest(),
        )
    if not table.is_film:
        raise InputError(
            "A recipe that looks at movement cannot learn from single pictures.", "Give films, or use posco."
        )
    frames = max(1, round(seconds * rate))
    steps = np.asarray((np.arange(frames) - (frames - 1) / 2) / rate, dtype=np.float64)
    windows: list[Floats] = []
    rows: list[int] = []
    middles: list[float] = []
    place = {id_: i for i, id_ in enumerate(zip(table.file.tolist(), table.t.tolist(), strict=True))}
    for file, film in table.films():
        poses = film.poses()
        values, world = _values(poses, names)
        both = values if world is None else np.concatenate([values, world], axis=-1)
        labelled = np.where(film.label != "", film.part, 0)
        for part in np.unique(labelled[labelled > 0]):
            times = film.t[labelled == part]
            for middle in _middles(float(times[0]), float(times[-1]), seconds, hop):
                windows.append(interpolated(film.t, both, middle + steps).astype(np.float32))
                rows.append(place[file, float(times[np.abs(times - middle).argmin()])])
                middles.append(middle)
    if not windows:
        raise InputError("No stretch of a film is labelled.", "Label some: poise data label")
    stack = np.stack(windows)
    return Examples(
        names,
        stack[..., :3],
        stack[..., 3:] if stack.shape[-1] > 3 else None,
        table.label[rows],
        table.subject[rows],
        table.file[rows],
        table.view[rows],
        table.split[rows],
        np.array(middles),
        seconds,
        rate,
        table.digest(),
    )


def _values(points: Keypoints | PoseSequence, names: tuple[str, ...]) -> tuple[Array, Array | None]:
    values = arranged(points, names)
    if points.world is None:
        return values, None
    flat = Keypoints(points.skeleton, points.world, points.score)
    world = np.full((*values.shape[:-1], 3), np.nan)
    known = [i for i, name in enumerate(names) if points.skeleton.has(name)]
    world[..., known, :] = flat.all_at(tuple(names[i] for i in known))
    neck = [i for i, name in enumerate(names) if name == "neck" and i not in known]
    if neck and points.skeleton.has("mid_shoulder"):
        world[..., neck, :] = flat.all_at(("mid_shoulder",))
    return values, world


def _middles(start: float, end: float, seconds: float, hop: float) -> list[float]:
    over = end - start - seconds
    if over <= 0:
        return [(start + end) / 2]
    count = int(over / hop) + 1
    return [start + seconds / 2 + (over - (count - 1) * hop) / 2 + i * hop for i in range(count)]
