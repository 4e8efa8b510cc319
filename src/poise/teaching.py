"""Somebody shows a movement, on film or to the camera; an exercise file of the user's own comes of it.

>>> from poise.sim import Camera, film_poses, perform
>>> squats = film_poses(perform("squat", reps=4), Camera(yaw=90), rate=25)
>>> lesson = teach("my_dip", [squats], keep=False)
>>> lesson.reps
(4,)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path

from poise.analysis import Progress, Settings, look
from poise.body import Pose, PoseSequence
from poise.body.formats.atomic import replacing
from poise.coach import Coach
from poise.coach.events import ANY
from poise.coach.exercise import Exercise, check_own_name, load_exercise, own_file
from poise.coach.teach import Lesson, Shown, learn, rule_text
from poise.coach.teach import teach as taught
from poise.errors import InputError, NobodySeen, ResultsUnwritable

#: What is shown: a film, picture folder or keypoint file; or poses.
Source = str | Path | PoseSequence

#: Seconds after the last repetition wanted at which the camera is no longer watched, and the most it is watched.
AFTER_S, MOST_S = 2.0, 120.0


def teach(
    name: str,
    shown: Sequence[Source],
    *,
    title: str = "",
    reps: int | None = None,
    bad: Mapping[str, Sequence[Source]] | None = None,
    keep: bool = True,
    replace: bool = False,
    file: str | Path | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
    pool: Executor | None = None,
) -> Lesson:
    """What was taught by showing it; it is at once an exercise that can be counted, under its name.

    Args:
        name: what it will be called: small letters, digits and underscores.
        shown: what shows it, three to five good repetitions in each.
        title: its title; made from the name unless given.
        reps: how many repetitions each shows; found out unless given.
        bad: for each fault, by its title, what shows it, seen from where the good repetitions are.
        keep: whether the exercise file is written.
        replace: whether it may take the place of one that is there; that one is kept as ``.toml.bak``.
        file: the file; unless given, that of the name in the user's own folder, where poise finds it by name.
        settings: who looks at films, and how.
        progress: told how far the looking has got.
        pool: who follows the parts of a film beside the first.

    Raises:
        InputError: when the name cannot be used or is taken, a source cannot be read, nothing is repeated, or
            nothing tells good from bad.
        NobodySeen: when nobody is in it.
        ResultsUnwritable: when the file cannot be written.

    """
    path = new_file(name, file, replace or not keep)
    look_at = _Looker(settings or Settings(), progress or (lambda stage, done, total: None), pool)
    faults = {fault: look_at.all(sources) for fault, sources in (bad or {}).items()}
    lesson = taught(name, look_at.all(shown), title=title, reps=reps, bad=faults)
    if keep:
        _write(path, lesson.text())
    return lesson


def new_file(name: str, file: str | Path | None = None, replace: bool = False) -> Path:
    """The exercise file that a new exercise of that name is written to; see `teach`.

    Raises:
        InputError: when the name cannot be used, or the file is there and may not be replaced.

    """
    check_own_name(name)
    path = _path(name, file)
    if path.exists() and not replace:
        raise InputError(
            f"There is an exercise file {path} already.",
            "Teach it anew with --replace, or add what is bad about it with --bad.",
        )
    return path


def add_faults(
    name: str,
    good: Sequence[Source],
    bad: Mapping[str, Sequence[Source]],
    *,
    file: str | Path | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
    pool: Executor | None = None,
) -> Exercise:
    """An exercise taught before, with a rule more for each fault shown; its file is added to, not written anew.

    Raises:
        InputError: when there is no such exercise, it has a fault of that name, or nothing tells good from bad.
        NobodySeen: when nobody is in a source.
        ResultsUnwritable: when the file cannot be written.

    """
    path = _path(name, file)
    exercise = load_exercise(str(path))
    look_at = _Looker(settings or Settings(), progress or (lambda stage, done, total: None), pool)
    shown = [Shown.of(poses) for poses in look_at.all(good)]
    rules = learn(exercise, shown, {fault: look_at.all(sources) for fault, sources in bad.items()})
    known = {rule.name for rule in exercise.fault}
    for rule in rules:
        if rule.name in known:
            raise InputError(
                f"{exercise.title} has a fault {rule.name!r} already.", f"Take it out of {path}, or name another."
            )
    _write(path, path.read_text(encoding="utf-8") + "".join(map(rule_text, rules)))
    return exercise.model_copy(update={"fault": (*exercise.fault, *rules)})


def until_shown(poses: Iterable[Pose], reps: int, tell: Callable[[int], None]) -> PoseSequence:
    """The poses of a camera until so many repetitions of anything were made, or for `MOST_S` seconds.

    ``tell`` is told the count whenever it changes. Ctrl-C ends it early.

    Raises:
        NobodySeen: when the camera shows nobody.

    """
    coach, seen = Coach(ANY), list[Pose]()
    try:
        for pose in _while_fewer(poses, coach, reps, tell):
            seen.append(pose)
    except KeyboardInterrupt:
        pass
    if not any(pose.seen for pose in seen):
        raise NobodySeen("The camera shows nobody.", "Step into the picture with your whole body, and try again.")
    return PoseSequence.of(seen)


def _while_fewer(poses: Iterable[Pose], coach: Coach, reps: int, tell: Callable[[int], None]) -> Iterator[Pose]:
    first = enough = None
    told = 0
    for pose in poses:
        first = pose.t if first is None else first
        yield pose
        coach.update(pose)
        if coach.counts.full != told:
            told = coach.counts.full
            tell(told)
        if told >= reps and enough is None:
            enough = pose.t
        if pose.t - first > MOST_S or (enough is not None and pose.t - enough > AFTER_S):
            return


class _Looker:
    """Turns sources into poses."""

    def __init__(self, settings: Settings, tell: Progress, pool: Executor | None) -> None:
        self._settings, self._tell, self._pool = settings, tell, pool

    def all(self, sources: Sequence[Source]) -> list[PoseSequence]:
        """The poses of every source."""
        return [
            source
            if isinstance(source, PoseSequence)
            else look(Path(source), self._settings, self._tell, self._pool).poses
            for source in sources
        ]


def _path(name: str, file: str | Path | None) -> Path:
    path = Path(file) if file else own_file(name)
    if path.suffix != ".toml":
        raise InputError(f"{path} is no exercise file.", "Give it a name that ends in .toml.")
    return path


def _write(path: Path, text: str) -> None:
    """Write an exercise file whole or not at all; what was there is kept beside it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.with_suffix(".toml.bak").write_bytes(path.read_bytes())
        with replacing(path) as out:
            out.write(text.encode())
    except OSError as error:
        raise ResultsUnwritable(
            f"{path} cannot be written ({error.strerror}).",
            "Free some space, or set POISE_DATA to a folder that can be written.",
        ) from error
