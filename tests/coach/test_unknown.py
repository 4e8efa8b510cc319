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
