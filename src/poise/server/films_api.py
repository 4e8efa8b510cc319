"""The REST interface of films: sending one in pieces, and what becomes of it."""

from __future__ import annotations

import mimetypes
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse

from poise.coach import ANY, AUTO, exercises, own_exercises
from poise.errors import InputError, TooBig, UnknownName
from poise.language import words
from poise.server.api import REFUSALS, Id, Kept, not_here
from poise.server.guard import REPORT_CSP
from poise.server.limits import MIB, Limits
from poise.server.messages import Name
from poise.server.queue import Queue
from poise.server.resources import FilmLimits, Job, UploadNew
from poise.store import records
from poise.store.store import Store
from poise.vision.frame import FILM_SUFFIXES

router = APIRouter(prefix="/api", responses=REFUSALS)


def _the_limits(request: Request) -> Limits:
    limits: Limits = request.app.state.limits
    return limits


def _the_queue(request: Request) -> Queue:
    queue: Queue = request.app.state.queue
    return queue


Allowed = Annotated[Limits, Depends(_the_limits)]
Line = Annotated[Queue, Depends(_the_queue)]


@router.get("/limits")
def show_limits(limits: Allowed) -> FilmLimits:
    """What a film may be."""
    return FilmLimits(
        bytes=limits.film_bytes,
        seconds=limits.film_s,
        pixels=limits.film_pixels,
        chunk=limits.chunk,
        types=FILM_SUFFIXES,
    )


@router.post("/uploads", status_code=201)
def begin_upload(given: UploadNew, store: Kept, limits: Allowed) -> Job:
    """A film is going to be sent."""
    known = (AUTO, ANY, *exercises(), *own_exercises())
    if given.exercise not in known:
        raise UnknownName("exercise", given.exercise, known)
    profile = store.find_profile(given.profile)
    if profile is None:
        raise not_here("profile")
    if FilePath(given.name).suffix.lower() not in FILM_SUFFIXES:
        raise InputError(f"{given.name!r} does not end like a film.", f"Films end in {', '.join(FILM_SUFFIXES)}.")
    if given.size > limits.film_bytes:
        raise TooBig(
            f"The film has {given.size / MIB:.0f} MB, and {limits.film_bytes // MIB} are allowed.",
            "Send a shorter or smaller one.",
        )
    under_way = [job for job in store.jobs.all(profile.id) if job.state in ("uploading", "queued", "running")]
    if len(under_way) >= limits.waiting:
        raise HTTPException(
            429,
            {
                "message": words("{n} films are under way.", n=len(under_way)),
                "hint": words("Wait until one is done."),
            },
        )
    job = store.jobs.add(profile.id, given.name, given.size, given.exercise, given.difficulty, given.person)
    return _told(store, job, limits)


@router.put(
    "/uploads/{upload}",
    openapi_extra={
        "requestBody": {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "required": True,
        }
    },
    responses={409: {"model": Job, "description": "Another offset is due: `received` of this answer."}},
)
async def send_piece(
    upload: Id, request: Request, store: Kept, limits: Allowed, offset: Annotated[int, Query(ge=0, le=1 << 50)]
) -> Response:
    """The next bytes of a film."""
    data = await request.body()

    def keep() -> Response:
        job = _found(store, upload)
        if job.state != "uploading":
            raise InputError("This film is here already.", "See /api/jobs.")
        if offset + len(data) > job.size:
            raise TooBig(f"The film was to have {job.size} bytes.", "Begin a new upload with its right size.")
        try:
            store.films.write(upload, offset, data)
            status = 200
        except ValueError:
            status = 409
        return JSONResponse(_told(store, job, limits).model_dump(mode="json"), status)

    return await run_in_threadpool(keep)


@router.post("/uploads/{upload}/finish", status_code=202)
def finish_upload(upload: Id, store: Kept, limits: Allowed, line: Line) -> Job:
    """The film is here whole; it waits to be analysed."""
    job = _found(store, upload)
    if job.state == "uploading":
        received = store.films.received(upload)
        if received != job.size:
            raise InputError(f"{received} of {job.size} bytes are here.", "Send the rest first.")
        store.films.seal(upload)
        if store.jobs.queue(upload):
            line.put(upload)
    return _told(store, _found(store, upload), limits)


@router.get("/jobs")
def list_jobs(store: Kept, limits: Allowed, profile: Name = "") -> list[Job]:
    """Uploads and what became of them, the newest first."""
    return [_told(store, job, limits) for job in store.jobs.all(profile)[:500]]


@router.get("/jobs/{job}")
def show_job(job: Id, store: Kept, limits: Allowed) -> Job:
    """One upload, and what has become of it."""
    return _told(store, _found(store, job), limits)


@router.get("/jobs/{job}/results/{name}", response_class=FileResponse)
def show_result(job: Id, name: Annotated[str, Path(max_length=100)], store: Kept) -> FileResponse:
    """A file of the results."""
    for path in store.films.listing(job):
        if path.name == name:
            headers = {"Content-Security-Policy": REPORT_CSP} if path.suffix == ".html" else {}
            return FileResponse(path, media_type=_type(path), headers=headers)
    raise not_here("file")


@router.delete("/jobs/{job}", status_code=204)
def remove_job(job: Id, store: Kept) -> None:
    """Delete an upload, wherever it has got to, with its film, its results and its session."""
    removed = store.jobs.remove(job)
    if removed is None:
        raise not_here("upload")
    if removed.session:
        store.remove(removed.session)
    store.films.remove(job)


def _found(store: Store, job: str) -> records.Job:
    found = store.jobs.find(job)
    if found is None:
        raise not_here("upload")
    return found


def _type(path: FilePath) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _told(store: Store, job: records.Job, limits: Limits) -> Job:
    waiting = job.state == "uploading"
    files = store.films.listing(job.id) if job.state == "done" else []
    told = vars(job) | {
        "received": store.films.received(job.id) if waiting else job.size,
        "chunk": limits.chunk,
        "results": [{"name": file.name, "type": _type(file), "size": file.stat().st_size} for file in files],
    }
    return Job.model_validate({name: told[name] for name in Job.model_fields})
