"""A film followed in parts and a stream coached live, by eyes that see what the script says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pytest

from poise.body import COCO17, Pose, Skeleton
from poise.coach import Coach
from poise.coach.setup import DARK_ROOM
from poise.errors import NobodySeen
from poise.session import Session, follow
from poise.vision.frame import Frame
from tests.films import write

#: Who is where at a time: by number, pixels from the left and a height in pixels.
Script = Callable[[float], dict[int, tuple[float, float]]]

TRAINEE, OTHER = {0: (300.0, 200.0)}, {1: (800.0, 170.0)}


class Eyes:
    """An estimator that reads from a script; every second one takes 0 for 1 and 1 for 0."""

    skeleton: Skeleton = COCO17
    opened = 0

    def __init__(self, script: Script) -> None:
        self._script = script
        self._backwards = bool(Eyes.opened % 2)
        Eyes.opened += 1

    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        return [self._seen(frame.t) for frame in frames]

    def _seen(self, t: float) -> list[Pose]:
        people = self._script(t).items()
        return [figure(t, *place, 1 - n if self._backwards else n) for n, place in people]

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def figure(t: float, x: float, height: float, number: int = 0) -> Pose:
    rows = np.linspace(10.0, 10.0 + height, len(COCO17))
    sides = x + 0.1 * height * np.where(np.arange(len(COCO17)) % 2, 1, -1)
    return Pose(COCO17, t, np.stack([sides, rows], axis=-1), np.full(len(COCO17), 0.9), person=number)


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


def test_live_somebody_else_is_not_coached_and_the_advice_says_who_is_missed() -> None:
    session = Session(Coach("squat"), Eyes(lambda t: TRAINEE | OTHER if t < 3 else OTHER))
    grey = np.zeros((8, 8, 3), np.uint8)
    feedback = [session.on_frame(Frame(grey, float(t))) for t in np.arange(0.0, 4.0, 0.1)]
    lost = [item for item in feedback if "lost" in {advice.name for advice in item.advice}]
    assert [item.t for item in lost] == pytest.approx(np.arange(3.0, 4.0, 0.1).tolist())
    assert {item.phase for item in lost[4:]} == {"unseen"}


def test_a_session_without_eyes_takes_poses_only() -> None:
    session = Session(Coach("squat"))
    assert session.on_pose(figure(0.0, 100.0, 50.0)).t == 0.0
    with pytest.raises(ValueError, match="on_pose"):
        session.on_frame(Frame(np.zeros((8, 8, 3), np.uint8), 0.1))


@pytest.mark.parametrize(("shade", "said"), [(20, True), (120, False)])
def test_the_brightness_of_the_picture_is_looked_at(shade: int, said: bool) -> None:
    session = Session(Coach("squat"), Eyes(lambda t: TRAINEE))
    frame = np.full((720, 1280, 3), shade, np.uint8)
    assert (session.on_frame(Frame(frame, 0.0)).advice == (DARK_ROOM,)) == said


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


class Gone(ThreadPoolExecutor):
    """A pool whose process was killed."""

    def submit(self, *_: object, **__: object) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(BrokenProcessPool("killed"))
        return future


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
