"""BlazePose on LiteRT, the default backend: any CPU, 33 keypoints with world coordinates.

A detector finds people; from then on each is followed by the landmark network alone, which also says where to
look in the next picture. Whoever is lost is looked for where they were last seen well, and the detector searches
as long as somebody is lost, seen badly or still wanted::

    wanted ── detector and landmark network agree ──► followed ── presence below ½ ──► lost ── 2 s ──► forgotten
                                                        ▲                               │
                                                        └─ seen again there or detected ┘
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
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

#: Seconds from one search to the next: while somebody is seen badly, and while more people are wanted.
_DOUBT_S, _WANT_S = 0.25, 1.0

#: Somebody lost is forgotten after this many seconds.
_FORGET_S = 2.0

#: Mean visibility of the keypoints below which somebody is seen badly, and by how much another sight must be
#: better to be believed instead.
_WELL_SEEN, _BETTER = 0.7, 0.1

#: Regions whose centres are closer than this share of the larger one's side hold the same person; the second
#: share is for somebody who is lost or seen badly.
_SAME_PERSON, _PERHAPS_SAME_PERSON = 0.1, 0.25

#: How one search in vain differs from the next: by how much the picture is turned, for people who lie, bend or
#: hang, and how much larger than the picture the view is, for people who are cut off by its edge.
_VIEWS = ((0.0, 1.0), (0.0, 1.5), (0.0, 2.5), (math.pi / 2, 1.0), (-math.pi / 2, 1.0), (math.pi, 1.0))

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


@dataclass(frozen=True)
class _Sight:
    """What the landmark network saw in a region of one picture."""

    roi: Roi
    seen: blaze.Landmarks

    @property
    def clarity(self) -> float:
        """Mean visibility of the keypoints, 0..1."""
        return float(self.seen.visibility.mean())

    def prominence(self, size: tuple[int, int]) -> float:
        """How likely this is the person meant: large, well seen, and in the middle of a picture of that size."""
        off = math.dist((self.roi.x, self.roi.y), (size[0] / 2, size[1] / 2)) / math.hypot(*size)
        return self.roi.side * self.clarity * (1 - off)


class _Followed:
    """Somebody who is followed: who, where to look next, and where they were last seen well."""

    def __init__(self, person: int, roi: Roi, t: float) -> None:
        self.person = person
        self.roi = self.home = roi
        self.seen_at = t
        self.sight: _Sight | None = None
        self._steady = _region_filter()

    @property
    def clarity(self) -> float:
        """How well they are seen: mean visibility of the keypoints, 0 when lost."""
        return self.sight.clarity if self.sight else 0.0

    def is_near(self, roi: Roi) -> bool:
        """Whether a region probably holds them, and not somebody beside them."""
        reach = _SAME_PERSON if self.clarity >= _WELL_SEEN else _PERHAPS_SAME_PERSON
        return math.dist((self.roi.x, self.roi.y), (roi.x, roi.y)) < reach * max(self.roi.side, roi.side)

    def note(self, sight: _Sight, t: float) -> None:
        """Take in what was seen, and where to look next."""
        if sight.roi is not self.roi:
            self._steady = _region_filter()
        hips, edge = sight.roi.to_picture(np.stack([sight.seen.hips, sight.seen.edge]))
        span = 2 * math.dist(hips, edge)
        self.roi = blaze.region(*self._steady.update(t, np.stack([hips, edge]), span))
        if sight.clarity >= _WELL_SEEN:
            self.home = self.roi
        self.sight, self.seen_at = sight, t

    def lose(self) -> None:
        """Nobody is there any more."""
        self.roi, self.sight = self.home, None


def _region_filter() -> blaze.OneEuro:
    return blaze.OneEuro(min_cutoff=0.01, beta=10.0)


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
        self._searches = 0
        self._now = self._searched = -math.inf

    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        """Who is in each frame, longest followed first."""
        return [self._estimate(frame) for frame in frames]

    def _estimate(self, frame: Frame) -> list[Pose]:
        if not frame.t > self._now:
            raise ValueError(f"frames must be in time order: {frame.t} s came after {self._now} s")
        self._now = frame.t
        for somebody in sorted(self._followed, key=lambda f: f.sight is None):
            if somebody.sight or self._room():
                self._follow(somebody, frame)
        if self._should_search(frame.t):
            self._searched = frame.t
            self._search(frame)
        self._followed = [f for f in self._followed if frame.t - f.seen_at < _FORGET_S]
        return [self._pose(f, f.sight, frame) for f in self._followed if f.sight]

    def _follow(self, somebody: _Followed, frame: Frame) -> None:
        """Look where they are expected, or else where they were last seen well."""
        sight = self._look(frame.image, somebody.roi)
        if sight is None and somebody.home is not somebody.roi:
            sight = self._look(frame.image, somebody.home)
        if sight:
            somebody.note(sight, frame.t)
        else:
            somebody.lose()

    def _look(self, image: Picture, roi: Roi) -> _Sight | None:
        """What the landmark network sees in a region, if it sees anybody."""
        raw, presence, heatmaps, world = self._landmarks.run(
            cut_out(image, roi, self._landmarks.pixels, repeat_edge=True)
        )
        if presence.item() < blaze.MIN_SCORE:
            return None
        return _Sight(roi, blaze.landmarks(raw, heatmaps, world))

    def _room(self) -> bool:
        return sum(f.sight is not None for f in self._followed) < self._people

    def _should_search(self, t: float) -> bool:
        if not any(f.sight for f in self._followed):
            return True
        if any(f.clarity < _WELL_SEEN for f in self._followed):
            return t - self._searched >= _DOUBT_S
        self._searches = 0
        return self._room() and t - self._searched >= _WANT_S

    def _search(self, frame: Frame) -> None:
        """Weigh what is seen where the detector points against who is followed, the most prominent first."""
        view = _VIEWS[self._searches % len(_VIEWS)]
        self._searches += 1
        sights = []
        for roi in self._detect(frame.image, *view):
            near = self._near(roi)
            if near is None or near.clarity < _WELL_SEEN:
                sight = self._look(frame.image, roi)
                if sight and (view == _VIEWS[0] or sight.clarity >= _WELL_SEEN):
                    sights.append(sight)
        for sight in sorted(sights, key=lambda s: s.prominence(frame.size), reverse=True):
            self._weigh(sight, frame.t)

    def _detect(self, image: Picture, turn: float, larger: float) -> list[Roi]:
        """Where the detector sees people in one view of the picture."""
        height, width = image.shape[:2]
        whole = Roi(width / 2, height / 2, max(width, height) * larger, turn)
        cut = cut_out(image, whole, self._detector.pixels, repeat_edge=False)
        found = blaze.detections(*self._detector.run(cut))
        return [blaze.region(*whole.to_picture(np.stack([one.hips, one.edge]))) for one in found]

    def _near(self, roi: Roi) -> _Followed | None:
        return next((f for f in self._followed if f.is_near(roi)), None)

    def _weigh(self, sight: _Sight, t: float) -> None:
        """Take a sight for somebody near it, else for a newcomer, unless those followed are seen as well."""
        near = self._near(sight.roi)
        crowded = len(self._followed) == self._people
        rival = near or (min(self._followed, key=lambda f: f.clarity) if crowded else None)
        if rival and rival.clarity > min(_WELL_SEEN, sight.clarity - _BETTER):
            return
        if near is None:
            if rival:
                self._followed.remove(rival)
            near = _Followed(self._met, sight.roi, t)
            self._followed.append(near)
            self._met += 1
        near.note(sight, t)

    def _pose(self, somebody: _Followed, sight: _Sight, frame: Frame) -> Pose:
        return Pose(
            self.skeleton,
            frame.t,
            sight.roi.to_picture(sight.seen.points),
            sight.seen.visibility,
            sight.roi.turned(sight.seen.world),
            frame.size,
            somebody.person,
        )

    def close(self) -> None:
        """Let go of the networks; it cannot estimate afterwards."""
        self.__dict__.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
