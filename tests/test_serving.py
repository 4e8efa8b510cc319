"""`poise serve`, `poise live` and `poise history` as they are typed."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner
from websockets.sync.client import connect

from poise.body.formats import read_recording
from poise.cli.app import complete
from poise.cli.commands import serve as serve_command
from poise.errors import MissingExtra, PoiseError
from poise.server.settings import Settings
from poise.sim.shipped import ShippedClip
from poise.store import open_store
from tests.processes import end
from tests.store.made import fault, one_set, poses, rep


@contextmanager
def _poise(folder: Path, *more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server as it is typed; yields what it prints once it is ready."""
    command = [sys.executable, "-m", "poise", "serve", "--port", "0", "--data", str(folder), *more]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "200"}
    ) as process:
        assert process.stdout
        said = ""
        try:
            wanted = "SHA-256" if "--host" in more and "--no-tls" not in more else "Ctrl+C"
            while wanted not in said:
                line = process.stdout.readline()
                assert line, f"it ended: {said}"
                said += line
            yield said, process
        finally:
            end(process, signal.SIGINT)


@pytest.mark.models
def test_a_session_and_a_film_without_a_network(squat: ShippedClip, tmp_path: Path) -> None:
    """The proof: every connection that leads elsewhere would be refused, in the server and in what it starts."""
    with _poise(tmp_path, "--no-network") as (said, _):
        (url,) = re.findall(r"http://127\.0\.0\.1:\d+/", said)
        with httpx.Client(base_url=url, trust_env=False) as web:
            vendor = web.get("/api/page").json()["vendor"]
            assert vendor.startswith("/vendor/")
            with connect(url.replace("http", "ws") + "ws", proxy=None) as socket:
                socket.send(json.dumps({"type": "start", "exercise": "squat", "width": 640, "height": 480}))
                assert json.loads(socket.recv())["type"] == "ready"
                for i in range(3):
                    body = [[100.0 + k, 50.0 + 9 * k, 0.9] for k in range(33)]
                    socket.send(json.dumps({"type": "pose", "t": i / 15, "keypoints": body}))
                    assert json.loads(socket.recv())["type"] == "feedback"
            data = squat.path.read_bytes()
            new = {"name": "squat.mp4", "size": len(data), "exercise": "squat"}
            job = web.post("/api/uploads", json=new).json()["id"]
            assert web.put(f"/api/uploads/{job}", params={"offset": 0}, content=data).status_code == 200
            web.post(f"/api/uploads/{job}/finish")
            end = time.monotonic() + 120
            while (state := web.get(f"/api/jobs/{job}").json())["state"] not in ("done", "failed"):
                assert time.monotonic() < end
                time.sleep(0.3)
            assert state["state"] == "done", state
            assert {one["source"] for one in web.get("/api/sessions").json()} == {"live", "film"}


@pytest.mark.models
def test_from_elsewhere_it_takes_a_certificate_and_a_token(tmp_path: Path) -> None:
    with _poise(tmp_path, "--host", "0.0.0.0", "--workers", "0") as (said, _):
        (pairing,) = re.findall(r"https://\S+/pair\?token=\S+", said)
        port = pairing.rpartition("/pair")[0].rpartition(":")[2]
        context = ssl.create_default_context(cafile=tmp_path / "tls" / "cert.pem")
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=context, trust_env=False) as web:
            assert web.get("/api/health").status_code == 401
            assert web.get("/pair", params={"token": pairing.split("=")[1]}).status_code == 303
            assert [cookie.secure for cookie in web.cookies.jar] == [True]
            assert web.get("/api/health").status_code == 200


def test_what_cannot_be_served_is_a_sentence(tmp_path: Path) -> None:
    runner = CliRunner()
    for arguments, words in (
        (["--host", "192.0.2.1"], "Nothing can listen on 192.0.2.1"),
        (["--certificate", "x.pem"], "belong together"),
        (["--certificate", "x.pem", "--key", "y.pem"], "There is no file x.pem"),
        (["--database", "nonsense"], "not the address of a database"),
    ):
        ran = runner.invoke(complete(), ["serve", "--port", "0", "--data", str(tmp_path), *arguments])
        assert isinstance(ran.exception, PoiseError), ran
        assert words in str(ran.exception)
        assert ran.exception.hint


def test_settings_reach_the_workers_unchanged(tmp_path: Path) -> None:
    given = Settings(data=tmp_path, database="postgresql://x", workers=3, network=False, keep_days=7.5)
    assert Settings.parse(given.text()) == given


def test_without_the_extra_its_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "poise.server.app", None)
    monkeypatch.delattr(sys.modules["poise.server"], "app", raising=False)
    with pytest.raises(MissingExtra, match=r"poise\[web\]"):
        serve_command.serve()


@pytest.fixture
def kept(tmp_path: Path) -> list[str]:
    """The arguments that lead to a history of one session, and its id."""
    with open_store("", tmp_path) as store:
        session = store.begin("me", "auto")
        store.append(session, poses(), [rep(1, faults=(fault(),)), rep(2, 3.0)], [one_set(1, "squat", 2)])
        store.finish(session)
    return ["--data", str(tmp_path), session]


def test_history_is_looked_at(kept: list[str]) -> None:
    runner = CliRunner()
    *where, session = kept
    listed = runner.invoke(complete(), ["history", "list", *where]).output
    assert session[:8] in listed
    assert "2 Squat" in listed
    assert "Nothing is kept" in runner.invoke(complete(), ["history", "list", *where, "-e", "lunge"]).output
    shown = runner.invoke(complete(), ["history", "show", session[:6], *where]).output
    assert "set 1: Squat, 2 repetitions" in shown
    assert "Too shallow, 1 times" in shown
    wrong = runner.invoke(complete(), ["history", "show", "zzz", *where])
    assert "No session is called 'zzz'" in str(wrong.exception)
    nobody = runner.invoke(complete(), ["history", "list", "--profile", "Bob", *where])
    assert "Known: Me" in str(nobody.exception)


@pytest.mark.parametrize("ending", ["csv", "json", "npz", "parquet"])
def test_history_is_taken_along(kept: list[str], tmp_path: Path, ending: str) -> None:
    *where, session = kept
    to = tmp_path / f"mine.{ending}"
    ran = CliRunner().invoke(complete(), ["history", "export", session[:8], "--out", str(to), *where])
    assert ran.exit_code == 0, ran.exception
    if ending in ("npz", "parquet"):
        assert len(read_recording(to)) == 20
    elif ending == "csv":
        assert to.read_text().count("squat,full") == 2
    else:
        assert json.loads(to.read_text())["sessions"][0]["id"] == session


def test_history_of_an_unknown_kind_is_a_sentence(kept: list[str], tmp_path: Path) -> None:
    *where, _ = kept
    ran = CliRunner().invoke(complete(), ["history", "export", "--out", str(tmp_path / "x.doc"), *where])
    assert "does not end in a kind of file" in str(ran.exception)
    keypoints = CliRunner().invoke(complete(), ["history", "export", "--out", str(tmp_path / "x.npz"), *where])
    assert "Give its id" in str(keypoints.exception)


def test_history_is_deleted_after_asking(kept: list[str]) -> None:
    runner = CliRunner()
    *where, session = kept
    refused = runner.invoke(complete(), ["history", "delete", session, *where], input="n\n")
    assert "Nothing is kept" not in refused.output
    assert session[:8] in runner.invoke(complete(), ["history", "list", *where]).output
    assert runner.invoke(complete(), ["history", "delete", *where]).exit_code == 2
    assert "0 deleted" in runner.invoke(complete(), ["history", "delete", "--older-than", "1", "-y", *where]).output
    assert "1 deleted" in runner.invoke(complete(), ["history", "delete", "--all", "--yes", *where]).output
    assert "Nothing is kept" in runner.invoke(complete(), ["history", "list", *where]).output
