"""A film, from its first byte to its session: sent in pieces, analysed by a worker, whatever dies on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from poise.report.schema import Report
from poise.server.analyse import ABANDONED, Task
from poise.server.limits import MIB, Limits
from poise.server.settings import Settings
from poise.server.worker import Worker
from poise.sim.shipped import ShippedClip
from tests.films import standing_and_squatting, write
from tests.server.conftest import Running, Serve


def _send(
    web: httpx.Client, data: bytes, name: str = "squat.mp4", chunk: int = 100_000, **more: Any
) -> dict[str, Any]:
    job = web.post("/api/uploads", json={"name": name, "size": len(data), "exercise": "squat", **more}).json()
    path = f"/api/uploads/{job['id']}"
    for at in range(0, len(data), chunk):
        assert web.put(path, params={"offset": at}, content=data[at : at + chunk]).status_code == 200
    done = web.post(f"{path}/finish")
    assert done.status_code == 202
    told = done.json()
    assert isinstance(told, dict)
    return told


def _worker(server: Running, folder: Path, **limits: Any) -> Worker:
    worker = Worker(Settings(data=folder, limits=replace(Limits(), **limits)), server.store)
    server.ends.append(worker.queue.close)
    return worker


def test_a_film_comes_in_pieces_however_often_the_connection_is_lost(server: Running, web: httpx.Client) -> None:
    new = {"name": "squat.mp4", "size": 10, "exercise": "squat", "difficulty": 0.8}
    job = web.post("/api/uploads", json=new).json()
    assert (job["state"], job["received"], job["chunk"]) == ("uploading", 0, Limits().chunk)
    path = f"/api/uploads/{job['id']}"
    assert web.put(path, params={"offset": 0}, content=b"01234").json()["received"] == 5
    again = web.put(path, params={"offset": 0}, content=b"01234")
    assert (again.status_code, again.json()["received"]) == (409, 5)
    assert web.post(f"{path}/finish").json()["message"] == "5 of 10 bytes are here."
    assert web.put(path, params={"offset": 5}, content=b"567890").status_code == 413
    assert web.put(path, params={"offset": 5}, content=b"56789").json()["received"] == 10
    assert web.post(f"{path}/finish").json()["state"] == "queued"
    assert web.post(f"{path}/finish").json()["state"] == "queued"
    assert len(server.queue.huey.pending()) == 1
    assert web.put(path, params={"offset": 10}, content=b"x").status_code == 400
    assert [one["id"] for one in web.get("/api/jobs", params={"profile": "me"}).json()] == [job["id"]]
    assert web.delete(f"/api/jobs/{job['id']}").status_code == 204
    assert web.get(f"/api/jobs/{job['id']}").status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": "squat.exe"}, 400),
        ({"name": "squat.parquet"}, 400),
        ({"name": "a\x00.mp4"}, 422),
        ({"size": 0}, 422),
        ({"size": Limits().film_bytes + 1}, 413),
        ({"exercise": "sqaut"}, 404),
        ({"profile": "nobody"}, 404),
        ({"difficulty": 2}, 422),
        ({"person": "tallest"}, 422),
        ({"person": "1,2,3"}, 422),
        ({"person": "-1,2"}, 422),
    ],
)
def test_what_cannot_become_anything_is_refused_at_once(
    web: httpx.Client, change: dict[str, Any], status: int
) -> None:
    answer = web.post("/api/uploads", json={"name": "squat.mp4", "size": 10} | change)
    assert answer.status_code == status
    assert answer.json()["message"]
    assert web.get("/api/jobs").json() == []


def test_not_more_films_than_can_be_analysed_in_time(serve: Serve) -> None:
    server = serve(limits=Limits(waiting=2, requests=1000))
    with httpx.Client(base_url=server.url, trust_env=False) as web:
        said = [web.post("/api/uploads", json={"name": "a.mp4", "size": 1}).status_code for _ in range(3)]
    assert said == [201, 201, 429]


@pytest.mark.models
@pytest.mark.parametrize(("person", "squats"), [("540,240", 2), ("180,240", 0)])
def test_of_several_people_the_one_pointed_at_is_judged(
    server: Running, web: httpx.Client, squat: ShippedClip, tmp_path: Path, person: str, squats: int
) -> None:
    film = write(tmp_path / "two.mp4", standing_and_squatting(squat.path, 10, 6.4))
    job = _send(web, film.read_bytes(), person=person)
    assert job["person"] == person
    _worker(server, tmp_path).work(job["id"])
    report = web.get(f"/api/jobs/{job['id']}/results/report.json").json()
    assert report["counts"]["full"] == squats
    assert any(f"whoever is at {person}" in note for note in report["notes"])


@pytest.mark.models
def test_a_film_becomes_a_session_a_verdict_and_results(
    server: Running, web: httpx.Client, squat: ShippedClip, tmp_path: Path
) -> None:
    job = _send(web, squat.path.read_bytes(), "My squat.mp4", difficulty=0.9)
    worker = _worker(server, tmp_path)
    worker.work(job["id"])
    done = web.get(f"/api/jobs/{job['id']}").json()
    assert (done["state"], done["problem"], done["stage"]) == ("done", None, "")
    names = {result["name"]: result for result in done["results"]}
    assert {"report.html", "report.json", "reps.csv", "annotated.mp4", "keypoints.npz"} <= names.keys()
    report = Report.model_validate_json(web.get(f"/api/jobs/{job['id']}/results/report.json").content)
    assert report.source.file == "My squat.mp4"
    whole = web.get(f"/api/sessions/{done['session']}").json()
    assert (whole["job"], whole["source"], whole["asked"]) == (job["id"], "film", "squat")
    assert [one["kind"] for one in whole["reps"]] == [rep.kind for rep in report.reps]
    clean = sum(rep.kind == "full" and all(f.state != "fault" for f in rep.faults) for rep in report.reps)
    assert done["verdict"]["score"] == pytest.approx(clean / len(report.reps))
    assert done["verdict"]["passed"] == (clean / len(report.reps) >= 0.9)
    assert done["verdict"]["headline"].startswith(f"{report.counts.full} ")
    assert len(web.get(f"/api/sessions/{done['session']}/keypoints").json()["t"]) == report.timing.frames
    film = web.get(f"/api/jobs/{job['id']}/results/annotated.mp4", headers={"range": "bytes=0-99"})
    assert (film.status_code, len(film.content), film.headers["content-type"]) == (206, 100, "video/mp4")
    page = web.get(f"/api/jobs/{job['id']}/results/report.html")
    assert "connect-src" not in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    for name in ("../poise.sqlite", "..%2f..%2f..%2fpoise.sqlite", "nothing"):
        assert web.get(f"/api/jobs/{job['id']}/results/{name}").status_code == 404
    assert not (tmp_path / "films" / job["id"] / "sent").exists()
    worker.work(job["id"])  # the queue may say it twice
    assert len(web.get("/api/sessions").json()) == 1
    assert web.delete(f"/api/sessions/{done['session']}").status_code == 204
    assert web.get(f"/api/jobs/{job['id']}").status_code == 404
    assert not (tmp_path / "films" / job["id"]).exists()


@pytest.mark.models
def test_what_was_analysed_but_not_written_down_is_not_analysed_again(
    server: Running, web: httpx.Client, squat: ShippedClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = _send(web, squat.path.read_bytes())
    dying = _worker(server, tmp_path)

    def die(*_: object) -> None:
        raise SystemExit  # the moment between publishing and writing it down

    with monkeypatch.context() as cut:
        cut.setattr(server.store.jobs, "complete", die)
        with pytest.raises(SystemExit):
            dying.work(job["id"])
    assert server.store.jobs.recover(dying.name) == [job["id"]]
    next_one = _worker(server, tmp_path)
    monkeypatch.setattr(next_one, "_in_a_child", die)
    next_one.work(job["id"])
    assert web.get(f"/api/jobs/{job['id']}").json()["state"] == "done"
    assert len(web.get("/api/sessions").json()) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"this is no film", "squat.mp4"),
        (b"\x00\x00\x00\x18ftypmp42" + os.urandom(4000), "squat.mp4"),
    ],
)
def test_hostile_films_fail_in_words(
    server: Running, web: httpx.Client, tmp_path: Path, data: bytes, words: str
) -> None:
    job = _send(web, data)
    _worker(server, tmp_path).work(job["id"])
    failed = web.get(f"/api/jobs/{job['id']}").json()
    assert failed["state"] == "failed"
    assert words in failed["problem"]["message"]
    assert str(tmp_path) not in failed["problem"]["message"]
    assert web.get("/api/sessions").json() == []


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"film_s": 1.0}, "The film lasts"),
        ({"film_pixels": 1000}, "pixels"),
        ({"work_s": 0.0}, "took longer than 0 s"),
        ({"work_bytes": 400 * MIB}, "MB of memory"),
    ],
)
def test_a_film_beyond_the_limits_fails_in_words(
    server: Running, web: httpx.Client, squat: ShippedClip, tmp_path: Path, limits: dict[str, Any], words: str
) -> None:
    job = _send(web, squat.path.read_bytes())
    _worker(server, tmp_path, **limits).work(job["id"])
    failed = web.get(f"/api/jobs/{job['id']}").json()
    assert failed["state"] == "failed"
    assert words in failed["problem"]["message"]


def test_a_film_that_went_missing_fails_in_words(server: Running, web: httpx.Client, tmp_path: Path) -> None:
    job = _send(web, b"a film")
    server.store.films.remove(job["id"])
    _worker(server, tmp_path).work(job["id"])
    assert web.get(f"/api/jobs/{job['id']}").json()["problem"]["message"] == "The film is not here any more."


def test_a_film_deleted_while_it_is_analysed_is_let_go(
    server: Running, web: httpx.Client, squat: ShippedClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = _send(web, squat.path.read_bytes())
    worker = _worker(server, tmp_path)
    claim = server.store.jobs.claim

    def claimed(*given: str) -> Any:
        found = claim(*given)
        server.store.jobs.remove(job["id"])
        return found

    monkeypatch.setattr(server.store.jobs, "claim", claimed)
    worker.work(job["id"])
    assert web.get("/api/sessions").json() == []


def test_a_worker_that_is_told_to_stop_leaves_its_film_to_another(
    server: Running, web: httpx.Client, squat: ShippedClip, tmp_path: Path
) -> None:
    job = _send(web, squat.path.read_bytes())
    worker = _worker(server, tmp_path)
    thread = threading.Thread(target=worker.work, args=(job["id"],))
    thread.start()
    while web.get(f"/api/jobs/{job['id']}").json()["state"] != "running":
        time.sleep(0.05)
    worker._stop.set()
    thread.join(20)
    left = server.store.jobs.find(job["id"])
    assert left is not None
    assert (left.state, left.attempt) == ("queued", 0)
    worker.work(job["id"])
    assert web.get(f"/api/jobs/{job['id']}").json()["state"] == "queued"


def test_what_the_queue_forgot_waits_again(server: Running, web: httpx.Client, tmp_path: Path) -> None:
    job = _send(web, b"a film")
    server.queue.huey.flush()
    worker = _worker(server, tmp_path)
    worker.look()
    worker.look()
    assert [task.args for task in worker.queue.huey.pending()] == [(job["id"],)]


@contextmanager
def _workers(folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """A worker process, and whatever is put into its place."""
    running = [_start(folder)]
    try:
        yield running
    finally:
        for one in running:
            one.kill()
            one.wait()
            assert one.stdin
            one.stdin.close()


def _start(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "poise.server.worker", Settings(data=folder).text()]
    return subprocess.Popen(command, stdin=subprocess.PIPE)


@pytest.mark.models
def test_killed_workers_lose_nothing_and_repeat_nothing(
    server: Running, web: httpx.Client, squat: ShippedClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from poise.store import jobs

    monkeypatch.setattr(jobs, "LEASE_S", 2.5)
    sent = [_send(web, data)["id"] for data in (squat.path.read_bytes(), b"no film", squat.path.read_bytes())]
    with _workers(tmp_path) as running:
        for seconds in (1.0, 2.5):
            time.sleep(seconds)
            running[-1].send_signal(signal.SIGKILL)
            running.append(_start(tmp_path))
        end = time.monotonic() + 120
        while {web.get(f"/api/jobs/{one}").json()["state"] for one in sent} - {"done", "failed"}:
            assert time.monotonic() < end, [web.get(f"/api/jobs/{one}").json() for one in sent]
            server.store.jobs.recover()
            time.sleep(0.3)
    states = [web.get(f"/api/jobs/{one}").json()["state"] for one in sent]
    assert states == ["done", "failed", "done"]
    assert len(web.get("/api/sessions").json()) == 2


def test_an_analysis_ends_when_nobody_waits_for_it_any_more(tmp_path: Path, squat: ShippedClip) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "poise.server.analyse"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin
    assert child.stdout
    child.stdin.write(Task.of(str(squat.path), tmp_path, "squat", "whole", "largest", False, Limits()).line())
    child.stdin.flush()
    assert child.stdout.readline()
    child.stdin.close()
    assert child.wait(20) == ABANDONED
    child.stdout.close()


def test_the_server_itself_loads_nothing_that_decodes() -> None:
    script = "import sys, poise.server.serve; print([m for m in ('av', 'PIL', 'kornia_rs') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
