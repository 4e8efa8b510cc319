"""The estimator noise: levels, spells, and sameness by seed."""

from __future__ import annotations

import numpy as np
import pytest

from poise.body import PoseSequence
from poise.sim import Camera, Noise, film_poses, perform

QUIET = Noise(jitter=0, bias=0, outliers=0, gaps=0, swaps=0)
#: A minute of somebody standing before the camera; every keypoint stays nearly where it is.
STANDING = film_poses(perform("standing", lead=60.0), Camera(distance=4.0, fov=40), rate=30)
BOX = float(np.ptp(STANDING.points, axis=1).max(-1).mean())


def errors(noise: Noise, poses: PoseSequence = STANDING, seed: int = 0) -> PoseSequence:
    noisy = noise.applied(poses, seed)
    assert poses.world is not None
    assert noisy.world is not None
    return PoseSequence(
        poses.skeleton, poses.t, noisy.points - poses.points, noisy.score, noisy.world - poses.world
    )


def changed(**noise: float) -> Noise:
    return Noise(**{**QUIET.__dict__, **noise})


def test_no_noise_changes_nothing() -> None:
    assert QUIET.applied(STANDING).points == pytest.approx(STANDING.points)


@pytest.mark.parametrize(("joint", "share"), [("nose", 0.0033), ("left_hip", 0.004), ("right_knee", 0.005)])
def test_jitter_has_the_measured_size_and_no_memory(joint: str, share: float) -> None:
    error = errors(changed(jitter=1.0)).at(joint)[:, 0] / BOX
    assert error.std() == pytest.approx(share, rel=0.1)
    assert np.corrcoef(error[:-1], error[1:])[0, 1] == pytest.approx(0, abs=0.08)


def test_bias_is_slow_whatever_the_frame_rate() -> None:
    for rate in (10, 60):
        poses = film_poses(perform("standing", lead=120.0), Camera(distance=4.0, fov=40), rate=rate)
        error = errors(changed(bias=0.01, bias_s=0.5), poses).points[:, :, 0] / BOX
        later = round(0.5 * rate)
        assert error.std() == pytest.approx(0.01, rel=0.15)
        correlation = np.mean([np.corrcoef(error[:-later, k], error[later:, k])[0, 1] for k in range(33)])
        assert correlation == pytest.approx(np.exp(-1), abs=0.1)


def test_hidden_keypoints_err_more() -> None:
    side = film_poses(perform("standing", lead=60.0), Camera(yaw=90, distance=4.0, fov=40), rate=30)
    error = errors(changed(jitter=1.0, hidden=3.0), side)
    assert error.at("right_knee").std() / error.at("left_knee").std() == pytest.approx(3.0, rel=0.15)


def test_depth_errs_more_than_the_plane_of_the_picture() -> None:
    error = errors(changed(jitter=1.0, depth=2.5)).world_at("left_wrist")
    assert error[:, 2].std() / error[:, 1].std() == pytest.approx(2.5, rel=0.15)


def test_outliers_are_as_many_and_as_far_as_asked() -> None:
    error = np.abs(errors(changed(outliers=0.02, outlier_size=0.1)).points).max(-1)
    assert (error > 0).mean() == pytest.approx(0.02, rel=0.2)
    assert np.sqrt((error[error > 0] ** 2).mean()) / BOX == pytest.approx(0.125, rel=0.2)  # the larger of two axes


def test_gaps_lose_the_whole_body_for_a_while() -> None:
    noisy = changed(gaps=1.0, gap_s=0.2).applied(STANDING)
    lost = np.isnan(noisy.points).all((1, 2))
    assert lost.mean() == pytest.approx(1 - np.exp(-0.2), abs=0.07)
    assert (noisy.score[lost] == 0).all()
    assert noisy.world is not None
    assert np.isnan(noisy.world[lost]).all()
    assert np.isfinite(noisy.points[~lost]).all()
    spells = np.diff(np.flatnonzero(np.diff(np.r_[0, lost.astype(int), 0])))[::2]
    assert spells.mean() / 30 == pytest.approx(0.22, abs=0.1)


def test_swaps_exchange_left_and_right_legs_only() -> None:
    noisy = changed(swaps=0.5, swap_s=0.5).applied(STANDING)
    swapped = (noisy.at("left_knee") == STANDING.at("right_knee")).all(-1)
    assert 0.1 < swapped.mean() < 0.4
    assert (noisy.at("right_foot_index")[swapped] == STANDING.at("left_foot_index")[swapped]).all()
    assert (noisy.at("left_knee")[~swapped] == STANDING.at("left_knee")[~swapped]).all()
    assert (noisy.at("left_index") == STANDING.at("left_index")).all()
    assert (noisy.at("left_elbow") == STANDING.at("left_elbow")).all()


def test_noise_is_the_same_for_the_same_seed() -> None:
    a, b, c = (Noise().applied(STANDING[:50], seed).points for seed in (1, 1, 2))
    assert (a[np.isfinite(a)] == b[np.isfinite(b)]).all()
    assert not np.allclose(a, c, equal_nan=True)
    assert Noise.random(np.random.default_rng(1)) == Noise.random(np.random.default_rng(1))


def test_gaps_in_the_poses_stay_gaps_and_an_empty_sequence_stays_empty() -> None:
    points = STANDING.points[:20].copy()
    points[3] = np.nan
    holed = PoseSequence(STANDING.skeleton, STANDING.t[:20], points, STANDING.score[:20])
    noisy = changed(jitter=1.0).applied(holed)
    assert np.isnan(noisy.points[3]).all()
    assert np.isfinite(np.delete(noisy.points, 3, axis=0)).all()
    assert noisy.world is None
    assert len(Noise().applied(STANDING[:0])) == 0
