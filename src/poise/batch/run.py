"""A library, from whatever state it is in to done: hashed, followed, judged, summed up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from poise.analysis import Given, Progress, Settings, as_given, eyes_of
from poise.batch.crew import Crew, J
from poise.batch.jobs import Follow, Hash, Judge
from poise.batch.library import Item, items
from poise.batch.places import place
from poise.batch.results import Known, Problem, Results, open_results
from poise.batch.summary import Summary, sum_up
from poise.coach import Exercise
from poise.errors import InputError, PoiseError, ResultsUnwritable

#: The version of the tables; what was made by another is made again.
_TABLES = 1


@dataclass(frozen=True)
class _Film:
    """A film of which there is one, however often it is in the library."""

    sha256: str
    name: str
    address: str
    exercise: str
    size: int


def run(
    given: str | None,
    store: str,
    settings: Settings,
    crew: Crew,
    tell: Progress | None = None,
    retry: bool = False,
) -> Summary:
    """Bring a library up to date, and say what it comes to.

    Films whose keypoints are there are not followed again, and tables are made again only when what they are made
    from is another. So it may be cut off at any time, and started again.

    Args:
        given: the films, as `poise.batch.library.items` takes them; None for those that were given before.
        store: where the results go.
        settings: how they are followed, and what they are held to where a manifest says nothing.
        crew: who does it.
        tell: told how far it has got.
        retry: whether films in quarantine are tried again.

    Raises:
        InputError: when there are no films, or the store is another's.
        PoiseError: when something is wrong that is no film's fault, such as a full disk.

    """
    tell = tell or (lambda stage, done, total: None)
    films = items(given) if given is not None else _given_before(store)
    exercises = {name: as_given(name or settings.exercise) for name in {item.exercise for item in films}}
    with open_results(store, settings, len(films)) as results:
        known, unread = _hashed(films, results, crew, tell)
        library = _library(known)
        bad = results.quarantined()
        if retry:
            for film in list(bad):
                results.let_out(film)
            bad = {}
        bad |= _follow(library, bad, results, settings, crew, tell)
        _judge([film for film in library if film.sha256 not in bad], exercises, results, settings, crew, tell)
        names = [(one.name, bad[one.sha256]) for one in known if one.sha256 in bad]  # copies, too
        return sum_up(results, sorted([*names, *unread], key=lambda one: one[0]), len(films), len(library))


def _given_before(store: str) -> list[Item]:
    known = Results(store, 1).inventory() if place(store).is_dir() else {}
    if not known:
        raise InputError(f"There are no films in {store!r} yet.", "Say which: poise batch FILMS --out STORE")
    return [Item(one.name, one.address, one.exercise) for one in known.values()]


def _hashed(
    films: Sequence[Item], results: Results, crew: Crew, tell: Progress
) -> tuple[list[Known], list[tuple[str, Problem]]]:
    """The films with their hashes, of those that cannot be read their names and why."""
    before, found = results.inventory(), dict[str, Known]()
    jobs, items_of = [], {item.address: item for item in films}
    for item in items_of.values():
        was = before.get(item.address)
        if was and _unchanged(was):
            found[item.address] = replace(was, name=item.name, exercise=item.exercise)
        else:
            jobs.append(Hash(item.address))
    unread = []
    for job, outcome in _watched(crew, jobs, "Looking which films these are", dict.fromkeys(jobs, 1.0), tell):
        item = items_of[job.address]
        if isinstance(outcome, Problem):
            unread.append((item.name, outcome))
        else:
            digest, size, modified = outcome
            found[job.address] = Known(item.name, job.address, item.exercise, size, modified, digest)
    known = [found[address] for address in items_of if address in found]
    results.take_stock({**before, **{one.address: one for one in known}}.values())
    return known, unread


def _unchanged(was: Known) -> bool:
    try:
        about = place(was.address).stat()
    except OSError:
        return False
    return bool(about.st_mtime) and (about.st_size, about.st_mtime) == (was.size, was.modified)


def _library(known: Iterable[Known]) -> list[_Film]:
    """Each film once, by the first of its names; the largest first, so that none is left over at the end."""
    films: dict[str, _Film] = {}
    for one in sorted(known, key=lambda one: one.name):
        films.setdefault(one.sha256, _Film(one.sha256, one.name, one.address, one.exercise, one.size))
    return sorted(films.values(), key=lambda film: (-film.size, film.sha256))


def _follow(
    library: Sequence[_Film],
    bad: Mapping[str, Problem],
    results: Results,
    settings: Settings,
    crew: Crew,
    tell: Progress,
) -> dict[str, Problem]:
    """Make the keypoints that are missing; the films that are bad, and why."""
    there = results.followed()
    # A film is cut into parts only where there are fewer films than hands: in the library, not of those left to do,
    # for what comes of a film must not depend on when somebody was cut off.
    parts = max(1, crew.workers // max(1, len(library)))
    jobs = [
        Follow(film.sha256, film.name, film.address, settings, results, parts)
        for film in library
        if film.sha256 not in there and film.sha256 not in bad
    ]
    if not jobs:
        return {}
    eyes_of(settings, tell)().close()  # fetches the models once, and says at once what is wrong with them
    sizes = {film.sha256: float(film.size) for film in library}
    found = {}
    stage = f"Following the movement in {len(jobs)} films"
    for job, outcome in _watched(crew, jobs, stage, {job: sizes[job.film] for job in jobs}, tell):
        if isinstance(outcome, Problem):
            results.set_aside(job.film, outcome)
            found[job.film] = outcome
    return found


def _judge(
    library: Sequence[_Film],
    exercises: Mapping[str, Given],
    results: Results,
    settings: Settings,
    crew: Crew,
    tell: Progress,
) -> None:
    """Make the tables that are missing, or made from what is so no more."""
    shards: dict[str, list[_Film]] = {}
    for film in sorted(library, key=lambda film: film.sha256):
        shards.setdefault(results.shard(film.sha256), []).append(film)
    current = {path.stem for path in results.tables("films")}
    jobs, wanted = [], set()
    for shard, films in shards.items():
        made_from = _made_from(films, exercises, settings)
        wanted.add(f"{shard}-{made_from}")
        if f"{shard}-{made_from}" not in current:
            judged = tuple((film.sha256, film.name, exercises[film.exercise]) for film in films)
            jobs.append(Judge(shard, made_from, judged, settings.strictness, settings.body, results))
    damaged: dict[str, Problem] = {}
    count = {job: float(len(job.films)) for job in jobs}
    for _, outcome in _watched(crew, jobs, "Judging it", count, tell):
        if isinstance(outcome, Problem):
            raise PoiseError(outcome.message, outcome.hint)
        damaged |= outcome
    for name in damaged:
        results.keypoints(name).unlink(missing_ok=True)
    if damaged:
        raise ResultsUnwritable(
            f"The keypoints of {len(damaged)} films were damaged on the disk, and are deleted.",
            "Start again, and they are made anew.",
        )
    results.keep_only(wanted)


def _made_from(films: Sequence[_Film], exercises: Mapping[str, Given], settings: Settings) -> str:
    """What a shard's tables are made from, as a few digits."""
    held = {name: one.model_dump_json() if isinstance(one, Exercise) else one for name, one in exercises.items()}
    said = [
        *(_TABLES, version("poise"), settings.strictness, settings.body),
        *((film.sha256, film.name, held[film.exercise]) for film in films),
    ]
    return sha256(json.dumps(said).encode()).hexdigest()[:16]


def _watched(
    crew: Crew, jobs: Sequence[J], stage: str, size: Mapping[J, float], tell: Progress
) -> Iterable[tuple[J, Any]]:
    """The jobs as they end; told is how much of all is done, those that are being done included."""
    done, total, begun = 0.0, sum(size.values()), dict[J, float]()

    def step(job: J, share: float) -> None:
        begun[job] = share * size[job]
        tell(stage, done + sum(begun.values()), total)

    if jobs:
        tell(stage, 0.0, total)
    for job, outcome in crew.run(jobs, step):
        if isinstance(outcome, Problem) and not outcome.bad:
            raise PoiseError(outcome.message, outcome.hint)
        begun.pop(job, None)
        done += size[job]
        tell(stage, done + sum(begun.values()), total)
        yield job, outcome
