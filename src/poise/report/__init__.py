"""What a user reads after a film: the HTML report, the tables, the annotated film."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from poise.body import PoseSequence
from poise.body.formats import replacing
from poise.coach.events import Rep as Done
from poise.coach.events import Review
from poise.coach.exercise import Exercise
from poise.report.checks import Shot
from poise.report.html import render
from poise.report.schema import Rep, Report, Timing

__all__ = ["REP_COLUMNS", "Report", "Shot", "Timing", "rep_row", "reps_csv", "write_report"]


def write_report(
    folder: Path,
    review: Review,
    sequence: PoseSequence,
    exercise: Exercise | None,
    *,
    source: Path,
    timing: Timing,
    notes: Iterable[str] = (),
    shots: Sequence[Shot] = (),
    film: str | None = None,
) -> Report:
    """Write ``report.html``, ``report.json`` and ``reps.csv`` into a folder, and give back what they say.

    Args:
        folder: where to; made when it is missing.
        review: what the coach says of the recording.
        sequence: the poses that were judged.
        exercise: what they were held to; None when repetitions were only counted.
        source: the film or recording; its name, size and hash are told, never its folder.
        timing: how much was looked at, and how long it took.
        notes: what else the reader should know, such as that a second person was seen.
        shots: pictures of faults, each taken at its fault's ``t``; pictures of other moments are shown apart.
        film: the annotated film, relative to the folder, such as ``annotated.mp4``; None when there is none.

    Raises:
        OSError: when the folder cannot be written to, or the source cannot be read.

    """
    report = Report.of(review, sequence, exercise, source, timing, notes)
    page = render(report, review, exercise, shots, film)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("report.json", report.text()), ("reps.csv", reps_csv(report)), ("report.html", page)):
        with replacing(folder / name) as file:
            file.write(text.encode())
    return report


_PLAIN = (
    *("number", "exercise", "kind", "start", "turn", "end", "rom", "unit"),
    *("eccentric_s", "pause_s", "concentric_s", "asymmetry"),
)


#: The columns of a table of repetitions.
REP_COLUMNS = (*_PLAIN, "faults", "reasons")


def rep_row(rep: Rep | Done) -> list[object]:
    """A repetition's row under `REP_COLUMNS`."""
    faults = ";".join(fault.name for fault in rep.faults if fault.state == "fault")
    return [*(getattr(rep, name) for name in _PLAIN), faults, ";".join(rep.reasons)]


def reps_csv(report: Report) -> str:
    """The repetitions as a table, one row each: times and tempo in seconds, ROM and asymmetry in ``unit``."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(REP_COLUMNS)
    rows.writerows(rep_row(rep) for rep in report.reps)
    return text.getvalue()
