"""Performances: the course of repetitions in time, values of form, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from poise.errors import InputError, UnknownName
from poise.sim import MOVES, Performance, Tempo, perform

#: Repetitions that start at 1.0, 4.0 and 7.0 s, turn 1.1 s later and end 2.5 s after they start.
EVEN = Tempo(towards=1.0, turn=0.2, back=1.3, rest=0.5)


def test_repetitions_start_turn_and_end_when_the_tempo_says() -> None:
    squat = perform("squat", reps=3, tempo=EVEN)
    assert [(rep.number, rep.side) for rep in squat.reps] == [(1, "both"), (2, "both"), (3, "both")]
    assert [rep.start for rep in squat.reps] == pytest.approx([1.0, 4.0, 7.0])
    assert [rep.turn for rep in squat.reps] == pytest.approx([2.1, 5.1, 8.1])
    assert [rep.end for rep in squat.reps] == pytest.approx([3.5, 6.5, 9.5])
    assert squat.seconds == pytest.approx(10.5)


def test_the_body_moves_between_start_and_end_and_rests_outside() -> None:
    squat = perform("squat", reps=3, tempo=EVEN, form={"depth": 120, "top": 6})
    knee = squat.measures([0.0, 1.0, 1.5, 2.0, 2.1, 2.2, 2.85, 3.5, 4.0, 10.5])["left_knee_flexion"]
    assert knee == pytest.approx([6, 6, 63, 120, 120, 120, 63, 6, 6, 6], abs=1e-6)


def test_shape_lingers_at_the_turn_or_at_rest() -> None:
    knees = [
        perform("squat", reps=1, tempo=EVEN, shape=shape).measures([1.5])["left_knee_flexion"][0]
        for shape in (0.5, 2)
    ]
    assert knees == pytest.approx([6 + 114 * 0.5**0.5, 6 + 114 * 0.25])


def test_a_value_for_every_repetition() -> None:
    squat = perform("squat", reps=3, tempo=EVEN, form={"depth": [120, 70, 100], "top": [5, 5, 25]})
    measured = squat.measures([rep.turn for rep in squat.reps])["right_knee_flexion"]
    assert measured == pytest.approx([120, 70, 100], abs=1e-6)
    assert [rep.form["depth"] for rep in squat.reps] == [120, 70, 100]
    assert [rep.faults for rep in squat.reps] == [(), ("shallow",), ()]
    rest = squat.measures([6.4999, 6.75, 7.0])[
        "right_knee_flexion"
    ]  # from one value to the next in the rest between
    assert rest == pytest.approx([5, 15, 25], abs=0.01)


def test_the_time_of_the_way_down_follows_the_form() -> None:
    squat = perform("squat", reps=2, tempo=EVEN, form={"towards": [0.4, 1.0]})
    assert [rep.turn - rep.start for rep in squat.reps] == pytest.approx([0.5, 1.1])
    assert [rep.faults for rep in squat.reps] == [("fast_descent",), ()]
    assert perform("squat", tempo=EVEN).reps[0].form["towards"] == 1.0


def test_fatigue_wears_down_amplitude_and_slows() -> None:
    low, high = MOVES["squat"].parameters["depth"].natural
    reps = perform("squat", reps=5, fatigue=1.0).reps
    assert [rep.form["depth"] for rep in reps] == pytest.approx(np.linspace(120, 120 - (high - low), 5))
    assert (reps[-1].end - reps[-1].start) / (reps[0].end - reps[0].start) == pytest.approx(1.5, abs=0.1)
    lockout = [rep.form["lockout"] for rep in perform("shoulder_press", reps=3, fatigue=1.0).reps]
    assert lockout == pytest.approx([8, 13.5, 19])  # for this one worse is more


def test_variation_is_the_same_for_the_same_seed_and_stays_small() -> None:
    a, b, c = (perform("squat", reps=40, variation=1.0, seed=seed) for seed in (1, 1, 2))
    assert a.reps == b.reps
    assert a.reps != c.reps
    depths = np.array([rep.form["depth"] for rep in a.reps])
    assert depths.std() == pytest.approx(0.15 * 16, rel=0.4)
    assert np.std([np.log(rep.end - rep.start) for rep in a.reps]) == pytest.approx(0.1, abs=0.05)


def test_sway_moves_trunk_and_head_but_not_hips_and_feet() -> None:
    t = np.arange(0, 4, 0.1)
    still, swaying = (perform("biceps_curl", sway=sway, seed=5).figure(t) for sway in (0.0, 2.0))
    assert swaying.at("left_ankle") == pytest.approx(still.at("left_ankle"))
    assert swaying.at("left_hip") == pytest.approx(still.at("left_hip"))
    assert 0.005 < np.ptp(swaying.at("nose") - still.at("nose"), axis=0).max() < 0.3


def test_what_cannot_be_counted_has_no_repetitions() -> None:
    idle = perform("standing", lead=5.0, tail=1.0)
    assert idle.reps == ()
    assert idle.seconds == 6.0


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"form": {"dept": 90}}, "No form parameter of squat is called 'dept'. Did you mean 'depth'?"),
        ({"base": "seated"}, "No base of squat is called 'seated'."),
        ({"sides": "left"}, "No side of squat is called 'left'."),
        ({"arms": "wings"}, "No arm position of squat is called 'wings'."),
    ],
)
def test_names_nobody_knows_are_refused(how: dict[str, object], message: str) -> None:
    with pytest.raises(UnknownName) as refused:
        perform("squat", **how)  # type: ignore[arg-type]
    assert message in str(refused.value)


def test_a_value_for_some_repetitions_only_is_refused() -> None:
    with pytest.raises(InputError, match="depth of squat has 2 values"):
        perform("squat", reps=3, form={"depth": [100, 90]})


def test_fewer_than_no_repetitions_are_refused_and_none_are_a_rest() -> None:
    with pytest.raises(InputError, match="-1 repetitions cannot be done"):
        perform("squat", reps=-1)
    rest = perform("squat", reps=0)
    assert rest.measures([0.5, 1.5])["left_knee_flexion"] == pytest.approx([6, 6])


def test_people_show_no_fault_one_or_several_in_fair_shares() -> None:
    rng = np.random.default_rng(0)
    shown = [len(Performance.random("squat", rng, reps=1).reps[0].faults) for _ in range(300)]
    shares = np.bincount(np.minimum(shown, 2), minlength=3) / len(shown)
    assert shares == pytest.approx([0.3, 0.4, 0.3], abs=0.1)


def test_random_people_are_the_same_for_the_same_seed_and_differ_otherwise() -> None:
    t = np.arange(0, 3, 0.1)
    a, b, c = (Performance.random("lunge", np.random.default_rng(seed)).joints(t) for seed in (4, 4, 5))
    assert (a == b).all()
    assert not np.allclose(a, c)
