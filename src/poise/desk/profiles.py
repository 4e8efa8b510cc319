"""Baselines on disk: one file for each camera and desk, in the user's data folder or ``$POISE_DATA``."""

from __future__ import annotations

import re
from pathlib import Path

from poise.body.formats import replacing
from poise.coach.desk import Baseline
from poise.coach.exercise import data_folder
from poise.desk.diary import Diary
from poise.errors import InputError, ResultsUnwritable, UnknownName

#: The diary's file in the desk coach's folder.
DIARY = "diary.jsonl"
_NAME = re.compile(r"[\w.-]{1,64}")


def desk_folder() -> Path:
    """Where baselines and the diary are kept; made when something is first written."""
    return data_folder("desk")


def profiles(folder: Path) -> list[str]:
    """The names of the baselines that are kept, in order."""
    return sorted(path.stem for path in (folder / "profiles").glob("*.json"))


def load_profile(folder: Path, name: str) -> Baseline:
    """The baseline kept under a name.

    Raises:
        UnknownName: when there is none.
        UnreadableRecording: when the file is damaged, or of another version.

    """
    path = _path(folder, name)
    if not path.is_file():
        raise UnknownName("desk profile", name, profiles(folder))
    return Baseline.read(path.read_text(encoding="utf-8"))


def save_profile(folder: Path, name: str, baseline: Baseline) -> Path:
    """Keep a baseline under a name, in place of the one before; the file.

    Raises:
        InputError: when the name is no name for a file.
        ResultsUnwritable: when it cannot be written.

    """
    path = _path(folder, name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(baseline.text().encode())
    except OSError as error:
        raise ResultsUnwritable(
            f"{path} cannot be written ({error.strerror}).",
            "Free some space, or set POISE_DATA to a folder that can be written.",
        ) from error
    return path


def forget(folder: Path, start: str) -> int:
    """Delete the diary's entries and the baselines whose names begin so; how many entries there were.

    Raises:
        ResultsUnwritable: when the diary cannot be written.

    """
    for name in profiles(folder):
        if name.startswith(start):
            _path(folder, name).unlink(missing_ok=True)
    return Diary(folder / DIARY).remove(start)


def _path(folder: Path, name: str) -> Path:
    if not _NAME.fullmatch(name) or name.startswith("."):
        raise InputError(f"{name!r} is no name for a profile.", "Use letters, digits, dots and dashes.")
    return folder / "profiles" / f"{name}.json"
