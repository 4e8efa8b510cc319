"""Counting what has no name."""

from __future__ import annotations

import pytest

from poise.coach import ANY, Coach, review
from poise.sim import Camera, Noise, Tempo, film_poses, perform

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
