"""Movement as programs for motion capture expect it: even in time, y up, in metres where there are any.

World keypoints are metres with their origin between the hips, so a body moves there without travelling. Without
them the picture is all there is: pixels, with no depth. Either way x points to the right of the picture, y up and z
to whoever looks, which is right-handed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from poise.body.pose import Array, Keypoints, PoseSequence
from poise.body.skeleton import Skeleton


@dataclass(frozen=True, eq=False)
class Motion:
    """A body at even times.

    Args:
        skeleton: which keypoints there are, K of them.
        rate: instants a second.
        start: seconds on the recording's clock of the first.
        places: ``(T, K, 3)``, x right, y up, z to whoever looks; NaN where unseen.
        unit: of the places.

    """

    skeleton: Skeleton
    rate: float
    start: float
    places: Array
    unit: Literal["m", "px"]

    def __len__(self) -> int:
        return len(self.places)

    @property
    def t(self) -> Array:
        """Seconds on the recording's clock, ``(T,)``."""
        return self.start + np.arange(len(self)) / self.rate

    @property
    def metres(self) -> float:
        """Metres a unit; pixels are taken as millimetres, for files that know lengths only."""
        return 1.0 if self.unit == "m" else 1e-3

    def at(self, name: str) -> Array:
        """Where a keypoint or midpoint is: ``(T, 3)``."""
        none = np.zeros(self.places.shape[:-1])
        return Keypoints(self.skeleton, self.places[..., :2], none, self.places).world_at(name)


def motion_of(sequence: PoseSequence, rate: float | None = None) -> Motion:
    """The body of a recording at even times, each in the middle between the two poses around it.

    Args:
        sequence: the recording.
        rate: instants a second; by default as many as are there in most of it.

    Raises:
        ValueError: when it holds nobody at two times.

    """
    t = sequence.t
    if len(t) < 2 or not np.isfinite(sequence.points).any():
        raise ValueError("it holds nobody who moves: two instants are needed at least")
    rate = rate or round(1.0 / float(np.median(np.diff(t))), 3)
    even = t[0] + np.arange(int((t[-1] - t[0]) * rate + 1e-6) + 1) / rate
    if sequence.world is not None:
        places = sequence.world * (1.0, -1.0, -1.0)
    else:
        height = sequence.size[1] if sequence.size else float(np.nanmax(sequence.points[..., 1]))
        flat = np.where(np.isfinite(sequence.points[..., :1]), 0.0, np.nan)
        places = np.concatenate([sequence.points * (1.0, -1.0) + (0.0, height), flat], axis=-1)
    after = np.clip(np.searchsorted(t, even, side="left"), 1, len(t) - 1)
    share = np.clip((even - t[after - 1]) / (t[after] - t[after - 1]), 0.0, 1.0)[:, None, None]
    # An instant that is there already is taken as it is, though its neighbour may see nothing.
    before, behind = (
        np.where(weight > 0, places[at] * weight, 0.0) for at, weight in ((after - 1, 1.0 - share), (after, share))
    )
    unit: Literal["m", "px"] = "px" if sequence.world is None else "m"
    return Motion(sequence.skeleton, rate, float(t[0]), before + behind, unit)
