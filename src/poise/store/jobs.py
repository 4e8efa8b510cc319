"""Uploads and their state, from the first byte to a session: the one place that says what has become of a film.

::

    uploading ─ queue ─► queued ─ claim ─► running ─ complete ─► done
                           ▲                  │ └─── fail ─────► failed
                           ├─── release ──────┤      (its worker is told to stop)
                           └─── recover ──────┘      (its worker was silent for LEASE_S; ATTEMPTS times: failed)

Every step is one transaction that only takes effect from the state before it, and steps of a running job only for
the worker that holds it: however often a step is tried, and by whoever, it happens once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session as Transaction

from poise.body import PoseSequence
from poise.report.schema import Hold, Rep, Report
from poise.store.database import Database
from poise.store.records import Job, JobState
from poise.store.tables import JobRow, now

#: Seconds after which a worker that says nothing is taken for dead.
LEASE_S = 15.0
#: How often an analysis may be cut off before the film is taken for the reason.
ATTEMPTS = 3
#: Hours after which a film that was not sent whole is deleted.
UNSENT_H = 24.0

_AddSession = Callable[[Transaction, str, str, PoseSequence, Sequence[Any], Sequence[Any]], str]

CUT_OFF = {
    "message": f"The analysis was cut off {ATTEMPTS} times.",
    "hint": "Send a shorter or smaller film, or look at the server's log.",
}


class Jobs:
    """The jobs of a database."""

    def __init__(self, database: Database, add_session: _AddSession) -> None:
        self._database = database
        self._add_session = add_session

    def add(
        self, profile: str, name: str, size: int, exercise: str, difficulty: float, person: str = "largest"
    ) -> Job:
        """A new job, waiting for its film."""
        with self._database.write() as on:
            row = JobRow(profile_id=profile, name=name, size=size, exercise=exercise)
            row.difficulty, row.person = difficulty, person
            on.add(row)
            on.flush()
            return _job(row)

    def find(self, job: str) -> Job | None:
        """The job of that id."""
        with self._database.read() as on:
            row = on.get(JobRow, job)
            return _job(row) if row else None

    def all(self, profile: str = "", state: JobState | None = None) -> list[Job]:
        """Jobs, the newest first."""
        query = select(JobRow).order_by(JobRow.created_at.desc(), JobRow.id)
        if profile:
            query = query.where(JobRow.profile_id == profile)
        if state:
            query = query.where(JobRow.state == state)
        with self._database.read() as on:
            return [_job(row) for row in on.scalars(query)]

    def queue(self, job: str) -> bool:
        """The film is here whole: the job waits for a worker. Whether it had not before."""
        return self._step(JobRow.id == job, JobRow.state == "uploading", state="queued")

    def claim(self, job: str, worker: str) -> Job | None:
        """The job, now this worker's; None when it does not wait (any more)."""
        with self._database.write() as on:
            row = on.get(JobRow, job, with_for_update=True)
            if row is None or row.state != "queued":
                return None
            row.state, row.worker, row.beat, row.attempt = "running", worker, time.time(), row.attempt + 1
            return _job(row)

    def beat(self, job: str, worker: str, stage: str = "", progress: float | None = None) -> bool:
        """The worker is still at it, and so far; whether the job is still its own."""
        return self._step(*_held(job, worker), beat=time.time(), stage=stage[:80], progress=progress)

    def complete(
        self, job: str, worker: str, poses: PoseSequence, report: Report, verdict: Mapping[str, Any]
    ) -> str | None:
        """Keep what came of it, as a session, and be done; the session's id, None when the job is not its own."""
        with self._database.write() as on:
            row = on.scalar(select(JobRow).where(*_held(job, worker)).with_for_update())
            if row is None:
                return None
            events: list[Rep | Hold] = [*report.reps, *report.holds]
            events.sort(key=lambda event: event.start)
            session = self._add_session(on, row.profile_id, row.exercise, poses, report.sets, events)
            row.state, row.session_id, row.verdict = "done", session, dict(verdict)
            row.worker, row.stage, row.progress = "", "", None
            return session

    def fail(self, job: str, worker: str, message: str, hint: str) -> bool:
        """It cannot be done; whether the job was still its own."""
        problem = {"message": message, "hint": hint}
        return self._step(*_held(job, worker), state="failed", problem=problem, worker="", stage="", progress=None)

    def release(self, job: str, worker: str) -> bool:
        """The worker was told to stop: the job waits again, and this was no attempt; whether it was its own."""
        idle = {"worker": "", "stage": "", "progress": None}
        return self._step(*_held(job, worker), state="queued", attempt=JobRow.attempt - 1, **idle)

    def recover(self, worker: str | None = None) -> list[str]:
        """Put back jobs whose worker is dead: those silent for `LEASE_S`, and those of the one named.

        Those cut off `ATTEMPTS` times fail. Gives the ids of all that wait now.
        """
        silent: ColumnElement[bool] = JobRow.beat < time.time() - LEASE_S
        dead = (JobRow.state == "running") & (silent | (JobRow.worker == worker) if worker else silent)
        with self._database.write() as on:
            for job in on.scalars(select(JobRow).where(dead).with_for_update()):
                job.worker, job.stage, job.progress = "", "", None
                if job.attempt >= ATTEMPTS:
                    job.state, job.problem = "failed", CUT_OFF
                else:
                    job.state = "queued"
            query = select(JobRow.id).where(JobRow.state == "queued").order_by(JobRow.created_at)
            return list(on.scalars(query))

    def remove(self, job: str) -> Job | None:
        """Delete a job; gives what it was, None when there was none."""
        with self._database.write() as on:
            row = on.get(JobRow, job)
            if row is None:
                return None
            was = _job(row)
            on.delete(row)
            return was

    def remove_unsent(self) -> list[str]:
        """Delete jobs whose film never came whole; their ids."""
        old = (JobRow.state == "uploading") & (JobRow.created_at < now() - timedelta(hours=UNSENT_H))
        with self._database.write() as on:
            gone = list(on.scalars(select(JobRow.id).where(old)))
            on.execute(delete(JobRow).where(JobRow.id.in_(gone)))
            return gone

    def _step(self, *when: ColumnElement[bool], **to: Any) -> bool:
        with self._database.write() as on:
            done = on.execute(update(JobRow).where(*when).values(**to).returning(JobRow.id)).all()
            return bool(done)


def _held(job: str, worker: str) -> tuple[ColumnElement[bool], ...]:
    return JobRow.id == job, JobRow.state == "running", JobRow.worker == worker


def _job(row: JobRow) -> Job:
    return Job(
        row.id,
        row.profile_id,
        row.name,
        row.size,
        row.exercise,
        row.difficulty,
        row.person,
        row.state,  # type: ignore[arg-type]
        row.created_at,
        row.attempt,
        row.stage,
        row.progress,
        row.problem,
        row.verdict,
        row.session_id,
    )
