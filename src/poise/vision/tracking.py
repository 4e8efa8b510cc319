"""Who is coached when several people are in the picture: the largest and steadiest, and then no other.

Every person gathers weight with every second they are seen, the more the larger and the clearer they are. Whoever
is coached stays so unless another weighs more than twice as much. When two cross, an estimator may take one for the
other; so once they are apart, whoever stands where the person coached stood, as large, is the person coached. When
they are gone, somebody who appears at that very moment is taken for them at once (a film has cuts), as is whoever
appears where they were; anybody else, such as a spotter, only after a while. Until then they are lost, and nobody
is coached.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from poise.body import Pose, PoseSequence
from poise.errors import NobodySeen, UnknownName

#: How many times the weight of the person coached another needs to be coached instead.
_HEAVIER = 2.0

#: Seconds the person coached must be gone before anybody else is coached.
_PATIENCE_S = 2.0

#: Seconds after the person coached was last seen in which somebody new must be the same person, after a cut.
_CUT_S = 0.4

#: Seconds for which people must have been seen together to count as being there.
_TOGETHER_S = 1.0

#: In a recording, somebody with less than this share of the heaviest person's weight is never coached.
_PASSER_BY = 0.05

#: A gap between frames longer than this counts as this long.
_LONGEST_S = 0.2

#: People cross while their boxes share this much of the smaller one, and are apart again after so many seconds.
_CROSS, _APART_S = 0.15, 0.3

#: How far from where they stood, in body sizes, somebody may be and still be them; and how much more alike another
#: must be than the one who is followed for the two to have been taken for each other.
_ALIKE, _MORE_ALIKE = 0.5, 0.5

#: How many times more prominent a newcomer must be to take the place of somebody known, where places are few.
_STAY = 1.5

#: Seconds in which what is remembered of the place of the person coached follows them.
_FOLLOW_S = 1.0


@dataclass(frozen=True)
class _Place:
    """Where a body is in the picture and how large, pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, pose: Pose) -> _Place:
        """The box around a pose."""
        return cls(*np.nanmin(pose.points, axis=0).tolist(), *np.nanmax(pose.points, axis=0).tolist())

    @property
    def size(self) -> float:
        """The diagonal."""
        return math.hypot(self.right - self.left, self.bottom - self.top)

    def crosses(self, other: _Place) -> bool:
        """Whether two bodies are in each other's way."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        areas = [(p.right - p.left) * (p.bottom - p.top) for p in (self, other)]
        return wide > 0 and high > 0 and wide * high > _CROSS * min(areas)

    def unlike(self, other: _Place) -> float:
        """How far apart two places are in sizes of the first, sideways and at the feet, and in size itself."""
        away = math.hypot((self.left + self.right - other.left - other.right) / 2, self.bottom - other.bottom)
        return away / max(self.size, 1e-6) + abs(math.log(max(other.size, 1e-6) / max(self.size, 1e-6)))

    def towards(self, other: _Place, share: float) -> _Place:
        """The place a share of the way to another."""
        mine, theirs = (np.array([p.left, p.top, p.right, p.bottom]) for p in (self, other))
        return _Place(*(mine + share * (theirs - mine)).tolist())

    def further(self, dx: float) -> _Place:
        """The place so many pixels to the right."""
        return _Place(self.left + dx, self.top, self.right + dx, self.bottom)


@dataclass(frozen=True)
class Choice:
    """Who of several people is coached: the largest, unless told otherwise.

    Args:
        central: whether being in the middle of the picture counts as well, where its size is known.
        place: pixels, x and y; whoever is there when somebody first is, is coached.

    """

    central: bool = False
    place: tuple[float, float] | None = None

    @classmethod
    def parse(cls, text: str) -> Choice:
        """The choice those words say: ``largest``, ``central``, or ``X,Y`` in pixels.

        Raises:
            UnknownName: when they say none.

        >>> Choice.parse("320,240")
        Choice(central=False, place=(320.0, 240.0))
        """
        if text in ("largest", "central"):
            return cls(central=text == "central")
        try:
            x, y = (float(part) for part in text.split(","))
        except ValueError:
            raise UnknownName("choice of a person", text, ["largest", "central", "X,Y in pixels"]) from None
        return cls(place=(x, y))


LARGEST = Choice()


def coached(instants: Iterable[tuple[float, Sequence[Pose]]], choice: Choice = LARGEST) -> tuple[PoseSequence, int]:
    """The poses of the person coached in a recording of several people, and how many people there were.

    Args:
        instants: of each instant the time and the people, in any order and without numbers.
        choice: who is coached.

    Raises:
        NobodySeen: when nobody ever is.

    """
    instants = list(instants)
    known = Identities(max((len(poses) for _, poses in instants), default=0))
    frames = [(t, known.update(poses)) for t, poses in instants]
    skeleton = next((poses[0].skeleton for _, poses in frames if poses), None)
    if skeleton is None:
        raise NobodySeen("Nobody is in the recording.", "Check that it holds keypoints, and not only their names.")
    tracker = PersonTracker(choice)
    for _, poses in frames:
        tracker.weigh(poses)
    tracker.settle()
    picked = PoseSequence.of(tracker.pick(poses) or Pose.missing(skeleton, t) for t, poses in frames)
    return picked, max(1, tracker.people_seen)


class Identities:
    """Numbers people from frame to frame, for what looks at every frame anew and knows nobody.

    Each is taken for whoever was last seen nearest, in sizes of the body, keypoint by keypoint; who is near nobody
    is new, and who is not seen for a while is forgotten.

    Args:
        people: how many to keep at most; those known, the large and the surely seen before others.

    """

    def __init__(self, people: int) -> None:
        self._people = people
        self._known: dict[int, Pose] = {}
        self._met = 0

    def update(self, poses: Sequence[Pose]) -> list[Pose]:
        """The people of the next frame, each by its number."""
        if not poses:
            return []
        self._known = {n: seen for n, seen in self._known.items() if poses[0].t - seen.t < _PATIENCE_S}
        pairs = [(_away(seen, pose), n, i) for n, seen in self._known.items() for i, pose in enumerate(poses)]
        number: dict[int, int] = {}
        for away, n, i in sorted(pairs):
            if away < _ALIKE and i not in number and n not in number.values():
                number[i] = n
        ranked = sorted(range(len(poses)), key=lambda i: -_prominence(poses[i]) * (_STAY if i in number else 1.0))
        kept = []
        for i in ranked[: self._people]:
            if i not in number:
                number[i] = self._met
                self._met += 1
            kept.append(replace(poses[i], person=number[i]))
            self._known[number[i]] = kept[-1]
        return kept


def _away(seen: Pose, pose: Pose) -> float:
    """The mean distance of the keypoints seen in both, in sizes of the body; infinite when there are none."""
    off = np.sqrt(((pose.points - seen.points) ** 2).sum(-1))
    both = np.isfinite(off)
    return float(off[both].mean()) / max(_Place.of(seen).size, 1e-6) if both.any() else math.inf


def _prominence(pose: Pose) -> float:
    return _Place.of(pose).size * float(pose.score.mean())


def _centrality(pose: Pose) -> float:
    """1 in the middle of the picture's width, 0 at its edges."""
    if pose.size is None:
        return 1.0
    place = _Place.of(pose)
    return max(0.0, 1.0 - abs(place.left + place.right - pose.size[0]) / pose.size[0])


def _whoever_is_at(point: tuple[float, float], poses: Sequence[Pose]) -> int | None:
    """The number of whoever's box holds a point, the one whose middle is nearest to it."""

    def off(place: _Place) -> float:
        return math.dist(((place.left + place.right) / 2, (place.top + place.bottom) / 2), point)

    there = {pose.person: _Place.of(pose) for pose in poses}
    hit = [n for n, p in there.items() if p.left <= point[0] <= p.right and p.top <= point[1] <= p.bottom]
    return min(hit, key=lambda n: off(there[n]), default=None)


class PersonTracker:
    """Picks the person who is coached: live with `update`; of a recording by `weigh`, `settle` and then `pick`."""

    def __init__(self, choice: Choice = LARGEST) -> None:
        self._choice = choice
        self._chosen: int | None = None
        self._weight: defaultdict[int, float] = defaultdict(float)
        self._together: defaultdict[int, float] = defaultdict(float)
        self._observed: float | None = None
        self._coached: int | None = None
        self._coached_at = 0.0
        self._place: _Place | None = None
        self._placed_at = self._crossed_at = math.nan
        self._drift = 0.0
        self._bystanders: set[int] = set()
        self._passers_by: set[int] = set()
        self.lost = False  # somebody is there, but not the person coached

    @property
    def people_seen(self) -> int:
        """How many people were there: the most that were seen together for a second in all."""
        return max((n for n, seconds in self._together.items() if seconds >= _TOGETHER_S), default=0)

    def update(self, poses: Sequence[Pose]) -> Pose | None:
        """Of the people in the next frame the one who is coached; None when they are not there."""
        self.weigh(poses)
        return self.pick(poses)

    def settle(self) -> None:
        """All frames of a recording were weighed: whoever hardly weighs anything is never coached."""
        enough = _PASSER_BY * max(self._weight.values(), default=0.0)
        self._passers_by = {person for person, weight in self._weight.items() if weight < enough}
        self._passers_by.discard(-1 if self._chosen is None else self._chosen)

    def weigh(self, poses: Sequence[Pose]) -> None:
        """Take in who is in the next frame, and how large and clear."""
        if not poses:
            return
        t = poses[0].t
        seconds = 0.0 if self._observed is None else min(t - self._observed, _LONGEST_S)
        self._observed = t
        for pose in poses:
            weight = _Place.of(pose).size * float(pose.score.mean())
            self._weight[pose.person] += seconds * weight * (_centrality(pose) if self._choice.central else 1.0)
        if self._choice.place and self._chosen is None:
            self._chosen = _whoever_is_at(self._choice.place, poses)
        for n in range(1, len(poses) + 1):
            self._together[n] += seconds

    def pick(self, poses: Sequence[Pose]) -> Pose | None:
        """Of the people in a frame the one who is coached; None when they are not there."""
        self.lost = False
        poses = [pose for pose in poses if pose.person not in self._passers_by]
        if not poses:
            return None
        t = poses[0].t
        present = {pose.person: pose for pose in poses}
        heaviest = max(present, key=lambda person: self._weight[person])
        if self._chosen in present and self._coached != self._chosen:
            self._take(self._chosen)
        if self._coached is None:
            self._take(heaviest)
        elif self._coached in present:
            if self._weight[heaviest] > _HEAVIER * self._weight[self._coached] and self._chosen is None:
                self._take(heaviest)
            self._part(t, present)
        elif (same := self._returned(t, present)) is not None:
            self._become(same)
        elif t - self._coached_at > _PATIENCE_S:
            self._take(heaviest)
        else:
            self.lost = True
            return None
        assert self._coached is not None
        self._remember(t, present)
        return present[self._coached]

    def _returned(self, t: float, present: dict[int, Pose]) -> int | None:
        """Who of those that are new must be the person coached, who was just lost."""
        new = sorted(present.keys() - self._bystanders)
        unlike = {person: self._unlike(t, present[person]) for person in new}
        nearest = min(unlike, key=unlike.__getitem__, default=None)
        if nearest is not None and unlike[nearest] < _ALIKE:
            return nearest
        if new and t - self._coached_at <= _CUT_S:
            return max(new, key=lambda person: _Place.of(present[person]).size)
        return None

    def _part(self, t: float, present: dict[int, Pose]) -> None:
        """When the person coached and another are apart again, see which of them is which."""
        if math.isnan(self._crossed_at) or t - self._crossed_at < _APART_S:
            return
        self._crossed_at = math.nan
        unlike = {person: self._unlike(t, pose) for person, pose in present.items()}
        nearest = min(unlike, key=unlike.__getitem__)
        assert self._coached is not None
        if nearest != self._coached and unlike[nearest] < min(_ALIKE, _MORE_ALIKE * unlike[self._coached]):
            self._become(nearest)

    def _unlike(self, t: float, pose: Pose) -> float:
        """How unlike a pose is to the person coached, had they gone on as they went."""
        if self._place is None:
            return math.inf
        gone_on = self._place.further(self._drift * min(t - self._placed_at, _PATIENCE_S))
        return gone_on.unlike(_Place.of(pose))

    def _remember(self, t: float, present: dict[int, Pose]) -> None:
        """Where the person coached is, unless somebody is in the way; and who else was there with them."""
        assert self._coached is not None
        others = present.keys() - {self._coached}
        place = _Place.of(present[self._coached])
        if any(place.crosses(_Place.of(present[other])) for other in others):
            self._crossed_at = t
        elif self._place is None:
            self._place, self._placed_at = place, t
        elif math.isnan(self._crossed_at):
            dt = max(t - self._placed_at, 1e-3)
            share = 1 - math.exp(-dt / _FOLLOW_S)
            before = self._place
            self._place, self._placed_at = before.towards(place, share), t
            speed = (self._place.left + self._place.right - before.left - before.right) / 2 / dt
            self._drift += share * (speed - self._drift)
        self._coached_at = t
        self._bystanders |= others

    def _become(self, person: int) -> None:
        """The person coached goes by another number now: they trade weights too."""
        assert self._coached is not None
        self._weight[person], self._weight[self._coached] = self._weight[self._coached], self._weight[person]
        if self._chosen == self._coached:
            self._chosen = person
        self._coached = person
        self._bystanders.discard(person)

    def _take(self, person: int) -> None:
        """Another person is coached from now on."""
        self._coached, self._place, self._crossed_at, self._drift = person, None, math.nan, 0.0
        self._bystanders.clear()
