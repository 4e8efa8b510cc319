"""Every exercise: rigid bones, planted feet and hands, and faults that are just what they say."""

from __future__ import annotations

import numpy as np
import pytest

from poise.body import BLAZEPOSE33, Array
from poise.errors import UnknownName
from poise.sim import MOVES, Body, Performance, perform
from poise.sim.moves import find_move
from tests.sim.signatures import SIGNATURES, Seen

EXERCISES = (
    *("squat", "lunge", "push_up", "biceps_curl", "triceps_extension", "dumbbell_row", "sit_up"),
    *("jumping_jack", "shoulder_press", "lateral_raise", "front_raise", "deadlift", "plank"),
    *("glute_bridge", "wall_sit"),
)
IDLE = ("standing", "walking", "fidgeting", "stooping")
FAULTS = [(name, parameter) for name in EXERCISES for parameter, s in MOVES[name].parameters.items() if s.fault]
STANCES = [(name, base, side) for name, move in MOVES.items() for base in move.bases for side in move.sides]
#: Segments that must not stretch: joint to joint, joint to hand and foot, and the head.
RIGID = [bone for bone in BLAZEPOSE33.bones if "shoulder" not in " ".join(bone)] + [
    *((f"{side}_shoulder", f"{side}_elbow") for side in ("left", "right")),
    ("left_hip", "right_hip"),
    ("nose", "left_ear"),
]
#: Parameters that show in the same measure as another one does.
SAME = {"sag", "pike", "worm"}, {"top", "too_high"}, {"trunk_lean", "hips_shoot_up"}


def lengths(joints: Array, bones: list[tuple[str, str]]) -> Array:
    ends = np.array([[BLAZEPOSE33.index(a), BLAZEPOSE33.index(b)] for a, b in bones])
    return np.asarray(np.linalg.norm(joints[:, ends[:, 0]] - joints[:, ends[:, 1]], axis=-1))


def performances(name: str, base: str, side: str) -> list[Performance]:
    other = Body.random(np.random.default_rng(3))
    how = {"base": base, "sides": side, "lead": 1.0 if MOVES[name].reps else 8.0}
    return [perform(name, **how), perform(name, body=other, sway=1.0, **how)]  # type: ignore[arg-type]


def test_the_library_is_the_fifteen_exercises_and_the_idle_ones() -> None:
    assert tuple(name for name, move in MOVES.items() if move.reps) == EXERCISES
    assert tuple(name for name, move in MOVES.items() if not move.reps) == IDLE
    assert all(move.name == name for name, move in MOVES.items())


@pytest.mark.parametrize(("name", "base", "side"), STANCES)
def test_bones_keep_their_length_and_nothing_sinks_into_the_floor(name: str, base: str, side: str) -> None:
    for performance in performances(name, base, side):
        joints = performance.joints(np.arange(0, performance.seconds, 0.05))
        assert np.isfinite(joints).all()
        assert np.ptp(lengths(joints, RIGID), axis=0).max() < 1e-9
        assert joints[..., 1].min() > -0.002


@pytest.mark.parametrize(
    ("name", "base", "side"),
    [stance for stance in STANCES if stance[0] not in ("walking", "jumping_jack") and stance[2] != "alternating"],
)
def test_toes_stay_where_they_are(name: str, base: str, side: str) -> None:
    for performance in performances(name, base, side):
        joints = performance.joints(np.arange(0, performance.seconds, 0.05))
        toes = joints[:, [BLAZEPOSE33.index(f"{side}_foot_index") for side in ("left", "right")]]
        assert np.ptp(toes, axis=0).max() < 1e-9


@pytest.mark.parametrize(
    ("name", "base"), [("push_up", "standing"), ("push_up", "kneeling"), ("plank", "standing")]
)
def test_hands_stay_on_the_floor(name: str, base: str) -> None:
    for performance in performances(name, base, "both"):
        joints = performance.joints(np.arange(0, performance.seconds, 0.05))
        hands = joints[:, [BLAZEPOSE33.index(f"{side}_wrist") for side in ("left", "right")]]
        assert np.ptp(hands, axis=0).max() < 1e-9
        assert hands[..., 1].max() < 0.06


def test_a_stepping_lunge_brings_the_foot_back() -> None:
    lunge = perform("lunge", reps=2, sides="alternating", form={"stepping": 1})
    left, right = ("left_foot_index", "right_foot_index")
    t = np.array([0.0, *(rep.turn for rep in lunge.reps), lunge.seconds])
    z = lunge.figure(t)
    ahead = z.at(left)[:, 2] - z.at(right)[:, 2]
    assert ahead[1] > 0.5
    assert ahead[2] < -0.5
    assert ahead[[0, 3]] == pytest.approx(0, abs=1e-9)


def test_every_fault_has_a_signature() -> None:
    assert {(name, parameter) for name, seen in SIGNATURES.items() for parameter in seen} == set(FAULTS)


@pytest.mark.parametrize(("name", "parameter"), FAULTS)
def test_a_fault_changes_its_own_measure_by_what_it_says_and_shows_no_other(name: str, parameter: str) -> None:
    spec = MOVES[name].parameters[parameter]
    asked = sum(spec.faulty) / 2
    good, bad = Seen(name), Seen(name, {parameter: asked})
    wanted = asked - (MOVES[name].tempo.towards if parameter == "towards" else spec.neutral)
    changes = {other: sign(bad) - sign(good) for other, sign in SIGNATURES[name].items()}
    assert changes[parameter] == pytest.approx(wanted, rel=0.2, abs=1e-3)
    assert good.rep.faults == ()
    assert bad.rep.faults == (spec.fault,)
    together = {parameter}.union(*(group for group in SAME if parameter in group))
    for other in changes.keys() - together:
        neutral = MOVES[name].tempo.towards if other == "towards" else MOVES[name].parameters[other].neutral
        assert not MOVES[name].parameters[other].shows_fault(neutral + changes[other]), other


@pytest.mark.parametrize("name", EXERCISES)
def test_good_form_and_faults_do_not_overlap(name: str) -> None:
    for parameter, spec in MOVES[name].parameters.items():
        assert spec.natural[0] <= spec.neutral <= spec.natural[1], parameter
        assert not any(spec.shows_fault(value) for value in (*spec.natural, spec.neutral)), parameter
        if spec.fault:
            assert all(spec.shows_fault(value) for value in spec.faulty), parameter


@pytest.mark.parametrize("depth", [60.0, 90.0, 120.0, 130.0])
def test_knees_bend_as_far_as_asked_whoever_squats(depth: float) -> None:
    for body in (Body.of(), Body.of(1.5, thigh=1.1), Body.random(np.random.default_rng(1))):
        squat = perform("squat", reps=1, form={"depth": depth}, body=body)
        measured = squat.measures([squat.reps[0].turn])
        for side in ("left", "right"):
            assert measured[f"{side}_knee_flexion"] == pytest.approx(depth, abs=0.01)
        assert measured["trunk_lean"] == pytest.approx(0.28 * depth, abs=0.01)
        assert measured["left_thigh_elevation"] == pytest.approx(90 - 0.75 * depth, abs=5.0)


@pytest.mark.parametrize("stance", [0.19, 0.23, 0.30])
@pytest.mark.parametrize("ratio", [0.9, 1.1])
def test_knees_are_as_far_apart_as_asked_however_the_feet_stand(stance: float, ratio: float) -> None:
    for toe_out in (8.0, 25.0):
        seen = Seen("squat", {"stance": stance, "toe_out": toe_out, "knee_ratio": ratio})
        assert seen["knee_ratio"][seen.turn] == pytest.approx(ratio, abs=0.08)


def test_a_lunge_keeps_its_rear_knee_off_the_floor_and_both_feet_on_it() -> None:
    for depth, knee_forward, step in ((110, 4, 0.18), (45, 35, 0.24), (92, 38, 0.24)):
        seen = Seen("lunge", {"depth": depth, "knee_forward": knee_forward, "step": step})
        assert seen.at("right_knee")[:, 1].min() > 0.03
        for side in ("left", "right"):
            assert np.ptp(seen.at(f"{side}_foot_index"), axis=0).max() < 1e-9
        assert seen["left_knee_flexion"][seen.turn] == pytest.approx(depth, abs=0.1)


def test_a_full_bridge_is_one_line_from_shoulders_to_knees_whoever_does_it() -> None:
    for body in (Body.of(), Body.of(1.5, thigh=1.1)):
        for knees in (55.0, 104.0):
            bridge = perform("glute_bridge", reps=1, form={"knees": knees}, body=body)
            measured = bridge.measures([bridge.reps[0].turn])
            assert measured["left_knee_flexion"] == pytest.approx(knees, abs=1.0)
            assert measured["left_hip_flexion"] == pytest.approx(0.0, abs=3.0)


def test_uneven_feet_do_not_slip_when_the_legs_are_straight() -> None:
    seen = Seen("squat", {"asymmetry": 22.0, "top": 2.0})
    for side in ("left", "right"):
        assert np.ptp(seen.at(f"{side}_ankle"), axis=0).max() < 1e-9


def test_knees_drive_a_press_up_but_do_not_dip_on_the_way_down() -> None:
    seen = Seen("shoulder_press", {"knee_drive": 30.0})
    knee = seen.both("knee_flexion")
    assert knee[: seen.turn].max() == pytest.approx(34, abs=0.5)
    assert knee[seen.turn :].max() == pytest.approx(4, abs=0.1)


def test_valgus_leaves_the_flexion_of_the_knee_alone() -> None:
    knees = [Seen("squat", {"valgus": valgus})["left_knee_flexion"] for valgus in (0.0, 0.05)]
    assert knees[1] == pytest.approx(knees[0], abs=1e-6)


def test_one_arm_curls_while_the_other_hangs() -> None:
    left = perform("biceps_curl", reps=1, sides="left")
    measured = left.measures([left.reps[0].turn])
    assert measured["left_elbow_flexion"] == pytest.approx(138)
    assert measured["right_elbow_flexion"] == pytest.approx(10)
    assert [rep.side for rep in perform("biceps_curl", reps=3, sides="alternating").reps] == [
        "left",
        "right",
        "left",
    ]


def test_walking_feet_touch_the_floor_and_the_body_faces_where_it_goes() -> None:
    walk = perform("walking", lead=8.0, form={"heading": 30})
    t = np.arange(0, 8, 0.02)
    figure = walk.figure(t)
    feet = figure.joints[
        :, [BLAZEPOSE33.index(f"{s}_{e}") for s in ("left", "right") for e in ("heel", "foot_index")]
    ]
    assert feet[..., 1].min(-1) == pytest.approx(0, abs=1e-9)
    hips = (figure.at("left_hip") + figure.at("right_hip")) / 2
    moved = np.gradient(hips, t, axis=0)[:, [0, 2]]
    ahead = figure.segments["pelvis"].axes[:, [0, 2], 2]
    fast = np.linalg.norm(moved, axis=-1) > 0.6
    assert fast.mean() > 0.7
    assert ((moved * ahead).sum(-1)[fast] > 0).mean() > 0.95


def test_an_unknown_movement_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match=r"No simulated movement is called 'sqaut'. Did you mean 'squat'\?"):
        find_move("sqaut")
