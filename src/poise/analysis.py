"""One film in, one folder of results out: followed, judged, told, drawn.

A folder of results holds ``report.html``, ``report.json``, ``reps.csv``, ``keypoints.parquet``, ``keypoints.npz``
and, unless it is left out, ``annotated.mp4``. A saved keypoint file may stand in for a film: it gives the same
verdict without looking at a picture. So may keypoints that somebody else's estimator made.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from poise.body import PoseSequence
from poise.body.formats import FORMATS, holds_people, read_people, read_recording, write_recording
from poise.coach import (
    ANY,
    AUTO,
    WHOLE,
    Exercise,
    Review,
    Strictness,
    Timeline,
    load_exercise,
    partial_body,
    recognised,
    review,
)
from poise.errors import ResultsUnwritable
from poise.language import words
from poise.report import Report, Timing, write_report
from poise.report.film import annotate, stills
from poise.vision.follow import Eyes, Followed, Opener, follow
from poise.vision.tracking import Choice, coached

#: Told how far the work has got: the stage, how much of it is done and how much there is (None: unknown).
Progress = Callable[[str, float, float | None], None]

#: What poses are held to: an exercise, ``auto`` or ``any``.
Given = Exercise | str


@dataclass(frozen=True)
class Settings:
    """How to analyse: which exercise it is, who looks, and what to write.

    Args:
        exercise: ``auto`` to recognise what is done, a name of `poise.coach.exercises`, a path to an exercise file,
            or ``any`` to count only.
        backend: one of `poise.vision.estimators.known_backends`.
        model: which of its models, or the path of a model file; "" for its default.
        people: how many people to look for; the largest and steadiest is coached.
        workers: how many parts of a film are followed side by side; 0 for one a core.
        film: whether to write the annotated film.
        start: second of the film to begin with.
        end: second of the film to end with.
        person: who of several people is coached: ``largest``, ``central``, or ``X,Y``, pixels where they first are.
        rate: pictures a second of the film that somebody else's keypoints were made from, where they do not say.
        trust: whether a model file may be used that nobody published, as far as poise knows.
        strictness: how strictly limits are taken: ``beginner``, ``standard`` or ``strict``.
        options: what else the backend is told, as `poise.vision.estimators.read_options` reads it.
        body: what of the body exercises: ``whole``, ``seated``, ``left-arm`` …; each of ``poise.coach.BODIES``.

    """

    exercise: str = AUTO
    backend: str = "blazepose"
    model: str = ""
    people: int = 2
    workers: int = 0
    film: bool = True
    start: float | None = None
    end: float | None = None
    trust: bool = False
    person: str = "largest"
    rate: float | None = None
    strictness: Strictness = "standard"
    options: tuple[str, ...] = ()
    body: str = WHOLE


@dataclass(frozen=True, eq=False)
class Analysis:
    """What came of one film: where the results are, what they say, and the poses they are made of."""

    folder: Path
    report: Report
    review: Review
    poses: PoseSequence


def analyze(
    source: str | Path,
    folder: str | Path,
    settings: Settings | None = None,
    progress: Progress | None = None,
    pool: Executor | None = None,
) -> Analysis:
    """Analyse one film, picture, folder of pictures or saved keypoint file, and write its results into a folder.

    Args:
        source: what to analyse.
        folder: where the results go; made when it is not there.
        settings: how to analyse.
        progress: told how far the work has got.
        pool: who follows the parts of a film beside the first (see `poise.vision.follow`) and writes its keypoints
            while this process judges; by default threads.

    Raises:
        InputError: when the source cannot be read, or the exercise or backend is unknown.
        NobodySeen: when nobody is in it.
        ModelUnavailable: when a model file is not here and cannot be fetched.
        ResultsUnwritable: when the results cannot be written.

    """
    settings = settings or Settings()
    source, folder = Path(source), Path(folder)
    began = time.perf_counter()
    tell = progress or (lambda stage, done, total: None)
    given = as_given(settings.exercise)
    followed = look(source, settings, tell, pool)
    with _writable(folder), nullcontext(pool) if pool else ThreadPoolExecutor(1) as beside:
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / name for name in ("keypoints.parquet", "keypoints.npz")]
        writing = [beside.submit(write_recording, file, followed.poses) for file in files]
        judged = judge(given, followed.poses, settings.strictness, settings.body)
        verdict, ms = judged.review, {**followed.ms, **judged.ms}
        wait(writing)  # what one of them could not do must not cut the other off
        for file, written in zip(files, writing, strict=True):
            try:
                written.result()
            except BrokenExecutor:  # the process that had it is gone
                write_recording(file, followed.poses)
        filmed = None if _is_recording(source) else source
        if filmed and settings.film:
            drawing = time.perf_counter()
            annotate(filmed, folder / "annotated.mp4", verdict, followed.poses, judged.told, tell, settings.body)
            ms["annotated film"] = 1e3 * (time.perf_counter() - drawing) / len(followed.poses)
        report = write_report(
            folder,
            verdict,
            followed.poses,
            judged.exercise,
            source=source,
            timing=Timing(
                frames=len(followed.poses),
                seconds=followed.poses.duration,
                ms=ms,
                wall_s=time.perf_counter() - began,
            ),
            notes=notes_of(followed, settings.person),
            shots=stills(filmed, verdict, followed.poses) if filmed else (),
            film="annotated.mp4" if filmed and settings.film else None,
        )
    return Analysis(folder, report, verdict, followed.poses)


def result_folders(sources: list[Path], out: Path) -> list[Path]:
    """A folder under ``out`` for each source, named after it; sources of one name are told apart by a number.

    >>> [f.name for f in result_folders([Path("a/squat.mp4"), Path("b/squat.mov"), Path("row.mp4")], Path("out"))]
    ['squat', 'squat-2', 'row']
    """
    folders: list[Path] = []
    for source in sources:
        name = source.stem or source.resolve().name
        folder, number = out / name, 1
        while folder in folders:
            number += 1
            folder = out / f"{name}-{number}"
        folders.append(folder)
    return folders


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """Say what to do when something cannot be written."""
    try:
        yield
    except OSError as error:
        raise ResultsUnwritable(
            f"The results cannot be written to {folder}: {error.strerror or error}.",
            "Free some space or choose another folder with --out.",
        ) from error


def _is_recording(source: Path) -> bool:
    return holds_people(source) or (source.suffix.lower() in FORMATS and not source.is_dir())


def as_given(exercise: str) -> Given:
    """What `Settings.exercise` says.

    Raises:
        UnknownName: when there is no such exercise.
        InvalidExercise: when it is a file that breaks the rules of exercise files.

    """
    return exercise if exercise in (ANY, AUTO) else load_exercise(exercise)


@dataclass(frozen=True, eq=False)
class Judged:
    """Poses, judged: what is said of them, what they were held to, and milliseconds of work per pose by stage.

    ``exercise`` is what a report is about, None when that has no name; ``told`` is what they were reviewed by: a
    timeline when the exercise had to be recognised.
    """

    review: Review
    exercise: Exercise | None
    told: Given | Timeline
    ms: dict[str, float]


def judge(given: Given, poses: PoseSequence, strictness: Strictness = "standard", body: str = WHOLE) -> Judged:
    """What the coach says of poses, held to what was given; what is done when is found out first for ``auto``."""
    ms, began = {}, time.perf_counter()
    told = recognised(poses, body) if given == AUTO else given
    if told is not given:
        ms["recognise"] = 1e3 * (time.perf_counter() - began) / len(poses)
        began = time.perf_counter()
    verdict = review(told, poses, strictness, body)
    ms["coach"] = 1e3 * (time.perf_counter() - began) / len(poses)
    named = None if verdict.exercise == ANY else verdict.exercise
    exercise = given if isinstance(given, Exercise) else load_exercise(named) if named else None
    return Judged(verdict, exercise and partial_body(body).fitted(exercise), told, ms)


def eyes_of(settings: Settings, tell: Progress = lambda stage, done, total: None) -> Opener:
    """Opens the estimators that the settings say; told is what is fetched for them."""
    return Opener(
        settings.backend,
        settings.model,
        settings.people,
        settings.trust,
        settings.options,
        lambda what, done, total: tell(words("Fetching {what}", what=what), done, total or None),
    )


def look(
    source: Path,
    settings: Settings,
    tell: Progress,
    pool: Executor | None = None,
    eyes: Eyes | None = None,
    crowded: bool = False,
) -> Followed:
    """The poses of the person coached in a film, picture, folder of pictures or keypoint file.

    Args:
        source: what to look at.
        settings: how.
        tell: told how far it has got.
        pool: who follows the parts of a film beside the first; by default threads.
        eyes: opens estimators, instead of `eyes_of` the settings.
        crowded: whether others keep the other cores busy, as in a batch.

    Raises:
        InputError: when it cannot be read.
        NobodySeen: when nobody is in it.
        ModelUnavailable: when a model file is not here and cannot be fetched.

    """
    choice = Choice.parse(settings.person)
    if holds_people(source):
        poses, people = coached(read_people(source, settings.rate), choice)
        return Followed(poses, people, {}, ())
    if _is_recording(source):
        return Followed(read_recording(source), 1, {}, ())
    followed = follow(
        source,
        eyes or eyes_of(settings, tell),
        workers=settings.workers or os.cpu_count() or 1,
        pool=pool,
        start=settings.start,
        end=settings.end,
        choice=choice,
        progress=lambda done, total: tell(words("Following the movement"), done, total),
        crowded=crowded,
    )
    meta = {"source": source.name, "backend": settings.backend, "poise": version("poise")}
    return replace(followed, poses=replace(followed.poses, meta=meta | {"people": str(followed.people)}))


def notes_of(followed: Followed, person: str = "largest") -> list[str]:
    """What should be known about a film that was followed, one sentence each; ``person`` is as in `Settings`."""
    notes = list(followed.notes)
    if followed.people > 1:
        who = {"largest": "the largest and steadiest of them", "central": "the largest near the middle"}
        coached = who.get(person, f"whoever is at {person} when they are first seen")
        notes.append(f"{followed.people} people were seen; {coached} is coached.")
    return notes
