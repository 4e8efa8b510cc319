"""Simulated windows: labels, and the same again for the same seed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from poise.coach.descriptor import KEYPOINTS, NAMES, RATE
from poise.coach.recognise import REST, UNKNOWN
from poise.learn import deepfit, performances
from poise.learn.performances import CLASSES, HOLDS, KINDS, perform_class
from poise.learn.styles import _Change, _one_legged
from poise.learn.windows import SECTION_S, Windows, _mistaken, _seen, simulate
from poise.sim import MOVES, Body, Camera, film_poses, perform
from poise.sim.body import Posture
from poise.sim.move import Beat


@pytest.fixture(scope="module")
def windows() -> Windows:
    """Windows of two sections of every exercise."""
    return simulate(2, seed=1, workers=1)


def test_every_class_is_there(windows: Windows) -> None:
    assert set(windows.labels) == set(range(len(CLASSES)))
    assert windows.descriptors.shape == (len(windows.labels), len(NAMES))
    assert windows.frames.shape == (len(windows.labels), 36)
    assert np.isfinite(windows.descriptors).mean() > 0.99


def test_the_same_seed_gives_the_same_windows(windows: Windows) -> None:
    again, other = simulate(2, seed=1, workers=2), simulate(2, seed=2, workers=1)
    np.testing.assert_array_equal(again.descriptors, windows.descriptors)
    np.testing.assert_array_equal(again.kinds, windows.kinds)
    assert not np.array_equal(other.descriptors[:20], windows.descriptors[:20])


def test_rest_and_what_has_no_name_are_of_many_kinds(windows: Windows) -> None:
    rng = np.random.default_rng(9)
    for label in (REST, UNKNOWN):
        drawn = {perform_class(label, rng, 0.2, RATE).kind for _ in range(150)}
        assert drawn == {kind for kind, name in KINDS.items() if name == label}
    assert perform_class("squat", rng, 0.2, RATE).kind == "squat"
    names = list(KINDS)
    said = {names[kind]: CLASSES[label] for kind, label in zip(windows.kinds, windows.labels, strict=True)}
    assert said == {kind: KINDS[kind] for kind in said}
    lifts = simulate(20, seed=1, workers=1, classes=["deadlift"])
    assert {names[kind] for kind in lifts.kinds} == {"deadlift", "start"}, "who has yet to begin is ready to"


def test_who_squats_on_one_leg_may_let_the_other_hang() -> None:
    """Beside what is stood on, as far below the hips as a leg is long; else it is held off the floor."""
    squat = perform("squat", reps=1)
    t = np.linspace(squat.reps[0].start, squat.reps[0].end, 20)
    lowest = []
    for seed in range(100):
        change = _one_legged(np.random.default_rng(seed))
        pose = partial(_changed, change)
        joints = replace(squat, move=replace(squat.move, pose=pose)).joints(t)
        lowest.append(joints[:, [27, 28], 1].min())
    assert 0.25 < np.mean(np.array(lowest) < -0.1) < 0.55  # ankles lower than what is stood on


def _changed(change: _Change, body: Body, beat: Beat) -> Posture:
    return change(body, beat, MOVES["squat"].pose(body, beat))


def test_legs_beyond_the_picture_are_now_longer_and_now_shorter() -> None:
    """Of who stands still, more often than that they are only too short."""
    still = film_poses(perform("standing", lead=5.0), Camera(), rate=RATE)
    length = []
    for seed in range(200):
        points = _mistaken(still, np.random.default_rng(seed))
        legs = np.linalg.norm(points[:, 25] - points[:, 23], axis=-1)
        length.append(np.ptp(legs) / np.median(legs))
    assert 0.03 < np.mean(np.array(length) > 0.1) < 0.2
    assert np.median(length) < 0.05


@pytest.mark.parametrize("label", CLASSES)
def test_sections_are_of_finite_bodies_with_bones_of_constant_length(label: str) -> None:
    rng = np.random.default_rng(3)
    for _ in range(5):
        section = perform_class(label, rng, 3.0, RATE)
        assert np.isfinite(section.joints).all()
        thigh = np.linalg.norm(section.joints[:, 23] - section.joints[:, 25], axis=-1)
        assert np.ptp(thigh) < 1e-6
        assert section.joints.shape == (len(section.t), 33, 3)
        if label == REST:
            assert not section.active.any()
        elif label != UNKNOWN:
            assert section.active.any() or section.t[-1] < 3.0


def test_deepfit_sees_a_body_about_its_middle_in_body_lengths() -> None:
    points = np.random.default_rng(4).normal(0.0, 100.0, (5, len(KEYPOINTS), 2))
    frames = deepfit.frames_of(points)
    assert frames.shape == (5, 36)
    np.testing.assert_allclose(frames[:, :18].mean(1), 0.0, atol=1e-12)
    np.testing.assert_allclose(frames[:, 18:].mean(1), 0.0, atol=1e-12)
    np.testing.assert_allclose(deepfit.frames_of(3.0 * points + 40.0), frames, atol=1e-12)
    right_hip, left_hip = 8, 11
    across = points[:, KEYPOINTS.index("left_hip"), 0] - points[:, KEYPOINTS.index("right_hip"), 0]
    assert (np.sign(frames[:, left_hip] - frames[:, right_hip]) == np.sign(across)).all()


@pytest.mark.parametrize("name", HOLDS)
def test_a_hold_goes_on_only_while_nothing_moves(name: str) -> None:
    rng = np.random.default_rng(5)
    sections = [perform_class(name, rng, 5.0, RATE) for _ in range(20)]
    assert any(not section.active.all() for section in sections)
    for section in sections:
        held = section.joints[section.active]
        if len(held) > 1:
            assert np.ptp(held[:, 23, 1]) < 0.06  # of a hip that goes down by 0.3 m and more


def test_raises_are_mostly_done_standing_and_with_both_arms() -> None:
    """What is done in many ways is shown in its usual one often enough to be known by it."""
    rng = np.random.default_rng(6)
    drawn = [performances._performance(MOVES["lateral_raise"], rng, 5.0, still=False) for _ in range(200)]
    usual = np.mean([one.base == "standing" and not one.lead.any() for one in drawn])
    assert usual == pytest.approx((0.5 + 0.5 / 3) * (0.5 + 0.5 / 4), abs=0.08)
    assert {one.base for one in drawn} == set(MOVES["lateral_raise"].bases)


def test_a_jumping_jack_with_low_arms_moves_its_legs() -> None:
    rng = np.random.default_rng(7)
    drawn = [performances._performance(MOVES["jumping_jack"], rng, 5.0, still=False) for _ in range(200)]
    low = [one.form for one in drawn if one.form["arms_up"].max() < 115.0]
    assert len(low) > 10
    assert min((form["spread"] - form["closed"]).min() for form in low) > 0.3  # each repetition varies


@pytest.mark.parametrize(("label", "more"), [("squat", True), ("lunge", False)])
def test_how_often_arms_hang_is_said_of_squats_only(label: str, more: bool) -> None:
    """Hanging wrists stay straight below their shoulders."""

    def hang(hanging: int) -> float:
        rng = np.random.default_rng(8)
        sections = [perform_class(label, rng, 2.0, RATE, hanging) for _ in range(60)]
        away = [np.ptp(s.joints[:, 15] - s.joints[:, 11], axis=0).max() / s.stature for s in sections]
        low = [np.median(s.joints[:, 15, 1] - s.joints[:, 11, 1]) / s.stature for s in sections]
        return float(np.mean((np.array(low) < -0.25) & (np.array(away) < 0.1)))

    assert (hang(1000) > hang(0) + 0.3) == more


def test_a_body_on_the_floor_is_at_times_hardly_followed() -> None:
    """In every tenth section of it a keypoint is somewhere else in every fourth look; of who stands in none."""

    def lost(label: str) -> float:
        shares = []
        for seed in range(60):
            rng = np.random.default_rng(seed)
            section = perform_class(label, rng, SECTION_S, RATE)
            points = _seen(section, rng)
            size = np.median(np.ptp(points, axis=1), axis=0).max()
            steps = np.linalg.norm(np.diff(points, axis=0), axis=-1).max(1)
            shares.append((steps > 0.3 * size).mean())
        return float(np.percentile(shares, 90))

    assert lost("push_up") > 0.23
    assert lost("squat") < 0.12
