"""``poise history``: what was done, looked at, taken along, deleted."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from poise.body.formats import replacing, write_recording
from poise.cli.app import app, err, out
from poise.cli.commands.serve import Data, Database
from poise.cli.options import exercise_names
from poise.errors import InputError, ResultsUnwritable, UnknownName
from poise.store import open_store

if TYPE_CHECKING:
    from poise.store.records import Done, WholeSession
    from poise.store.store import Store

group = typer.Typer(help="Look at, export and delete the sessions that are kept.", no_args_is_help=True)
app.add_typer(group, name="history")

Who = Annotated[
    str, typer.Option("--profile", help="Whose, by name; everybody's unless given.", show_default=False)
]
Which = Annotated[str, typer.Argument(metavar="SESSION", help="The id of a session, or its first letters.")]


class Form(StrEnum):
    """Kinds of files that sessions are exported to."""

    CSV = "csv"
    JSON = "json"
    NPZ = "npz"
    PARQUET = "parquet"


@group.command("list")
def list_sessions(
    profile: Who = "",
    exercise: Annotated[
        str,
        typer.Option("--exercise", "-e", autocompletion=exercise_names, help="Only sessions with this exercise."),
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    data: Data = None,
    database: Database = "",
) -> None:
    """List sessions, the newest first.

    Examples:
        poise history list
        poise history list --profile Ann -e squat --limit 5

    """
    with open_store(database, data) as store:
        names = {one.id: one.name for one in store.profiles()}
        found = store.sessions(_profile(store, profile), exercise, limit=limit)
    if not found:
        out.print("Nothing is kept yet.")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("id", "when", "who", "from", "minutes", "what"):
        table.add_column(column, justify="right" if column == "minutes" else "left")
    for session in found:
        table.add_row(
            session.id[:8],
            f"{session.started_at.astimezone():%Y-%m-%d %H:%M}",
            escape(names.get(session.profile, "")),
            session.source,
            f"{session.duration_s / 60:.1f}",
            escape(", ".join(map(_words, session.done)) or ("going on" if session.state == "live" else "nothing")),
        )
    out.print(table)


@group.command("show")
def show(session: Which, data: Data = None, database: Database = "") -> None:
    """Show one session: its sets, and what was off.

    Examples:
        poise history show 3f2a

    """
    with open_store(database, data) as store:
        whole = _find(store, session)
    out.print(f"[bold]{whole.id}[/], {whole.started_at.astimezone():%Y-%m-%d %H:%M}, {whole.duration_s:.0f} s")
    for one in whole.sets:
        counts = one.counts
        what = f"{counts.held_s:.1f} s" if counts.held_s else f"{counts.full} repetitions"
        rest = "" if one.rest_s is None else f", after {one.rest_s:.0f} s of rest"
        missed = counts.partial + counts.invalid
        more = f" and {missed} that did not count" if missed else ""
        out.print(f"  set {one.number}: {escape(one.title)}, {what}{more}{rest}")
    for done in whole.done:
        for title, count in done.faults.items():
            out.print(f"  {escape(done.title)}: {escape(title)}, {count} times")


@group.command("export")
def export(
    session: Annotated[
        str, typer.Argument(metavar="SESSION", help="The id of one session, or its first letters; else all.")
    ] = "",
    to: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")] = Path("poise-history.csv"),
    form: Annotated[
        Form | None,
        typer.Option("--format", "-f", help="csv: repetitions; json: everything; npz, parquet: one's keypoints."),
    ] = None,
    profile: Who = "",
    data: Data = None,
    database: Database = "",
) -> None:
    """Write sessions to a file of the kind that its ending says.

    Examples:
        poise history export -o everything.json
        poise history export 3f2a -o monday.parquet  # the keypoints of one

    """
    from poise.store.export import to_csv, to_json

    form = form or _form(to)
    with open_store(database, data) as store:
        if session:
            chosen = [_find(store, session)]
        else:
            kept = (store.session(one.id) for one in store.sessions(_profile(store, profile)))
            chosen = [one for one in kept if one]
        try:
            if form in (Form.NPZ, Form.PARQUET):
                poses = store.poses(chosen[0].id) if session else None
                if poses is None:
                    raise InputError(
                        "Keypoints are exported of one session that has some.",
                        "Give its id; see: poise history list",
                    )
                write_recording(to.with_suffix(f".{form}"), poses)
                to = to.with_suffix(f".{form}")
            else:
                with replacing(to) as file:
                    file.write((to_csv if form == Form.CSV else to_json)(chosen).encode())
        except OSError as problem:
            raise ResultsUnwritable(
                f"{to} cannot be written: {problem.strerror}.", "Choose another --out."
            ) from None
    out.print(f"{len(chosen)} session{'s' * (len(chosen) != 1)}: {escape(str(to))}")


@group.command("delete")
def delete(
    sessions: Annotated[
        list[str] | None, typer.Argument(metavar="SESSION", help="Ids, or their first letters.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of --profile's, or everybody's.")] = False,
    older_than: Annotated[
        float | None, typer.Option(min=0, help="Those begun more than so many days ago.", show_default=False)
    ] = None,
    profile: Who = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data: Data = None,
    database: Database = "",
) -> None:
    """Delete sessions with their keypoints, films and results, for good.

    Examples:
        poise history delete 3f2a
        poise history delete --older-than 365 --yes

    """
    with open_store(database, data) as store:
        if older_than is not None:
            if yes or typer.confirm(f"Delete everything older than {older_than:g} days?"):
                out.print(f"{store.remove_older(older_than)} deleted")
            return
        chosen = [_find(store, one).id for one in sessions or []]
        if everything:
            chosen = [one.id for one in store.sessions(_profile(store, profile))]
        if not chosen:
            err.print("Say which: poise history delete SESSION, --all, or --older-than DAYS.")
            raise typer.Exit(2)
        if yes or typer.confirm(f"Delete {len(chosen)} session{'s' * (len(chosen) != 1)}?"):
            out.print(f"{sum(store.remove(one) for one in chosen)} deleted")


def _form(to: Path) -> Form:
    try:
        return Form(to.suffix.removeprefix(".").lower())
    except ValueError:
        known = ", ".join(f".{one}" for one in Form)
        raise InputError(
            f"{to.name} does not end in a kind of file.", f"Known: {known}; or give --format."
        ) from None


def _profile(store: Store, name: str) -> str:
    if not name:
        return ""
    found = store.find_profile(name)
    if found is None:
        raise UnknownName("profile", name, [one.name for one in store.profiles()])
    return found.id


def _find(store: Store, start: str) -> WholeSession:
    found = [one.id for one in store.sessions() if one.id.startswith(start)]
    whole = store.session(found[0]) if len(found) == 1 else None
    if whole is None:
        what = f"{len(found)} sessions begin with {start!r}." if found else f"No session is called {start!r}."
        raise InputError(what, "See: poise history list")
    return whole


def _words(done: Done) -> str:
    return f"{done.title} {done.held_s:.0f} s" if done.held_s else f"{done.full} {done.title}"
