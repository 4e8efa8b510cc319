"""The history: profiles, sessions with what happened in them, and their keypoints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Literal, Self

from sqlalchemy import bindparam, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from poise.body import PoseSequence
from poise.errors import InputError
from poise.report.schema import Hold, Rep, Set
from poise.store.database import Database
from poise.store.films import Films
from poise.store.jobs import Jobs
from poise.store.packing import pack, unpack
from poise.store.records import Done, KeptSession, Profile, SessionState, WholeSession, done_of
from poise.store.tables import ChunkRow, EventRow, JobRow, ProfileRow, SessionRow, now

#: Instants that are packed together.
CHUNK = 1024
#: The first free position in a session.
_NEXT = {
    table: select(func.max(table.position) + 1).where(table.session_id == bindparam("session"))
    for table in (ChunkRow, EventRow)
}


class Store:
    """All that is kept: ``jobs`` are uploads and their state, ``films`` their files."""

    def __init__(self, database: Database, films: Films) -> None:
        self._database = database
        self.films = films
        self.jobs = Jobs(database, self._add_whole)

    @classmethod
    def open(cls, url: str, folder: Path) -> Self:
        """See `poise.store.open_store`."""
        return cls(Database.open(url, folder), Films(folder))

    @property
    def kind(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._database.kind

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Profiles --------------------------------------------------------------------------------------------

    def profiles(self) -> list[Profile]:
        """Everybody, the first first; there is always somebody."""
        count = select(func.count()).where(SessionRow.profile_id == ProfileRow.id).scalar_subquery()
        with self._database.read() as on:
            rows = on.execute(select(ProfileRow, count).order_by(ProfileRow.created_at, ProfileRow.id)).all()
            return [Profile(row.id, row.name, sessions, row.body) for row, sessions in rows]

    def find_profile(self, given: str) -> Profile | None:
        """The profile of that id or name; the first for ""."""
        everybody = self.profiles()
        if not given:
            return everybody[0]
        return next((one for one in everybody if given in (one.id, one.name)), None)

    def add_profile(self, name: str) -> Profile:
        """A new profile.

        Raises:
            InputError: when there is one of that name.

        """
        try:
            with self._database.write() as on:
                row = ProfileRow(name=name)
                on.add(row)
                on.flush()
                return Profile(row.id, row.name, 0)
        except IntegrityError:
            raise _taken(name) from None

    def change_profile(self, profile: str, name: str | None = None, body: str | None = None) -> bool:
        """Give the profile of that id another name or body; whether there is one.

        Raises:
            InputError: when there is another of that name.

        """
        try:
            with self._database.write() as on:
                row = on.get(ProfileRow, profile)
                if row:
                    row.name, row.body = name or row.name, body or row.body
                return row is not None
        except IntegrityError:
            raise _taken(name or "") from None

    def remove_profile(self, profile: str) -> bool:
        """Delete a profile with all its sessions and films; whether there was one. The last one begins anew."""
        with self._database.write() as on:
            row = on.get(ProfileRow, profile)
            if row is None:
                return False
            jobs = on.scalars(select(JobRow.id).where(JobRow.profile_id == profile)).all()
            on.delete(row)
            on.flush()
            if not on.scalar(select(func.count()).select_from(ProfileRow)):
                on.add(ProfileRow(id="me", name="Me"))
        self.films.remove(*jobs)
        return True

    # Sessions, as they go on -----------------------------------------------------------------------------

    def begin(self, profile: str, asked: str) -> str:
        """The id of a new live session."""
        with self._database.write() as on:
            row = SessionRow(profile_id=profile, source="live", asked=asked, started_at=now())
            on.add(row)
            on.flush()
            return row.id

    def append(
        self, session: str, poses: PoseSequence | None, events: Sequence[Rep | Hold], sets: Sequence[Set] | None
    ) -> None:
        """Keep more of a session: its next poses and events, and all its sets so far (None: as they were).

        Nothing is kept of a session that was deleted meanwhile.
        """
        with self._database.write() as on:
            now: dict[str, Any] = {} if sets is None else {"sets": _dumped(sets)}
            if poses is not None:
                first = select(func.coalesce(func.min(ChunkRow.first_s), float(poses.t[0])))
                now["duration_s"] = (
                    float(poses.t[-1]) - first.where(ChunkRow.session_id == session).scalar_subquery()
                )
            same = {"state": SessionRow.state}
            there = on.execute(update(SessionRow).where(SessionRow.id == session).values(now or same))
            if there.rowcount:  # type: ignore[attr-defined]
                _add_poses(on, session, poses)
                _add_events(on, session, events)

    def finish(self, session: str, state: SessionState = "complete") -> None:
        """End a session, and sum up what was done in it."""
        with self._database.write() as on:
            row = on.get(SessionRow, session)
            if row is not None:
                whole = _whole(on, row)
                row.done = [asdict(one) for one in done_of(whole.sets, whole.reps, whole.holds)]
                row.state = state

    def reopen(self, session: str) -> bool:
        """Go on with a live session that has ended; whether it is there."""
        with self._database.write() as on:
            row = on.get(SessionRow, session)
            if row is None or row.source != "live":
                return False
            row.state = "live"
            return True

    def interrupt(self) -> int:
        """End sessions that a server left behind when it went away; how many there were."""
        with self._database.read() as on:
            left = on.scalars(select(SessionRow.id).where(SessionRow.state == "live")).all()
        for session in left:
            self.finish(session, "interrupted")
        return len(left)

    # Sessions, looked at ---------------------------------------------------------------------------------

    def sessions(
        self,
        profile: str = "",
        exercise: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[KeptSession]:
        """Sessions, the newest first, of one profile, with one exercise in it, begun within a time."""
        query = select(SessionRow).order_by(SessionRow.started_at.desc(), SessionRow.id)
        if profile:
            query = query.where(SessionRow.profile_id == profile)
        if exercise:
            done = (EventRow.session_id == SessionRow.id) & (EventRow.exercise == exercise)
            query = query.where(exists().where(done))
        if since:
            query = query.where(SessionRow.started_at >= since)
        if until:
            query = query.where(SessionRow.started_at < until)
        with self._database.read() as on:
            return [_kept(row) for row in on.scalars(query.limit(limit).offset(offset))]

    def session(self, session: str) -> WholeSession | None:
        """One session with everything that happened in it."""
        with self._database.read() as on:
            row = on.get(SessionRow, session)
            return _whole(on, row) if row else None

    def poses(self, session: str, start: float | None = None, end: float | None = None) -> PoseSequence | None:
        """The keypoints of a session, or of about that part of it, in seconds; None when there are none."""
        query = select(ChunkRow.data).where(ChunkRow.session_id == session).order_by(ChunkRow.position)
        if start is not None:
            query = query.where(ChunkRow.last_s >= start)
        if end is not None:
            query = query.where(ChunkRow.first_s <= end)
        with self._database.read() as on:
            parts = [unpack(data) for data in on.scalars(query)]
        if len(parts) < 2:
            return parts[0] if parts else None
        return PoseSequence.of(chain.from_iterable(parts), parts[0].meta)

    def remove(self, session: str) -> bool:
        """Delete a session with its keypoints, and the film and results it was made from; whether there was one."""
        with self._database.write() as on:
            row = on.get(SessionRow, session)
            if row is None:
                return False
            job = on.scalar(select(JobRow).where(JobRow.session_id == session))
            if job:
                on.delete(job)
            on.delete(row)
        if job:
            self.films.remove(job.id)
        return True

    def remove_older(self, days: float) -> int:
        """Delete sessions, and uploads without one, begun more than so many days ago; how many sessions."""
        before = now() - timedelta(days=days)
        with self._database.write() as on:
            gone = on.scalars(
                select(SessionRow.id).where(SessionRow.started_at < before, SessionRow.state != "live")
            ).all()
            old = JobRow.session_id.in_(gone) | (JobRow.session_id.is_(None) & (JobRow.created_at < before))
            jobs = on.scalars(select(JobRow.id).where(old, JobRow.state != "running")).all()
            on.execute(delete(JobRow).where(JobRow.id.in_(jobs)))
            on.execute(delete(SessionRow).where(SessionRow.id.in_(gone)))
        self.films.remove(*jobs)
        return len(gone)

    def _add_whole(
        self,
        on: Transaction,
        profile: str,
        asked: str,
        poses: PoseSequence,
        sets: Sequence[Set],
        events: Sequence[Rep | Hold],
    ) -> str:
        """Within a transaction: a session made of a film."""
        reps = [event for event in events if isinstance(event, Rep)]
        holds = [event for event in events if isinstance(event, Hold)]
        row = SessionRow(
            profile_id=profile,
            source="film",
            asked=asked,
            started_at=now(),
            duration_s=poses.duration,
            state="complete",
            sets=_dumped(sets),
            done=[asdict(one) for one in done_of(sets, reps, holds)],
        )
        on.add(row)
        on.flush()
        _add_poses(on, row.id, poses)
        _add_events(on, row.id, events)
        return row.id


def _taken(name: str) -> InputError:
    return InputError(f"There is a profile called {name!r} already.", "Choose another name.")


def _add_poses(on: Transaction, session: str, poses: PoseSequence | None) -> None:
    parts = [] if poses is None else [poses[at : at + CHUNK] for at in range(0, len(poses), CHUNK)]
    rows = [{"first_s": float(part.t[0]), "last_s": float(part.t[-1]), "data": pack(part)} for part in parts]
    _add(on, ChunkRow, session, rows)


def _add_events(on: Transaction, session: str, events: Sequence[Rep | Hold]) -> None:
    rows = [
        {
            "kind": "rep" if isinstance(event, Rep) else "hold",
            "exercise": event.exercise,
            "data": event.model_dump(mode="json"),
        }
        for event in events
    ]
    _add(on, EventRow, session, rows)


def _add(
    on: Transaction, table: type[ChunkRow] | type[EventRow], session: str, rows: Sequence[dict[str, Any]]
) -> None:
    """Add rows after a session's others; who has written to the session row does so alone."""
    if rows:
        first = on.scalar(_NEXT[table], {"session": session}) or 0
        on.execute(
            insert(table), [{"session_id": session, "position": at, **row} for at, row in enumerate(rows, first)]
        )


def _dumped(sets: Iterable[Set]) -> list[dict[str, Any]]:
    return [one.model_dump(mode="json") for one in sets]


def _fields(row: SessionRow) -> dict[str, Any]:
    source: Literal["live", "film"] = "live" if row.source == "live" else "film"
    return {
        "id": row.id,
        "profile": row.profile_id,
        "source": source,
        "asked": row.asked,
        "started_at": row.started_at,
        "duration_s": row.duration_s,
        "state": row.state,
        "done": tuple(Done(**one) for one in row.done),
    }


def _kept(row: SessionRow) -> KeptSession:
    return KeptSession(**_fields(row))


def _whole(on: Transaction, row: SessionRow) -> WholeSession:
    events = on.scalars(select(EventRow).where(EventRow.session_id == row.id).order_by(EventRow.position)).all()
    return WholeSession(
        **_fields(row),
        sets=tuple(Set.model_validate(one) for one in row.sets),
        reps=tuple(Rep.model_validate(event.data) for event in events if event.kind == "rep"),
        holds=tuple(Hold.model_validate(event.data) for event in events if event.kind == "hold"),
        job=on.scalar(select(JobRow.id).where(JobRow.session_id == row.id)),
    )
