"""``poise models``: the model files, their licences, and getting them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from poise.cli.app import app, err, out, progress_bar
from poise.cli.options import Quiet
from poise.vision.weights import fetch, models

group = typer.Typer(help="List the model files, or fetch them.", invoke_without_command=True)
app.add_typer(group, name="models")


@group.callback()
def list_models(context: typer.Context) -> None:
    """List the model files: licence, size, sha256, and whether each is here.

    Examples:
        poise models
        poise models fetch blazepose-full

    """
    if context.invoked_subcommand:
        return
    for model in models():
        size = f"{model.size / 1e6:.1f} MB" if model.size else "size unknown"
        here = str(model.path or model.source or "not here yet; it is fetched when it is first needed")
        known = f"sha256 {model.sha256}" if model.sha256 else "no published hash known: --model FILE --trust"
        out.print(f"[bold]{escape(model.name)}[/]  {model.licence}, {size}\n  {escape(here)}\n  {known}")


def _names(incomplete: str) -> list[str]:
    return [model.name for model in models() if model.name.startswith(incomplete)]


@group.command("fetch")
def fetch_models(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", autocompletion=_names, help="Names from the list."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Fetch every model that can be.")] = False,
    quiet: Quiet = False,
) -> None:
    """Fetch model files into the cache, each checked against its published hash.

    Examples:
        poise models fetch blazepose-full blazepose-lite
        poise models fetch --all

    """
    wanted = [model.name for model in models() if not model.source] if everything else names or []
    if not wanted:
        err.print("Say which: poise models fetch NAME, or poise models fetch --all.")
        raise typer.Exit(2)
    for name in wanted:
        with progress_bar(quiet) as tell:
            path = fetch(name, (lambda what, done, total: tell(f"Fetching {what}", done, total)) if tell else None)
        if not quiet:
            out.print(f"{escape(name)}: {escape(str(path))}")
