"""What came of a film, for the console."""

from __future__ import annotations

import math
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from poise.analysis import Analysis
from poise.cli.app import out
from poise.coach import Rep
from poise.report.schema import Set
from poise.report.verdict import headline
from poise.report.words import quantity


def tell_analysis(source: Path, analysis: Analysis) -> None:
    """Print what came of a film: the headline, a table of repetitions, notes, and where the results are."""
    report = analysis.report
    out.print(f"[bold]{escape(source.name)}[/]: {escape(headline(report))}")
    if len(report.sets) > 1:
        out.print(_log(report.sets))
    if analysis.review.reps:
        out.print(_reps(analysis.review.reps))
    for hold in analysis.review.holds:
        out.print(f"  hold {hold.number}: {hold.held_s:.1f} s, from {hold.start:.1f} s to {hold.end:.1f} s")
    faults = [f for event in report.judged for f in event.faults if f.state == "fault"]
    for fault in {f.cue: f for f in faults}.values():
        out.print(f"  [bold]{escape(fault.title)}[/]. {escape(fault.cue)}")
    for line in (*report.notes, *(advice.text for advice in report.advice)):
        out.print(f"  {escape(line)}")
    out.print(f"  Report: {escape(str(analysis.folder / 'report.html'))}")


def _log(sets: tuple[Set, ...]) -> Table:
    table = Table(box=None, pad_edge=True)
    for name in ("set", "", "from", "to", "done", "not counted", "rest before"):
        table.add_column(name, justify="left" if not name else "right")
    for one in sets:
        counts = one.counts
        table.add_row(
            str(one.number),
            escape(one.title),
            f"{one.start:.1f} s",
            f"{one.end:.1f} s",
            f"{counts.held_s:.1f} s" if counts.held_s else str(counts.full),
            str(counts.partial + counts.invalid),
            "" if one.rest_s is None else f"{one.rest_s:.1f} s",
        )
    return table


def _reps(reps: tuple[Rep, ...]) -> Table:
    table = Table(box=None, pad_edge=True)
    for name in ("rep", "", "start", "turn", "end", "ROM", "down-pause-up", "faults"):
        table.add_column(name, justify="left" if name in ("", "faults") else "right")
    for rep in reps:
        said = [fault.title for fault in rep.faults if fault.state == "fault"] or list(rep.reasons)
        table.add_row(
            str(rep.number),
            rep.kind,
            *(f"{t:.1f} s" for t in (rep.start, rep.turn, rep.end)),
            quantity(rep.rom if math.isfinite(rep.rom) else None, rep.unit),
            rep.tempo,
            escape("; ".join(said)),
        )
    return table
