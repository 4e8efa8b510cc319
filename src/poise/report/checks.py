"""One rule over the whole film: where it was broken, kept, in doubt or out of sight, and the pictures of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from poise.coach.events import State
from poise.report.plots import Dot, Dots, Scale
from poise.report.schema import Fault, Hold, Rep, Report
from poise.report.words import STATES, clock, measured, quantity

#: Seconds by which a picture may miss the instant of the fault it shows.
SHOT_WITHIN_S = 0.1


@dataclass(frozen=True)
class Shot:
    """A picture of a moment: when it was, what is said under it, the bytes of a JPEG file.

    ``fault`` names the fault that it shows; empty when it may stand for any fault of that moment. ``right`` is the
    same picture with the corrected pose on it, empty where there is none.
    """

    t: float
    caption: str
    jpeg: bytes
    fault: str = ""
    right: bytes = b""


@dataclass(frozen=True)
class Finding:
    """How a rule came out for one repetition or hold, and the picture that shows it; ``anchor`` is the check's."""

    number: int
    fault: Fault
    shot: Shot | None
    anchor: str = ""


@dataclass(frozen=True)
class Check:
    """One rule of an exercise, and every finding about it in time order; ``rule`` says what they share.

    ``exercise`` is the title of the exercise where the film has several, else empty.
    """

    rule: Fault
    findings: tuple[Finding, ...]
    exercise: str = ""

    def having(self, *states: State) -> tuple[Finding, ...]:
        """The findings that came out like that."""
        return tuple(finding for finding in self.findings if finding.fault.state in states)

    @property
    def worst_first(self) -> tuple[Finding, ...]:
        """The faults, the furthest beyond the limit first."""
        return tuple(sorted(self.having("fault"), key=lambda found: -_beyond(found.fault)))

    @property
    def above(self) -> bool:
        """Whether too much of it is the fault (else too little)."""
        return (self.rule.limit or 0.0) >= (self.rule.ok or 0.0)

    @property
    def limits(self) -> str:
        """The limit in words."""
        limit, ok = (quantity(value, self.rule.unit) for value in (self.rule.limit, self.rule.ok))
        if limit == ok:
            return f"limit {limit}"
        return f"fine up to {ok}, a fault above {limit}" if self.above else f"fine from {ok}, a fault below {limit}"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it could not be judged, each reason once."""
        return tuple(dict.fromkeys(found.fault.reason for found in self.findings if found.fault.reason))

    @property
    def dots(self) -> Dots | None:
        """What was measured, repetition by repetition, against the limit; None when nothing was."""
        known = [found for found in self.findings if found.fault.value is not None]
        limit, ok = self.rule.limit, self.rule.ok
        if not known or limit is None or ok is None:
            return None
        reach = {found.number: _reach(found.fault) for found in known}
        scale = Scale.around([limit, ok, *(value for ends in reach.values() for value in ends)])
        places = {found.number: (i + 0.5) / len(self.findings) for i, found in enumerate(self.findings)}
        return Dots(
            tuple(
                Dot(
                    places[found.number],
                    scale.share(sum(reach[found.number]) / 2),
                    scale.share(reach[found.number][1]),
                    scale.share(reach[found.number][0]),
                    found.fault.state,
                    found.number,
                    found.fault.t or 0.0,
                    measured(found.fault),
                )
                for found in known
            ),
            scale.ticks(self.rule.unit),
            scale.share(limit),
            scale.share(ok),
            self.above,
        )


def checks(report: Report, shots: Sequence[Shot]) -> list[Check]:
    """Every rule of the exercise over the whole film: those most often broken first, then as the exercise has them.

    A fault is shown by the picture of it that is nearest in time, within `SHOT_WITHIN_S`.
    """
    found: dict[tuple[str, str], list[Finding]] = {}
    for item in report.judged:
        for fault in item.faults:
            shot = _picture(shots, fault) if fault.state == "fault" else None
            found.setdefault((item.exercise, fault.name), []).append(
                Finding(item.number, fault, shot, anchor(item, fault))
            )
    titles = {one.exercise: one.title for one in report.sets}
    several = len(titles) > 1
    grouped = [
        Check(findings[0].fault, tuple(findings), titles.get(exercise, "") if several else "")
        for (exercise, _), findings in found.items()
    ]
    return sorted(grouped, key=lambda check: -len(check.having("fault")))


def anchor(item: Rep | Hold, fault: Fault) -> str:
    """Where on the page the check of a fault stands."""
    return f"check-{item.exercise}-{fault.name}"


def moments(found: Sequence[Check]) -> list[Finding]:
    """Every fault of the film, in time order."""
    faults = [finding for check in found for finding in check.having("fault")]
    return sorted(faults, key=lambda finding: finding.fault.t or 0.0)


def others(shots: Sequence[Shot], found: Sequence[Check]) -> list[Shot]:
    """The pictures that belong to no fault, in time order."""
    used = {finding.shot for check in found for finding in check.findings}
    return sorted((shot for shot in shots if shot not in used), key=lambda shot: shot.t)


def described(finding: Finding) -> str:
    """A finding in one line, for tooltips and screen readers."""
    fault = finding.fault
    value = f", {measured(fault)}" if fault.value is not None else ""
    return f"{finding.number}: {fault.title}, {STATES[fault.state]}{value} at {clock(fault.t)}"


def _picture(shots: Sequence[Shot], fault: Fault) -> Shot | None:
    if fault.t is None:
        return None
    away = {shot: abs(shot.t - fault.t) for shot in shots if shot.fault in ("", fault.name)}
    nearest = min(away, key=away.__getitem__, default=None)
    return nearest if nearest and away[nearest] <= SHOT_WITHIN_S else None


def _beyond(fault: Fault) -> float:
    if fault.value is None or fault.limit is None or fault.ok is None:
        return 0.0
    return abs(fault.value - fault.ok) / (abs(fault.limit - fault.ok) or 1.0)


def _reach(fault: Fault) -> tuple[float, float]:
    value, sigma = fault.value or 0.0, fault.sigma or 0.0
    return value - sigma, value + sigma
