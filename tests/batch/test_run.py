"""A library, whole: what it comes to, and that nothing is done twice, whoever is killed when."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from poise.analysis import Settings
from poise.batch.crew import J
from poise.batch.jobs import Hand, perform
from poise.batch.places import place
from poise.batch.results import Problem, Results, open_results
from poise.batch.run import run
from poise.batch.tables import read_table
from poise.body.formats import read_recording
from poise.errors import InputError, PoiseError, ResultsUnwritable
from poise.sim.shipped import shipped
from tests.films import nobody, thinned, write

LITE = Settings(model="lite")


class Alone:
    """A crew of nobody but this process; counts what it is given."""

    workers = 1

    def __init__(self) -> None:
        self.did: list[str] = []

    def run(self, jobs: Iterable[J], tell: Callable[[J, float], None]) -> Iterator[tuple[J, Any]]:
        hand = Hand()
        for job in jobs:
            self.did.append(type(job).__name__)
            tell(job, 0.5)
            yield job, perform(job, hand, lambda share: None)
        hand.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short films of the shipped athletes, one twice, one of nobody, four that are none, one of those a copy."""
    folder = tmp_path_factory.mktemp("films")
    for clip in shipped():
        for seconds in (1.5, 2.0, 2.5):
            write(folder / f"{clip.name}-{seconds:g}.mp4", thinned(clip.path, 6, seconds))
    (folder / "copy").mkdir()
    (folder / "copy" / "again.mp4").write_bytes((folder / "squat-2.mp4").read_bytes())
    write(folder / "nobody.mp4", nobody())
    (folder / "cut.mp4").write_bytes((folder / "squat-2.mp4").read_bytes()[:3000])
    (folder / "empty.mp4").touch()
    for name in ("text.mp4", "copy/text.mp4"):
        (folder / name).write_text("no film")
    return folder


BAD = ["copy/text.mp4", "cut.mp4", "empty.mp4", "nobody.mp4", "text.mp4"]


@pytest.fixture(scope="module")
def store(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, done."""
    folder = tmp_path_factory.mktemp("store") / "library"
    run(str(films), str(folder), LITE, Alone())
    return folder


def contents(store: Path) -> dict[str, bytes]:
    """Every file of a store."""
    return {str(path.relative_to(store)): path.read_bytes() for path in store.rglob("*") if path.is_file()}


@pytest.mark.models
def test_a_library_becomes_keypoints_tables_and_a_summary(films: Path, store: Path) -> None:
    said = json.loads((store / "summary.json").read_text())
    assert (said["films"], said["distinct"], said["judged"]) == (12, 10, 6)
    assert [one["film"] for one in said["quarantine"]] == BAD
    results = Results(str(store), 1)
    table = {row["file"]: row for row in read_table(results.tables("films"))}
    names = {f"{clip.name}-{seconds}.mp4" for clip in shipped() for seconds in ("1.5", "2", "2.5")}
    assert table.keys() == names - {"squat-2.mp4"} | {"copy/again.mp4"}
    one = table["squat-2.5.mp4"]
    poses = read_recording(results.keypoints(one["film"]))
    assert (one["frames"], one["seconds"]) == (len(poses), pytest.approx(poses.duration, abs=1e-4))
    assert poses.meta["source"] == "squat-2.5.mp4"
    reports = {row["film"]: json.loads(row["report"]) for row in read_table(results.tables("reports"))}
    assert reports[one["film"]]["source"]["sha256"] == one["film"]
    assert reports[one["film"]]["counts"]["full"] == one["full"]
    page = (store / "summary.html").read_text()
    assert "Nobody was found in" in page
    assert (store / "quarantine.csv").read_text().count("\n") == 1 + len(BAD)


@pytest.mark.models
def test_a_hand_keeps_to_its_core(films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poise.vision.follow.ahead", None)  # what decodes on another
    assert run(str(films / "squat-2.mp4"), str(tmp_path / "out"), LITE, Alone()).judged == 1


@pytest.mark.models
def test_done_again_nothing_is_done(films: Path, store: Path) -> None:
    before = contents(store)
    again = Alone()
    summary = run(str(films), str(store), LITE, again)
    assert again.did == []
    assert summary.judged == 6
    assert contents(store) == before


@pytest.mark.models
def test_judged_otherwise_it_is_not_followed_again(films: Path, store: Path) -> None:
    before = contents(store)
    again = Alone()
    summary = run(None, str(store), Settings(model="lite", exercise="squat"), again)
    assert set(again.did) == {"Judge"}
    assert set(summary.exercises) == {"squat"}
    after = contents(store)
    same = {name for name in before if name.startswith(("keypoints", "quarantine/"))}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert not {name for name in after if name.startswith("films/")} & before.keys()
    run(str(films), str(store), LITE, Alone())
    assert contents(store) == before


@pytest.mark.models
def test_a_film_that_changed_is_another_and_quarantine_is_left_on_request(films: Path, tmp_path: Path) -> None:
    library = tmp_path / "films"
    library.mkdir()
    film = library / "film.mp4"
    film.write_text("not yet")
    assert [name for name, _ in run(str(library), str(tmp_path / "out"), LITE, Alone()).quarantine] == ["film.mp4"]
    again = Alone()
    run(str(library), str(tmp_path / "out"), LITE, again)
    assert again.did == []
    run(str(library), str(tmp_path / "out"), LITE, again, retry=True)
    assert again.did == ["Follow"]
    film.write_bytes((films / "squat-2.mp4").read_bytes())
    summary = run(str(library), str(tmp_path / "out"), LITE, again)
    assert (summary.judged, list(summary.quarantine)) == (1, [])
    film.unlink()
    (library / "other.mp4").write_bytes((films / "squat-2.mp4").read_bytes())
    again = Alone()
    run(str(library), str(tmp_path / "out"), LITE, again)
    assert again.did == ["Hash", "Judge"]  # it has another name now


@pytest.mark.models
def test_a_manifest_says_what_each_film_holds_and_what_is_missing_is_told(films: Path, tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text(f"film,exercise\n{films}/squat-2.mp4,lunge\n{films}/push_up-2.mp4,\nnone.mp4,\n")
    summary = run(str(table), str(tmp_path / "out"), Settings(model="lite", exercise="push_up"), Alone())
    assert {name: done.films for name, done in summary.exercises.items()} == {"lunge": 1, "push_up": 1}
    assert [(name, problem.message) for name, problem in summary.quarantine] == [
        ("none.mp4", "It cannot be read (No such file or directory).")
    ]


@pytest.mark.models
def test_films_and_results_may_lie_elsewhere(films: Path, store: Path) -> None:
    there = place("memory://cloud/films")
    there.mkdir(parents=True, exist_ok=True)
    (there / "squat-2.5.mp4").write_bytes((films / "squat-2.5.mp4").read_bytes())
    summary = run("memory://cloud/films", "memory://cloud/store", LITE, Alone())
    assert summary.judged == 1
    (film,) = Results("memory://cloud/store", 1).followed()
    here = read_recording(Results(str(store), 1).keypoints(film))
    made = place(f"memory://cloud/store/keypoints/{film[0]}/{film}.parquet").read_bytes()
    assert made == Results(str(store), 1).keypoints(film).read_bytes()
    assert len(here) == summary.frames


@pytest.mark.models
def test_damaged_keypoints_are_made_again(films: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    run(str(films / "squat-2.mp4"), out, LITE, Alone())
    results = Results(out, 1)
    (film,) = results.followed()
    good = results.keypoints(film).read_bytes()
    results.keypoints(film).write_bytes(good[:500] + bytes([good[500] ^ 0xFF]) + good[501:])
    with pytest.raises(ResultsUnwritable, match="1 films were damaged"):
        run(None, out, Settings(model="lite", exercise="squat"), Alone())
    run(None, out, LITE, Alone())
    assert results.keypoints(film).read_bytes() == good


def test_a_store_is_of_one_pair_of_eyes_one_run_at_a_time_and_nothing_else(tmp_path: Path) -> None:
    with open_results(str(tmp_path / "out"), LITE, 100):
        pass
    with (
        pytest.raises(InputError, match="followed otherwise"),
        open_results(str(tmp_path / "out"), Settings(model="full"), 1),
    ):
        pass
    with (
        pytest.raises(InputError, match=r"followed otherwise \(options default\)"),
        open_results(str(tmp_path / "out"), Settings(model="lite", options=("smooth",)), 1),
    ):
        pass
    script = (
        "import sys; from poise.analysis import Settings; from poise.batch.results import open_results\n"
        "with open_results(sys.argv[1], Settings(model='lite'), 1): print('in', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "out")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(InputError, match="Another poise batch"), open_results(str(tmp_path / "out"), LITE, 1):
            pass
        other.kill()
    with open_results(str(tmp_path / "out"), LITE, 1) as results:
        assert results.shard("abc") == "a"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(InputError, match="holds something else"), open_results(str(tmp_path / "mine"), LITE, 1):
        pass


@pytest.mark.parametrize(("films", "digits"), [(1, 1), (1024, 1), (1025, 2), (100_000, 3)])
def test_shards_hold_few_films(tmp_path: Path, films: int, digits: int) -> None:
    with open_results(str(tmp_path / "out"), LITE, films) as results:
        assert len(results.shard("0123456789")) == digits


def test_what_is_no_films_fault_stops_the_run(tmp_path: Path) -> None:
    class Full(Alone):
        def run(self, jobs: Iterable[J], tell: Callable[[J, float], None]) -> Iterator[tuple[J, Any]]:
            for job in jobs:
                yield job, Problem("The disk is full.", "Free some space.", bad=False)

    (tmp_path / "film.mp4").write_text("film")
    with pytest.raises(PoiseError, match="The disk is full"):
        run(str(tmp_path), str(tmp_path / "out"), LITE, Full())


@pytest.mark.models
def test_killed_anywhere_and_started_again_it_is_as_if_undisturbed(films: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "poise", "batch", str(films), "--model", "lite", "--workers", "2", "--out"]
    quiet, torn = tmp_path / "quiet", tmp_path / "torn"
    subprocess.run([*command, str(quiet)], capture_output=True, check=True)
    made: dict[Path, int] = {}

    def there() -> list[Path]:
        return [path for path in torn.rglob("*") if path.is_file() and not path.name.startswith(".")]

    # Killed as soon as so many files are there: at the beginning, among the keypoints, and among the tables.
    for enough in (1, 2, 5, 9, 14):
        process = subprocess.Popen([*command, str(torn), "--quiet"], stderr=subprocess.DEVNULL)
        while len(there()) < enough and process.poll() is None:
            time.sleep(0.01)
        process.kill()
        process.wait()
        for path in there():
            begun = path.parent.name in ("reps", "reports") and not (torn / "films" / path.name).exists()
            if path.parent != torn and not begun:  # the table of films is the last of a shard
                assert made.setdefault(path, path.stat().st_ino) == path.stat().st_ino, "it was made twice"
    done = subprocess.run([*command, str(torn)], capture_output=True, text=True, check=True)
    assert "6 of 10 films judged" in done.stdout
    for path, number in made.items():
        assert path.stat().st_ino == number, "it was made twice"
    assert contents(torn) == contents(quiet)
