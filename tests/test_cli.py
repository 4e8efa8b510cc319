"""The command line: what is printed, what it ends with, and that no problem shows a traceback."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from poise.analysis import Analysis
from poise.beside import processes
from poise.body import PoseSequence
from poise.body.formats import write_recording
from poise.cli.app import EXITS, complete
from poise.coach import exercises
from poise.desk.diary import Diary, Entry
from poise.desk.profiles import save_profile
from poise.sim.desk import Spell
from poise.vision.frame import Frame
from tests.coach.desk.sitters import baseline, sitting
from tests.coach.teach.shows import shows
from tests.desk.classifiers import sinking
from tests.films import write


def poise(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    command = [sys.executable, "-m", "poise", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def told(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stderr + done.stdout
    return " ".join((done.stdout + done.stderr).split())


def test_help_names_every_command() -> None:
    done = poise("--help")
    assert done.returncode == 0
    for command in ("analyze", "demo", "desk", "doctor", "exercises", "models"):
        assert command in done.stdout


def test_only_the_command_that_was_typed_is_imported() -> None:
    script = (
        "import sys; from poise.cli.app import load; load(['analyze', 'squat.mp4']); "
        "print([name for name in ('numpy', 'poise.analysis', 'poise.cli.commands.demo') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"


def test_processes_beside_work_elsewhere_and_end_with_this_one(tmp_path: Path) -> None:
    script = tmp_path / "beside.py"
    script.write_text(
        "import os, signal\n"
        "from poise.beside import processes\n"
        "if __name__ == '__main__':\n"
        "    with processes(2) as pool:\n"
        "        print(pool.submit(os.getpid).result(), flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    running = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    said, _ = running.communicate(timeout=60)  # comes back only when every process that could write has ended
    assert running.returncode == -signal.SIGKILL
    assert int(said) != running.pid
    with processes(1) as alone:
        assert alone is None


def of_one(command: object, name: str) -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    """A command, and those within it that do something."""
    assert isinstance(command, TyperCommand | TyperGroup)
    if not isinstance(command, TyperGroup) or command.invoke_without_command:
        yield name, command
    for inner in getattr(command, "commands", {}).values():
        yield from of_one(inner, f"{name} {inner.name}")


EVERY = dict(of_one(typer.main.get_command(complete()), "poise"))


@pytest.mark.parametrize("name", EVERY)
def test_help_says_what_it_does_takes_and_ends_with_by_example(name: str) -> None:
    """The examples themselves are typed by tests/test_docs.py."""
    command = EVERY[name]
    assert len(command.help or "") > 20
    parameters = [one for one in command.params if one.name not in ("install_completion", "show_completion")]
    assert [one.name for one in parameters if not getattr(one, "help", "")] == []
    epilog = command.epilog or ""
    assert re.search(rf"^Examples:\n\n(    poise .*\n)*    {name}", epilog)
    assert epilog.endswith(EXITS)
    assert [line for line in epilog.splitlines() if len(line) > 78 and line != EXITS] == [], "80 columns"


def test_help_is_printed_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = poise("convert", "--help").stdout
    assert re.search(
        r"^ Examples: *\n *\n +poise convert squat.mp4 squat.trc  +# a film, for OpenSim *$", said, re.M
    )
    assert said.count("Exit status:") == 1


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("poise ana", ["analyze"]),
        ("poise history ex", ["export"]),
        ("poise analyze --no-", ["--no-video"]),
        ("poise analyze --strictness b", ["beginner"]),
        ("poise analyze --body sea", ["seated"]),
        ("poise analyze --backend blaze", ["blazepose"]),
        *[(f"poise {one} sq", ["squat"]) for one in ("batch -e", "classify -e", "edge -e", "history list -e")],
        *[(f"poise {one} sq", ["squat"]) for one in ("analyze -e", "desk --exercise", "exercises show")],
        ("poise models fetch blazepose-f", ["blazepose-full"]),
        ("poise learn train pos", ["posco", "posture_model"]),
    ],
)
def test_the_shell_completes_what_is_typed(
    typed: str, offered: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = typed.split()
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1), "_TYPER_COMPLETE_ARGS": typed}
    asked |= {"_TYPER_COMPLETE_FISH_ACTION": "get-args", "_TYPER_COMPLETE_WORD_TO_COMPLETE": words[-1]}
    for shell in ("bash", "zsh", "fish"):
        for name, value in {**asked, "_POISE_COMPLETE": f"complete_{shell}"}.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            complete()(args=[], prog_name="poise")
        assert ended.value.code == 0
        said = re.findall(r"[\w-]+", capsys.readouterr().out)
        assert [word for word in dict.fromkeys(said) if word in offered] == offered, shell


def test_version() -> None:
    assert poise("--version").stdout.startswith("poise 0.")


def test_exercises_are_listed_and_shown() -> None:
    listed = poise("exercises").stdout
    assert all(name in listed for name in exercises())
    shown = told(poise("exercises", "show", "squat"))
    assert "Not deep enough" in shown
    assert "Myer 2014" in shown


def test_an_unknown_exercise_is_a_sentence_with_a_guess() -> None:
    done = poise("exercises", "show", "sqaut")
    assert done.returncode == 1
    assert "No exercise is called 'sqaut'. Did you mean 'squat'?" in told(done)


def test_wrong_usage_ends_with_two() -> None:
    assert poise("analyze").returncode == 2
    assert poise("models", "fetch").returncode == 2
    assert poise("analyse").returncode == 2


def test_models_are_listed_with_licence_and_hash() -> None:
    listed = told(poise("models"))
    assert "blazepose-full" in listed
    assert "Apache-2.0" in listed


def test_an_option_that_the_backend_has_not_is_said_before_it_looks(tmp_path: Path) -> None:
    write(tmp_path / "film.mp4", [Frame(np.zeros((64, 48, 3), np.uint8), i / 10) for i in range(5)])
    done = poise("analyze", tmp_path / "film.mp4", "--option", "smoth", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "No option of blazepose is called 'smoth'. Did you mean 'smooth'?" in told(done)


@pytest.mark.models
def test_doctor_says_what_is_here() -> None:
    listed = told(poise("doctor"))
    for word in ("python", "LiteRT", "blazepose", "H.264", "--option smooth, doubt_s=..., hurry"):
        assert word in listed
    assert re.search(
        r"runtime (LiteRT [\d.]+, XNNPACK|OpenVINO [\d.]+); blazepose-full takes [\d.]+ ms on the one thread",
        listed,
    )


def test_doctor_says_how_to_get_a_model_that_is_not_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POISE_MODELS", str(tmp_path))
    monkeypatch.setattr("poise.vision.weights._cache_folder", lambda: tmp_path)
    done = CliRunner().invoke(complete(), ["doctor"])
    assert done.exit_code == 0
    assert "blazepose-full is not here, so nothing could be run: poise models fetch blazepose-full" in done.stdout


@pytest.mark.models
def test_one_bad_input_does_not_stop_the_others(squat_analysis: Analysis, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"\0" * 100)
    good = squat_analysis.folder / "keypoints.npz"
    done = poise("analyze", bad, good, tmp_path / "none.mp4", "-e", "squat", "-o", tmp_path / "out")
    words = told(done)
    assert done.returncode == 1
    assert "5 squats" in words
    assert "bad.mp4" in words
    assert "none.mp4" in words
    assert "2 of 3 inputs could not be analysed" in words
    assert (tmp_path / "out" / "keypoints" / "report.html").exists()


@pytest.mark.models
def test_json_is_the_report_and_nothing_else(squat_analysis: Analysis, tmp_path: Path) -> None:
    done = poise("analyze", squat_analysis.folder / "keypoints.npz", "-e", "squat", "--json", "-o", tmp_path)
    assert json.loads(done.stdout)["counts"]["full"] == 5
    assert done.returncode == 0


@pytest.mark.models
def test_quiet_is_quiet(squat_analysis: Analysis, tmp_path: Path) -> None:
    done = poise("analyze", squat_analysis.folder / "keypoints.npz", "-e", "squat", "-q", "-o", tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_desk_watches_keypoints_and_tells_in_json(tmp_path: Path) -> None:
    recording = tmp_path / "sitting.npz"
    write_recording(recording, PoseSequence.of(sitting(80, Spell("slump", 20, 999, {"slump": 6}))))
    done = poise("desk", "--film", recording, "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, told(done)
    assert lines[0]["type"] == "baseline"
    assert [line["signature"] for line in lines if line["type"] == "Nudge"] == ["slump"]
    assert lines[-1]["counts"]["nudges"] == {"slump": 1}
    assert "You have sunk by about" in told(poise("desk", "--film", recording))


def test_desk_says_what_is_wrong_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POISE_DATA", str(tmp_path))
    for arguments, words in (
        (("--film", tmp_path / "none.npz"), "cannot be opened"),
        (("--camera", "no-such-camera"), "no-such-camera"),
        (("--quiet-hours", "late"), "22:00-07:00"),
        (("--exercise", "sqaut"), "Did you mean 'squat'"),
        (("--leave-out", "slumpy"), "slump"),
        (("--alert", "shout"), "bell"),
    ):
        done = poise("desk", *arguments)
        assert done.returncode == 1, arguments
        assert words in told(done), arguments


def test_the_diary_is_shown_exported_and_snoozed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POISE_DATA", str(tmp_path))
    assert "diary is empty" in told(poise("desk", "diary"))
    now = datetime.now()
    Diary(tmp_path / "desk" / "diary.jsonl").append(
        Entry(now, 1800, 600, signatures={"slump": 480, "near": 120.0}, nudges={"slump": 2}, breaks=1, reps=9)
    )
    shown = told(poise("desk", "diary"))
    assert "30 min" in shown
    assert "slump 2" in shown
    assert "1 (9 reps)" in shown
    assert re.search(r"Slumped +8 min +2\s+Close to the screen +2 min +0", shown)
    assert json.loads(poise("desk", "diary", "--json").stdout)["good_s"] == 1800
    table = tmp_path / "out.csv"
    assert poise("desk", "diary", "--csv", table).returncode == 0
    assert table.read_text().splitlines()[1].startswith(f"{now:%Y-%m-%d}")
    assert poise("desk", "diary", "--csv", tmp_path / "no" / "out.csv").returncode == 1
    assert "No alerts until" in told(poise("desk", "snooze", "20"))
    assert "on again" in told(poise("desk", "snooze", "0"))
    save_profile(tmp_path / "desk", "home", baseline())
    assert "home from the front, 58 cm (reckoned)" in told(poise("desk", "profiles"))


def test_a_second_opinion_is_switched_on_told_and_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POISE_DATA", str(tmp_path))
    assert "no second opinion" in told(poise("desk", "opinion"))
    file = sinking(tmp_path / "mine.onnx", 308.0, ("upright", "sunk"))
    refused = poise("desk", "opinion", file)
    assert refused.returncode == 1
    assert "upright" in told(refused)
    chosen = told(poise("desk", "opinion", file, "--good", "upright"))
    assert "what it calls upright" in chosen
    assert "Right of 9 in 10." in chosen
    recording = tmp_path / "sitting.npz"
    write_recording(recording, PoseSequence.of(sitting(90, Spell("slump", 20, 999, {"slump": 6}))))
    watched = poise("desk", "--film", recording, "--leave-out", "slump")
    assert "watching (second opinion: badly)" in told(watched)
    assert "We differ: your classifier calls this sunk; I measure nothing off." in told(watched)
    lines = [json.loads(line) for line in poise("desk", "--film", recording, "--json").stdout.splitlines()]
    assert [line["opinion"]["state"] for line in lines if line["type"] == "state" and line["opinion"]][-1] == "bad"
    assert "no second opinion" in told(poise("desk", "opinion", "--off"))


def test_what_is_taught_is_listed_and_counted_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POISE_DATA", str(tmp_path / "data"))
    write_recording(tmp_path / "shown.npz", shows("squat", 4))
    write_recording(tmp_path / "other.npz", shows("squat", 10, seed=5, tall=1.9))
    done = poise("teach", "dip", tmp_path / "shown.npz")
    assert done.returncode == 0, done.stderr
    assert "Dip is counted by" in told(done)
    assert "too close to squat" in told(done)
    assert "Dip (your own)" in told(poise("exercises"))
    done = poise("analyze", tmp_path / "other.npz", "-e", "dip", "--json", "--out", tmp_path / "results")
    assert json.loads(done.stdout)["counts"]["full"] == 10
    again = poise("teach", "dip", tmp_path / "shown.npz")
    assert again.returncode == 1
    assert "--replace" in told(again)
    for wrong in (["teach", "squat", "x.npz"], ["teach", "dip", "x.npz", "--bad", "leaning"]):
        assert "Traceback" not in told(poise(*wrong))
        assert poise(*wrong).returncode == 1


def test_keypoints_are_written_for_another_program(squat_analysis: Analysis, tmp_path: Path) -> None:
    keypoints = squat_analysis.folder / "keypoints.parquet"
    done = poise("convert", keypoints, tmp_path / "squat.trc")
    assert done.returncode == 0, done.stderr
    assert f"{len(squat_analysis.poses)} poses" in told(done)
    assert (tmp_path / "squat.trc").read_text().startswith("PathFileType")

    unknown = poise("convert", keypoints, tmp_path / "squat.fbx")
    assert unknown.returncode == 1
    assert "No file format is called '.fbx'" in told(unknown)
    nowhere = poise("convert", keypoints, tmp_path / "no" / "such" / "squat.trc")
    assert nowhere.returncode == 1
    assert "cannot be written" in told(nowhere)
    assert not (tmp_path / "no").exists()
