"""From judged poses to events: one small machine for each kind of exercise.

Each has `update(judged) -> events`, `finish() -> events`, and says what it has counted and where in the
movement the body is. Which one an exercise needs is its `kind`.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from statistics import median

import numpy as np

from poise.body import Array
from poise.coach.correct import corrections
from poise.coach.cues import Prompter
from poise.coach.events import Counts, Cue, Event, Fault, Hold, Rep, RepKind, View
from poise.coach.exercise import Exercise, Rule
from poise.coach.form import SEEN, Strictness, judge, violated
from poise.coach.machine import Machine, Phase
from poise.coach.measures import Body, Measure, turned
from poise.coach.reps import BACK, STUCK_S, Cycle, CycleFinder, shortfall
from poise.coach.stretch import DIMLY, Judged, Stretch, best_side, sway
from poise.coach.view import observable
from poise.language import words

#: Seconds of rest kept as the person's own neutral, and the fewest that make one.
NEUTRAL_S, NEUTRAL_LEAST_S = 3.0, 0.3
#: Seconds around a repetition that still belong to it, and the most as a share of it: heights change little near
#: standing, where angles change most.
AROUND_S, AROUND = 0.4, 0.25
#: The most one side's signal may range, as a share of the other's, for that side to count as resting.
RESTING = 0.5
#: How many times as long as the shortest repetition one has to last that falls short, to be told why: errors of an
#: estimator that last half a second look like little ones. Ours.
WIGGLE = 2.0
#: The most of a repetition that may be out of sight.
UNSEEN = 0.6
#: Mean score over about a second below which a signal's keypoints are out of sight, and above which they are back.
SURE_S, UNSURE, SURE_AGAIN = 1.0, 0.2, 0.4
#: Seconds in position before a hold begins, and out of it before it ends.
ENTER_S, LEAVE_S = 1.0, 1.0
#: How many times a second a hold is looked at.
LOOK_HZ = 5.0
#: Seconds in a fault after which the timer of a hold pauses, and between looks for faults; seconds at its beginning
#: that are the person's own neutral, and before the same is said again.
PAUSE_S, CHECK_S, HOLD_NEUTRAL_S, SAY_AGAIN_S = 2.0, 0.5, 1.0, 10.0


def machine_of(exercise: Exercise, strictness: Strictness = "standard") -> Machine:
    """The machine that counts an exercise, after its kind."""
    return (Holds if exercise.kind == "hold" else KnownReps)(exercise, strictness)


def angles(measure: Measure, body: Body, view: View) -> Array:
    """A joint angle on each of its sides: in the picture where its plane is seen, else from the world keypoints."""
    return measure.each(body if observable(view, measure.plane) else turned(body, measure.plane))


class KnownReps:
    """Repetitions of a known exercise: its signal drives `CycleFinder`; each cycle is judged as it ends."""

    def __init__(self, exercise: Exercise, strictness: Strictness = "standard") -> None:
        self.exercise = exercise
        self._strictness: Strictness = strictness
        self.counts = Counts()
        self.phase: Phase = "unseen"
        self.progress = math.nan
        self.cue: Cue | None = None
        self._prompter = Prompter(exercise.name)
        self._signal = Progress(exercise)
        self._finder = CycleFinder(exercise.partial)
        self._other = CycleFinder(exercise.partial) if exercise.either else None
        self._inverted = False
        self._recent: deque[Judged] = deque()
        self._neutral: Stretch | None = None

    def update(self, judged: Judged) -> list[Event]:
        """Advance by one pose of the judgement track."""
        t = judged.pose.t
        self.cue = None
        self._recent.append(judged)
        while self._recent[0].pose.t < t - 2 * STUCK_S:
            self._recent.popleft()
        self.progress = self._signal.update(judged)
        usual = self._finder.usual
        cycle = self._finder.update(t, 1 - self.progress if self._inverted else self.progress)
        if self._other is not None and not usual:
            cycle = self._choose_home(t, cycle)
        leaving = self._finder.state == "towards" or (self._other is not None and self._other.state == "towards")
        if self._neutral is None and leaving:
            self._capture_neutral(t)
        self.phase = "unseen" if math.isnan(self.progress) else self._finder.state
        return [] if cycle is None else self._tell(cycle, usual)

    def finish(self) -> list[Event]:
        """The repetition that the end of the recording cuts short."""
        usual = self._finder.usual
        cycle = self._finder.finish()
        return [] if cycle is None else self._tell(cycle, usual)

    def _choose_home(self, t: float, cycle: Cycle | None) -> Cycle | None:
        """Where the movement begins and ends: at rest, or at the turn if a cycle from there completes first."""
        assert self._other is not None
        other = self._other.update(t, 1 - self.progress)
        if cycle is None and other is not None and other.returned >= BACK:
            self._finder, self._inverted = self._other, True
            cycle = other
        if cycle is not None and cycle.returned >= BACK:
            self._other = None
        return cycle

    def _capture_neutral(self, t: float) -> None:
        calm = [j for j in self._recent if j.pose.seen and t - NEUTRAL_S <= j.pose.t < t - 0.2]
        if calm and calm[-1].pose.t - calm[0].pose.t >= NEUTRAL_LEAST_S:
            self._neutral = Stretch.of(calm, calm[0].pose.t)

    def _tell(self, cycle: Cycle, usual: float) -> list[Event]:
        around = min(AROUND_S, AROUND * (cycle.end - cycle.start))
        first, last = cycle.start - around, cycle.end + around
        seen = [j for j in self._recent if j.pose.seen and first <= j.pose.t <= last]
        if not any(cycle.start <= j.pose.t <= cycle.end for j in seen):
            return []
        stretch = self._stretch(cycle, seen)
        invalid = self._invalid(cycle, stretch.between(cycle.start, cycle.end))
        short = shortfall(cycle, self.exercise.full, usual)
        kind: RepKind = "invalid" if invalid else "partial" if short else "full"
        rep = self._rep(cycle, stretch, kind, invalid or short)
        self.counts = replace(self.counts, **{kind: getattr(self.counts, kind) + 1})
        if rep.faults:
            self.cue = self._prompter.update(rep.end, rep.faults)
        return [rep]

    def _stretch(self, cycle: Cycle, seen: list[Judged]) -> Stretch:
        towards, back = max(cycle.arrived - cycle.start, 0.0), max(cycle.end - cycle.left, 0.0)
        lowers_first = (self.exercise.towards == "eccentric") != self._inverted
        stretch = replace(
            Stretch.of(seen, cycle.turn, cycle.start),
            end=cycle.end,
            lowers_first=lowers_first,
            ways=(towards, back) if lowers_first else (back, towards),
        )
        return replace(stretch, side=working_side(self.exercise, stretch.between(cycle.start, cycle.end)))

    def _invalid(self, cycle: Cycle, stretch: Stretch) -> tuple[str, ...]:
        reasons = [c.reason for c in self.exercise.condition if violated(c, stretch)]
        if cycle.end - cycle.start < self.exercise.min_s:
            reasons.append(words("it took only {seconds} s", seconds=f"{cycle.end - cycle.start:.1f}"))
        if cycle.unseen > UNSEEN:
            reasons.append(words("you were out of sight for most of it"))
        still = self.exercise.still
        if still and sway(stretch, still.keypoint) > still.within:
            reasons.append(words("you moved from your place"))
        return tuple(reasons)

    def _rep(self, cycle: Cycle, stretch: Stretch, kind: RepKind, reasons: tuple[str, ...]) -> Rep:
        lowering, lifting = stretch.ways
        measure = self.exercise.shown_angle
        each = angles(measure, stretch.body, stretch.view)
        best = measure.sides().index(best_side(measure, stretch))
        score = float(stretch.scores(self.exercise.signal.quantity).max(0).mean())
        back_again = cycle.returned >= BACK
        told = kind == "partial" and back_again and cycle.end - cycle.start >= WIGGLE * self.exercise.min_s
        held = [rule for rule in self.exercise.fault if kind == "full" or (told and rule.short)]
        faults = tuple(self._judge(rule, stretch) for rule in held)
        return Rep(
            number=self.counts.full + self.counts.partial + self.counts.invalid + 1,
            kind=kind,
            start=cycle.start,
            turn=cycle.turn,
            end=cycle.end,
            rom=stretch.at("range", each[best]).value,
            unit=measure.unit,
            eccentric_s=lowering,
            pause_s=cycle.left - cycle.arrived,
            concentric_s=lifting,
            asymmetry=asymmetry(measure, stretch, each),
            confidence=max(0.0, min(1.0, score * (1 - cycle.unseen) * min(1.0, cycle.returned / 0.9))),
            reasons=reasons,
            faults=faults,
            exercise=self.exercise.name,
            corrections=corrections(self.exercise, faults, stretch, self._neutral),
        )

    def _judge(self, rule: Rule, stretch: Stretch) -> Fault:
        return judge(rule, stretch, self._neutral, self.exercise.working != "front", self._strictness)


class Progress:
    """How far from rest (0) to the turn (1) the signal of an exercise is, pose by pose.

    Where the keypoints of the signal are out of the picture, the height of another in the picture may stand in
    (`Signal.stand_in`); the counting needs differences only, so the stand-in goes on where the signal was.
    """

    def __init__(self, exercise: Exercise) -> None:
        self._signal = exercise.signal
        self._span = exercise.signal.turn - exercise.signal.rest
        self._sure = math.nan
        self._t = math.nan
        self._standing_in = False
        self._offset = 0.0
        self._last = 0.0
        self._last_t = -math.inf

    def update(self, judged: Judged) -> float:
        """The share for the next pose; NaN when it was not seen."""
        pose, scale, view = judged.pose, judged.scale, judged.view
        body = Body(pose, np.float64(scale), np.float64(view.yaw), np.float64(view.facing))  # type: ignore[arg-type]
        share = self._own(body)
        if self._signal.stand_in and pose.seen:
            self._weigh(pose.t, body)
            if self._standing_in or self._sure < UNSURE:
                other = -float(pose.at(self._signal.stand_in)[1]) / scale / self._span
                self._choose(pose.t, share, other)
                if self._standing_in:
                    share = other + self._offset
        if math.isfinite(share):
            self._last, self._last_t = share, pose.t
        return share

    def _own(self, body: Body) -> float:
        measure, rest = self._signal.quantity, self._signal.rest
        if not measure.sided or self._signal.side == "mean":
            return (float(measure.value(body)) - rest) / self._span
        scores = measure.scores(body).tolist()
        best = max(scores)
        shares = [
            (value - rest) / self._span
            for value, score in zip(measure.each(body).tolist(), scores, strict=True)
            if score >= 0.5 * best
        ]
        return max((share for share in shares if math.isfinite(share)), default=math.nan)

    def _weigh(self, t: float, body: Body) -> None:
        """How surely the signal was seen over the last second."""
        score = float(self._signal.quantity.score(body, ""))
        gain = 1.0 if math.isnan(self._sure) else 1 - math.exp(-(t - self._t) / SURE_S)
        self._sure = score if math.isnan(self._sure) else self._sure + gain * (score - self._sure)
        self._t = t

    def _choose(self, t: float, share: float, other: float) -> None:
        """Whether the stand-in speaks from here on."""
        if not self._standing_in and self._sure < UNSURE and math.isfinite(other):
            recent = t - self._last_t <= 2 * SURE_S
            self._standing_in, self._offset = True, (self._last if recent else 0.0) - other
        elif self._standing_in and self._sure > SURE_AGAIN and math.isfinite(share):
            self._standing_in = False


def working_side(exercise: Exercise, stretch: Stretch) -> str:
    """Which side of a repetition is held to the rules: the one that moves, or the front leg; "" when both are."""
    if exercise.working == "together":
        return ""
    if exercise.working == "front":
        left, right = (stretch.at("turn", ahead).value for ahead in _ahead(stretch))
        return "" if left == right or math.isnan(left + right) else "left" if left > right else "right"
    signal = exercise.signal.quantity
    seen = stretch.scores(signal) >= DIMLY
    values = np.where(seen, stretch.values(signal), np.nan)
    left, right = (stretch.at("range", side).value for side in values)
    if left < RESTING * right:
        return "right"
    return "left" if right < RESTING * left else ""


def _ahead(stretch: Stretch) -> Array:
    """How far each ankle is ahead, ``(2, T)``: along the picture from the side, lower in it from the front."""
    ankles = np.array([stretch.body.at(f"{side}_ankle") for side in ("left", "right")])
    if observable(stretch.view, "sagittal"):
        return np.asarray(stretch.body.facing * ankles[..., 0])
    return np.asarray(ankles[..., 1] * (-1.0 if stretch.view.yaw > 90 else 1.0))


def asymmetry(measure: Measure, stretch: Stretch, each: Array) -> float:
    """Left minus right of a joint angle at the turn; NaN unless both sides were seen."""
    if not measure.sided:
        return math.nan
    sides = []
    for values, scores in zip(each, stretch.scores(measure), strict=True):
        value, _, near = stretch.at("turn", values)
        if not near or median(scores[near].tolist()) < SEEN:
            return math.nan
        sides.append(value)
    return sides[0] - sides[1]


class Holds:
    """Holds of a static exercise: in position while every condition holds; the timer pauses in a fault."""

    def __init__(self, exercise: Exercise, strictness: Strictness = "standard") -> None:
        self.exercise = exercise
        self._strictness: Strictness = strictness
        self.counts = Counts()
        self.phase: Phase = "unseen"
        self.progress = math.nan
        self.cue: Cue | None = None
        self._prompter = Prompter(exercise.name, round(SAY_AGAIN_S / CHECK_S))
        self._poses: list[Judged] = []
        self._recent: list[Judged] = []
        self._last_t = self._checked_t = -math.inf
        self._in_since = self._out_since = self._faulty_since = math.nan
        self._held = self._before = 0.0

    def update(self, judged: Judged) -> list[Event]:
        """Advance by one pose of the judgement track; looks `LOOK_HZ` times a second."""
        t = judged.pose.t
        self.cue = None
        if t - self._last_t < 1 / LOOK_HZ:
            return []
        dt, self._last_t = t - self._last_t, t
        if judged.pose.seen and self._in_position(judged):
            self._out_since = math.nan
            self._poses.append(judged)
            if math.isnan(self._in_since):
                self._in_since = self._checked_t = t
            elif not self._paused(t):
                self._held += dt
        elif not math.isnan(self._in_since):
            self._out_since = t if math.isnan(self._out_since) else self._out_since
            if t - self._out_since >= LEAVE_S:
                return self.finish()
        held = t - self._in_since >= ENTER_S
        self.phase = "hold" if held else "rest" if judged.pose.seen else "unseen"
        self.progress = 1.0 if held else 0.0
        if held:
            self.counts = replace(self.counts, held_s=self._before + self._held)
        return []

    def _in_position(self, judged: Judged) -> bool:
        """Whether every condition holds, and what must stay in its place has, as long as a hold takes to begin."""
        still = self.exercise.still
        if still:
            self._recent = [one for one in self._recent if one.pose.t >= judged.pose.t - ENTER_S] + [judged]
            if sway(Stretch.of(self._recent, judged.pose.t), still.keypoint) > still.within:
                return False
        instant = Stretch.of([judged], judged.pose.t)
        return not any(violated(c, instant) for c in self.exercise.condition)

    def finish(self) -> list[Event]:
        """The hold that ends here, if it had begun."""
        poses, self._poses = self._poses, []
        held, self._held = self._held, 0.0
        self._in_since = self._out_since = self._faulty_since = math.nan
        if not poses or poses[-1].pose.t - poses[0].pose.t < ENTER_S:
            return []
        stretch, neutral = self._stretches(poses, poses)
        faults = self._judged(stretch, neutral)
        self._before += held
        self.counts = replace(self.counts, full=self.counts.full + 1, held_s=self._before)
        first, last = poses[0].pose.t, poses[-1].pose.t
        corrected = corrections(self.exercise, faults, stretch, neutral)
        return [Hold(self.counts.full, first, last, held, faults, self.exercise.name, corrected)]

    def _stretches(self, poses: list[Judged], hold: list[Judged]) -> tuple[Stretch, Stretch]:
        """Some poses of a hold, and its beginning, which is the person's neutral."""
        first = hold[0].pose.t
        begun = [judged for judged in hold if judged.pose.t <= first + HOLD_NEUTRAL_S]
        return Stretch.of(poses, poses[len(poses) // 2].pose.t), Stretch.of(begun, first)

    def _judged(self, stretch: Stretch, neutral: Stretch) -> tuple[Fault, ...]:
        together = self.exercise.working == "together"
        return tuple(judge(rule, stretch, neutral, together, self._strictness) for rule in self.exercise.fault)

    def _paused(self, t: float) -> bool:
        """Whether a fault has lasted for long; looks at the last `CHECK_S` seconds, that often."""
        if t - self._checked_t >= CHECK_S:
            recent = [judged for judged in self._poses if judged.pose.t > t - CHECK_S]
            faults = self._judged(*self._stretches(recent, self._poses))
            self.cue = self._prompter.update(t, faults)
            if not any(fault.state == "fault" for fault in faults):
                self._faulty_since = math.nan
            elif math.isnan(self._faulty_since):
                self._faulty_since = self._checked_t
            self._checked_t = t
        return t - self._faulty_since >= PAUSE_S
