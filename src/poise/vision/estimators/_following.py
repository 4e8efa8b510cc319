"""Following people from picture to picture with two eyes: a detector that finds, a closer look that confirms.

Each person is followed by looking closely where they are expected, which also says where to look next. Whoever is
lost is looked for where they were last seen well; the detector searches as long as somebody is lost, seen badly or
still wanted::

    wanted ── detected, and seen by looking closely ──► followed ── nobody there ──► lost ── 2 s ──► forgotten
                                                          ▲                           │
                                                          └── seen again or detected ─┘
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from poise.vision._warp import Roi
from poise.vision.estimators._blazepose import Landmarks, OneEuro, region
from poise.vision.frame import Frame, Picture

#: Seconds from one search to the next: while somebody is seen badly, and while more people are wanted.
DOUBT_S, _WANT_S = 0.25, 3.0

#: Somebody lost is forgotten after this many seconds.
_FORGET_S = 2.0

#: Mean visibility of the keypoints below which somebody is seen badly, and by how much another sight must be
#: better to be believed instead.
_WELL_SEEN, _BETTER = 0.7, 0.1

#: Regions whose centres are closer than this share of the larger one's side hold the same person; the second
#: share is for somebody who is lost or seen badly.
_SAME_PERSON, _PERHAPS_SAME_PERSON = 0.1, 0.25

#: How one search in vain differs from the next: how much larger than the picture the view is, for people who are
#: cut off by its edge, and by how much it is turned, for people who lie, bend or hang.
_VIEWS = ((1.0, 0.0), (1.5, 0.0), (2.5, 0.0), (1.0, math.pi / 2), (1.0, -math.pi / 2), (1.0, math.pi))


@dataclass(frozen=True)
class Sight:
    """What a close look saw in a region of one picture."""

    roi: Roi
    seen: Landmarks

    @property
    def clarity(self) -> float:
        """Mean visibility of the keypoints, 0..1."""
        return float(self.seen.visibility.mean())

    @property
    def span(self) -> float:
        """The diameter of the circle around the body, pixels."""
        return 2 * math.dist(self.seen.hips, self.seen.edge) * self.roi.side

    def prominence(self, size: tuple[int, int]) -> float:
        """How likely this is the person meant: large, well seen, in the middle of a picture of that size."""
        off = math.dist((self.roi.x, self.roi.y), (size[0] / 2, size[1] / 2)) / math.hypot(*size)
        return self.roi.side * self.clarity * (1 - off)


class Eyes(Protocol):
    """The two networks, as following needs them."""

    def detect(self, image: Picture, view: Roi) -> list[Roi]:
        """Where people seem to be in one view of the picture."""

    def look(self, image: Picture, roi: Roi) -> Sight | None:
        """What is seen in a region, if anybody is."""


class _Followed:
    """Somebody who is followed: what was seen last, where to look next, and where they were last seen well."""

    def __init__(self, person: int, roi: Roi) -> None:
        self.person = person
        self.roi = self.home = roi
        self.sight: Sight | None = None
        self.seen_at = -math.inf
        self._steady = _region_filter()

    @property
    def clarity(self) -> float:
        """How well they are seen, 0 when lost."""
        return self.sight.clarity if self.sight else 0.0

    def note(self, sight: Sight, t: float) -> None:
        """Take in what was seen."""
        if sight.roi is not self.roi:
            self._steady = _region_filter()
        marks = sight.roi.to_picture(np.stack([sight.seen.hips, sight.seen.edge]))
        self.roi = region(*self._steady.update(t, marks, sight.span))
        if sight.clarity >= _WELL_SEEN:
            self.home = self.roi
        self.sight, self.seen_at = sight, t

    def lose(self) -> None:
        """Nobody is there any more."""
        self.roi, self.sight = self.home, None

    def is_near(self, roi: Roi) -> bool:
        """Whether a region probably holds them, and not somebody beside them."""
        return _apart(self.roi, roi) < (_SAME_PERSON if self.clarity >= _WELL_SEEN else _PERHAPS_SAME_PERSON)


class Follower:
    """Follows people through a stream of frames.

    Args:
        eyes: what sees.
        people: how many people to follow at most.
        doubt_s: seconds from one search to the next while somebody is seen badly.

    """

    def __init__(self, eyes: Eyes, people: int, doubt_s: float = DOUBT_S) -> None:
        self._eyes = eyes
        self._doubt_s = doubt_s
        self._people = people
        self._followed: list[_Followed] = []
        self._met = 0
        self._searches = 0
        self._searched = -math.inf

    def update(self, frame: Frame) -> list[tuple[int, Sight]]:
        """Who is seen in the next frame: their number and the sight of them, longest followed first."""
        for somebody in sorted(self._followed, key=lambda f: f.sight is None):
            if somebody.sight or self._has_room():
                self._follow(somebody, frame)
        if self._should_search(frame.t):
            self._searched = frame.t
            self._search(frame)
        self._tell_apart()
        self._followed = [f for f in self._followed if frame.t - f.seen_at < _FORGET_S]
        return [(f.person, f.sight) for f in self._followed if f.sight]

    def _follow(self, somebody: _Followed, frame: Frame) -> None:
        """Look where they are expected, or else where they were last seen well."""
        sight = self._eyes.look(frame.image, somebody.roi)
        if sight is None and somebody.home is not somebody.roi:
            sight = self._eyes.look(frame.image, somebody.home)
        if sight:
            somebody.note(sight, frame.t)
        else:
            somebody.lose()

    def _has_room(self) -> bool:
        return sum(f.sight is not None for f in self._followed) < self._people

    def _should_search(self, t: float) -> bool:
        if not any(f.sight for f in self._followed):
            return True
        if any(f.clarity < _WELL_SEEN for f in self._followed):
            return t - self._searched >= self._doubt_s
        self._searches = 0
        return self._has_room() and t - self._searched >= _WANT_S

    def _search(self, frame: Frame) -> None:
        """Weigh what is seen where the detector points against who is followed, the most prominent first."""
        larger, turn = _VIEWS[self._searches % len(_VIEWS)]
        self._searches += 1
        width, height = frame.size
        view = Roi(width / 2, height / 2, max(width, height) * larger, turn)
        sights = []
        for roi in self._eyes.detect(frame.image, view):
            near = self._near(roi)
            if near is None or near.clarity < _WELL_SEEN:
                sight = self._eyes.look(frame.image, roi)
                # Odd views mislead the detector more often, so what they lead to must be seen well.
                if sight and ((larger, turn) == _VIEWS[0] or sight.clarity >= _WELL_SEEN):
                    sights.append(sight)
        for sight in sorted(sights, key=lambda s: s.prominence(frame.size), reverse=True):
            self._weigh(sight, frame.t)

    def _near(self, roi: Roi) -> _Followed | None:
        return next((f for f in self._followed if f.is_near(roi)), None)

    def _weigh(self, sight: Sight, t: float) -> None:
        """Take a sight for somebody near it, else for a newcomer, unless those followed are seen as well."""
        near = self._near(sight.roi)
        full = len(self._followed) == self._people
        rival = near or (min(self._followed, key=lambda f: f.clarity) if full else None)
        if rival and rival.clarity > min(_WELL_SEEN, sight.clarity - _BETTER):
            return
        if near is None:
            if rival:
                self._followed.remove(rival)
            near = _Followed(self._met, sight.roi)
            self._met += 1
            self._followed.append(near)
        near.note(sight, t)

    def _tell_apart(self) -> None:
        """Of two who are seen in the same place, the one followed longer is there; the other is lost."""
        seen: list[_Followed] = []
        for somebody in self._followed:
            if any(_apart(somebody.roi, other.roi) < _SAME_PERSON for other in seen):
                somebody.lose()
            elif somebody.sight:
                seen.append(somebody)


def _region_filter() -> OneEuro:
    return OneEuro(min_cutoff=0.01, beta=10.0)


def _apart(a: Roi, b: Roi) -> float:
    """How far apart the centres of two regions are, as a share of the larger one's side."""
    return math.dist((a.x, a.y), (b.x, b.y)) / max(a.side, b.side)
