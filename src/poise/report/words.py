"""Figures and verdicts in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from poise.report.schema import Fault, Rep, Report

#: Below this share of instants at which the person was seen well, the verdict says so.
SEEN_LITTLE = 0.7
#: How a unit is written after a number, and with how many decimals.
_UNITS = {"deg": ("°", 0), "torso": (" torso", 2), "ratio": ("", 2), "s": (" s", 1), "": ("", 2)}


def quantity(value: float | None, unit: str) -> str:
    """A measured value with its unit.

    >>> quantity(17.6, "deg"), quantity(0.314, "torso"), quantity(None, "deg")
    ('18°', '0.31 torso', '–')
    """
    if value is None:
        return "–"
    mark, decimals = _UNITS.get(unit, (f" {unit}", 2))
    return number(value, decimals) + mark


def mark(value: float, unit: str) -> str:
    """A value on an axis whose unit is told elsewhere: no more decimals than it needs.

    >>> mark(20.0, "deg"), mark(0.25, "torso"), mark(1.5, "s")
    ('20°', '0.25', '1.5')
    """
    return number(value, 2).rstrip("0").rstrip(".") + ("°" if unit == "deg" else "")


def unit(name: str) -> str:
    """A unit in words, empty for degrees, which carry their own sign.

    >>> unit("torso"), unit("deg"), unit("s")
    ('torso lengths', '', 'seconds')
    """
    return {"torso": "torso lengths", "s": "seconds", "deg": ""}.get(name, name)


def number(value: float, decimals: int) -> str:
    """A number with a true minus sign, and none before a zero.

    >>> number(-3.26, 1), number(-0.04, 1)
    ('−3.3', '0.0')
    """
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def measured(fault: Fault) -> str:
    """What was measured, with its standard error.

    >>> from poise.report.schema import Fault
    >>> words = dict.fromkeys(("title", "cue", "why", "source"), "")
    >>> measured(Fault(name="depth", state="fault", value=17.6, sigma=3.9, unit="deg", limit=10, ok=0,
    ...                probability=0.97, t=2, view="side", evidence="A", **words))
    '18 ± 4°'
    """
    if fault.value is None:
        return "not measured"
    mark, decimals = _UNITS.get(fault.unit, (f" {fault.unit}", 2))
    error = "" if fault.sigma is None else f" ± {number(fault.sigma, decimals)}"
    return number(fault.value, decimals) + error + mark


def clock(seconds: float | None) -> str:
    """A time of the film, to a tenth of a second.

    >>> clock(7.24), clock(127.96), clock(3725), clock(None)
    ('0:07.2', '2:08.0', '1:02:05.0', '–')
    """
    if seconds is None:
        return "–"
    tenths = round(abs(seconds) * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    sign = "−" if seconds < 0 and tenths + minutes + hours else ""
    lead = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{sign}{lead}:{tenths // 10:02}.{tenths % 10}"


def duration(seconds: float) -> str:
    """A length of time.

    >>> duration(9.42), duration(75.2), duration(3720)
    ('9.4 s', '1 min 15 s', '1 h 2 min')
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def counted(n: int, title: str) -> str:
    """So many of an exercise.

    >>> counted(1, "Squat"), counted(8, "Push-up"), counted(3, "Shoulder press")
    ('1 squat', '8 push-ups', '3 shoulder presses')
    """
    noun = title[:1].lower() + title[1:]
    if n != 1:
        noun += "es" if noun.endswith(("s", "sh", "ch", "x")) else "s"
    return f"{n} {noun}"


def listed(items: Sequence[object], most: int = 6) -> str:
    """Things in a row, as one says them.

    >>> listed([2]), listed([2, 6]), listed([1, 2, 3, 4, 5, 6, 7, 8])
    ('2', '2 and 6', '1, 2, 3, 4, 5 and 3 more')
    """
    words = [str(item) for item in items]
    if len(words) > most:
        words = [*words[: most - 1], f"{len(words) - most + 1} more"]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def middle(values: Sequence[float | None]) -> float | None:
    """The median of what is known, None when nothing is.

    >>> middle([1.0, None, 5.0, 2.0]), middle([None])
    (2.0, None)
    """
    known = [value for value in values if value is not None]
    return median(known) if known else None


def headline(report: Report) -> str:
    """The verdict in one line: what was counted, and the one thing that matters most about it."""
    faults = _faults(report)
    if report.holds:
        what = f"{report.exercise.title} held for {duration(report.counts.held_s)}"
        done = [hold.number for hold in report.holds]
    else:
        n, others = report.counts.full, report.counts.partial + report.counts.invalid
        one = counted(1, _noun(report)).removeprefix("1 ")
        if n == 0:
            return f"No full {one}, {others} that did not count" if others else f"No {one} was counted"
        what = counted(n, _noun(report))
        done = [rep.number for rep in report.reps if rep.kind == "full"]
    if not faults:
        states = {fault.state for item in report.judged for fault in item.faults}
        return what + (", all without a fault" if states == {"ok"} else ", no fault seen" if states else "")
    if len(faults) == 1:
        title, where = next(iter(faults.items()))
        lower = title[:1].lower() + title[1:]
        if len(done) == 1:
            return f"{what}, {lower}"
        share = "all" if len(where) == len(done) else f"{len(where)} of {len(done)}" if report.holds else len(where)
        return f"{what}, {lower} on {share}"
    clean = len(set(done).difference(*faults.values()))
    if len(done) == 1:
        return f"{what}, {len(faults)} things to work on"
    return f"{what}, {clean or 'none'} of them without a fault"


def lead(report: Report) -> list[str]:
    """A few sentences that go on from the headline: where the faults are, what did not count, what is unknown."""
    item = "hold" if report.holds else "rep"
    sentences = []
    for title, where in _faults(report).items():
        several = item if len(where) == 1 else f"{item}s"
        sentences.append(f"{title} on {several} {listed(where)}.")
    counts = report.counts
    kinds = [f"{n} {kind}" for n, kind in ((counts.partial, "partial"), (counts.invalid, "invalid")) if n]
    if kinds and counts.full:
        sentences.append(f"Not counted: {listed(kinds)}.")
    blind = Counter(
        fault.title for thing in report.judged for fault in thing.faults if fault.state == "not_observable"
    )
    hidden = [title for title, n in blind.items() if n == len(report.judged)]
    if hidden:
        checks = "check" if len(hidden) == 1 else "checks"
        sentences.append(f"{len(hidden)} {checks} could not be judged in this film.")
    if report.seen_share is not None and report.seen_share < SEEN_LITTLE:
        sentences.append(f"The person was seen well in only {100 * report.seen_share:.0f} % of the film.")
    return sentences


def _noun(report: Report) -> str:
    return "repetition" if report.exercise.name == "any" else report.exercise.title


def _faults(report: Report) -> dict[str, list[int]]:
    """Titles of what went wrong, the most frequent first, with the numbers of the repetitions that count."""
    found: dict[str, list[int]] = {}
    for item in report.judged:
        if isinstance(item, Rep) and item.kind != "full":
            continue
        for fault in item.faults:
            if fault.state == "fault":
                found.setdefault(fault.title, []).append(item.number)
    return dict(sorted(found.items(), key=lambda fault: -len(fault[1])))
