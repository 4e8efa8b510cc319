"""``poise export-page``: a classifier as a page for any static host."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from poise.cli.app import app, out, progress_bar
from poise.errors import ResultsUnwritable


@app.command("export-page")
def export_page_command(
    classifier: Annotated[Path, typer.Argument(help="An .onnx file of 'poise learn'.")],
    folder: Annotated[Path, typer.Argument(help="Where the page goes.")],
) -> None:
    """Make a page without a server behind it: pose and this classifier on the device, for any static host.

    It shows the label and how sure it is, and sounds when the label is the one to be warned of. Nothing is sent.

    Examples:
        poise export-page posture/classifier.onnx page

    """
    from poise.web.static_page import export_page

    with progress_bar(quiet=False) as tell:
        try:
            size = export_page(classifier, folder, tell)
        except OSError as problem:
            raise ResultsUnwritable(
                f"{folder} cannot be written: {problem.strerror}.", "Choose another folder."
            ) from None
    where = escape(str(folder))
    out.print(f"{where}: {size / 1e6:.0f} MB. Try it: python -m http.server --directory {where}")
    out.print("Put it on any static host with HTTPS; firebase.json and _headers are for Firebase and Netlify.")
