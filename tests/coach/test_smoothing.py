from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from poise.body import BLAZEPOSE33, Array, Pose
from poise.coach.smoothing import BETA, DELAY, HOLD, INSIST, MIN_CUTOFF, SIGMA, DisplayTrack, Guard, JudgementTrack
from tests.coach.bodies import figure, moved, unseen

LEGS = ("hip", "knee", "ankle", "heel", "foot_index")
KNEE = BLAZEPOSE33.index("left_knee")


def swapped(pose: Pose, parts: tuple[str, ...] = LEGS) -> Pose:
    """The pose with left and right of some parts taken for each other."""
    order = np.arange(len(BLAZEPOSE33))
    for i, name in enumerate(BLAZEPOSE33.keypoints):
        if name.split("_", 1)[-1] in parts:
            order[i] = BLAZEPOSE33.mirror[i]
    assert pose.world is not None
    return replace(pose, points=pose.points[order], score=pose.score[order], world=pose.world[order])


def assert_same(a: Pose, b: Pose) -> None:
    np.testing.assert_array_equal(a.points, b.points)
    np.testing.assert_array_equal(a.score, b.score)
    assert a.world is not None
    assert b.world is not None
    np.testing.assert_array_equal(a.world, b.world)


@pytest.mark.parametrize("parts", [LEGS, ("shoulder", "elbow", "wrist")], ids=["legs", "arms"])
def test_the_guard_undoes_a_swap_of_one_half_of_the_body(parts: tuple[str, ...]) -> None:
    guard, truth = Guard(BLAZEPOSE33), figure(yaw=0.0, t=0.1)
    guard.update(figure(yaw=0.0), 100.0)
    assert_same(guard.update(swapped(truth, parts), 100.0), truth)
    assert_same(guard.update(replace(truth, t=0.2), 100.0), truth)


def test_the_guard_undoes_a_swap_across_the_picture_that_is_no_leap_along_either_axis() -> None:
    turn = np.array([[1.0, 1.0], [-1.0, 1.0]]) / math.sqrt(2.0)
    upright = np.nan_to_num(figure(yaw=0.0).points)  # as of who sees every keypoint
    askew = replace(figure(yaw=0.0), points=upright @ turn)  # legs 40 apart are 28 apart both ways; a step is 40
    guard, truth = Guard(BLAZEPOSE33), replace(askew, t=0.1)
    guard.update(askew, 160.0)
    assert_same(guard.update(swapped(truth), 160.0), truth)


def test_the_guard_believes_legs_that_insist_on_being_swapped() -> None:
    guard = Guard(BLAZEPOSE33)
    guard.update(figure(yaw=0.0), 100.0)
    for t in (0.1, 0.2, 0.3):
        given = figure(yaw=0.0, t=t)
        assert_same(guard.update(swapped(given), 100.0), given)
    given = swapped(figure(yaw=0.0, t=0.11 + INSIST))
    assert_same(guard.update(given, 100.0), given)


def test_the_guard_blanks_a_keypoint_that_leaps_and_believes_it_when_it_stays() -> None:
    guard = Guard(BLAZEPOSE33)
    guard.update(figure(), 100.0)
    for t in (0.1, 0.2, 0.3):
        given = moved(figure(t=t), "left_knee", (300.0, 0.0))
        assert_same(replace(guard.update(given, 100.0), world=given.world), unseen(given, "left_knee"))
    given = moved(figure(t=0.11 + INSIST), "left_knee", (300.0, 0.0))
    assert_same(guard.update(given, 100.0), given)


def test_a_keypoint_that_comes_back_from_its_leap_must_insist_anew() -> None:
    guard = Guard(BLAZEPOSE33)
    guard.update(figure(), 100.0)
    for i in range(1, 10):
        given = figure(t=0.1 * i) if i % 2 else moved(figure(t=0.1 * i), "left_knee", (0.0, -300.0))
        assert np.isnan(guard.update(given, 100.0).at("left_knee")).all() == (i % 2 == 0)


@pytest.mark.parametrize(("by", "believed"), [(0.25 + 1.2 - 0.01, True), (0.25 + 1.2 + 0.01, False)])
def test_a_step_is_a_leap_beyond_a_quarter_torso_and_twelve_torsos_a_second(by: float, believed: bool) -> None:
    guard = Guard(BLAZEPOSE33)
    guard.update(figure(), 100.0)
    seen = guard.update(moved(figure(t=0.1), "left_knee", (100 * by, 0.0)), 100.0)
    assert np.isfinite(seen.at("left_knee")).all() == believed


def test_the_guard_believes_anything_while_the_scale_is_unknown_or_after_a_gap() -> None:
    guard = Guard(BLAZEPOSE33)
    guard.update(figure(), 100.0)
    far = moved(figure(t=0.1), "left_knee", (300.0, 0.0))
    assert_same(guard.update(far, math.nan), far)
    back = figure(t=0.2 + 2 * INSIST)
    assert_same(guard.update(back, 100.0), back)


def judgement(times: Array, values: Array) -> tuple[list[Pose], list[Pose]]:
    """What a judgement track gives by the time of each pose, and at the end, of a knee at those heights."""
    track, ready = JudgementTrack(), []
    for t, value in zip(times, values, strict=True):
        ready += track.update(moved(figure(t=t), "left_knee", (0.0, value)))
    return ready, track.finish()


def heights(poses: list[Pose]) -> Array:
    return np.array([pose.points[KNEE, 1] - figure().points[KNEE, 1] for pose in poses])


def test_the_judgement_track_leaves_regular_linear_motion_as_it_is() -> None:
    times: Array = 0.03 * np.arange(30.0)
    ready, _ = judgement(times, 200.0 * times)
    t = np.array([pose.t for pose in ready])
    inner = t > DELAY
    np.testing.assert_allclose(heights(ready)[inner], 200 * t[inner])


def test_the_judgement_track_leaves_a_figure_at_rest_as_it_is_however_irregular_the_steps() -> None:
    times = np.cumsum(np.random.default_rng(3).uniform(0.01, 0.08, 40))
    ready, rest = judgement(times, np.zeros(40))
    for given, smooth in zip(times, ready + rest, strict=True):
        assert smooth.t == given
        np.testing.assert_allclose(smooth.points, figure().points)
        np.testing.assert_allclose(smooth.score, figure().score)
        np.testing.assert_allclose(np.asarray(smooth.world), np.asarray(figure().world), atol=1e-12)


def test_the_judgement_track_weighs_by_seconds_not_by_frames() -> None:
    ready, rest = judgement(np.array([0.0, SIGMA, 3 * SIGMA - 0.001, 1.0]), np.array([1.0, 0.0, 0.0, 9.0]))
    near, nearly_out = math.exp(-0.5), math.exp(-0.5 * (3 - 0.001 / SIGMA) ** 2)
    assert heights(ready + rest)[0] == pytest.approx(1 / (1 + near + nearly_out))
    assert heights(ready + rest)[3] == 9.0


def test_the_judgement_track_gives_a_pose_once_the_next_delay_is_known_and_the_rest_at_the_end() -> None:
    track, times = JudgementTrack(), [0.04 * i for i in range(10)]
    given = [[pose.t for pose in track.update(figure(t=t))] for t in times]
    late = math.ceil(DELAY / 0.04)
    assert given == [[]] * late + [[t] for t in times[:-late]]
    assert [pose.t for pose in track.finish()] == times[-late:]
    assert track.finish() == []


def test_what_was_unseen_stays_unseen_and_does_not_disturb_what_was_seen() -> None:
    track = JudgementTrack()
    poses = [figure(t=0.03 * i) for i in range(12)]
    poses[5] = unseen(poses[5], "left_knee")
    smooth = [ready for pose in poses for ready in track.update(pose)] + track.finish()
    for i, pose in enumerate(smooth):
        assert np.isnan(pose.at("left_knee")).all() == (i == 5)
        if i != 5:
            np.testing.assert_allclose(pose.points, figure().points)


def test_the_judgement_track_takes_moments_at_which_nobody_was_seen() -> None:
    track = JudgementTrack()
    poses = [figure(t=0.03 * i, world=False) for i in range(12)]
    poses[5] = Pose.missing(BLAZEPOSE33, poses[5].t)
    smooth = [ready for pose in poses for ready in track.update(pose)] + track.finish()
    assert [pose.seen for pose in smooth] == [i != 5 for i in range(12)]


def test_nobody_seen_for_a_moment_among_poses_with_world_keypoints() -> None:
    track = JudgementTrack()
    poses = [figure(t=0.03 * i) for i in range(12)]
    poses[5] = Pose.missing(BLAZEPOSE33, poses[5].t)
    smooth = [ready for pose in poses for ready in track.update(pose)] + track.finish()
    assert [pose.seen for pose in smooth] == [i != 5 for i in range(12)]


def test_the_display_track_follows_a_constant_at_once_and_a_step_soon() -> None:
    track = DisplayTrack()
    for i in range(10):
        np.testing.assert_allclose(track.update(figure(t=0.03 * i), 100.0).points, figure().points)
    there = [moved(figure(t=0.3 + 0.03 * i), "left_knee", (40.0, 0.0)) for i in range(20)]
    gone = [float(track.update(pose, 100.0).points[KNEE, 0]) - figure().points[KNEE, 0] for pose in there]
    assert all(np.diff(gone) >= 0)
    assert gone[0] < 30
    assert gone[-1] == pytest.approx(40.0, abs=1.0)


def test_the_display_track_damps_jitter_and_follows_a_quick_movement_with_little_lag() -> None:
    jitter, quick = DisplayTrack(), DisplayTrack()
    shaken, lag = [], []
    for i in range(60):
        pose = moved(figure(t=0.03 * i), "left_knee", (1.0 if i % 2 else -1.0, 0.0))
        shaken.append(float(jitter.update(pose, 100.0).points[KNEE, 0]))
        pose = moved(figure(t=0.03 * i), "left_knee", (6.0 * i, 0.0))
        lag.append(float(pose.points[KNEE, 0] - quick.update(pose, 100.0).points[KNEE, 0]))
    assert np.ptp(shaken[30:]) < 0.8
    # In the steady state every step closes 6 pixels of the gap before it: 6 = gap · gain(cutoff(gap / step)).
    gap = lag[-1] + 6.0
    cutoff = MIN_CUTOFF + BETA * gap / 100.0 / 0.03
    assert gap / (1 + 1 / (2 * math.pi * cutoff * 0.03)) == pytest.approx(6.0, rel=1e-3)
    assert lag[-1] / 200.0 < 0.02


def test_the_display_track_holds_what_it_lost_for_a_while_and_shows_it_at_once_when_it_is_back() -> None:
    track = DisplayTrack()
    track.update(figure(t=0.0), 100.0)
    for t in (0.1, 0.2, HOLD):
        held = track.update(unseen(figure(t=t), "left_knee"), 100.0)
        np.testing.assert_array_equal(held.at("left_knee"), figure().at("left_knee"))
        assert held.score_at("left_knee") == 1.0
    lost = track.update(unseen(figure(t=HOLD + 0.01), "left_knee"), 100.0)
    assert np.isnan(lost.at("left_knee")).all()
    assert lost.score_at("left_knee") == 0.0
    assert np.isfinite(lost.at("right_knee")).all()
    back = track.update(moved(figure(t=0.5), "left_knee", (90.0, 0.0)), 100.0)
    np.testing.assert_array_equal(back.at("left_knee") - figure().at("left_knee"), (90.0, 0.0))


def test_tracks_leave_what_they_were_given_alone() -> None:
    given = figure()
    track = DisplayTrack()
    track.update(given, 100.0)
    track.update(moved(figure(t=0.1), "left_knee", (30.0, 0.0)), 100.0)
    assert_same(given, figure())


def test_the_guard_looks_no_further_at_calm_bodies_and_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, given = np.random.default_rng(5), []
    standing = figure(yaw=0.0)
    whole = np.where(np.isfinite(standing.points), standing.points, 300.0)  # else nobody is ever calm
    for i in range(60):
        pose = replace(standing, t=0.03 * i, points=whole + rng.normal(0, 3, whole.shape))
        pose = swapped(pose) if i in (20, 21) else pose
        pose = moved(pose, "right_knee", (0.0, 90.0)) if i % 9 == 4 else pose
        given.append(moved(pose, "left_wrist", (200.0, 0.0)) if i % 7 == 0 else pose)
    quick = Guard(BLAZEPOSE33)
    found = [quick.update(pose, 100.0) for pose in given]
    monkeypatch.setattr("poise.coach.smoothing.CALM", -1.0)
    slow = Guard(BLAZEPOSE33)
    for one, pose in zip(found, given, strict=True):
        assert_same(one, slow.update(pose, 100.0))
