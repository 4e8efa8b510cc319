from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poise.body import Pose
from poise.desk.backdrop import LASTS_S, Backdrop
from poise.vision.frame import Picture
from tests.coach.desk.sitters import sitting

POSE = next(iter(sitting(1.0)))


def room_of(seed: int = 0) -> Picture:
    """A room larger than the picture: shelves, windows, a lamp."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 220, (24, 30))
    return np.repeat(np.repeat(coarse, 40, 0), 40, 1)[..., None].repeat(3, -1).astype(np.uint8)


def seen_in(room: Picture, dx: int = 0, dy: int = 0) -> Picture:
    picture = room[200 + dy : 680 + dy, 200 + dx : 840 + dx].copy()
    picture[180:, 200:440] = 90  # the person, who does not move with the room
    return picture


def _watch(pictures: list[Picture], backdrop: Backdrop | None = None, every: float = 0.5) -> list[bool]:
    backdrop = backdrop or Backdrop()
    return [backdrop.update(p, replace(POSE, t=every * i)) for i, p in enumerate(pictures)]


@pytest.mark.parametrize(("dx", "dy"), [(40, 0), (0, 35), (-45, 25)])
def test_a_camera_that_was_turned_is_noticed_after_a_while(dx: int, dy: int) -> None:
    room = room_of()
    looks = int(2 * LASTS_S) + 4
    told = _watch([seen_in(room)] * 4 + [seen_in(room, dx, dy)] * looks)
    assert told.index(True) == 4 + 2 * LASTS_S
    assert all(told[told.index(True) :])


def test_who_puts_it_back_in_time_hears_nothing() -> None:
    room = room_of()
    there, away = [seen_in(room)] * 10, [seen_in(room, 40)] * 30
    assert not any(_watch(there + away + there + away + there))


def test_light_another_room_and_small_shakes_are_no_movement() -> None:
    room = room_of()
    first = [seen_in(room)] * 4
    darker = [(seen_in(room) * 0.4).astype(np.uint8)] * 60
    assert not any(_watch(first + darker))
    assert not any(_watch(first + [seen_in(room_of(1))] * 60))
    assert not any(_watch(first + [seen_in(room, 5, 4)] * 60))
    plain = [np.full((480, 640, 3), 120, np.uint8)] * 60
    assert not any(_watch(plain))


def test_nobody_at_first_and_pictures_of_another_size_begin_anew() -> None:
    room, backdrop = room_of(), Backdrop()
    nobody = Pose.missing(POSE.skeleton, 0.0)
    assert not backdrop.update(seen_in(room, 40), nobody)
    assert not any(_watch([seen_in(room)] * 60, backdrop))
    assert not any(_watch([seen_in(room, 40)[::2, ::2]] * 60, backdrop))
