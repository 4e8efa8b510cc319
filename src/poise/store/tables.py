"""The tables, as they are now; `migrations/` is how they came to be so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def new_id() -> str:
    """An id that nobody can guess: 32 hexadecimal digits."""
    return uuid4().hex


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


class Instant(TypeDecorator[datetime]):
    """A time in UTC, on databases that keep no time zone, too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Into the database: always UTC."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Out of the database: UTC where it says nothing."""
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


class Base(DeclarativeBase):
    """The tables of poise."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {float: Double()}
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        }
    )


class ProfileRow(Base):
    """A person whose sessions are kept apart from others'."""

    __tablename__ = "profiles"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    body: Mapped[str] = mapped_column(String(24), default="whole", server_default="whole")
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)


class SessionRow(Base):
    """One session: what it was, and in short what was done; ``sets`` and ``done`` are JSON."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_profile_id", "profile_id", "started_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    profile_id: Mapped[str] = mapped_column(ForeignKey("profiles.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(8))
    asked: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(Instant)
    duration_s: Mapped[float] = mapped_column(default=0.0)
    state: Mapped[str] = mapped_column(String(12), default="live")
    sets: Mapped[list[Any]] = mapped_column(JSON, default=list)
    done: Mapped[list[Any]] = mapped_column(JSON, default=list)


class EventRow(Base):
    """One repetition or hold, as ``report.json`` says it."""

    __tablename__ = "events"

    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(4))
    exercise: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class ChunkRow(Base):
    """Keypoints of some seconds of a session, packed (`packing`)."""

    __tablename__ = "chunks"

    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    first_s: Mapped[float]
    last_s: Mapped[float]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class JobRow(Base):
    """An upload, from its first byte to its session. ``worker`` holds it until ``beat`` (epoch seconds) is old."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state", "state"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    profile_id: Mapped[str] = mapped_column(ForeignKey("profiles.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    exercise: Mapped[str] = mapped_column(String(64))
    difficulty: Mapped[float] = mapped_column(default=0.0)
    person: Mapped[str] = mapped_column(String(24), default="largest", server_default="largest")
    state: Mapped[str] = mapped_column(String(12), default="uploading")
    created_at: Mapped[datetime] = mapped_column(Instant, default=now)
    attempt: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(String(80), default="")
    beat: Mapped[float] = mapped_column(default=0.0)
    stage: Mapped[str] = mapped_column(String(80), default="")
    progress: Mapped[float | None] = mapped_column(default=None)
    problem: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True), default=None)
    verdict: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), default=None)
    session_id: Mapped[str | None] = mapped_column(
        ForeignKey("sessions.id", ondelete="SET NULL"), unique=True, default=None
    )
