"""The REST interface of the desk coach: the diary, by hour and by day, to take along and to delete."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from poise.coach.desk.signatures import TITLES
from poise.desk.diary import Diary, Entry, by_day, by_hour, csv_text, json_text
from poise.desk.profiles import DIARY, forget
from poise.server.api import REFUSALS
from poise.server.messages import Name
from poise.server.resources import DeskDiary, DeskMinutes

router = APIRouter(prefix="/api/desk", responses=REFUSALS)
Days = Annotated[int, Query(ge=1, le=366)]


@router.get("/diary")
def show_diary(request: Request, profile: Name = "", days: Days = 7) -> DeskDiary:
    """The hours of today and the last days: seconds sat well, badly and away, and what was said."""
    today = date.today()
    entries = _entries(request, profile, days)
    hours = by_hour(entry for entry in entries if entry.start.date() == today)
    return DeskDiary(
        hours=[DeskMinutes.of(f"{hour:02d}:00", entry) for hour, entry in sorted(hours.items())],
        days=[DeskMinutes.of(day.isoformat(), entry) for day, entry in by_day(entries, today, days).items()],
        titles=dict(TITLES),
    )


@router.get("/diary/export")
def export_diary(
    request: Request,
    profile: Name = "",
    days: Days = 366,
    format: Literal["json", "csv"] = "csv",  # noqa: A002
) -> Response:
    """The diary as a file."""
    entries = _entries(request, profile, days)
    text, kind = (csv_text(entries), "text/csv; charset=utf-8") if format == "csv" else (json_text(entries), _JSON)
    headers = {"Content-Disposition": f'attachment; filename="poise-desk.{format}"'}
    return Response(text.encode(), media_type=kind, headers=headers)


_JSON = "application/json"


@router.delete("/diary")
def remove_diary(request: Request, profile: Annotated[Name, Query(min_length=1)]) -> dict[str, int]:
    """Delete what is kept of how somebody sits: the diary and the baselines."""
    return {"deleted": forget(request.app.state.desk, profile)}


def _entries(request: Request, profile: str, days: int) -> list[Entry]:
    diary = Diary(request.app.state.desk / DIARY)
    since = date.today() - timedelta(days=days - 1)
    return [entry for entry in diary.entries(since) if entry.profile.startswith(profile)]
