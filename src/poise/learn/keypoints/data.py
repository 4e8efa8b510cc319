"""From annotated pictures to what a network learns from: crops, their variations, and target heatmaps.

As in the paper (Sun et al. 2019, 4.1): the box is widened to the network's aspect and by a quarter, then turned
by up to 45 degrees, scaled by up to 35 %, mirrored, and at times cut down to the upper or lower half of the body.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from poise.body import COCO17, Array
from poise.errors import UnreadableMedia
from poise.learn.keypoints.coco import Annotations, read_picture
from poise.learn.keypoints.oks import Labelled
from poise.vision._warp import Roi, cut_out
from poise.vision.estimators.topdown import MEAN, SPREAD
from poise.vision.frame import Picture

Target = Literal["gaussian", "disc"]

#: Pixels of the network's picture in a cell of its heatmaps.
STRIDE = 4
#: Standard deviation of the Gaussian targets, in cells; and the radius of the discs, likewise (ASU's report has 6
#: pixels of the picture's quarter, which is the heatmap).
GAUSSIAN_SIGMA = {256: 2.0, 384: 3.0}
DISC_RADIUS = 6.0

_MARGIN = 1.25
_TURN, _TURNED, _SCALE, _MIRRORED = 45.0, 0.6, 0.35, 0.5
_HALF, _HALF_KEYPOINTS = 0.3, 8
_UPPER = [i for i, name in enumerate(COCO17.keypoints) if not name.endswith(("hip", "knee", "ankle"))]
_LOWER = [i for i, name in enumerate(COCO17.keypoints) if name.endswith(("hip", "knee", "ankle"))]


@dataclass(frozen=True)
class Recipe:
    """How pictures become examples.

    Args:
        size: width and height of the network's picture: (192, 256) or (288, 384).
        target: heatmaps of Gaussians, or of discs of ones.
        vary: how much to turn, scale and halve: 1 as in the paper, 0 not at all, and then nothing is mirrored.

    """

    size: tuple[int, int] = (192, 256)
    target: Target = "gaussian"
    vary: float = 1.0


@dataclass(frozen=True, eq=False)
class View:
    """What the network looks at: a square region, of which its picture is the middle, perhaps mirrored."""

    roi: Roi
    size: tuple[int, int]
    mirrored: bool = False

    def of(self, image: Picture) -> Picture:
        """The network's picture ``(H, W, 3)``."""
        width, height = self.size
        left, top = self._corner
        cut = cut_out(image, self.roi, max(self.size), repeat_edge=False)[top : top + height, left : left + width]
        return cut[:, ::-1] if self.mirrored else cut

    def to_network(self, points: Array) -> Array:
        """Pixels of the picture ``(..., 2)`` as pixels of the network's picture."""
        away = points - np.array([self.roi.x, self.roi.y])
        back = Roi(0.0, 0.0, 1.0, -self.roi.rotation).turned(away)
        places: Array = (back / self.roi.side + 0.5) * max(self.size) - np.array(self._corner)
        if self.mirrored:
            places[..., 0] = self.size[0] - 1 - places[..., 0]
        return places

    def to_picture(self, points: Array) -> Array:
        """Pixels of the network's picture ``(..., 2)`` as pixels of the picture."""
        places = np.array(points, dtype=np.float64)
        if self.mirrored:
            places[..., 0] = self.size[0] - 1 - places[..., 0]
        return self.roi.to_picture((places + np.array(self._corner)) / max(self.size))

    @property
    def _corner(self) -> tuple[int, int]:
        side = max(self.size)
        return (side - self.size[0]) // 2, (side - self.size[1]) // 2


def view_of(box: Array, size: tuple[int, int]) -> View:
    """The view of a box (left, top, width, height), widened to the network's aspect and by a quarter."""
    left, top, width, height = box.tolist()
    side = max(width * max(size) / size[0], height * max(size) / size[1]) * _MARGIN
    return View(Roi(left + width / 2, top + height / 2, max(side, 1.0)), size)


def varied(person: Labelled, size: tuple[int, int], random: np.random.Generator, much: float = 1.0) -> View:
    """A view of somebody as no annotation has it, varied so much as `Recipe` says."""
    box = person.box
    if random.random() < much * _HALF:
        box = _half(person, random)
    plain = view_of(box, size).roi
    scale = 1.0 + much * _SCALE * float(np.clip(random.normal(), -1, 1))
    turn = much * _TURN * float(np.clip(random.normal(), -2, 2)) if random.random() < _TURNED else 0.0
    roi = Roi(plain.x, plain.y, plain.side * scale, math.radians(turn))
    return View(roi, size, bool(random.random() < _MIRRORED))


def _half(person: Labelled, random: np.random.Generator) -> Array:
    """The box around one half of the body, where enough of it is labelled; else the whole box."""
    seen = person.keypoints[:, 2] > 0
    if seen.sum() < _HALF_KEYPOINTS:
        return person.box
    half = [i for i in (_UPPER if random.random() < 0.5 else _LOWER) if seen[i]]
    if len(half) < 3:
        return person.box
    places = person.keypoints[half, :2]
    low, size = places.min(0), np.maximum(np.ptp(places, axis=0), 1.0)
    return np.array([*(low - size * 0.25), *(size * 1.5)])


class People(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Annotated people as pictures ``(3, H, W)``, heatmaps ``(17, H/4, W/4)`` and which of them count ``(17,)``."""

    def __init__(self, annotations: Annotations, folder: Path, recipe: Recipe, seed: int = 0) -> None:
        self.people: Sequence[Labelled] = annotations.trainable
        self._files, self._folder = annotations.files, folder
        self.recipe = recipe
        self._seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.people)

    def picture(self, person: Labelled) -> Picture:
        """The picture somebody is in.

        Raises:
            UnreadableMedia: when it is not there.

        """
        path = self._folder / self._files[person.image]
        try:
            return read_picture(path)
        except OSError as error:
            raise UnreadableMedia(f"{path} cannot be read: {error}.", "Check the folder of pictures.") from error

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        person = self.people[index]
        random = np.random.default_rng((self._seed, self.epoch, index))
        size = self.recipe.size
        much = self.recipe.vary
        view = varied(person, size, random, much) if much else view_of(person.box, size)
        order = COCO17.mirror if view.mirrored else np.arange(len(COCO17))
        places = view.to_network(person.keypoints[order, :2])
        heatmaps, counts = targets(places, person.keypoints[order, 2] > 0, size, self.recipe.target)
        return normalised(view.of(self.picture(person))), torch.from_numpy(heatmaps), torch.from_numpy(counts)


def normalised(picture: Picture) -> Tensor:
    """A picture ``(H, W, 3)`` as a network sees it: ``(3, H, W)``, by ImageNet's mean and spread."""
    values = (picture.astype(np.float32) - MEAN) / SPREAD
    return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))


def targets(
    places: Array, labelled: np.ndarray[tuple[int], np.dtype[np.bool_]], size: tuple[int, int], target: Target
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float32]], np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """Heatmaps ``(17, H/4, W/4)`` of keypoints in pixels of the network's picture, and which of them count.

    A Gaussian stands exactly where its keypoint is, not on the nearest cell (Zhang et al. 2020, DARK), and counts
    unless all of it is outside.
    """
    columns, rows = np.arange(size[0] // STRIDE), np.arange(size[1] // STRIDE)
    sigma = GAUSSIAN_SIGMA.get(size[1], 2.0 * size[1] / 256)
    reach = 3 * sigma if target == "gaussian" else DISC_RADIUS
    cells = np.nan_to_num(places) / STRIDE
    within = ((cells >= -reach) & (cells < (len(columns) + reach, len(rows) + reach))).all(1)
    off = (columns - cells[:, None, None, 0]) ** 2 + (rows[:, None] - cells[:, None, None, 1]) ** 2
    if target == "gaussian":
        maps = np.exp(-off / (2 * sigma**2)) * (off <= 2 * reach**2)
    else:
        maps = (off <= DISC_RADIUS**2).astype(np.float64)
    counts = labelled & within
    return (maps * counts[:, None, None]).astype(np.float32), counts.astype(np.float32)
