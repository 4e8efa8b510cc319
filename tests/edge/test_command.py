"""``poise edge`` as it is typed: a drawn athlete before the camera, told here and to a machine elsewhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from poise.cli.commands.edge import _telling
from poise.edge.watch import Saying
from poise.errors import ModelUnavailable
from poise.sim.shipped import ShippedClip
from poise.web.assets import assets
from tests.processes import end

#: The one runtime of networks that a board with little memory has room for is LiteRT.
RUNTIMES = ("onnxruntime", "openvino", "mediapipe", "torch")


@contextmanager
def typed(data: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command as it is typed, with its data in a folder; ended as systemd ends it."""
    command = [sys.executable, "-m", "poise", "edge", *words]
    environment = os.environ | {"XDG_DATA_HOME": str(data), "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            end(process, signal.SIGTERM)


def line_with(process: subprocess.Popen[str], words: str) -> str:
    """The next line that it prints with those words in it."""
    assert process.stdout
    before = []
    for line in process.stdout:
        if words in line:
            return line
        before.append(line)
    process.wait()
    raise AssertionError(f"it ended: {before}, {process.stderr.read() if process.stderr else ''}")


@pytest.mark.models
def test_a_film_is_coached_by_litert_alone(squat: ShippedClip, tmp_path: Path) -> None:
    words = ["edge", "--film", str(squat.path), "--exercise", "squat", "--model", "lite", "--share", "1"]
    script = (
        "import sys; from poise.cli import main\n"
        f"sys.argv = ['poise', *{words!r}]\n"
        "try: main()\n"
        f"finally: print('runtimes:', [name for name in {RUNTIMES!r} if name in sys.modules])\n"
    )
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path), "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    lines = done.stdout.splitlines()
    assert lines[-1] == "runtimes: []"
    told = [int(line.split()[1]) for line in lines if line.startswith("Squat ")]
    assert told == sorted(told)  # how many of them depends on how busy this machine is
    assert told
    assert not list(tmp_path.rglob("journal*"))  # of a film none is kept


def test_where_nothing_speaks_it_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[list[str]] = []
    monkeypatch.setattr("poise.desk.alerts.subprocess.Popen", lambda words, **_: said.append(words))
    go_deeper = Saying(1.0, "Squat", 3, 0.0, "correct", "Go deeper.")
    monkeypatch.setattr("shutil.which", lambda name: None)
    _telling("voice")(go_deeper)
    told = capsys.readouterr()
    assert "sudo apt install espeak-ng" in told.err
    assert "Squat  3  Go deeper." in told.out
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    _telling("voice")(go_deeper)
    assert capsys.readouterr().out == ""
    assert [words[-1] for words in said] == ["Go deeper."]


def test_it_speaks_and_shows_the_language_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[list[str]] = []
    monkeypatch.setattr("poise.desk.alerts.subprocess.Popen", lambda words, **_: said.append(words))
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name == "espeak-ng" else None)
    _telling("both", "de")(Saying(1.0, "Squat", 3, 0.0, "correct", "Push your knees out, over your toes."))
    cue = "Drück die Knie nach außen, über die Zehen."
    assert said == [["espeak-ng", "-v", "de", cue]]
    assert f"Kniebeuge  3  {cue}" in capsys.readouterr().out


@pytest.mark.models
def test_the_board_watches_and_another_machine_tells(squat: ShippedClip, tmp_path: Path) -> None:
    try:
        assets()
    except ModelUnavailable as problem:
        pytest.skip(f"the page's runtime cannot be had: {problem}")
    camera = f"lavfi:movie={squat.path}:loop=0,setpts=N/20/TB,realtime"
    board = [
        "--camera",
        camera,
        "--exercise",
        "squat",
        "--model",
        "lite",
        "--say",
        "none",
        "--serve",
        "--port",
        "0",
    ]
    with typed(tmp_path / "board", *board) as watching:
        address = line_with(watching, "What is seen here").split()[-1].removesuffix("watch.html")
        with typed(tmp_path / "elsewhere", "--listen", address) as listening:
            assert line_with(listening, "Squat  1")
        assert listening.returncode == 0
    assert watching.returncode == 0
    (journal,) = tmp_path.rglob("journal.jsonl")
    written = [json.loads(line) for line in journal.read_text().splitlines()]
    assert sum(line["full"] for line in written) >= 1
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".mp4", ".jpg", ".png")]
