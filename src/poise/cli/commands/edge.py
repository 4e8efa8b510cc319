"""``poise edge``: coached by a small board under the television."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from poise.cli.app import app, err, out, progress_bar
from poise.cli.options import Body, Language, exercise_names
from poise.errors import MissingExtra
from poise.language import ENGLISH, translator

if TYPE_CHECKING:
    from poise.coach import Coach
    from poise.edge.race import Choice
    from poise.edge.watch import Saying

#: Pixels wanted of a camera: enough for a body, and cheap to decode.
_SIZE = (640, 480)


@app.command("edge")
def edge(
    camera: Annotated[
        str, typer.Option(help="Number, name or address of the camera; 'libcamera' for a Raspberry Pi's own.")
    ] = "0",
    film: Annotated[Path | None, typer.Option(help="Watch a film instead.", show_default=False)] = None,
    exercise: Annotated[
        str,
        typer.Option(
            "--exercise", "-e", autocompletion=exercise_names, help="Which exercise, or 'auto' to find out."
        ),
    ] = "auto",
    body: Body = "whole",
    model: Annotated[
        Literal["auto", "lite", "full"], typer.Option(help="Which BlazePose; auto races them, the first time.")
    ] = "auto",
    again: Annotated[bool, typer.Option("--race", help="Race again.")] = False,
    share: Annotated[
        float, typer.Option(min=0.1, max=1.0, help="How much of the time to spend on pictures.")
    ] = 0.8,
    say: Annotated[
        Literal["screen", "voice", "both", "none"], typer.Option(help="Show what is said, speak it, or both.")
    ] = "screen",
    language: Language = ENGLISH,
    serve: Annotated[
        bool, typer.Option("--serve", help="Tell other devices, too, and serve the page to them (extra web).")
    ] = False,
    host: Annotated[
        str, typer.Option(help="The interface to serve on; 0.0.0.0 lets others in, by QR code.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to serve on.")] = 8765,
    listen: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Watch nothing, but alert here to what the board there sees.")
    ] = "",
) -> None:
    """Coach whoever is before the camera of this board, until interrupted; no picture is kept or leaves it.

    Which model the board bears, at how many pictures a second, is found out once. Other devices open the page
    /watch.html of --serve, or run poise edge --listen with the address that it prints.

    Examples:
        poise edge                                 # a USB camera
        poise edge --camera libcamera --say voice  # a Pi's own; speaks
        poise edge --serve --host 0.0.0.0          # others may watch
        poise edge --listen 'https://board:8765/pair?token=...' --say voice

    Files:
        edge/journal.jsonl in the data folder       a line for each set

    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tell = _telling(say, language)
    try:
        if listen:
            from poise.edge.listen import Board
            from poise.edge.listen import listen as hear

            hear(Board.of(listen), _folder() / "met.json", tell)
            return
        from poise.coach import Coach

        look = _watching(camera, film, Coach(exercise, body=body), _choice(model, again, share), share)
        if not serve:
            look(tell, lambda: False)
            return
        _serve(look, tell, host, port)
    except KeyboardInterrupt:
        out.print("")


def _folder() -> Path:
    from poise.coach.exercise import data_folder

    return data_folder("edge")


def _choice(model: str, again: bool, share: float) -> Choice:
    from poise.edge.race import MOST, Choice, race, remember, remembered

    if model != "auto":
        return Choice(model, 1, MOST)
    path = _folder() / "choice.json"
    choice = None if again else remembered(path)
    if choice is None:
        with progress_bar(False) as tell:
            choice = race(share, tell=tell) if tell else race(share)
        remember(path, choice)
    return choice


def _watching(
    camera: str, film: Path | None, coach: Coach, choice: Choice, share: float
) -> Callable[[Callable[[Saying], None], Callable[[], bool]], None]:
    """Opens what is needed, and gives what watches and tells until it is told to stop."""
    from poise.edge.watch import Budget, Journal, watch
    from poise.session import Session
    from poise.vision.camera import open_camera
    from poise.vision.estimators import open_estimator
    from poise.vision.video import open_film

    err.print(f"{choice.model} on {choice.threads} threads, up to {choice.rate:.0f} pictures a second")

    def look(tell: Callable[[Saying], None], stop: Callable[[], bool]) -> None:
        frames = open_film(film) if film else open_camera(camera, _SIZE)
        with frames, open_estimator("blazepose", model=choice.model, threads=choice.threads) as eyes:
            journal = None if film else Journal(_folder() / "journal.jsonl")
            began = time.monotonic()
            pictures = watch(frames, Session(coach, eyes), Budget(choice.rate, share), tell, journal, stop)
            err.print(f"{pictures / max(time.monotonic() - began, 1e-3):.1f} pictures a second were coached")

    return look


def _telling(say: str, language: str = ENGLISH) -> Callable[[Saying], None]:
    """Shows and speaks, in a language."""
    from poise.desk.alerts import Alerts

    translate = translator(language)
    voice = Alerts(["voice"], language) if say in ("voice", "both") else None
    mute = voice is not None and not voice.speaks
    if mute:
        err.print("Nothing here speaks, so it is shown. To hear it: sudo apt install espeak-ng")
    shown = mute or say in ("screen", "both")
    last = ""

    def tell(saying: Saying) -> None:
        nonlocal last
        if voice and saying.text:
            voice.give(saying.text, 3)
        if not shown:
            return
        done = f"{saying.held_s:.0f} s" if saying.held_s else str(saying.count)
        line = f"[bold]{escape(translate(saying.exercise or 'any movement'))}[/]  {done}"
        if saying.text and saying.kind != "rep":
            out.print(f"{line}  {escape(translate(saying.text))}")
        elif line != last:
            out.print(line)
        last = line

    return tell


def _serve(
    look: Callable[[Callable[[Saying], None], Callable[[], bool]], None],
    tell: Callable[[Saying], None],
    host: str,
    port: int,
) -> None:
    """Watch in a thread of its own, and serve in this one; when one of them ends, the other does."""
    try:
        from poise.server.serve import Place, run
        from poise.server.settings import Settings
        from poise.server.watched import Watched
        from poise.web.assets import assets
    except ModuleNotFoundError as missing:
        raise MissingExtra("Serving the page", "web") from missing
    from poise.cli.commands.serve import told_place

    watched, over = Watched(), threading.Event()
    wrong: list[BaseException] = []

    def both(saying: Saying) -> None:
        watched.tell(asdict(saying))
        tell(saying)

    def watching() -> None:
        try:
            look(both, over.is_set)
        except BaseException as problem:
            wrong.append(problem)
        finally:
            signal.raise_signal(signal.SIGINT)  # which ends the server

    def ready(place: Place) -> None:
        told_place(place)
        out.print(f"What is seen here: {place.addresses[0]}watch.html")
        thread.start()

    thread = threading.Thread(target=watching, name="poise-edge")
    try:
        run(Settings(host=host, port=port, workers=0), assets(None), ready, watched=watched)
    except KeyboardInterrupt:
        if not wrong:
            raise
    finally:
        over.set()
        if thread.is_alive():
            thread.join()
    if wrong:
        raise wrong[0]
