"""The verdict in plain words: one line that says it, and a few sentences that go on from there."""

from __future__ import annotations

from poise.language import words
from poise.report.schema import Rep, Report, Set
from poise.report.words import counted, duration, listed, quantity

#: Below this share of instants at which the person was seen well, the verdict says so.
SEEN_LITTLE = 0.7


def headline(report: Report) -> str:
    """What was counted, and the one thing that matters most about it."""
    if len({one.exercise for one in report.sets if one.counts.full}) > 1:
        return _workout(report)
    others = report.counts.partial + report.counts.invalid
    done = [item for item in report.judged if _counts(item)]
    if not done:
        one = counted(1, _noun(report)).removeprefix("1 ")
        if others:
            return words("No full {exercise}, {n} that did not count", exercise=one, n=others)
        return words("No {exercise} was counted", exercise=one)
    if report.holds:
        held = duration(report.counts.held_s)
        what = words("{exercise} held for {time}", exercise=report.exercise.title, time=held)
    else:
        what = counted(report.counts.full, _noun(report))
    faults = _faults(report)
    if len(faults) > 1:
        clean = len({item.number for item in done}.difference(*faults.values()))
        if len(done) == 1:
            return words("{what}, not without fault", what=what)
        if not clean:
            return words("{what}, none of them without a fault", what=what)
        return words("{what}, {n} of them without a fault", what=what, n=clean)
    for title, where in faults.items():
        lower = title[:1].lower() + title[1:]
        if len(done) == 1:
            return words("{what}, {fault}", what=what, fault=lower)
        if len(where) == len(done):
            return words("{what}, {fault} on all", what=what, fault=lower)
        share = words("{n} of {all}", n=len(where), all=len(done)) if report.holds else len(where)
        return words("{what}, {fault} on {share}", what=what, fault=lower, share=share)
    if others and report.counts.invalid:
        return words("{what}, {n} more did not count", what=what, n=others)
    if others:
        return words("{what}, {n} more did not go far enough", what=what, n=others)
    states = {fault.state for item in done for fault in item.faults}
    if states == {"ok"}:
        return words("{what}, all without a fault", what=what)
    return words("{what}, no fault seen", what=what) if states else what


def _workout(report: Report) -> str:
    """What was done of each exercise, in the order in which they were begun."""
    done: dict[str, tuple[int, float]] = {}
    for one in report.sets:
        full, held = done.get(one.title, (0, 0.0))
        done[one.title] = full + one.counts.full, held + (one.counts.held_s or 0.0)
    return listed(
        [
            words("{exercise} for {time}", exercise=title.lower(), time=duration(held))
            if held
            else counted(full, title)
            for title, (full, held) in done.items()
            if full
        ]
    ).capitalize()


def lead(report: Report) -> list[str]:
    """Where the faults are, what did not count, what could not be judged; one sentence each."""
    thing = "hold" if report.holds and not report.reps else "rep"
    sentences = [
        f"{title} on {thing}{'s' * (len(where) > 1)} {listed(where)}." for title, where in _faults(report).items()
    ]
    for kind in ("partial", "invalid"):
        missed = [rep.number for rep in report.reps if rep.kind == kind]
        if len(missed) == 1:
            sentences.append(f"Rep {missed[0]} is {kind} and does not count.")
        elif missed:
            sentences.append(f"Reps {listed(missed)} are {kind} and do not count.")
    rules = {fault.title for item in report.judged for fault in item.faults}
    judged = {fault.title for item in report.judged for fault in item.faults if fault.state != "not_observable"}
    hidden = len(rules - judged)
    if hidden:
        sentences.append(f"{hidden} check{'s' * (hidden > 1)} could not be judged in this film.")
    sentences += [_together(one, several=len(report.sets) > 1) for one in report.sets if one.summary]
    if report.seen_share is not None and report.seen_share < SEEN_LITTLE:
        sentences.append(f"The person was seen well in only {100 * report.seen_share:.0f} % of the film.")
    return sentences


def score(report: Report) -> float | None:
    """Share of the repetitions and holds that count and are without a fault, 0 to 1; None when there are none."""
    clean = [all(fault.state != "fault" for fault in item.faults) for item in report.judged if _counts(item)]
    return sum(clean) / len(report.judged) if report.judged else None


def tips(report: Report) -> list[str]:
    """What to do about each fault seen, the most frequent first, then about the set-up."""
    cues = {fault.title: fault.cue for item in report.judged for fault in item.faults if fault.state == "fault"}
    return [*dict.fromkeys(cues[title] for title in _faults(report)), *(advice.text for advice in report.advice)]


def _together(one: Set, several: bool) -> str:
    """How alike, how even and how tiring the repetitions of a set were."""
    summary = one.summary
    assert summary is not None
    parts = [f"range {quantity(summary.rom, summary.unit)}"]
    for spread, what in ((summary.rom_spread, "range"), (summary.tempo_spread, "time")):
        if spread is not None:
            parts.append(f"{what} alike within {100 * spread:.0f} %")
    if summary.asymmetry is not None:
        parts.append(f"left and right {quantity(abs(summary.asymmetry), summary.unit)} apart")
    if summary.tired:
        lost, slowed = (100 * max(share or 0.0, 0.0) for share in (summary.range_lost, summary.slowed))
        parts.append(f"tiring, with {lost:.0f} % of range lost and lifting {slowed:.0f} % slower at the end")
    return f"{f'Set {one.number}' if several else 'The set'}: {', '.join(parts)}."


def _noun(report: Report) -> str:
    return "repetition" if report.exercise.name == "any" else report.exercise.title


def _counts(item: object) -> bool:
    return not isinstance(item, Rep) or item.kind == "full"


def _faults(report: Report) -> dict[str, list[int]]:
    """Titles of what went wrong, the most frequent first, with the numbers of the repetitions that count."""
    found: dict[str, list[int]] = {}
    for item in filter(_counts, report.judged):
        for fault in item.faults:
            if fault.state == "fault":
                found.setdefault(fault.title, []).append(item.number)
    return dict(sorted(found.items(), key=lambda fault: -len(fault[1])))
