"""``poise exercises``: what poise knows, and what it holds each to."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from poise.cli.app import app, complain, out
from poise.cli.options import exercise_names
from poise.coach import exercises, load_exercise, own_exercises
from poise.coach.form import error_model
from poise.errors import PoiseError

group = typer.Typer(help="List the exercises, or show what one is held to.", invoke_without_command=True)
app.add_typer(group, name="exercises")


@group.callback()
def list_exercises(context: typer.Context) -> None:
    """List the exercises poise knows, your own among them.

    Examples:
        poise exercises
        poise exercises show squat

    """
    if context.invoked_subcommand:
        return
    table = Table(box=None)
    for name in ("name", "exercise", "best seen", "rules"):
        table.add_column(name)
    for name in (*exercises(), *own_exercises()):
        try:
            exercise = load_exercise(name)
        except PoiseError as problem:
            complain(problem)
            continue
        seen = {"sagittal": "from the side", "frontal": "from the front", "any": "from anywhere"}[exercise.plane]
        title = exercise.title + ("" if name in exercises() else " (your own)")
        table.add_row(name, escape(title), seen, ", ".join(rule.name for rule in exercise.fault))
    out.print(table)


@group.command("show")
def show(
    name: Annotated[
        str, typer.Argument(autocompletion=exercise_names, help="A name from the list, or a .toml file.")
    ],
) -> None:
    """Show how an exercise is counted, what its form is held to, and where every limit comes from.

    Examples:
        poise exercises show squat
        poise exercises show my_own.toml

    """
    exercise = load_exercise(name)
    out.print(f"[bold]{escape(exercise.title)}[/] ({exercise.name})\n{escape(exercise.setup)}")
    signal = exercise.signal
    out.print(
        f"Counted by {signal.measure.replace('_', ' ')}: {signal.quantity.about} "
        f"From {signal.rest:g} at rest to {signal.turn:g} at the turn, in {signal.quantity.unit}."
    )
    for rule in exercise.fault:
        side = "above" if rule.above else "below"
        needs = ", ".join(rule.quantity.keypoints("near")).replace("_", " ")
        view = rule.seen_from
        out.print(f"\n[bold]{escape(rule.title)}[/] ({rule.name}, evidence {rule.evidence})")
        out.print(f"  {rule.taken}: fault {side} {rule.limit:g} {rule.unit}, fine to {rule.ok:g}")
        out.print(f"  Needs {needs}. View: {view}. Error: {error_model(rule)}.")
        out.print(f"  {escape(rule.cue)} {escape(rule.why)}")
        out.print(f"  Source: {escape(rule.source)}.")
    for other in exercise.unjudged:
        out.print(f"\nNot judged: {escape(other.title)}. {escape(other.why)}")
