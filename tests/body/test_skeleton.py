from __future__ import annotations

import pytest

from poise.body.skeleton import (
    BLAZEPOSE33,
    BODY25,
    COCO17,
    HALPE26,
    MIDPOINTS,
    OPENPOSE18,
    SKELETONS,
    Skeleton,
    find_skeleton,
    mirrored,
)
from poise.errors import UnknownName

every_skeleton = pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=lambda s: s.name)


def test_openpose_and_halpe_order_their_keypoints_as_published() -> None:
    for skeleton, places in (
        (
            OPENPOSE18,
            {"neck": 1, "right_wrist": 4, "left_wrist": 7, "right_ankle": 10, "left_ankle": 13, "left_ear": 17},
        ),
        (
            BODY25,
            {
                "pelvis": 8,
                "right_hip": 9,
                "left_ankle": 14,
                "left_ear": 18,
                "left_foot_index": 19,
                "right_heel": 24,
            },
        ),
        (
            HALPE26,
            {"right_ankle": 16, "head": 17, "neck": 18, "pelvis": 19, "left_foot_index": 20, "right_heel": 25},
        ),
    ):
        assert len(skeleton) == int(skeleton.name[-2:])
        assert {name: skeleton.index(name) for name in places} == places


def test_the_two_skeletons_have_the_published_number_of_keypoints() -> None:
    assert (len(BLAZEPOSE33), len(COCO17)) == (33, 17)


def test_keypoints_stand_where_the_models_put_them() -> None:
    # The published orders: BlazePose 0 nose, 11/12 shoulders, 23/24 hips, 27/28 ankles, 31/32 foot indices;
    # COCO 0 nose, 5/6 shoulders, 11/12 hips, 15/16 ankles.
    for name, blaze, coco in [
        ("nose", 0, 0),
        ("left_shoulder", 11, 5),
        ("right_shoulder", 12, 6),
        ("left_hip", 23, 11),
        ("left_knee", 25, 13),
        ("right_ankle", 28, 16),
    ]:
        assert (BLAZEPOSE33.index(name), COCO17.index(name)) == (blaze, coco)
    assert BLAZEPOSE33.index("right_foot_index") == 32


def test_coco_is_a_part_of_blazepose_by_name() -> None:
    assert set(COCO17.keypoints) < set(BLAZEPOSE33.keypoints)


@every_skeleton
def test_the_mirror_image_of_the_mirror_image_is_the_body(skeleton: Skeleton) -> None:
    assert [skeleton.mirror[skeleton.mirror[i]] for i in range(len(skeleton))] == list(range(len(skeleton)))
    left, right = skeleton.index("left_hip"), skeleton.index("right_hip")
    assert skeleton.mirror[left] == right
    assert skeleton.mirror[skeleton.index("nose")] == skeleton.index("nose")


@every_skeleton
def test_bones_are_the_same_on_both_sides(skeleton: Skeleton) -> None:
    bones = {frozenset(bone) for bone in skeleton.bones}
    assert len(bones) == len(skeleton.bones)
    assert {frozenset(mirrored(end) for end in bone) for bone in bones} == bones


@every_skeleton
def test_it_is_found_by_its_name(skeleton: Skeleton) -> None:
    assert find_skeleton(skeleton.name) is skeleton


def test_an_unknown_skeleton_is_answered_with_a_guess() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'coco17'"):
        find_skeleton("coco71")


def test_an_unknown_keypoint_is_answered_with_a_guess() -> None:
    with pytest.raises(UnknownName, match=r"keypoint of coco17.*'left_kneee'.*Did you mean 'left_knee'"):
        COCO17.index("left_kneee")


def test_a_midpoint_belongs_when_both_its_ends_do() -> None:
    one_sided = Skeleton("one_sided", ("left_hip", "left_knee", "right_knee"), ())
    assert one_sided.has("mid_knee")
    assert not one_sided.has("mid_hip")
    assert one_sided.has("left_hip")
    assert not one_sided.has("right_hip")


@pytest.mark.parametrize(("mid", "ends"), MIDPOINTS.items())
def test_a_midpoint_lies_between_a_point_and_its_mirror_image(mid: str, ends: tuple[str, str]) -> None:
    assert mirrored(ends[0]) == ends[1]
    assert mid == ends[0].replace("left", "mid")


def test_names_may_not_repeat_and_bones_need_ends() -> None:
    with pytest.raises(ValueError, match="names a keypoint twice"):
        Skeleton("twice", ("nose", "nose"), ())
    with pytest.raises(ValueError, match=r"unknown keypoints: \['tail'\]"):
        Skeleton("cat", ("nose",), (("nose", "tail"),))
