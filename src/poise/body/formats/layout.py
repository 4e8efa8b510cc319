"""How a recording is laid out, whatever kind of file holds it: a header, and columns.

The header is a line of JSON: what kind of file this is and its version, the skeleton's name, how many instants
there are, the picture's size, who of several people this is, and where it all comes from. The columns are
``t`` and, keypoint by keypoint, ``NAME_x, NAME_y`` (pixels), ``NAME_score`` and, when there are world
coordinates, ``NAME_wx, NAME_wy, NAME_wz`` (metres).

What is wrong with a file is raised here as ``ValueError``, in words that go on from "cannot be read: ...".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeGuard

import numpy as np

from poise.body.pose import Array, PoseSequence
from poise.body.skeleton import SKELETONS, Skeleton

KIND = "poise recording"
VERSION = 1


@dataclass(frozen=True)
class Header:
    """What a recording says of itself; the numbers themselves are elsewhere."""

    skeleton: Skeleton
    instants: int
    size: tuple[int, int] | None
    person: int
    meta: Mapping[str, str]

    @classmethod
    def of(cls, sequence: PoseSequence) -> Self:
        """The header of that sequence."""
        return cls(sequence.skeleton, len(sequence), sequence.size, sequence.person, sequence.meta)

    def text(self) -> str:
        """One line of ASCII JSON."""
        size = None if self.size is None else [int(n) for n in self.size]
        return json.dumps(
            {
                "kind": KIND,
                "version": VERSION,
                "skeleton": self.skeleton.name,
                "instants": self.instants,
                "size": size,
                "person": int(self.person),
                "meta": dict(self.meta),
            }
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """The header that text says.

        Raises:
            ValueError: when it is no header, of a version unknown here, or names an unknown skeleton.

        """
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict) or said.get("kind") != KIND:
            raise ValueError("it does not say that it is a recording of poise")
        if said.get("version") != VERSION:
            raise ValueError(f"it is of version {said.get('version')!r}, and this poise reads version {VERSION}")
        name = said.get("skeleton")
        if not isinstance(name, str) or name not in SKELETONS:
            raise ValueError(f"its skeleton is {name!r}, and this poise knows {', '.join(sorted(SKELETONS))}")
        instants, size, person, meta = (said.get(key) for key in ("instants", "size", "person", "meta"))
        if not (
            _whole(instants)
            and _whole(person)
            and (size is None or (isinstance(size, list) and len(size) == 2 and all(map(_whole, size))))
            and isinstance(meta, dict)
            and all(isinstance(value, str) for value in meta.values())
        ):
            raise ValueError("its header is damaged")
        return cls(SKELETONS[name], instants, None if size is None else (size[0], size[1]), person, meta)

    def sequence(self, t: Array, points: Array, score: Array, world: Array | None) -> PoseSequence:
        """The sequence that this header and those numbers make.

        Raises:
            ValueError: when the numbers do not fit the header or each other.

        """
        sequence = PoseSequence(self.skeleton, t, points, score, world, self.size, self.person, self.meta)
        if len(sequence) != self.instants:
            raise ValueError(f"it holds {len(sequence)} instants of {self.instants}")
        return sequence


def to_columns(sequence: PoseSequence) -> dict[str, Array]:
    """The sequence as named columns, each ``(T,)``."""
    columns = {"t": sequence.t}
    for name in sequence.skeleton.keypoints:
        columns[f"{name}_x"], columns[f"{name}_y"] = np.moveaxis(sequence.at(name), -1, 0)
        columns[f"{name}_score"] = sequence.score_at(name)
        if sequence.world is not None:
            for axis, values in zip(("wx", "wy", "wz"), np.moveaxis(sequence.world_at(name), -1, 0), strict=True):
                columns[f"{name}_{axis}"] = values
    return columns


def from_columns(header: Header, columns: Mapping[str, Array]) -> PoseSequence:
    """The sequence that those columns hold, in whatever order they come.

    Raises:
        ValueError: when a column of the skeleton is missing, or one is none of its.

    """
    names = header.skeleton.keypoints
    world = any(column.endswith("_wx") for column in columns)
    suffixes = ("x", "y", "score", *(("wx", "wy", "wz") if world else ()))
    expected = {"t", *(f"{name}_{suffix}" for name in names for suffix in suffixes)}
    for what, strangers in (("lacks", expected - columns.keys()), ("has unknown", columns.keys() - expected)):
        if strangers:
            raise ValueError(f"it {what} columns of {header.skeleton.name}: {_listed(sorted(strangers))}")

    def gathered(*wanted: str) -> Array:
        flat = [np.stack([columns[f"{name}_{suffix}"] for suffix in wanted], axis=-1) for name in names]
        return np.stack(flat, axis=1)

    return header.sequence(
        columns["t"],
        gathered("x", "y"),
        gathered("score")[..., 0],
        gathered("wx", "wy", "wz") if world else None,
    )


def _whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
