"""The labelling page: pictures and films of this machine, and one labeller's labels, on loopback.

``GET /api/labels`` says what there is to label, with which keys, and what was labelled so far; ``POST`` to it adds
a label, ``POST /api/labels/remove`` takes one out, ``/undo`` takes the last change back. Each answers with the
labels as they are on disk by then. ``/media/N`` is the Nth picture or film, by ranges.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Annotated

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat
from starlette.exceptions import HTTPException

from poise.errors import InputError, PoiseError
from poise.learn.data.book import LabelBook
from poise.learn.data.extract import Source
from poise.learn.data.labels import Interval
from poise.server.app import refusal
from poise.server.guard import Guard
from poise.server.limits import Limits
from poise.server.serve import listen, serve
from poise.server.settings import Settings
from poise.web import LABEL_PAGE, PAGE

Words = Annotated[str, Field(max_length=200)]
Seconds = Annotated[FiniteFloat, Field(ge=0)]


class Row(BaseModel):
    """A label as the page says it: of a frame ``start`` is ``end``, of a picture both are null."""

    model_config = ConfigDict(extra="forbid")

    file: str
    start: Seconds | None
    end: Seconds | None
    label: Words
    subject: Words = ""
    note: Annotated[str, Field(max_length=2000)] = ""


class Medium(BaseModel):
    """A picture or film to label."""

    name: str
    film: bool


class Labels(BaseModel):
    """What one labeller has labelled, in the order in which it was."""

    rows: list[Row]


class Work(Labels):
    """Everything the page begins with."""

    labeller: str
    keys: dict[str, str] = Field(description="Which label each key gives.")
    media: list[Medium]


def create_label_app(media: Sequence[Source], keys: Mapping[str, str], book: LabelBook) -> Guard:
    """The page as an ASGI app, for loopback only.

    Args:
        media: what is labelled.
        keys: which label each key gives.
        book: where the labels are kept.

    """
    app = FastAPI(title="poise: labelling", docs_url=None, redoc_url=None, openapi_url=None)
    named = {one.name: one for one in media}

    def rows() -> list[Row]:
        return [_row(one) for one in book.rows if one.file in named]

    def checked(row: Row) -> Interval:
        source, times = named.get(row.file), (row.start, row.end)
        if source is None:
            raise InputError(f"{row.file!r} is not among what is labelled.", "Open the page anew.")
        if row.label not in keys.values():
            raise InputError(f"No label is called {row.label!r}.", f"There are {', '.join(keys.values())}.")
        said = _interval(row, book.labeller)
        fits = said.start <= said.end if source.is_film else times == (None, None)  # NaN is never in order
        if not fits:
            raise InputError(
                "A film is labelled from one time to a later one, a picture without times.", "Open the page anew."
            )
        return said

    @app.get("/api/labels")
    def work() -> Work:
        seen = [Medium(name=one.name, film=one.is_film) for one in media]
        return Work(rows=rows(), labeller=book.labeller, keys=dict(keys), media=seen)

    @app.post("/api/labels")
    async def add(row: Row) -> Labels:
        book.add(checked(row))
        return Labels(rows=rows())

    @app.post("/api/labels/remove")
    async def remove(row: Row) -> Labels:
        book.remove(_interval(row, book.labeller))
        return Labels(rows=rows())

    @app.post("/api/labels/undo")
    async def undo() -> Labels:
        book.undo()
        return Labels(rows=rows())

    @app.get("/media/{number}")
    def medium(number: int) -> FileResponse:
        if not 0 <= number < len(media):
            raise HTTPException(404, f"There is no film {number}.")
        return FileResponse(media[number].path)

    for kind in (PoiseError, HTTPException, RequestValidationError, OSError, Exception):
        app.add_exception_handler(kind, refusal)
    app.mount("/page", StaticFiles(directory=PAGE))
    app.mount("/", StaticFiles(directory=LABEL_PAGE, html=True))
    return Guard(app, Limits(), None)


def run_labelling(
    media: Sequence[Source], keys: Mapping[str, str], book: LabelBook, port: int, ready: Callable[[str], None]
) -> None:
    """Serve the page on loopback until interrupted; ``ready`` is told its address.

    Raises:
        ServerUnavailable: when it cannot listen there.

    """
    with closing(listen(Settings(port=port))) as listening:
        app = create_label_app(media, keys, book)
        config = uvicorn.Config(app, access_log=False, log_level="warning", server_header=False)
        serve(uvicorn.Server(config), listening, lambda: ready(f"http://127.0.0.1:{listening.getsockname()[1]}/"))


def _interval(row: Row, labeller: str) -> Interval:
    start, end = (math.nan if t is None else t for t in (row.start, row.end))
    return Interval(row.file, start, end, row.label, row.subject.strip(), row.note.strip(), labeller)


def _row(one: Interval) -> Row:
    start, end = (None if math.isnan(t) else t for t in (one.start, one.end))
    return Row.model_construct(
        file=one.file, start=start, end=end, label=one.label, subject=one.subject, note=one.note
    )
