"""Light and colour: shadows, materials, a room with a wooden floor, and the picture of it all: numba kernels.

Soft shadows by percentage-closer lookup in a depth map seen from the light (Reeves et al. 1987); ambient occlusion
by sampling the distance field along the normal (Evans 2006). Colours are linear light until the very end.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poise.body import Array
from poise.sim.render.field import (
    Bodies,
    Vector,
    compiled,
    distance,
    hashed,
    into_axes,
    march,
    smooth_noise,
)
from poise.sim.render.surface import AXES, BOUND, MATERIAL, RADIUS, Material

_SKIN, _FACE, _HAIR, _SHIRT, _SHORTS, _SHOE, _EYE, _LIP = (
    int(m)
    for m in (
        Material.SKIN,
        Material.FACE,
        Material.HAIR,
        Material.SHIRT,
        Material.SHORTS,
        Material.SHOE,
        Material.EYE,
        Material.LIP,
    )
)
#: Pixels a side of the squares that are culled together; a band is one row of them.
TILE = 8


class Sun(NamedTuple):
    """Parallel light: towards it, and an orthographic window through which it looks at the body."""

    towards: Vector
    centre: Vector
    across: Vector
    up: Vector
    half: float


class Eye(NamedTuple):
    """A pinhole camera: where it is, its axes as columns (right, up, ahead), its focal length in pixels."""

    place: Vector
    axes: Array
    focal: float


class Head(NamedTuple):
    """Where the face is painted: the head's centre and axes, and the body's scale."""

    centre: Vector
    axes: Array
    scale: float


@compiled
def dot(a: Vector, b: Vector) -> float:
    """The scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@compiled
def along(start: Vector, ray: Vector, t: float) -> Vector:
    """The place ``t`` along a ray."""
    return start[0] + ray[0] * t, start[1] + ray[1] * t, start[2] + ray[2] * t


@compiled
def minus(a: Vector, b: Vector) -> Vector:
    """The difference."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@compiled
def unit(v: Vector) -> Vector:
    """The vector made one long."""
    k = 1.0 / math.sqrt(dot(v, v) + 1e-18)
    return v[0] * k, v[1] * k, v[2] * k


@compiled
def shadow_band(depth: Array, band: int, rows: Array, sun: Sun) -> None:
    """Write into ``depth`` ``(N, N)``, rows ``band * TILE`` and on, how deep the light reaches into the body."""
    size, count = depth.shape[0], rows.shape[0]
    listed = np.empty(count, np.int64)
    pad = sun.half / size * TILE * 1.5
    for left in range(0, size, TILE):
        mid_u = ((left + TILE / 2) / size * 2 - 1) * sun.half
        mid_v = ((band * TILE + TILE / 2) / size * 2 - 1) * sun.half
        n = 0
        for i in range(count):
            off = minus((rows[i, BOUND], rows[i, BOUND + 1], rows[i, BOUND + 2]), sun.centre)
            du, dv = dot(off, sun.across) - mid_u, dot(off, sun.up) - mid_v
            if du * du + dv * dv < (rows[i, RADIUS] + pad) ** 2:
                listed[n] = i
                n += 1
        if n == 0:
            continue
        bodies = Bodies(rows, listed, n)
        for y in range(band * TILE, (band + 1) * TILE):
            for x in range(left, left + TILE):
                u, v = ((x + 0.5) / size * 2 - 1) * sun.half, ((y + 0.5) / size * 2 - 1) * sun.half
                start = along(along(along(sun.centre, sun.across, u), sun.up, v), sun.towards, 3.0)
                t, hit = march(bodies, start, (-sun.towards[0], -sun.towards[1], -sun.towards[2]), 0.5, 6.0)
                if hit >= 0:
                    depth[y, x] = t - 3.0


@compiled
def lit(shadow: Array, sun: Sun, place: Vector, spread: float) -> float:
    """The share of the sun that reaches a place, 0..1."""
    n = shadow.shape[0]
    off = minus(place, sun.centre)
    u = (dot(off, sun.across) / sun.half * 0.5 + 0.5) * n
    v = (dot(off, sun.up) / sun.half * 0.5 + 0.5) * n
    deep = -dot(off, sun.towards)
    if u < 0 or v < 0 or u >= n or v >= n:
        return 1.0
    free, total = 0.0, 0.0
    for a in range(-3, 4):
        for b in range(-3, 4):
            if a * a + b * b > 10:
                continue
            x, y = int(u + a * spread), int(v + b * spread)
            total += 1
            if x < 0 or y < 0 or x >= n or y >= n or shadow[y, x] > deep - 0.022:
                free += 1
    return free / total


@compiled
def face_colour(palette: Array, x: float, y: float, z: float) -> Vector:
    """Skin with brows, eye sockets, cheeks, nostrils and a hint of beard; places in head axes."""
    r, g, b = palette[_SKIN, 0], palette[_SKIN, 1], palette[_SKIN, 2]
    side = abs(x)
    if z > 0.02:
        brow = y - (0.0225 - 9.6 * (side - 0.034) ** 2)
        if 0.013 < side < 0.055 and abs(brow) < 0.0052:
            return palette[_HAIR, 0] * 1.2, palette[_HAIR, 1] * 1.2, palette[_HAIR, 2] * 1.2
        socket = math.exp(-1.2 * (((side - 0.033) / 0.024) ** 2 + (y / 0.016) ** 2))
        cheek = math.exp(-(((side - 0.042) / 0.024) ** 2) - ((y + 0.035) / 0.022) ** 2)
        nostril = math.exp(-(((side - 0.0085) / 0.0045) ** 2) - ((y + 0.046) / 0.0035) ** 2)
        beard = 0.16 * min(1.0, max(0.0, -0.045 - y) / 0.03)
        r *= (1 - 0.30 * socket) * (1 - 0.70 * nostril) * (1 - beard)
        g *= (1 - 0.40 * socket) * (1 - 0.14 * cheek) * (1 - 0.75 * nostril) * (1 - 0.9 * beard)
        b *= (1 - 0.40 * socket) * (1 - 0.12 * cheek) * (1 - 0.75 * nostril) * (1 - 0.7 * beard)
    return r, g, b


@compiled
def eye_colour(palette: Array, x: float, y: float) -> Vector:
    """Lids, white, iris and pupil; places in head axes."""
    off = abs(x) - 0.033
    round_ = math.sqrt(off * off + y * y)
    if y > 0.0072 or y < -0.0078:
        f = 0.30 if y > 0 else 0.75
        return palette[_SKIN, 0] * f, palette[_SKIN, 1] * f, palette[_SKIN, 2] * f
    if round_ < 0.0035:
        return 0.01, 0.01, 0.01
    if round_ < 0.0075:
        return 0.06, 0.035, 0.02
    if abs(off) > 0.0125:
        return palette[_SKIN, 0] * 0.5, palette[_SKIN, 1] * 0.4, palette[_SKIN, 2] * 0.4
    return palette[_EYE, 0], palette[_EYE, 1], palette[_EYE, 2]


@compiled
def colour(palette: Array, material: int, face: Vector, local: Vector) -> Vector:
    """The colour of a surface at a place, given in head axes and in those of its primitive."""
    if material == _FACE:
        return face_colour(palette, face[0], face[1], face[2])
    if material == _EYE:
        return eye_colour(palette, face[0], face[1])
    r, g, b = palette[material, 0], palette[material, 1], palette[material, 2]
    if material == _HAIR:  # strands
        x, y, z = face
        f = 0.55 + 0.56 * smooth_noise(x * 260, y * 60, z * 60) + 0.4 * smooth_noise(x * 90, y * 30, z * 30)
        return r * f, g * f, b * f
    if material == _SHOE and local[1] < -0.020:  # the sole
        return 0.75, 0.75, 0.73
    return r, g, b


@compiled
def wrinkled(rows: Array, i: int, normal: Vector, local: Vector) -> Vector:
    """The normal of cloth."""
    x, y, z = local[0] * 16, local[1] * 28.8, local[2] * 16
    here = smooth_noise(x, y, z)
    dx = 0.30 * (smooth_noise(x + 0.25, y, z) - here)
    dy = 0.48 * (smooth_noise(x, y + 0.25, z) - here)
    dz = 0.30 * (smooth_noise(x, y, z + 0.25) - here)
    return unit(
        (
            normal[0] - rows[i, AXES] * dx - rows[i, AXES + 3] * dy - rows[i, AXES + 6] * dz,
            normal[1] - rows[i, AXES + 1] * dx - rows[i, AXES + 4] * dy - rows[i, AXES + 7] * dz,
            normal[2] - rows[i, AXES + 2] * dx - rows[i, AXES + 5] * dy - rows[i, AXES + 8] * dz,
        )
    )


@compiled
def normal_at(bodies: Bodies, place: Vector) -> Vector:
    """The outward direction of the surface at a place: the field's gradient from four samples."""
    x, y, z = place
    e = 0.0012
    a, _ = distance(bodies, x + e, y - e, z - e)
    b, _ = distance(bodies, x - e, y - e, z + e)
    c, _ = distance(bodies, x - e, y + e, z - e)
    d, _ = distance(bodies, x + e, y + e, z + e)
    return unit((a - b - c + d, -a - b + c + d, -a + b - c + d))


@compiled
def body_light(
    bodies: Bodies, i: int, place: Vector, ray: Vector, sun: Sun, shadow: Array, palette: Array, head: Head
) -> Vector:
    """The light that leaves primitive ``i`` at a place towards the eye."""
    normal = normal_at(bodies, place)
    material = int(bodies.rows[i, MATERIAL])
    x, y, z = into_axes(bodies.rows, i, place[0], place[1], place[2])
    local = (x / head.scale, y / head.scale, z / head.scale)
    off, turn = minus(place, head.centre), head.axes
    face = (
        (turn[0, 0] * off[0] + turn[1, 0] * off[1] + turn[2, 0] * off[2]) / head.scale,
        (turn[0, 1] * off[0] + turn[1, 1] * off[1] + turn[2, 1] * off[2]) / head.scale,
        (turn[0, 2] * off[0] + turn[1, 2] * off[1] + turn[2, 2] * off[2]) / head.scale,
    )
    r, g, b = colour(palette, material, face, local)
    if material in (_SHIRT, _SHORTS):
        normal = wrinkled(bodies.rows, i, normal, (x, y, z))
    open_ = 1.0
    for j in range(1, 4):
        reach = 0.016 * j * j
        px, py, pz = along(place, normal, reach)
        clear, _ = distance(bodies, px, py, pz)
        open_ -= (reach - clear) * (4.2 / (j * j))
    open_ = min(1.0, max(0.15, open_))
    sunny = lit(shadow, sun, along(place, normal, 0.022), 0.8)
    facing = dot(normal, sun.towards)
    skin = material in (_SKIN, _FACE, _LIP)
    wrap = 0.25 if skin else 0.05  # light bleeds round the edge of skin
    direct = max(0.0, (facing + wrap) / (1 + wrap)) * sunny
    sky, bounce, fill = 0.5 + 0.5 * normal[1], 0.5 - 0.5 * normal[1], max(0.0, -dot(normal, ray))
    red = 1.85 * direct + open_ * (0.42 * sky + 0.24 * bounce + 0.30 * fill)
    green = 1.76 * direct + open_ * (0.44 * sky + 0.18 * bounce + 0.30 * fill)
    blue = 1.64 * direct + open_ * (0.48 * sky + 0.13 * bounce + 0.30 * fill)
    if skin:
        red += 0.22 * max(0.0, 1 - abs(facing) * 3) * open_
    gloss = max(0.0, dot(normal, unit(minus(sun.towards, ray)))) ** 28 * palette[material, 3] * sunny
    rim = (1 - fill) ** 4 * 0.10 * open_ * sky
    return r * red + gloss + rim, g * green + gloss + rim, b * blue + gloss + rim


@compiled
def room_light(
    near_floor: Bodies, box: Array, eye: Vector, ray: Vector, sun: Sun, shadow: Array, wall: Vector
) -> Vector:
    """The light from floor or wall; ``wall`` is the wall's direction (x, z) and its distance from the origin."""
    to_floor, to_wall = 1e9, 1e9
    if ray[1] < -1e-5:
        to_floor = -eye[1] / ray[1]
    towards = wall[0] * ray[0] + wall[1] * ray[2]
    if towards < -1e-5:
        to_wall = -(wall[2] + wall[0] * eye[0] + wall[1] * eye[2]) / towards
    place = along(eye, ray, min(to_floor, to_wall))
    x, y, z = place
    sunny = lit(shadow, sun, place, 1.5)
    u, v = x * wall[1] - z * wall[0], x * wall[0] + z * wall[1]
    if to_floor < to_wall:  # boards along the wall
        row = math.floor(v / 0.14)
        board = math.floor((u + hashed(int(row), 7, 3) * 1.3) / 1.1)
        grain = 0.5 * smooth_noise(u * 3, v * 45, 1.5) + 0.5 * smooth_noise(u * 9, v * 120, 2.5)
        f = (0.78 + 0.22 * hashed(int(row), int(board), 5)) * (0.86 + 0.24 * grain)
        if v / 0.14 - row < 0.03:
            f *= 0.70
        contact = 1.0
        if box[0] < x < box[1] and box[2] < z < box[3] and near_floor.size > 0:
            clear, _ = distance(near_floor, x, y + 0.03, z)
            contact = min(1.0, 0.35 + max(0.0, clear) * 3.5)
        direct, ambient = max(0.0, sun.towards[1]) * sunny, 0.70 * contact
        return (
            0.33 * f * (ambient + 1.45 * direct),
            0.215 * f * (ambient + 1.40 * direct),
            0.125 * f * (1.03 * ambient + 1.32 * direct),
        )
    r, g, b = 0.50, 0.53, 0.54
    f = 0.96 + 0.05 * smooth_noise(u * 5, y * 5, 0.5) + 0.02 * smooth_noise(u * 40, y * 40, 0.5)
    if y < 0.10:  # skirting board
        r, g, b = 0.72, 0.71, 0.69
        if y > 0.094:
            f *= 0.7
    direct = max(0.0, wall[0] * sun.towards[0] + wall[1] * sun.towards[2]) * sunny
    ambient = (0.52 + 0.12 * min(1.0, y / 2.0)) * min(1.0, 0.7 + y * 0.8)
    return (
        r * f * (ambient + 1.45 * direct),
        g * f * (ambient + 1.40 * direct),
        b * f * (1.03 * ambient + 1.32 * direct),
    )


@compiled
def in_cone(rows: Array, i: int, eye: Eye, ray: Vector, spread: float) -> tuple[bool, float]:
    """Whether the bound of primitive ``i`` meets a cone of view about ``ray``, and how far along it lies."""
    off = minus((rows[i, BOUND], rows[i, BOUND + 1], rows[i, BOUND + 2]), eye.place)
    deep = dot(off, ray)
    radius = rows[i, RADIUS] + deep * spread
    return deep > 0 and dot(off, off) - deep * deep < radius * radius, deep


@compiled
def ray_of(eye: Eye, width: int, height: int, x: float, y: float) -> Vector:
    """The direction in the room of what is seen at pixel coordinates."""
    u, v = (x - width * 0.5) / eye.focal, (height * 0.5 - y) / eye.focal
    turn = eye.axes
    return unit(
        (
            turn[0, 0] * u + turn[0, 1] * v + turn[0, 2],
            turn[1, 0] * u + turn[1, 1] * v + turn[1, 2],
            turn[2, 0] * u + turn[2, 1] * v + turn[2, 2],
        )
    )


@compiled
def is_edge(hits: NDArray[np.intp], x: int, y: int) -> bool:
    """Whether another primitive (or none) is hit beside a pixel."""
    height, width = hits.shape
    here = hits[y, x]
    return bool(
        here != hits[max(y - 1, 0), x]
        or here != hits[min(y + 1, height - 1), x]
        or here != hits[y, max(x - 1, 0)]
        or here != hits[y, min(x + 1, width - 1)]
    )


@compiled
def picture_band(
    image: Array,
    hits: NDArray[np.intp],
    band: int,
    samples: int,
    rows: Array,
    eye: Eye,
    sun: Sun,
    shadow: Array,
    palette: Array,
    wall: Vector,
    head: Head,
) -> None:
    """Write into ``image`` ``(H, W, 3)``, rows ``band * TILE`` and on, the linear light that reaches the eye.

    With one of ``samples``, one ray goes through each pixel and what it hits is kept in ``hits`` ``(H, W)``. With
    more, ``samples`` x ``samples`` rays are averaged, but only where those hits say that there is an edge.
    """
    height, width, _ = image.shape
    count = rows.shape[0]
    box = np.empty(4)
    for axis in range(2):
        box[2 * axis] = (rows[:, BOUND + 2 * axis] - rows[:, RADIUS]).min() - 0.3
        box[2 * axis + 1] = (rows[:, BOUND + 2 * axis] + rows[:, RADIUS]).max() + 0.3
    listed = np.empty(count, np.int64)
    low = np.where(rows[:, BOUND + 1] - rows[:, RADIUS] < 0.15)[0]
    near_floor = Bodies(rows, low, len(low))
    for left in range(0, width, TILE):
        middle = ray_of(eye, width, height, left + TILE / 2, band * TILE + TILE / 2)
        n, first, last = 0, 1e9, 0.0
        for i in range(count):
            meets, deep = in_cone(rows, i, eye, middle, TILE * 0.75 / eye.focal)
            if meets:
                listed[n] = i
                n += 1
                first, last = min(first, deep - rows[i, RADIUS]), max(last, deep + rows[i, RADIUS] + 0.05)
        bodies, first = Bodies(rows, listed, n), max(first, 0.05)
        for y in range(band * TILE, min(height, (band + 1) * TILE)):
            for x in range(left, min(width, left + TILE)):
                if samples > 1 and not is_edge(hits, x, y):
                    continue
                red, green, blue = 0.0, 0.0, 0.0
                for s in range(samples * samples):
                    u, v = x + (s % samples + 0.5) / samples, y + (s // samples + 0.5) / samples
                    ray = ray_of(eye, width, height, u, v)
                    t, hit = -1.0, -1
                    if n > 0:
                        t, hit = march(bodies, eye.place, ray, first, last)
                    if hit >= 0:
                        place = along(eye.place, ray, t)
                        r, g, b = body_light(bodies, hit, place, ray, sun, shadow, palette, head)
                    else:
                        r, g, b = room_light(near_floor, box, eye.place, ray, sun, shadow, wall)
                    red, green, blue = red + r, green + g, blue + b
                    if samples == 1:
                        hits[y, x] = hit
                image[y, x, 0] = red / (samples * samples)
                image[y, x, 1] = green / (samples * samples)
                image[y, x, 2] = blue / (samples * samples)
