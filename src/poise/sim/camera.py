"""A pinhole camera that looks at a simulated body."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from poise.body import Array

_UP = np.array((0.0, 1.0, 0.0))


@dataclass(frozen=True)
class Camera:
    """Where a camera stands and what it sees; angles are degrees, lengths metres.

    ``yaw`` is the direction it is in: 0 straight ahead of the person, 90 at the person's left, 180 behind. It is
    ``distance`` away from ``target`` over the floor, ``height`` above the floor, looks at the target, and is turned
    by ``roll`` about its axis (the picture turns the other way). ``fov`` is the horizontal field of view of a
    picture of ``size`` (width, height) pixels. The target is ``(x, y, z)`` in the room's axes (`poise.sim.body`).
    """

    yaw: float = 0.0
    distance: float = 3.5
    height: float = 1.1
    roll: float = 0.0
    fov: float = 50.0
    size: tuple[int, int] = (640, 640)
    target: tuple[float, float, float] = (0.0, 0.9, 0.0)

    @classmethod
    def random(cls, rng: np.random.Generator, target: tuple[float, float, float] = (0.0, 0.9, 0.0)) -> Self:
        """Any camera somebody might put up: every yaw, 0.1 to 1.8 m high, upright or wide, aimed roughly."""
        camera = cls(
            yaw=float(rng.uniform(0.0, 360.0)),
            distance=float(rng.uniform(2.0, 4.5)),
            height=float(rng.uniform(0.1, 1.8)),
            roll=float(rng.normal(0.0, 3.0)),
            fov=float(rng.uniform(50.0, 80.0)),
            size=((640, 480), (480, 640), (1280, 720), (720, 1280))[int(rng.integers(4))],
            target=target,
        )
        return camera.aimed(rng.normal(0.0, 0.08, 3))

    def framing(self, places: Array, fill: float = 0.85) -> Self:
        """The same camera aimed at the middle of places ``(..., 3)``, as far away as lets them fill the picture.

        ``fill`` is the share of the picture, across or down, that the farthest place reaches from its middle.
        """
        flat = places.reshape(-1, 3)
        x, y, z = (float(v) for v in (flat.min(0) + flat.max(0)) / 2)
        camera = replace(self, target=(x, y, z))
        for _ in range(12):  # the nearer half of a body grows faster than the distance shrinks; this settles
            off = np.nan_to_num(np.abs(camera.project(flat) / camera.size - 0.5), nan=np.inf).max() * 2
            camera = replace(camera, distance=camera.distance * float(np.clip(off / fill, 0.5, 2.0)))
        return camera

    def aimed(self, offset: Array) -> Self:
        """The same camera aimed ``offset`` metres beside its target."""
        x, y, z = (float(v) for v in np.asarray(self.target) + offset)
        return replace(self, target=(x, y, z))

    @property
    def position(self) -> Array:
        """Where it is, ``(3,)``."""
        angle = np.radians(self.yaw)
        x, _, z = self.target
        return np.array((x + self.distance * np.sin(angle), self.height, z + self.distance * np.cos(angle)))

    @property
    def axes(self) -> Array:
        """Its axes in the room, ``(3, 3)``: the columns point right, down and away from it."""
        away = np.asarray(self.target) - self.position
        away = away / np.linalg.norm(away)
        right = np.cross(away, _UP)
        right = right / np.linalg.norm(right)
        down = np.cross(away, right)
        c, s = np.cos(np.radians(self.roll)), np.sin(np.radians(self.roll))
        return np.stack([c * right + s * down, c * down - s * right, away], axis=-1)

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return float(self.size[0] / 2 / np.tan(np.radians(self.fov) / 2))

    def seen_from(self, places: Array) -> Array:
        """Places ``(..., 3)`` of the room in the camera's axes, metres: x right, y down, z away from it."""
        return np.asarray((places - self.position) @ self.axes)

    def project(self, places: Array) -> Array:
        """Where places ``(..., 3)`` of the room are in the picture: ``(..., 2)`` pixels, NaN behind the camera."""
        seen = self.seen_from(places)
        depth = np.where(seen[..., 2:] > 0, seen[..., 2:], np.nan)
        return np.asarray(self.focal * seen[..., :2] / depth + np.array(self.size) / 2)
