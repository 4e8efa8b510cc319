"""What is done to a film, or to a shard of them, by whoever does it: one job after the other, by one hand."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from poise.analysis import Given, Settings, eyes_of, judge, look, notes_of
from poise.batch.places import at_hand, place, whole
from poise.batch.results import Problem, Results
from poise.batch.tables import Row, Table, rows, write_table
from poise.body.formats import read_recording
from poise.body.formats.parquet import write as write_poses
from poise.coach import Strictness
from poise.errors import InputError, NobodySeen, PoiseError, ResultsUnwritable, UnreadableRecording
from poise.report import Report, Timing
from poise.report.schema import Source
from poise.vision.estimators import PoseEstimator

#: Told which share of a job is done, 0 to 1.
Tell = Callable[[float], None]

_PIECE = 1 << 20
_log = logging.getLogger("poise.batch")


class Hand:
    """Who does jobs, and what they hold between them: the estimator, which takes longer to open than to use."""

    def __init__(self) -> None:
        os.environ.setdefault("RAYON_NUM_THREADS", "1")  # of who crops pictures; every core has a hand to itself
        self._held: tuple[Settings, PoseEstimator] | None = None

    def eyes(self, settings: Settings) -> Callable[[], AbstractContextManager[PoseEstimator]]:
        """Opens the estimator that is held, which forgets the film at its end, and stays open."""

        @contextmanager
        def kept() -> Any:
            if self._held is None or self._held[0] != settings:
                self.close()
                self._held = settings, eyes_of(settings)()
            eyes = self._held[1]
            try:
                yield eyes
            finally:
                eyes.reset()

        return kept

    def close(self) -> None:
        """Let go of what is held."""
        if self._held:
            self._held[1].close()
            self._held = None


@contextmanager
def _written(store: Results) -> Iterator[None]:
    """Around what writes results: what fails there is not the film's fault."""
    try:
        yield
    except OSError as error:
        raise ResultsUnwritable(
            f"The results cannot be written to {store.address}: {error.strerror or error}.",
            "Free some space and start again.",
        ) from error


class Job(Protocol):
    """Something to do; as text, what it is done to."""

    def do(self, hand: Hand, tell: Tell) -> object:
        """Do it."""


def perform(job: Job, hand: Hand, tell: Tell) -> object:
    """What came of a job, or the `Problem` with it: whatever is wrong with a film, the others go on."""
    try:
        return job.do(hand, tell)
    except PoiseError as error:
        return Problem(error.message, error.hint, isinstance(error, InputError | NobodySeen))
    except MemoryError:
        return Problem("It needs more memory than there is.", "Make it smaller, or use fewer workers.")
    except Exception as error:
        _log.exception("%s failed", job)
        return Problem(f"It could not be done: {type(error).__name__}: {error}.", "Please report it.")


@dataclass(frozen=True, eq=False)
class Hash:
    """Find out which film it is: its bytes' sha256, with its size and when it was written."""

    address: str

    def __str__(self) -> str:
        return self.address

    def do(self, hand: Hand, tell: Tell) -> tuple[str, int, float]:
        """The sha256, bytes, and seconds since 1970."""
        where, digest, read = place(self.address), sha256(), 0
        try:
            about = where.stat()
            with where.open("rb") as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    read += len(piece)
                    tell(read / max(about.st_size, 1))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise InputError(f"It cannot be read ({reason}).", "Check the address.") from error
        return digest.hexdigest(), about.st_size, about.st_mtime


@dataclass(frozen=True, eq=False)
class Follow:
    """Make a film's keypoints, and put them where they belong."""

    film: str
    name: str
    address: str
    settings: Settings
    store: Results
    parts: int = 1

    def __str__(self) -> str:
        return self.name

    def do(self, hand: Hand, tell: Tell) -> int:
        """How many pictures were looked at."""
        settings = replace(self.settings, workers=self.parts)

        def step(stage: str, done: float, total: float | None) -> None:
            tell(min(1.0, done / total) if total else 0.0)

        # Parts beside each other need an estimator each; a film in one piece gets the one that is held.
        eyes = hand.eyes(settings) if self.parts == 1 else None
        with at_hand(self.address) as film:
            followed = look(film, settings, step, eyes=eyes, crowded=True)
        notes = "\n".join(notes_of(followed, settings.person))
        poses = replace(followed.poses, meta={**followed.poses.meta, "source": self.name, "notes": notes})
        with _written(self.store), whole(self.store.keypoints(self.film)) as file:
            write_poses(file, poses)
        return len(poses)


@dataclass(frozen=True, eq=False)
class Judge:
    """Judge the films of a shard by their keypoints, and write its tables."""

    shard: str
    made_from: str
    films: tuple[tuple[str, str, Given], ...]
    strictness: Strictness
    body: str
    store: Results

    def __str__(self) -> str:
        return f"shard {self.shard}"

    def do(self, hand: Hand, tell: Tell) -> dict[str, Problem]:
        """The films whose keypoints cannot be read, and why."""
        tables: dict[Table, list[Row]] = {"reps": [], "reports": [], "films": []}
        damaged = {}
        for i, (film, name, given) in enumerate(self.films):
            try:
                with at_hand(str(self.store.keypoints(film))) as path:
                    report = self._report(film, name, given, path)
            except UnreadableRecording as error:
                damaged[film] = Problem(error.message, error.hint)
                continue
            for table, more in rows(film, report).items():
                tables[table] += more
            tell((i + 1) / len(self.films))
        if not damaged:
            with _written(self.store):
                for table, contents in tables.items():  # films last: where that is, the others are
                    write_table(self.store.table(table, self.shard, self.made_from), table, contents)
        return damaged

    def _report(self, film: str, name: str, given: Given, path: Path) -> Report:
        poses = read_recording(path)
        notes = [note for note in poses.meta.get("notes", "").split("\n") if note]
        poses = replace(poses, meta={key: value for key, value in poses.meta.items() if key != "notes"})
        judged = judge(given, poses, self.strictness, self.body)
        timing = Timing(frames=len(poses), seconds=poses.duration, ms={}, wall_s=None)
        report = Report.of(judged.review, poses, judged.exercise, Path(name), timing, notes)
        source = Source.model_validate({**report.source.model_dump(), "file": name, "sha256": film, "bytes": None})
        return report.model_copy(update={"source": source})
