"""``poise desk``: sit well; learn how you do, watch, say little, keep a diary."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from poise.body.formats import FORMATS, read_recording
from poise.cli.app import app, err, out
from poise.cli.options import Language, exercise_names
from poise.coach.desk import EXERCISES, PRESENCES, Baseline, Desk, DeskFeedback, DeskSettings, Learning
from poise.coach.desk.signatures import TITLES
from poise.desk.alerts import open_alerts
from poise.desk.diary import Diary, Entry, Tally, by_day, by_hour, csv_text
from poise.desk.opinion import drop_opinion, keep_opinion, kept_opinion, open_opinion
from poise.desk.profiles import DIARY, desk_folder, load_profile, profiles, save_profile
from poise.desk.watch import Looks, Quiet, Snooze, Watch, calibrate
from poise.errors import ResultsUnwritable
from poise.language import ENGLISH, translator
from poise.vision.camera import Camera, open_camera
from poise.vision.estimators import open_estimator
from poise.vision.video import Film, open_film

group = typer.Typer(invoke_without_command=True)
app.add_typer(group, name="desk")

#: Pixels wanted of a camera: enough for a face at arm's length, and cheap.
_SIZE = (640, 480)
#: Seconds between searches for somebody else: legs under a desk are never seen well, and that is no doubt.
_DOUBT_S = 10.0
#: How the state of the second opinion is put.
_OPINIONS = {"ok": "well", "bad": "badly", "not_observable": "none now"}


@group.callback()
def desk(
    context: typer.Context,
    camera: Annotated[str, typer.Option(help="Number, name or address of the camera.")] = "0",
    film: Annotated[
        Path | None, typer.Option(help="Watch a film or saved keypoints instead; nothing is kept of it.")
    ] = None,
    profile: Annotated[str, typer.Option(help="Which baseline: one for each camera and desk.")] = "default",
    recalibrate: Annotated[bool, typer.Option("--calibrate", help="Learn anew how you sit well.")] = False,
    slouch: Annotated[bool, typer.Option("--slouch", help="When learning: learn your slouch, too.")] = False,
    distance: Annotated[
        float | None, typer.Option(help="When learning: cm from your eyes to the camera, measured.")
    ] = None,
    fov: Annotated[float | None, typer.Option(help="Degrees the camera sees from side to side.")] = None,
    every: Annotated[float, typer.Option(min=0.25, max=2, help="Seconds from one look to the next.")] = 0.5,
    alert: Annotated[
        list[str] | None, typer.Option(help="How to alert: notification, bell, voice, none, or auto (default).")
    ] = None,
    language: Language = ENGLISH,
    nudge_minutes: Annotated[float, typer.Option(min=1, help="At most one nudge in so many minutes.")] = 10,
    break_minutes: Annotated[float, typer.Option(min=5, help="Minutes of sitting until a break.")] = 45,
    exercise: Annotated[
        list[str] | None, typer.Option(autocompletion=exercise_names, help="What to do in breaks, in turn.")
    ] = None,
    leave_out: Annotated[list[str] | None, typer.Option(help="Signatures never to mention, such as near.")] = None,
    quiet_hours: Annotated[str | None, typer.Option(help="Hours without alerts, such as 22:00-07:00.")] = None,
    model: Annotated[str, typer.Option(help="Which BlazePose: lite, full or heavy.")] = "full",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what changes and what is said as JSON lines.")
    ] = False,
) -> None:
    """Sit well: watch how you sit, and say gently and rarely what to change. Ctrl-C ends it.

    The first time, or with --calibrate, sit well and still for ten seconds. Nothing leaves this machine, and no
    picture is kept: the diary holds minutes and counts.

    Examples:
        poise desk                            # learns, then watches
        poise desk --calibrate --distance 62  # anew; you measured 62 cm
        poise desk --profile office --camera 1 --quiet-hours 12:00-13:00
        poise desk --film sitting.mp4 --json

    Files:
        desk/ in the data folder      baselines, and diary.jsonl

    """
    if context.invoked_subcommand:
        return
    settings = DeskSettings(
        every_s=60 * nudge_minutes,
        break_s=60 * break_minutes,
        exercises=tuple(exercise or EXERCISES),
        leave_out=frozenset(leave_out or ()),
    )
    quiet = Quiet.of(quiet_hours) if quiet_hours else None
    folder, teller = desk_folder(), _Teller(as_json, language)
    live = film is None
    alerts = open_alerts(alert or ["auto"], language) if live else None
    opinion = open_opinion(folder)
    with ExitStack() as stack:
        kept = film is not None and film.suffix.lower() in FORMATS
        poses = read_recording(film) if film and kept else _seen(stack, camera, film, every, model)
        stream = iter(poses)
        if live and profile in profiles(folder) and not recalibrate:
            baseline = load_profile(folder, profile)
        else:
            teller.say("Sit well and still for ten seconds ...")
            baseline = calibrate(stream, teller.learning, distance, fov, teller.ask_slouch if slouch else None)
            if live:
                save_profile(folder, profile, baseline)
        teller.baseline(baseline)
        tally = Tally(Diary(folder / DIARY), profile) if live else None
        snoozed = Snooze(folder / "snooze") if live else None
        watch = Watch(Desk(baseline, settings), tally, alerts, quiet, snoozed, opinion)
        stack.callback(watch.close)
        began = datetime.now()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            for pose in stream:
                now = datetime.now() if live else began + timedelta(seconds=pose.t)
                if isinstance(poses, Looks):
                    watch.desk.moved = poses.moved
                teller.told(watch.update(pose, now))
                if isinstance(poses, Looks):
                    poses.every = 0.0 if watch.exercising else every
        teller.end()


@group.command("diary")
def diary(
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days back.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print every entry as a JSON line.")] = False,
    to_csv: Annotated[Path | None, typer.Option("--csv", help="Write every entry to this table.")] = None,
) -> None:
    """Show the hours of today and the last days: minutes sat well, badly and away, and what was said.

    Examples:
        poise desk diary --days 30
        poise desk diary --csv diary.csv

    """
    today = date.today()
    entries = list(Diary(desk_folder() / DIARY).entries(today - timedelta(days=days - 1)))
    if to_csv:
        try:
            to_csv.write_text(csv_text(entries), encoding="utf-8")
        except OSError as error:
            raise ResultsUnwritable(
                f"{to_csv} cannot be written ({error.strerror}).", "Give another path."
            ) from error
        out.print(f"{len(entries)} entries: {escape(str(to_csv))}")
    elif as_json:
        for entry in entries:
            print(json.dumps(asdict(entry), default=str))  # noqa: T201
    elif not entries:
        out.print("The diary is empty. It is filled by: poise desk")
    else:
        hours = by_hour(entry for entry in entries if entry.start.date() == today)
        out.print(_chart("Today", ((f"{hour:02d}:00", entry) for hour, entry in sorted(hours.items())), 3600.0))
        week = by_day(entries, today, days)
        most = max(entry.seconds for entry in week.values())
        out.print(_chart("Days", ((f"{day:%a %d %b}", entry) for day, entry in week.items()), most))
        out.print(_what(entries))


@group.command("snooze")
def snooze(minutes: Annotated[float, typer.Argument(help="For how long; 0 ends it.")] = 30) -> None:
    """Hold alerts back for some minutes, also of a desk coach that is running already.

    Examples:
        poise desk snooze 45
        poise desk snooze 0  # on again

    """
    until = datetime.now() + timedelta(minutes=minutes)
    Snooze(desk_folder() / "snooze").until(until)
    out.print(f"No alerts until {until:%H:%M}." if minutes > 0 else "Alerts are on again.")


@group.command("opinion")
def second_opinion(
    file: Annotated[
        Path | None,
        typer.Argument(help="An .onnx or .tflite file of 'poise learn', or others'. Empty: which is on."),
    ] = None,
    good: Annotated[str, typer.Option(help="What it calls sitting well; whatever else it says is badly.")] = "good",
    labels: Annotated[
        str, typer.Option(help="What its outputs are called, for files that do not say: good,bad")
    ] = "",
    off: Annotated[bool, typer.Option("--off", help="Switch it off, and delete the copy.")] = False,
) -> None:
    """Ask a classifier of your own, too: one that you taught with pictures of sitting well and badly.

    A copy of it is kept; 'poise desk' and the page say what it says, and when it and the desk coach disagree.

    Examples:
        poise desk opinion posture/classifier.onnx
        poise desk opinion theirs.tflite --labels up,down --good up
        poise desk opinion --off

    """
    folder = desk_folder()
    if off:
        drop_opinion(folder)
    elif file:
        keep_opinion(folder, file, good, tuple(one for one in labels.split(",") if one))
    choice = kept_opinion(folder)
    if choice is None:
        out.print("There is no second opinion.")
    else:
        out.print(f"Second opinion: {escape(choice.title)}; sitting well is what it calls {escape(choice.good)}.")
        if choice.card:
            out.print(escape(choice.card), style="dim")


@group.command("profiles")
def list_profiles() -> None:
    """List the baselines that are kept.

    Examples:
        poise desk profiles

    """
    folder = desk_folder()
    for name in profiles(folder):
        base = load_profile(folder, name)
        about = "measured" if base.measured else "reckoned"
        out.print(f"[bold]{escape(name)}[/]  from the {base.view}, {base.distance:.0f} cm ({about})")


def _seen(stack: ExitStack, camera: str, film: Path | None, every: float, model: str) -> Looks:
    """Looks at a camera or film, closed when the stack is."""
    frames: Camera | Film = open_film(film) if film else open_camera(camera, _SIZE)
    stack.callback(frames.close)
    eyes = open_estimator("blazepose", model=model, doubt_s=_DOUBT_S)
    stack.callback(eyes.close)
    return Looks(frames, eyes, every)


def _chart(title: str, rows: Iterable[tuple[str, Entry]], most: float) -> Table:
    """Bars of minutes sat well and badly, for each row."""
    table = Table(title=title, box=None, title_justify="left", pad_edge=True)
    for name in ("", "", "well", "badly", "away", "nudges", "breaks"):
        table.add_column(name, justify="right" if name else "left")
    for label, entry in rows:
        well, badly = (round(30 * seconds / max(most, 1.0)) for seconds in (entry.good_s, entry.bad_s))
        table.add_row(
            label,
            f"[green]{'█' * well}[/][yellow]{'▒' * badly}[/]",
            *(f"{seconds / 60:.0f} min" for seconds in (entry.good_s, entry.bad_s, entry.away_s)),
            ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in sorted(entry.nudges.items())) or "0",
            f"{entry.breaks}" + (f" ({entry.reps} reps)" if entry.reps else ""),
        )
    return table


def _what(entries: Sequence[Entry]) -> Table:
    """Minutes and nudges of everything that was bad."""
    names = {name for entry in entries for name in (*entry.signatures, *entry.nudges)}
    seconds = {name: sum(entry.signatures.get(name, 0.0) for entry in entries) for name in names}
    nudges = {name: sum(entry.nudges.get(name, 0) for entry in entries) for name in names}
    table = Table(title="What was off", box=None, title_justify="left", pad_edge=True)
    for name in ("", "time", "nudges"):
        table.add_column(name, justify="right" if name else "left")
    for name in sorted(names, key=lambda name: (-seconds[name], name)):
        table.add_row(TITLES.get(name, name), f"{seconds[name] / 60:.0f} min", str(nudges[name]))
    return table


class _Teller:
    """Tells what changes, a line for each alert and change of presence; or JSON lines, in English."""

    def __init__(self, as_json: bool, language: str) -> None:
        self._json = as_json
        self._translate = translator(language)
        self._before: tuple[str, tuple[str, ...], str] | None = None
        self._problem = ""
        self._last: DeskFeedback | None = None

    def say(self, text: str) -> None:
        """A line for people."""
        if not self._json:
            out.print(escape(text))

    def learning(self, step: Learning) -> None:
        """How learning goes; what is wrong is told once."""
        if step.problem and step.problem != self._problem:
            err.print(escape(self._translate(step.problem)))
        self._problem = step.problem

    def ask_slouch(self) -> None:
        """Ask for the slouch."""
        err.print("Thank you. Now slouch as you usually do, for five seconds ...")

    def baseline(self, base: Baseline) -> None:
        """What was learnt, or remembered, and what can be seen from there."""
        known = "as you measured" if base.measured else "if the camera sees 65° and not more or less"
        self.say(f"Watching from the {base.view}; your eyes are about {base.distance:.0f} cm away, {known}.")
        self._line(type="baseline", view=base.view, distance=base.distance, measured=base.measured)

    def told(self, feedback: DeskFeedback) -> None:
        """What is new."""
        self._last = feedback
        second = feedback.opinion
        now = (feedback.presence, feedback.bad, second.state if second else "")
        if now != self._before:
            self._before = now
            self._line(
                type="state",
                t=feedback.t,
                presence=feedback.presence,
                bad=feedback.bad,
                signs=feedback.signs,
                opinion=second,
            )
            state = ", ".join(map(self._translate, self._titles(feedback) or [PRESENCES[feedback.presence]]))
            other = f" ({second.title.lower()}: {_OPINIONS[second.state]})" if second else ""
            self.say(f"{_clock(feedback.t)}  {state}{other}")
        for event in feedback.events:
            self._line(type=type(event).__name__, **asdict(event))
            self.say(f"{_clock(event.t)}  » {self._translate(event.text)}")

    def end(self) -> None:
        """What it came to."""
        if self._last is None:
            return
        counts = self._last.counts
        self._line(type="end", t=self._last.t, counts=counts)
        nudges = sum(counts.nudges.values())
        breaks = f"{counts.breaks_due} offered, {counts.breaks_taken} taken"
        self.say(f"{_clock(self._last.t)}  {nudges} nudges; breaks: {breaks}.")

    @staticmethod
    def _titles(feedback: DeskFeedback) -> list[str]:
        return [sign.title for sign in feedback.signs if sign.name in feedback.bad]

    def _line(self, **fields: Any) -> None:
        if self._json:
            print(json.dumps(fields, default=_plain), flush=True)  # noqa: T201


def _plain(value: Any) -> Any:
    return asdict(value)


def _clock(t: float) -> str:
    return f"{int(t) // 3600}:{int(t) // 60 % 60:02d}:{int(t) % 60:02d}"
