"""The page one shows to a friend: the report, its curves and pictures, in one file that asks nobody for anything.

The page may run only the script and styles written into it: the policy in its head names them by their hash and
forbids the network, so nothing that a file name or a note might smuggle in can do harm.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib import resources

import jinja2
import numpy as np
from markupsafe import Markup

from poise.coach.events import Review
from poise.coach.exercise import Exercise
from poise.coach.measures import MEASURES
from poise.report import words
from poise.report.checks import Shot, anchor, checks, described, moments, others
from poise.report.plots import Curve, Tick, curve, round_steps, time_share
from poise.report.schema import Rep, Report
from poise.report.verdict import headline, lead

#: The most fault moments under the film, and the most values in a list, before "and so many more".
MOST_MOMENTS, MOST_VALUES = 12, 8
#: Pixels a plot needs at least: for each repetition, and for each second.
PIXELS_PER_REP, PIXELS_PER_S = 20.0, 6.0

_GRADES = {
    "A": "Published criterion and number",
    "B": "Published criterion, our number",
    "C": "Our own criterion",
    "own": "Learnt from your own examples",
}
_TAKEN = {"front": "from the front", "side": "from the side", "oblique": "at an angle", "rear": "from behind"}


def render(
    report: Report, review: Review, exercise: Exercise | None, shots: Sequence[Shot] = (), film: str | None = None
) -> str:
    """The page, as HTML.

    Args:
        report: what is told; every word and figure of the page is from here.
        review: what the report was made of, for its curves.
        exercise: for the limits drawn into the curves; None when repetitions were only counted.
        shots: pictures of faults (and of other moments, shown apart).
        film: the annotated film, as a path relative to the page; None when there is none.

    """
    found = checks(report, shots)
    style, script = (_read(name) for name in ("report.css", "report.js"))
    span = (float(review.t[0]), float(review.t[-1])) if len(review.t) else (0.0, 0.0)
    page = _environment().get_template("report.html.j2")
    return page.render(
        report=report,
        headline=headline(report),
        lead=lead(report),
        titles=list(dict.fromkeys(one.title for one in report.sets)) or [report.exercise.title],
        figures=_figures(report),
        film=film,
        curves=_curves(review, exercise),
        span=span,
        begins=span[0],
        wide=round(max(PIXELS_PER_REP * len(report.judged), PIXELS_PER_S * (span[1] - span[0]))),
        times=_times(span),
        moments=moments(found),
        checks=found,
        to_work_on=[check for check in found if check.having("fault")],
        in_doubt=[check for check in found if check.having("unsure", "not_observable")],
        others=others(shots, found),
        facts=_facts(report),
        most_rom=max((rep.rom or 0.0 for rep in report.reps), default=0.0),
        thing="hold" if report.holds and not report.reps else "rep",
        grades=_GRADES,
        states=words.STATES,
        taken=_TAKEN,
        most_moments=MOST_MOMENTS,
        most_values=MOST_VALUES,
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
    )


def _policy(style: str, script: str) -> str:
    """A content security policy: no network; this film, these pictures, this style and this script only."""
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        "default-src 'none'; img-src data:; media-src 'self' file:; "
        f"style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; base-uri 'none'; form-action 'none'"
    )


def _figures(report: Report) -> list[dict[str, str]]:
    """The key figures under the headline."""
    figures: list[tuple[str, str, str]] = []
    several = len({one.exercise for one in report.sets}) > 1
    if several:
        figures.append(("Sets", str(len(report.sets)), ""))
    if report.holds and not report.reps:
        longest = max(hold.held_s for hold in report.holds)
        figures.append(("Held", words.duration(report.counts.held_s), ""))
        figures.append(("Longest hold", words.duration(longest), f"of {len(report.holds)}"))
    else:
        full = [rep for rep in report.reps if rep.kind == "full"]
        kinds = [rep.kind for rep in report.reps]
        missed = [f"{n} {kind}" for kind in ("partial", "invalid") if (n := kinds.count(kind))]
        figures.append(("Repetitions", str(len(full)), ", ".join(missed)))
        if any(rep.faults for rep in full):
            clean = sum(all(fault.state != "fault" for fault in rep.faults) for rep in full)
            figures.append(("Without a fault", str(clean), f"of {len(full)}"))
        if full and not several:
            figures += _movement(full)
    if report.seen_share is not None:
        figures.append(("Seen well", f"{100 * report.seen_share:.0f} %", "of the film"))
    return [{"what": what, "value": value, "note": note} for what, value, note in figures]


def _movement(full: Sequence[Rep]) -> list[tuple[str, str, str]]:
    figures = []
    unit = full[0].unit
    known = [rep.rom for rep in full if rep.rom is not None]
    if known:
        reach = f"{words.quantity(min(known), unit)} to {words.quantity(max(known), unit)}"
        figures.append(
            ("Range of motion", words.quantity(words.middle(known), unit), reach if len(known) > 1 else "")
        )
    lasting = words.middle([rep.end - rep.start for rep in full]) or 0.0
    tempo = " – ".join(
        "–" if part is None else f"{part:.1f}"
        for part in (words.middle([getattr(rep, name) for rep in full]) for name in _TEMPO)
    )
    figures.append(("Seconds per rep", f"{lasting:.1f}", f"{tempo} s"))
    apart = words.middle([None if rep.asymmetry is None else abs(rep.asymmetry) for rep in full])
    if apart is not None:
        figures.append(("Left to right", words.quantity(apart, unit), "apart"))
    return figures


_TEMPO = ("eccentric_s", "pause_s", "concentric_s")


def _tempo(rep: Rep) -> str:
    parts = (getattr(rep, name) for name in _TEMPO)
    return " – ".join("–" if part is None else f"{part:.1f}" for part in parts)


def _curves(review: Review, exercise: Exercise | None) -> list[Curve]:
    """The phase signal first, then the angle shown, then the other measures as the exercise has them."""
    rules, benchmarks = (exercise.fault, exercise.benchmark) if exercise else ((), ())
    ahead = [review.signal, *([exercise.angle] if exercise else [])]
    drawn = []
    for name in sorted(review.measured, key=lambda name: ahead.index(name) if name in ahead else len(ahead)):
        measure = MEASURES.get(name)
        unit = measure.unit if measure else review.unit if name == review.signal else ""
        drawn.append(curve(name, unit, review.t, np.asarray(review.measured[name]), rules, benchmarks))
    return [one for one in drawn if one]


def _times(span: tuple[float, float]) -> list[Tick]:
    if span[1] <= span[0]:
        return []
    about = 8 if span[1] - span[0] < 120 else (span[1] - span[0]) / 15
    steps = round_steps(*span, round(about))
    return [Tick(time_share(t, span), words.clock(t).removesuffix(".0")) for t in steps]


def _facts(report: Report) -> list[tuple[str, str]]:
    timing, view = report.timing, report.view
    source = report.source
    facts = [("Film", f"{source.file}, {words.duration(timing.seconds)}, {timing.frames} pictures")]
    if source.width and source.height:
        facts.append(("Picture", f"{source.width} × {source.height}"))
    if timing.ms:
        stages = ", ".join(f"{stage} {ms:.1f}" for stage, ms in timing.ms.items())
        facts.append(("Milliseconds per picture", f"{stages}; {sum(timing.ms.values()):.1f} in all"))
    if timing.wall_s:
        facts.append(("Time taken", words.duration(timing.wall_s)))
    if view.yaw is not None:
        facts.append(("View", f"{view.name}, {view.yaw:.0f}° off the way the body faces"))
    told = ("source", "poise")
    facts += [(_in_words(name), value) for name, value in report.model.items() if name not in told]
    facts.append(("Counted by", _in_words(report.exercise.signal)))
    if source.sha256:
        facts.append(("SHA-256", source.sha256))
    return [*facts, ("Version", f"poise {report.poise}")]


def _in_words(name: str) -> str:
    words_of = name.replace("_", " ").replace(".", ", ")
    return words_of[:1].upper() + words_of[1:]


def _about(name: str) -> str:
    measure = MEASURES.get(name)
    return measure.about if measure else ""


@cache
def _read(name: str) -> str:
    return resources.files("poise.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("poise.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "about": _about,
        "anchor": anchor,
        "along": time_share,
        "base64": lambda data: b64encode(data).decode(),
        "clock": words.clock,
        "described": described,
        "duration": words.duration,
        "listed": words.listed,
        "measure": _in_words,
        "measured": words.measured,
        "unit": words.unit,
        "quantity": words.quantity,
        "tempo": _tempo,
    }
    return environment
