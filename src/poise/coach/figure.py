"""A body as pieces that turn about their joints, and the least turning that keeps what is asked of it.

The body is a tree of pieces as long as they are seen in a plane, each turned by an angle of its own about the joint
it hangs from, and at most `STRETCH` longer or shorter: no bone is seen more exactly. Sought are the angles that
turn the pieces least (at all, and against each other) and hold the weight where it was, while what bears the body
stays in its place and measures keep their bounds. Measures are known by their values alone, so this serves every
exercise: Gauss-Newton steps of least squares, in which what must hold weighs `HARD` times what is wished for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poise.body import Array, Keypoints, Skeleton
from poise.body.skeleton import MIDPOINTS
from poise.coach.exercise import Support
from poise.coach.measures import Body, Measure, Plane

Places = NDArray[np.complex128]

#: How much more what must hold weighs than what is wished for, and what may be left of it: torso lengths, radians,
#: or shares of the way from ok to limit.
HARD, LEFT_OVER = 100.0, 0.02
#: The most by which a bone may seem longer or shorter, as a share, and how dear that is.
STRETCH, _STRETCHING = 0.015, 4.0
#: Steps at most, the largest in radians or torso lengths, and the gain, as a share of the cost, that is none.
STEPS, STRIDE, NO_GAIN = 30, 0.35, 1e-3

#: Degrees by which the head may turn against the trunk, the lines across hips and shoulders against the trunk (seen
#: from the side: at all), and the trunk be bent sideways. Ours.
_HEAD, _ACROSS, _SIDEWAYS = 40.0, 12.0, 20.0
#: A hinge bends one way only (that way, when one faces right), and no further than this, degrees; and what
#: is bent enough to know the way, radians.
_HINGES = (("shin", "thigh", 1.0), ("forearm", "upper_arm", -1.0))
_FOLDED, _BENT = 155.0, 0.3
#: What is never to sink below the floor.
_ALOFT = ("hip", "knee", "wrist", "elbow", "shoulder", "ear")
#: Masses of segments as shares of the body's, put on their two ends (Winter 2009, table 4.1, after Dempster).
_MASS = {"mid_ear": 0.081, "mid_shoulder": 0.275, "mid_hip": 0.222} | {
    f"{side}_{name}": share
    for side in ("left", "right")
    for name, share in (
        *(("shoulder", 0.016), ("elbow", 0.022), ("wrist", 0.012)),
        *(("hip", 0.057), ("knee", 0.069), ("ankle", 0.035)),
    )
}
#: How dear it is to move the weight sideways, for each torso length. Ours.
_BALANCE = 5.0
#: The keypoints of what may bear the body.
_FOOT = ("ankle", "heel", "foot_index")
BEARING: dict[Support, tuple[str, ...]] = {
    "feet": _FOOT,
    "floor": _FOOT,
    "hands": ("wrist", "pinky", "index", "thumb"),
    "elbows": ("elbow",),
    "knees": ("knee",),
    "hips": ("mid_hip",),
    "shoulders": ("mid_shoulder",),
}


@dataclass(frozen=True)
class Bound:
    """What a rule asks of its measure on one side at an instant: between ``low`` and ``high``, in its unit.

    ``gap`` is the way from ok to limit, the rule's own idea of much and little. ``broken`` rules are corrected,
    the others only kept.
    """

    rule: str
    title: str
    measure: Measure
    side: str
    low: float
    high: float
    gap: float
    broken: bool

    def value(self, body: Body) -> Array:
        """The measure it bounds."""
        return self.measure.compute(body, self.side)

    def beyond(self, body: Body) -> Array:
        """How far that is beyond where it should be, in gaps; negative within."""
        values = self.value(body)
        return np.asarray(np.maximum(values - self.high, self.low - values) / self.gap)


class _Piece(NamedTuple):
    """A piece of the body: what turns with it about its pivot, what it hangs from, how dear turning it is.

    ``turn`` is the price of turning it at all, ``against`` of turning it against what it hangs from. Ours: legs and
    trunk are dear, the arms follow.
    """

    name: str
    pivot: str
    members: tuple[str, ...]
    hangs: str
    turn: float
    against: float


@cache
def _tree(skeleton: Skeleton) -> tuple[_Piece, ...]:
    """The pieces of a skeleton, each after what it hangs from."""
    parts = {"nose", "eye", "ear", "mouth"}
    face = tuple(name for name in skeleton.keypoints if not parts.isdisjoint(name.split("_")))
    pieces = [
        _Piece("trunk", "mid_hip", ("mid_shoulder",), "", 1.0, 0.0),
        _Piece("pelvis", "mid_hip", ("left_hip", "right_hip"), "trunk", 0.0, 5.0),
        _Piece("girdle", "mid_shoulder", ("left_shoulder", "right_shoulder"), "trunk", 0.0, 5.0),
        _Piece("head", "mid_shoulder", face, "trunk", 0.3, 0.3),
    ]
    for side in ("left", "right"):
        limbs = (
            _Piece("upper_arm", "shoulder", ("elbow",), "trunk", 0.3, 0.3),
            _Piece("forearm", "elbow", ("wrist",), f"{side}_upper_arm", 0.2, 0.4),
            _Piece("hand", "wrist", ("pinky", "index", "thumb"), f"{side}_forearm", 0.0, 1.0),
            _Piece("thigh", "hip", ("knee",), "trunk", 1.0, 0.0),
            _Piece("shin", "knee", ("ankle",), f"{side}_thigh", 1.0, 0.0),
            _Piece("foot", "ankle", ("heel", "foot_index"), f"{side}_shin", 2.0, 0.0),
        )
        for piece in limbs:
            members = tuple(f"{side}_{stem}" for stem in piece.members if skeleton.has(f"{side}_{stem}"))
            name, pivot = f"{side}_{piece.name}", f"{side}_{piece.pivot}"
            pieces.append(piece._replace(name=name, pivot=pivot, members=members))
    return tuple(pieces)


class Figure:
    """A body at an instant as a tree of pieces in a plane: complex numbers, right and down, in torso lengths.

    A state is ``(2 P + 2,)``: how far each piece is turned (radians), how much longer it is (natural logarithm),
    and how far the hips have moved. Every place is the sum of the pieces on the way to it from the hips.
    """

    def __init__(self, body: Body, plane: Plane) -> None:
        self.body, self.pieces = body, _tree(body.pose.skeleton)
        self.sideways = plane == "sagittal" or (plane == "any" and 45.0 < float(body.yaw) < 135.0)
        self.names = (*body.pose.skeleton.keypoints, "mid_hip", "mid_shoulder")
        self.index = {name: i for i, name in enumerate(self.names)}
        self.piece = {piece.name: i for i, piece in enumerate(self.pieces)}
        self._plane = _into(plane, body)
        flat = body.pose.all_at(self.names) @ self._plane
        self.start: Places = flat[:, 0] + 1j * flat[:, 1]
        self._way = np.zeros((len(self.pieces), len(self.names)), dtype=np.complex128)
        for i, piece in enumerate(self.pieces):
            for name in piece.members:
                self._way[:, self.index[name]] = self._way[:, self.index[piece.pivot]]
                self._way[i, self.index[name]] = self.start[self.index[name]] - self.start[self.index[piece.pivot]]

    @property
    def whole(self) -> bool:
        """Whether hips and shoulders are there to hang the rest on."""
        return bool(np.isfinite(self.start[[self.index["mid_hip"], self.index["mid_shoulder"]]]).all())

    def places(self, state: Array) -> Places:
        """Where everything is in a state: shape ``(names,)``."""
        root = self.start[self.index["mid_hip"]] + complex(*state[-2:])
        return np.asarray(root + self._grown(state) @ self._way)

    def slopes(self, state: Array) -> Places:
        """How every place moves with every number of a state: shape ``(2 P + 2, names)``."""
        along = self._grown(state)[:, None] * self._way
        root = np.ones((1, len(self.names)))
        return np.concatenate([1j * along, along, root, 1j * root])

    def bodies(self, places: Places) -> Body:
        """The body with its keypoints at places ``(..., names)``, to be measured; what did not move stays put."""
        pose, shape = self.body.pose, places.shape[:-1]
        moved = (places - self.start)[..., : len(pose.skeleton)]
        points = pose.points + np.stack([moved.real, moved.imag], -1) @ np.linalg.inv(self._plane)
        score = np.broadcast_to(pose.score, (*shape, len(pose.score)))
        scale, yaw, facing = (np.broadcast_to(v, shape) for v in (self.body.scale, self.body.yaw, self.body.facing))
        keypoints = Keypoints(pose.skeleton, points, score)
        return replace(self.body, pose=keypoints, scale=scale, yaw=yaw, facing=facing)

    def bend(self, far: int, near: int) -> float:
        """How far one piece is turned against another at the start, radians, as seen."""
        one, other = (self._way[i, self.index[self.pieces[i].members[0]]] for i in (far, near))
        return float(np.angle(one * np.conj(other)))

    def _grown(self, state: Array) -> Places:
        count = len(self.pieces)
        return np.asarray(np.exp(state[count : 2 * count] + 1j * state[:count]))


def _into(plane: Plane, body: Body) -> Array:
    """What pixels ``(..., 2)`` are multiplied by to lie in a plane, foreshortening undone, in torso lengths."""
    skeleton, unit = body.pose.skeleton, np.zeros(body.pose.points.shape)
    unit[:2] = np.eye(2)
    probe = replace(body, pose=Keypoints(skeleton, unit, body.pose.score))
    return np.array(probe.in_plane(plane, *skeleton.keypoints[:2])) / float(body.scale)


class Settling:
    """A figure that settles into the nearest state that keeps bounds, borne by what bears it.

    Args:
        figure: the body as it is.
        bears: what bears it, and stays in its place.
        bounds: what its measures must keep.
        on_toes: whether feet that bear it may turn about their toes.

    """

    def __init__(self, figure: Figure, bears: Sequence[Support], bounds: Sequence[Bound], on_toes: bool) -> None:
        self._figure, self._bounds = figure, bounds
        self._eye = np.eye(2 * len(figure.pieces) + 2)
        seen = np.isfinite(figure.start)
        self._mass = np.where(seen, [_MASS.get(name, 0.0) for name in figure.names], 0.0)
        self._held, self._level = self._contacts(bears, on_toes)
        self._turning = self._costs()
        self._joints, self._most = self._limits()
        self._aloft = [i for i, name in enumerate(figure.names) if seen[i] and name.partition("_")[2] in _ALOFT]
        self._floor = np.nanmax(figure.start.imag)
        self.state = np.zeros(len(self._eye))

    def settle(self) -> None:
        """Bring `state` as near to keeping everything as it gets; what it does not keep is `unmet`.

        Limbs that seem straight do not know which way to bend: where that fails, it begins anew with them bent.
        """
        self._descend()
        if self.unmet and self._bent.any():
            self.state = self._bent
            self._descend()

    def _descend(self) -> None:
        now = self._residuals(self.state)
        for _ in range(STEPS):
            step = _step(now, self._slopes(self.state))
            step *= STRIDE / max(float(np.abs(step).max()), STRIDE)
            gain, then = -1.0, now
            for _ in range(10):
                then = self._residuals(self.state + step)
                gain = _cost(now) - _cost(then)
                if gain > 0:
                    break
                step /= 2
            if gain <= 0:
                return
            self.state, now = self.state + step, then
            if gain < NO_GAIN * _cost(now):
                return

    @property
    def unmet(self) -> list[Bound]:
        """The bounds that `state` does not keep; the broken ones, when the body has left what bears it."""
        _, equal, below = self._residuals(self.state)
        asked, others = np.split(below, [len(self._bounds)])
        unmet = [b for b, off in zip(self._bounds, asked, strict=True) if not off <= LEFT_OVER]
        astray = max(np.abs(equal).max(initial=0.0), others.max(initial=0.0))
        return unmet or ([b for b in self._bounds if b.broken] if astray > LEFT_OVER else [])

    def _residuals(self, state: Array) -> tuple[Array, Array, Array]:
        """What should be little, what must be nothing, and what must not be above nothing."""
        figure = self._figure
        places = figure.places(state)
        moved = np.nan_to_num(places - figure.start)
        held, level = moved[self._held], moved[self._level]
        body = figure.bodies(places)
        asked = [float(bound.beyond(body)) for bound in self._bounds]
        return (
            np.concatenate([self._turning @ state, [_BALANCE * (moved.real @ self._mass)]]),
            np.concatenate([held.real, held.imag, level.imag]),
            np.concatenate([asked, self._joints @ state - self._most, places[self._aloft].imag - self._floor]),
        )

    def _slopes(self, state: Array) -> tuple[Array, Array, Array]:
        """How each of the residuals changes with every number of the state."""
        figure = self._figure
        places, slopes = figure.places(state), np.nan_to_num(figure.slopes(state))
        held, level = slopes[:, self._held], slopes[:, self._level]
        asked = [self._slope(bound, places, slopes) for bound in self._bounds]
        return (
            np.vstack([self._turning, _BALANCE * (slopes.real @ self._mass)]),
            np.concatenate([held.real, held.imag, level.imag], axis=1).T,
            np.vstack([*asked, self._joints, slopes[:, self._aloft].imag.T]),
        )

    def _slope(self, bound: Bound, places: Places, slopes: Places) -> Array:
        """How what a bound asks changes with the state: by nudging each keypoint that its measure needs."""
        figure, nudge = self._figure, 1e-6
        needs = bound.measure.keypoints(bound.side)
        ends = sorted({figure.index[end] for name in needs for end in MIDPOINTS.get(name, (name,))})
        nudged = np.repeat(places[None], 2 * len(ends) + 1, axis=0)
        rows = np.arange(len(ends))
        nudged[rows, ends] += nudge
        nudged[len(ends) + rows, ends] += 1j * nudge
        values = bound.beyond(figure.bodies(nudged))
        by_x, by_y = np.split((values[:-1] - values[-1]) / nudge, 2)
        return np.asarray(slopes[:, ends].real @ by_x + slopes[:, ends].imag @ by_y)

    def _costs(self) -> Array:
        """What is to be little: rows that are multiplied by the state."""
        figure, eye, count = self._figure, self._eye, len(self._figure.pieces)
        rows = [*(_STRETCHING * eye[count : 2 * count]), *(0.01 * eye[-2:])]
        for i, piece in enumerate(figure.pieces):
            turn, against = piece.turn, piece.against
            if piece.name in ("pelvis", "girdle") and figure.sideways:
                turn, against = against, turn  # seen from the side these lines point at us, and do not lean
            rows.append(math.sqrt(turn) * eye[i])
            if piece.hangs:
                rows.append(math.sqrt(against) * (eye[i] - eye[figure.piece[piece.hangs]]))
        return np.array(rows)

    def _contacts(self, bears: Sequence[Support], on_toes: bool) -> tuple[list[int], list[int]]:
        """The places that stay where they are, and those that stay on their level only."""
        figure = self._figure
        held: list[int] = []
        level: list[int] = []
        for support in bears:
            stems = BEARING[support]
            if support == "feet" and on_toes and "left_foot_index" in figure.index:
                stems = ("foot_index",)
            names = [name for stem in stems for name in (stem, f"left_{stem}", f"right_{stem}")]
            found = [figure.index[name] for name in names if name in figure.index]
            (level if support == "floor" else held).extend(i for i in found if np.isfinite(figure.start[i]))
        return held, level

    def _limits(self) -> tuple[Array, Array]:
        """How far pieces may stretch and turn against each other: rows times the state, and the most of each."""
        figure, eye, count = self._figure, self._eye, len(self._figure.pieces)
        turned = {name: eye[i] for name, i in figure.piece.items()}
        leaning = 0 * turned["trunk"] if figure.sideways else turned["trunk"]
        free = [
            *((5 * row, 5 * STRETCH) for row in eye[count : 2 * count]),  # what may be left over is less of these
            (turned["head"] - turned["trunk"], math.radians(_HEAD)),
            *((turned[name] - leaning, math.radians(_ACROSS)) for name in ("pelvis", "girdle")),
            (leaning, math.radians(_SIDEWAYS)),
        ]
        limits = [*free, *((-row, most) for row, most in free)]
        self._bent = np.zeros(len(eye))
        for side in ("left", "right") if figure.sideways else ():
            for far, near, ahead in _HINGES:
                far, near, way = f"{side}_{far}", f"{side}_{near}", ahead * float(figure.body.facing)
                bend = way * figure.bend(figure.piece[far], figure.piece[near])
                if math.isfinite(bend):
                    row = way * (turned[far] - turned[near])
                    self._bent += max(_BENT - bend, 0.0) * way * turned[far]
                    limits += [(row, max(math.radians(_FOLDED) - bend, 0.0)), (-row, max(bend, 0.0))]
        return np.array([row for row, _ in limits]), np.array([most for _, most in limits])


def _cost(now: tuple[Array, Array, Array]) -> float:
    wishes, equal, below = now
    above = np.maximum(below, 0.0)
    return float(wishes @ wishes + HARD**2 * (equal @ equal + above @ above))


def _step(now: tuple[Array, Array, Array], slopes: tuple[Array, Array, Array]) -> Array:
    """The step to the least cost, were everything as straight as it seems from here.

    Which of the inequalities take part is settled in a few rounds of Newton's method, each going only as far as it
    gains (the cost is convex).
    """
    (wishes, equal, below), (by_wishes, by_equal, by_below) = now, slopes
    normal = by_wishes.T @ by_wishes + HARD**2 * (by_equal.T @ by_equal) + 1e-9 * np.eye(by_wishes.shape[1])
    pull = by_wishes.T @ wishes + HARD**2 * (by_equal.T @ equal)

    def cost(step: Array) -> float:
        return _cost((wishes + by_wishes @ step, equal + by_equal @ step, below + by_below @ step))

    step = np.zeros(len(pull))
    least = cost(step)
    for _ in range(15):
        part = below + by_below @ step > 0
        rows = by_below[part]
        further = (
            np.linalg.solve(normal + HARD**2 * (rows.T @ rows), -pull - HARD**2 * (rows.T @ below[part])) - step
        )
        while (then := cost(step + further)) > least and np.abs(further).max() > 1e-6:
            further /= 2
        if then > (1 - NO_GAIN) * least:
            break
        step, least = step + further, then
    return step
