"""A film followed in parts, by eyes that see what a script says."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from poise.errors import NobodySeen
from poise.vision.follow import Opener, follow
from poise.vision.frame import Frame
from tests.films import write
from tests.vision.scripted import OTHER, TRAINEE, Eyes, Gone


@pytest.fixture(autouse=True)
def numbered_from_the_first() -> None:
    Eyes.opened = 0


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fourteen seconds of nothing to be seen, five pictures a second."""
    grey = np.full((64, 96, 3), 90, np.uint8)
    return write(tmp_path_factory.mktemp("film") / "grey.mp4", (Frame(grey, i / 5) for i in range(70)))


def test_every_part_of_a_film_numbers_people_anew_and_the_same_one_is_coached(film: Path) -> None:
    two = follow(film, lambda: Eyes(lambda t: TRAINEE | OTHER), workers=2)
    assert Eyes.opened == 2
    assert len(two.poses) == 70
    assert np.ptp(two.poses.points.mean((1, 2))) == pytest.approx(0.0, abs=1e-3)
    assert two.people == 2


def test_a_recording_is_coached_for_whom_it_shows_most(film: Path) -> None:
    followed = follow(film, lambda: Eyes(lambda t: {0: (300.0, 40.0)} | ({1: (800.0, 200.0)} if t > 2 else {})))
    x = followed.poses.points[..., 0].mean(-1)
    t = followed.poses.t
    assert (x[t <= 2.0] < 400).all()
    assert (x[t > 2.1] > 600).all()


def test_time_in_which_only_somebody_else_is_there_is_told(film: Path) -> None:
    followed = follow(film, lambda: Eyes(lambda t: OTHER if 5 <= t < 6 else TRAINEE | OTHER))
    gone = np.isnan(followed.poses.points[:, 0, 0])
    assert followed.poses.t[gone].tolist() == pytest.approx([5.0, 5.2, 5.4, 5.6, 5.8])
    assert followed.notes == ("The person coached was out of sight for 1.0 s in which somebody else was there.",)
    assert follow(film, lambda: Eyes(lambda t: TRAINEE | OTHER)).notes == ()


def test_a_film_with_nobody_in_it_says_so(film: Path) -> None:
    with pytest.raises(NobodySeen, match=r"grey\.mp4"):
        follow(film, lambda: Eyes(lambda t: {}))


def watching(t: float) -> dict[int, tuple[float, float]]:
    return TRAINEE | OTHER


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_parts_followed_in_other_processes_are_what_threads_see(film: Path) -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        apart = follow(film, partial(Eyes, watching), workers=2, pool=pool)
    assert Eyes.opened == 1  # the other part's eyes were opened elsewhere
    Eyes.opened = 0
    here = follow(film, partial(Eyes, watching), workers=2)
    assert np.array_equal(apart.poses.t, here.poses.t)
    assert np.nanmax(np.abs(apart.poses.points[:35] - here.poses.points[:35])) == 0


@pytest.mark.parametrize("crowded", [False, True])
def test_beside_others_a_film_is_decoded_on_the_core_that_follows_it(film: Path, crowded: bool) -> None:
    decoders = []

    def watching(t: float) -> dict[int, tuple[float, float]]:
        decoders.append(sum(thread.name == "poise-ahead" for thread in threading.enumerate()))
        return TRAINEE

    followed = follow(film, lambda: Eyes(watching), crowded=crowded)
    assert set(decoders[:60]) == {0 if crowded else 1}  # at the film's end it is through
    assert followed.poses.t.tolist() == pytest.approx([i / 5 for i in range(70)])


def test_a_part_whose_process_was_killed_is_followed_here(film: Path) -> None:
    followed = follow(film, lambda: Eyes(lambda t: TRAINEE), workers=2, pool=Gone(1))
    assert Eyes.opened == 2
    assert len(followed.poses) == 70
    assert np.isfinite(followed.poses.points).all()


def test_progress_of_parts_side_by_side_ends_at_the_whole(film: Path) -> None:
    told: list[float] = []
    follow(film, lambda: Eyes(lambda t: TRAINEE), workers=2, progress=lambda done, total: told.append(done))
    assert told == sorted(told)
    assert told[-1] == pytest.approx(14.0, abs=1.0)


@pytest.mark.parametrize(
    ("backend", "option", "hurries"), [("blazepose", "doubt_s=1", True), ("movenet", "runtime=litert", False)]
)
def test_an_opener_sent_elsewhere_opens_the_same_in_a_hurry_and_tells_nobody(
    backend: str, option: str, hurries: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(
        "poise.vision.follow.open_estimator", lambda name, **options: asked.append({"": name} | options)
    )
    here = Opener(backend, "lite", 3, True, (option,), progress=lambda what, done, total: None)
    there = pickle.loads(pickle.dumps(here))
    here()
    there()
    assert callable(asked[0].pop("progress"))
    assert asked[1].pop("progress") is None
    assert asked[0] == asked[1]
    assert (asked[0][""], asked[0]["model"], asked[0]["people"], asked[0]["trust"]) == (backend, "lite", 3, True)
    name, _, value = option.partition("=")
    assert str(asked[0][name]).startswith(value)
    assert asked[0].get("hurry", False) == hurries
