from __future__ import annotations

from dataclasses import replace

import pytest

from poise.coach.events import Counts, Rep, RepKind, Review
from poise.report.verdict import headline, lead
from tests.report import made_up
from tests.report.test_schema import report_of


def judged(*numbers: int, kind: RepKind = "full", exercise: str = "squat") -> Review:
    """A film of some of the made-up repetitions only."""
    reps = tuple(made_up.rep(number) for number in numbers)
    review = made_up.squats(reps=reps, exercise=exercise)
    return with_counts(replace(review, reps=tuple(replace(rep, kind=kind) for rep in reps)))


def with_counts(review: Review) -> Review:
    full, partial, invalid = (sum(r.kind == k for r in review.reps) for k in ("full", "partial", "invalid"))
    return replace(review, counts=Counts(full, partial, invalid))


def without(review: Review, *names: str) -> Review:
    """The same, had the exercise not those rules."""

    def fewer(rep: Rep) -> Rep:
        return replace(rep, faults=tuple(fault for fault in rep.faults if fault.name not in names))

    return replace(review, reps=tuple(map(fewer, review.reps)))


def said(review: Review) -> str:
    return headline(report_of(review))


def test_several_faults_are_summed_up_by_what_was_clean() -> None:
    assert said(made_up.squats()) == "8 squats, 5 of them without a fault"
    assert said(judged(7, 9)) == "2 squats, none of them without a fault"
    assert said(judged(7)) == "1 squat, not without fault"


def test_one_fault_is_named() -> None:
    assert said(judged(1, 2, 3)) == "3 squats, not deep enough on 1"
    assert said(judged(2, 5)) == "2 squats, not deep enough on all"
    assert said(judged(2)) == "1 squat, not deep enough"


def test_without_a_fault_it_says_so_only_when_everything_was_judged() -> None:
    assert said(judged(1, 3)) == "2 squats, no fault seen"
    assert said(without(judged(1, 3), "valgus")) == "2 squats, all without a fault"
    assert said(without(judged(1, 3), *made_up.RULES)) == "2 squats"


def test_what_did_not_count_is_said_when_nothing_else_is_wrong() -> None:
    partial = with_counts(replace(judged(1, 5), reps=(made_up.rep(1), made_up.rep(5, "partial"))))
    assert said(partial) == "1 squat, 1 more did not go far enough"
    invalid = with_counts(replace(judged(1, 5), reps=(made_up.rep(1), made_up.rep(10, "invalid"))))
    assert said(invalid) == "1 squat, 1 more did not count"


def test_when_nothing_counts() -> None:
    assert said(made_up.nothing()) == "No squat was counted"
    assert said(judged(5, kind="partial")) == "No full squat, 1 that did not count"


def test_a_hold_is_told_by_its_length() -> None:
    plank = made_up.plank()
    report = report_of(plank, exercise=made_up.exercise("plank", "Plank"))
    assert headline(report) == "Plank held for 42.5 s, hips sag on 1 of 2"
    assert lead(report) == ["Hips sag on hold 2."]
    one = report_of(replace(plank, holds=plank.holds[:1]), exercise=made_up.exercise("plank", "Plank"))
    assert headline(one) == "Plank held for 42.5 s, all without a fault"


def test_unknown_exercises_have_repetitions() -> None:
    review = without(judged(1, 2, exercise="any"), *made_up.RULES)
    assert headline(report_of(review, exercise=None)) == "2 repetitions"


def test_the_sentences_say_where_and_why() -> None:
    assert lead(report_of(made_up.squats())) == [
        "Not deep enough on reps 2 and 7.",
        "Leaning too far forward on rep 7.",
        "Dropping too fast on rep 9.",
        "Rep 5 is partial and does not count.",
        "Rep 10 is invalid and does not count.",
        "1 check could not be judged in this film.",
    ]
    assert "Reps 1 and 2 are partial and do not count." in lead(report_of(judged(1, 2, kind="partial")))


@pytest.mark.parametrize(("share", "said_so"), [(0.699, True), (0.7, False)])
def test_a_person_hardly_seen_is_mentioned(share: float, said_so: bool) -> None:
    sentences = lead(report_of(made_up.squats(seen_share=share)))
    assert any("seen well in only 70 %" in sentence for sentence in sentences) == said_so


def test_a_workout_is_what_was_done_of_each_exercise() -> None:
    assert said(made_up.workout()) == "4 squats, 4 lunges and plank for 31.0 s"
