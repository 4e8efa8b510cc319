"""``poise classify``: what a trained classifier says of films, pictures and keypoints."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from poise.cli.app import app, complain, out, progress_bar
from poise.cli.options import Backend, exercise_names
from poise.errors import PoiseError


@app.command("classify")
def classify_command(
    classifier: Annotated[
        Path, typer.Argument(help="A .tflite or .onnx file of 'poise learn export', or others'.")
    ],
    inputs: Annotated[list[Path], typer.Argument(help="Films, pictures, or saved keypoints.")],
    exercise: Annotated[
        str,
        typer.Option(
            "--exercise",
            "-e",
            autocompletion=exercise_names,
            help="Classify each repetition of an exercise, not every half second.",
        ),
    ] = "",
    hop: Annotated[float, typer.Option(min=0.05, help="Seconds from one answer to the next.")] = 0.5,
    labels: Annotated[
        str, typer.Option(help="What the outputs are called, for files that do not say: good,bad")
    ] = "",
    runtime: Annotated[str, typer.Option(help="litert, onnxruntime or openvino; the fastest if empty.")] = "",
    backend: Backend = "blazepose",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines; nothing else.")] = False,
) -> None:
    """Say what a trained classifier sees: every half second, or for every repetition.

    Examples:
        poise classify posture/classifier.onnx me.mp4
        poise classify squats.onnx set.mp4 -e squat  # of every repetition
        poise classify others.tflite *.jpg --labels good,bad --json

    """
    from poise.body.formats import FORMATS, holds_people, read_recording
    from poise.classify import open_classifier
    from poise.coach import review
    from poise.vision.estimators import open_estimator
    from poise.vision.follow import follow

    opened = open_classifier(classifier, [one for one in labels.split(",") if one], runtime)
    failed = 0
    for source in inputs:
        try:
            if source.suffix in FORMATS and not holds_people(source):
                poses = read_recording(source)
            else:
                with progress_bar(as_json) as tell:
                    step = partial(tell, "looking") if tell else None
                    poses = follow(source, lambda: open_estimator(backend), progress=step).poses
            if exercise:
                reps = review(exercise, poses).reps
                verdicts = [opened.verdict(poses, (rep.start + rep.end) / 2) for rep in reps]
            else:
                verdicts = opened.verdicts(poses, hop)
        except PoiseError as problem:
            complain(problem, source.name)
            failed += 1
            continue
        for verdict in verdicts:
            if as_json:
                print(json.dumps({"file": str(source), **asdict(verdict)}))  # noqa: T201
            else:
                out.print(
                    f"{escape(source.name)} {verdict.t:7.2f} s  {verdict.probability:4.0%}  {escape(verdict.label)}"
                )
        if not verdicts and not as_json:
            seen = f"no {exercise}" if exercise else f"less than {opened.about.seconds:g} s of somebody"
            out.print(f"{escape(source.name)}: nothing to classify, there is {seen}.")
    raise typer.Exit(1 if failed else 0)
