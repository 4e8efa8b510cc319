"""Crews: every job ends once, whoever dies over it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from poise.analysis import Settings
from poise.batch import crew as crews
from poise.batch.crew import CUT_OFF, Processes
from poise.batch.jobs import Follow, Hand, Hash, Job, Judge, perform
from poise.batch.results import Problem, Results
from tests.batch.chores import Die, Double, Fail, Hang


@pytest.fixture(scope="module")
def two() -> Iterator[Processes]:
    with Processes(2) as crew:
        yield crew


def test_every_job_is_done_once_side_by_side(two: Processes) -> None:
    jobs = [Double(n) for n in range(6)]
    shares: list[tuple[int, float]] = []
    made = {job.n: outcome for job, outcome in two.run(jobs, lambda job, share: shares.append((job.n, share)))}
    assert {n: doubled for n, (doubled, _) in made.items()} == {n: 2 * n for n in range(6)}
    assert len({pid for _, pid in made.values()}) == 2
    assert (0, 0.5) in shares
    assert not list(two.run([], lambda job, share: None))


def test_a_job_whose_process_died_is_given_to_another(
    two: Processes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    unlucky, deadly = Die(tmp_path / "unlucky", 2), Die(tmp_path / "deadly", 99)
    jobs: list[Job] = [unlucky, deadly, Double(1)]
    made = dict(two.run(jobs, lambda job, share: None))
    assert made[unlucky] == "alive"
    assert (tmp_path / "unlucky").stat().st_size == 3
    assert made[deadly] == CUT_OFF
    assert (tmp_path / "deadly").stat().st_size == crews.ATTEMPTS
    assert len(made) == 3
    assert f"a process died over {unlucky} (2 of 3)" in caplog.text


def test_a_job_is_told_by_what_it_is_done_to() -> None:
    store = Results("store", 1)
    assert str(Follow("f" * 64, "squat.mp4", "/films/squat.mp4", Settings(), store)) == "squat.mp4"
    assert str(Judge("f", "0", (("f" * 64, "squat.mp4", "auto"),), "standard", "whole", store)) == "shard f"
    assert str(Hash("/films/squat.mp4")) == "/films/squat.mp4"


def test_actors_do_the_same(tmp_path: Path) -> None:
    script = (  # in a process of its own: Ray leaves some behind that it has started, and warns of it
        "import sys; from pathlib import Path; from poise.batch.cluster import Cluster\n"
        "from tests.batch.chores import Die, Double\n"
        "where = Path(sys.argv[1])\n"
        "jobs = [*(Double(n) for n in range(4)), Die(where / 'unlucky', 1), Die(where / 'deadly', 99)]\n"
        "with Cluster(workers=2) as crew:\n"
        "    told = sorted(str(outcome[0] if isinstance(outcome, tuple) else outcome)[:20]"
        " for _, outcome in crew.run(jobs, lambda job, share: None))\n"
        "(where / 'told').write_text(str(told))\n"
    )
    run = [sys.executable, "-c", script, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(run, capture_output=True, text=True, env=environment, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "told").read_text() == str(["0", "2", "4", "6", "Problem(message='It ", "alive"])
    assert (tmp_path / "unlucky").stat().st_size == 2
    assert (tmp_path / "deadly").stat().st_size == crews.ATTEMPTS


def test_a_process_that_says_nothing_for_long_is_taken_for_dead(
    two: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crews, "SILENT_S", 1.5)
    monkeypatch.setattr(crews, "ATTEMPTS", 1)
    assert [outcome for _, outcome in two.run([Hang()], lambda job, share: None)] == [CUT_OFF]


def test_leaving_ends_the_processes() -> None:
    with Processes(1) as crew:
        [(_, (_, pid))] = crew.run([Double(1)], lambda job, share: None)
        assert Path(f"/proc/{pid}").exists()
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(
    ("how", "message", "bad"),
    [
        ("film", "That is no film.", True),
        ("disk", "The disk is full.", False),
        ("memory", "It needs more memory than there is.", True),
        ("bug", "It could not be done: ZeroDivisionError: oops.", True),
    ],
)
def test_what_goes_wrong_is_told_and_whose_fault_it_is(how: str, message: str, bad: bool) -> None:
    outcome = perform(Fail(how), Hand(), lambda share: None)
    assert isinstance(outcome, Problem)
    assert (outcome.message, outcome.bad) == (message, bad)
