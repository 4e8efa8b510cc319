"""BlazePose on LiteRT, the default backend: any CPU, 33 keypoints with world coordinates.

A detector finds people; from then on each is followed by the landmark network alone, which also says where to
look in the next picture::

    searching ── detector finds somebody, landmark network agrees ──► following
        ▲                                                                │
        └────────── landmark network sees nobody in the region ◄─────────┘
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import numpy as np

from poise.body import BLAZEPOSE33, Pose
from poise.errors import UnknownName
from poise.vision import weights
from poise.vision._warp import Roi, cut_out
from poise.vision.estimators import _blazepose as blaze
from poise.vision.estimators._tflite import Network
from poise.vision.frame import Frame, Picture

#: While fewer people are followed than asked for, seconds from one search to the next.
_SEARCH_EVERY = 1.0

#: Regions whose centres are closer than this share of the larger one's side hold the same person.
_SAME_PERSON = 0.1

#: How well it sees against how long it takes.
MODELS = ("lite", "full", "heavy")


def open_blazepose(
    *, model: str = "", people: int = 1, threads: int = 1, progress: weights.Progress | None = None
) -> BlazePose:
    """BlazePose with its networks, fetched when they are not here; `model` is one of `MODELS`, by default full.

    Raises:
        UnknownName: when there is no such model.
        ModelUnavailable: when a network is not here and cannot be fetched.

    """
    model = model or "full"
    if model not in MODELS:
        raise UnknownName("BlazePose model", model, MODELS)
    landmarks = weights.load(f"blazepose-{model}", progress)
    detector = weights.load("blazepose-detector", progress)
    return BlazePose(detector, landmarks, people=people, threads=threads)


@dataclass
class _Followed:
    """Somebody who is being followed: who, and where to look next."""

    person: int
    roi: Roi
    steady: blaze.OneEuro = field(default_factory=lambda: blaze.OneEuro(min_cutoff=0.01, beta=10.0))


class BlazePose:
    """Follows one person or several through a stream of frames.

    Args:
        detector: the detector network, the bytes of a ``.tflite`` file.
        landmarks: the landmark network, likewise.
        people: how many people to follow at most.
        threads: how many threads a network may use.

    """

    skeleton = BLAZEPOSE33

    def __init__(self, detector: bytes, landmarks: bytes, *, people: int = 1, threads: int = 1) -> None:
        self._detector = Network(detector, blaze.DETECTOR_OUTPUTS, (-1.0, 1.0), threads)
        self._landmarks = Network(landmarks, blaze.LANDMARK_OUTPUTS, (0.0, 1.0), threads)
        self._people = people
        self._followed: list[_Followed] = []
        self._met = 0
        self._now = self._searched = -math.inf

    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        """Who is in each frame, longest followed first."""
        return [self._estimate(frame) for frame in frames]

    def _estimate(self, frame: Frame) -> list[Pose]:
        if not frame.t > self._now:
            raise ValueError(f"frames must be in time order: {frame.t} s came after {self._now} s")
        self._now = frame.t
        followed, self._followed = self._followed, []
        poses = [pose for person in followed if (pose := self._follow(person, frame))]
        few = len(poses) < self._people
        if few and (not poses or frame.t - self._searched >= _SEARCH_EVERY):
            self._searched = frame.t
            for roi in self._search(frame.image):
                if len(poses) < self._people and (pose := self._follow(_Followed(self._met, roi), frame)):
                    poses.append(pose)
                    self._met += 1
        return poses

    def _follow(self, somebody: _Followed, frame: Frame) -> Pose | None:
        """The pose of somebody where they are expected, if they are still there and not followed already."""
        roi = somebody.roi
        if any(_same_person(roi, other.roi) for other in self._followed):
            return None
        cut = cut_out(frame.image, roi, self._landmarks.pixels, repeat_edge=True)
        raw, presence, heatmaps, world = self._landmarks.run(cut)
        if presence.item() < blaze.MIN_SCORE:
            return None
        seen = blaze.landmarks(raw, heatmaps, world)
        hips, edge = roi.to_picture(np.stack([seen.hips, seen.edge]))
        span = 2 * math.dist(hips, edge)
        somebody.roi = blaze.region(*somebody.steady.update(frame.t, np.stack([hips, edge]), span))
        self._followed.append(somebody)
        return Pose(
            self.skeleton,
            frame.t,
            roi.to_picture(seen.points),
            seen.visibility,
            roi.turned(seen.world),
            frame.size,
            somebody.person,
        )

    def _search(self, image: Picture) -> list[Roi]:
        """Where the detector sees people, the most prominent first."""
        height, width = image.shape[:2]
        whole = Roi(width / 2, height / 2, max(width, height))
        cut = cut_out(image, whole, self._detector.pixels, repeat_edge=False)
        found = blaze.detections(*self._detector.run(cut))
        return [blaze.region(*whole.to_picture(np.stack([one.hips, one.edge]))) for one in found]

    def close(self) -> None:
        """Let go of the networks; it cannot estimate afterwards."""
        self.__dict__.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _same_person(a: Roi, b: Roi) -> bool:
    return math.dist((a.x, a.y), (b.x, b.y)) < _SAME_PERSON * max(a.side, b.side)
