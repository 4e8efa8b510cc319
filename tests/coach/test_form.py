from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from poise.body import Pose
from poise.coach.events import View
from poise.coach.exercise import Condition, Moment, Rule
from poise.coach.form import SIZE_SIGMA, STRICTNESS, SURE, error_model, judge, neutral_of, violated
from poise.coach.measures import MEASURES
from poise.coach.stretch import Judged, Stretch, best_side
from poise.coach.view import turn_advice
from tests.coach.bodies import SIDE, Place, figure, moved, stretch, unseen

#: Shins lean 30 degrees forwards and thighs are level, so the knees are bent by 120 degrees.
BENT: dict[str, Place] = {
    "left_knee": (0.86 * 0.5, 0.86 * math.sqrt(0.75), 0.2),
    "left_hip": (0.86 * 0.5 - 0.84, 0.86 * math.sqrt(0.75), 0.2),
}
RULE = Rule(
    name="too_deep",
    title="Too deep",
    measure="knee_flexion",
    at="max",
    ok=90,
    limit=100,
    cue="Stay higher.",
    why="It is only a test.",
    source="ours",
    evidence="C",
)
FRONT = View("front", 0.0, 9.0, 0)


def knees_bent_by(left: float, right: float) -> Pose:
    """Upright, with the shins swung back so that the knees are bent by these angles."""
    places = {}
    for side, angle, across in (("left", left, 0.2), ("right", right, -0.2)):
        a = math.radians(angle)
        places[f"{side}_ankle"] = (-0.86 * math.sin(a), 0.86 - 0.86 * math.cos(a), across)
    return figure(places)


@pytest.mark.parametrize(
    ("ok", "limit", "state"),
    [(90, 100, "fault"), (130, 140, "ok"), (110, 120, "unsure"), (140, 130, "fault"), (110, 100, "ok")],
)
def test_a_bent_knee_held_to_limits_on_either_side_of_it(ok: float, limit: float, state: str) -> None:
    verdict = judge(RULE.model_copy(update={"ok": ok, "limit": limit}), stretch(figure(BENT)), None)
    assert (verdict.state, verdict.reason) == (state, "")
    assert verdict.value == pytest.approx(120.0)
    assert (verdict.name, verdict.limit, verdict.ok, verdict.unit, verdict.view) == (
        *("too_deep", limit, ok, "deg", "side"),
    )


def test_the_probability_is_that_of_a_normal_error_beyond_the_limit() -> None:
    verdict = judge(RULE, stretch(figure(BENT)), None)
    for sigmas, probability in ((-1.0, 0.841345), (0.0, 0.5), (2.0, 0.022750)):
        limit = 120.0 + sigmas * verdict.sigma
        rule = RULE.model_copy(update={"ok": limit - 20, "limit": limit})
        assert judge(rule, stretch(figure(BENT)), None).probability == pytest.approx(probability, abs=1e-5)


@pytest.mark.parametrize(("sigmas", "state"), [(0.85, "fault"), (0.83, "unsure"), (-0.83, "unsure"), (-0.85, "ok")])
def test_a_verdict_is_sure_above_four_fifths(sigmas: float, state: str) -> None:
    assert SURE == 0.8  # whose normal quantile is 0.8416
    limit = 120.0 - sigmas * judge(RULE, stretch(figure(BENT)), None).sigma
    rule = RULE.model_copy(update={"ok": limit - 20, "limit": limit})
    assert judge(rule, stretch(figure(BENT)), None).state == state


def test_a_verdict_says_when_and_by_which_keypoints() -> None:
    verdict = judge(RULE, stretch(*[figure()] * 3, *[figure(BENT)] * 3, *[figure()] * 3), None)
    assert verdict.t == pytest.approx(0.3)
    assert verdict.keypoints == ("left_hip", "left_knee", "left_ankle")


def test_nothing_is_said_of_a_plane_the_view_does_not_show() -> None:
    verdict = judge(RULE, stretch(figure(BENT, yaw=0.0), view=FRONT), None)
    assert (verdict.state, verdict.reason) == ("not_observable", turn_advice("sagittal").text)
    assert math.isnan(verdict.value)
    assert math.isnan(verdict.probability)


@pytest.mark.parametrize(("score", "state"), [(0.61, "fault"), (0.59, "not_observable")])
def test_nothing_is_said_of_keypoints_hardly_seen(score: float, state: str) -> None:
    verdict = judge(RULE, stretch(figure(BENT, score=score)), None)
    assert verdict.state == state
    assert ("not seen clearly enough" in verdict.reason) == (state == "not_observable")
    nothing = judge(RULE, stretch(unseen(figure(), "left_knee", "right_knee")), None)
    assert (nothing.state, "not seen clearly enough" in nothing.reason) == ("not_observable", True)


@pytest.mark.parametrize(("lower", "state"), [(81.0, "fault"), (85.0, "not_observable")])
@pytest.mark.parametrize("at", ["max", "range"])
def test_what_lies_beyond_the_edge_of_the_picture_counts_as_unseen(lower: float, state: str, at: Moment) -> None:
    rule = RULE.model_copy(update={"at": at})  # the ankles are at 400, the edge at 480, of which 3 are granted

    def below(pose: Pose) -> Pose:
        return replace(pose, points=pose.points + np.array((0.0, lower)))

    begun = [figure()] * 4
    verdict = judge(rule, stretch(*begun, *[below(figure(BENT))] * 3, *begun), None)
    assert (verdict.state, "not seen clearly enough" in verdict.reason) == (state, state == "not_observable")
    sizeless = [replace(below(figure(BENT)), size=None)] * 3
    assert judge(rule, stretch(*(replace(pose, size=None) for pose in begun), *sizeless), None).state == "fault"


def test_the_side_seen_better_speaks_alone() -> None:
    pose = moved(knees_bent_by(60, 120), "left_knee", (0, 0), score=0.7)
    seen = stretch(pose)
    assert best_side(MEASURES["knee_flexion"], seen) == "right"
    assert judge(RULE, seen, None).value == pytest.approx(120.0)
    assert judge(RULE, seen, None).keypoints == ("right_hip", "right_knee", "right_ankle")


def test_a_relative_rule_is_held_against_the_neutral_and_without_one_nothing_is_said() -> None:
    rule = RULE.model_copy(update={"relative": True, "ok": 10, "limit": 20})
    seen, neutral = stretch(knees_bent_by(100, 100)), stretch(knees_bent_by(60, 60))
    verdict = judge(rule, seen, neutral)
    assert verdict.state == "fault"
    assert verdict.value == pytest.approx(40.0)
    held = math.sqrt(1 + 1 / 1.8)  # the neutral lasts 0.9 s, an error half a second
    assert verdict.sigma == pytest.approx(held * judge(RULE, seen, None).sigma)
    without = judge(rule, seen, None)
    assert (without.state, "neutral" in without.reason) == ("not_observable", True)
    blind = judge(rule, seen, stretch(unseen(figure(), "left_knee", "right_knee")))
    assert (blind.state, blind.reason) == ("not_observable", "It could not be measured in this picture.")


def test_a_neutral_of_some_seconds_is_known_better_than_one_reading() -> None:
    rule = RULE.model_copy(update={"relative": True, "ok": 10, "limit": 20})
    seen = stretch(knees_bent_by(100, 100))
    lasting = stretch(*[knees_bent_by(60, 60)] * 31)  # three seconds, an error lasts half of one
    one = judge(RULE, seen, None).sigma
    assert judge(rule, seen, lasting).sigma == pytest.approx(one * math.sqrt(1 + 1 / 6))


def test_a_rule_from_the_front_or_from_behind_is_not_judged_from_where_the_body_is_in_the_way() -> None:
    rear = View("rear", 180.0, 9.0, 0)
    level = RULE.model_copy(update={"measure": "hand_level", "ok": 0.1, "limit": 0.2, "at": "turn"})
    for only, views in ((None, (FRONT, rear)), ("front", (FRONT,)), ("behind", (rear,))):
        rule = level.model_copy(update={"only": only})
        for view in (FRONT, rear):
            verdict = judge(rule, stretch(figure(yaw=view.yaw), view=view), None)
            assert (verdict.state == "ok") == (view in views)


def test_a_measure_with_a_narrower_gate_is_judged_from_within_that_only() -> None:
    rule = RULE.model_copy(update={"measure": "hip_shift", "ok": 0.3, "limit": 0.8, "at": "turn"})
    assert rule.quantity.gate == 10.0
    for yaw, state in ((10.0, "ok"), (11.0, "not_observable")):
        assert judge(rule, stretch(figure(yaw=0.0), view=View("front", yaw, 9.0, 0)), None).state == state


def test_a_range_has_the_error_of_a_difference() -> None:
    seen = stretch(knees_bent_by(100, 100))
    ranged = judge(RULE.model_copy(update={"at": "range"}), seen, None)
    assert ranged.value == pytest.approx(0.0)
    median = judge(RULE.model_copy(update={"at": "median"}), seen, None)
    assert ranged.sigma == pytest.approx(math.sqrt(2) * median.sigma)


def test_an_error_larger_than_the_way_from_ok_to_limit_is_too_large_unless_the_limit_is_clearly_broken() -> None:
    sigma = judge(RULE, stretch(figure(BENT)), None).sigma

    def held_to(beyond: float, apart: float) -> Rule:
        """The limit so many standard errors below the 120 degrees that are read, ok as many below that."""
        limit = 120 - beyond * sigma
        return RULE.model_copy(update={"limit": limit, "ok": limit - apart * sigma})

    assert judge(held_to(1.9, 1.01), stretch(figure(BENT)), None).state == "fault"
    assert judge(held_to(2.1, 0.99), stretch(figure(BENT)), None).state == "fault"
    assert judge(held_to(-2.1, 0.99), stretch(figure(BENT)), None).state == "not_observable"
    assumed = held_to(2.1, 0.99).model_copy(update={"measure": "push_up_elbow_flexion"})
    elbows = stretch(figure({"left_wrist": (0.3, 1.3, 0.37)}))
    error = judge(assumed, elbows, None)
    limit = error.value - 3 * error.sigma
    unsure = assumed.model_copy(update={"limit": limit, "ok": limit - 0.9 * error.sigma})
    assert judge(unsure, elbows, None).probability > 0.99
    assert judge(unsure, elbows, None).state == "not_observable"
    verdict = judge(held_to(1.9, 0.99), stretch(figure(BENT)), None)
    assert (verdict.state, "exactly enough" in verdict.reason) == ("not_observable", True)
    assert verdict.value == pytest.approx(120.0)
    assert verdict.sigma == sigma


@pytest.mark.parametrize(("update", "value"), [({}, 122.0), ({"relative": True}, 1.0), ({"short": True}, 121.0)])
def test_an_extreme_is_what_lasts_where_it_falls_short_or_is_against_a_neutral(
    update: dict[str, bool], value: float
) -> None:
    """Readings that differ by less than their error, the largest near the end: 120, 120, ..., 121, ..., 122."""
    seen = stretch(*[knees_bent_by(angle, 0) for angle in (*[120.0] * 9, *[121.0] * 4, *[122.0] * 7)])
    assert judge(RULE, seen, None).sigma > 2
    verdict = judge(RULE.model_copy(update=update), seen, stretch(knees_bent_by(120, 0)))
    assert verdict.value == pytest.approx(value)
    assert verdict.t == pytest.approx(judge(RULE, seen, None).t)


def test_how_large_the_body_is_taken_to_be_is_part_of_the_error_of_lengths() -> None:
    rule = RULE.model_copy(update={"measure": "hip_height", "at": "median", "ok": 0.0, "limit": 5.0})
    seen = stretch(figure())
    moved_by_errors = float(rule.quantity.sigma(seen.instant(0), "", SIDE.sigma))
    verdict = judge(rule, seen, None)
    assert verdict.sigma == pytest.approx(math.hypot(moved_by_errors, SIZE_SIGMA * verdict.value))
    assert f"{100 * SIZE_SIGMA:g} % of how large the body is" in error_model(rule)
    assert "how large" not in error_model(RULE)


def test_sides_that_should_do_the_same_are_averaged_and_their_disagreement_is_error() -> None:
    seen = stretch(knees_bent_by(100, 120))
    one = judge(RULE, seen, None)
    other = judge(RULE, stretch(knees_bent_by(120, 120)), None)
    both = judge(RULE.model_copy(update={"ok": 60}), seen, None, symmetric=True)
    assert one.value == pytest.approx(100.0)
    assert both.value == pytest.approx(110.0)
    assert both.sigma == pytest.approx(math.hypot(0.5 * one.sigma, 0.5 * other.sigma, 0.5 * 20))
    agreed = judge(RULE, stretch(knees_bent_by(120, 120)), None, symmetric=True)
    assert agreed.sigma == pytest.approx(other.sigma / math.sqrt(2))


def test_sides_are_averaged_by_the_squares_of_their_scores_and_a_side_unseen_has_no_say() -> None:
    rule = RULE.model_copy(update={"ok": 40})
    pose = moved(knees_bent_by(100, 120), "right_knee", (0, 0), score=0.5)
    assert judge(rule, stretch(pose), None, symmetric=True).value == pytest.approx((100 + 0.25 * 120) / 1.25)
    pose = moved(knees_bent_by(100, 120), "right_knee", (0, 0), score=0.09)
    assert judge(rule, stretch(pose), None, symmetric=True).value == pytest.approx(100.0)


def test_nothing_is_said_of_a_plane_while_the_view_swings() -> None:
    def swinging(by: float) -> Stretch:
        views = [View("side", 90.0 + by * (i - 5) / 4, 9.0, 1) for i in range(11)]
        return Stretch.of([Judged(figure(BENT, t=0.1 * i), 100.0, view) for i, view in enumerate(views)], 0.5)

    assert swinging(0.0).view.sigma == swinging(8.0).view.sigma == 9.0
    assert swinging(30.0).view.sigma == pytest.approx(30.0)
    assert judge(RULE, swinging(30.0), None).state == "fault"
    verdict = judge(RULE, swinging(46.0), None)
    assert (verdict.state, verdict.reason) == ("not_observable", turn_advice("sagittal").text)


def condition(**bounds: float) -> Condition:
    return Condition(measure="knee_flexion", at="median", reason="for a test", **bounds)


@pytest.mark.parametrize(
    ("bounds", "broken"),
    [
        *(({"min": 119}, False), ({"min": 121}, True), ({"max": 121}, False), ({"max": 119}, True)),
        *(({"min": 100, "max": 119}, True), ({"min": 119, "max": 121}, False)),
    ],
)
def test_a_condition_is_broken_outside_its_bounds(bounds: dict[str, float], broken: bool) -> None:
    assert violated(condition(**bounds), stretch(figure(BENT))) == broken


def test_what_cannot_be_seen_breaks_no_condition() -> None:
    impossible = condition(min=1000)
    assert violated(impossible, stretch(figure(BENT, score=0.11)))
    assert not violated(impossible, stretch(figure(BENT, score=0.09)))
    assert not violated(impossible, stretch(figure(yaw=0.0), view=FRONT))
    assert not violated(impossible, stretch(unseen(figure(), "left_knee", "right_knee")))


@pytest.mark.parametrize(("yaw", "broken"), [(151.0, False), (149.0, True), (31.0, True), (29.0, False)])
def test_a_condition_is_read_from_further_off_than_a_rule(yaw: float, broken: bool) -> None:
    seen_so = stretch(figure(BENT, yaw=yaw), view=replace(SIDE, yaw=yaw))
    assert violated(condition(min=1000), seen_so) == broken
    assert judge(RULE, seen_so, None).state == "not_observable"


def test_beginners_are_held_to_less_and_the_strict_to_more() -> None:
    at_the_limit = RULE.model_copy(update={"ok": 100, "limit": 120})
    told = {how: judge(at_the_limit, stretch(figure(BENT)), None, strictness=how).probability for how in STRICTNESS}
    assert told == pytest.approx({"beginner": 0.158655, "standard": 0.5, "strict": 0.691462}, abs=1e-5)


@pytest.mark.parametrize(("usual", "taken"), [(110.0, 120.0), (60.0, 60.0)])
def test_a_neutral_far_from_the_usual_is_nobodys(usual: float, taken: float) -> None:
    relative = RULE.model_copy(update={"relative": True, "usual": (usual, 10.0)})
    assert neutral_of(relative, stretch(figure(BENT)), "left")[0] == pytest.approx(taken)
