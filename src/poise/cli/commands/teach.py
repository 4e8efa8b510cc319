"""``poise teach``: show a movement a few times, and it is an exercise."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from poise.beside import processes
from poise.cli.app import app, err, out, progress_bar
from poise.cli.options import Backend, Model, Quiet
from poise.errors import InputError

if TYPE_CHECKING:
    from poise.analysis import Settings
    from poise.body import PoseSequence
    from poise.coach import Exercise

#: What stands for the camera instead of a film.
CAMERA = "camera"
#: Seconds to get into place in front of the camera.
COUNTDOWN_S = 5


@app.command("teach")
def teach_command(
    name: Annotated[str, typer.Argument(help="What it will be called, such as high_kick.", show_default=False)],
    films: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILM",
            help="What shows it, three to five good repetitions in each: films, keypoint files saved by an earlier "
            "run, or the word 'camera'. Without any: the camera.",
            show_default=False,
        ),
    ] = None,
    bad: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FAULT=FILM",
            help="What shows a fault, from where the good ones are seen, such as 'Bent knee=bent.mp4'; again for "
            "more of it, or for other faults. An exercise that was taught before is given a rule more.",
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="Its title; made from the name unless given.")] = "",
    reps: Annotated[
        int | None, typer.Option(min=2, help="How many repetitions each film shows; found out unless given.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", "-o", help="The exercise file; by default your own, found by its name.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Teach anew what was taught before.")] = False,
    camera: Annotated[str, typer.Option(help="Number, name or address of the camera.")] = "0",
    backend: Backend = "blazepose",
    model: Model = "",
    person: Annotated[
        str, typer.Option(help="Who of several people shows it: largest, central, or X,Y.")
    ] = "largest",
    quiet: Quiet = False,
) -> None:
    """Show a movement a few times; it becomes an exercise that poise counts, and with bad examples judges.

    The exercise is a file of the same kind as those that ship with poise, yours to change by hand.

    Examples:
        poise teach high_kick kick.mp4
        poise teach high_kick                    # before the camera
        poise teach high_kick side.mp4 front.mp4 --bad 'Bent knee=bent.mp4'
        poise analyze training.mp4 -e high_kick  # from then on

    Files:
        exercises/NAME.toml in the data folder, or --out

    """
    faults: dict[str, list[str]] = {}
    for example in bad or ():
        fault, equals, film = example.partition("=")
        if not (fault.strip() and equals and film):
            raise InputError(
                f"{example!r} is no bad example.", "Write it as FAULT=FILM, such as 'Bent knee=bent.mp4'."
            )
        faults.setdefault(fault.strip(), []).append(film)
    with processes(0) as pool:
        from poise.analysis import Settings
        from poise.coach.exercise import own_file
        from poise.teaching import add_faults, new_file, teach

        settings = Settings(backend=backend, model=model, person=person)
        file = to or own_file(name)
        more = bool(faults) and file.exists() and not replace
        if not more:
            new_file(name, file, replace)  # before anybody moves
        stage = _Stage(camera, settings)
        good = [stage.take(film, "the exercise, done well", reps) for film in films or [CAMERA]]
        shown = {
            fault: [stage.take(film, f"the fault '{fault}'", reps) for film in sources]
            for fault, sources in faults.items()
        }
        with progress_bar(quiet) as tell:
            if more:
                exercise = add_faults(name, good, shown, file=file, settings=settings, progress=tell, pool=pool)
                notes: tuple[str, ...] = ()
            else:
                lesson = teach(
                    name,
                    good,
                    title=title,
                    reps=reps,
                    bad=shown,
                    replace=replace,
                    file=file,
                    settings=settings,
                    progress=tell,
                    pool=pool,
                )
                exercise, notes = lesson.exercise, (*lesson.notes, *lesson.verdict)
    if not quiet:
        _tell(exercise, notes, file, str(to) if to else name)


def _tell(exercise: Exercise, notes: tuple[str, ...], file: Path, given: str) -> None:
    signal = exercise.signal
    out.print(
        f"[bold]{escape(exercise.title)}[/] is counted by {signal.measure.replace('_', ' ')}, "
        f"from {signal.rest:g} at rest to {signal.turn:g} at the turn ({signal.quantity.unit})."
    )
    for line in notes:
        out.print(f"  {escape(line)}")
    for rule in exercise.fault:
        beyond = "above" if rule.above else "below"
        out.print(f"  [bold]{escape(rule.title)}[/]: {rule.taken}, {beyond} {rule.limit:g} {rule.unit}.")
        out.print(f"    {escape(rule.source)}.")
    out.print(f"  Yours to change: {escape(str(file))}")
    out.print(f"  Count with it:   poise analyze FILM --exercise {escape(given)}")


class _Stage:
    """Takes from the camera what is to be shown to it, and leaves films as they are."""

    def __init__(self, camera: str, settings: Settings) -> None:
        self._camera, self._settings = camera, settings

    def take(self, film: str, what: str, reps: int | None) -> str | PoseSequence:
        """The film; or the poses of somebody who shows something to the camera."""
        if film != CAMERA:
            return film
        from poise.desk.watch import Looks
        from poise.teaching import until_shown
        from poise.vision.camera import open_camera
        from poise.vision.estimators import open_estimator

        wanted = reps or 4
        with open_estimator(self._settings.backend, model=self._settings.model) as eyes:
            for left in range(COUNTDOWN_S, 0, -1):
                err.print(f"Show {escape(what)}, {wanted} times, in {left} ...")
                time.sleep(1)
            with open_camera(self._camera) as pictures:
                err.print("Now. Ctrl-C when you are done.")
                return until_shown(Looks(pictures, eyes, 0.0), wanted, lambda n: err.print(f"  {n}"))
