"""MoveNet, with a network made on the spot."""

from __future__ import annotations

import numpy as np
import pytest

from poise.body import COCO17
from poise.errors import UnknownName, UnsuitableModel
from poise.vision.estimators import check_estimator, open_estimator
from poise.vision.estimators.movenet import MoveNet, next_crop
from poise.vision.frame import Frame
from tests.vision.networks import standing, told


def network(score: float = 0.6, side: int = 192) -> MoveNet:
    """Sees somebody who stands in the middle of whatever it looks at, from 10 to 90 % of its height."""
    places = standing(COCO17, 0.5, 0.1, 0.8)
    answer = np.concatenate([places[:, ::-1], np.full((17, 1), score)], axis=1).astype(np.float32)[None, None]
    return MoveNet(told((1, side, side, 3), [answer], [np.zeros_like(answer)], 200.0))


def frame(t: float = 0.0, size: tuple[int, int] = (320, 240)) -> Frame:
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    image[size[1] // 4 : -size[1] // 4, size[0] // 4 : -size[0] // 4] = 255
    return Frame(image, t)


def test_it_keeps_the_contract() -> None:
    check_estimator(network, [frame(t / 10) for t in range(3)])


def test_it_looks_at_the_whole_picture_first_and_then_where_the_body_is() -> None:
    eyes = network()
    (first,), (second,) = eyes.estimate([frame(0.0), frame(0.1)])
    whole = standing(COCO17, 160.0, 120 - 160 + 32.0, 256.0)  # of the square around the picture
    assert first.points == pytest.approx(whole, abs=1e-3)
    assert first.score == pytest.approx(np.full(17, 0.75))  # 0.2 is 0.5, and 1 is 1
    crop = next_crop(whole, np.full(17, 0.6), (320, 240))
    assert crop is not None
    assert second.points == pytest.approx(
        standing(COCO17, crop.x, crop.y - 0.4 * crop.side, 0.8 * crop.side), abs=1e-3
    )


def test_the_next_crop_holds_the_body_around_its_hips() -> None:
    points = standing(COCO17, 600.0, 100.0, 200.0)
    score = np.full(17, 0.6)
    crop = next_crop(points, score, (1280, 720))
    assert crop is not None
    assert (crop.x, crop.y) == pytest.approx((600.0, 204.0))
    # The shoulders are 64 px above the hips, the nose 88, the eyes 92: 1.9 * 64 > 1.2 * 92.
    assert crop.side / 2 == pytest.approx(1.9 * 64)
    points[COCO17.index("left_wrist")] = (700.0, 54.0)  # raised, 150 px above them
    raised = next_crop(points, score, (1280, 720))
    assert raised is not None
    assert raised.side / 2 == pytest.approx(1.2 * 150)
    score[[COCO17.index("left_shoulder"), COCO17.index("right_shoulder")]] = 0.1
    assert next_crop(points, score, (1280, 720)) is None


def test_a_crop_as_large_as_the_picture_is_the_whole_picture() -> None:
    assert next_crop(standing(COCO17, 160.0, -30.0, 300.0), np.full(17, 0.6), (320, 240)) is None


def test_nobody_is_seen_where_all_scores_are_low() -> None:
    assert network(score=0.15).estimate([frame()]) == [[]]


def test_another_network_is_refused() -> None:
    answer = np.zeros((1, 6, 56), np.float32)
    with pytest.raises(UnsuitableModel, match="no MoveNet for a single pose"):
        MoveNet(told((1, 192, 192, 3), [answer], [answer], 200.0))


def test_an_unknown_model_is_said() -> None:
    with pytest.raises(UnknownName, match=r"movenet model.*'lightening'.*'lightning'"):
        open_estimator("movenet", model="lightening")
