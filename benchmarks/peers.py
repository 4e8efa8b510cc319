"""Estimators side by side on the same frames: each in its own process, and peers in environments of their own."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import platformdirs

from poise.vision import weights
from poise.vision.video import open_film

SHARED = Path(__file__).resolve().parents[2] / "shared"

#: MediaPipe with its older interface, and with Tasks only; the first needs Python 3.12 or older.
LEGACY, TASKS = "mediapipe==0.10.21", "mediapipe==0.10.35"


@dataclass(frozen=True)
class Contender:
    """An estimator as `runner.py` knows it, and the requirement its environment has; "" for the one of poise."""

    label: str
    estimator: str
    model: str
    options: tuple[str, ...] = ()
    requirement: str = ""


def environment(requirement: str) -> Path:
    """The Python of an environment that holds a requirement, made on first use in the user's cache."""
    folder = Path(platformdirs.user_cache_dir("poise")) / "peers" / requirement.replace("==", "-")
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (folder / "complete").exists():
        print(f"installing {requirement} into {folder}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", requirement], check=True)
        (folder / "complete").touch()
    return python


def task_file(model: str) -> str:
    """MediaPipe's bundle of a model, which Tasks needs: as fetched from its publisher, or of the shared folder."""
    here = weights.locate(f"blazepose-{model}")
    candidates = [here, SHARED / "weights" / f"pose_landmarker_{model}.task"]
    for path in candidates:
        if path and path.suffix == ".task" and path.exists():
            return str(path)
    raise SystemExit(f"no pose_landmarker_{model}.task: put it into a folder and set {weights.FOLDER_VARIABLE}")


@dataclass(frozen=True)
class Frames:
    """Raw frames in a file."""

    path: Path
    count: int
    width: int
    height: int

    @property
    def given(self) -> tuple[Path, int, int]:
        """As `runner.py` wants them."""
        return self.path, self.width, self.height


@contextmanager
def frames_of(film: Path, most: int, every: int = 1) -> Iterator[Frames]:
    """The first frames of a film, or every so many-th, at most so many, raw in a file that is gone afterwards."""
    with TemporaryDirectory() as folder, open_film(film) as source:
        raw = Path(folder) / "frames"
        count, size = 0, (0, 0)
        with raw.open("wb") as file:
            for frame in islice(source, 0, most * every, every):
                file.write(np.ascontiguousarray(frame.image).data)
                count, size = count + 1, frame.size
        yield Frames(raw, count, *size)


class Running:
    """A contender in a process of its own, loading its models; it does what it is asked, in that order."""

    def __init__(self, contender: Contender) -> None:
        self.label = contender.label
        python = environment(contender.requirement) if contender.requirement else Path(sys.executable)
        runner = Path(__file__).with_name("runner.py")
        self._process = subprocess.Popen(
            [str(python), str(runner), contender.estimator, contender.model, *contender.options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, command: str, *given: object) -> None:
        """Give a command of `runner`, and do not wait."""
        assert self._process.stdin
        self._process.stdin.write(shlex.join([command, *map(str, given)]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """What the contender answers to the command asked first."""
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise SystemExit(f"{self.label} ended without an answer")

    def do(self, command: str, *given: object) -> dict[str, Any]:
        """What the contender answers to a command."""
        self.ask(command, *given)
        return self.answer()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)
