"""Counting what has no name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from poise.body import Pose
from poise.coach import ANY, Coach, Rep, review
from poise.sim import Camera, Noise, Tempo, film_poses, perform
from poise.sim.moves.others import OTHERS

LIKE = ["squat", "push_up", "biceps_curl", "shoulder_press", "jumping_jack", "sit_up"]


@pytest.mark.parametrize("exercise", LIKE)
def test_what_is_repeated_is_counted_without_its_name(exercise: str) -> None:
    performance = perform(exercise, reps=6, tempo=Tempo(0.9, 0.1, 0.9, 0.3))
    poses = film_poses(performance, Camera(yaw=60), rate=15, noise=Noise(), seed=2)
    assert review(ANY, poses).counts.full == 6


def test_nobody_moving_is_nothing_counted() -> None:
    poses = film_poses(perform("standing", reps=1), Camera(yaw=30), rate=15, noise=Noise(), seed=1)
    assert review(ANY, poses).counts.full == 0


def test_the_count_comes_while_it_happens() -> None:
    performance = perform("squat", reps=6, tempo=Tempo(0.9, 0.1, 0.9, 0.3))
    coach = Coach(ANY)
    halfway = performance.reps[3].start
    for pose in film_poses(performance, Camera(yaw=60), rate=15):
        feedback = coach.update(pose)
        if pose.t >= halfway:
            break
    assert feedback.counts.full in (2, 3)
    assert feedback.exercise == ANY


def test_slow_repetitions_that_a_stream_misses_are_found_in_the_recording() -> None:
    performance = perform("squat", reps=5, tempo=Tempo(2.5, 0.5, 2.5, 0.5))
    poses = film_poses(performance, Camera(yaw=60), rate=15, noise=Noise(), seed=2)
    live = Coach(ANY)
    for pose in poses:
        live.update(pose)
    live.finish()
    recorded = review(ANY, poses)
    assert live.counts.full <= 2
    # Each signal votes for the end at which it turns less often: of five squats the four times between them.
    assert recorded.counts.full == len(recorded.reps) == 4
    assert [rep.number for rep in recorded.reps] == [1, 2, 3, 4]
    between = [(a.end + b.start) / 2 for a, b in zip(performance.reps, performance.reps[1:], strict=False)]
    turns = [rep.turn for rep in performance.reps]
    for rep in recorded.reps:
        assert min(abs(rep.turn - t) for t in between + turns) < 0.8


def test_of_a_recording_everything_is_told_at_the_end_and_of_a_stream_on_the_way() -> None:
    poses = film_poses(perform("squat", reps=6), Camera(yaw=60), rate=15, noise=Noise(), seed=2)
    for recorded in (False, True):
        coach = Coach(ANY, recorded=recorded)
        on_the_way = [event for pose in poses for event in coach.update(pose).events]
        at_the_end = coach.finish()
        assert bool(on_the_way) != recorded
        assert len(on_the_way) + len(at_the_end) == 6


def test_counting_begins_when_something_is_repeated_and_makes_up_for_what_came_before() -> None:
    performance = perform("squat", reps=6, tempo=Tempo(0.9, 0.1, 0.9, 0.3))
    coach = Coach(ANY)
    told = [
        (pose.t, event)
        for pose in film_poses(performance, Camera(yaw=60), rate=15)
        for event in coach.update(pose).events
    ]
    first, (t, rep) = performance.reps[0], told[0]
    assert isinstance(rep, Rep)
    assert t > performance.reps[1].start  # once is not over and over
    assert (rep.start, rep.end) == pytest.approx((first.start, first.end), abs=0.3)


def test_a_repetition_of_half_the_usual_size_is_partial() -> None:
    performance = perform("squat", reps=6, tempo=Tempo(0.9, 0.1, 0.9, 0.3))
    film = film_poses(performance, Camera(yaw=60), rate=15)
    fourth = performance.reps[3]
    during = (film.t >= fourth.start) & (film.t <= fourth.end)
    standing = film.points[np.argmin(np.abs(film.t - fourth.start))]
    points = np.where(during[:, None, None], standing + 0.48 * (film.points - standing), film.points)
    reps = review(ANY, replace(film, points=points)).reps
    assert [rep.kind for rep in reps] == ["full", "full", "full", "partial", "full", "full"]
    assert "of your own usual range" in reps[3].reasons[0]
    assert reps[3].rom == pytest.approx(0.48 * reps[2].rom, rel=0.1)


def counted_live(poses: Iterable[Pose]) -> int:
    coach = Coach(ANY)
    for pose in poses:
        coach.update(pose)
    coach.finish()
    return coach.counts.full


def test_what_went_and_came_back_once_is_a_repetition_and_what_only_went_is_none() -> None:
    performance = perform("shoulder_press", reps=1, lead=1.5, tail=1.5)
    film = film_poses(performance, Camera(yaw=60), rate=15, noise=Noise(), seed=2)
    assert counted_live(film) == 1
    assert counted_live(pose for pose in film if pose.t < performance.reps[0].turn) == 0


def test_no_repetition_spans_a_time_out_of_sight() -> None:
    """Gone from the bottom of the third to the bottom of the fourth: not one long repetition."""
    performance = perform("squat", reps=8, tempo=Tempo(0.9, 0.1, 0.9, 0.3))
    since, until = performance.reps[2].turn, performance.reps[3].turn
    film = film_poses(performance, Camera(yaw=60), rate=15)
    poses = [Pose.missing(film.skeleton, pose.t) if since < pose.t < until else pose for pose in film]
    reps = review(ANY, poses).reps
    assert all(rep.end <= since + 0.1 or rep.start >= until - 0.1 for rep in reps)
    assert all(after.start >= rep.turn for rep, after in pairwise(reps))  # nor is one told twice
    assert len(reps) in (6, 7)


@pytest.mark.parametrize(("movement", "form", "seed"), [("standing", {}, 2), ("play", {"mood": 3.0}, 4)])
def test_what_hardly_repeats_is_hardly_counted(movement: str, form: dict[str, float], seed: int) -> None:
    performance = perform(OTHERS.get(movement, movement), form=form, reps=0, lead=15.0, seed=seed)
    film = film_poses(performance, Camera(yaw=40), rate=12, noise=Noise(), seed=seed)
    assert counted_live(film) <= 2


def test_left_and_right_in_turn_are_one_repetition_of_what_has_no_name() -> None:
    performance = perform(OTHERS["knee_raise"], reps=8, tempo=Tempo(0.9, 0.1, 0.9, 0.3), sides="alternating")
    film = film_poses(performance, Camera(yaw=60), rate=15, noise=Noise(), seed=2)
    assert review(ANY, film).counts.full == 4


def test_what_is_surely_alike_is_told_while_the_second_goes_on() -> None:
    performance = perform("shoulder_press", reps=3, lead=4.0, tail=3.0, sway=1.0)
    coach = Coach(ANY)
    film = film_poses(performance, Camera(yaw=60), rate=15, noise=Noise(), seed=2)
    first = next(pose.t for pose in film if coach.update(pose).events)
    assert performance.reps[1].start < first < performance.reps[1].end
