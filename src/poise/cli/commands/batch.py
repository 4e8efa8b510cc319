"""``poise batch``: a library of films in, tables out."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.markup import escape

from poise.cli.app import app, err, out, progress_bar
from poise.cli.options import (
    Backend,
    Body,
    HowStrictly,
    Model,
    Option,
    People,
    Person,
    Quiet,
    Trust,
    exercise_names,
)


@app.command("batch")
def batch(
    films: Annotated[
        str | None,
        typer.Argument(
            metavar="FILMS",
            help="A folder of films, a pattern in quotes such as 'films/**/*.mp4', or a list: .txt with one a "
            "line, or .csv with columns film and, perhaps, exercise. Without: those given before.",
            show_default=False,
        ),
    ] = None,
    store: Annotated[
        str, typer.Option("--out", "-o", metavar="STORE", help="Where the results go.")
    ] = "poise-library",
    exercise: Annotated[
        str,
        typer.Option(
            "--exercise",
            "-e",
            autocompletion=exercise_names,
            help="Which exercise they hold, where a list does not say; as in analyze.",
        ),
    ] = "auto",
    engine: Annotated[
        Literal["processes", "ray"], typer.Option(help="Who works: processes of this machine, or a Ray cluster.")
    ] = "processes",
    address: Annotated[
        str, typer.Option(help="A Ray cluster that is there; unless given one is started here.", show_default=False)
    ] = "",
    workers: Annotated[int, typer.Option(min=0, help="How many films at once; 0: one a core.")] = 0,
    backend: Backend = "blazepose",
    model: Model = "",
    trust: Trust = False,
    option: Option = None,
    people: People = 2,
    person: Person = "largest",
    strictness: HowStrictly = "standard",
    body: Body = "whole",
    retry: Annotated[bool, typer.Option("--retry", help="Try the films in quarantine again.")] = False,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON; nothing else.")] = False,
) -> None:
    """Turn a library of films into keypoints and tables: resumable, each film once.

    Films are known by their content: however often one is in the library, and however often this is started, it is
    followed once. What cannot be followed is set aside with the reason, and fails nothing. FILMS and STORE may be
    addresses such as s3://bucket/films.

    Examples:
        poise batch films --out library   # again, and it goes on
        poise batch 'films/**/*.mp4' -o library -e squat
        poise batch films.csv -o library  # columns film, exercise
        poise batch -o library --retry    # those set aside, once more
        poise batch s3://bucket/films -o s3://bucket/library --engine ray

    Files:
        STORE/summary.html          what it comes to
        STORE/films/, reps/         tables (Parquet): a row a film, a repetition
        STORE/keypoints/, reports/  what came of each film (docs/batch.md)
        STORE/quarantine.csv        what could not be used, and why

    """
    from poise.analysis import Settings
    from poise.batch.crew import Crew, Processes
    from poise.batch.run import run

    settings = Settings(
        exercise,
        backend,
        model,
        people,
        trust=trust,
        person=person,
        strictness=strictness,
        options=tuple(option or ()),
        body=body,
    )
    crew: Crew
    if engine == "ray":
        from poise.batch.cluster import Cluster

        crew = Cluster(address, workers)
    else:
        crew = Processes(workers)
    with crew, progress_bar(quiet or as_json) as tell:
        summary = run(films, store, settings, crew, tell, retry)
    if as_json:
        print(summary.text(), end="")  # noqa: T201
    if quiet or as_json:
        return
    for name, problem in summary.quarantine:
        err.print(f"[yellow]![/] {escape(name)}: {escape(problem.message)}")
    hours = f"{summary.seconds / 3600:.1f} hours"
    out.print(f"{summary.judged} of {summary.distinct} films judged, {hours}, {summary.frames} pictures:")
    for done in summary.exercises.values():
        what = f"held for {done.held_s:.0f} s" if done.held_s else f"{done.full} repetitions"
        out.print(f"  {escape(done.title)}: {what} in {done.films} films")
    if summary.quarantine:
        out.print(f"{len(summary.quarantine)} set aside; why is in quarantine.csv")
    out.print(f"Summary: {escape(store)}/summary.html")
