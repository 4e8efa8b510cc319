"""``poise demo``: the shipped film analysed, and held to its truth."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from poise.analysis import Settings, analyze
from poise.cli.app import app, out, progress_bar
from poise.cli.telling import tell_analysis
from poise.sim.accuracy import angle_errors
from poise.sim.shipped import shipped


@app.command("demo")
def demo(
    to: Annotated[Path, typer.Option("--out", "-o", help="Where the folders of results go.")] = Path(
        "poise-results"
    ),
    show: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
) -> None:
    """Analyse the films that ship with poise, of a drawn athlete, and say how far the angles are from the truth.

    Examples:
        poise demo --open  # and show the report
        poise demo --out results

    Files:
        OUT/NAME/                 as of 'poise analyze', for each film

    """
    for clip in shipped():
        with progress_bar(False) as tell:
            analysis = analyze(clip.path, to / clip.name, Settings(exercise=clip.exercise), tell)
        tell_analysis(clip.path, analysis)
        out.print("  How far the angles are from the truth, at the median:")
        for name, error in angle_errors(clip, analysis.poses).items():
            out.print(f"    {escape(name.replace('_', ' '))}: {error:.1f}°")
        if show:
            webbrowser.open((analysis.folder / "report.html").resolve().as_uri())
