"""Whether the camera has moved: what is behind the person is seen elsewhere than it was.

A person who sinks and a camera that is tilted up look alike in the keypoints; the room behind tells them apart.
Only a few thousand grey cells of it are held in memory, and none is kept.
"""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from numpy.typing import NDArray

from poise.body import Array, Pose
from poise.vision.frame import Picture

#: Cells along the longer side of the picture; the most cells it may have moved, looked for either way.
CELLS, FARTHEST = 64, 8
#: Correlation of the room with what it was, from which it is found again, and how much better than where it was.
FOUND, BETTER = 0.8, 0.1
#: Seconds for which it must be found elsewhere; and the share of the picture that must be room.
LASTS_S, ROOM = 20.0, 0.2


class Backdrop:
    """Watches the room behind somebody who sits; `moved` says whether the camera has moved since the first look.

    Light that changes, and doors that open, are no movement: the same room must be found again, elsewhere.
    """

    def __init__(self) -> None:
        self.moved = False
        self._first: tuple[Array, NDArray[np.bool_]] | None = None
        self._since = math.nan

    def update(self, picture: Picture, pose: Pose) -> bool:
        """Whether the camera has moved as of this picture, ``(H, W, 3)``, in which ``pose`` was seen."""
        step = max(1, max(picture.shape[:2]) // CELLS)
        cells = picture[step // 2 :: step, step // 2 :: step].mean(-1)
        room = _room(pose, cells.shape, step)
        if self._first is None or self._first[0].shape != cells.shape:
            self._first = (cells, room) if pose.seen else None
            return self.moved
        there = _shifted(*self._first, cells, room)
        if there is None:
            return self.moved
        if not there:
            self._since = math.nan
        elif math.isnan(self._since):
            self._since = pose.t
        self.moved = pose.t - self._since >= LASTS_S  # false for NaN
        return self.moved


def _room(pose: Pose, shape: tuple[int, ...], step: int) -> NDArray[np.bool_]:
    """Which cells are not of the person: all but a broad column from the head down."""
    room = np.ones(shape, dtype=bool)
    (nose, left, right) = pose.all_at(("nose", "left_shoulder", "right_shoulder")) / step
    if math.isfinite(nose[0] + left[0] + right[0]):
        low, high = sorted((float(left[0]), float(right[0])))
        wide = 0.5 * (high - low)
        top = float(nose[1]) - 1.2 * wide
        room[max(0, int(top)) :, max(0, int(low - wide)) : max(0, int(high + wide) + 1)] = False
    return room


def _shifted(was: Array, room: NDArray[np.bool_], now: Array, free: NDArray[np.bool_]) -> bool | None:
    """Whether the room is seen elsewhere now; None when too little of it is seen to say."""
    if (room & free).mean() < ROOM:
        return None
    here = _alike(was, room, now, free, 0, 0)
    if here + BETTER >= 1.0:
        return False
    best = max(
        _alike(was, room, now, free, dx, dy)
        for dx, dy in product(range(-FARTHEST, FARTHEST + 1), repeat=2)
        if max(abs(dx), abs(dy)) > 1
    )
    return best > FOUND and best > here + BETTER


def _alike(was: Array, room: NDArray[np.bool_], now: Array, free: NDArray[np.bool_], dx: int, dy: int) -> float:
    """The correlation of what was with what is now ``dx`` cells further right and ``dy`` down; 0 for none."""
    height, width = was.shape
    then = slice(max(0, -dy), height - max(0, dy)), slice(max(0, -dx), width - max(0, dx))
    later = slice(max(0, dy), height - max(0, -dy)), slice(max(0, dx), width - max(0, -dx))
    both = room[then] & free[later]
    if both.sum() < ROOM / 2 * was.size:
        return 0.0
    a, b = was[then][both], now[later][both]
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b) / (math.sqrt(float(a @ a) * float(b @ b)) or math.inf)
