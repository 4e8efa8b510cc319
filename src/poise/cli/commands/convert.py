"""``poise convert``: movement from a film or one kind of file to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poise.cli.app import app, complain, out, progress_bar
from poise.cli.options import Backend, Model, Person, Quiet, Trust
from poise.errors import PoiseError, ResultsUnwritable


@app.command("convert")
def convert_command(
    source: Annotated[
        Path, typer.Argument(help="A film; or keypoints of poise, OpenPose, MMPose, COCO, Sports2D or Pose2Sim.")
    ],
    target: Annotated[
        Path,
        typer.Argument(help="What to write: .trc, .c3d, .mot (joint angles), .bvh, .json, .parquet, .csv or .npz."),
    ],
    backend: Backend = "blazepose",
    model: Model = "",
    person: Person = "largest",
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Pictures a second of the film, for keypoints that have no times.")
    ] = None,
    trust: Trust = False,
    quiet: Quiet = False,
) -> None:
    """Write a movement for another program: OpenSim, a motion laboratory, an animator, a spreadsheet.

    Examples:
        poise convert squat.mp4 squat.trc          # a film, for OpenSim
        poise convert keypoints.parquet squat.bvh  # for Blender
        poise convert openpose_output squat.parquet --rate 30

    """
    from poise.analysis import Settings, look
    from poise.body.formats import export_recording, exportable

    settings = Settings(backend=backend, model=model, person=person, rate=rate, trust=trust)
    try:
        exportable(target)
        with progress_bar(quiet) as tell:
            poses = look(source, settings, tell or (lambda stage, done, total: None)).poses
        try:
            export_recording(target, poses)
        except OSError as error:
            hint = "Free some space, or name another file."
            raise ResultsUnwritable(f"{target} cannot be written: {error.strerror}.", hint) from error
    except PoiseError as problem:
        complain(problem, source.name)
        raise typer.Exit(1) from None
    if not quiet:
        out.print(f"{target}: {len(poses)} poses, {poses.duration:.1f} s, {poses.skeleton.name}", markup=False)
