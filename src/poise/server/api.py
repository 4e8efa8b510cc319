"""The REST interface: profiles, sessions, and what poise knows. Films are in `films_api`."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from poise.body.formats import npz
from poise.coach import WHOLE, BodyName, exercises, load_exercise, own_exercises, partial_body
from poise.desk.profiles import forget
from poise.errors import InputError, InvalidExercise
from poise.language import words
from poise.server.desk_messages import desk_schema
from poise.server.messages import PROTOCOL, Name, schema
from poise.server.resources import (
    ExerciseInfo,
    Health,
    ModelFile,
    PageInfo,
    Problem,
    Profile,
    ProfileChange,
    ProfileNew,
    Replay,
    SessionDetail,
    SessionInfo,
)
from poise.store.export import to_csv, to_json
from poise.store.records import WholeSession
from poise.store.store import Store
from poise.vision.weights import models

#: Instants that one answer may hold.
INSTANTS = 20_000

REFUSALS: dict[int | str, dict[str, Any]] = {"4XX": {"model": Problem}, "5XX": {"model": Problem}}
router = APIRouter(prefix="/api", responses=REFUSALS)


def the_store(request: Request) -> Store:
    """The history that the app was made with."""
    store: Store = request.app.state.store
    return store


Kept = Annotated[Store, Depends(the_store)]
Id = Annotated[str, Path(pattern=r"^[0-9a-z]{1,32}$")]
Second = Annotated[float | None, Query(ge=0, le=1e9, allow_inf_nan=False)]


def not_here(what: str) -> HTTPException:
    """That there is no such thing."""
    return HTTPException(
        404, {"message": words("There is no such {what}.", what=what), "hint": words("It may have been deleted.")}
    )


@router.get("/health")
def health(request: Request) -> Health:
    """Whether all is well."""
    return Health(poise=version("poise"), protocol=PROTOCOL, sessions=len(request.app.state.open))


@router.get("/page")
def page(request: Request) -> PageInfo:
    """What the page needs to know before it starts."""
    return PageInfo(vendor=request.app.state.vendor, poise=version("poise"), protocol=PROTOCOL)


@router.get("/protocol.json")
def protocol() -> dict[str, Any]:
    """The JSON schema of the messages on both sockets: the page's and the server's."""
    return {**schema(), "desk": desk_schema()}


@router.get("/exercises")
def list_exercises(body: BodyName = WHOLE) -> list[ExerciseInfo]:
    """What can be coached of a body."""
    part = partial_body(body)
    known = [load_exercise(name) for name in exercises()]
    for name in own_exercises():
        with suppress(InvalidExercise):  # somebody is editing it
            known.append(load_exercise(name))
    return [
        ExerciseInfo.model_validate(
            {name: getattr(exercise, name) for name in ("name", "title", "kind", "plane", "setup")}
            | {"faults": [rule.title for rule in exercise.fault], "unjudged": part.leaves_out(exercise)}
        )
        for exercise in map(part.fitted, filter(part.can, known))
    ]


@router.get("/models")
def list_models() -> list[ModelFile]:
    """The model files, and whether each is here."""
    fields = ("name", "licence", "file", "size", "sha256")
    return [
        ModelFile.model_validate({name: getattr(model, name) for name in fields} | {"here": model.path is not None})
        for model in models()
    ]


# Profiles ------------------------------------------------------------------------------------------------


@router.get("/profiles")
def list_profiles(store: Kept) -> list[Profile]:
    """Everybody whose sessions are kept."""
    return [Profile.model_validate(one) for one in store.profiles()]


@router.post("/profiles", status_code=201)
def add_profile(given: ProfileNew, store: Kept) -> Profile:
    """Somebody new."""
    if len(store.profiles()) >= 1000:
        raise InputError("There are 1000 profiles already.", "Delete one.")
    return Profile.model_validate(store.add_profile(given.name))


@router.patch("/profiles/{profile}")
def change_profile(profile: Id, given: ProfileChange, store: Kept) -> Profile:
    """Another name, or another body."""
    if not store.change_profile(profile, given.name, given.body):
        raise not_here("profile")
    found = store.find_profile(profile)
    if found is None:
        raise not_here("profile")
    return Profile.model_validate(found)


@router.delete("/profiles/{profile}", status_code=204)
def remove_profile(profile: Id, store: Kept, request: Request) -> None:
    """Delete somebody, with all their sessions and films, and how they sit."""
    if not store.remove_profile(profile):
        raise not_here("profile")
    forget(request.app.state.desk, profile)


# Sessions ------------------------------------------------------------------------------------------------


@router.get("/sessions")
def list_sessions(
    store: Kept,
    profile: Name = "",
    exercise: Name = "",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> list[SessionInfo]:
    """Sessions, the newest first."""
    found = store.sessions(profile, exercise, _utc(since), _utc(until), limit, offset)
    return [SessionInfo.model_validate(one) for one in found]


@router.delete("/sessions")
def remove_sessions(profile: Annotated[Name, Query(min_length=1)], store: Kept) -> dict[str, int]:
    """Delete all sessions of a profile, with their films and results."""
    gone = [one.id for one in store.sessions(profile) if one.state != "live"]
    return {"deleted": sum(store.remove(one) for one in gone)}


@router.get("/sessions/{session}")
def show_session(session: Id, store: Kept) -> SessionDetail:
    """One session with everything that happened in it."""
    return SessionDetail.model_validate(_found(store, session))


@router.delete("/sessions/{session}", status_code=204)
def remove_session(session: Id, store: Kept) -> None:
    """Delete a session with its keypoints, and the film and results it was made from."""
    if not store.remove(session):
        raise not_here("session")


@router.get("/sessions/{session}/keypoints", response_model=Replay)
def show_keypoints(session: Id, store: Kept, start: Second = None, end: Second = None) -> Response:
    """The keypoints of a session, or of a part of it in seconds, for drawing them again."""
    poses = store.poses(session, start, end)
    if poses is None:
        raise not_here("session, or it has no keypoints")
    wanted = (poses.t >= (start or 0.0)) & (poses.t <= (np.inf if end is None else end))
    rows = np.flatnonzero(wanted)
    more, rows = len(rows) > INSTANTS, rows[:INSTANTS]
    points = np.round(poses.points[rows], 1)
    seen = np.isfinite(points[..., 0])
    width, height = poses.size or (0, 0)
    listed = [
        [point if there else None for point, there in zip(body, sees, strict=True)]
        for body, sees in zip(points.tolist(), seen.tolist(), strict=True)
    ]
    return JSONResponse(
        {
            "width": width,
            "height": height,
            "keypoints": poses.skeleton.keypoints,
            "bones": poses.skeleton.bones,
            "t": np.round(poses.t[rows], 4).tolist(),
            "points": listed,
            "more": more,
        }
    )


@router.get("/sessions/{session}/export")
def export_session(session: Id, store: Kept, format: Literal["json", "csv", "npz"] = "json") -> Response:  # noqa: A002
    """One session as a file: everything but the keypoints, its repetitions, or its keypoints."""
    whole = _found(store, session)
    name = f"poise-{whole.started_at:%Y-%m-%d-%H%M}-{session[:6]}"
    if format == "npz":
        poses = store.poses(session)
        if poses is None:
            raise not_here("session, or it has no keypoints")
        file = BytesIO()
        npz.write(file, poses)
        return _file(file.getvalue(), f"{name}.npz", "application/octet-stream")
    return _text([whole], format, name)


@router.get("/export")
def export_all(
    store: Kept,
    profile: Name = "",
    format: Literal["json", "csv"] = "csv",  # noqa: A002
) -> Response:
    """All sessions of a profile, or of everybody, as one file."""
    kept = [store.session(one.id) for one in store.sessions(profile)]
    return _text([one for one in kept if one], format, "poise-history")


def _found(store: Store, session: str) -> WholeSession:
    whole = store.session(session)
    if whole is None:
        raise not_here("session")
    return whole


def _text(sessions: list[WholeSession], form: str, name: str) -> Response:
    if form == "csv":
        return _file(to_csv(sessions).encode(), f"{name}.csv", "text/csv; charset=utf-8")
    return _file(to_json(sessions).encode(), f"{name}.json", "application/json")


def _file(data: bytes, name: str, kind: str) -> Response:
    return Response(data, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _utc(given: datetime | None) -> datetime | None:
    if given is None:
        return None
    try:
        return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    except OverflowError:
        raise InputError("That time cannot be reckoned with.", "Give one of this century.") from None
