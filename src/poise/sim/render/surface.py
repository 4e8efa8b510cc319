"""The skin, clothes and shoes of a simulated body: round cones and ellipsoids that ride on its segments.

Sizes are metres of a 1.75 m body. Primitives of one group blend smoothly into each other; groups meet sharply.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import numpy as np

from poise.body import Array
from poise.sim.body import Figure

# How a primitive is laid out in a row of numbers: the kernels of `field` and `paint` read it so.
CENTRE, AXES, KIND, SIZE, FLAT, LOW, HIGH, GROUP, MATERIAL, BLEND, BOUND, RADIUS, WIDTH = (
    *(0, 3, 12, 13, 16, 17, 18, 19, 20, 21, 22, 25, 26),
)
CONE, ELLIPSOID = 0, 1
UNCUT = 9.0  # a primitive may be cut off below LOW and above HIGH along its own y; this far out is never


class Material(IntEnum):
    """What a primitive is made of; the row of the palette that colours it."""

    SKIN = 0
    FACE = 1
    HAIR = 2
    SHIRT = 3
    SHORTS = 4
    SHOE = 5
    SOCK = 6
    EYE = 7
    LIP = 8


Local = Callable[[float, float, float], Array]


class Surface:
    """Collects primitives; `rows` is what the kernels draw."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._rows: list[Array] = []

    def rows(self) -> Array:
        """All primitives, sorted by group: ``(N, WIDTH)``."""
        return np.array(sorted(self._rows, key=lambda row: float(row[GROUP])))

    def cone(
        self,
        ends: tuple[Array, Array],
        radii: tuple[float, float],
        group: int,
        material: Material,
        blend: float = 0.02,
        front: Array | None = None,
        flat: float = 1.0,
        low: float = -UNCUT,
        high: float = UNCUT,
    ) -> None:
        """A round cone between two places, flattened along ``front``; radii and blend in body metres."""
        start, end = ends
        along = end - start
        length = float(np.linalg.norm(along))
        y = along / length
        z = np.array((0.0, 0.0, 1.0)) if front is None else front
        z = z - y * (z @ y)
        if np.linalg.norm(z) < 1e-6:
            z = np.array((1.0, 0.0, 0.0)) - y * y[0]
        z = z / np.linalg.norm(z)
        first, last = (radius * self._scale for radius in radii)
        self._add(
            start, np.stack([np.cross(y, z), y, z]), (CONE, length, first, last, flat), group, material, blend
        )
        self._cut(low, high)
        self._bound((start + end) / 2, length / 2 + max(first, last))

    def ellipsoid(
        self,
        centre: Array,
        axes: Array,
        radii: tuple[float, float, float],
        group: int,
        material: Material,
        blend: float = 0.02,
        low: float = -UNCUT,
        high: float = UNCUT,
    ) -> None:
        """An ellipsoid along the columns of ``axes``; radii, cuts and blend in body metres."""
        x, y, z = (radius * self._scale for radius in radii)
        self._add(centre, axes.T, (ELLIPSOID, x, y, z, 0.0), group, material, blend)
        self._cut(low * self._scale if low > -UNCUT else low, high * self._scale if high < UNCUT else high)
        self._bound(centre, max(x, y, z))

    def _add(
        self,
        centre: Array,
        axes: Array,
        shape: tuple[float, float, float, float, float],
        group: int,
        material: Material,
        blend: float,
    ) -> None:
        row = np.zeros(WIDTH)
        row[CENTRE : CENTRE + 3], row[AXES : AXES + 9], row[KIND : KIND + 5] = centre, axes.ravel(), shape
        row[GROUP], row[MATERIAL], row[BLEND] = group, material, blend * self._scale
        self._rows.append(row)

    def _cut(self, low: float, high: float) -> None:
        self._rows[-1][LOW], self._rows[-1][HIGH] = low, high

    def _bound(self, centre: Array, radius: float) -> None:
        row = self._rows[-1]
        row[BOUND : BOUND + 3], row[RADIUS] = centre, radius + row[BLEND]


def dressed(figure: Figure, scale: float) -> Array:
    """The primitives of an athlete in T-shirt, shorts and shoes, at the figure's first instant: ``(N, WIDTH)``."""
    surface = Surface(scale)
    place, axes = _Places(figure, scale), {name: segment.axes[0] for name, segment in figure.segments.items()}
    _head(surface, place("head"), axes["head"], place("neck"))
    _trunk(surface, place, axes)
    for i, side in enumerate(("left", "right")):
        sign = 1 - 2 * i
        _arm(surface, place, axes, side, sign, 5 + i)
        _leg(surface, place, axes, side, sign, 8 + i, 10 + i)
    return surface.rows()


class _Places:
    """Places given in the axes of a segment, in body metres."""

    def __init__(self, figure: Figure, scale: float) -> None:
        self._figure, self._scale = figure, scale

    def __call__(self, segment: str) -> Local:
        part, scale = self._figure.segments[segment], self._scale
        return lambda x, y, z: np.asarray(part.origin[0] + part.axes[0] @ (np.array((x, y, z)) * scale))

    def joint(self, name: str) -> Array:
        return np.asarray(self._figure.at(name)[0])


def _head(surface: Surface, at: Local, axes: Array, neck: Local) -> None:
    def blob(
        centre: tuple[float, float, float],
        radii: tuple[float, float, float],
        group: int,
        material: Material,
        blend: float,
    ) -> None:
        surface.ellipsoid(at(*centre), axes, radii, group, material, blend)

    face, hair = Material.FACE, Material.HAIR
    blob((0, 0.026, -0.010), (0.0745, 0.084, 0.096), 0, face, 0.01)
    blob((0, -0.030, 0.024), (0.0640, 0.070, 0.068), 0, face, 0.03)
    surface.cone((at(0, -0.088, 0.066), at(0, -0.080, 0.040)), (0.026, 0.044), 0, face, 0.03)  # chin
    surface.cone((at(0, 0.004, 0.086), at(0, -0.033, 0.106)), (0.0085, 0.0115), 0, face, 0.012)  # nose
    surface.cone((neck(0, -0.035, 0), at(0, -0.050, -0.012)), (0.060, 0.052), 0, Material.SKIN, 0.02)
    blob((0, -0.0660, 0.0935), (0.0245, 0.0050, 0.0090), 2, Material.LIP, 0.003)
    blob((0, -0.0745, 0.0930), (0.0200, 0.0056, 0.0090), 2, Material.LIP, 0.003)
    blob((0, 0.042, -0.020), (0.0815, 0.083, 0.0975), 3, hair, 0.02)
    blob((0, 0.002, -0.050), (0.0755, 0.080, 0.0640), 3, hair, 0.02)
    for sign in (1, -1):
        surface.cone((at(sign * 0.047, -0.062, 0), at(sign * 0.018, -0.092, 0.058)), (0.018, 0.018), 0, face)  # jaw
        blob((sign * 0.011, -0.037, 0.099), (0.009, 0.008, 0.010), 0, face, 0.006)  # nostril
        blob((sign * 0.033, 0.019, 0.078), (0.024, 0.010, 0.013), 0, face, 0.012)  # brow
        blob((sign * 0.040, -0.028, 0.070), (0.020, 0.018, 0.017), 0, face, 0.016)  # cheek
        blob((sign * 0.0775, -0.010, -0.006), (0.008, 0.031, 0.019), 0, face, 0.006)  # ear
        blob((sign * 0.033, 0, 0.0815), (0.0165, 0.0125, 0.0135), 1, Material.EYE, 0.0)
        blob((sign * 0.0655, 0.022, 0.012), (0.0130, 0.038, 0.030), 3, hair, 0.012)


def _trunk(surface: Surface, place: _Places, axes: dict[str, Array]) -> None:
    thorax, pelvis, scale = place("thorax"), place("pelvis"), surface._scale
    chest, hips = axes["thorax"][:, 2], axes["pelvis"][:, 2]
    shirt, shorts = Material.SHIRT, Material.SHORTS
    surface.cone((thorax(0, 0.050, 0.004), thorax(0, 0.195, 0)), (0.132, 0.154), 4, shirt, 0.03, chest, 0.70)
    waist = (pelvis(0, 0.050, 0.004), thorax(0, 0.040, 0.006))
    surface.cone(waist, (0.144, 0.132), 4, shirt, 0.04, hips, 0.76, low=-0.028 * scale)
    hem = (pelvis(0, -0.070, -0.006), pelvis(0, 0.08, 0.002))
    surface.cone(hem, (0.160, 0.146), 4, shirt, 0.03, hips, 0.82, low=0.062 * scale)
    surface.ellipsoid(pelvis(0, -0.020, -0.006), axes["pelvis"], (0.150, 0.098, 0.112), 7, shorts, 0.03)
    for sign, side in ((1, "left"), (-1, "right")):
        surface.ellipsoid(thorax(sign * 0.068, 0.205, 0.060), axes["thorax"], (0.078, 0.058, 0.050), 4, shirt, 0.03)
        top = place.joint(f"{side}_shoulder") + axes["thorax"] @ (np.array((-sign * 0.030, 0.002, -0.004)) * scale)
        surface.cone((thorax(0, 0.322, -0.022), top), (0.058, 0.046), 4, shirt, 0.03)
        surface.ellipsoid(
            pelvis(sign * 0.066, -0.058, -0.056), axes["pelvis"], (0.078, 0.086, 0.074), 7, shorts, 0.03
        )


def _arm(surface: Surface, place: _Places, axes: dict[str, Array], side: str, sign: int, group: int) -> None:
    skin = Material.SKIN
    shoulder, elbow, wrist = (place.joint(f"{side}_{name}") for name in ("shoulder", "elbow", "wrist"))
    upper, fore, turn = elbow - shoulder, wrist - elbow, axes[f"{side}_upper_arm"]
    length = float(np.linalg.norm(upper))
    sleeve = (shoulder, shoulder + 0.66 * upper)
    surface.cone(sleeve, (0.056, 0.056), 4, Material.SHIRT, 0.028, turn[:, 2], high=0.56 * length)
    surface.cone((shoulder, elbow), (0.046, 0.0375), group, skin, 0.015, low=0.50 * length)
    biceps = place(f"{side}_upper_arm")(0, 0, 0.008) + 0.5 * upper
    surface.ellipsoid(biceps, turn, (0.038, 0.095, 0.039), group, skin, 0.02, high=0.0)
    surface.cone((elbow, elbow + 0.28 * fore), (0.0385, 0.0425), group, skin)
    surface.cone((elbow + 0.25 * fore, wrist), (0.042, 0.0265), group, skin)
    hand = place(f"{side}_hand")
    surface.ellipsoid(hand(0, -0.052, -0.002), axes[f"{side}_hand"], (0.017, 0.055, 0.040), group, skin, 0.012)
    for across, long in ((0.028, 0.084), (0.0095, 0.094), (-0.009, 0.086), (-0.027, 0.066)):  # fingers
        middle = hand(-sign * 0.004, -0.092 - long / 2, across * 1.02)
        surface.cone((hand(0, -0.088, across), middle), (0.0100, 0.0092), group, skin, 0.004)
        surface.cone((middle, hand(-sign * 0.016, -0.090 - long, across)), (0.0092, 0.0078), group, skin, 0.004)
    thumb = hand(-sign * 0.012, -0.062, 0.053)
    surface.cone((hand(-sign * 0.004, -0.025, 0.030), thumb), (0.0135, 0.0105), group, skin, 0.012)
    surface.cone((thumb, hand(-sign * 0.018, -0.094, 0.058)), (0.0105, 0.0085), group, skin, 0.006)


def _leg(
    surface: Surface, place: _Places, axes: dict[str, Array], side: str, sign: int, group: int, shoe: int
) -> None:
    skin = Material.SKIN
    hip, knee, ankle = (place.joint(f"{side}_{name}") for name in ("hip", "knee", "ankle"))
    upper, lower = knee - hip, ankle - knee
    length = float(np.linalg.norm(upper))
    thigh, shank = axes[f"{side}_thigh"], axes[f"{side}_shank"]
    leg = (hip, hip + 0.80 * upper)
    surface.cone(leg, (0.084, 0.086), 7, Material.SHORTS, 0.03, thigh[:, 2], high=0.68 * length)
    surface.cone((hip, knee), (0.086, 0.0555), group, skin, low=0.62 * length)
    quadriceps = place(f"{side}_thigh")(0, 0, 0.014) + 0.55 * upper
    surface.ellipsoid(quadriceps, thigh, (0.068, 0.150, 0.066), group, skin, 0.02, high=-0.056)
    kneecap = knee + thigh[:, 2] * 0.020 * surface._scale
    surface.ellipsoid(kneecap, shank, (0.036, 0.044, 0.036), group, skin, 0.025)
    surface.cone((knee, ankle), (0.0530, 0.0350), group, skin)
    calf = place(f"{side}_shank")(0.004 * sign, 0, -0.020) + 0.30 * lower
    surface.ellipsoid(calf, shank, (0.050, 0.115, 0.046), group, skin, 0.03)
    sock = (ankle - 0.035 * lower, ankle + 0.03 * lower)
    surface.cone(sock, (0.0375, 0.0385), shoe, Material.SOCK, 0.012, low=0.0)
    foot = place(f"{side}_foot")
    for centre, radii, blend, sole in (
        ((0, -0.036, -0.018), (0.036, 0.040, 0.054), 0.02, -0.032),
        ((0, -0.046, 0.060), (0.041, 0.036, 0.105), 0.02, -0.022),
        ((0, -0.050, 0.130), (0.043, 0.030, 0.068), 0.03, -0.018),
    ):
        surface.ellipsoid(foot(*centre), axes[f"{side}_foot"], radii, shoe, Material.SHOE, blend, low=sole)
