"""Counting known exercises and holds, on simulated performances whose every repetition is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from poise.body import Pose, PoseSequence
from poise.coach import Coach, Counts, Review, View, load_exercise, review
from poise.coach.counting import ENTER_S, LEAVE_S, LOOK_HZ, PAUSE_S, SURE_AGAIN, UNSURE, Holds, Progress
from poise.coach.stretch import Judged
from poise.sim import MOVES, Camera, Performance, Tempo, film_poses, perform
from poise.sim import Body as SimBody
from poise.sim.body import Posture
from poise.sim.move import Beat
from poise.sim.moves.others import OTHERS

FRONT, SIDE = Camera(yaw=0), Camera(yaw=90)
RATE = 20.0

#: Towards the turn in one second, back in two, and a rest long enough to see.
TEMPO = Tempo(towards=1.0, turn=0.3, back=2.0, rest=0.6)

LEGS = ("knee", "ankle", "heel", "foot_index")


def film(performance: Performance, camera: Camera = SIDE, rate: float = RATE) -> PoseSequence:
    return film_poses(performance, camera, rate=rate)


def blanked(poses: PoseSequence, at: NDArray[np.bool_], names: Sequence[str] | None = None) -> PoseSequence:
    """The poses with keypoints (all, or those of these names) unseen at some instants."""
    keypoints: list[int] = [
        i for i, name in enumerate(poses.skeleton.keypoints) if names is None or name.split("_", 1)[-1] in names
    ]
    points, score = poses.points.copy(), poses.score.copy()
    hidden = np.ix_(np.flatnonzero(at), np.array(keypoints))
    points[hidden], score[hidden] = np.nan, 0.0
    return replace(poses, points=points, score=score, world=None)


def one_after_the_other(first: PoseSequence, second: PoseSequence) -> PoseSequence:
    later = [replace(pose, t=pose.t + first.t[-1] + 1 / RATE) for pose in second]
    return PoseSequence.of([*first, *later])


def kinds(result: Review) -> list[str]:
    return [rep.kind for rep in result.reps]


# Repetitions.


@pytest.mark.parametrize("exercise", ["biceps_curl", "lunge"])
def test_left_and_right_in_turn_are_a_repetition_each(exercise: str) -> None:
    in_turn = perform(exercise, reps=6, sides="alternating")
    for yaw in (0, 60):
        assert review(exercise, film(in_turn, Camera(yaw=yaw))).counts == Counts(full=6)


def test_each_repetition_is_where_it_was() -> None:
    squat = perform("squat", reps=3, tempo=TEMPO)
    result = review("squat", film(squat))
    assert result.counts == Counts(full=3)
    assert [rep.number for rep in result.reps] == [1, 2, 3]
    for rep, true in zip(result.reps, squat.reps, strict=True):
        assert rep.turn == pytest.approx(true.turn, abs=0.15)
        # A smooth movement's first and last moments are still rest, so it measures shorter, never longer.
        assert true.start < rep.start < true.start + 0.4
        assert true.end - 0.8 < rep.end < true.end
        assert rep.rom == pytest.approx(114, abs=5)
        assert rep.unit == "deg"
        assert rep.reasons == ()
        assert rep.confidence > 0.6


def test_half_a_squat_is_partial_and_is_not_held_to_the_form_of_a_whole_one() -> None:
    squat = perform("squat", reps=3, tempo=TEMPO, form={"depth": [120, 60, 120]})
    result = review("squat", film(squat))
    assert kinds(result) == ["full", "partial", "full"]
    assert result.counts == Counts(full=2, partial=1)
    whole, half, _ = result.reps
    assert half.reasons[0].startswith("the movement was only")
    assert [(fault.name, fault.state) for fault in half.faults] == [("shallow", "fault")]
    assert [fault.name for fault in whole.faults] == [rule.name for rule in load_exercise("squat").fault]


@pytest.mark.parametrize(("seconds", "told"), [(1.2, []), (1.8, ["shallow"])])
def test_what_falls_short_in_less_time_than_two_repetitions_take_is_not_told_why(
    seconds: float, told: list[str]
) -> None:
    low = perform("squat", reps=2, tempo=Tempo(seconds / 2, 0.0, seconds / 2, 1.0), form={"depth": 60})
    for rep in review("squat", film(low, rate=60)).reps:
        assert rep.kind == "partial"
        assert [fault.name for fault in rep.faults] == told


def test_what_is_over_in_a_moment_is_invalid() -> None:
    hectic = perform("squat", reps=2, tempo=Tempo(0.2, 0.0, 0.2, 1.0))
    result = review("squat", film(hectic, rate=60))
    assert result.counts == Counts(invalid=2)
    assert [rep.reasons for rep in result.reps] == [("it took only 0.4 s",)] * 2


def test_what_breaks_a_condition_of_the_exercise_is_invalid() -> None:
    result = review("squat", film(perform("push_up", reps=2)))
    assert result.counts == Counts(invalid=2)
    assert "your trunk was not upright" in result.reps[0].reasons


def on_one_leg(body: SimBody, beat: Beat) -> Posture:
    """A squat with the right foot held ahead, off the floor."""
    squat = MOVES["squat"].pose(body, beat)
    ahead = np.zeros((len(beat.t), 2, 3))
    ahead[:, 1] = body.stature * np.array((0.0, 0.1, 0.25))
    return replace(squat, feet=np.asarray(squat.feet) + ahead)


@pytest.mark.parametrize("yaw", [0, 60, 150])
def test_marching_on_the_spot_is_no_squat(yaw: float) -> None:
    marching = perform(OTHERS["knee_raise"], reps=8, form={"mood": 4.0})
    result = review("squat", film(marching, Camera(yaw=yaw)))
    assert (result.counts.full, result.counts.partial) == (0, 0)
    assert {reason for rep in result.reps for reason in rep.reasons} >= {"your hips hardly came down"}


@pytest.mark.parametrize("yaw", [0, 60, 150])
def test_a_squat_on_one_leg_is_a_squat(yaw: float) -> None:
    squats = perform(replace(MOVES["squat"], pose=on_one_leg), reps=3)
    assert review("squat", film(squats, Camera(yaw=yaw))).counts == Counts(full=3)


def test_feet_that_are_mostly_out_of_sight_say_nothing_of_how_far_the_hips_come_down() -> None:
    poses = film(perform("squat", reps=3, tempo=TEMPO))
    hips = poses.at("mid_hip")[:, 1]
    lowered = hips > hips.min() + 0.05 * np.ptp(hips)
    assert 0.5 < lowered.mean() < 0.95
    feet = [i for i, name in enumerate(poses.skeleton.keypoints) if name.split("_", 1)[-1] in LEGS[1:]]
    score = poses.score.copy()
    score[:, feet] = np.where(lowered, 0.02, 0.2)[:, None]
    assert review("squat", replace(poses, score=score)).counts == Counts(full=3)


@pytest.mark.parametrize(("speed", "kind"), [(10.0, "full"), (60.0, "invalid")])
def test_who_moves_from_the_place_does_not_squat(speed: float, kind: str) -> None:
    poses = film(perform("squat", reps=2, tempo=TEMPO))
    drifting = replace(
        poses, points=poses.points + ((poses.t - poses.t.mean()) * speed)[:, None, None] * (1.0, 0.0)
    )
    result = review("squat", drifting)
    assert kinds(result) == [kind] * 2
    assert all(rep.reasons == (("you moved from your place",) if kind == "invalid" else ()) for rep in result.reps)


def test_what_was_mostly_out_of_sight_is_invalid() -> None:
    poses = film(perform("push_up", reps=1, tempo=replace(TEMPO, turn=1.0)))
    unseen = ((poses.t > 1.3) & (poses.t < 2.1)) | ((poses.t > 2.9) & (poses.t < 4.9))
    result = review("push_up", blanked(poses, unseen))
    assert kinds(result) == ["invalid"]
    assert result.reps[0].reasons == ("you were out of sight for most of it",)


def test_the_end_of_a_recording_completes_what_had_turned() -> None:
    poses = film(perform("squat", reps=2, tempo=TEMPO))
    result = review("squat", poses[: int(7.1 * RATE)])
    assert kinds(result) == ["full", "partial"]
    assert result.reps[1].reasons[0].startswith("you came back only")
    assert kinds(review("squat", poses[: int(6.0 * RATE)])) == ["full"]


# Which way is lifting, and where the movement begins.


@pytest.mark.parametrize(
    ("exercise", "lowers_first"),
    [
        ("squat", True),
        ("push_up", True),
        ("biceps_curl", False),
        ("shoulder_press", False),
        ("deadlift", True),  # begins at the turn of its signal: standing
    ],
)
def test_lowering_and_lifting_are_not_mixed_up(exercise: str, lowers_first: bool) -> None:
    result = review(exercise, film(perform(exercise, reps=3, tempo=TEMPO)))
    assert result.counts == Counts(full=3)
    for rep in result.reps:
        quick, slow = (rep.eccentric_s, rep.concentric_s) if lowers_first else (rep.concentric_s, rep.eccentric_s)
        assert 0.5 < quick < 1.0
        assert 1.0 < slow < 2.0
        assert quick < 0.75 * slow
        assert rep.eccentric_s + rep.pause_s + rep.concentric_s == pytest.approx(rep.end - rep.start)


def test_a_deadlift_counts_from_standing_and_from_the_floor() -> None:
    lift = perform("deadlift", reps=4, tempo=TEMPO)
    poses = film(lift)
    standing = review("deadlift", poses)
    assert standing.counts == Counts(full=4)
    assert [rep.turn for rep in standing.reps] == pytest.approx([true.turn for true in lift.reps], abs=0.15)

    floor = review("deadlift", poses[int(lift.reps[0].turn * RATE) :])  # there are three ways up and down again
    assert floor.counts == Counts(full=3)
    for rep, before in zip(floor.reps, lift.reps, strict=False):
        assert before.end - 0.8 < rep.turn < before.end + TEMPO.rest + 0.4
        assert rep.eccentric_s < 0.75 * rep.concentric_s


def test_an_exercise_with_one_home_counts_no_cycle_from_the_turn() -> None:
    squat = perform("squat", reps=3, tempo=TEMPO)
    result = review("squat", film(squat)[int(squat.reps[0].turn * RATE) :])
    assert [rep.turn for rep in result.reps] == pytest.approx([true.turn for true in squat.reps[1:]], abs=0.15)


# Asymmetry.


def test_asymmetry_is_left_minus_right_at_the_turn() -> None:
    curl = perform("biceps_curl", reps=2, tempo=TEMPO, form={"asymmetry": 30})
    at_turn = curl.measures([rep.turn for rep in curl.reps])
    truth = at_turn["left_elbow_flexion"] - at_turn["right_elbow_flexion"]
    assert (truth > 15).all()
    result = review("biceps_curl", film(curl, FRONT))
    assert [rep.asymmetry for rep in result.reps] == pytest.approx(truth.tolist(), abs=6)


def test_asymmetry_is_unknown_where_one_side_is_hidden() -> None:
    result = review("biceps_curl", film(perform("biceps_curl", reps=2, tempo=TEMPO)))
    assert result.counts.full == 2
    assert all(math.isnan(rep.asymmetry) for rep in result.reps)


# The stand-in.


def judged(poses: PoseSequence) -> list[Judged]:
    scale = float(np.median(np.hypot(*(poses.at("mid_shoulder") - poses.at("mid_hip"))[:10].T)))
    return [Judged(pose, scale, View("side", 90.0, 9.0, 1)) for pose in poses]


def test_the_shoulders_count_where_the_legs_are_out_of_the_picture() -> None:
    poses = film(perform("squat", reps=3, tempo=TEMPO))
    waist_up = blanked(poses, poses.t >= 0, LEGS)
    progress = Progress(load_exercise("squat"))
    shares = np.array([progress.update(item) for item in judged(waist_up)])
    assert shares[:10] == pytest.approx([0.0] * 10, abs=0.05)
    assert shares[int(2.2 * RATE)] > 0.8
    assert len(review("squat", waist_up).reps) == 3


def test_the_stand_in_goes_on_where_the_signal_was() -> None:
    squat = perform("squat", reps=3, tempo=replace(TEMPO, rest=3.0))
    poses = film(squat)
    gone_from, back_from = squat.reps[0].end + 0.2, squat.reps[1].end + 0.2
    hidden = (poses.t >= gone_from) & (poses.t < back_from)
    progress, whole = Progress(load_exercise("squat")), Progress(load_exercise("squat"))
    shares = np.array([progress.update(item) for item in judged(blanked(poses, hidden, LEGS))])
    full_view = np.array([whole.update(item) for item in judged(poses)])

    seen = np.isfinite(shares)
    assert seen[~hidden].all()
    assert seen[poses.t >= gone_from + 2.5].all()  # the shoulders take over once the legs have been gone a while
    resting = full_view < full_view.min() + 0.02
    assert np.abs(np.diff(shares[seen & resting])).max() < 0.03
    at_rest = (poses.t > gone_from + 2.5) & (poses.t < squat.reps[1].start)
    assert shares[at_rest] == pytest.approx(full_view[at_rest], abs=0.02)
    assert shares[hidden & seen].max() > 0.8
    assert shares[-20:] == pytest.approx(full_view[-20:])  # and the legs again, once they are back
    assert len(review("squat", blanked(poses, hidden, LEGS)).reps) == 3


def test_the_stand_in_speaks_until_the_legs_are_seen_surely() -> None:
    poses = film(perform("squat", reps=1, tempo=TEMPO, lead=6.0))[: int(6.0 * RATE)]
    legs = [i for i, name in enumerate(poses.skeleton.keypoints) if "ankle" in name]
    dim = poses.t > 3.0
    points, score = poses.points.copy(), poses.score.copy()
    for leg in legs:
        points[dim, leg, 1] += 200.0  # where no ankle is
        score[dim, leg] = 0.5 * (UNSURE + SURE_AGAIN)
    poses = blanked(replace(poses, points=points, score=score), ~dim, LEGS)
    progress = Progress(load_exercise("squat"))
    shares = np.array([progress.update(item) for item in judged(poses)])
    assert shares[poses.t > 4.0] == pytest.approx(0.0, abs=0.05)


def test_an_exercise_without_a_stand_in_waits() -> None:
    poses = film(perform("push_up", reps=1))
    progress = Progress(load_exercise("push_up"))
    shares = [progress.update(item) for item in judged(blanked(poses, poses.t >= 0, ("wrist",)))]
    assert all(math.isnan(share) for share in shares)


def test_a_progress_of_nobody_is_unknown() -> None:
    poses = film(perform("squat", reps=1))
    progress = Progress(load_exercise("squat"))
    for item in judged(poses)[:5]:
        progress.update(item)
    nobody = Pose.missing(poses.skeleton, 1.0)
    assert math.isnan(progress.update(Judged(nobody, 100.0, View("side", 90.0, 9.0, 1))))


# Holds.


def test_who_moves_about_with_bent_knees_holds_no_wall_sit() -> None:
    held = film(perform("wall_sit", reps=1, tempo=Tempo(0.1, 6.0, 0.1, 0.0), lead=0.0, tail=0.0))
    pixels = 0.25 * np.linalg.norm(held.at("mid_shoulder") - held.at("mid_hip"), axis=-1).mean()  # a second
    along = np.where(held.t < 3.0, 0.0, (held.t - 3.0) * pixels)[:, None, None] * np.array([1.0, 0.0])
    moving = replace(held, points=held.points + along)
    assert [hold.end for hold in review("wall_sit", held).holds] == pytest.approx([held.t[-1]], abs=0.5)
    assert [hold.end for hold in review("wall_sit", moving).holds] == pytest.approx([3.9], abs=0.5)


def plank(seconds: float, **form: float) -> PoseSequence:
    """Somebody in a plank from the first instant to the last."""
    held = perform("plank", reps=1, tempo=Tempo(0.1, seconds + 2.0, 0.1, 0.0), form=form, lead=0.0, tail=0.0)
    poses = film(held)
    part = poses[int(1.0 * RATE) : int((1.0 + seconds) * RATE)]
    return replace(part, t=part.t - part.t[0])


STANDING = film(perform("standing", lead=3.0, tail=0.0))


def test_a_hold_is_timed_from_its_first_instant_to_its_last() -> None:
    result = review("plank", one_after_the_other(one_after_the_other(STANDING, plank(6)), STANDING))
    (hold,) = result.holds
    assert result.counts.full == 1
    assert hold.held_s == result.counts.held_s == pytest.approx(6.0, abs=0.4)
    assert hold.start == pytest.approx(3.0, abs=0.4)
    assert hold.end == pytest.approx(9.0, abs=0.4)
    assert {fault.state for fault in hold.faults} == {"ok"}
    assert [fault.name for fault in hold.faults] == [rule.name for rule in load_exercise("plank").fault]


def test_the_timer_runs_while_it_is_held() -> None:
    coach = Coach("plank")
    phases, held = [], []
    for pose in plank(6):
        feedback = coach.update(pose)
        phases.append((feedback.t, feedback.phase))
        held.append(feedback.counts.held_s)
    assert all(phase == "hold" for t, phase in phases if t > ENTER_S + 0.5)
    assert not any(phase == "hold" for t, phase in phases if t < ENTER_S)
    assert held == sorted(held)
    assert held[-1] == pytest.approx(6.0, abs=0.5)
    (hold,) = coach.finish()
    assert hold.end == pytest.approx(6.0, abs=0.3)


@pytest.mark.parametrize(("seconds", "count"), [(0.6 * LEAVE_S, 1), (2.2 * LEAVE_S, 2)])
def test_who_leaves_for_long_starts_another_hold(seconds: float, count: int) -> None:
    away = film(perform("standing", lead=seconds, tail=0.0))
    result = review("plank", one_after_the_other(one_after_the_other(plank(4), away), plank(3)))
    assert [hold.number for hold in result.holds] == list(range(1, count + 1))
    assert result.counts.held_s == pytest.approx(7.0, abs=0.8)
    assert result.counts.held_s == pytest.approx(sum(hold.held_s for hold in result.holds))


def test_who_goes_out_of_sight_has_left() -> None:
    poses = plank(8)
    result = review("plank", blanked(poses, (poses.t > 3) & (poses.t < 5)))
    assert [hold.end for hold in result.holds] == pytest.approx([3.0, 8.0], abs=0.4)


def test_passing_through_is_no_hold() -> None:
    brief = one_after_the_other(one_after_the_other(STANDING, plank(0.6 * ENTER_S)), STANDING)
    assert review("plank", brief).holds == ()
    assert review("plank", STANDING).counts == Counts()


def test_the_timer_pauses_in_a_fault_that_lasts() -> None:
    straight = review("plank", plank(6))
    assert straight.counts.held_s == pytest.approx(6.0, abs=0.4)
    poses = one_after_the_other(one_after_the_other(plank(4), plank(5, sag=0.16)), plank(3))
    (hold,) = review("plank", poses).holds
    assert hold.end == pytest.approx(12.0, abs=0.4)
    assert hold.held_s == pytest.approx(4 + PAUSE_S + 3, abs=0.8)
    # Who sags from the first is held to the neutral of most people.
    assert review("plank", plank(9, sag=0.16)).counts.held_s == pytest.approx(PAUSE_S, abs=0.8)


def test_a_hold_is_looked_at_a_few_times_a_second() -> None:
    machine = Holds(load_exercise("plank"))
    for item in judged(plank(3)):
        machine.update(item)
    assert machine.counts.held_s == pytest.approx(3.0, abs=0.4)
    assert len(machine._poses) <= 3 * LOOK_HZ + 1


def test_a_step_just_before_a_repetition_is_no_part_of_it() -> None:
    performance = perform("squat", reps=3, tempo=TEMPO)
    poses = film(performance)
    first = review("squat", poses).reps[0]
    assert first.kind == "full"
    torso = float(np.linalg.norm(poses.at("mid_shoulder")[0] - poses.at("mid_hip")[0]))
    points = poses.points.copy()
    points[poses.t < first.start - 0.05, :, 0] -= 0.8 * torso
    reps = review("squat", replace(poses, points=points)).reps
    assert [(rep.kind, rep.reasons) for rep in reps] == [("full", ())] * 3
    during = poses.points.copy()
    during[poses.t < first.turn, :, 0] -= 0.8 * torso
    walked = review("squat", replace(poses, points=during)).reps[0]
    assert (walked.kind, walked.reasons) == ("invalid", ("you moved from your place",))
