"""The app: page, REST interface and socket on one origin, behind the guard."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import mimetypes
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import OperationalError
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from poise.classify import Classifier
from poise.coach import AUTO, Coach
from poise.desk.profiles import desk_folder
from poise.errors import InputError, PoiseError, StoreUnavailable, TooBig, UnknownName
from poise.language import catalogue, words
from poise.server import api, desk_api, films_api
from poise.server.guard import Guard
from poise.server.limits import Limits
from poise.server.live import Conversation
from poise.server.messages import Error
from poise.server.queue import Queue
from poise.server.sitting import Sitting
from poise.server.talk import Talk
from poise.server.turns import Turns
from poise.server.watched import Watched
from poise.sim.shipped import shipped
from poise.store.store import Store

#: Seconds between looks for sessions that are older than they may be.
TIDY_S = 3600.0

_log = logging.getLogger("poise.server")
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".task": "application/octet-stream",
}
_DOCS = """<!doctype html><html lang="en"><meta charset="utf-8"><title>poise: the REST interface</title>
<link rel="stylesheet" href="/docs/ui/swagger-ui.css"><div id="swagger-ui"></div>
<script src="/docs/ui/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></html>
"""
_DOCS_START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", validatorUrl: null});\n'
_NO_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>poise</title>
<h1>poise is running</h1><p>This installation has no page; <a href="/docs">the interface</a> is there.</p></html>
"""


def create_app(
    store: Store,
    queue: Queue,
    *,
    limits: Limits | None = None,
    token: str | None = None,
    page: Path | None = None,
    vendor: tuple[str, Path] | None = None,
    keep_days: float | None = None,
    watched: Watched | None = None,
    desk: Path | None = None,
    classifier: Classifier | None = None,
) -> Guard:
    """The server as an ASGI app.

    Args:
        store: the history; it stays the caller's to close.
        queue: where films wait for a worker.
        limits: how much anybody may ask.
        token: what those who come in must know; None on loopback.
        page: the folder of the page.
        vendor: what the page runs on and is not ours: an id of its content, and its folder.
        keep_days: sessions older than that are deleted; None keeps them.
        watched: what the camera of this machine sees, for `/watch`; None where nobody looks.
        desk: where the desk coach keeps baselines and diary; None for the user's own folder.
        classifier: is asked beside the coach; None for none.

    """
    limits = limits or Limits()
    app = FastAPI(
        title="poise",
        version=version("poise"),
        description="A posture and workout coach. The socket `/ws` is described in docs/protocol.md.",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        separate_input_output_schemas=False,
    )
    app.state.store, app.state.queue, app.state.limits, app.state.keep_days = store, queue, limits, keep_days
    app.state.desk, app.state.classifier = desk or desk_folder(), classifier
    app.state.open, app.state.turns = set(), Turns()
    app.state.vendor = f"/vendor/{vendor[0]}/" if vendor else ""
    app.include_router(api.router)
    app.include_router(films_api.router)
    app.include_router(desk_api.router)
    _add_docs(app)
    for kind in (PoiseError, HTTPException, RequestValidationError, OperationalError, OSError, Exception):
        app.add_exception_handler(kind, refusal)
    for ending, name in _TYPES.items():
        mimetypes.add_type(name, ending)
    if vendor:
        app.mount(f"/vendor/{vendor[0]}", _Forever(directory=vendor[1]))
    if page and page.is_dir():
        app.add_api_route("/athlete.mp4", _athlete, include_in_schema=False)
        app.add_api_route("/words/{language}.json", catalogue, include_in_schema=False)
        app.mount("/", StaticFiles(directory=page, html=True))
    else:
        app.add_api_route("/", lambda: HTMLResponse(_NO_PAGE), include_in_schema=False)
    return Guard(_with_sockets(app, watched), limits, token)


def _athlete() -> FileResponse:
    """The film of a drawn athlete that the page can show itself, where there is no camera."""
    return FileResponse(next(clip.path for clip in shipped() if clip.name == "squat"))


class _Forever(StaticFiles):
    """Files whose address changes with their content."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    store: Store = app.state.store
    with ThreadPoolExecutor(1, thread_name_prefix="poise-keep") as thread:
        app.state.thread = thread
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(thread, _begin, store)
        tidying = asyncio.create_task(_tidy(app))
        try:
            yield
        finally:
            tidying.cancel()
            for _ in range(100):  # sockets that were closed a moment ago keep their sessions still
                if not app.state.open:
                    break
                await asyncio.sleep(0.05)


def _begin(store: Store) -> None:
    """What a server that went away left behind is put in order; what a first session needs is loaded."""
    if left := store.interrupt():
        _log.warning("%s sessions were cut off when the server went away; they are kept as far as they got", left)
    store.films.remove_all_but({job.id for job in store.jobs.all()})
    Coach(AUTO)


async def _tidy(app: FastAPI) -> None:
    store: Store = app.state.store
    while app.state.keep_days is not None:
        try:
            await asyncio.get_running_loop().run_in_executor(
                app.state.thread, store.remove_older, app.state.keep_days
            )
        except Exception:
            _log.exception("old sessions could not be deleted")
        await asyncio.sleep(TIDY_S)


def _with_sockets(app: FastAPI, watched: Watched | None) -> ASGIApp:
    """The app with its sockets, whose messages do not pass through all that requests pass through."""

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"] in ("/ws", "/ws/desk"):
            await _socket(WebSocket(scope, receive, send), app.state)
        elif scope["type"] == "websocket" and scope["path"] == "/watch" and watched:
            await watched.serve(WebSocket(scope, receive, send))
        else:
            await app(scope, receive, send)

    return either


async def _socket(socket: WebSocket, state: State) -> None:
    await socket.accept()
    if len(state.open) >= state.limits.sockets:
        busy = Error(code="busy", message="Too many people are coached at once.", hint="Try later.", closing=True)
        await socket.send_text(busy.model_dump_json())
        await socket.close(1013)
        return
    state.open.add(socket)
    try:
        if socket.url.path == "/ws":
            talk: Talk = Conversation(
                socket, state.store, state.thread, state.turns, state.limits, state.classifier
            )
        else:
            talk = Sitting(socket, state.store, state.desk, state.thread, state.turns, state.limits)
        await talk.run()
    finally:
        state.open.discard(socket)


def _add_docs(app: FastAPI) -> None:
    """The interface described at ``/docs``, with scripts of our own origin."""

    async def docs() -> HTMLResponse:
        return HTMLResponse(_DOCS)

    async def start() -> PlainTextResponse:
        return PlainTextResponse(_DOCS_START, media_type="text/javascript")

    app.add_api_route("/docs", docs, include_in_schema=False)
    app.add_api_route("/docs/start.js", start, include_in_schema=False)
    app.mount("/docs/ui", StaticFiles(directory=Path(fastapi_offline.__file__).parent / "static"))


async def refusal(_: Request, problem: Exception) -> Response:
    """Any problem as a status, a message and a hint."""
    status, message, hint = 500, words("Something went wrong here."), words("The server's log says more.")
    if isinstance(problem, PoiseError):
        kinds = {UnknownName: 404, TooBig: 413, InputError: 400, StoreUnavailable: 503}
        status = next((code for kind, code in kinds.items() if isinstance(problem, kind)), 500)
        message, hint = problem.message, problem.hint
    elif isinstance(problem, HTTPException):
        detail: Any = problem.detail
        said = detail if isinstance(detail, dict) else {"message": str(detail), "hint": ""}
        status, message, hint = problem.status_code, said["message"], said["hint"]
    elif isinstance(problem, RequestValidationError):
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        status, message, hint = 422, f"{first['msg']} at {place!r}."[:300], "See /docs."
    elif isinstance(problem, OperationalError):
        status, message, hint = 503, words("The history cannot be reached."), words("Try again in a moment.")
    elif isinstance(problem, OSError):
        status, message, hint = (
            507,
            words("The server cannot keep this: {why}.", why=problem.strerror),
            words("Free some space."),
        )
    if status >= 500:
        _log.error("a request failed", exc_info=problem)
    return JSONResponse({"message": message, "hint": hint}, status, getattr(problem, "headers", None))
