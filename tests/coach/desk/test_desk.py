from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poise.body import Pose
from poise.coach.desk import (
    SIGNATURES,
    BreakDue,
    BreakTaken,
    Desk,
    DeskFeedback,
    DeskSettings,
    Nudge,
    Praise,
    Recalibrate,
)
from poise.errors import InputError, UnknownName
from poise.sim.desk import WAYS, DeskScene, Spell, desk_camera
from tests.coach.desk.sitters import BODY, NOISE, baseline, learnt, nobody, sitting, watched


def events(feedbacks: list[DeskFeedback], kind: type) -> list[object]:
    return [event for feedback in feedbacks for event in feedback.events if isinstance(event, kind)]


def nudges(feedbacks: list[DeskFeedback]) -> list[Nudge]:
    return [event for feedback in feedbacks for event in feedback.events if isinstance(event, Nudge)]


FAULTS = [(name, way.faulty[0]) for name, way in WAYS.items()]


@pytest.mark.parametrize(("name", "size"), FAULTS, ids=[name for name, _ in FAULTS])
def test_each_signature_is_found_at_its_size_and_named_first(name: str, size: float) -> None:
    seconds = 320 if name in ("head_turn", "look_down") else 60
    said = nudges(watched(sitting(seconds, Spell(name, 10, 1e4, {name: size}))))
    assert [nudge.signature for nudge in said] == [name]
    assert f"{said[0].value:.0f}" in said[0].text


@pytest.mark.parametrize(("name", "form"), [("forward_head", {"forward_head": 6}), ("slump", {"slump": 6})])
def test_a_side_camera_finds_what_it_can(name: str, form: dict[str, float]) -> None:
    desk = Desk(baseline(side=True))
    said = nudges(watched(sitting(60, Spell(name, 10, 1e4, form), side=True), desk=desk))
    assert [nudge.signature for nudge in said] == [name]


@pytest.mark.parametrize(
    ("name", "form", "words"),
    [
        ("head_tilt", {"head_tilt": -14}, "to the left"),
        ("head_tilt", {"head_tilt": 14}, "to the right"),
        ("shoulder_tilt", {"shoulder_tilt": -10}, "leaning left"),
        ("head_turn", {"head_turn": 32}, "to the left"),
        ("head_turn", {"head_turn": -32}, "to the right"),
        ("near", {"near": 28}, "cm nearer than when you sat well"),
    ],
)
def test_what_is_said_names_the_side_and_the_size(name: str, form: dict[str, float], words: str) -> None:
    said = nudges(watched(sitting(320 if name == "head_turn" else 60, Spell(name, 10, 1e4, form))))
    assert words in said[0].text


def test_a_fault_must_last_and_its_end_must_too() -> None:
    short = watched(sitting(60, Spell("dip", 10, 27, {"slump": 7})))
    assert not nudges(short)
    long = watched(sitting(90, Spell("dip", 10, 45, {"slump": 7})))
    bad = [f.t for f in long if "slump" in f.bad]
    assert 30 <= bad[0] <= 36  # 20 s bad, after 3 s of steadying
    assert 53 <= bad[-1] <= 60  # 10 s good again


def test_no_second_nudge_within_ten_minutes_and_then_more_firmly() -> None:
    said = watched(sitting(2500, Spell("slump", 10, 1e4, {"slump": 6})))
    given_ = nudges(said)
    assert [n.level for n in given_] == [1, 2, 3]
    assert np.diff([n.t for n in given_]).min() >= 600
    doubts = [e for e in events(said, Recalibrate) if isinstance(e, Recalibrate)]
    assert len(doubts) == 1
    assert "calibrate again" in doubts[0].text
    assert said[-1].counts.nudges == {"slump": 3}


def test_a_heeded_nudge_is_praised_and_the_next_is_gentle_again() -> None:
    said = watched(
        sitting(900, Spell("a", 10, 60, {"slump": 6}), Spell("b", 700, 800, {"slump": 6})),
    )
    assert [n.level for n in nudges(said)] == [1, 1]
    praises = [e for e in events(said, Praise) if isinstance(e, Praise)]
    assert praises[0].why == "heeded"


def test_streaks_are_praised() -> None:
    said = watched(sitting(130), DeskSettings(streak_s=60))
    assert [e.why for e in events(said, Praise) if isinstance(e, Praise)] == ["streak", "streak"]
    assert not events(watched(sitting(130), DeskSettings(streak_s=60, praise=False)), Praise)


def test_who_is_so_near_that_the_shoulders_leave_the_picture_is_near() -> None:
    poses = sitting(60, Spell("near", 10, 1e4, {"near": 28}))
    shoulders = [i for i, name in enumerate(poses[0].skeleton.keypoints) if name.endswith("shoulder")]
    for pose in poses[20:]:
        pose.score[shoulders] = 0.1
    said = watched(poses)
    assert [n.signature for n in nudges(said)] == ["near"]
    assert {s.state for s in said[-1].signs if s.name in ("slump", "shoulder_tilt")} == {"not_observable"}


@pytest.mark.parametrize(
    ("form", "presence"),
    [({"hand": 1.0}, "hand"), ({"head_turn": 40.0}, "turned"), ({"stand": 1.0}, "standing")],
)
def test_known_states_are_no_slouches(form: dict[str, float], presence: str) -> None:
    said = watched(sitting(120, Spell("x", 10, 1e4, {**form, "slump": 3})))
    assert said[-1].presence == presence
    assert not nudges(said)
    assert all(s.reason for s in said[-1].signs if s.state == "not_observable")


def test_away_is_away_and_whoever_sits_down_must_look_alike_first() -> None:
    desk = Desk(baseline())
    before = watched(sitting(20), desk=desk)
    away = watched(nobody(20, 30), desk=desk)
    back = watched(sitting(20, start=50), desk=desk)
    assert before[-1].presence == "sitting"
    assert [f.presence for f in away][-1] == "away"
    assert all(math.isnan(s.value) for s in away[-1].signs)
    assert [f.presence for f in back][:5] == ["other"] * 5
    assert {f.presence for f in back if f.t > 54} == {"sitting"}
    again = Desk(baseline())
    watched([*sitting(20), *nobody(20, 30)], desk=again)
    other = watched(sitting(100, head_tilt=15, near=-20, start=50), desk=again)
    assert {f.presence for f in other} == {"other"}
    assert not nudges(other)


def test_a_camera_that_was_moved_asks_to_calibrate_once_and_nudges_no_more() -> None:
    well = sitting(400)
    moved = [replace(p, points=p.points - (0.0, 45.0)) if p.t > 20 else p for p in well]
    said = watched(moved)
    assert said[-1].presence == "moved"
    assert len(events(said, Recalibrate)) == 1
    assert not nudges(said)


def test_the_owner_may_say_that_the_camera_moved_and_back() -> None:
    desk = Desk(baseline())
    desk.moved = True
    told = watched(sitting(5), desk=desk)
    assert {f.presence for f in told} == {"moved"}
    desk.moved = False
    assert watched(sitting(10, start=5), desk=desk)[-1].presence == "sitting"


def test_snooze_and_silence_hold_alerts_back_and_count_none() -> None:
    desk = Desk(baseline(), DeskSettings(break_s=60))
    desk.snooze(100)
    early = watched(sitting(90, Spell("s", 10, 1e4, {"slump": 6})), desk=desk)
    assert not [e for f in early for e in f.events]
    assert early[-1].silent
    assert early[-1].counts.nudges == {}
    late = watched(sitting(60, slump=6, start=90), desk=desk)
    assert nudges(late)
    desk.silent = True
    assert watched(sitting(3, start=160), desk=desk)[-1].silent


def test_a_break_is_offered_and_being_away_takes_it() -> None:
    desk = Desk(baseline(), DeskSettings(break_s=60, pause_s=30, exercises=("squat", "lunge")))
    said = watched([*sitting(130), *nobody(130, 60), *sitting(80, start=190)], desk=desk)
    due = [e for e in events(said, BreakDue) if isinstance(e, BreakDue)]
    assert [e.exercise for e in due] == ["squat", "lunge", "squat"]
    assert [round(e.sat_s, -1) for e in due] == [60, 120, 60]
    assert len(events(said, BreakTaken)) == 1
    desk.exercised("squat", 12)
    (told,) = watched(sitting(0.5, start=300), desk=desk)
    assert [(e.exercise, e.reps) for e in told.events if isinstance(e, BreakTaken)] == [("squat", 12)]
    assert told.sat_s < 5


def test_a_slow_slouch_does_not_become_the_baseline() -> None:
    creeping = [Spell("creep", 10, 1e5, {"slump": 6}, ramp=3000)]
    assert nudges(watched(sitting(3600, *creeping)))


def test_the_shown_slouch_is_watched_for() -> None:
    base = replace(baseline(), slouch={"drop": 5.0, "forward_head": 1.0, "nearer": 1.0, "hike": 0.0})
    desk = Desk(base, DeskSettings(leave_out=frozenset({"slump", "forward_head"})))
    said = nudges(watched(sitting(60, Spell("s", 10, 1e4, {"slump": 5})), desk=desk))
    assert [n.signature for n in said] == ["slouch"]


def test_what_is_left_out_is_never_mentioned() -> None:
    said = watched(sitting(60, slump=6), DeskSettings(leave_out=frozenset({"slump"})))
    assert "slump" not in {s.name for s in said[-1].signs}
    assert not nudges(said)


def test_poses_that_follow_closely_are_one_look() -> None:
    desk = Desk(baseline())
    poses = sitting(60, Spell("s", 10, 1e4, {"slump": 6}))
    many = [replace(p, t=p.t + step) for p in poses for step in (0.0, 0.02, 0.04)]
    assert nudges([desk.update(p) for p in many]) == nudges(watched(poses))


@pytest.mark.parametrize("wrong", [{"every_s": 0}, {"break_s": -1}, {"pause_s": 0}, {"streak_s": 0}])
def test_impossible_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        DeskSettings(**wrong)  # type: ignore[arg-type]


def test_unknown_exercises_and_signatures_are_refused() -> None:
    with pytest.raises(UnknownName, match="sqaut"):
        DeskSettings(exercises=("sqaut",))
    with pytest.raises(UnknownName, match="slumpy"):
        DeskSettings(leave_out=frozenset({"slumpy"}))


def test_every_signature_says_what_can_be_seen_and_where_its_limit_comes_from() -> None:
    for signatures in SIGNATURES.values():
        for signature in signatures:
            assert len(signature.sees) > 4
            assert signature.source
            words = signature.says.lower()
            assert not any(word in words for word in ("pain", "injur", "disease", "damage", "health"))


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_there_is_no_storm_of_alerts_whatever_happens(seed: int) -> None:
    """Half an hour of anything at once: alerts stay as rare as promised, and are what is counted."""
    rng = np.random.default_rng(seed)
    spells = []
    for _ in range(40):
        start = float(rng.uniform(0, 1700))
        names = rng.choice([*WAYS, "hand", "stand", "twist"], 2, replace=False)
        form = {
            str(n): float(rng.uniform(-1, 1) * (2 * WAYS[n].faulty[0] if n in WAYS else 1)) for n in map(str, names)
        }
        who = "nobody" if rng.random() < 0.1 else "visitor" if rng.random() < 0.1 else "self"
        spells.append(Spell("any", start, start + float(rng.exponential(120)), form, who=who))  # type: ignore[arg-type]
    scene = DeskScene(BODY, 1800, tuple(spells), 0.5, seed % 1000)
    desk = Desk(baseline())
    said = [desk.update(pose) for part in scene.film(desk_camera(BODY), noise=NOISE) for pose in part]
    by_kind = Counter(type(event) for feedback in said for event in feedback.events)
    times = [f.t for f in said for e in f.events if isinstance(e, Nudge | Recalibrate)]
    assert by_kind[Nudge] <= 4
    assert by_kind[BreakDue] <= 1
    assert by_kind[Praise] <= 4
    assert by_kind[Nudge] + by_kind[Recalibrate] <= 6
    assert min(np.diff([t for t in times if t]), default=1.0) > 0
    counts = said[-1].counts
    assert sum(counts.nudges.values()) == by_kind[Nudge]
    assert (counts.praises, counts.breaks_due, counts.breaks_taken) == (
        by_kind[Praise],
        by_kind[BreakDue],
        by_kind[BreakTaken],
    )


def test_an_hour_of_ordinary_movement_brings_no_nudge() -> None:
    rng = np.random.default_rng(5)
    scene = DeskScene.day(3600, rng, body=BODY)
    base = learnt([p for part in DeskScene.sitting(30, BODY).film(desk_camera(BODY), noise=NOISE) for p in part])
    desk = Desk(base)
    said = [desk.update(pose) for part in scene.film(desk_camera(BODY), noise=NOISE) for pose in part]
    assert not nudges(said)


def test_nothing_is_remembered_for_longer_than_its_window() -> None:
    """Memory stays flat: after a day, as little is held as after minutes."""
    import pickle

    desk = Desk(baseline())
    poses: list[Pose] = sitting(600)
    for pose in poses:
        desk.update(pose)
    early = len(pickle.dumps(desk))
    for hour in range(1, 5):
        for pose in poses:
            desk.update(replace(pose, t=pose.t + 600 * hour))
    assert len(pickle.dumps(desk)) < 1.1 * early


def test_after_a_gap_without_looks_somebody_must_be_known_again() -> None:
    said = watched([*sitting(20), *sitting(10, start=500)])
    assert next(f.presence for f in said if f.t >= 500) == "other"
    assert said[-1].presence == "sitting"


def test_what_a_bent_or_turned_face_hides_is_not_judged() -> None:
    for form in ({"look_down": 20.0}, {"head_turn": 20.0}):
        last = watched(sitting(40, Spell("x", 10, 1e4, {**form, "slump": 6})))[-1]
        slump = next(sign for sign in last.signs if sign.name == "slump")
        assert slump.state == "not_observable"
        assert "face" in slump.reason


def test_a_streak_ends_when_something_is_bad() -> None:
    said = watched(sitting(120, Spell("dip", 60, 95, {"slump": 6})))
    assert max(f.streak_s for f in said) > 70
    assert 5 < said[-1].streak_s < 25
