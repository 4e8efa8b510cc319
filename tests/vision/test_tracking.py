"""Who is coached: told with stick figures of a given size, at given times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from poise.body import COCO17, Pose
from poise.errors import NobodySeen, UnknownName
from poise.vision.tracking import Choice, Identities, PersonTracker, coached


def person(number: int, t: float, *, height: float = 300.0, score: float = 0.9) -> Pose:
    points = np.linspace((100.0, 50.0), (100.0, 50.0 + height), len(COCO17))
    return Pose(COCO17, t, points, np.full(len(COCO17), score), person=number)


def film(*shown: tuple[int, float, float, float]) -> list[list[Pose]]:
    """Ten frames a second; of each (number, from, to, height) who is shown when, and how large."""
    end = max(until for _, _, until, _ in shown)
    times = np.arange(0.0, end, 0.1)
    return [[person(n, t, height=h) for n, since, until, h in shown if since <= t < until] for t in times]


def numbers(coached: Iterable[Pose | None]) -> list[int | None]:
    """Who was coached, one after the other, without repeats."""
    who = [None if pose is None else pose.person for pose in coached]
    return [number for i, number in enumerate(who) if i == 0 or number != who[i - 1]]


def live(frames: list[list[Pose]]) -> list[Pose | None]:
    tracker = PersonTracker()
    return [tracker.update(poses) for poses in frames]


def recorded(frames: list[list[Pose]]) -> list[Pose | None]:
    tracker = PersonTracker()
    for poses in frames:
        tracker.weigh(poses)
    tracker.settle()
    return [tracker.pick(poses) for poses in frames]


def test_nobody_there_is_nobody_coached() -> None:
    tracker = PersonTracker()
    assert tracker.update([]) is None
    assert recorded([[], []]) == [None, None]
    assert tracker.people_seen == 0


def test_one_person_is_coached_live_and_recorded() -> None:
    frames = film((7, 0.0, 3.0, 300.0))
    assert numbers(live(frames)) == [7]
    assert numbers(recorded(frames)) == [7]


def test_of_two_people_the_larger_is_coached() -> None:
    frames = film((0, 0.0, 5.0, 100.0), (1, 0.0, 5.0, 300.0))
    assert numbers(recorded(frames)) == [1]


def test_of_two_people_the_one_seen_more_clearly_is_coached() -> None:
    frames = [[person(0, t, score=0.3), person(1, t, score=0.9)] for t in np.arange(0.0, 5.0, 0.1)]
    assert numbers(recorded(frames)) == [1]


def test_live_a_larger_person_who_comes_later_is_not_coached_at_once() -> None:
    frames = film((0, 0.0, 7.0, 200.0), (1, 3.0, 7.0, 380.0))
    assert numbers(live(frames)) == [0]


def test_live_somebody_who_weighs_more_than_twice_as_much_takes_over() -> None:
    frames = film((0, 0.0, 9.0, 50.0), (1, 1.0, 9.0, 400.0))
    assert numbers(live(frames)) == [0, 1]


def test_a_recording_is_coached_for_whom_it_shows_most_from_the_first_frame_on() -> None:
    frames = film((0, 0.0, 9.0, 50.0), (1, 0.0, 9.0, 400.0))
    assert numbers(recorded(frames)) == [1]


def test_in_a_recording_a_passer_by_is_never_coached_even_when_alone() -> None:
    frames = film((0, 0.0, 1.0, 60.0), (1, 2.0, 20.0, 400.0))
    assert numbers(recorded(frames)) == [None, 1]


def test_after_a_cut_somebody_new_is_taken_for_the_same_person_at_once() -> None:
    frames = film((0, 0.0, 3.0, 300.0), (1, 3.0, 6.0, 300.0))
    assert numbers(live(frames)) == [0, 1]


def test_a_bystander_is_not_taken_for_the_person_coached_who_is_lost_for_a_moment() -> None:
    frames = film((0, 0.0, 3.0, 300.0), (1, 0.0, 8.0, 200.0), (0, 4.0, 8.0, 300.0))
    assert numbers(live(frames)) == [0, None, 0]
    assert numbers(recorded(frames)) == [0, None, 0]


def test_a_bystander_is_coached_once_the_other_is_gone_for_good() -> None:
    frames = film((0, 0.0, 3.0, 300.0), (1, 0.0, 8.0, 200.0))
    coached = live(frames)
    assert numbers(coached) == [0, None, 1]
    taken = next(pose.t for pose in coached if pose is not None and pose.person == 1)
    assert 4.8 < taken < 5.1


def test_people_are_counted_when_seen_together_for_a_second() -> None:
    one_after_the_other = film((0, 0.0, 3.0, 300.0), (1, 3.0, 6.0, 300.0))
    together = film((0, 0.0, 6.0, 300.0), (1, 2.0, 4.0, 300.0), (2, 3.0, 3.5, 300.0))
    for frames, people in ((one_after_the_other, 1), (together, 2)):
        tracker = PersonTracker()
        for poses in frames:
            tracker.weigh(poses)
        assert tracker.people_seen == people


def test_a_gap_in_the_film_weighs_little() -> None:
    early = [[person(0, t)] for t in (0.0, 0.1, 60.0)]
    late = [[person(1, t)] for t in 60.1 + np.arange(20) / 10]
    assert numbers(recorded([*early, *late])) == [0, 1]


# People in each other's way.


def at(number: int, t: float, x: float, height: float = 300.0) -> Pose:
    """A stick figure standing at x, a quarter as wide as it is high."""
    rows = np.linspace(50.0, 50.0 + height, len(COCO17))
    sides = x + 0.125 * height * np.where(np.arange(len(COCO17)) % 2, 1, -1)
    return Pose(COCO17, t, np.stack([sides, rows], axis=-1), np.full(len(COCO17), 0.9), person=number)


def crossing(confused: bool) -> list[list[Pose]]:
    """Somebody stands at 400 while another walks past; half-way the estimator may take one for the other."""
    frames = []
    for i, t in enumerate(np.arange(0.0, 8.0, 0.1)):
        x = 1200.0 - 20.0 * i
        stands, walks = (1, 0) if confused and t >= 4.0 else (0, 1)
        frames.append([at(stands, float(t), 400.0), at(walks, float(t), x, 290.0)])
    return frames


def places(coached: Iterable[Pose | None]) -> list[float]:
    return [float(np.mean(pose.points[:, 0])) for pose in coached if pose is not None]


def test_who_is_coached_stays_so_when_another_walks_past() -> None:
    assert numbers(live(crossing(confused=False))) == [0]
    assert set(np.round(places(live(crossing(confused=False))))) == {round(places([at(0, 0, 400.0)])[0])}


def test_when_two_were_taken_for_each_other_the_one_who_stands_where_they_stood_is_coached() -> None:
    coached = live(crossing(confused=True))
    assert numbers(coached) == [0, 1]
    stood = places([at(0, 0, 400.0)])[0]
    late = [x for pose, x in zip(coached, places(coached), strict=True) if pose is not None and pose.t > 6.0]
    assert late == [stood] * len(late)
    wrong = [x for x in places(coached) if abs(x - stood) > 150]
    assert wrong == []


def test_who_turns_round_and_walks_with_the_other_is_still_followed() -> None:
    frames = [[at(0, float(t), 400 + 40 * t), at(1, float(t), 1200 - 60 * t)] for t in np.arange(0, 12, 0.1)]
    assert numbers(live(frames)) == [0]


def test_a_spotter_who_steps_in_after_the_person_coached_is_lost_is_not_counted() -> None:
    frames = [[at(0, float(t), 400.0)] for t in np.arange(0, 3, 0.1)]
    frames += [[] for _ in range(10)]
    frames += [[at(1, float(t), 900.0)] for t in np.arange(4, 4.9, 0.1)]
    frames += [[at(0, float(t), 400.0), at(1, float(t), 900.0)] for t in np.arange(5, 8, 0.1)]
    assert numbers(live(frames)) == [0, None, 0]


def test_who_is_found_again_where_they_were_lost_is_the_same_person_under_another_number() -> None:
    frames = [[at(0, float(t), 400.0), at(1, float(t), 900.0, 280.0)] for t in np.arange(0, 3, 0.1)]
    frames += [[at(1, float(t), 900.0, 280.0)] for t in np.arange(3, 4, 0.1)]
    frames += [[at(2, float(t), 420.0), at(1, float(t), 900.0, 280.0)] for t in np.arange(4, 6, 0.1)]
    assert numbers(live(frames)) == [0, None, 2]


def test_when_all_numbers_change_at_once_the_one_in_the_same_place_is_the_same_person() -> None:
    frames = [[at(0, float(t), 400.0), at(1, float(t), 900.0, 320.0)] for t in np.arange(0, 3, 0.1)]
    for number, pose in ((0, frames[0][0]), (1, frames[0][1])):
        tracker = PersonTracker()
        for poses in [[pose], *frames]:
            tracker.update(poses)
        follow = tracker.update([at(10, 3.0, 900.0, 320.0), at(11, 3.0, 400.0)])
        assert follow is not None
        assert follow.person == (11 if number == 0 else 10)


def test_lost_says_that_somebody_else_is_there() -> None:
    tracker = PersonTracker()
    for t in np.arange(0, 2, 0.1):
        tracker.update([at(0, float(t), 400.0), at(1, float(t), 900.0, 200.0)])
    lost = [tracker.lost]
    for t, poses in ((2.0, [at(1, 2.0, 900.0, 200.0)]), (2.1, []), (2.2, [at(0, 2.2, 400.0)])):
        assert (tracker.update(poses) is not None) == (t == 2.2)
        lost.append(tracker.lost)
    assert lost == [False, True, False, False]


# Who looks at every frame anew.


def test_people_keep_their_numbers_though_they_come_in_another_order() -> None:
    known = Identities(3)
    first = known.update([at(0, 0.0, 100.0), at(0, 0.0, 300.0)])
    assert [pose.person for pose in first] == [0, 1]
    second = known.update([at(0, 0.1, 310.0), at(0, 0.1, 105.0)])
    assert {pose.person: pose.points[0, 0] for pose in second} == {0: 105.0 - 37.5, 1: 310.0 - 37.5}


def test_somebody_who_is_near_nobody_is_new_and_who_is_long_gone_is_forgotten() -> None:
    known = Identities(3)
    known.update([at(0, 0.0, 100.0)])
    (far,) = known.update([at(0, 0.1, 600.0)])
    assert far.person == 1
    (back,) = known.update([at(0, 0.2, 100.0)])
    assert back.person == 0
    (late,) = known.update([at(0, 3.0, 100.0)])
    assert late.person == 2


def test_where_places_are_few_the_known_and_the_large_have_them() -> None:
    known = Identities(1)
    (kept,) = known.update([at(0, 0.0, 100.0, 100.0), at(0, 0.0, 300.0, 150.0)])
    assert kept.points[:, 1].max() == pytest.approx(200.0)
    (same,) = known.update([at(0, 0.1, 300.0, 150.0), at(0, 0.1, 500.0, 180.0)])
    assert same.person == kept.person
    (larger,) = known.update([at(0, 0.2, 300.0, 150.0), at(0, 0.2, 500.0, 300.0)])
    assert larger.person != kept.person


def test_a_body_half_seen_is_still_the_same() -> None:
    known = Identities(2)
    (whole,) = known.update([at(0, 0.0, 100.0)])
    half = at(0, 0.1, 104.0)
    half.points[9:] = np.nan
    (seen,) = known.update([half])
    assert seen.person == whole.person
    assert known.update([]) == []


# Choosing.


def test_the_central_person_may_be_chosen_though_smaller() -> None:
    frames = [
        [replace(at(0, t, 150.0, 300.0), size=(1000, 600)), replace(at(1, t, 500.0, 200.0), size=(1000, 600))]
        for t in np.arange(0.0, 3.0, 0.1)
    ]
    for text, expected in (("largest", [0]), ("central", [1])):
        tracker = PersonTracker(Choice.parse(text))
        for poses in frames:
            tracker.weigh(poses)
        assert numbers(tracker.pick(poses) for poses in frames) == expected


def test_whoever_is_pointed_at_is_coached_though_small_and_often_gone() -> None:
    frames = [
        [at(0, t, 150.0, 400.0), *([at(1, t, 500.0, 80.0)] if 1.0 <= t < 1.5 or t > 3.0 else [])]
        for t in np.arange(0.0, 4.0, 0.1)
    ]
    tracker = PersonTracker(Choice.parse("505,90"))
    for poses in frames:
        tracker.weigh(poses)
    tracker.settle()
    picked = [tracker.pick(poses) for poses in frames]
    assert [p.person for i, p in enumerate(picked) if p is not None and (10 <= i < 15 or i > 31)] == [1] * 13


def test_pointing_where_nobody_is_chooses_nobody() -> None:
    tracker = PersonTracker(Choice.parse("900,10"))
    assert numbers(tracker.update([at(0, t, 150.0)]) for t in (0.0, 0.1)) == [0]


def test_a_choice_that_is_none_is_said() -> None:
    with pytest.raises(UnknownName, match=r"'tallest'.*largest"):
        Choice.parse("tallest")


def test_of_a_recording_of_several_one_is_coached() -> None:
    instants = []
    for i, t in enumerate(np.arange(0.0, 3.0, 0.1)):
        both = [at(0, t, 150.0, 200.0), at(0, t, 600.0, 300.0)]
        instants.append((float(t), [] if i == 5 else both[:: 1 if i % 2 else -1]))
    poses, people = coached(instants)
    assert people == 2
    assert len(poses) == 30
    assert np.isnan(poses.points[5]).all()
    assert np.nanmin(poses.points[..., 0]) == pytest.approx(600.0 - 37.5)
    with pytest.raises(NobodySeen):
        coached([(0.0, [])])
