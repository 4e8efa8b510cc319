from __future__ import annotations

import threading
from collections.abc import Iterator
from threading import Event

import pytest

from poise.vision.ahead import ahead


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert [t.name for t in threading.enumerate() if t.name == "poise-ahead"] == []


def test_items_come_in_order_and_whole() -> None:
    assert list(ahead(range(1000), depth=3)) == list(range(1000))
    assert list(ahead([])) == []


def test_items_that_are_none_are_items() -> None:
    assert list(ahead([None, 1, None])) == [None, 1, None]


def test_work_is_done_ahead_but_not_too_far() -> None:
    made: list[int] = []
    four = Event()

    def items() -> Iterator[int]:
        for i in range(100):
            made.append(i)
            if len(made) == 4:
                four.set()
            yield i

    reading = ahead(items(), depth=2)
    assert next(reading) == 0
    assert four.wait(5), "nothing was made while nobody asked"  # 0 taken, 1 and 2 waiting, 3 in hand
    assert len(made) == 4
    reading.close()


def test_work_happens_in_another_thread() -> None:
    (worker,) = ahead(threading.current_thread() for _ in range(1))
    assert worker is not threading.current_thread()


def test_an_error_comes_out_where_its_item_would_have() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise KeyError("gone")

    reading = ahead(items())
    assert [next(reading), next(reading)] == [1, 2]
    with pytest.raises(KeyError, match="gone"):
        next(reading)


def test_what_cannot_be_iterated_over_is_an_error_too() -> None:
    class Broken:
        def __iter__(self) -> Iterator[int]:
            raise OSError("no")

    with pytest.raises(OSError, match="no"):
        next(ahead(Broken()))


def test_leaving_early_closes_the_source_before_going_on() -> None:
    closed_by = []

    def endless() -> Iterator[int]:
        try:
            yield from iter(int, 1)
        finally:
            closed_by.append(threading.current_thread().name)

    for _ in ahead(endless(), depth=1):
        break
    assert closed_by == ["poise-ahead"]


def test_stages_can_be_chained_and_left_early() -> None:
    doubled = ahead(2 * i for i in ahead(iter(range(10**9)), depth=1))
    assert [next(doubled) for _ in range(3)] == [0, 2, 4]
    doubled.close()


def test_an_error_of_the_reader_stops_the_work() -> None:
    def read() -> None:
        for item in ahead(iter(range(10**9))):
            raise ValueError(str(item))

    with pytest.raises(ValueError, match="0"):
        read()
