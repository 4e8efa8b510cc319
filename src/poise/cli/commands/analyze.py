"""``poise analyze``: films in, coaching out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from poise.beside import processes
from poise.cli.app import app, complain, err, progress_bar
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
from poise.errors import PoiseError


@app.command("analyze")
def analyze_command(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT",
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
            help="Which exercise it is (see 'poise exercises'), a .toml file, 'any' to count only, or "
            "'auto' to find out.",
            autocompletion=exercise_names,
        ),
    ] = "auto",
    to: Annotated[Path, typer.Option("--out", "-o", help="Where the folders of results go.")] = Path(
        "poise-results"
    ),
    no_video: Annotated[
        bool, typer.Option("--no-video", help="Leave the annotated film out; much faster.")
    ] = False,
    backend: Backend = "blazepose",
    model: Model = "",
    trust: Trust = False,
    option: Option = None,
    person: Person = "largest",
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Pictures a second of the film, for keypoints without times.")
    ] = None,
    people: People = 2,
    workers: Annotated[int, typer.Option(min=0, help="Parts of a film done side by side; 0: one a core.")] = 0,
    start: Annotated[float | None, typer.Option(min=0, help="Second of the film to begin with.")] = None,
    end: Annotated[float | None, typer.Option(min=0, help="Second of the film to end with.")] = None,
    strictness: HowStrictly = "standard",
    body: Body = "whole",
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the reports as JSON lines; nothing else.")] = False,
) -> None:
    """Turn films of somebody exercising into repetitions, faults and what to do about them.

    For each INPUT a folder is written with report.html, report.json, reps.csv, keypoints.parquet, keypoints.npz and
    annotated.mp4. A problem with one input never stops the others.

    Examples:
        poise analyze workout.mp4                    # what it holds, found out
        poise analyze squat.mp4 -e squat --no-video  # numbers only
        poise analyze *.mp4 --out results            # a folder for each
        poise analyze curls.mp4 -e biceps_curl --body seated
        poise analyze squat/keypoints.parquet        # without looking again
        poise analyze openpose_output --rate 30 -e squat --json

    Files:
        OUT/NAME/report.html      to read, send or print; one file
        OUT/NAME/report.json      the same as data (docs/report.md)
        OUT/NAME/reps.csv         a row a repetition
        OUT/NAME/keypoints.*      where every keypoint was
        OUT/NAME/annotated.mp4    the film with what was seen and said

    """
    with processes(workers) as pool:  # they import what they need while this one does
        from poise.analysis import Settings, analyze, result_folders
        from poise.cli.telling import tell_analysis
        from poise.coach import ANY, AUTO, load_exercise, partial_body

        settings = Settings(
            exercise,
            backend,
            model,
            people,
            workers,
            film=not no_video,
            start=start,
            end=end,
            trust=trust,
            person=person,
            rate=rate,
            strictness=strictness,
            options=tuple(option or ()),
            body=body,
        )
        part = partial_body(body)
        if exercise not in (ANY, AUTO):
            part.fitted(load_exercise(exercise))
        failed = 0
        for source, folder in zip(inputs, result_folders(inputs, to), strict=True):
            try:
                with progress_bar(quiet or as_json) as tell:
                    analysis = analyze(source, folder, settings, tell, pool)
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
