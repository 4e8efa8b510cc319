"""The folder of films that were sent in, and of what was made of them: one folder a job."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection
from pathlib import Path

from poise.vision.frame import FILM_SUFFIXES


def harmless(name: str) -> str:
    """A file name like that one, which is safe on any system.

    >>> harmless("../../My squat; rm -rf.MP4")
    'My squat_ rm -rf.mp4'
    """
    path = Path(name.replace("\\", "/"))
    ending = path.suffix.lower() if path.suffix.lower() in FILM_SUFFIXES else ""
    return (re.sub(r"[^\w \-()]", "_", path.stem)[:80] or "film") + ending


class Films:
    """Files of jobs, under ``folder / "films" / job id``: the film as it was sent, and ``results``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "films"

    def _of(self, job: str) -> Path:
        return self._folder / job

    def received(self, job: str) -> int:
        """How many bytes of the film are here."""
        try:
            return (self._of(job) / "sent").stat().st_size
        except FileNotFoundError:
            return 0

    def write(self, job: str, offset: int, data: bytes) -> int:
        """Put bytes where they belong, which is at the end; how many are here then.

        Raises:
            ValueError: when the film does not end at that offset.
            OSError: when it cannot be written.

        """
        self._of(job).mkdir(parents=True, exist_ok=True)
        with (self._of(job) / "sent").open("ab") as file:
            if file.tell() != offset:
                raise ValueError(f"{file.tell()} bytes are here, not {offset}")
            try:
                file.write(data)
                file.flush()
            except OSError:
                file.truncate(offset)
                raise
            return file.tell()

    def seal(self, job: str) -> None:
        """Make sure that what was sent is on the disk."""
        with (self._of(job) / "sent").open("rb") as file:
            os.fsync(file.fileno())

    def film(self, job: str, name: str) -> Path:
        """Where the film lies, under a harmless form of the name it was sent with, for reading it.

        Raises:
            OSError: when it is not here.

        """
        folder = self._of(job) / "film"
        folder.mkdir(exist_ok=True)
        link = folder / harmless(name)
        if not link.exists():
            os.link(self._of(job) / "sent", link)
        return link

    def results(self, job: str) -> Path:
        """Where the finished results lie."""
        return self._of(job) / "results"

    def draft(self, job: str, attempt: int) -> Path:
        """Where an attempt writes its results before they are finished; empty."""
        folder = self._of(job) / f"draft-{attempt}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def publish(self, job: str, attempt: int) -> Path:
        """Make an attempt's results the finished ones."""
        shutil.rmtree(self.results(job), ignore_errors=True)
        (self._of(job) / f"draft-{attempt}").rename(self.results(job))
        return self.results(job)

    def listing(self, job: str) -> list[Path]:
        """The finished results."""
        folder = self.results(job)
        return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []

    def forget_film(self, job: str) -> None:
        """Delete the film and everything unfinished; the results stay."""
        folder = self._of(job)
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.is_dir() and path != self.results(job):
                shutil.rmtree(path, ignore_errors=True)
            elif path.is_file():
                path.unlink(missing_ok=True)

    def remove(self, *jobs: str) -> None:
        """Delete everything of these jobs."""
        for job in jobs:
            shutil.rmtree(self._of(job), ignore_errors=True)

    def remove_all_but(self, jobs: Collection[str]) -> None:
        """Delete what belongs to no job any more."""
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder.name not in jobs:
                shutil.rmtree(folder, ignore_errors=True)
