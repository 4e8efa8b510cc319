"""``poise data``: from pictures, films and other people's data to landmark tables."""

from __future__ import annotations

import webbrowser
from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from poise.cli.app import app, err, out, progress_bar
from poise.cli.options import Backend, Model, Quiet
from poise.errors import MissingExtra, ResultsUnwritable
from poise.learn.data.table import LandmarkTable, Layout, write_table

group = typer.Typer(help="Landmark tables to learn from: made, converted, labelled.", no_args_is_help=True)
app.add_typer(group, name="data")

_Out = Annotated[
    Path, typer.Option("--out", "-o", help="The table to write: .csv or .parquet.", show_default=False)
]
_Layout = Annotated[Layout, typer.Option(help="Write poise's columns, or those of the MoveNet tutorial.")]


@group.command("extract")
def extract_command(
    source: Annotated[
        list[Path],
        typer.Argument(help="A folder with a folder of pictures and films for each class; or pictures and films."),
    ],
    to: _Out,
    label: Annotated[
        str, typer.Option(help="The class of pictures and films that lie in no folder of a class.")
    ] = "",
    rate: Annotated[float, typer.Option(min=0.1, help="Rows a second of film.")] = 5.0,
    subject_from: Annotated[
        str, typer.Option(help="A regular expression that finds in a file's name who it is, such as '/([a-z]+)_'.")
    ] = "",
    least: Annotated[
        float | None, typer.Option(min=0, max=1, help="The mean score below which a row is set aside.")
    ] = None,
    backend: Backend = "blazepose",
    model: Model = "",
    layout: _Layout = "poise",
    quiet: Quiet = False,
) -> None:
    """Find somebody in every picture and film, and write where their joints are.

    What cannot be used (nobody there, low scores) is shown on a page beside the table.

    Examples:
        poise data extract pictures -o me.csv  # pictures/good, pictures/bad
        poise data extract set.mp4 --label squat --rate 10 -o set.parquet

    """
    from poise.learn.data.extract import LEAST_SCORE, extract, sources, write_rejects
    from poise.vision.estimators import open_estimator

    given = [one for path in source for one in sources(path, label)]
    with progress_bar(quiet) as tell:
        extracted = extract(
            given,
            lambda: open_estimator(backend, model=model),
            rate=rate,
            least=LEAST_SCORE if least is None else least,
            subject_from=subject_from,
            progress=tell or (lambda stage, done, total: None),
        )
    _write(to, extracted.table, layout, quiet)
    if extracted.rejects:
        page = to.with_name(f"{to.stem}-rejects.html")
        write_rejects(page, extracted)
        err.print(f"{len(extracted.rejects)} set aside: {page}", markup=False)


@group.command("capture")
def capture_command(
    to: _Out,
    label: Annotated[list[str], typer.Option(help="What to record, in turn; give it once for each class.")],
    camera: Annotated[str, typer.Option(help="Number, name or address of the camera.")] = "0",
    seconds: Annotated[float, typer.Option(min=0.5, help="How long each is recorded.")] = 5.0,
    rounds: Annotated[int, typer.Option(min=1, help="How often all of it is done.")] = 1,
    countdown: Annotated[float, typer.Option(min=0, help="Seconds before each.")] = 3.0,
    rate: Annotated[float, typer.Option(min=0.1, help="Rows a second.")] = 10.0,
    subject: Annotated[str, typer.Option(help="Who it is.")] = "",
    film: Annotated[Path | None, typer.Option(help="A film instead of a camera.")] = None,
    backend: Backend = "blazepose",
    model: Model = "",
    layout: _Layout = "poise",
) -> None:
    """Record yourself before the camera: a countdown, then some seconds, for each class in turn.

    Examples:
        poise data capture --label good --label bad --rounds 3 -o me.csv

    """
    from poise.learn.data.capture import Plan, capture
    from poise.vision.camera import open_camera
    from poise.vision.estimators import open_estimator
    from poise.vision.video import open_film

    def tell(name: str, what: str, left: int) -> None:
        words = f"get ready: {name} in {left}" if what == "ready" else f"recording {name}: {left} s left"
        err.print(escape(words))

    plan = Plan(label, seconds, rounds, countdown, rate)
    name = film.name if film else f"capture-{datetime.now():%Y%m%d-%H%M%S}"
    device = int(camera) if camera.isdecimal() else camera
    with open_estimator(backend, model=model) as eyes, open_film(film) if film else open_camera(device) as frames:
        table = capture(frames, eyes, plan, name, subject=subject, tell=tell)
    _write(to, table, layout, quiet=False)


@group.command("frames")
def frames_command(
    film: Annotated[Path, typer.Argument(help="A film.")],
    folder: Annotated[Path, typer.Argument(help="Where the pictures go.")],
    rate: Annotated[float, typer.Option(min=0.01, help="Pictures a second.")] = 2.0,
) -> None:
    """Take a film apart into pictures, to sort them into folders by class.

    Examples:
        poise data frames film.mp4 sorted --rate 1

    """
    from poise.learn.data.extract import film_to_frames

    try:
        count = film_to_frames(film, folder, rate)
    except OSError as problem:
        raise ResultsUnwritable(
            f"{folder} cannot be written: {problem.strerror}.", "Choose another folder."
        ) from None
    out.print(f"{count} pictures in {escape(str(folder))}")


@group.command("convert")
def convert_command(
    data: Annotated[
        Path,
        typer.Argument(
            help="A landmark table; or MM-Fit's folder, a COCO keypoints file, CLASS/FILM/*_keypoints.json of "
            "OpenPose, or ML Kit's samples."
        ),
    ],
    to: _Out,
    labels: Annotated[
        Path | None, typer.Option(help="Labels to write into it: file, start, end, label, subject, note.")
    ] = None,
    layout: _Layout = "poise",
) -> None:
    """Read other people's data, or another format, and write a landmark table.

    Examples:
        poise data convert person_keypoints.json -o coco.parquet
        poise data convert table.csv --labels labels.csv -o labelled.csv

    """
    from poise.learn.data import labelled, read_data, read_labels

    table = read_data(data)
    _write(to, labelled(table, read_labels(labels)) if labels else table, layout, quiet=False)


@group.command("squats")
def squats_command(
    to: _Out,
    people: Annotated[
        int, typer.Option(min=4, help="How many people; each does a correct set and a faulty one.")
    ] = 120,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    told: Annotated[
        Literal["verdict", "fault"], typer.Option("--label", help="Label correct and incorrect, or by fault.")
    ] = "verdict",
    workers: Annotated[int, typer.Option(min=1, help="Processes that simulate.")] = 1,
) -> None:
    """Simulate a squat set: people of all sizes, seen by cameras all around them through an estimator's errors.

    Examples:
        poise data squats --people 200 --label fault -o squats.parquet

    """
    from poise.learn.data.squats import simulate_squats

    with progress_bar(quiet=False) as tell:
        table = simulate_squats(
            people, seed, told=told, workers=workers, progress=tell or (lambda stage, done, total: None)
        )
    _write(to, table, "poise", quiet=False)


@group.command("label")
def label_command(
    media: Annotated[list[Path], typer.Argument(help="Films and pictures, or folders of them.")],
    to: Annotated[
        Path, typer.Option("--out", "-o", help="The file of labels, a CSV; gone on with if it is there.")
    ] = Path("labels.csv"),
    keys: Annotated[
        str, typer.Option(help="The labels, each with its key or numbered: g=good,b=bad or good,bad.")
    ] = "good,bad",
    labeller: Annotated[str, typer.Option(help="Who labels; by default who is logged in.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 0,
    show: Annotated[bool, typer.Option("--show/--no-show", help="Open the page in the browser.")] = True,
) -> None:
    """Label frames and stretches of films, and pictures, with keys, on a page of this machine.

    Every label is on disk before the next. Ctrl+C ends it; the same command goes on where it was left.

    Examples:
        poise data label films --keys g=good,b=bad -o labels.csv

    """
    try:
        from poise.server.labelling import run_labelling
    except ModuleNotFoundError as missing:
        raise MissingExtra("The labelling page", "web") from missing
    from poise.learn.data.book import LabelBook, parse_keys
    from poise.learn.data.extract import sources

    given = [one for path in media for one in sources(path)]
    book = LabelBook(to, labeller or getuser())

    def ready(address: str) -> None:
        out.print(f"Label at {address} (Ctrl+C ends it); labels go to {escape(str(to))}")
        if show:
            webbrowser.open(address)

    run_labelling(given, parse_keys(keys), book, port, ready)


@group.command("agreement")
def agreement_command(
    labels: Annotated[list[Path], typer.Argument(help="A file with the labels of two, or two files.")],
    labellers: Annotated[str, typer.Option(help="Which two, such as ann,ben, where there are more.")] = "",
) -> None:
    """Say how far two labellers agree: Cohen's kappa of frames and pictures, overlap of stretches.

    Examples:
        poise data agreement ann.csv ben.csv
        poise data agreement labels.csv --labellers ann,ben

    """
    from poise.learn.data.agreement import FOUND, agreement, two_labellers
    from poise.learn.data.labels import read_labels

    (first, one), (second, other) = two_labellers([read_labels(path) for path in labels], labellers)
    agreed = agreement(one, other)
    out.print(f"{escape(first)} and {escape(second)}:")
    if agreed.frames:
        out.print(
            f"  {agreed.frames} frames and pictures labelled by both: {agreed.alike:.0%} alike, "
            f"Cohen's kappa {agreed.kappa:.2f}"
        )
    if sum(agreed.intervals):
        a, b = agreed.intervals
        out.print(f"  {a} and {b} stretches, {agreed.found} of the same label overlap by {FOUND:.0%} or more")
        for label, share in agreed.overlap.items():
            out.print(f"  {escape(label)}: intersection over union {share:.2f}")
    if not agreed.frames and not sum(agreed.intervals):
        out.print("  Nothing was labelled by both.")


def _write(to: Path, table: LandmarkTable, layout: Layout, quiet: bool) -> None:
    try:
        write_table(to, table, layout)
    except OSError as problem:
        raise ResultsUnwritable(f"{to} cannot be written: {problem.strerror}.", "Choose another folder.") from None
    if quiet:
        return
    shown = Table(box=None)
    for heading in ("class", "rows", "files", "subjects"):
        shown.add_column(heading, justify="left" if heading == "class" else "right")
    for name in ("", *table.classes):
        rows = table[table.label == name]
        if len(rows):
            people = len(set(rows.subject.tolist()) - {""})
            shown.add_row(escape(name or "(none)"), str(len(rows)), str(len(set(rows.file.tolist()))), str(people))
    out.print(shown)
    out.print(escape(str(to)))
