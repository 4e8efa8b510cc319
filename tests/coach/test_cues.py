"""What is said: after two of three, one thing at a time, the worst first, praise when it is mended."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import get_args

import pytest

from poise.coach import Coach, Cue, Fault, Strictness, review
from poise.coach.cues import AGAIN, TRIES, Prompter, severity
from poise.coach.events import State
from poise.sim import Camera, film_poses, perform

SHALLOW = Fault(
    *("shallow", "Not deep enough", "fault", 30.0, 3.0, "deg", 20.0, 10.0, 0.99, 1.0, "side", "Sit lower."),
    *("It counts.", "ours", "C"),
)
LEANING = replace(SHALLOW, name="over_lean", title="Leaning", cue="Chest up.", value=40.0)


def said(*reps: dict[str, State]) -> list[tuple[str, str] | None]:
    """What is said after each of several repetitions, each given as the state of its rules."""
    prompter = Prompter("squat")
    told: list[tuple[str, str] | None] = []
    for i, states in enumerate(reps):
        faults = [replace({"s": SHALLOW, "l": LEANING}[rule], state=state) for rule, state in states.items()]
        cue = prompter.update(float(i), faults)
        told.append(None if cue is None else (cue.kind, cue.name))
    return told


def only(*states: State) -> list[tuple[str, str] | None]:
    return said(*({"s": state} for state in states))


CORRECT, PRAISE = ("correct", "shallow"), ("praise", "shallow")


def test_one_repetition_is_not_enough_and_two_of_three_are() -> None:
    assert only("fault") == [None]
    assert only("fault", "fault") == [None, CORRECT]
    assert only("fault", "ok", "fault") == [None, None, CORRECT]
    assert only("fault", "ok", "ok", "fault") == [None] * 4
    assert only("fault", "fault", "ok")[2] is None


def test_what_could_not_be_seen_neither_adds_nor_takes_away() -> None:
    assert only("fault", "not_observable", "not_observable", "fault") == [None, None, None, CORRECT]


def test_what_is_unsure_is_never_said() -> None:
    assert only("unsure", "unsure", "unsure") == [None] * 3


def test_the_worst_is_said_first_and_alone() -> None:
    assert severity(LEANING) == pytest.approx(2 * 0.99)
    assert severity(LEANING) > severity(SHALLOW)
    both: dict[str, State] = {"s": "fault", "l": "fault"}
    assert said(both, both, both, both) == [None, ("correct", "over_lean"), None, None]


def test_the_next_is_said_when_the_first_is_mended() -> None:
    both: dict[str, State] = {"s": "fault", "l": "fault"}
    better: dict[str, State] = {"s": "fault", "l": "ok"}
    told = said(both, both, better, better, better, better)
    assert told == [None, ("correct", "over_lean"), None, None, ("praise", "over_lean"), CORRECT]


def test_the_same_is_said_again_only_after_a_while_and_then_given_up_for_the_next() -> None:
    one: dict[str, State] = {"s": "fault"}
    told = said(*[one] * (2 + AGAIN * TRIES))
    assert [i for i, cue in enumerate(told) if cue] == [1 + AGAIN * i for i in range(TRIES)]
    both: dict[str, State] = {"s": "fault", "l": "fault"}
    many = said(*[both] * (2 + AGAIN * TRIES))
    assert [cue for cue in many if cue] == [*[("correct", "over_lean")] * TRIES, CORRECT]


def test_praise_comes_once_three_are_without_it_and_only_for_what_was_said() -> None:
    assert only("fault", "fault", "ok", "ok", "ok", "ok") == [None, CORRECT, None, None, PRAISE, None]
    assert only("fault", "fault", "ok", "unsure", "unsure", "ok")[5] == PRAISE
    assert only("fault", "ok", "ok", "ok") == [None] * 4


def test_a_set_of_squats_is_coached_as_it_is_reviewed() -> None:
    squats = perform("squat", reps=8, form={"depth": [84, 84, 84, 84, 120, 120, 120, 120]}, lead=1.5)
    poses = film_poses(squats, Camera(yaw=90), rate=25)
    cues = review("squat", poses).cues
    assert [(cue.kind, cue.name) for cue in cues] == [CORRECT, PRAISE]
    assert squats.reps[1].end - 0.5 < cues[0].t < squats.reps[2].start + 1.0
    assert cues[0].fault.state == "fault"
    assert math.isfinite(cues[0].fault.value)
    coach = Coach("squat")
    live = [feedback.cue for feedback in map(coach.update, poses) if feedback.cue]
    assert live == list(cues)
    assert all(isinstance(cue, Cue) and cue.exercise == "squat" for cue in live)


def test_a_hold_is_coached_while_it_lasts() -> None:
    plank = perform("plank", reps=1, form={"sag": 0.16}, lead=1.0)
    cues = review("plank", film_poses(plank, Camera(yaw=90, height=0.5, distance=5.0), rate=20)).cues
    assert (cues[0].kind, cues[0].name) == ("correct", "hip_sag")
    assert cues[0].t < plank.reps[0].start + 6.0


@pytest.mark.parametrize("strictness", get_args(Strictness))
def test_strictness_moves_the_limit_by_standard_errors(strictness: Strictness) -> None:
    squats = perform("squat", reps=2, form={"knee_forward": 12}, lead=1.5)
    poses = film_poses(squats, Camera(yaw=90, height=0.9, distance=60.0, fov=2.6), rate=25)
    told = {fault.name: fault for fault in review("squat", poses, strictness).reps[0].faults}["knee_forward"]
    lenience = {"beginner": 1.0, "standard": 0.0, "strict": -0.5}[strictness]
    beyond = (told.value - told.limit) / told.sigma - lenience
    assert told.probability == pytest.approx(0.5 * (1 + math.erf(beyond / math.sqrt(2))))
    assert 0.001 < told.probability < 0.999
