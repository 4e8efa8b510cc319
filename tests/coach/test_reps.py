"""What a repetition is: every way through the diagram of `poise.coach.reps`, on signals made by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest

from poise.body import Array
from poise.coach.reps import LOST_S, STUCK_S, Cycle, CycleFinder, shortfall

#: The longest step between samples, seconds: what times may be off by.
STEP = 0.05

Corners = Iterable[tuple[float, float]]


def course(*corners: tuple[float, float]) -> list[tuple[float, float]]:
    """Samples ``(t, signal)`` of straight lines between corners, 20 to 50 ms apart, the corners among them."""
    rng = np.random.default_rng(3)
    samples = [corners[0]]
    for (t0, x0), (t1, x1) in pairwise(corners):
        steps = np.cumsum(rng.uniform(0.02, STEP, int((t1 - t0) / 0.02)))
        inside: Array = t0 + steps[steps < t1 - t0 - 1e-3]
        samples += [(float(t), float(x0 + (x1 - x0) * (t - t0) / (t1 - t0))) for t in inside]
        samples.append((t1, x1))
    return samples


def feed(finder: CycleFinder, samples: Corners) -> list[Cycle]:
    told = (finder.update(t, signal) for t, signal in samples)
    return [cycle for cycle in told if cycle is not None]


def found(*corners: tuple[float, float], least: float = 0.2) -> list[Cycle]:
    """The cycles of a whole recording."""
    finder = CycleFinder(least)
    cycles = feed(finder, course(*corners))
    last = finder.finish()
    return [*cycles, *([last] if last else [])]


#: Down for a second, half a second at the turn, up for two seconds, and rest.
ONE = ((0.0, 0.0), (1.0, 0.0), (2.0, 1.0), (2.5, 1.0), (4.5, 0.0), (5.5, 0.0))


def test_a_cycle_is_where_it_is() -> None:
    (cycle,) = found(*ONE)
    assert (cycle.towards, cycle.back) == pytest.approx((1.0, 1.0))
    # The first and the last 5 % of each way count as rest or as pause.
    assert cycle.start == pytest.approx(1.05, abs=STEP)
    assert cycle.arrived == pytest.approx(1.95, abs=STEP)
    assert cycle.turn == pytest.approx((1.95 + 2.6) / 2, abs=STEP)
    assert cycle.left == pytest.approx(2.6, abs=STEP)
    assert cycle.end == pytest.approx(4.4, abs=STEP)
    assert cycle.range == pytest.approx(1.0)
    assert cycle.returned == pytest.approx(1.0)
    assert cycle.unseen == 0.0


def test_the_state_follows_the_body() -> None:
    finder = CycleFinder(0.2)
    states = [finder.state]
    for t, signal in course(*ONE):
        finder.update(t, signal)
        if finder.state != states[-1]:
            states.append(finder.state)
    assert states == ["rest", "towards", "back", "rest"]


def test_what_has_settled_is_told_without_waiting_for_the_next() -> None:
    finder = CycleFinder(0.2)
    told = [t for t, signal in course(*ONE) if finder.update(t, signal)]
    assert told == [pytest.approx(4.7, abs=2 * STEP)]
    assert finder.finish() is None


def test_cycles_without_a_rest_between_are_told_as_they_turn_up_again() -> None:
    corners = [(0.5 * i, float(i % 2)) for i in range(9)]
    cycles = found(*corners)
    assert [cycle.turn for cycle in cycles] == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=STEP)
    assert [cycle.returned for cycle in cycles] == pytest.approx([1.0] * 4)


def test_each_cycle_starts_after_the_rest_before_it() -> None:
    second = [(t + 5.5, x) for t, x in ONE[1:]]
    cycles = found(*ONE, *second)
    assert [cycle.start for cycle in cycles] == pytest.approx([1.05, 6.55], abs=STEP)
    assert [cycle.end for cycle in cycles] == pytest.approx([4.4, 9.9], abs=STEP)


@pytest.mark.parametrize("again", [0.95, 1.05], ids=["not as far", "farther"])
def test_a_dip_at_the_turn_does_not_make_two_of_one(again: float) -> None:
    (cycle,) = found((0, 0), (1, 1), (1.4, 0.72), (1.8, again), (3, 0), (4, 0))
    assert cycle.range == pytest.approx(max(1.0, again))
    assert cycle.returned == pytest.approx(1.0)


def test_rising_above_the_turn_again_goes_on_towards_it() -> None:
    finder = CycleFinder(0.2)
    states = []
    for part in (course((0, 0), (1, 1), (1.4, 0.7)), course((1.5, 0.7), (2, 1.1))):
        feed(finder, part)
        states.append(finder.state)
    assert states == ["back", "towards"]


def test_turning_up_halfway_back_is_not_come_back() -> None:
    first, second = found((0, 0), (1, 1), (2, 0.5), (3, 1), (5, 0), (6, 0))
    assert (first.towards, first.back) == pytest.approx((1.0, 0.5))
    assert (second.towards, second.back) == pytest.approx((0.5, 1.0))
    assert first.returned == second.returned == pytest.approx(0.5)
    assert first.end <= second.start


def test_turning_up_for_a_single_sample_starts_a_cycle_like_any_other() -> None:
    finder = CycleFinder(0.2)
    first, second = feed(finder, [(0.0, 0.0), (0.5, 1.0), (1.0, 0.1), (1.1, 0.9), (1.2, 0.0), (1.5, 0.0)])
    assert (first.turn, second.turn) == (0.5, 1.1)


def test_pausing_halfway_back_is_still_the_same_cycle() -> None:
    (cycle,) = found((0, 0), (1, 1), (2, 0.5), (4, 0.5), (5, 0), (6, 0))
    assert cycle.back == pytest.approx(1.0)


@pytest.mark.parametrize(("height", "count"), [(0.1, 0), (0.28, 0), (0.32, 1)])
def test_smaller_than_the_least_is_none_at_all(height: float, count: int) -> None:
    assert len(found((0, 0), (1, height), (2, 0), (3, 0), least=0.3)) == count


def test_a_recording_that_ends_on_the_way_back_is_told_at_its_end() -> None:
    finder = CycleFinder(0.2)
    assert not feed(finder, course((0, 0), (1, 1), (2, 0.6)))
    cycle = finder.finish()
    assert cycle is not None
    assert cycle.returned == pytest.approx(0.4)


@pytest.mark.parametrize("corners", [[(0, 0), (1, 1)], [(0, 0), (1, 1), (1.2, 0.9)]], ids=["at", "just past"])
def test_a_recording_that_ends_at_the_turn_tells_nothing(corners: list[tuple[float, float]]) -> None:
    assert not found(*corners)


def test_a_recording_that_begins_at_the_turn_counts_from_the_next_rest() -> None:
    (cycle,) = found((0, 1), (1, 0), (2, 1), (3, 0), (4, 0))
    assert cycle.turn == pytest.approx(2.0, abs=STEP)


def test_a_recording_that_begins_on_the_way_went_only_part_of_it() -> None:
    (cycle,) = found((0, 0.5), (1, 1), (3, 0), (4, 0))
    assert (cycle.towards, cycle.back) == pytest.approx((0.5, 1.0))


@pytest.mark.parametrize(("seconds", "count"), [(STUCK_S - 3, 2), (STUCK_S + 2, 1)])
def test_who_stays_at_the_turn_has_given_up(seconds: float, count: int) -> None:
    there = 1 + seconds
    cycles = found((0, 0), (1, 1), (there, 1), (there + 1, 0), (there + 2, 1), (there + 3, 0), (there + 4, 0))
    assert len(cycles) == count
    assert cycles[-1].turn == pytest.approx(there + 2, abs=STEP)


def test_who_is_stuck_is_told_to_be_at_rest() -> None:
    finder = CycleFinder(0.2)
    feed(finder, course((0, 0), (1, 1), (1 + STUCK_S, 1)))
    assert finder.state == "rest"
    assert finder.finish() is None


def test_time_out_of_sight_is_a_share_of_the_cycle() -> None:
    whole = course((0, 0), (2, 1), (4, 0), (5, 0))
    finder = CycleFinder(0.2)
    (cycle,) = feed(finder, ((t, math.nan if 1.0 < t < 2.5 else x) for t, x in whole))
    assert cycle.unseen == pytest.approx(1.5 / (cycle.end - cycle.start), abs=0.03)


def test_a_dropped_sample_is_not_out_of_sight() -> None:
    whole = course((0, 0), (2, 1), (4, 0), (5, 0))
    (cycle,) = feed(CycleFinder(0.2), ((t, math.nan if 1.0 < t < 1.15 else x) for t, x in whole))
    assert cycle.unseen == 0.0


@pytest.mark.parametrize("before", [0.1, 0.0, -0.02])
def test_the_unseen_rest_before_is_not_of_the_cycle(before: float) -> None:
    whole = course((0, before), (3, 0), (4, 1), (5, 0), (6, 0))
    (cycle,) = feed(CycleFinder(0.2), ((t, math.nan if 0.5 < t < 2 else x) for t, x in whole))
    assert cycle.unseen == 0.0


@pytest.mark.parametrize(("seconds", "count"), [(LOST_S - 0.5, 2), (LOST_S + 0.5, 1)])
def test_who_is_lost_for_long_starts_anew(seconds: float, count: int) -> None:
    turn, back = 1.5 + seconds, 2.5 + seconds
    whole = course((0, 0), (1, 1), (turn, 1), (back, 0), (back + 1, 1), (back + 2, 0), (back + 3, 0))
    cycles = feed(CycleFinder(0.2), ((t, math.nan if 1.2 < t < 1.2 + seconds else x) for t, x in whole))
    assert len(cycles) == count
    assert cycles[-1].turn == pytest.approx(back + 1, abs=STEP)


def test_unseen_holds_the_state() -> None:
    finder = CycleFinder(0.2)
    feed(finder, course((0, 0), (1, 1), (1.5, 0.7)))
    feed(finder, ((1.5 + 0.1 * i, math.nan) for i in range(1, 20)))
    assert finder.state == "back"


def test_nothing_and_nobody_make_no_cycle() -> None:
    finder = CycleFinder(0.2)
    assert finder.finish() is None
    assert not feed(finder, ((0.1 * i, math.nan) for i in range(50)))
    assert finder.finish() is None
    assert finder.state == "rest"


def test_usual_is_the_median_of_the_last_cycles_that_came_back() -> None:
    finder = CycleFinder(0.2)
    assert finder.usual == 0.0
    corners: list[tuple[float, float]] = [(0.0, 0.0)]
    for height in (1.0, 0.6, 0.8):
        corners += [(corners[-1][0] + 1, height), (corners[-1][0] + 2, 0.0), (corners[-1][0] + 3, 0.0)]
    feed(finder, course(*corners))
    assert finder.usual == pytest.approx(0.8)
    t = corners[-1][0] + 0.1
    half = course((t, 0), (t + 1, 1), (t + 2, 0.5), (t + 3, 0.95))
    (cycle,) = feed(finder, half)
    assert cycle.returned < 0.7
    assert finder.usual == pytest.approx(0.8)


def test_usual_forgets_how_the_person_began() -> None:
    finder = CycleFinder(0.2)
    heights = [1.0] * 5 + [0.5] * 8
    feed(finder, course((-1, 0), *((0.5 * i, heights[i // 2] * (i % 2)) for i in range(26)), (13, 0), (14, 0)))
    assert finder.usual == pytest.approx(0.5)


def test_who_moves_a_lot_must_move_more_to_start() -> None:
    wiggle = course((10, 0), (11, 0.35))
    fresh, used = CycleFinder(0.2), CycleFinder(0.2)
    feed(used, course((0, 0), (1, 2), (2, 0), (3, 0)))
    assert used.usual == pytest.approx(2.0)
    for finder in (fresh, used):
        feed(finder, wiggle)
    assert (fresh.state, used.state) == ("towards", "rest")


def cycle_of(towards: float, back: float) -> Cycle:
    return Cycle(start=0, arrived=1, turn=1, left=1, end=2, towards=towards, back=back, unseen=0)


@pytest.mark.parametrize(
    ("cycle", "usual", "reasons"),
    [
        (cycle_of(1.0, 0.9), 1.0, ()),
        (cycle_of(0.5, 0.5), 0.0, ()),
        (cycle_of(1.0, 0.5), 0.0, ("you came back only 50 % of the way",)),
        (cycle_of(0.6, 1.0), 0.0, ("you went only 60 % of the way",)),
        (cycle_of(0.3, 0.3), 0.0, ("the movement was only 30 % of the usual range of the exercise",)),
        (cycle_of(0.5, 0.5), 1.25, ("the movement was only 40 % of your own usual range",)),
        # Where the exercise asks for more already, a person's own range says nothing new.
        (cycle_of(0.3, 0.3), 1.25, ("the movement was only 30 % of the usual range of the exercise",)),
        (
            cycle_of(0.3, 0.15),
            0.0,
            ("you came back only 50 % of the way", "the movement was only 30 % of the usual range of the exercise"),
        ),
    ],
)
def test_a_repetition_falls_short_for_reasons(cycle: Cycle, usual: float, reasons: tuple[str, ...]) -> None:
    assert shortfall(cycle, full=0.4, usual=usual) == reasons
