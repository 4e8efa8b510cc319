"""Pictures and films in, landmark tables out; what cannot be used is set aside and shown.

::

    FOLDER/good/*.jpg, FOLDER/bad/*.mp4 ─► sources ─► an estimator ─► LandmarkTable, rejects
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from poise.body import COCO17, Pose, PoseSequence
from poise.errors import InputError, PoiseError, UnreadableMedia
from poise.learn.data.table import LandmarkTable
from poise.vision.estimators import PoseEstimator
from poise.vision.frame import Frame, Picture
from poise.vision.overlay import picture as encoded
from poise.vision.pictures import pictures_in, read_picture
from poise.vision.video import open_film

#: Endings of the files that count as films in a folder.
FILMS = frozenset({".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg"})
#: Somebody whose COCO keypoints score less than this on average is set aside. Ours.
LEAST_SCORE = 0.3
#: How wide the pictures of what was set aside are, pixels; and how many of one film are kept.
_WIDE, _MOST = 320, 12

Progress = Callable[[str, float, float | None], None]
OpenEyes = Callable[[], PoseEstimator]


@dataclass(frozen=True)
class Source:
    """A picture or film, what it is called in the table, and its class."""

    path: Path
    name: str
    label: str

    @property
    def is_film(self) -> bool:
        """Whether it has a clock."""
        return self.path.suffix.lower() in FILMS


@dataclass(frozen=True)
class Reject:
    """Something that was set aside: where, why, and what it looked like (a JPEG; empty when it cannot be seen)."""

    file: str
    t: float
    why: str
    jpeg: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Extracted:
    """What came of pictures and films."""

    table: LandmarkTable
    rejects: tuple[Reject, ...]


def sources(path: Path, label: str = "") -> list[Source]:
    """The pictures and films of a path: a folder of classes, a folder, or one file.

    A folder in which other folders lie has a class in each of them; otherwise all are of the class `label`.

    Raises:
        UnreadableMedia: when there is no such path, or nothing to look at in it.

    """
    if path.is_file():
        return [Source(path, path.name, label)]
    if not path.is_dir():
        raise UnreadableMedia(f"There is no {str(path)!r}.", "Check the path.")
    classes = sorted(one for one in path.iterdir() if one.is_dir() and not one.name.startswith("."))
    found = [Source(one, f"{c.name}/{one.name}", c.name) for c in classes for one in _media(c)]
    found += [Source(one, one.name, label) for one in _media(path)]
    if not found:
        raise UnreadableMedia(
            f"{str(path)!r} holds no pictures or films.",
            "Make a folder for each class in it, such as good and bad, and put the pictures there.",
        )
    return found


def _media(folder: Path) -> Iterator[Path]:
    yield from pictures_in(folder)
    yield from sorted(p for p in folder.iterdir() if p.suffix.lower() in FILMS and not p.name.startswith("."))


def subjects(names: Sequence[str], pattern: str) -> list[str]:
    """Who is in each file, by a regular expression whose first group (or whole match) is the person.

    >>> subjects(["good/anna_01.jpg", "bad/ben_02.jpg"], r"/([a-z]+)_")
    ['anna', 'ben']

    Raises:
        InputError: when it is no regular expression, or does not match a name.

    """
    try:
        known = re.compile(pattern)
    except re.error as error:
        raise InputError(f"{pattern!r} is no regular expression: {error}.", "For example: '/([a-z]+)_'") from error
    out = []
    for name in names:
        match = known.search(name)
        if match is None:
            raise InputError(f"{pattern!r} finds nobody in {name!r}.", "It has to match the name of every file.")
        out.append(match.group(1) if known.groups else match.group())
    return out


def extract(
    given: Iterable[Source],
    open_eyes: OpenEyes,
    *,
    rate: float = 5.0,
    least: float = LEAST_SCORE,
    subject_from: str = "",
    progress: Progress = lambda stage, done, total: None,
) -> Extracted:
    """The landmarks of somebody in every picture, and in films `rate` times a second.

    Args:
        given: what to look at; see `sources`.
        open_eyes: opens an estimator; each picture and film has one of its own, as they do not go on one another.
        rate: rows a second of film.
        least: the mean score of COCO's keypoints below which a row is set aside.
        subject_from: see `subjects`; nobody is named when empty.
        progress: told how far it has got.

    Raises:
        InputError: when nothing of it can be used, or `subject_from` does not fit.

    """
    chosen = list(given)
    who = subjects([one.name for one in chosen], subject_from) if subject_from else [""] * len(chosen)
    tables: list[LandmarkTable] = []
    rejects: list[Reject] = []
    for i, (one, subject) in enumerate(zip(chosen, who, strict=True)):
        progress("looking", i, len(chosen))
        try:
            frames = _frames(one, rate)
            poses = _seen(one.name, frames, open_eyes, least, rejects)
        except PoiseError as problem:
            rejects.append(Reject(one.name, float("nan"), problem.message))
            continue
        if poses:
            rows = PoseSequence.of(poses)
            tables.append(
                LandmarkTable.of(rows, one.name, label=one.label, subject=subject, part=1, picture=not one.is_film)
            )
    progress("looking", len(chosen), len(chosen))
    if not tables:
        why = rejects[0].why if rejects else "there was nothing"
        raise InputError(f"Nothing of it can be used: {why}", "Check that a person is well lit and whole.")
    return Extracted(LandmarkTable.joined(tables), tuple(rejects))


def _frames(source: Source, rate: float) -> Iterator[Frame]:
    """A picture, or every picture of a film that is a whole beat later than the last one taken."""
    if not source.is_film:
        yield Frame(read_picture(source.path), 0.0)
        return
    with open_film(source.path) as film:
        due = 0.0
        for frame in film:
            if frame.t >= due - 1e-6:
                yield frame
                due = max(due + 1 / rate, frame.t - 0.5 / rate)


def _seen(
    name: str, frames: Iterable[Frame], open_eyes: OpenEyes, least: float, rejects: list[Reject]
) -> list[Pose]:
    """The poses that can be used; the others are set aside with a few pictures."""
    poses, shown = [], 0
    with open_eyes() as eyes:
        for frame in frames:
            pose, why = look(eyes, frame, least)
            if pose:
                poses.append(pose)
                continue
            jpeg = encoded(frame.image, _WIDE) if shown < _MOST else b""
            rejects.append(Reject(name, frame.t, why, jpeg))
            shown += 1
    return poses


def look(eyes: PoseEstimator, frame: Frame, least: float) -> tuple[Pose | None, str]:
    """The pose of the first person in a frame, or None and why not."""
    (people,) = eyes.estimate([frame])
    if not people:
        return None, "nobody was found"
    names = tuple(name for name in COCO17.keypoints if people[0].skeleton.has(name))
    score = float(np.mean(people[0].scores_at(names)))
    if score < least:
        return None, f"the keypoints score {score:.2f} on average, and {least:.2f} is the least"
    return replace(people[0], person=0), ""


def write_rejects(path: Path, extracted: Extracted) -> None:
    """Write a page that shows what was set aside and why; it holds pictures, so keep it as you keep those."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("poise.learn"), autoescape=True, trim_blocks=True)
    rows = [(one, b64encode(one.jpeg).decode()) for one in extracted.rejects]
    page = environment.get_template("rejects.html.j2").render(rows=rows, used=len(extracted.table))
    path.write_text(page, encoding="utf-8")


def film_to_frames(film: Path, folder: Path, rate: float) -> int:
    """Write a film's pictures as JPEG files named by their time, `rate` a second; how many there are.

    Raises:
        UnreadableMedia: when it is no film.
        OSError: when the folder cannot be written to.

    """
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for frame in _frames(Source(film, film.name, ""), rate):
        (folder / f"{film.stem}_{frame.t:09.3f}.jpg").write_bytes(_whole(frame.image))
        count += 1
    return count


def _whole(image: Picture) -> bytes:
    return encoded(image, image.shape[1], quality=92)
