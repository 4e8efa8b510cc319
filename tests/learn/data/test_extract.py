"""Pictures, films and a camera become rows; what cannot be used is set aside and shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from poise.errors import InputError, NobodySeen, UnreadableMedia
from poise.learn.data.capture import Plan, capture
from poise.learn.data.extract import extract, film_to_frames, sources, subjects, write_rejects
from poise.sim.shipped import ShippedClip
from tests.learn.data.made import Eyes, frames


def grey(path: Path, bright: int) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.fromarray(np.full((40, 60, 3), bright, np.uint8)).save(path)


def test_folders_are_classes_and_what_cannot_be_used_is_shown(tmp_path: Path) -> None:
    for name, bright in (
        ("good/anna_1.png", 100),
        ("good/ben_1.png", 60),
        ("bad/anna_2.png", 0),
        ("bad/ben_2.png", 1),
    ):
        grey(tmp_path / name, bright)
    (tmp_path / "bad" / "cut_3.jpg").write_bytes(b"no picture")
    found = extract(sources(tmp_path), Eyes, subject_from=r"/([a-z]+)_")
    assert found.table.file.tolist() == ["good/anna_1.png", "good/ben_1.png"]
    assert found.table.label.tolist() == ["good", "good"]
    assert found.table.subject.tolist() == ["anna", "ben"]
    assert np.isnan(found.table.t).all()
    assert [one.file for one in found.rejects] == ["bad/anna_2.png", "bad/cut_3.jpg", "bad/ben_2.png"] or [
        one.file for one in found.rejects
    ] == ["bad/anna_2.png", "bad/ben_2.png", "bad/cut_3.jpg"]
    why = {one.file: one.why for one in found.rejects}
    assert why["bad/anna_2.png"] == "nobody was found"
    assert "score 0.10" in why["bad/ben_2.png"]
    write_rejects(tmp_path / "rejects.html", found)
    page = (tmp_path / "rejects.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 2
    assert "3 set aside, 2 used" in page
    assert "cut_3.jpg" in page


def test_nothing_to_use_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia, match="no pictures or films"):
        sources(tmp_path)
    with pytest.raises(UnreadableMedia, match="There is no"):
        sources(tmp_path / "none")
    grey(tmp_path / "a.png", 0)
    with pytest.raises(InputError, match="nobody was found"):
        extract(sources(tmp_path, "x"), Eyes)
    with pytest.raises(InputError, match="finds nobody in 'b'"):
        subjects(["a", "b"], "a")
    with pytest.raises(InputError, match="no regular expression"):
        subjects(["a"], "(")


def test_a_film_is_looked_at_so_often_a_second(squat: ShippedClip, tmp_path: Path) -> None:
    found = extract(sources(squat.path, "squat"), Eyes, rate=4.0)
    steps = np.diff(found.table.t)
    assert np.median(steps) == pytest.approx(0.25, abs=0.03)
    assert set(found.table.label.tolist()) == {"squat"}
    assert set(found.table.part.tolist()) == {1}
    count = film_to_frames(squat.path, tmp_path / "frames", 1.0)
    assert len(list((tmp_path / "frames").glob("*.jpg"))) == count
    assert count == pytest.approx(found.table.t[-1], abs=1.5)


def test_a_session_counts_down_and_records_each_class_in_turn() -> None:
    told: list[tuple[str, str, int]] = []
    plan = Plan(["good", "bad"], seconds=2.0, rounds=2, countdown=1.0, rate=5.0)
    table = capture(frames(200), Eyes(), plan, "me", subject="anna", tell=lambda *said: told.append(said))
    assert table.label.tolist() == (["good"] * 10 + ["bad"] * 10) * 2
    assert sorted(set(table.part.tolist())) == [1, 2, 3, 4]
    assert set(table.subject.tolist()) == {"anna"}
    assert table.t[0] == pytest.approx(1.0)
    assert told[:4] == [
        ("good", "ready", 1),
        ("good", "recording", 2),
        ("good", "recording", 1),
        ("bad", "ready", 1),
    ]


def test_a_session_that_breaks_off_keeps_what_it_has() -> None:
    plan = Plan(["good", "bad"], seconds=2.0, countdown=1.0)
    assert capture(frames(25), Eyes(), plan, "me").label.tolist() == ["good"] * 15
    with pytest.raises(NobodySeen):
        capture(frames(100, bright=0), Eyes(), plan, "me")
