"""PoseNet's decoding, on heads painted for bodies at known places."""

from __future__ import annotations

import numpy as np
import pytest

from poise.body import COCO17, Array
from poise.errors import UnsuitableModel
from poise.vision.estimators import check_estimator
from poise.vision.estimators.posenet import _CHAIN, Heads, PoseNet, decode
from poise.vision.frame import Frame
from tests.vision.networks import standing, told

STRIDE, ROWS, COLUMNS = 16.0, 23, 31


def painted(*bodies: Array, reach: float = 40.0) -> Heads:
    """Heads in which every cell knows the body that is nearest to it, and the short way so far as it reaches."""
    heat = np.zeros((ROWS, COLUMNS, 17), np.float32)
    short = np.zeros((ROWS, COLUMNS, 34), np.float32)
    mid = np.zeros((ROWS, COLUMNS, 64), np.float32)
    cells = np.moveaxis(np.mgrid[:ROWS, :COLUMNS], 0, -1) * STRIDE
    for k in range(17):
        places = np.array([body[k, ::-1] for body in bodies])
        away = np.linalg.norm(cells[:, :, None] - places, axis=-1)
        nearest = away.argmin(-1)
        heat[..., k] = np.exp(-((away.min(-1) / 16.0) ** 2))
        way = np.where(away.min(-1, keepdims=True) < reach, places[nearest] - cells, 0.0)
        short[..., k], short[..., 17 + k] = way[..., 0], way[..., 1]
    for e, (start, end) in enumerate(_CHAIN):
        for a, b, block in ((start, end, 0), (end, start, 32)):
            source = np.array([body[COCO17.index(a), ::-1] for body in bodies])
            target = np.array([body[COCO17.index(b), ::-1] for body in bodies])
            nearest = np.linalg.norm(cells[:, :, None] - source, axis=-1).argmin(-1)
            way = (target - source)[nearest]
            mid[..., block + e], mid[..., block + 16 + e] = way[..., 0], way[..., 1]
    return Heads(heat, short, mid, STRIDE)


def test_one_body_is_grown_to_where_it_is() -> None:
    body = standing(COCO17, 233.0, 31.0, 290.0)
    ((points, score),) = decode(painted(body))
    assert points == pytest.approx(body, abs=0.5)
    assert (score > 0.4).all()


@pytest.mark.parametrize("root", ["nose", "left_ankle", "right_wrist"])
def test_a_body_is_grown_from_whichever_keypoint_is_sure(root: str) -> None:
    body = standing(COCO17, 233.0, 31.0, 290.0)
    heads = painted(body)
    heads.heat[..., [k for k, name in enumerate(COCO17.keypoints) if name != root]] *= np.float32(0.45)
    ((points, _),) = decode(heads)
    assert points == pytest.approx(body, abs=0.5)


def test_what_the_middle_range_is_off_by_the_short_range_makes_good() -> None:
    body = standing(COCO17, 233.0, 31.0, 290.0)
    heads = painted(body)
    ((points, _),) = decode(Heads(heads.heat, heads.short, heads.mid + np.float32(9.0), STRIDE))
    assert points == pytest.approx(body, abs=0.5)


def test_a_false_keypoint_that_leads_to_a_body_is_no_second_one() -> None:
    heads = painted(standing(COCO17, 233.0, 31.0, 290.0), reach=1e9)
    heads.heat[18, 3, COCO17.index("left_wrist")] = 0.9
    heads.short[18, 3, COCO17.index("left_wrist") :: 17] = 0.0
    assert len(decode(heads)) == 1


def test_two_bodies_are_told_apart() -> None:
    left, right = standing(COCO17, 120.0, 60.0, 240.0), standing(COCO17, 350.0, 50.0, 250.0)
    found = sorted((points for points, _ in decode(painted(left, right))), key=lambda p: p[0, 0])
    assert len(found) == 2
    assert found[0] == pytest.approx(left, abs=0.5)
    assert found[1] == pytest.approx(right, abs=0.5)


def test_nothing_is_grown_from_weak_keypoints() -> None:
    heads = painted(standing(COCO17, 233.0, 31.0, 290.0))
    assert decode(Heads(heads.heat * np.float32(0.45), heads.short, heads.mid, STRIDE)) == []


def estimator(people: int = 2) -> PoseNet:
    heads = painted(standing(COCO17, 120.0, 60.0, 240.0), standing(COCO17, 350.0, 50.0, 250.0))
    with np.errstate(divide="ignore"):
        logits = np.clip(np.log(heads.heat / (1 - heads.heat)), -8, 8).astype(np.float32)
    answers = [a[None] for a in (logits, heads.short, heads.mid)]
    blank = [np.full_like(answers[0], -8.0), *answers[1:]]
    return PoseNet(told((1, 353, 481, 3), answers, blank, 0.5), people=people)


def shown(t: float) -> Frame:
    image = np.full((480, 640, 3), 90, np.uint8)
    image[200:280] = 255
    return Frame(image, t)


def test_it_keeps_the_contract() -> None:
    check_estimator(estimator, [shown(t / 10) for t in range(3)])


def test_bodies_lie_in_the_picture_as_in_the_networks_view() -> None:
    (poses,) = estimator().estimate([shown(0.0)])
    # The picture is as high as 353 rows of the view when it is scaled to them, and 481 are wider than it then is.
    scale = 480 * (481 / 353) / 481
    expected = (standing(COCO17, 350.0, 50.0, 250.0) - (240.5, 176.5)) * scale + (320, 240)
    right = max(poses, key=lambda pose: pose.at("nose")[0])
    assert right.points == pytest.approx(expected, abs=1.5)


def test_only_as_many_people_are_given_as_asked_for() -> None:
    (poses,) = estimator(people=1).estimate([shown(0.0)])
    assert len(poses) == 1


def test_a_network_with_a_decoder_inside_is_refused() -> None:
    answer = np.zeros((1, 10, 17, 2), np.float32)
    with pytest.raises(UnsuitableModel, match="no PoseNet with raw heads"):
        PoseNet(told((1, 353, 481, 3), [answer], [answer], 0.5))
