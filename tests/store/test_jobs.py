from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from poise.report.schema import Report
from poise.store.jobs import ATTEMPTS, CUT_OFF, LEASE_S
from poise.store.records import Job
from poise.store.store import Store
from poise.store.tables import JobRow, now
from tests.store.made import made_report, poses


def _waiting(store: Store) -> Job:
    job = store.jobs.add("me", "squat.mp4", 10, "squat", 0.5)
    assert store.jobs.queue(job.id)
    return job


def _state(store: Store, job: Job) -> tuple[str, int]:
    found = store.jobs.find(job.id)
    assert found is not None
    return found.state, found.attempt


def _silent(store: Store, job: Job) -> None:
    with store._database.write() as on:
        row = on.get(JobRow, job.id)
        assert row is not None
        row.beat -= LEASE_S + 1


def test_a_film_becomes_a_session_once(store: Store) -> None:
    job = _waiting(store)
    assert not store.jobs.queue(job.id)
    claimed = store.jobs.claim(job.id, "one")
    assert claimed is not None
    assert (claimed.state, claimed.attempt, claimed.exercise, claimed.difficulty) == ("running", 1, "squat", 0.5)
    assert store.jobs.claim(job.id, "two") is None
    assert store.jobs.beat(job.id, "one", "Following the movement", 0.25)
    assert not store.jobs.beat(job.id, "two")
    going = store.jobs.find(job.id)
    assert going is not None
    assert (going.stage, going.progress) == ("Following the movement", 0.25)
    report = made_report()
    assert store.jobs.complete(job.id, "two", poses(), report, {"headline": "2 squats"}) is None
    session = store.jobs.complete(job.id, "one", poses(), report, {"headline": "2 squats"})
    assert session is not None
    assert store.jobs.complete(job.id, "one", poses(), report, {}) is None
    assert not store.jobs.fail(job.id, "one", "late", "")
    done = store.jobs.find(job.id)
    assert done is not None
    assert (done.state, done.session, done.verdict, done.stage) == ("done", session, {"headline": "2 squats"}, "")
    (kept,) = store.sessions()
    assert (kept.id, kept.source, kept.asked, kept.state) == (session, "film", "squat", "complete")
    whole = store.session(session)
    assert whole is not None
    assert (whole.job, len(whole.reps), whole.done[0].full) == (job.id, len(report.reps), 2)
    assert store.poses(session) is not None


def test_a_dead_workers_job_waits_again_and_the_dead_worker_cannot_finish_it(store: Store) -> None:
    job = _waiting(store)
    assert store.jobs.claim(job.id, "dead")
    assert store.jobs.recover() == []
    _silent(store, job)
    assert store.jobs.recover() == [job.id]
    assert store.jobs.claim(job.id, "alive")
    assert store.jobs.complete(job.id, "dead", poses(), made_report(), {}) is None
    assert store.sessions() == []
    assert _state(store, job) == ("running", 2)


def test_the_jobs_of_a_worker_that_is_known_to_be_dead_wait_at_once(store: Store) -> None:
    mine, other = _waiting(store), _waiting(store)
    assert store.jobs.claim(mine.id, "dead")
    assert store.jobs.claim(other.id, "alive")
    assert store.jobs.recover("dead") == [mine.id]
    assert _state(store, other)[0] == "running"


def test_a_film_that_kills_every_worker_fails(store: Store) -> None:
    job = _waiting(store)
    for attempt in range(ATTEMPTS):
        assert _state(store, job) == ("queued", attempt)
        assert store.jobs.claim(job.id, "worker")
        store.jobs.recover("worker")
    failed = store.jobs.find(job.id)
    assert failed is not None
    assert (failed.state, failed.problem) == ("failed", CUT_OFF)
    assert store.jobs.recover() == []


def test_what_cannot_be_done_says_why(store: Store) -> None:
    job = _waiting(store)
    assert not store.jobs.fail(job.id, "one", "It is no film.", "Send another.")
    assert store.jobs.claim(job.id, "one")
    assert store.jobs.fail(job.id, "one", "It is no film.", "Send another.")
    failed = store.jobs.find(job.id)
    assert failed is not None
    assert failed.problem == {"message": "It is no film.", "hint": "Send another."}


def test_jobs_are_listed_newest_first_and_deleted(store: Store) -> None:
    ada = store.add_profile("Ada")
    first, second = store.jobs.add("me", "a.mp4", 1, "auto", 0), store.jobs.add(ada.id, "b.mp4", 1, "auto", 0)
    assert [job.id for job in store.jobs.all()] == [second.id, first.id]
    assert [job.id for job in store.jobs.all(ada.id)] == [second.id]
    assert store.jobs.all(state="queued") == []
    assert store.jobs.remove(first.id) == first
    assert store.jobs.remove(first.id) is None
    assert store.jobs.claim(first.id, "one") is None


def test_films_that_never_came_whole_are_given_up(store: Store) -> None:
    old, new = store.jobs.add("me", "a.mp4", 1, "auto", 0), store.jobs.add("me", "b.mp4", 1, "auto", 0)
    with store._database.write() as on:
        row = on.get(JobRow, old.id)
        assert row is not None
        row.created_at = now() - timedelta(days=2)
    assert store.jobs.remove_unsent() == [old.id]
    assert [job.id for job in store.jobs.all()] == [new.id]


def test_a_session_made_of_a_film_is_deleted_with_the_film(store: Store, tmp_path: Path) -> None:
    job = _waiting(store)
    store.films.write(job.id, 0, b"0123456789")
    assert store.jobs.claim(job.id, "one")
    session = store.jobs.complete(job.id, "one", poses(), made_report(), {})
    assert session is not None
    assert store.remove(session)
    assert store.jobs.find(job.id) is None
    assert not (tmp_path / "films" / job.id).exists()


def test_a_film_grows_at_its_end_only(store: Store) -> None:
    films = store.films
    assert films.received("a") == 0
    assert films.write("a", 0, b"01234") == 5
    with pytest.raises(ValueError, match="5 bytes are here, not 0"):
        films.write("a", 0, b"01234")
    assert films.write("a", 5, b"56789") == films.received("a") == 10
    films.seal("a")
    film = films.film("a", "../../Squat.MP4")
    assert film.read_bytes() == b"0123456789"
    assert film == films.film("a", "../../Squat.MP4")
    assert film.name == "Squat.mp4"
    assert films.film("a", "squat.py").name == "squat"


def test_results_appear_when_they_are_finished(store: Store) -> None:
    films = store.films
    films.write("a", 0, b"film")
    draft = films.draft("a", 1)
    (draft / "report.json").write_text("{}")
    assert films.listing("a") == []
    films.publish("a", 1)
    assert [path.name for path in films.listing("a")] == ["report.json"]
    (films.draft("a", 2) / "half.mp4").write_text("")
    films.forget_film("a")
    assert films.received("a") == 0
    assert [path.name for path in films.listing("a")] == ["report.json"]
    films.remove_all_but({"a"})
    assert films.listing("a")
    films.remove_all_but({"b"})
    assert films.listing("a") == []


def test_the_report_made_up_here_is_one() -> None:
    assert isinstance(made_report(), Report)
