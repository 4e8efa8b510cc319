"""Pictures of a simulated body, drawn on the CPU from formulas alone. Needs ``poise[render]``.

>>> from poise.sim import Camera, perform
>>> squat = perform("squat")
>>> draw(squat, Camera(yaw=60, size=(24, 32)), t=1.0, samples=1).shape
(32, 24, 3)
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from poise.errors import MissingExtra, UnknownName

try:
    from poise.sim.render import paint
except ModuleNotFoundError as error:
    raise MissingExtra("drawing the simulated athlete", "render") from error

from poise.body import Array
from poise.sim.body import Body, Figure
from poise.sim.camera import Camera
from poise.sim.render.field import Vector
from poise.sim.render.surface import BOUND, Material, dressed

_SUN = np.array((-0.42, 0.80, 0.60))  # seen from behind the camera: over its left shoulder
_WALL_M = 1.5  # how far behind the athlete the wall is
_GRAIN = 0.006  # of the sensor
_SHADOW = 448  # pixels a side of the shadow map


class Scene(Protocol):
    """Somebody who can be posed at any instant: a `Performance`, or a `DeskScene`."""

    @property
    def body(self) -> Body:
        """Whose body it is."""

    def figure(self, t: float) -> Figure:
        """The posed body at an instant."""


@dataclass(frozen=True)
class Look:
    """Colours of an athlete, linear red, green, blue."""

    skin: Vector = (0.52, 0.29, 0.195)
    hair: Vector = (0.035, 0.022, 0.014)
    shirt: Vector = (0.06, 0.17, 0.42)
    shorts: Vector = (0.045, 0.045, 0.055)
    shoes: Vector = (0.45, 0.06, 0.05)

    def palette(self) -> Array:
        """Colour and gloss of every `Material`: ``(9, 4)``."""
        out = np.zeros((len(Material), 4))
        out[Material.SKIN] = (*self.skin, 0.10)
        out[Material.FACE] = (*self.skin, 0.12)
        out[Material.HAIR] = (*self.hair, 0.06)
        out[Material.SHIRT] = (*self.shirt, 0.02)
        out[Material.SHORTS] = (*self.shorts, 0.03)
        out[Material.SHOE] = (*self.shoes, 0.08)
        out[Material.SOCK] = (0.70, 0.70, 0.70, 0.0)
        out[Material.EYE] = (0.62, 0.60, 0.58, 0.5)
        out[Material.LIP] = (self.skin[0] * 0.78, self.skin[1] * 0.50, self.skin[2] * 0.55, 0.10)
        return out


#: Athletes by name.
LOOKS = {
    "blue": Look(),
    "yellow": Look((0.12, 0.055, 0.03), (0.01, 0.008, 0.007), (0.55, 0.42, 0.05), (0.05, 0.08, 0.16)),
    "red": Look((0.66, 0.42, 0.31), (0.30, 0.12, 0.04), (0.42, 0.03, 0.03), (0.25, 0.25, 0.26)),
}


def draw(
    performance: Scene, camera: Camera, t: float, look: str | Look = "blue", samples: int = 2
) -> NDArray[np.uint8]:
    """The picture the camera takes at instant ``t``: ``(H, W, 3)`` RGB, edges smoothed by ``samples`` squared rays.

    Raises:
        UnknownName: a look nobody knows.

    """
    if isinstance(look, str):
        if look not in LOOKS:
            raise UnknownName("look", look, LOOKS)
        look = LOOKS[look]
    figure, scale = performance.figure(t), performance.body.scale
    rows = dressed(figure, scale)
    bounds = rows[:, BOUND : BOUND + 3]
    x, _, z = (bounds.min(0) + bounds.max(0)) / 2
    sun = _sun(camera.yaw, (float(x), 0.85, float(z)))
    eye = paint.Eye(_vector(camera.position), np.ascontiguousarray(camera.axes * (1.0, -1.0, 1.0)), camera.focal)
    skull = figure.segments["head"]
    head = paint.Head(_vector(skull.origin[0]), np.ascontiguousarray(skull.axes[0]), scale)
    turn = np.radians(camera.yaw)
    wall = (float(np.sin(turn)), float(np.cos(turn)), _WALL_M)
    shadow = np.full((_SHADOW, _SHADOW), np.inf)
    image = np.zeros((camera.size[1], camera.size[0], 3))
    palette = look.palette()
    hits = np.full(image.shape[:2], -1, dtype=np.intp)

    def shade(band: int) -> None:
        paint.shadow_band(shadow, band, rows, sun)

    def trace(band: int, rays: int) -> None:
        paint.picture_band(image, hits, band, rays, rows, eye, sun, shadow, palette, wall, head)

    with ThreadPoolExecutor() as threads:
        list(threads.map(shade, range(_SHADOW // paint.TILE)))
        bands = range(-(-camera.size[1] // paint.TILE))
        for rays in sorted({1, samples}):
            list(threads.map(trace, bands, repeat(rays)))
    developed = (1.0 - np.exp(-1.25 * image)) ** (1 / 2.2)  # a soft shoulder, then display gamma
    rng = np.random.default_rng(round(t * 1000))
    developed += rng.normal(0.0, _GRAIN, developed.shape[:2])[..., None]
    return (np.clip(developed, 0.0, 1.0) * 255 + 0.5).astype(np.uint8)


def _sun(yaw: float, centre: Vector) -> paint.Sun:
    """Light that comes from the same side of every camera."""
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    towards = np.array((_SUN[0] * c + _SUN[2] * s, _SUN[1], -_SUN[0] * s + _SUN[2] * c))
    towards /= np.linalg.norm(towards)
    across = np.cross((0.0, 1.0, 0.0), towards)
    across /= np.linalg.norm(across)
    return paint.Sun(_vector(towards), centre, _vector(across), _vector(np.cross(towards, across)), 1.6)


def _vector(place: Array) -> Vector:
    x, y, z = (float(v) for v in place)
    return x, y, z
