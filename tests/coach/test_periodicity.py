"""Signals and cycles in closed form."""

from __future__ import annotations

import numpy as np

from poise.body import Array
from poise.coach.periodicity import (
    KEYPOINTS,
    RATE,
    Window,
    autocorrelation,
    low_passed,
    periods,
    turning_points,
    voted,
)

T = np.arange(120) / RATE


def wave(seconds: float) -> Array:
    return np.sin(2 * np.pi * T / seconds)[:, None]


def bending(seconds: float) -> Window:
    """Arms that go up and down; all else is still."""
    points = np.random.default_rng(0).normal(size=(1, len(KEYPOINTS), 2)).repeat(len(T), 0)
    for wrist in (KEYPOINTS.index("left_wrist"), KEYPOINTS.index("right_wrist")):
        points[:, wrist, 1] -= (1 - np.cos(2 * np.pi * T / seconds)) / 2
    return Window(T, points, np.zeros(len(T), dtype=bool))


def test_the_period_of_a_wave_is_its_own_not_a_multiple() -> None:
    period, regular = periods(autocorrelation(wave(2.0)))
    assert abs(period[0] / RATE - 2.0) <= 1 / RATE
    assert 0.6 < regular[0] < 1


def test_noise_is_hardly_regular() -> None:
    _, regular = periods(autocorrelation(np.random.default_rng(0).normal(size=(120, 1))))
    assert regular[0] < 0.3


def test_the_low_pass_halves_its_frequency_and_keeps_the_mean() -> None:
    smooth = low_passed(wave(1.0) + 3.0, np.array([1.0 / RATE]))
    assert abs(smooth.mean() - 3.0) < 0.02
    assert abs(np.ptp(smooth[30:90]) - 1.0) < 0.05


def test_small_swings_are_no_turning_points() -> None:
    assert turning_points(np.array([0.0, 1.0, 0.8, 1.1, 0.0]), 0.5) == [(0, -1), (3, 1), (4, -1)]


def test_cycles_of_a_repeated_movement_resemble_each_other_and_their_way_back() -> None:
    window = bending(2.0)
    best = max(window.signals, key=lambda signal: signal.regular * signal.explains)
    for side in (1, -1):
        cycles = window.cycles(best, side)
        assert len(cycles.swings) in (3, 4)
        assert (cycles.alike > 0.9).all()
        assert (cycles.retraced > 0.9).all()


def test_no_cycle_spans_what_was_not_seen() -> None:
    window = bending(2.0)
    best = max(window.signals, key=lambda signal: signal.regular * signal.explains)
    window.unseen[:] = True
    assert window.cycles(best, 1).swings == []


def test_a_whole_recording_votes_for_its_cycles() -> None:
    swings = voted(bending(2.0))
    turns = np.array([swing.turn for swing in swings]) / RATE
    assert 3 <= len(swings) <= 4  # eight seconds, in which the arms come down three times and go up four times
    np.testing.assert_allclose(np.diff(turns), 2.0, atol=2 / RATE)
    assert all(swing.start < swing.arrived <= swing.turn <= swing.left < swing.end for swing in swings)


def test_noise_and_small_movements_have_no_cycles() -> None:
    shape = (len(T), len(KEYPOINTS), 2)
    still = np.random.default_rng(0).normal(size=(1, *shape[1:])).repeat(len(T), 0)
    noise = np.random.default_rng(1).normal(size=shape)
    for size in (0.02, 1.0):
        assert voted(Window(T, still + size * noise, np.zeros(len(T), dtype=bool), 2.5)) == []
