from __future__ import annotations

from dataclasses import replace

import pytest

from poise.coach.events import Review
from poise.report import Shot
from poise.report.checks import SHOT_WITHIN_S, Check, checks, described, moments, others
from tests.report import made_up
from tests.report.test_schema import report_of


def found(review: Review | None = None, shots: list[Shot] | None = None) -> dict[str, Check]:
    return {check.rule.name: check for check in checks(report_of(review or made_up.squats()), shots or [])}


def test_rules_most_often_broken_come_first_and_then_those_of_the_exercise_in_its_order() -> None:
    assert list(found()) == ["depth", "lean", "drop", "heels", "valgus"]


def test_a_rule_broken_more_often_comes_before_one_that_the_exercise_has_first() -> None:
    review = made_up.squats()
    reps = tuple(replace(rep, faults=rep.faults[::-1]) for rep in review.reps)
    assert list(found(replace(review, reps=reps))) == ["depth", "drop", "lean", "valgus", "heels"]


def test_findings_are_sorted_by_how_they_came_out() -> None:
    depth = found()["depth"]
    assert [finding.number for finding in depth.having("fault")] == [2, 5, 7]
    assert [finding.number for finding in depth.having("unsure")] == [4]
    assert [finding.number for finding in depth.having("ok", "unsure")] == [1, 3, 4, 6, 8, 9]
    assert len(found()["valgus"].having("not_observable")) == 9


def test_the_worst_comes_first_whichever_way_is_worse() -> None:
    assert [finding.number for finding in found()["depth"].worst_first] == [5, 7, 2]
    review = made_up.squats()
    slow, fast = (made_up.fault("drop", 9, t, value=value) for t, value in ((1.0, 0.5), (2.0, 0.2)))
    reps = (replace(review.reps[0], faults=(slow,)), replace(review.reps[1], faults=(fast,)))
    assert [finding.number for finding in found(replace(review, reps=reps))["drop"].worst_first] == [2, 1]


def test_limits_are_said_from_the_good_side() -> None:
    assert found()["depth"].limits == "fine up to 0°, a fault above 10°"
    assert found()["drop"].limits == "fine from 0.8 s, a fault below 0.6 s"
    review = made_up.squats()
    blunt = replace(review.reps[0], faults=(made_up.fault("depth", 1, 1.0, ok=10.2),))
    assert found(replace(review, reps=(blunt,)))["depth"].limits == "limit 10°"


def test_reasons_are_given_once() -> None:
    assert found()["valgus"].reasons == ("Face the camera, so that your knees and shoulders can be compared.",)
    assert found()["depth"].reasons == ()


def test_a_picture_shows_the_fault_it_names_at_its_time() -> None:
    shots = made_up.shots(made_up.squats())
    by_fault = {
        (check.rule.name, f.number): f.shot for check in found(shots=shots).values() for f in check.findings
    }
    for (name, number), shot in by_fault.items():
        if (name, number) in made_up.BROKEN:
            assert shot is not None
            assert shot.caption.startswith(made_up.TITLES[name])
        else:
            assert shot is None


def test_of_two_pictures_the_nearer_one_is_taken_and_none_that_is_too_far() -> None:
    t = made_up.rep(2).faults[0].t
    near, nearer = Shot(t + 0.05, "near", b""), Shot(t - 0.02, "nearer", b"")
    (worst,) = (f for f in found(shots=[near, nearer])["depth"].findings if f.number == 2)
    assert worst.shot is nearer
    far = Shot(t + SHOT_WITHIN_S + 0.01, "far", b"")
    assert not any(f.shot for f in found(shots=[far])["depth"].findings)


def test_a_picture_that_names_no_fault_shows_the_faults_of_its_moment_only() -> None:
    by_rule = found(shots=[Shot(made_up.rep(7).turn, "the seventh", b"")])
    shown = [(name, f.number) for name, check in by_rule.items() for f in check.findings if f.shot]
    assert shown == [("depth", 7), ("lean", 7)]


def test_pictures_of_nothing_in_particular_are_kept_apart() -> None:
    shots = made_up.shots(made_up.squats())
    assert [shot.caption for shot in others(shots, list(found(shots=shots).values()))] == [
        "Standing before the first one."
    ]


def test_moments_are_the_faults_in_time_order() -> None:
    listed = moments(list(found().values()))
    assert [(moment.number, moment.fault.name) for moment in listed] == [
        *((2, "depth"), (5, "depth"), (7, "depth"), (7, "lean"), (9, "drop"))
    ]


def test_dots_stand_at_their_value_with_the_limit_between() -> None:
    dots = found()["depth"].dots
    assert dots is not None
    assert dots.above
    assert [dot.number for dot in dots.dots] == list(range(1, 10))
    assert [dot.x for dot in dots.dots] == pytest.approx([(i + 0.5) / 9 for i in range(9)])
    for dot in dots.dots:
        assert dot.top < dot.y < dot.bottom
        assert (dot.y < dots.limit) == (dot.state == "fault")
    assert dots.limit < dots.ok
    assert dots.dots[1].label == "18 ± 4°"


def test_where_too_little_is_the_fault_the_limit_lies_below() -> None:
    dots = found()["drop"].dots
    assert dots is not None
    assert not dots.above
    assert dots.limit > dots.ok
    assert dots.dots[8].y > dots.limit


def test_what_was_never_measured_has_no_dots() -> None:
    assert found()["valgus"].dots is None


def test_a_finding_in_one_line() -> None:
    depth, valgus = found()["depth"].findings, found()["valgus"].findings
    assert described(depth[1]) == "2: Not deep enough, fault, 18 ± 4° at 0:05.4"
    assert described(valgus[0]) == "1: Knees cave in, not visible from here at 0:02.2"


def test_each_exercise_has_its_own_checks_and_its_name_stands_by_them() -> None:
    several = [(check.rule.name, check.exercise) for check in checks(report_of(made_up.workout()), [])]
    assert ("depth", "Squat") in several
    assert ("depth", "Lunge") in several
    alone = made_up.workout()
    alone = replace(alone, reps=alone.reps[:4], holds=(), sets=alone.sets[:1])
    assert {check.exercise for check in checks(report_of(alone), [])} == {""}
