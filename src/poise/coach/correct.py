"""The corrected pose: what this body would look like within its limits, at an instant of a repetition or hold.

It is the nearest pose of the same limbs, borne by the same feet (or hands, whatever bears the body), in which the
broken rules are kept with something to spare, and the others are no worse than they were (see `figure`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from poise.body import Pose, PoseSequence
from poise.coach.events import Fault
from poise.coach.exercise import Exercise, Rule, Support
from poise.coach.figure import Bound, Figure, Settling
from poise.coach.form import neutral_of
from poise.coach.measures import Body, Plane
from poise.coach.stretch import DIMLY, NEAR_S, Stretch

#: How far within its ok limit a corrected measure is brought, as a share of the way from ok to limit. Ours.
MARGIN = 0.1
#: Displacement, in torso lengths, from which on a keypoint has moved.
MOVED = 0.05
#: The moments of a rule at which a posture is asked for; others are about time.
POSTURES = frozenset({"start", "turn", "max", "min", "range", "median", "gain"})

UNSEEN = "Too little of the body was seen to say how it would look."
TIMING = "It is about when you move, not about where you are."
NOWHERE = "No posture of these limbs on the same spot was found that mends {}."


@dataclass(frozen=True)
class Change:
    """What the correction does to the measure of a broken rule, on one side, in its unit."""

    rule: str
    keypoints: tuple[str, ...]
    before: float
    after: float
    unit: str


class Correction:
    """One instant of a repetition or hold as it would be within its limits; worked out when first asked for.

    ``t`` is the instant in seconds, ``faults`` the names of the rules that it corrects, ``seen`` the pose as it
    was, ``body`` the same with where it was seen from, ``bounds`` what the rules ask of it.
    """

    def __init__(
        self, fault: str, bears: Sequence[Support], body: Body, pose: Pose, bounds: Sequence[Bound]
    ) -> None:
        self.t = pose.t
        self.faults = tuple(dict.fromkeys((fault, *(bound.rule for bound in bounds if bound.broken))))
        self.seen, self.body, self.bounds, self._bears = pose, body, tuple(bounds), bears

    @property
    def pose(self) -> Pose | None:
        """The corrected pose, in the pixels of the picture; None where there is none (see `reason`)."""
        return self._solved[0]

    @property
    def reason(self) -> str:
        """Why there is no corrected pose, in a sentence; empty where there is one."""
        return self._solved[1]

    @property
    def on_toes(self) -> bool:
        """Whether feet turn about their toes: only where a rule about feet cannot be kept with them as they are."""
        return self._solved[2]

    @cached_property
    def moved(self) -> tuple[str, ...]:
        """The keypoints that the correction moves by more than `MOVED` torso lengths, the furthest first."""
        if self.pose is None:
            return ()
        away = np.nan_to_num(np.hypot(*(self.pose.points - self.seen.points).T) / float(self.body.scale))
        return tuple(self.pose.skeleton.keypoints[i] for i in np.argsort(-away) if away[i] > MOVED)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What it does to the measures of the rules it corrects."""
        if self.pose is None:
            return ()
        after = replace(self.body, pose=self.pose)
        return tuple(
            Change(
                bound.rule,
                bound.measure.keypoints(bound.side),
                float(bound.value(self.body)),
                float(bound.value(after)),
                bound.measure.unit,
            )
            for bound in self.bounds
            if bound.broken
        )

    @property
    def keypoints(self) -> dict[str, tuple[float, float]]:
        """Where every keypoint would be, ``{name: (x, y)}`` in pixels; empty where there is no corrected pose."""
        if self.pose is None:
            return {}
        named = zip(self.pose.skeleton.keypoints, self.pose.points.round(1).tolist(), strict=True)
        return {name: (x, y) for name, (x, y) in named if math.isfinite(x) and math.isfinite(y)}

    @cached_property
    def _solved(self) -> tuple[Pose | None, str, bool]:
        broken = [bound for bound in self.bounds if bound.broken]
        if not broken:
            return None, TIMING, False
        plane: Plane = next((b.measure.plane for b in broken if b.measure.plane != "any"), "any")
        figure = Figure(self.body, plane)
        if not figure.whole:
            return None, UNSEEN, False
        feet = any(name.endswith(("ankle", "heel", "foot_index")) for b in broken for name in b.measure.needs)
        left: list[Bound] = []
        for on_toes in (False, True) if feet else (False,):
            settling = Settling(figure, self._bears, self.bounds, on_toes)
            settling.settle()
            left = settling.unmet
            if not left:
                points = figure.bodies(figure.places(settling.state)).pose.points
                return Pose(self.seen.skeleton, self.t, points, self.seen.score, size=self.seen.size), "", on_toes
        titles = " and ".join(dict.fromkeys(f"“{bound.title}”" for bound in left))
        return None, NOWHERE.format(titles), False


def corrections(
    exercise: Exercise, faults: Sequence[Fault], stretch: Stretch, neutral: Stretch | None
) -> tuple[Correction, ...]:
    """The corrected poses of a repetition or hold, one for every moment of a fault, the worst first.

    Rules broken at about the same moment are corrected together; what the camera cannot show is left alone.

    Args:
        exercise: what was done.
        faults: how each of its rules came out.
        stretch: the repetition or hold.
        neutral: the person before the first repetition, for rules relative to it.

    """
    made: list[Correction] = []
    broken = [fault for fault in faults if fault.state == "fault"]
    for fault in sorted(broken, key=lambda fault: -abs(fault.value - fault.limit) / fault.sigma):
        if not any(fault.name in done.faults for done in made):
            moment = _Moment(exercise, stretch, neutral, fault)
            bounds = [bound for other in faults for bound in moment.bounds(other)]
            made.append(Correction(fault.name, exercise.bears, moment.body, moment.pose, bounds))
    return tuple(made)


class _Moment:
    """The instant at which a rule was broken, and what every rule asks of it."""

    def __init__(self, exercise: Exercise, stretch: Stretch, neutral: Stretch | None, fault: Fault) -> None:
        index = int(np.argmin(np.abs(stretch.t - fault.t)))
        self.body = stretch.instant(index)
        pose, whole = self.body.pose, stretch.body.pose
        size = whole.size if isinstance(whole, PoseSequence) else None
        self.pose = Pose(pose.skeleton, float(stretch.t[index]), pose.points, pose.score, size=size)
        self._rules = {rule.name: rule for rule in exercise.fault}
        self._symmetric = exercise.working == "together"
        self._stretch, self._neutral, self._fault = stretch, neutral, fault

    def bounds(self, fault: Fault) -> Iterator[Bound]:
        """What a rule asks of every side; nothing when it asks nothing of this moment, or could not be seen."""
        rule = self._rules[fault.name]
        if fault.state == "not_observable" or not self._in_force(rule, fault):
            return
        measure, gap = rule.quantity, abs(rule.limit - rule.ok)
        sides = {side: self._reach(rule, fault, side) for side in measure.sides()}
        off = {side: max(now - high, low - now) for side, (now, low, high) in sides.items()}
        judged = next((side for side in sides if measure.keypoints(side) == fault.keypoints), measure.sides()[0])
        for side, (_, low, high) in sides.items():
            if not math.isfinite(off[side]) or float(measure.score(self.body, side)) < DIMLY:
                continue
            # The other side of a movement that is not symmetric may be doing something else altogether.
            alike = side == judged or self._symmetric or off[side] <= 2 * off[judged]
            mends = fault.state == "fault" and alike and (fault is self._fault or off[side] > 0)
            spare = MARGIN * gap if mends else -max(off[side], 0.0)
            yield Bound(rule.name, rule.title, measure, side, low + spare, high - spare, gap, mends)

    def _reach(self, rule: Rule, fault: Fault, side: str) -> tuple[float, float, float]:
        """A measure now, and between what it must lie for its rule to be all right."""
        now, ok = float(rule.quantity.compute(self.body, side)), rule.ok
        if rule.at == "range":
            low, high = np.nanquantile(rule.quantity.compute(self._stretch.body, side), (0.05, 0.95)).tolist()
            return (now, -math.inf, low + ok) if now - low > high - now else (now, high - ok, math.inf)
        if rule.at == "gain":
            ok += now - fault.value
        if rule.relative:
            ok += neutral_of(rule, self._neutral, side)[0]
        return (now, -math.inf, ok) if rule.above else (now, ok, math.inf)

    def _in_force(self, rule: Rule, fault: Fault) -> bool:
        """Whether a rule asks something of this moment: some ask it throughout, others once."""
        if rule.at not in POSTURES:
            return False
        throughout = rule.at in ("range", "median") or (rule.at, rule.above) in (("max", True), ("min", False))
        if throughout or abs(fault.t - self._fault.t) <= 2 * NEAR_S:
            return True
        if rule.at == "gain" or (fault.state == "fault" and rule.at != "turn"):
            return False  # broken at a moment of its own, it is mended there
        now = [float(rule.quantity.compute(self.body, side)) for side in rule.quantity.sides()]
        return any(abs(value - fault.value) <= abs(rule.limit - rule.ok) for value in now)  # about as it was judged
