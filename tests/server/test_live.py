from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from poise.body import BLAZEPOSE33, PoseSequence
from poise.classify import open_classifier
from poise.coach import review
from poise.coach.correct import Correction
from poise.server import live
from poise.server.limits import Limits
from poise.sim import Camera, film_poses, perform
from tests.desk.classifiers import sinking
from tests.server.bodies import message
from tests.server.conftest import Running, Serve, Talk

NOBODY = {"type": "pose", "keypoints": None}


@pytest.fixture(scope="module")
def squats() -> PoseSequence:
    """Three squats from the side, the second of them shallow; 15 poses a second."""
    performance = perform("squat", reps=3, form={"depth": [120, 70, 120]})
    return film_poses(performance, Camera(yaw=90), rate=15)


def _coached(talk: Talk, poses: PoseSequence, first: int = 0, last: int | None = None) -> list[dict[str, Any]]:
    return [talk.ask(**message(poses, i)) for i in range(first, len(poses) if last is None else last)]


def test_squats_are_counted_and_judged_as_they_are_in_a_recording(server: Running, squats: PoseSequence) -> None:
    with server.socket() as talk:
        assert squats.size
        ready = talk.start("squat", profile="me", width=squats.size[0], height=squats.size[1])
        assert ready["type"] == "ready"
        assert (ready["exercise"], ready["title"], ready["kind"], ready["resumed"]) == (
            "squat",
            "Squat",
            "reps",
            False,
        )
        assert ready["skeleton"]["keypoints"] == list(BLAZEPOSE33.keypoints)
        told = _coached(talk, squats)
        summary = talk.ask(type="stop")
    assert {one["type"] for one in told} == {"feedback"}
    assert [one["t"] for one in told] == pytest.approx(squats.t.tolist(), abs=1e-4)
    known = review("squat", squats)
    assert (known.counts.full, known.counts.partial) in ((2, 1), (3, 0))
    counts = {"full": known.counts.full, "partial": known.counts.partial, "invalid": 0, "held_s": 0.0}
    assert summary["sets"][0]["counts"] == counts
    events = [event for one in told for event in one["events"]]
    assert [event["kind"] for event in (*events, *summary["reps"][len(events) :])] == [
        rep.kind for rep in known.reps
    ]
    assert events[0]["tempo"] == known.reps[0].tempo
    assert [fault["state"] for fault in events[0]["faults"]] == [fault.state for fault in known.reps[0].faults]
    assert summary["reps"][0]["start"] == pytest.approx(known.reps[0].start, abs=0.05)
    assert {one["view"]["name"] for one in told[30:]} == {"side"}
    assert any(one["measured"] for one in told)


def test_a_classifier_of_ones_own_is_asked_beside_the_coach(
    serve: Serve, squats: PoseSequence, tmp_path: Path
) -> None:
    shoulders = squats.at("left_shoulder")[:, 1]
    limit = float(shoulders.min() + shoulders.max()) / 2
    classifier = open_classifier(sinking(tmp_path / "c.onnx", limit, ("up", "down")))
    with serve(classifier=classifier).socket() as talk:
        assert talk.start()["classifier"] == "Sinking"
        told = _coached(talk, squats)
    said = [(one["t"], one["classified"]) for one in told if one["classified"]]
    assert np.diff([t for t, _ in said]) == pytest.approx(0.25, abs=0.07)
    labels = [one["label"] for _, one in said]
    depth = np.interp([t for t, _ in said], squats.t, squats.at("mid_shoulder")[:, 1])
    clear = np.abs(depth - limit) > 5
    assert [labels[i] for i in np.flatnonzero(clear)] == ["down" if y > limit else "up" for y in depth[clear]]
    assert {"up", "down"} == set(labels)
    assert all(one["t"] == t and one["probability"] >= 0.5 for t, one in said)


def test_a_classifier_of_repetitions_is_asked_of_each(serve: Serve, squats: PoseSequence, tmp_path: Path) -> None:
    taught = sinking(tmp_path / "c.onnx", 0.0, ("up", "down"), seconds=1.0, centred="part")
    with serve(classifier=open_classifier(taught)).socket() as talk:
        talk.start()
        told = _coached(talk, squats)
    reps = [event for one in told for event in one["events"]]
    said = [one["classified"] for one in told if one["classified"]]
    assert [one["t"] for one in said] == pytest.approx([(rep["start"] + rep["end"]) / 2 for rep in reps])
    assert [one["label"] for one in said] == ["down"] * len(reps)
    assert len(reps) == 3


def test_without_a_classifier_nothing_is_said_of_one(server: Running, squats: PoseSequence) -> None:
    with server.socket() as talk:
        assert talk.start()["classifier"] == ""
        assert talk.ask(**message(squats, 0))["classified"] is None


def test_after_a_fault_the_corrected_pose_is_shown_for_a_while(server: Running, squats: PoseSequence) -> None:
    poses = film_poses(perform("squat", reps=3, form={"depth": 75}), Camera(yaw=90), rate=15)
    with server.socket() as talk:
        talk.start()
        told = _coached(talk, poses)
    shown = [i for i, one in enumerate(told) if one["corrected"]]
    first = next(i for i, one in enumerate(told) if one["events"])
    faults = [fault["name"] for fault in told[first]["events"][0]["faults"] if fault["state"] == "fault"]
    assert faults
    assert first <= shown[0]
    ghost = told[shown[0]]["corrected"]
    assert len(ghost) == len(BLAZEPOSE33)
    hip = BLAZEPOSE33.index("left_hip")
    at_the_turn = int(np.searchsorted(poses.t, told[first]["events"][0]["turn"]))
    assert ghost[hip][1] > poses.points[at_the_turn, hip, 1]  # lower in the picture: deeper
    (said, *_) = [i for i, one in enumerate(told) if one["cue"]]
    assert sum(len(one["events"]) for one in told[: said + 1]) == 2, "what was off twice is said"
    assert told[said]["cue"]["kind"] == "correct"
    assert len(set(told[said]["cue"]["keypoints"]) & set(BLAZEPOSE33.keypoints)) >= 2


def test_a_long_session_of_faults_does_not_pile_up_what_they_were_seen_in(server: Running) -> None:
    poses = film_poses(perform("squat", reps=5, form={"depth": 75}), Camera(yaw=90), rate=15)

    def corrections() -> int:
        gc.collect()
        return sum(type(thing) is Correction for thing in gc.get_objects())  # some objects mind being asked

    before = corrections()
    with server.socket() as talk:
        talk.start()
        told = _coached(talk, poses)
        assert sum(bool(one["events"]) for one in told) >= 4
        assert corrections() - before <= 1, "only the one that is shown"


def test_what_was_done_is_kept_and_can_be_drawn_again(
    server: Running, web: httpx.Client, squats: PoseSequence
) -> None:
    with server.socket() as talk:
        session = talk.start()["session"]
        _coached(talk, squats)
        summary = talk.ask(type="stop")
    assert summary["session"] == session
    (kept,) = web.get("/api/sessions").json()
    assert (kept["id"], kept["state"], kept["source"]) == (session, "complete", "live")
    assert kept["duration_s"] == pytest.approx(squats.duration, abs=1e-3)
    whole = web.get(f"/api/sessions/{session}").json()
    assert whole["reps"] == summary["reps"]
    assert whole["sets"] == summary["sets"]
    replay = web.get(f"/api/sessions/{session}/keypoints").json()
    assert len(replay["t"]) == len(squats)
    shown = np.array([[point or (np.nan, np.nan) for point in body] for body in replay["points"]])
    assert np.nanmax(np.abs(shown - squats.points)) < 0.1


def test_a_session_that_breaks_off_is_kept_and_gone_on_with(
    server: Running, web: httpx.Client, squats: PoseSequence
) -> None:
    middle = int(np.searchsorted(squats.t, review("squat", squats).reps[0].end + 1.0))
    with server.socket() as talk:
        session = talk.start()["session"]
        before = _coached(talk, squats, last=middle)[-1]["counts"]
    assert before["full"] == 1
    _wait(lambda: web.get(f"/api/sessions/{session}").json()["state"] == "complete")
    with server.socket() as talk:
        ready = talk.start(resume=session)
        assert (ready["session"], ready["resumed"]) == (session, True)
        later = PoseSequence(BLAZEPOSE33, squats.t - squats.t[middle], squats.points, squats.score)
        told = _coached(talk, later, first=middle)
        assert told[0]["counts"] == before
        assert told[0]["t"] == 0.0
        summary = talk.ask(type="stop")
    assert [rep["kind"] for rep in summary["reps"]] == [rep.kind for rep in review("squat", squats).reps]
    assert len(web.get("/api/sessions").json()) == 1
    kept = web.get(f"/api/sessions/{session}").json()["reps"]
    assert [(rep["number"], rep["kind"]) for rep in kept] == [
        (rep["number"], rep["kind"]) for rep in summary["reps"]
    ]


def test_a_session_of_somebody_else_or_of_another_exercise_is_not_gone_on_with(server: Running) -> None:
    ada = server.store.add_profile("Ada")
    hers = server.store.begin(ada.id, "squat")
    with server.socket() as talk:
        for start in ({"resume": hers}, {"resume": hers, "profile": ada.id, "exercise": "plank"}, {"resume": "x"}):
            told = talk.start(**start)
            assert (told["type"], told["code"]) == ("error", "name")
        assert talk.start(resume=hers, profile=ada.id)["type"] == "ready"


def test_nobody_seen_is_nothing_kept(server: Running, web: httpx.Client) -> None:
    with server.socket() as talk:
        talk.start()
        told = talk.ask(**NOBODY, t=1.0)
        assert (told["phase"], told["advice"][0]["name"]) == ("unseen", "nobody")
        assert talk.ask(type="stop")["session"] == ""
    assert web.get("/api/sessions").json() == []


def test_while_getting_into_the_picture_nothing_is_kept(
    server: Running, web: httpx.Client, squats: PoseSequence
) -> None:
    with server.socket() as talk:
        assert talk.start(mode="setup")["session"] == ""
        told = _coached(talk, squats)
        assert told[-1]["counts"]["full"] > 0
        assert web.get("/api/sessions").json() == []
        assert talk.start()["session"]  # which ends the other
        assert talk.ask(type="stop")["type"] == "summary"
    assert web.get("/api/sessions").json() == []


def test_of_poses_that_wait_the_newest_wins(
    server: Running, squats: PoseSequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = live.Going.judge

    def slowly(self: live.Going, given: Any) -> Any:
        time.sleep(0.15)  # holds the whole server up, as too much work would
        return judge(self, given)

    monkeypatch.setattr(live.Going, "judge", slowly)
    with server.socket() as talk:
        talk.start()
        for i in range(40):
            talk.say(**message(squats, i))
        told = [talk.hear()]
        while told[-1]["t"] < squats.t[39] - 1e-3:
            told.append(talk.hear())
        assert len(told) < 20
        assert told[-1]["skipped"] == 40 - len(told)


def test_a_pose_that_is_not_later_is_passed_over(server: Running, squats: PoseSequence) -> None:
    with server.socket() as talk:
        talk.start()
        assert talk.ask(**message(squats, 5))["t"] == pytest.approx(squats.t[5], abs=1e-4)
        talk.say(**message(squats, 5))
        talk.say(**message(squats, 2))
        time.sleep(0.1)
        assert talk.ask(**message(squats, 6))["t"] == pytest.approx(squats.t[6], abs=1e-4)


def test_more_poses_than_anybody_needs_are_not_judged(serve: Serve, squats: PoseSequence) -> None:
    server = serve(limits=Limits(poses_s=10.0))
    with server.socket() as talk:
        talk.start()
        began = time.monotonic()
        for i in range(30):
            talk.say(**message(squats, i))
            time.sleep(0.01)
        told = [talk.hear()]
        while told[-1]["t"] < squats.t[29] - 1e-3:
            told.append(talk.hear())
        assert len(told) <= 10 * (time.monotonic() - began) + 2


def test_a_new_start_ends_what_went_on(server: Running, web: httpx.Client, squats: PoseSequence) -> None:
    with server.socket() as talk:
        first = talk.start()["session"]
        _coached(talk, squats, last=10)
        second = talk.start("push_up")["session"]
        assert second != first
        assert web.get(f"/api/sessions/{first}").json()["state"] == "complete"
        assert talk.ask(type="ping", t=3.5) == {"type": "pong", "t": 3.5}


def test_a_turned_phone_gives_its_new_picture(server: Running, squats: PoseSequence) -> None:
    with server.socket() as talk:
        session = talk.start()["session"]
        talk.ask(**message(squats, 0))
        talk.ask(**message(squats, 1), width=480, height=640)
        talk.ask(type="stop")
    assert server.store.session(session)


def test_auto_finds_out_what_is_done(server: Running) -> None:
    performance = perform("squat", reps=5)
    poses = film_poses(performance, Camera(yaw=90), rate=15)
    with server.socket() as talk:
        assert talk.start("auto")["title"] == ""
        told = _coached(talk, poses)
        summary = talk.ask(type="stop")
    assert "squat" in {one["exercise"] for one in told}
    assert {one["title"] for one in told if one["exercise"] == "squat"} == {"Squat"}
    assert summary["sets"][0]["exercise"] == "squat"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("", "message"),
        ("{", "message"),
        ("[" * 5000, "message"),
        ('{"type": "pose", "t": 1, "keypoints": [[NaN, 0, 0]]}', "message"),
        ('{"type": "pose", "t": 1, "keypoints": null}', "order"),
        ('{"type": "stop"}', "order"),
        ('{"type": "start", "exercise": "sqaut", "width": 640, "height": 480}', "name"),
        ('{"type": "start", "profile": "nobody", "width": 640, "height": 480}', "name"),
        (b"\x00\x01pixels", "message"),
        ("x" * 40_000, "message"),
    ],
)
def test_a_mistake_is_explained_and_forgiven(server: Running, said: str | bytes, code: str) -> None:
    with server.socket() as talk:
        talk.socket.send(said)
        told = talk.hear()
        assert (told["type"], told["code"], told["closing"]) == ("error", code, False)
        assert told["message"]
        assert told["hint"]
        assert talk.start()["type"] == "ready"


@pytest.mark.parametrize("pose", ['{"type": "pose", "t": 1}', '{"type":"pose","type":"stop"}', '{"type": "pose'])
def test_a_pose_that_is_none_is_a_mistake_and_passed_over(server: Running, pose: str) -> None:
    with server.socket() as talk:
        talk.start()
        talk.socket.send(pose)
        assert talk.hear()["code"] == "message"
        talk.socket.send(pose)
        assert talk.hear()["code"] == "message"
        assert talk.ask(t=2.0, type="pose", keypoints=None)["type"] == "feedback"
        talk.socket.send(pose)
        talk.say(type="stop")
        while (told := talk.hear())["type"] == "error":
            assert told["code"] == "message"
        assert told["type"] == "summary"


def test_too_many_mistakes_are_not_forgiven(serve: Serve) -> None:
    with serve(limits=Limits(mistakes=3)).socket() as talk:
        told = [talk.ask(type="nonsense") for _ in range(4)]
        assert [one["closing"] for one in told] == [False, False, False, True]
        with pytest.raises(ConnectionClosed) as closed:
            talk.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


def test_a_message_too_long_to_read_closes_the_socket(server: Running) -> None:
    with server.socket() as talk:
        talk.socket.send("x" * 200_000)
        with pytest.raises(ConnectionClosed) as closed:
            talk.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_a_full_house_says_so(serve: Serve) -> None:
    server = serve(limits=Limits(sockets=1))
    with server.socket() as talk:
        talk.start()
        with server.socket() as late:
            told = late.hear()
            assert (told["code"], told["closing"]) == ("busy", True)
    _wait(lambda: httpx.get(f"{server.url}/api/health", trust_env=False).json()["sessions"] == 0)
    with server.socket() as again:
        assert again.start()["type"] == "ready"


def test_a_bug_in_judging_is_said_and_the_session_goes_on(
    server: Running, squats: PoseSequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server.socket() as talk:
        talk.start()
        with monkeypatch.context() as broken:
            broken.setattr(live, "pose_of", lambda *_: 1 / 0)
            assert talk.ask(**message(squats, 0))["code"] == "fault"
        assert talk.ask(**message(squats, 1))["type"] == "feedback"


def test_a_session_is_kept_while_it_goes_on(
    server: Running, squats: PoseSequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "KEEP_S", 0.0)
    with server.socket() as talk:
        session = talk.start()["session"]
        _coached(talk, squats)
        _wait(lambda: len(server.store.poses(session) or ()) == len(squats))
        going = server.store.session(session)
        assert going is not None
        assert going.state == "live"
        assert going.reps
        assert going.sets[0].counts.full


def test_a_server_that_stops_keeps_what_goes_on(serve: Serve, squats: PoseSequence, tmp_path: Path) -> None:
    server = serve()
    socket = server.socket()
    with socket as talk:
        session = talk.start()["session"]
        _coached(talk, squats, last=10)
    _wait(lambda: (server.store.session(session) or _never()).state == "complete")


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://localhost:1"])
def test_other_pages_are_not_let_in(server: Running, origin: str) -> None:
    with pytest.raises(InvalidStatus), server.socket(origin=origin):
        pass
    with server.socket(origin=f"http://localhost:{server.port}") as talk:
        assert talk.start()["type"] == "ready"


def _never() -> Any:
    raise AssertionError("the session is gone")


def _wait(until: Any, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_a_profile_says_what_of_the_body_is_coached(server: Running, web: httpx.Client) -> None:
    web.patch("/api/profiles/me", json={"body": "seated"})
    performance = perform("shoulder_press", reps=2, base="seated")
    poses = film_poses(performance, Camera(yaw=90), rate=15)
    with server.socket() as talk:
        ready = talk.start("shoulder_press", width=640, height=640)
        assert ready["notes"][1:] == ["Not judged of this body: Knees driving."]
        told = _coached(talk, poses)
        assert talk.ask(type="stop")["sets"][0]["counts"]["full"] == 2
        faults = [fault["name"] for one in told for event in one["events"] for fault in event["faults"]]
        assert faults
        assert "knee_drive" not in faults
        refused = talk.start("squat")
        assert (refused["code"], refused["message"]) == ("name", "Squat cannot be counted without the legs.")
        assert talk.start("squat", body="whole")["notes"] == []
