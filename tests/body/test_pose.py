from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poise.body import BLAZEPOSE33, COCO17, Pose, PoseSequence
from poise.errors import UnknownName


def numbered(skeleton: str = "blazepose33", instants: int = 4, world: bool = True) -> PoseSequence:
    """At instant i keypoint k lies at pixel (100 i + k, k), is seen with score k/100, and is k metres away."""
    body = {"blazepose33": BLAZEPOSE33, "coco17": COCO17}[skeleton]
    i, k = np.meshgrid(np.arange(float(instants)), np.arange(float(len(body))), indexing="ij")
    return PoseSequence(
        body,
        0.5 * np.arange(float(instants)),
        np.stack([100 * i + k, k], axis=-1),
        k / 100,
        np.stack([i, i, k], axis=-1) if world else None,
        size=(640, 480),
        person=2,
        meta={"source": "numbers"},
    )


def test_keypoints_are_reached_by_name_in_one_pose_and_through_time() -> None:
    sequence = numbered()
    k = BLAZEPOSE33.index("left_knee")
    assert sequence.at("left_knee").tolist() == [[100.0 * i + k, k] for i in range(4)]
    assert sequence.world_at("left_knee")[3].tolist() == [3.0, 3.0, k]
    poses = list(sequence)
    assert poses[2].at("left_knee").tolist() == [200.0 + k, k]
    assert (poses[2].t, poses[2].person, poses[2].size) == (1.0, 2, (640, 480))
    assert poses[1].score_at("left_knee") == k / 100


def test_a_midpoint_lies_halfway_and_is_seen_as_well_as_its_weaker_end() -> None:
    sequence = numbered()
    left, right = BLAZEPOSE33.index("left_hip"), BLAZEPOSE33.index("right_hip")
    assert sequence.at("mid_hip")[0].tolist() == [(left + right) / 2] * 2
    assert sequence.world_at("mid_hip")[0].tolist() == [0, 0, (left + right) / 2]
    assert sequence.score_at("mid_hip").tolist() == [left / 100] * 4


def test_a_midpoint_with_one_end_unseen_is_unseen() -> None:
    pose = next(iter(numbered()))
    points = pose.points.copy()
    points[BLAZEPOSE33.index("right_hip")] = np.nan
    assert np.isnan(replace(pose, points=points).at("mid_hip")).all()


def test_a_name_the_skeleton_lacks_is_unknown_whatever_is_asked_of_it() -> None:
    sequence = numbered("coco17", world=False)
    for ask in (sequence.at, sequence.world_at, sequence.score_at):
        for name in ("left_heel", "mid_heel"):
            with pytest.raises(UnknownName):
                ask(name)


def test_without_world_coordinates_places_in_metres_are_unknown() -> None:
    sequence = numbered(world=False)
    assert sequence.world_at("left_knee").shape == (4, 3)
    assert np.isnan(sequence.world_at("mid_hip")).all()


def test_a_missing_pose_is_all_unseen() -> None:
    pose = Pose.missing(COCO17, 1.5, size=(10, 20))
    assert (pose.seen, pose.t, pose.size, pose.world) == (False, 1.5, (10, 20), None)
    assert np.isnan(pose.points).all()
    assert not pose.score.any()
    assert next(iter(numbered())).seen


def test_iterating_and_gathering_gives_the_sequence_back() -> None:
    sequence = numbered()
    again = PoseSequence.of(sequence, meta=sequence.meta)
    assert np.array_equal(again.t, sequence.t)
    assert np.array_equal(again.points, sequence.points)
    assert np.array_equal(again.score, sequence.score)
    assert again.world is not None
    assert sequence.world is not None
    assert np.array_equal(again.world, sequence.world)
    assert (again.size, again.person, again.meta) == (sequence.size, sequence.person, sequence.meta)


def test_gathering_poses_some_of_which_have_no_world_leaves_those_unknown() -> None:
    first, second, *_ = numbered()
    gathered = PoseSequence.of([replace(first, world=None), second])
    assert gathered.world is not None
    assert np.isnan(gathered.world[0]).all()
    assert np.array_equal(gathered.world_at("left_knee")[1], second.world_at("left_knee"))
    assert PoseSequence.of([replace(first, world=None)]).world is None


def test_what_cannot_be_gathered() -> None:
    with pytest.raises(ValueError, match="no poses"):
        PoseSequence.of([])
    with pytest.raises(ValueError, match="different skeletons"):
        PoseSequence.of([*numbered(instants=1), *numbered("coco17", instants=1)])
    with pytest.raises(ValueError, match="strictly increasing"):
        PoseSequence.of(reversed(list(numbered())))


def test_a_part_of_a_sequence_is_a_sequence() -> None:
    part = numbered()[1:3]
    assert part.t.tolist() == [0.5, 1.0]
    assert part.points.shape == (2, 33, 2)
    assert part.world is not None
    assert part.world.shape == (2, 33, 3)
    assert (part.person, part.meta) == (2, {"source": "numbers"})
    assert numbered(world=False)[1:3].world is None


@pytest.mark.parametrize(("instants", "seconds"), [(0, 0.0), (1, 0.0), (4, 1.5)])
def test_the_duration_is_from_the_first_instant_to_the_last(instants: int, seconds: float) -> None:
    sequence = numbered(instants=instants)
    assert len(sequence) == instants
    assert sequence.duration == seconds


def test_on_another_skeleton_points_keep_their_names() -> None:
    coco = numbered().to(COCO17)
    for name in COCO17.keypoints:
        assert np.array_equal(coco.at(name), numbered().at(name))
        assert np.array_equal(coco.score_at(name), numbered().score_at(name))
        assert np.array_equal(coco.world_at(name), numbered().world_at(name))


def test_on_a_larger_skeleton_what_was_lacking_is_unseen() -> None:
    blaze = numbered("coco17", world=False).to(BLAZEPOSE33)
    assert np.isnan(blaze.at("left_heel")).all()
    assert not blaze.score_at("left_heel").any()
    assert np.array_equal(blaze.at("left_knee"), numbered("coco17").at("left_knee"))
    assert blaze.world is None


@pytest.mark.parametrize("wrong", ["points", "score", "world"])
def test_shapes_that_do_not_fit_the_skeleton_are_refused(wrong: str) -> None:
    sequence = numbered()
    pose = next(iter(sequence))
    with pytest.raises(ValueError, match=f"{wrong} of blazepose33 must have shape"):
        replace(sequence, **{wrong: getattr(sequence, wrong)[:, :-1]})
    with pytest.raises(ValueError, match=f"{wrong} of blazepose33 must have shape"):
        replace(pose, **{wrong: getattr(pose, wrong)[:-1]})


@pytest.mark.parametrize("t", [[0, 1, 1, 2], [0, 2, 1, 3], [0, 1, np.nan, 3], [0, 1, 2, np.inf]])
def test_time_must_be_finite_and_increase(t: list[float]) -> None:
    with pytest.raises(ValueError, match="strictly increasing seconds"):
        replace(numbered(), t=np.array(t))


def test_time_has_one_axis() -> None:
    with pytest.raises(ValueError, match="t must have one axis"):
        replace(numbered(), t=np.zeros((4, 1)))


def test_numbers_of_any_kind_become_64_bit_floats() -> None:
    pose = Pose(COCO17, 1, np.zeros((17, 2), np.float32), np.ones(17, np.int64), np.zeros((17, 3), np.float16))
    assert pose.world is not None
    assert {pose.points.dtype, pose.score.dtype, pose.world.dtype} == {np.dtype(np.float64)}
    assert isinstance(pose.t, float)
