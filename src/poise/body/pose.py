"""Poses: one body at one instant, and through time.

Invariants, written once, here:

* coordinates are pixels, x right, y down, never normalised by width and height apart (angles would be wrong);
* ``world`` is metres, x right, y down, z away from the camera, origin between the hips;
* what was not seen is NaN, and its score is 0; scores lie in 0..1;
* time is strictly increasing seconds on the recording's own clock; there is no frame rate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from poise.body.skeleton import Skeleton

Array = NDArray[np.float64]


def levelled(score: Any, usual: float) -> Array:
    """An estimator's scores with the one from which its makers draw a keypoint, `usual`, moved to 0.5.

    So that 0.5 means the same whoever saw it, for the coach as for the picture.

    >>> levelled([0.0, 0.1, 0.2, 0.6, 1.0], 0.2).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    return np.asarray(np.interp(score, [0.0, usual, 1.0], [0.0, 0.5, 1.0]))


class _Named:
    """Reaching keypoints by name; shared by all that follow, whose arrays end in (K, D) or (K,)."""

    skeleton: Skeleton
    points: Array
    score: Array
    world: Array | None

    def at(self, name: str) -> Array:
        """Where a keypoint or midpoint is, in pixels: shape ``(..., 2)``, NaN where unseen.

        Raises:
            UnknownName: when the skeleton lacks it.

        """
        return self.all_at((name,))[..., 0, :]

    def all_at(self, names: tuple[str, ...]) -> Array:
        """Where several keypoints or midpoints are, in pixels: shape ``(..., N, 2)`` in the order given."""
        return self._middle(self.points, names)

    def world_at(self, name: str) -> Array:
        """Where a keypoint or midpoint is, in metres: shape ``(..., 3)``, NaN where unseen or without `world`."""
        return self.all_world_at((name,))[..., 0, :]

    def all_world_at(self, names: tuple[str, ...]) -> Array:
        """Where several keypoints or midpoints are, in metres: shape ``(..., N, 3)`` in the order given."""
        if self.world is None:
            self.skeleton.ends(names)
            return np.full((*self.points.shape[:-2], len(names), 3), np.nan)
        return self._middle(self.world, names)

    def score_at(self, name: str) -> Array:
        """How surely a keypoint was seen, 0..1: shape ``(...)``; of a midpoint, its weaker end."""
        return self.scores_at((name,))[..., 0]

    def scores_at(self, names: tuple[str, ...]) -> Array:
        """How surely several keypoints were seen: shape ``(..., N)`` in the order given."""
        one, other, plain, _ = self.skeleton.ends(names)
        first = self.score.take(one, -1)
        return first if plain else np.minimum(first, self.score.take(other, -1))

    def _middle(self, values: Array, names: tuple[str, ...]) -> Array:
        one, other, plain, _ = self.skeleton.ends(names)
        first = values.take(one, -2)  # far quicker than an index for the few that are asked for
        return first if plain else (first + values.take(other, -2)) / 2


@dataclass(frozen=True, eq=False)
class Keypoints(_Named):
    """Keypoints in any arrangement, without a clock, reached by name; their shapes are not looked at.

    Args:
        skeleton: which keypoints there are, K of them.
        points: ``(..., K, 2)`` pixels.
        score: ``(..., K)`` how surely each was seen, 0..1.
        world: ``(..., K, 3)`` metres, hip-centred, or None.

    """

    skeleton: Skeleton
    points: Array
    score: Array
    world: Array | None = None


def _checked(
    skeleton: Skeleton, lead: tuple[int, ...], points: Any, score: Any, world: Any
) -> tuple[Array, Array, Array | None]:
    k = len(skeleton)
    points = np.asarray(points, dtype=np.float64)
    score = np.asarray(score, dtype=np.float64)
    if points.shape != (*lead, k, 2):
        raise ValueError(f"points of {skeleton.name} must have shape {(*lead, k, 2)}, got {points.shape}")
    if score.shape != (*lead, k):
        raise ValueError(f"score of {skeleton.name} must have shape {(*lead, k)}, got {score.shape}")
    if world is not None:
        world = np.asarray(world, dtype=np.float64)
        if world.shape != (*lead, k, 3):
            raise ValueError(f"world of {skeleton.name} must have shape {(*lead, k, 3)}, got {world.shape}")
    return points, score, world


@dataclass(frozen=True, eq=False)
class Pose(_Named):
    """One body at one instant.

    Args:
        skeleton: which keypoints there are, K of them.
        t: seconds on the recording's clock.
        points: ``(K, 2)`` pixels.
        score: ``(K,)`` how surely each was seen, 0..1.
        world: ``(K, 3)`` metres, hip-centred, or None.
        size: width and height in pixels of the picture the points lie in, or None when unknown.
        person: which of several people this is.

    Raises:
        ValueError: when a shape does not fit the skeleton.

    """

    skeleton: Skeleton
    t: float
    points: Array
    score: Array
    world: Array | None = None
    size: tuple[int, int] | None = None
    person: int = 0

    def __post_init__(self) -> None:
        points, score, world = _checked(self.skeleton, (), self.points, self.score, self.world)
        self.__dict__.update(t=float(self.t), points=points, score=score, world=world)

    @classmethod
    def missing(cls, skeleton: Skeleton, t: float, size: tuple[int, int] | None = None) -> Self:
        """The pose of an instant at which nobody was seen: all NaN, all scores 0."""
        k = len(skeleton)
        return cls(skeleton, t, np.full((k, 2), np.nan), np.zeros(k), size=size)

    def moved(self, points: Array, score: Array, world: Array | None) -> Pose:
        """The same instant with its keypoints elsewhere; that shapes stay the same is not looked at."""
        return _unchecked(self, self.t, points, score, world)

    @cached_property
    def seen(self) -> bool:
        """Whether anything at all was seen."""
        return not (math.isnan(self.points.item(0)) and math.isnan(np.fmax.reduce(self.points[:, 0])))


def _unchecked(like: Pose | PoseSequence, t: float, points: Array, score: Array, world: Array | None) -> Pose:
    """A pose of the same person, picture and skeleton, made of arrays that are known to fit."""
    pose = object.__new__(Pose)
    pose.__dict__.update(
        skeleton=like.skeleton, t=t, points=points, score=score, world=world, size=like.size, person=like.person
    )
    return pose


@dataclass(frozen=True, eq=False)
class PoseSequence(_Named):
    """One body through time; iterating gives a `Pose` for every instant.

    Args:
        skeleton: which keypoints there are, K of them.
        t: ``(T,)`` strictly increasing seconds.
        points: ``(T, K, 2)`` pixels.
        score: ``(T, K)`` 0..1.
        world: ``(T, K, 3)`` metres, hip-centred, or None.
        size: width and height in pixels of the picture, or None when unknown.
        person: which of several people this is.
        meta: where it comes from (source, backend, model and its hash, versions), for recordings.

    Raises:
        ValueError: when shapes do not fit, or time does not increase.

    """

    skeleton: Skeleton
    t: Array
    points: Array
    score: Array
    world: Array | None = None
    size: tuple[int, int] | None = None
    person: int = 0
    meta: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        t = np.asarray(self.t, dtype=np.float64)
        if t.ndim != 1:
            raise ValueError(f"t must have one axis, got shape {t.shape}")
        if t.size and not (np.isfinite(t).all() and (np.diff(t) > 0).all()):
            raise ValueError("t must be finite and strictly increasing seconds")
        points, score, world = _checked(self.skeleton, t.shape, self.points, self.score, self.world)
        self.__dict__.update(t=t, points=points, score=score, world=world)

    @classmethod
    def of(cls, poses: Iterable[Pose], meta: Mapping[str, str] | None = None) -> Self:
        """Gather poses of one skeleton, in time order, into a sequence.

        Raises:
            ValueError: when there are none, skeletons differ, or time does not increase.

        """
        items = list(poses)
        if not items:
            raise ValueError("no poses to gather")
        first = items[0]
        if any(p.skeleton is not first.skeleton and p.skeleton != first.skeleton for p in items):
            raise ValueError("poses of different skeletons cannot be gathered")
        shape, world = (len(items), len(first.skeleton)), None  # joining is quicker than an array of arrays
        if any(p.world is not None for p in items):
            blank = np.full((shape[1], 3), np.nan)
            world = np.concatenate([blank if p.world is None else p.world for p in items]).reshape(*shape, 3)
        return cls(
            first.skeleton,
            np.array([p.t for p in items]),
            np.concatenate([p.points for p in items]).reshape(*shape, 2),
            np.concatenate([p.score for p in items]).reshape(shape),
            world,
            first.size,
            first.person,
            dict(meta or {}),
        )

    def __len__(self) -> int:
        return len(self.t)

    def __iter__(self) -> Iterator[Pose]:
        for i, t in enumerate(self.t.tolist()):
            world = None if self.world is None else self.world[i]
            yield _unchecked(self, t, self.points[i], self.score[i], world)

    def __getitem__(self, part: slice) -> PoseSequence:
        """A part of the sequence, as a sequence."""
        world = None if self.world is None else self.world[part]
        return replace(self, t=self.t[part], points=self.points[part], score=self.score[part], world=world)

    @property
    def duration(self) -> float:
        """Seconds from the first instant to the last; 0 when there are fewer than two."""
        return float(self.t[-1] - self.t[0]) if len(self.t) > 1 else 0.0

    def to(self, skeleton: Skeleton) -> PoseSequence:
        """The same body on another skeleton, keypoint by keypoint name; what this one lacks is NaN, score 0."""
        shape = (len(self.t), len(skeleton))
        points = np.full((*shape, 2), np.nan)
        score = np.zeros(shape)
        world = None if self.world is None else np.full((*shape, 3), np.nan)
        for i, name in enumerate(skeleton.keypoints):
            if self.skeleton.has(name):
                points[:, i] = self.at(name)
                score[:, i] = self.score_at(name)
                if world is not None:
                    world[:, i] = self.world_at(name)
        return replace(self, skeleton=skeleton, points=points, score=score, world=world)
