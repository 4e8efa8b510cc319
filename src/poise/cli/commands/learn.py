"""``poise learn``: recipes, training, evaluation, comparison, export, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from poise.cli.app import app, err, out, progress_bar
from poise.errors import InputError, MissingExtra, ResultsUnwritable
from poise.learn.data.splits import By

if TYPE_CHECKING:
    from poise.learn.export import Precision
    from poise.learn.run import Run

group = typer.Typer(help="Classifiers of your own: trained, measured, compared, exported.", no_args_is_help=True)
app.add_typer(group, name="learn")

_Data = Annotated[Path, typer.Argument(help="A landmark table, or other data that 'poise data convert' reads.")]
_Split = Annotated[By, typer.Option(help="What is kept apart: people, views, nothing, or as the data says.")]
_Despite = Annotated[bool, typer.Option("--despite-leaks", help="Go on where something leaks; the report says so.")]
_Seed = Annotated[int, typer.Option(help="Of everything random.")]


@group.command("recipes")
def recipes_command() -> None:
    """List the recipes that come with poise; each is a TOML file you may copy and change.

    Examples:
        poise learn recipes

    """
    from poise.learn.recipe import load_recipe, recipes

    for name in recipes():
        recipe = load_recipe(name)
        out.print(f"[bold]{name}[/]  {escape(recipe.about)}\n  {escape(recipe.source)}.")


def _recipes(incomplete: str) -> list[str]:
    from poise.learn.recipe import recipes

    return [name for name in recipes() if name.startswith(incomplete)]


@group.command("train")
def train_command(
    recipe: Annotated[
        str,
        typer.Argument(autocompletion=_recipes, help="One of 'poise learn recipes', or a .toml file of your own."),
    ],
    data: _Data,
    to: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.", show_default=False)],
    split: _Split = "subject",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Change a value of the recipe, such as training.epochs=50.")
    ] = None,
    search: Annotated[bool, typer.Option("--search", help="Try what the recipe lists, and take the best.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the learning curve and the leaky split's figure.")
    ] = False,
    despite_leaks: _Despite = False,
    seed: _Seed = 0,
) -> None:
    """Train a recipe on a table, measure it on people it never saw, and write it down.

    The folder holds report.html, run.json, the network, and the classifier as ONNX.

    Examples:
        poise learn train posco me.csv -o posture
        poise learn train streams squats.parquet -o run --split view

    Files:
        OUT/report.html        how good it is, and of whom
        OUT/run.json           the same as data
        OUT/classifier.onnx    for 'poise classify' and elsewhere

    """
    _torch()
    from poise.learn.data import read_data
    from poise.learn.recipe import load_recipe
    from poise.learn.run import Asked, learn, write_run

    chosen = load_recipe(recipe).changed(**dict(_change(one) for one in set_ or ()))
    with progress_bar(quiet=False) as tell:
        run = learn(chosen, read_data(data), Asked(split, seed, despite_leaks, search, quick), tell)
        try:
            write_run(run, to)
        except OSError as problem:
            raise ResultsUnwritable(
                f"{to} cannot be written: {problem.strerror}.", "Choose another folder."
            ) from None
    _tell(run)
    out.print(f"  Report: {escape(str(to / 'report.html'))}")


@group.command("table")
def table_command(
    data: _Data,
    recipe: Annotated[str, typer.Option(help="A recipe with convolutions and an LSTM.")] = "snu_squat",
    split: _Split = "subject",
    set_: Annotated[list[str] | None, typer.Option("--set", help="Change a value of the recipe.")] = None,
    despite_leaks: _Despite = False,
    seed: _Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the SNU thesis's table for any films: LSTM and convolutions, LSTM alone, convolutions alone.

    Examples:
        poise learn table squats.parquet --json

    """
    _torch()
    from poise.learn.data import read_data
    from poise.learn.recipe import load_recipe
    from poise.learn.run import Asked, learn

    whole = load_recipe(recipe).changed(**dict(_change(one) for one in set_ or ()))
    if not (whole.layers.lstm and whole.layers.convolutions):
        raise InputError(f"The recipe {whole.name} has no LSTM after convolutions.", "Use snu_squat.")
    table, asked = read_data(data), Asked(split, seed, despite_leaks, quick=True)
    rows = [("", "training", "validation", "test", "95 %", "precision", "recall")]
    said = {}
    for name, changes in (
        ("LSTM + convolution", {}),
        ("LSTM only", {"layers.convolutions": ()}),
        ("convolution only", {"layers.lstm": 0}),
    ):
        with progress_bar(quiet=as_json) as tell:
            run = learn(whole.changed(**changes), table, asked, tell)
        test = run.test
        said[name] = {part: getattr(run, part).plain() for part in ("train", "validation", "test")}
        learned, held, measured = (f"{100 * one.accuracy.value:.2f}" for one in (run.train, run.validation, test))
        between = f"{100 * test.accuracy.low:.1f} to {100 * test.accuracy.high:.1f}"
        precision, recall = f"{100 * test.precision:.2f}", f"{100 * test.recall:.2f}"
        rows.append((name, learned, held, measured, between, precision, recall))
    if as_json:
        print(json.dumps(said))  # noqa: T201
    else:
        _table(rows)
        out.print(f"{len(run.made.test)} examples of {test.subjects} people measured; per cent; split by {split}.")


@group.command("compare")
def compare_command(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs.")],
) -> None:
    """Put several runs side by side.

    Examples:
        poise learn compare first second third

    """
    from poise.learn.report import read_results

    rows = [("run", "recipe", "split", "train", "test", "95 %", "F1", "calibration", "random split", "people")]
    results = read_results(runs)
    for folder, said in zip(runs, results, strict=True):
        test, leaky = said["test"], said["leaky"]
        row = (
            str(folder),
            said["recipe"]["name"],
            said["asked"]["by"] + (" (leaks)" if said["leaks"] else ""),
            f"{said['train']['accuracy']['value']:.1%}",
            f"{test['accuracy']['value']:.1%}",
            f"{test['accuracy']['low']:.1%} to {test['accuracy']['high']:.1%}",
            f"{test['f1']:.3f}",
            f"{test['ece']:.1%} off",
            "" if leaky is None else f"{leaky['accuracy']:.1%}",
            str(test["subjects"]),
        )
        rows.append(row)
    _table(rows)
    if len({said["about"]["data"] for said in results}) > 1:
        out.print("They did not learn from the same data.")


@group.command("export")
def export_command(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    to: Annotated[Path, typer.Option("--out", "-o", help="The file: .onnx or .tflite.", show_default=False)],
    precision: Annotated[
        str, typer.Option(help="Of .tflite: float32, float16, or int8 (weights of 8 bits).")
    ] = "float32",
    report: Annotated[Path | None, typer.Option(help="Write the comparison as JSON, too.")] = None,
) -> None:
    """Write a trained classifier for elsewhere, and hold the file to the network: raw keypoints in, labels out.

    Examples:
        poise learn export posture -o posture.tflite --precision int8
        poise learn export posture -o posture.onnx --report same.json

    """
    _torch()
    from poise.learn.export import TOLERANCE, exported
    from poise.learn.run import read_run

    if precision not in TOLERANCE:
        raise InputError(f"There is no precision {precision!r}.", f"Known: {', '.join(TOLERANCE)}.")
    chosen: Precision = precision
    found = exported(read_run(run), to, chosen)
    if report:
        report.write_text(json.dumps(found.plain(), indent=1), encoding="utf-8")
    speed = ", ".join(f"{ms:.2f} ms on {name}" for name, ms in found.ms.items())
    out.print(
        f"{escape(str(to))}: {found.changed} of {found.count} decisions changed, probabilities off by at most "
        f"{found.most:.2g}; {found.size / 1e3:.0f} kB, {speed}"
    )


@group.command("why")
def why_command(
    run: Annotated[Path, typer.Argument(help="The folder of a run of a recipe that looks at movement.")],
    recording: Annotated[Path, typer.Argument(help="Saved keypoints.")],
    at: Annotated[float, typer.Option(help="The middle of what is asked about, seconds.")],
    to: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("why.html"),
) -> None:
    """Say which joints and which moments drove a verdict, and draw it on the skeleton.

    Examples:
        poise learn why run keypoints.parquet --at 12.5 -o why.html

    """
    _torch()
    from poise.body.formats import read_recording
    from poise.classify import window_of
    from poise.learn.run import read_run
    from poise.learn.why import why
    from poise.learn.why_page import why_page

    kept = read_run(run)
    window = window_of(read_recording(recording), at, kept.about)
    found = why(kept.net, kept.about, window, kept.windows)
    out.print(
        f"[bold]{escape(found.label)}[/] ({found.probability:.0%}), most {found.moment:.1f} s into the window:"
    )
    for joint, share in found.ranked:
        out.print(f"  {joint:9s} {share:4.0%}")
    try:
        to.write_text(why_page(found, window, kept.about.keypoints, recording.name, at), encoding="utf-8")
    except OSError as problem:
        raise ResultsUnwritable(f"{to} cannot be written: {problem.strerror}.", "Choose another file.") from None
    out.print(f"  Drawn: {escape(str(to))}")


def _tell(run: Run) -> None:
    test = run.test
    people = f" of {test.subjects} people" if test.subjects else ""
    out.print(
        f"[bold]{escape(run.recipe.title)}[/]: {test.accuracy.value:.1%} right "
        f"({test.accuracy.low:.1%} to {test.accuracy.high:.1%}) of {test.count} examples{people} it never saw, "
        f"split by {run.made.by}, after {run.seconds:.0f} s."
    )
    shown = Table(box=None)
    for heading in ("class", "precision", "recall", "F1", "examples"):
        shown.add_column(heading, justify="left" if heading == "class" else "right")
    for one in test.classes:
        shown.add_row(
            escape(one.label), f"{one.precision:.1%}", f"{one.recall:.1%}", f"{one.f1:.3f}", str(one.support)
        )
    out.print(shown)
    if run.leaks:
        err.print(f"This flatters, as it leaks: {'; '.join(run.leaks)}.", markup=False)
    if run.leaky:
        out.print(f"  A random split would have shown {run.leaky.accuracy:.1%}.")


def _table(rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows in columns, however narrow the terminal is: a table to be copied keeps its lines."""
    wide = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (cell.rjust(n) if i else cell.ljust(n) for i, (cell, n) in enumerate(zip(row, wide, strict=True)))
        out.print("  ".join(cells).rstrip(), markup=False)


def _change(given: str) -> tuple[str, Any]:
    """``training.epochs=50`` as a name and a value, which is JSON or a word."""
    name, equals, value = given.partition("=")
    if not equals:
        raise InputError(f"{given!r} changes nothing.", "For example: --set training.epochs=50")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _torch() -> None:
    """Say how to install what trains, where it is not."""
    from importlib.util import find_spec

    if find_spec("torch") is None or find_spec("onnx") is None:
        raise MissingExtra("Training and exporting", "train")
