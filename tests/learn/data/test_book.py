"""Labels are on disk one by one, can be taken back, and nobody's are lost to somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from poise.errors import InputError, ResultsUnwritable
from poise.learn.data.book import LabelBook, parse_keys
from poise.learn.data.labels import Interval, read_labels, write_labels

UP = Interval("a.mp4", 1.0, 2.0, "up", "p1", 'said, "twice"', "ann")
DOWN = Interval("a.mp4", 2.0, 2.0, "down", labeller="ann")
HIS = Interval("a.mp4", 1.5, 2.0, "up", labeller="ben")


def test_every_label_is_on_disk_before_the_next(tmp_path: Path) -> None:
    book = LabelBook(tmp_path / "new" / "labels.csv", "ann")
    assert not book.path.exists()
    book.add(UP)
    assert read_labels(book.path) == [UP]
    book.add(DOWN)
    book.add(DOWN)
    assert read_labels(book.path) == [UP, DOWN]
    book.remove(UP)
    assert read_labels(book.path) == [DOWN] == LabelBook(book.path, "ann").rows


def test_changes_are_taken_back_one_by_one(tmp_path: Path) -> None:
    book = LabelBook(tmp_path / "labels.csv", "ann")
    book.add(UP)
    book.add(DOWN)
    book.remove(UP)
    assert book.undo()
    assert read_labels(book.path) == [UP, DOWN]
    assert book.undo()
    assert book.undo()
    assert read_labels(book.path) == [] == book.rows
    assert not book.undo()


def test_others_are_not_seen_and_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    write_labels(path, [HIS])
    book = LabelBook(path, "ann")
    assert book.rows == []
    book.add(UP)
    write_labels(path, [*read_labels(path), Interval("b.mp4", 0.0, 1.0, "up", labeller="ben")])
    book.add(DOWN)
    assert [one.labeller for one in read_labels(path)] == ["ben", "ben", "ann", "ann"]
    with pytest.raises(InputError, match="ben"):
        book.add(HIS)


def test_a_picture_is_labelled_once_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    picture = Interval("a.jpg", float("nan"), float("nan"), "good", labeller="ann")
    LabelBook(path, "ann").add(picture)
    book = LabelBook(path, "ann")
    book.add(picture)
    assert len(read_labels(path)) == 1
    book.remove(picture)
    assert read_labels(path) == []


def test_what_cannot_be_kept_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    book = LabelBook(tmp_path / "file" / "labels.csv", "ann")
    with pytest.raises(ResultsUnwritable):
        book.add(UP)
    assert book.rows == []
    assert not book.undo()


@pytest.mark.parametrize("keys", ["", "u=up", "g=good,g=bad", "gg=good", "good,good", "g="])
def test_keys_that_are_none_are_refused(keys: str) -> None:
    with pytest.raises(InputError):
        parse_keys(keys)
