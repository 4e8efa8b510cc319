"""One film, followed: frames in, the poses of the person coached out, in parts side by side."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poise.body import Pose, PoseSequence, Skeleton
from poise.errors import NobodySeen, UnreadableMedia
from poise.vision.ahead import ahead
from poise.vision.estimators import PoseEstimator, open_estimator, read_options
from poise.vision.frame import Frame
from poise.vision.tracking import LARGEST, Choice, PersonTracker
from poise.vision.video import ENDS_EARLY, Film, open_film
from poise.vision.weights import Progress as Fetching

#: Seconds each part of a film starts early, so that its estimator has found the person when the part begins.
LEAD_S = 0.5
#: Seconds of film by which parts in processes of their own come later than the first (measured: they are started,
#: and decode from the last whole picture before them).
BEHIND_S = 1.0
#: Seconds a part must last for the lead to be worth it.
PART_S = 6.0
#: Seconds without the person coached, but with somebody else, that are worth a note.
LOST_S = 0.5

#: Pictures decoded at once on the core that follows them: decoding puts the networks out of its cache, and taking
#: turns at every picture costs 6 to 8 % more (measured with BlazePose full, 1280x720).
BURST = 8

Packed = NDArray[np.float32]

#: Opens an estimator, as a context that ends when the film does.
Eyes = Callable[[], AbstractContextManager[PoseEstimator]]

#: Called with how many seconds of the film have been followed, and how many there are (or None).
Progress = Callable[[float, float | None], None]


@dataclass(frozen=True)
class Opener:
    """Opens estimators to follow a film with (see `open_estimator`), in a hurry where a backend knows how.

    One sent to another process tells nobody what it fetches.
    """

    backend: str
    model: str = ""
    people: int = 1
    trust: bool = False
    options: tuple[str, ...] = ()
    progress: Fetching | None = None

    def __call__(self) -> PoseEstimator:
        """An estimator, opened; raises what `open_estimator` and `read_options` do."""
        hurry = {"hurry": True} if self.backend == "blazepose" else {}
        return open_estimator(
            self.backend,
            model=self.model,
            people=self.people,
            progress=self.progress,
            trust=self.trust,
            **hurry | read_options(self.backend, self.options),
        )

    def __reduce__(self) -> tuple[type[Opener], tuple[str, str, int, bool, tuple[str, ...]]]:
        return Opener, (self.backend, self.model, self.people, self.trust, self.options)


@dataclass(frozen=True, eq=False)
class Followed:
    """A film, followed: the poses of the person coached, how many people there were, and what it took.

    ``ms`` is milliseconds of work per frame by stage, ``notes`` are sentences about what should be known.
    """

    poses: PoseSequence
    people: int
    ms: dict[str, float]
    notes: tuple[str, ...]


def follow(
    source: str | Path,
    open_eyes: Eyes,
    *,
    workers: int = 1,
    pool: Executor | None = None,
    start: float | None = None,
    end: float | None = None,
    choice: Choice = LARGEST,
    progress: Progress | None = None,
    crowded: bool = False,
) -> Followed:
    """The poses of the person coached in a film, picture or folder of pictures; NaN where nobody was seen.

    The film is cut into as many parts as there are workers, followed side by side, each with its own estimator;
    each part starts a little early, so that nothing is lost where they meet.

    Args:
        source: the film.
        open_eyes: opens an estimator; called once for each part, wherever that is followed.
        workers: how many parts at most.
        pool: who follows the parts beside the first, which is followed here; by default threads. Processes do not
            wait for each other's Python; then `open_eyes` must be something that can be pickled.
        start: second of the film to begin with.
        end: second of the film to end with.
        choice: who of several people is coached.
        progress: told how far it has got.
        crowded: whether others keep the other cores busy; a film in one part is then decoded on the core that
            follows it, and not ahead in a thread of its own.

    Raises:
        UnreadableMedia: when the film cannot be read or holds no picture.
        NobodySeen: when nobody is in it.

    """
    with open_film(source, start, end) as film:
        parts, name, duration = _parts(film, workers, BEHIND_S if pool else 0.0), film.name, film.duration

    def step(t: float) -> None:
        if progress:  # all parts take as long
            progress((t - parts[0][0]) * len(parts), duration)

    with nullcontext(pool) if pool else ThreadPoolExecutor(workers) as beside:
        others = [(part, beside.submit(_follow_part, source, *part, open_eyes)) for part in parts[1:]]
        try:
            with open_eyes() as eyes:
                first = _seen(source, *parts[0], eyes, step, alone=not (others or crowded))
        except BaseException:
            for _, other in others:
                other.cancel()
            raise
    return _joined([first, *(_result(other, source, part, open_eyes) for part, other in others)], name, choice)


def _parts(film: Film, workers: int, behind: float) -> list[tuple[float, float]]:
    if film.kind != "film" or film.duration is None:
        return [(film.start, film.end)]
    count = max(1, min(workers, int(film.duration / PART_S)))
    late = LEAD_S + behind  # all take as long, although all but the first have a lead and come later
    each = (film.duration + (count - 1) * late) / count
    cuts = [film.start + i * (each - late) + late * (i > 0) for i in range(count)]
    return list(zip(cuts, [*cuts[1:], film.end], strict=True))


@dataclass(eq=False)
class _Part:
    """What was seen in one part: for each frame its time and the people, packed small, since films are long."""

    skeleton: Skeleton
    size: tuple[int, int] | None
    seen: list[tuple[float, list[tuple[int, Packed]]]] = field(default_factory=list)
    waiting_s: float = 0.0
    seeing_s: float = 0.0
    notes: tuple[str, ...] = ()


def _follow_part(source: str | Path, start: float, end: float, open_eyes: Eyes) -> _Part:
    with open_eyes() as eyes:
        return _seen(source, start, end, eyes)


def _result(part: Future[_Part], source: str | Path, window: tuple[float, float], open_eyes: Eyes) -> _Part:
    """What came of a part; it is followed here when the process that had it is gone."""
    try:
        return part.result()
    except BrokenExecutor:
        return _follow_part(source, *window, open_eyes)


def _seen(
    source: str | Path,
    start: float,
    end: float,
    eyes: PoseEstimator,
    step: Callable[[float], None] | None = None,
    alone: bool = False,
) -> _Part:
    """Follow one part. Alone it decodes ahead, in a thread; beside others, which keep all cores busy, in bursts."""
    last = None if math.isinf(end) else end
    with open_film(source, max(0.0, start - LEAD_S), last) as film:
        part = _Part(eyes.skeleton, film.size)
        waited = time.perf_counter()
        for frame in ahead(film) if alone else _in_bursts(film):
            began = time.perf_counter()
            part.waiting_s += began - waited
            (poses,) = eyes.estimate([frame])
            if frame.t >= start:
                part.seen.append((frame.t, [(pose.person, _packed(pose)) for pose in poses]))
                if step:
                    step(frame.t)
            waited = time.perf_counter()
            part.seeing_s += waited - began
        part.notes = tuple(film.notes)
    return part


def _in_bursts(frames: Iterable[Frame]) -> Iterator[Frame]:
    coming = iter(frames)
    while burst := list(islice(coming, BURST)):
        yield from burst


def _packed(pose: Pose) -> Packed:
    parts = [pose.points, pose.score[:, None]] + ([] if pose.world is None else [pose.world])
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _unpacked(skeleton: Skeleton, t: float, size: tuple[int, int] | None, person: int, packed: Packed) -> Pose:
    values = packed.astype(np.float64)
    world = values[:, 3:] if values.shape[1] > 3 else None
    return Pose(skeleton, t, values[:, :2], values[:, 2], world, size, person)


def _everybody(parts: list[_Part]) -> Iterator[tuple[float, list[Pose]]]:
    """The people of every frame; each part's estimator numbers them anew, so the same number is another person."""
    for i, part in enumerate(parts):
        for t, people in part.seen:
            yield t, [_unpacked(part.skeleton, t, part.size, len(parts) * n + i, packed) for n, packed in people]


def _joined(parts: list[_Part], name: str, choice: Choice) -> Followed:
    frames = sum(len(part.seen) for part in parts)
    if not frames:
        raise UnreadableMedia(f"{name!r} holds no picture.", "Check that it plays in another program.")
    first = parts[0]
    blank = Pose.missing(first.skeleton, 0.0)
    t = np.empty(frames)
    points, score = np.empty((frames, *blank.points.shape)), np.empty((frames, *blank.score.shape))
    world = np.full((frames, len(first.skeleton), 3), np.nan)
    tracker = PersonTracker(choice)
    for _, people in _everybody(parts):
        tracker.weigh(people)
    tracker.settle()
    lost_s = 0.0
    for row, (at, people) in enumerate(_everybody(parts)):
        pose = tracker.pick(people) or blank
        if tracker.lost and row:
            lost_s += at - t[row - 1]
        t[row], points[row], score[row] = at, pose.points, pose.score
        if pose.world is not None:
            world[row] = pose.world
    if not np.isfinite(points).any():
        raise NobodySeen(
            f"Nobody was found in {name!r}.",
            "Check that a person is well lit and whole in the picture, and try again.",
        )
    seen_world = world if np.isfinite(world).any() else None
    poses = PoseSequence(first.skeleton, t, points, score, seen_world, first.size)
    ms = {
        "waiting for frames": 1e3 * sum(part.waiting_s for part in parts) / frames,
        "pose": 1e3 * sum(part.seeing_s for part in parts) / frames,
    }
    notes = dict.fromkeys(note for part in parts for note in part.notes)
    for later in [note for note in notes if note.startswith(ENDS_EARLY)][1:]:
        del notes[later]  # it ended where the first part says
    if lost_s >= LOST_S:
        notes[f"The person coached was out of sight for {lost_s:.1f} s in which somebody else was there."] = None
    return Followed(poses, tracker.people_seen, ms, tuple(notes))
