"""What the project says: no machine's paths, no tool's names, and errors that help."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from poise import errors
from poise.errors import MissingExtra, PoiseError, UnknownName

ROOT = Path(__file__).parents[1]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\n") if name]


def texts() -> dict[str, str]:
    found = {}
    for path in tracked():
        if path.suffix not in (".jpg", ".mp4", ".npz") and path.exists():
            found[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8", errors="replace")
    return found


def test_nothing_names_a_home_folder_or_a_package_registry() -> None:
    # Written in pieces, so that this file does not say what it forbids.
    homes = ["/home" + r"/\w", "/ro" + "ot/", "/Use" + r"rs/\w"]
    registries = ["py" + r"pi\.org", "python" + "hosted", "npm" + "js"]
    forbidden = re.compile("|".join([*homes, *registries]))
    said = {name: forbidden.findall(text) for name, text in texts().items()}
    assert not {name: found for name, found in said.items() if found}


def test_films_in_the_repository_are_the_drawn_ones_and_small() -> None:
    films = [path for path in tracked() if path.suffix in (".mp4", ".mov", ".webm", ".avi")]
    assert {path.parent.name for path in films} == {"clips"}
    assert sum(path.stat().st_size for path in films) < 500_000


def test_every_error_is_in_the_tree_at_the_top_of_its_file() -> None:
    tree = errors.__doc__ or ""
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, PoiseError):
            assert re.search(rf"\b{name}\b", tree), name


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (UnknownName("exercise", "sqaut", ["squat", "lunge"]), ["'sqaut'", "'squat'", "lunge"]),
        (MissingExtra("drawing", "render"), ["drawing", "pip install 'poise[render]'"]),
    ],
)
def test_an_error_says_what_was_given_what_is_known_and_what_to_type(problem: PoiseError, words: list[str]) -> None:
    assert all(word in str(problem) for word in words)
    assert problem.message
    assert problem.hint
