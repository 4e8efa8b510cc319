"""Watching within a budget: paced pictures, few words, and a journal that is seldom written."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from poise.body import BLAZEPOSE33, Pose, PoseSequence
from poise.coach import Advice, Coach, Counts, Feedback, review
from poise.coach.events import Cue, View
from poise.edge import watch as watching
from poise.edge.watch import JOURNAL_S, Budget, Journal, Saying, Sayings, watch
from poise.errors import ResultsUnwritable
from poise.session import Session
from poise.sim import Camera, Noise, film_poses, perform
from poise.vision.frame import Frame
from tests.vision.scripted import Held


def test_a_budget_slows_down_as_work_costs_more_and_recovers() -> None:
    budget = Budget(rate=25.0, share=0.5)
    assert budget.spent(0.01) == pytest.approx(0.04)  # no more often than the rate
    assert budget.spent(0.01) == pytest.approx(0.04)
    hot = [budget.spent(0.1) for _ in range(60)]
    assert hot == sorted(hot)
    assert hot[-1] == pytest.approx(0.2, rel=0.02)  # half of the time
    cool = [budget.spent(0.01) for _ in range(60)]
    assert cool[-1] == pytest.approx(0.04)
    assert Budget(25.0, 0.5).spent(0.1) == pytest.approx(0.2)  # at once, when nothing is known


class Recalling(Held):
    """An estimator that remembers what is in every frame, and takes its time on a clock."""

    skeleton = BLAZEPOSE33

    def __init__(self, poses: PoseSequence) -> None:
        self._poses = {pose.t: pose for pose in poses}
        self.looked: list[float] = []

    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        self.looked += [frame.t for frame in frames]
        return [[self._poses[frame.t]] if self._poses[frame.t].seen else [] for frame in frames]


SQUATS = film_poses(perform("squat", reps=4), Camera(yaw=90), rate=30, noise=Noise(), seed=3)


class Slow(Budget):
    """A budget by which every picture costs the same, on any machine."""

    def __init__(self, seconds: float) -> None:
        super().__init__(30.0, 1.0)
        self._each = seconds

    def spent(self, seconds: float) -> float:
        return super().spent(self._each)


@pytest.mark.parametrize(("cost", "rate"), [(0.01, 30.0), (0.08, 10.0)])
def test_a_board_that_is_too_slow_for_every_picture_counts_the_same(
    tmp_path: Path, cost: float, rate: float
) -> None:
    eyes = Recalling(SQUATS)
    frames = [Frame(np.zeros((2, 2, 3), np.uint8), t) for t in SQUATS.t.tolist()]
    said: list[Saying] = []
    watch(frames, Session(Coach("squat"), eyes), Slow(cost), said.append, Journal(tmp_path / "j"))
    assert len(eyes.looked) == pytest.approx(SQUATS.duration * rate, rel=0.03)
    assert review("squat", SQUATS).counts.full == 4
    assert [one.text for one in said if one.kind == "rep"] == ["1", "2", "3", "4"]
    (line,) = [json.loads(line) for line in (tmp_path / "j").read_text().splitlines()]
    assert (line["exercise"], line["full"]) == ("squat", 4)


def test_it_stops_when_told_to() -> None:
    eyes = Recalling(SQUATS)
    frames = [Frame(np.zeros((2, 2, 3), np.uint8), t) for t in SQUATS.t.tolist()]
    watch(
        frames, Session(Coach("squat"), eyes), Slow(0.001), lambda saying: None, stop=lambda: len(eyes.looked) > 9
    )
    assert len(eyes.looked) == 10


def test_the_watchdog_hears_of_every_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(watching, "_notify", told.append)
    frames = [Frame(np.zeros((2, 2, 3), np.uint8), t) for t in SQUATS.t[:9].tolist()]
    pictures = watch(frames, Session(Coach("squat"), Recalling(SQUATS)), Slow(0.001), lambda saying: None)
    assert told == ["READY=1", *["WATCHDOG=1"] * pictures]
    assert pictures == 9


def feedback(t: float, **more: object) -> Feedback:
    base = Feedback(
        t=t,
        exercise="squat",
        phase="rest",
        progress=0.0,
        counts=Counts(2, 0, 0, 0.0),
        measured={},
        view=View("side", 90.0, 3.0, 1),
        pose=next(iter(SQUATS)),
    )
    return replace(base, **more)  # type: ignore[arg-type]


def test_what_is_so_is_told_twice_a_second_and_what_is_new_at_once() -> None:
    sayings = Sayings()
    (first,) = sayings.of(feedback(0.0))
    assert (first.exercise, first.count, first.text) == ("Squat", 2, "")
    assert sayings.of(feedback(0.4)) == []
    far = Advice("far", "Come closer.")
    assert [one.text for one in sayings.of(feedback(0.45, advice=(far,)))] == ["Come closer."]
    assert sayings.of(feedback(0.5, advice=(far,))) == []  # said once
    fault = review("squat", SQUATS).reps[0].faults[0]
    cue = Cue(0.6, "correct", "shallow", "Not deep enough", "Go deeper.", "squat", fault)
    (one,) = sayings.of(feedback(0.6, advice=(far,), cue=cue))
    assert (one.kind, one.text) == ("correct", "Go deeper.")
    assert [one.text for one in sayings.of(feedback(1.2))] == [""]
    assert [one.text for one in sayings.of(feedback(1.3, advice=(far,)))] == ["Come closer."]  # it was well between


def test_the_journal_is_written_once_nothing_was_done_for_a_while(tmp_path: Path) -> None:
    path, now = tmp_path / "edge" / "journal.jsonl", [0.0]
    journal = Journal(path, clock=lambda: now[0])
    events = review("squat", SQUATS).reps
    for event in events:
        journal.add((event,))
        now[0] += 10.0
    now[0] += JOURNAL_S - 11.0
    journal.add(())
    assert not path.exists()
    now[0] += 2.0
    journal.add(())
    assert len(path.read_text().splitlines()) == 1
    journal.add(())
    journal.close()
    assert len(path.read_text().splitlines()) == 1
    journal.add(events[:1])
    journal.close()
    assert len(path.read_text().splitlines()) == 2


def test_a_journal_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file" / "journal.jsonl")
    journal.add(review("squat", SQUATS).reps)
    with pytest.raises(ResultsUnwritable, match="cannot be written"):
        journal.close()


def test_systemd_is_told_that_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(address)
        heard.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        watching._notify("WATCHDOG=1")
        assert heard.recv(64) == b"WATCHDOG=1"
    watching._notify("WATCHDOG=1")  # nobody is there any more
