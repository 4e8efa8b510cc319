"""Top-down estimators, with detectors and bodies made on the spot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from poise.body import COCO17, HALPE26, Array
from poise.errors import ModelUnavailable, ModelUntrusted, UnknownName, UnsuitableModel
from poise.vision._warp import Roi
from poise.vision.estimators import check_estimator, open_estimator
from poise.vision.estimators.topdown import Body, Detector, TopDown, suppressed, unfolded
from poise.vision.frame import Frame
from poise.vision.weights import ModelFile
from tests.vision.networks import standing, told

#: What the body network sees, in pixels of its 192 by 256 picture.
SEEN = standing(COCO17, 96.0, 26.0, 204.0)
#: Of the square around what it looks at, the network's picture begins so far in.
CORNER = np.array([32.0, 0.0])


def heatmaps(points: Array = SEEN, height: float = 1.0) -> np.ndarray:
    columns, rows = np.arange(48), np.arange(64)[:, None]
    away = [(columns - x / 4) ** 2 + (rows - y / 4) ** 2 for x, y in points]
    return (height * np.exp(-np.array(away) / 8.0)).astype(np.float32)[None]


def axes(points: Array = SEEN) -> list[np.ndarray]:
    return [
        (np.abs(np.arange(2 * size) - 2 * points[:, i, None]) < 0.51).astype(np.float32)[None]
        for i, size in ((0, 192), (1, 256))
    ]


def body(answers: list[np.ndarray] | None = None) -> ModelFile:
    answers = answers or [heatmaps()]
    return told((1, 3, 256, 192), answers, [np.zeros_like(a) for a in answers], 1.5)


def detector(box: tuple[float, ...] = (100.0, 40.0, 220.0, 280.0, 0.9)) -> ModelFile:
    """Finds that box in whatever is bright, in a picture of 320 by 320."""
    dets = np.array([[box]], np.float32)
    labels = np.zeros((1, 1), np.int64)
    return told((1, 3, 320, 320), [dets, labels], [np.zeros_like(dets), labels], 1.5)


def shown(t: float) -> Frame:
    image = np.full((320, 320, 3), 90, np.uint8)
    image[60:260, 130:190] = 255
    return Frame(image, t)


def test_it_keeps_the_contract() -> None:
    check_estimator(lambda: TopDown(detector(), body()), [shown(t / 10) for t in range(3)])


@pytest.mark.parametrize("answers", [[heatmaps()], axes()], ids=["heatmaps", "axes"])
def test_keypoints_lie_where_the_box_is(answers: list[np.ndarray]) -> None:
    ((pose,),) = TopDown(detector(), body(answers)).estimate([shown(0.0)])
    # The box is 240 high and 120 wide: its region is 300 a side, of which 256 rows show 300 pixels.
    expected = (SEEN + CORNER) / 256 * 300 + (160 - 150, 160 - 150)
    assert pose.points == pytest.approx(expected, abs=1.3)
    assert (pose.score > 0.8).all()


def test_who_scores_low_is_nobody() -> None:
    assert TopDown(detector(), body([heatmaps(height=0.1)])).estimate([shown(0.0)]) == [[]]


def test_next_it_looks_where_the_keypoints_were() -> None:
    eyes = TopDown(detector((90.0, 10.0, 250.0, 300.0, 0.9)), body())
    (first,), (second,) = eyes.estimate([shown(0.0), shown(0.1)])
    low, high = first.points.min(0), first.points.max(0)
    side = 1.25 * 1.15 * (high - low)[1]
    expected = (SEEN + CORNER) / 256 * side + (low + high) / 2 - side / 2
    assert second.points == pytest.approx(expected, abs=1.5)


def test_a_network_that_never_saw_its_mirror_image_is_evened_out_by_it() -> None:
    image, roi = shown(0.0).image, Roi(160.0, 160.0, 256.0)
    lopsided = SEEN + np.array([8.0, 0.0])
    plain, _ = Body(body([heatmaps(lopsided)])).keypoints(image, roi)
    assert plain == pytest.approx((lopsided + CORNER) / 256, abs=0.006)
    both, _ = Body(body(axes(lopsided)), flip=True).keypoints(image, roi)
    mirrored = lopsided[COCO17.mirror] * (-1, 1) + (191.5, 0)
    either = np.minimum(np.abs(both * 256 - 32 - lopsided)[:, 0], np.abs(both * 256 - 32 - mirrored)[:, 0])
    assert (either < 1.0).all()


def test_flipped_heatmaps_of_a_symmetric_answer_agree() -> None:
    image, roi = shown(0.0).image, Roi(160.0, 160.0, 256.0)
    # Cells are counted from the first pixels: the middle of 48 flipped and moved by one is column 24.
    answer = heatmaps(SEEN)
    one, score = Body(body([answer])).keypoints(image, roi)
    both, score_both = Body(body([answer]), flip=True).keypoints(image, roi)
    assert both == pytest.approx(one, abs=0.006)
    assert score_both == pytest.approx(score, abs=0.05)


def test_yolox_is_unfolded_by_its_grid() -> None:
    raw = np.zeros((52 * 52 + 26 * 26 + 13 * 13, 85), np.float32)
    raw[:, 4:] = 0.0
    cell = 52 * 52 + 3 * 26 + 5  # row 3, column 5 of the grid of sixteens
    raw[cell, :6] = (0.5, 0.25, np.log(4.0), np.log(6.0), 0.8, 0.5)
    boxes = unfolded(raw, 416)
    x, y = 5.5 * 16, 3.25 * 16
    assert boxes[cell] == pytest.approx((x - 32, y - 48, x + 32, y + 48, 0.4), rel=1e-6)


def test_of_boxes_of_one_person_the_best_stays() -> None:
    boxes = np.array([(0, 0, 10, 20, 0.5), (1, 0, 11, 20, 0.9), (8, 0, 18, 20, 0.7)], np.float64)
    assert suppressed(boxes)[:, 4].tolist() == [0.9, 0.7]


def test_a_detector_that_decodes_is_given_blue_first_as_imagenet_has_it() -> None:
    dets, labels = np.array([[(10, 10, 50, 90, 0.9)]], np.float32), np.array([[0]], np.int64)
    found = Detector(told((1, 3, 320, 320), [dets, labels], [0 * dets, labels], 2.5))
    blue = np.zeros((320, 320, 3), np.uint8)
    blue[..., 2] = 255  # 2.64 by blue's mean and spread, 2.25 by red's
    assert found.boxes(blue).tolist() == [pytest.approx([10, 10, 50, 90, 0.9])]
    assert len(found.boxes(blue[..., ::-1])) == 0


def test_other_things_than_people_are_not_found() -> None:
    dets, labels = np.array([[(10, 10, 50, 90, 0.9)]], np.float32), np.array([[16]], np.int64)
    found = Detector(told((1, 3, 320, 320), [dets, labels], [dets, labels], 9.0))
    assert len(found.boxes(np.zeros((320, 320, 3), np.uint8))) == 0


def test_the_skeleton_follows_from_the_number_of_keypoints() -> None:
    many = np.zeros((1, 26, 64, 48), np.float32)
    assert TopDown(detector(), body([many])).skeleton is HALPE26
    few = np.zeros((1, 14, 64, 48), np.float32)
    with pytest.raises(UnsuitableModel, match="17 or 26 keypoints"):
        TopDown(detector(), body([few]))
    with pytest.raises(UnsuitableModel, match="no detector"):
        Detector(body())


def test_a_file_nobody_vouches_for_is_used_only_when_trusted(tmp_path: Path) -> None:
    finder, closer = tmp_path / "finder.onnx", tmp_path / "closer.onnx"
    finder.write_bytes(detector().data)
    closer.write_bytes(body().data)
    with pytest.raises(ModelUntrusted, match=r"closer\.onnx.*sha256.*--trust"):
        open_estimator("hrnet", model=str(closer), detector=str(finder))
    with open_estimator("hrnet", model=str(closer), detector=str(finder), trust=True) as eyes:
        assert len(eyes.estimate([shown(0.0)])[0]) == 1


def test_without_a_file_it_says_where_to_get_one() -> None:
    with pytest.raises(ModelUnavailable, match="--model"):
        open_estimator("rtmpose")
    with pytest.raises(UnknownName, match=r"\.onnx"):
        open_estimator("rtmpose", model="rtmpose-xl")
    with pytest.raises(ModelUnavailable, match=r"'topdown-rtmpose-m'.*mmpose.*--model FILE --trust"):
        open_estimator("rtmpose", model="rtmpose-m")
    with pytest.raises(ModelUnavailable, match="cannot be opened"):
        open_estimator("rtmpose", model="not-there.onnx")
