"""The desk coach: presence, measures, signatures and alerts, composed. A recording is a loop over the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from poise.body import Pose
from poise.coach.desk.baseline import Baseline
from poise.coach.desk.events import (
    PRESENCES,
    BreakTaken,
    DeskEvent,
    DeskFeedback,
    Opinion,
    Presence,
    Recalibrate,
    Sign,
)
from poise.coach.desk.policy import Bad, DeskSettings, Dwell, Policy
from poise.coach.desk.presence import PresenceTracker
from poise.coach.desk.sight import Steady, glance
from poise.coach.desk.signatures import DWELL_S, OF_S, TITLES, Signature, bounds, signatures_of, value_of
from poise.language import words

#: Looks nearer to each other than this are one; once or twice a second is enough. A pause longer than `LONGEST_S`
#: counts as that long.
PACE_S, LONGEST_S = 0.25, 2.0
#: Seconds in which the baseline follows who sits well, and by how many spreads at most.
DRIFT_S, DRIFT_MOST = 1200.0, 1.0
#: Percent from which on the second opinion is that one sits badly, and below which that one sits well again. Ours.
OPINION, OPINION_CLEAR = 50.0, 40.0
#: Head and shoulders risen together by so many centimetres for so long, at the same distance: the camera or the
#: chair has moved, since nobody grows. Ours.
MOVED_CM, MOVED_S = 5.0, 60.0


class Desk:
    """Watches somebody sit: `update` takes a pose and says all there is to say about it.

    Set ``silent`` to hold alerts back (quiet hours, a meeting), ``moved`` when the camera was seen to have moved.

    Args:
        baseline: how they sit when they sit well.
        settings: what they chose.

    """

    def __init__(self, baseline: Baseline, settings: DeskSettings | None = None) -> None:
        settings = settings or DeskSettings()
        self.baseline = baseline
        self.silent = False
        self.moved = False
        watched = [s for s in signatures_of(baseline) if s.name not in settings.leave_out]
        self._watched = [(s, Dwell(s.dwell_s, s.of_s), *bounds(s, baseline)) for s in watched]
        self._second = Dwell(DWELL_S, OF_S)
        self._policy = Policy(settings)
        self._presence = PresenceTracker(baseline)
        self._steady = Steady()
        self._drift = dict.fromkeys(baseline.spread, 0.0)
        self._risen_s = 0.0
        self._told_moved = False
        self._untold: list[DeskEvent] = []
        self._last: DeskFeedback | None = None

    def update(self, pose: Pose, opinion: Opinion | None = None) -> DeskFeedback:
        """What there is to say about the next pose; one that follows too closely changes nothing.

        ``opinion`` is what a classifier says of it: held as long as a signature, and told of when it differs.
        """
        last = self._last
        if last is not None and pose.t - last.t < PACE_S:
            return replace(last, events=())
        dt = 0.0 if last is None else min(pose.t - last.t, LONGEST_S)
        seen = glance(pose, self.baseline.view)
        measures = self.baseline.measures(self._steady.update(seen)) if seen else {}
        presence = self._presence.update(pose.t, dt, seen, measures)
        if presence == "away":
            self._steady.reset()
        if presence in ("away", "other", "standing"):
            for _, dwell, *_ in self._watched:
                dwell.reset()
            self._second.reset()
        events = self._watch_camera(pose.t, dt, presence, measures)
        if self.moved or self._risen_s >= MOVED_S:
            presence = "moved"
        self._last = self._say(pose.t, dt, presence, measures, events, opinion)
        return self._last

    def snooze(self, seconds: float) -> None:
        """Say nothing for some time from now on; 0 ends it."""
        self._policy.snooze(self._now + seconds)

    def exercised(self, exercise: str, reps: int) -> BreakTaken:
        """Note that the exercise of a break was done and counted; the next feedback tells of it, too."""
        event = self._policy.took_break(self._now, exercise, reps)
        self._untold.append(event)
        return event

    @property
    def _now(self) -> float:
        return self._last.t if self._last else 0.0

    def _watch_camera(
        self, t: float, dt: float, presence: Presence, measures: Mapping[str, float]
    ) -> list[DeskEvent]:
        """Notice that the camera or the chair was moved."""
        if presence == "sitting":
            there = abs(measures.get("nearer", 0.0)) < 0.1 * self.baseline.distance
            risen = measures["rise"] > MOVED_CM and there
            self._risen_s = self._risen_s + dt if risen else 0.0
        moved = self.moved or self._risen_s >= MOVED_S
        tell, self._told_moved = moved and not self._told_moved, moved
        if not tell:
            return []
        return [
            Recalibrate(t, words("The camera, the screen or the chair has moved. Sit well and calibrate again."))
        ]

    def _say(
        self,
        t: float,
        dt: float,
        presence: Presence,
        measures: Mapping[str, float],
        events: list[DeskEvent],
        opinion: Opinion | None,
    ) -> DeskFeedback:
        signs, bad = [], []
        against = {name: value - self._drift.get(name, 0.0) for name, value in measures.items()}
        for signature, dwell, limit, clear in self._watched:
            sign = self._sign(dt, signature, dwell, limit, clear, presence, against)
            signs.append(sign)
            if dwell.bad:
                bad.append(self._bad(signature, sign, measures))
        self._follow(dt, presence, measures, bool(bad))
        silent = self.silent or self._policy.silent(t)
        events += self._untold
        self._untold = []
        second = self._hear(dt, presence, opinion) if opinion else None
        differs = _differs(opinion, second, signs) if opinion and second else None
        told = self._policy.update(t, dt, presence, bad, silent, differs)
        return DeskFeedback(
            t=t,
            presence=presence,
            signs=tuple(signs),
            distance=self.baseline.distance - measures.get("nearer", math.nan),
            sat_s=self._policy.sat_s,
            streak_s=self._policy.streak_s,
            silent=silent,
            opinion=second,
            counts=self._policy.counts,
            events=(*events, *told),
        )

    def _hear(self, dt: float, presence: Presence, opinion: Opinion) -> Sign:
        """The second opinion as of now; only who sits and is known is what it was taught with."""
        dwell, value, reason = self._second, 100 * opinion.bad, ""
        if presence == "sitting":
            dwell.update(dt, value, OPINION, OPINION_CLEAR)
            state = "bad" if dwell.bad else "ok"
        else:
            state, value, reason = "not_observable", math.nan, PRESENCES[presence]
        name, limits = "opinion", (OPINION, OPINION_CLEAR)
        return Sign(name, TITLES[name], state, value, "%", *limits, dwell.bad_s, reason)  # type: ignore[arg-type]

    def _sign(
        self,
        dt: float,
        signature: Signature,
        dwell: Dwell,
        limit: float,
        clear: float,
        presence: Presence,
        against: Mapping[str, float],
    ) -> Sign:
        if presence in ("sitting", "turned"):
            value, reason = value_of(signature, against, self.baseline)
        else:
            value, reason = math.nan, PRESENCES[presence]
        if not reason:
            dwell.update(dt, value, limit, clear)
        state = "not_observable" if reason else "bad" if dwell.bad else "ok"
        name, title, unit = signature.name, signature.title, signature.unit
        return Sign(name, title, state, value, unit, limit, clear, dwell.bad_s, reason)  # type: ignore[arg-type]

    def _bad(self, signature: Signature, sign: Sign, measures: Mapping[str, float]) -> Bad:
        raw = measures.get(signature.measure, math.nan)
        distance = self.baseline.distance - measures.get("nearer", math.nan)
        text = signature.text(sign.value, raw, distance) if math.isfinite(sign.value) else ""
        return Bad(sign.name, sign.value / sign.limit, sign.value, sign.unit, text)

    def _follow(self, dt: float, presence: Presence, measures: Mapping[str, float], bad: bool) -> None:
        """Let the baseline follow slowly who sits well, and never far: a slow slouch is not the new baseline."""
        if presence != "sitting" or bad:
            return
        for name, spread in self.baseline.spread.items():
            off = measures[name] - self._drift[name]
            if abs(off) < 2.0 * spread:
                drift = self._drift[name] + off * dt / DRIFT_S
                self._drift[name] = max(-DRIFT_MOST * spread, min(DRIFT_MOST * spread, drift))


def _differs(opinion: Opinion, second: Sign, signs: Sequence[Sign]) -> str | None:
    """How the second opinion differs from what is measured; empty if it does not, None if it is in doubt."""
    if second.state == "not_observable" or (second.value > second.limit) != (second.state == "bad"):
        return None
    bad = ", ".join(sign.title.lower() for sign in signs if sign.state == "bad")
    if bool(bad) == (second.state == "bad"):
        return ""
    if bad:
        both = {"signs": bad, "label": opinion.label}
        return words("We differ: I measure {signs}; your classifier calls this {label}.", **both)
    return words("We differ: your classifier calls this {label}; I measure nothing off.", label=opinion.label)
