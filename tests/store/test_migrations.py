from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from poise.errors import StoreUnavailable
from poise.store import open_store
from poise.store.migrations import current, revisions, upgrade
from poise.store.tables import Base


def _place(url: str, folder: Path) -> str:
    return url or f"sqlite:///{folder / 'poise.sqlite'}"


def test_from_empty_the_tables_are_those_of_the_code(url: str, tmp_path: Path) -> None:
    open_store(url, tmp_path).close()
    engine = create_engine(_place(url, tmp_path))
    with engine.connect() as connection:
        assert current(connection) == revisions()[-1]
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


@pytest.mark.parametrize("revision", revisions())
def test_from_every_earlier_layout_what_was_kept_is_kept(revision: str, url: str, tmp_path: Path) -> None:
    engine = create_engine(_place(url, tmp_path))
    with engine.begin() as connection:
        upgrade(connection, revision)
        connection.execute(
            text(
                "INSERT INTO sessions VALUES "
                "('abc', 'me', 'live', 'squat', '2026-01-02 03:04:05.000000', 7.5, 'complete', '[]', '[]')"
            )
        )
    engine.dispose()
    with open_store(url, tmp_path) as store:
        (session,) = store.sessions()
        assert (session.id, session.asked, session.duration_s) == ("abc", "squat", 7.5)
        assert session.started_at.isoformat() == "2026-01-02T03:04:05+00:00"
        assert store.jobs.all() == []


def test_of_a_film_sent_before_anybody_was_asked_the_largest_is_judged(url: str, tmp_path: Path) -> None:
    engine = create_engine(_place(url, tmp_path))
    with engine.begin() as connection:
        upgrade(connection, "0003")
        connection.execute(
            text(
                "INSERT INTO jobs VALUES ('abc', 'me', 'a.mp4', 10, 'squat', 0.5, 'queued', "
                "'2026-01-02 03:04:05.000000', 0, '', 0.0, '', NULL, NULL, NULL, NULL)"
            )
        )
    engine.dispose()
    with open_store(url, tmp_path) as store:
        job = store.jobs.find("abc")
        assert job is not None
        assert (job.person, job.difficulty, job.state) == ("largest", 0.5, "queued")


def test_the_history_of_a_newer_poise_is_left_alone(url: str, tmp_path: Path) -> None:
    open_store(url, tmp_path).close()
    engine = create_engine(_place(url, tmp_path))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreUnavailable, match="newer poise"):
        open_store(url, tmp_path)
