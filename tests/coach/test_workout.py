"""Workouts: what is done when, sets and rests, with an announcer that knows and one that finds out late."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from poise.body import Pose, PoseSequence
from poise.coach import Coach, Counts, Rep, Timeline, load_exercise, review
from poise.coach.coach import AUTO
from poise.coach.events import ANY, Event, Hold
from poise.coach.recognise import REST, UNKNOWN, Recognised
from poise.coach.stretch import Judged
from poise.coach.workout import AROUND_S, BRIEF_S, SET_S, Span, Workout, sets_of
from poise.errors import UnknownName
from poise.sim import Camera, Noise, Tempo, film_poses, perform
from poise.sim.moves.others import OTHERS

RATE = 15.0


def filmed(name: str, since: float, reps: int = 3) -> list[Pose]:
    """Somebody doing that from a time on, seen at an angle from which all of it can be counted."""
    poses = film_poses(perform(name, reps=reps), Camera(yaw=60), rate=RATE, noise=Noise(), seed=3)
    shifted = poses.t + since
    return list(PoseSequence(poses.skeleton, shifted, poses.points, poses.score, poses.world, poses.size))


def one_after_another(*names: str) -> tuple[list[Pose], list[Span]]:
    """Movements without a pause, and from when to when each was done."""
    poses: list[Pose] = []
    spans: list[Span] = []
    for name in names:
        since = poses[-1].t + 1 / RATE if poses else 0.0
        poses += filmed(name, since)
        spans.append(Span(name, since, poses[-1].t, 0.9))
    return poses, spans


class Late:
    """An announcer that says what began a while ago."""

    def __init__(self, *said: tuple[float, str, float]) -> None:
        self._said = said

    def update(self, judged: Judged) -> Recognised:
        known = [(name, since) for t, name, since in self._said if t <= judged.pose.t]
        name, since = known[-1] if known else (REST, -math.inf)
        return Recognised(name, 0.9, since)

    def finish(self) -> Recognised:
        _, name, since = self._said[-1]
        return Recognised(name, 0.9, since)


def told(announcer: Late | Timeline, poses: Iterable[Pose]) -> tuple[list[Event], Workout]:
    workout = Workout(announcer)
    coach = Coach(ANY)
    coach.machine = workout
    events: list[Event] = []
    for pose in poses:
        events += coach.update(pose).events
    return [*events, *coach.finish()], workout


def numbers(events: Sequence[Event]) -> list[tuple[int, str]]:
    return [(event.number, event.exercise) for event in events]


def test_each_exercise_is_counted_by_its_own_rules_and_numbered_through() -> None:
    poses, spans = one_after_another("squat", "jumping_jack")
    result = review(Timeline(spans), poses)
    assert numbers(result.reps) == [*((i, "squat") for i in (1, 2, 3)), *((i, "jumping_jack") for i in (4, 5, 6))]
    for reps, name in ((result.reps[:3], "squat"), (result.reps[3:], "jumping_jack")):
        assert {fault.name for rep in reps for fault in rep.faults} == {f.name for f in load_exercise(name).fault}
    assert [(one.exercise, one.counts) for one in result.sets] == [
        *(("squat", Counts(full=3)), ("jumping_jack", Counts(full=3)))
    ]
    assert (result.exercise, result.counts, result.signal) == ("squat", Counts(full=3), "hip_height")


def test_what_began_before_it_was_known_is_made_up_for() -> None:
    poses, (span,) = one_after_another("squat")
    middle = (span.start + span.end) / 2
    events, workout = told(Late((middle, "squat", 0.0)), poses)
    assert numbers(events) == [(1, "squat"), (2, "squat"), (3, "squat")]
    assert [(done.name, done.start, done.counted) for done in workout.spans] == [("squat", 0.0, True)]
    assert workout.spans[0].end == pytest.approx(span.end)
    assert workout.spans[0].probability == pytest.approx(0.9)
    assert told(Late((1.0, "sit_up", 0.0)), poses)[1].spans[0].counted is False


def test_what_is_recognised_only_at_the_end_is_counted_after_all() -> None:
    poses, _ = one_after_another("squat")
    events, _ = told(Late((math.inf, "squat", 0.0)), poses)
    assert numbers(events) == [(1, "squat"), (2, "squat"), (3, "squat")]


def test_a_repetition_under_way_ends_before_the_next_exercise_begins() -> None:
    poses, (squats, lunges) = one_after_another("squat", "lunge")
    last = review("squat", poses[: round(squats.end * RATE)]).reps[-1]
    early = Timeline([Span("squat", 0.0, last.turn, 0.9), Span("lunge", last.turn, lunges.end, 0.9)])
    reps = review(early, poses).reps
    assert [(rep.exercise, rep.kind) for rep in reps[:3]] == [("squat", "full")] * 3
    assert {rep.exercise for rep in reps[3:]} == {"lunge"}
    assert reps[2].end == pytest.approx(last.end, abs=0.2)
    assert min(rep.start for rep in reps[3:]) >= reps[2].end
    spans = told(early, poses)[1].spans
    assert spans[1].start == spans[0].end == pytest.approx(reps[2].end, abs=0.2)


def test_a_change_that_was_taken_back_leaves_the_next_one_its_grace() -> None:
    poses, (squats, _) = one_after_another("squat", "lunge")
    reps = review("squat", poses[: round(squats.end * RATE)]).reps
    taken_back = (reps[1].turn, "lunge", reps[1].turn), (reps[1].turn + 0.3, "squat", 0.0)
    for_good = (reps[2].turn, "lunge", reps[2].turn)
    events, _ = told(Late((0.0, "squat", 0.0), *taken_back, for_good), poses)
    assert [(event.exercise, getattr(event, "kind", "")) for event in events[:3]] == [("squat", "full")] * 3


def test_a_nameless_movement_is_counted_without_rules_and_rest_not_at_all() -> None:
    poses, _ = one_after_another("squat")
    events, _ = told(Late((1.0, UNKNOWN, 0.0)), poses)
    assert numbers(events) == [(1, ANY), (2, ANY), (3, ANY)]
    assert all(event.faults == () for event in events)
    events, workout = told(Late((1.0, REST, 0.0)), poses)
    assert (events, workout.spans, workout.counts) == ([], [], Counts())


def test_feedback_names_what_is_done_and_keeps_the_last_count_while_resting() -> None:
    poses, (span,) = one_after_another("squat")
    coach = Coach(Timeline([Span("squat", 1.0, span.end - 1.0, 0.9)]))
    feedback = [coach.update(pose) for pose in poses]
    assert [feedback[0].exercise, feedback[len(poses) // 2].exercise, feedback[-1].exercise] == [
        REST,
        "squat",
        REST,
    ]
    assert set(feedback[len(poses) // 2].measured) == {"left_knee_flexion", "right_knee_flexion"}
    assert dict(feedback[0].measured) == {}
    assert feedback[-1].counts == coach.counts != Counts()


def test_the_advice_is_for_the_exercise_that_is_being_done() -> None:
    film = film_poses(perform("squat", reps=6), Camera(yaw=90), rate=RATE, noise=Noise(), seed=3)
    half = float(film.t[-1]) / 2
    coach = Coach(Timeline([Span("squat", 0.0, half, 0.9), Span("jumping_jack", half, 2 * half, 0.9)]))
    advice = [(pose.t, {item.name for item in coach.update(pose).advice}) for pose in film]
    assert all("face_camera" not in names for t, names in advice if 2.0 < t < half)
    assert all("face_camera" in names for t, names in advice if t > half + 4.0)


# From what was recognised on the way to what is known in the end.


def settled(
    *spans: tuple[str, float, float], start: float = 0.0, end: float = 100.0
) -> list[tuple[str, float, float]]:
    line = Timeline.settled([Span(name, a, b, 0.9) for name, a, b in spans], start, end)
    return [(span.name, span.start, span.end) for span in line.spans]


def test_a_span_reaches_into_the_rest_around_it_but_not_into_its_neighbour() -> None:
    assert settled(("squat", 50, 60)) == [("squat", 50 - AROUND_S, 60 + AROUND_S)]
    assert settled(("squat", 2, 98)) == [("squat", 0, 100)]
    assert settled(("squat", 20, 30), ("lunge", 34, 50)) == [
        ("squat", 20 - AROUND_S, 32),
        ("lunge", 32, 50 + AROUND_S),
    ]
    assert settled(("squat", 20, 30), ("lunge", 30, 50))[0][2] == 30


def test_brief_spans_give_way_and_what_they_parted_is_one_again() -> None:
    brief = ("lunge", 30, 30 + 0.9 * BRIEF_S)
    assert settled(("squat", 20, 30), brief, ("squat", 34, 50)) == [("squat", 20 - AROUND_S, 50 + AROUND_S)]
    long = ("lunge", 30, 30 + 1.1 * BRIEF_S)
    assert [name for name, *_ in settled(("squat", 20, 30), long, ("squat", 36, 50))] == ["squat", "lunge", "squat"]
    assert [name for name, *_ in settled(("squat", 1, 3), end=3.0)] == ["squat"]
    assert Timeline.settled([Span("squat", 0, 50, 0.9, counted=False)], 0, 50).spans == ()


def test_spans_of_one_name_far_apart_stay_apart_and_their_likelihoods_are_weighted_by_time() -> None:
    far = settled(("squat", 20, 30), ("squat", 30 + 2.1 * AROUND_S, 60))
    assert len(far) == 2
    line = Timeline.settled([Span("squat", 0, 10, 0.6), Span("squat", 12, 42, 1.0)], 0.0, 42.0)
    assert line.probability("squat") == pytest.approx(0.9)
    assert line.probability("lunge") == 0.0


def test_the_main_exercise_is_the_longest_one_that_has_a_name() -> None:
    assert Timeline([Span("squat", 0, 9, 1), Span("lunge", 9, 20, 1), Span("squat", 20, 25, 1)]).main == "squat"
    assert Timeline([Span(UNKNOWN, 0, 50, 1), Span("lunge", 50, 60, 1)]).main == "lunge"
    assert Timeline([Span(UNKNOWN, 0, 50, 1)]).main == UNKNOWN
    assert Timeline([]).main == ""


# Sets.


def rep(number: int, start: float, exercise: str = "squat", kind: str = "full") -> Rep:
    return Rep(number, kind, start, start + 1, start + 2, 90, "deg", 1, 0, 1, 0, 1, exercise=exercise)  # type: ignore[arg-type]


def test_a_long_pause_or_another_exercise_begins_a_new_set() -> None:
    pause = 3.0 + 2 + SET_S + 0.1
    reps = [rep(1, 0), rep(2, 3, kind="partial"), rep(3, pause), rep(4, pause + 3, "lunge")]
    one, two, three = sets_of([*reps, Hold(5, pause + 6, pause + 36, 28.0, exercise="plank")])[:3]
    assert (one.number, one.exercise, one.start, one.end, one.numbers) == (1, "squat", 0, 5, (1, 2))
    assert one.counts == Counts(full=1, partial=1)
    assert math.isnan(one.rest_s)
    assert two.counts == Counts(full=1)
    assert two.rest_s == pytest.approx(pause - 5)
    assert (three.exercise, three.numbers) == ("lunge", (4,))
    assert len(sets_of([rep(1, 0), rep(2, 2 + SET_S - 0.1)])) == 1
    assert sets_of([]) == ()


def test_a_set_lasts_from_what_counted_first_to_what_counted_last() -> None:
    kinds = ["invalid", "full", "invalid", "partial", "invalid"]
    walked, one = sets_of([rep(1, 0), *(rep(i + 2, 30 + 3 * i, "lunge", kind) for i, kind in enumerate(kinds))])
    assert (one.start, one.end, one.rest_s) == (33, 41, 33 - walked.end)
    assert (one.numbers, one.counts) == ((2, 3, 4, 5, 6), Counts(full=1, partial=1, invalid=3))
    (only,) = sets_of([rep(1, 5, kind="invalid")])
    assert (only.start, only.end) == (5, 7)


def test_a_set_of_a_hold_has_seconds() -> None:
    (one,) = sets_of([Hold(1, 0.0, 30.0, 28.0, exercise="plank")])
    assert one.counts == Counts(full=1, held_s=28.0)


# Without being told.


def test_a_name_that_is_no_exercise_is_refused_even_where_it_means_something_inside() -> None:
    for name in (REST, UNKNOWN):
        with pytest.raises(UnknownName):
            Coach(name)


def test_nobody_and_nothing_make_an_empty_workout() -> None:
    result = review(AUTO, [])
    assert (result.exercise, result.confidence, result.counts, result.sets) == (ANY, 0.0, Counts(), ())
    assert "No exercise" in result.notes[0]
    nobody = [Pose.missing(filmed("squat", 0.0)[0].skeleton, float(t)) for t in np.arange(0, 5, 0.1)]
    assert review(AUTO, nobody).counts == Counts()


def test_a_whole_workout_becomes_its_log_without_anybody_saying_what_it_is() -> None:
    poses: list[Pose] = []
    done = (
        ("squat", 6, 0.0),
        ("standing", 0, 14.0),
        ("jumping_jack", 10, 0.0),
        ("walking", 0, 14.0),
        ("biceps_curl", 6, 0.0),
    )
    for name, reps, lead in done:
        performance = perform(name, reps=reps) if reps else perform(name, lead=lead)
        film = film_poses(performance, Camera(yaw=60), rate=RATE, noise=Noise(), seed=3)
        since = poses[-1].t + 1 / RATE if poses else 0.0
        poses += PoseSequence(film.skeleton, film.t + since, film.points, film.score, film.world, film.size)
    result = review(AUTO, poses)
    assert [(one.exercise, one.counts.full) for one in result.sets] == [
        *(("squat", 6), ("jumping_jack", 10), ("biceps_curl", 6))
    ]
    assert [one.rest_s > 8 for one in result.sets[1:]] == [True, True]
    assert result.confidence > 0.5
    coach = Coach(AUTO)
    names = [coach.update(pose).exercise for pose in poses]
    assert list(dict.fromkeys(name for name in names if name not in (REST, ANY))) == [
        "squat",
        "jumping_jack",
        "biceps_curl",
    ]
    assert REST in names


def test_what_is_held_and_what_is_lifted_are_sets_of_a_log_that_nobody_named() -> None:
    poses: list[Pose] = []
    for performance in (
        perform("wall_sit", reps=1, tempo=Tempo(1.5, 15.0, 1.5, 0.0), lead=2.0, tail=2.0),
        perform("walking", lead=10.0),
        perform("glute_bridge", reps=6),
    ):
        film = film_poses(performance, Camera(yaw=60), rate=RATE, noise=Noise(), seed=3)
        since = poses[-1].t + 1 / RATE if poses else 0.0
        poses += PoseSequence(film.skeleton, film.t + since, film.points, film.score, film.world, film.size)
    result = review(AUTO, poses)
    held, lifted = result.sets
    assert (held.exercise, held.counts.full) == ("wall_sit", 1)
    assert held.counts.held_s == pytest.approx(15.0, abs=2.5)
    assert lifted.exercise == "glute_bridge"
    assert lifted.counts.full in (5, 6)  # the film jumps from a walk into the first


@pytest.mark.parametrize("yaw", [0.0, 40.0, 90.0, 200.0])
def test_who_sits_on_a_chair_does_nothing_countable(yaw: float) -> None:
    performance = perform("standing", lead=20.0, base="seated")
    result = review(AUTO, film_poses(performance, Camera(yaw=yaw), rate=RATE, noise=Noise(), seed=4))
    assert (result.counts, result.sets) == (Counts(), ())


@pytest.mark.parametrize("movement", ["walking", "play"])
@pytest.mark.parametrize("mood", [3.0, 11.0])
def test_who_paces_or_plays_ball_does_nothing_countable(movement: str, mood: float) -> None:
    performance = perform(OTHERS.get(movement, movement), reps=0, lead=20.0, form={"mood": mood})
    result = review(AUTO, film_poses(performance, Camera(yaw=40), rate=RATE, noise=Noise(), seed=4))
    assert (result.counts, result.sets) == (Counts(), ())


@pytest.mark.parametrize("mood", [4.0, 9.0])
def test_a_knee_raise_is_not_a_squat(mood: float) -> None:
    """Nobody having said what it is, it is counted without a name: left and right in turn are one."""
    performance = perform(OTHERS["knee_raise"], reps=10, form={"mood": mood})
    result = review(AUTO, film_poses(performance, Camera(yaw=40), rate=RATE, noise=Noise(), seed=4))
    assert {one.exercise for one in result.sets} == {ANY}
    assert result.counts == Counts(full=5)
