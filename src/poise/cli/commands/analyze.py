"""``poise analyze``: films in, coaching out."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from poise.analysis import Analysis, Settings, analyze, result_folders
from poise.cli.app import app, complain, err, out, progress_bar
from poise.coach import ANY, AUTO, Rep, exercises, load_exercise
from poise.errors import PoiseError
from poise.report.schema import Set
from poise.report.verdict import headline
from poise.report.words import quantity
from poise.vision.estimators import known_backends


def _exercise_names(incomplete: str) -> list[str]:
    return [name for name in ("auto", "any", *exercises()) if name.startswith(incomplete)]


@app.command("analyze")
def analyze_command(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...",
            help="Films, pictures, folders of pictures, keypoint files saved by an earlier run, or keypoints of "
            "OpenPose, MMPose, COCO results (.json), Sports2D or Pose2Sim (.trc).",
            show_default=False,
        ),
    ],
    exercise: Annotated[
        str,
        typer.Option(
            "--exercise",
            "-e",
            help="Which exercise it is (see 'poise exercises'), a .toml file of your own, 'any' to count only, or "
            "'auto' to find out.",
            autocompletion=_exercise_names,
        ),
    ] = "auto",
    to: Annotated[Path, typer.Option("--out", "-o", help="Where the folders of results go.")] = Path(
        "poise-results"
    ),
    no_video: Annotated[
        bool, typer.Option("--no-video", help="Leave the annotated film out; much faster.")
    ] = False,
    backend: Annotated[str, typer.Option(help=f"Who looks: {', '.join(known_backends())}.")] = "blazepose",
    model: Annotated[
        str, typer.Option(help="Which of its models, such as lite, full or heavy; or a model file.")
    ] = "",
    trust: Annotated[
        bool, typer.Option("--trust", help="Use a model file even if nobody is known to have published it.")
    ] = False,
    person: Annotated[
        str, typer.Option(help="Who of several people is coached: largest, central, or X,Y (pixels).")
    ] = "largest",
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Pictures a second of the film, for keypoints without times.")
    ] = None,
    people: Annotated[int, typer.Option(min=1, help="How many people to look for; one of them is coached.")] = 2,
    workers: Annotated[int, typer.Option(min=0, help="Parts of a film done side by side; 0: one a core.")] = 0,
    start: Annotated[float | None, typer.Option(min=0, help="Second of the film to begin with.")] = None,
    end: Annotated[float | None, typer.Option(min=0, help="Second of the film to end with.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print problems only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the reports as JSON lines; nothing else.")] = False,
) -> None:
    """Turn films of somebody exercising into repetitions, faults and what to do about them.

    For each INPUT a folder is written with report.html, report.json, reps.csv, keypoints.parquet, keypoints.npz and
    annotated.mp4. A problem with one input never stops the others.
    """
    settings = Settings(exercise, backend, model, people, workers, not no_video, start, end, trust, person, rate)
    if exercise not in (ANY, AUTO):
        load_exercise(exercise)
    failed = 0
    for source, folder in zip(inputs, result_folders(inputs, to), strict=True):
        try:
            with progress_bar(quiet or as_json) as tell:
                analysis = analyze(source, folder, settings, tell)
        except PoiseError as problem:
            complain(problem, source.name if len(inputs) > 1 else "")
            failed += 1
            continue
        if as_json:
            print(json.dumps(json.loads(analysis.report.text())))  # noqa: T201
        elif not quiet:
            tell_analysis(source, analysis)
    if failed and len(inputs) > 1 and not quiet:
        err.print(f"{failed} of {len(inputs)} inputs could not be analysed.")
    raise typer.Exit(1 if failed else 0)


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
