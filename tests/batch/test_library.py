"""Which films a folder, a pattern or a list holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from poise.batch.library import Item, items
from poise.batch.places import place
from poise.errors import InputError


@pytest.fixture
def films(tmp_path: Path) -> Path:
    for name in ("b.MP4", "a.mov", "deep/er/c.webm", "notes.doc", "deep/d.jpg"):
        path = tmp_path / "films" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"film")
    return tmp_path / "films"


def test_a_folder_holds_its_films_and_those_of_its_folders(films: Path) -> None:
    assert items(str(films)) == [
        Item("a.mov", str(films / "a.mov")),
        Item("b.MP4", str(films / "b.MP4")),
        Item("deep/er/c.webm", str(films / "deep/er/c.webm")),
    ]


def test_a_pattern_is_matched_and_names_begin_where_it_does(films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [item.name for item in items(f"{films}/**/*.[mw]*")] == ["a.mov", "deep/er/c.webm"]
    monkeypatch.chdir(films)
    assert items("deep/*/*.webm") == [Item("er/c.webm", "deep/er/c.webm")]


def test_a_film_by_itself_is_a_library_too(films: Path) -> None:
    assert items(str(films / "b.MP4")) == [Item("b.MP4", str(films / "b.MP4"))]


def test_lists_name_films_beside_them_anywhere_and_their_exercise(films: Path) -> None:
    text = films.parent / "list.txt"
    text.write_text("# mine\nfilms/a.mov\n\n  /far/away.mp4 \ns3://bucket/b.mp4\n")
    assert items(str(text)) == [
        Item("films/a.mov", str(films / "a.mov")),
        Item("/far/away.mp4", "/far/away.mp4"),
        Item("s3://bucket/b.mp4", "s3://bucket/b.mp4"),
    ]
    table = films.parent / "list.csv"
    table.write_text("\ufeffexercise,film\nsquat,films/a.mov\n,films/b.MP4\n", encoding="utf-8")
    assert [(item.name, item.exercise) for item in items(str(table))] == [
        ("films/a.mov", "squat"),
        ("films/b.MP4", ""),
    ]


def test_addresses_elsewhere_are_folders_and_patterns_alike() -> None:
    for name in ("one.mp4", "deep/two.mp4", "deep/no.txt"):
        path = place(f"memory://library/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"film")
    assert [item.name for item in items("memory://library")] == ["deep/two.mp4", "one.mp4"]
    (one,) = items("memory://library/*/*.mp4")
    assert (one.name, place(one.address).read_bytes()) == ("deep/two.mp4", b"film")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("nothing", "There is nothing at"),
        ("films/*.avi", "There is no film in"),
        ("films/deep/d.txt", "There is no film in"),
        ("binary.txt", "is no text"),
        ("wrong.csv", "no column 'film' but path, exercise"),
        ("nosuch://films", "Nothing here opens"),
    ],
)
def test_what_holds_no_films_is_said(films: Path, given: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(films.parent)
    (films / "deep/d.txt").write_text("# none\n")
    Path("binary.txt").write_bytes(b"\xff\xfe\x00")
    Path("wrong.csv").write_text("path,exercise\n")
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        items(given)
