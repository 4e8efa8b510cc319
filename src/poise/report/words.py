"""Figures in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from poise.coach.events import State
from poise.language import words
from poise.report.schema import Fault

#: How a rule came out, in words.
STATES: dict[State, str] = {
    "fault": "fault",
    "unsure": "too close to call",
    "ok": "fine",
    "not_observable": "not visible from here",
}
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
    """What was measured, with its standard error, such as ``18 ± 4°``."""
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
    said = [str(item) for item in items]
    if len(said) > most:
        said = [*said[: most - 1], words("{n} more", n=len(said) - most + 1)]
    if len(said) < 2:
        return "".join(said)
    return words("{some} and {last}", some=", ".join(said[:-1]), last=said[-1])


def middle(values: Sequence[float | None]) -> float | None:
    """The median of what is known, None when nothing is.

    >>> middle([1.0, None, 5.0, 2.0]), middle([None])
    (2.0, None)
    """
    known = [value for value in values if value is not None]
    return median(known) if known else None
