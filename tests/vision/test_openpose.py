"""OpenPose's grouping, on maps painted for bodies at known places."""

from __future__ import annotations

import numpy as np
import pytest

from poise.body import OPENPOSE18, Array
from poise.errors import UnsuitableModel
from poise.vision.estimators import check_estimator
from poise.vision.estimators.openpose import _LIMBS, OpenPose, _attach, _Body, _joined, _Peaks, decode
from poise.vision.frame import Frame
from tests.vision.networks import standing, told

ROWS, COLUMNS = 32, 57


def painted(*bodies: Array) -> tuple[np.ndarray, np.ndarray]:
    """Heatmaps and fields of bodies whose keypoints are given in cells; a keypoint that is NaN is left out."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    heatmaps = np.zeros((19, ROWS, COLUMNS), np.float32)
    fields = np.zeros((38, ROWS, COLUMNS), np.float32)
    for body in bodies:
        for k, (x, y) in enumerate(body):
            if np.isfinite(x):
                heatmaps[k] = np.maximum(heatmaps[k], np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 2.0))
        for start, end, channel in _LIMBS:
            a, b = body[OPENPOSE18.index(start)], body[OPENPOSE18.index(end)]
            length = float(np.linalg.norm(b - a))
            if length > 0:
                along = ((columns - a[0]) * (b - a)[0] + (rows - a[1]) * (b - a)[1]) / length
                across = np.abs((columns - a[0]) * (b - a)[1] - (rows - a[1]) * (b - a)[0]) / length
                on = (along >= -0.5) & (along <= length + 0.5) & (across <= 1.0)
                fields[channel][on], fields[channel + 1][on] = (b - a) / length
    return heatmaps, fields


def test_one_body_is_put_together() -> None:
    body = standing(OPENPOSE18, 28.3, 1.2, 29.0)
    heatmaps, fields = painted(body)
    ((points, score),) = decode(heatmaps[:-1], fields)
    assert points == pytest.approx(body, abs=0.2)
    assert (score > 0.7).all()


def test_two_people_keep_their_own_limbs() -> None:
    left, right = standing(OPENPOSE18, 18.0, 1.0, 29.0), standing(OPENPOSE18, 32.0, 3.0, 27.0)
    heatmaps, fields = painted(left, right)
    found = sorted((points for points, _ in decode(heatmaps[:-1], fields)), key=lambda p: p[1, 0])
    assert len(found) == 2
    for points, body in zip(found, (left, right), strict=True):
        assert points == pytest.approx(body, abs=0.4)


def test_what_is_not_seen_is_nan_and_scores_nothing() -> None:
    body = standing(OPENPOSE18, 28.0, 1.0, 29.0)
    hidden = [OPENPOSE18.index("left_knee"), OPENPOSE18.index("left_ankle")]
    body[hidden] = np.nan
    heatmaps, fields = painted(body)
    ((points, score),) = decode(heatmaps[:-1], fields)
    assert np.isnan(points[hidden]).all()
    assert (score[hidden] == 0).all()
    assert np.isfinite(points).all(1).sum() == 16


def test_seen_from_the_side_an_arm_stays_with_its_body() -> None:
    body = standing(OPENPOSE18, 28.0, 1.0, 29.0)
    body[:, 0] = 28.0 + 0.2 * (body[:, 0] - 28.0)  # shoulders less than a cell from the neck
    heatmaps, fields = painted(body)
    fields[12:14] = 0.0  # no way from the neck to the right shoulder
    ((points, _),) = decode(heatmaps[:-1], fields)
    assert np.isfinite(points[OPENPOSE18.index("right_wrist")]).all()


def test_keypoints_without_a_field_between_them_are_no_body() -> None:
    heatmaps, fields = painted(standing(OPENPOSE18, 28.0, 1.0, 29.0))
    found = decode(heatmaps[:-1], np.zeros_like(fields))
    assert all(np.isfinite(points).all(1).sum() <= 7 for points, _ in found)  # a face is near itself


def peaks(*x: float) -> _Peaks:
    return _Peaks(np.array([[each, 5.0] for each in x]), np.ones(len(x)))


def test_a_limb_joins_each_peak_once_where_its_field_runs_best() -> None:
    limb = np.zeros((2, 10, 30), np.float32)
    limb[0, :, :11], limb[0, :, 11:] = 1.0, 0.5
    assert _joined(peaks(0.0), peaks(20.0, 10.0), limb) == [(0, 1)]
    assert _joined(peaks(10.0), peaks(0.0), limb) == []  # it runs the other way


def test_only_what_is_near_is_joined_without_a_field() -> None:
    limb = np.zeros((2, 10, 30), np.float32)
    assert _joined(peaks(5.0), peaks(6.5), limb) == [(0, 0)]
    assert _joined(peaks(5.0), peaks(8.0), limb) == []


def test_two_bodies_with_a_neck_each_stay_two() -> None:
    neck, right, left, hip = (OPENPOSE18.index(k) for k in ("neck", "right_shoulder", "left_shoulder", "left_hip"))
    bodies = [_Body({neck: 0, right: 0}), _Body({neck: 1, left: 1}), _Body({hip: 2})]
    _attach(bodies, (right, 0), (left, 1))
    assert len(bodies) == 3
    _attach(bodies, (left, 1), (hip, 2))
    assert [body.has for body in bodies] == [{neck: 0, right: 0}, {neck: 1, left: 1, hip: 2}]


def estimator() -> OpenPose:
    heatmaps, fields = painted(standing(OPENPOSE18, 18.0, 1.0, 29.0), standing(OPENPOSE18, 32.0, 3.0, 27.0))
    answers = [fields[None], heatmaps[None]]
    return OpenPose(told((1, 3, 256, 456), answers, [np.zeros_like(a) for a in answers], 200.0), people=2)


def shown(t: float) -> Frame:
    image = np.full((256, 456, 3), 90, np.uint8)
    image[100:120] = 255
    return Frame(image, t)


def test_it_keeps_the_contract() -> None:
    check_estimator(estimator, [shown(t / 10) for t in range(3)])


def test_a_cell_is_the_middle_of_its_pixels() -> None:
    (poses,) = estimator().estimate([shown(0.0)])
    right = max(poses, key=lambda pose: pose.at("neck")[0])
    assert right.points == pytest.approx((standing(OPENPOSE18, 32.0, 3.0, 27.0) + 0.5) * 8 - 0.5, abs=3.0)


def test_another_network_is_refused() -> None:
    answer = np.zeros((1, 17, 64, 48), np.float32)
    with pytest.raises(UnsuitableModel, match="no OpenPose network"):
        OpenPose(told((1, 3, 256, 456), [answer], [answer], 0.5))
