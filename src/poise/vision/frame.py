"""One picture of a film, and when it was taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

#: Endings of films; here, so that who only takes them in needs nothing that decodes.
FILM_SUFFIXES = (".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".3gp", ".ts", ".ogv")


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a film.

    Args:
        image: ``(H, W, 3)`` uint8, red, green, blue.
        t: seconds on the recording's clock.

    Raises:
        ValueError: when the image has another shape or type.

    """

    image: Picture
    t: float

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.uint8:
            raise ValueError(f"a frame is (H, W, 3) uint8 RGB, got {self.image.shape} {self.image.dtype}")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]
