"""The desk coach on its socket: learning, being told, going on, and what the diary keeps of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from poise.body import PoseSequence
from poise.desk.opinion import keep_opinion
from poise.sim import Body, Camera, Noise
from poise.sim.desk import DeskScene, Spell, desk_camera
from tests.desk.classifiers import sinking
from tests.server.bodies import message
from tests.server.conftest import Running, Talk

BODY = Body.of()
CAMERA = desk_camera(BODY)


def _sitting(seconds: float, *spells: Spell, camera: Camera = CAMERA) -> PoseSequence:
    scene = DeskScene(BODY, seconds, spells, 0.2, 1)
    return next(scene.film(camera, noise=Noise(jitter=0.3, bias=0.001, bias_s=1.0, outliers=0.0, gaps=0.0), seed=1))


SLUMP = Spell("slump", 20, 1e5, {"slump": 7.0}, 1.5)


@pytest.fixture
def talk(server: Running) -> Iterator[Talk]:
    with server.socket("/ws/desk") as talk:
        yield talk


def _start(talk: Talk, **more: Any) -> None:
    assert talk.ask(type="start", width=640, height=480, **more) == {"type": "ready", "session": None}


def _seen(talk: Talk, poses: PoseSequence, first: float = 0.0, last: float = 1e9) -> list[dict[str, Any]]:
    """What is answered to each of the poses between two times; after `watching` comes one answer more."""
    told = []
    for i, t in enumerate(poses.t):
        if first <= t < last:
            told.append(talk.ask(**message(poses, i)))
    return told


def test_it_learns_tells_once_and_keeps_a_diary(talk: Talk, web: httpx.Client) -> None:
    poses = _sitting(75, SLUMP)
    _start(talk)
    told = _seen(talk, poses)
    kinds = [one["type"] for one in told]
    learnt = kinds.index("watching")
    assert set(kinds[:learnt]) == {"learning"}
    assert poses.t[learnt] == pytest.approx(10.0, abs=2.0)
    assert told[learnt]["view"] == "front"
    assert told[learnt]["distance"] == pytest.approx(62, rel=0.25)
    assert not told[learnt]["measured"]
    assert {one["name"] for one in told[learnt]["signatures"]} >= {"near", "slump", "hike"}
    assert all(one["sees"] for one in told[learnt]["signatures"])
    looks = told[learnt + 1 :]
    assert {one["type"] for one in looks} == {"desk"}
    assert {one["presence"] for one in looks[7:]} == {"sitting"}, "recognised within three seconds"
    events = [(one["t"], event) for one in looks for event in one["events"]]
    ((t, nudge),) = events
    assert (nudge["type"], nudge["signature"], nudge["level"]) == ("nudge", "slump", 1)
    assert "sunk" in nudge["text"]
    assert 38 < t < 55  # twenty of thirty seconds after it began
    assert looks[-1]["counts"]["nudges"] == {"slump": 1}
    (bad,) = [sign for sign in looks[-1]["signs"] if sign["state"] == "bad"]
    assert bad["value"] > bad["limit"]
    assert talk.ask(type="stop") == {"type": "ended"}
    diary = web.get("/api/desk/diary").json()
    today = diary["days"][-1]
    assert today["nudges"] == {"slump": 1}
    assert today["bad_s"] == pytest.approx(today["signatures"]["slump"])
    in_all = today["good_s"] + today["bad_s"] + today["unseen_s"]
    assert in_all == pytest.approx(poses.t[-1] - poses.t[learnt + 1], abs=1.5)
    assert [hour["nudges"] for hour in diary["hours"]] == [{"slump": 1}]
    assert len(diary["days"]) == 7
    assert diary["titles"]["slump"] == "Slumped"
    assert "slump_nudges" in web.get("/api/desk/diary/export").text
    assert web.get("/api/desk/diary/export", params={"format": "json"}).json()[0]["nudges"] == {"slump": 1}


def test_what_was_learnt_is_known_the_next_time_for_the_same_desk_only(server: Running, web: httpx.Client) -> None:
    poses = _sitting(20)
    with server.socket("/ws/desk") as talk:
        _start(talk, distance=60)
        assert _seen(talk, poses)[-1]["type"] == "desk"
    with server.socket("/ws/desk") as talk:
        _start(talk)
        known = talk.hear()
        assert (known["type"], known["distance"], known["measured"]) == ("watching", 60, True)
        assert talk.ask(**message(poses, 0))["type"] == "desk"
        _start(talk, calibrate=True)
        assert talk.ask(**message(poses, 1))["type"] == "learning"
    with server.socket("/ws/desk") as talk:
        _start(talk, place="kitchen")
        assert talk.ask(**message(poses, 0))["type"] == "learning"
    (me,) = web.get("/api/profiles").json()
    assert web.delete("/api/desk/diary", params={"profile": me["id"]}).status_code == 200
    with server.socket("/ws/desk") as talk:
        _start(talk)
        assert talk.ask(**message(poses, 0))["type"] == "learning", "it was deleted"


def test_a_slouch_is_learnt_too_when_it_is_shown(talk: Talk) -> None:
    """Shown from 14 s to 22 s; then they sit well, are recognised, and slouch again."""
    shown, again = (Spell("slump", start, end, {"slump": 8.0}, 1.0) for start, end in ((14, 22), (32, 1e5)))
    poses = _sitting(60, shown, again)
    _start(talk, slouch=True)
    told = _seen(talk, poses)
    learning = [(one["what"]) for one in told if one["type"] == "learning"]
    assert list(dict.fromkeys(learning)) == ["well", "slouch"]
    (watching,) = [one for one in told if one["type"] == "watching"]
    assert "slouch" in {one["name"] for one in watching["signatures"]}
    (slouch,) = [sign for sign in told[-1]["signs"] if sign["name"] == "slouch"]
    assert slouch["value"] == pytest.approx(100, abs=25)


def test_nothing_is_said_while_it_is_snoozed(talk: Talk) -> None:
    poses = _sitting(75, SLUMP)
    _start(talk)
    _seen(talk, poses, last=15)
    talk.say(type="snooze", minutes=30)
    told = _seen(talk, poses, first=15)
    assert all(one["silent"] for one in told)
    assert not any(one["events"] for one in told)
    assert told[-1]["counts"]["nudges"] == {}


def test_quiet_hours_and_what_is_left_out_are_kept_to(talk: Talk) -> None:
    poses = _sitting(75, SLUMP)
    _start(talk, leave_out=["slump"], quiet="00:00-23:59:59")
    told = _seen(talk, poses)
    assert all(one["silent"] for one in told if one["type"] == "desk")
    assert "slump" not in {sign["name"] for sign in told[-1]["signs"]}


def test_standing_up_after_a_reminder_counts_the_exercise(talk: Talk) -> None:
    """Breaks are due after five minutes at the least; whoever stands then is coached at every picture."""
    scene = DeskScene(BODY, 335, (Spell("stand", 318, 1e5, {"stand": 1.0}, 2.0),), 0.2, 1)
    _start(talk, break_minutes=5)
    told = [
        one
        for part in scene.film(CAMERA, noise=Noise(jitter=0, bias=0, outliers=0, gaps=0), seed=1)
        for one in _seen(talk, part)
    ]
    due = [one["t"] for one in told for event in one.get("events", ()) if event["type"] == "break_due"]
    assert len(due) == 1
    doing = [one["exercise"] for one in told if one.get("exercise")]
    assert doing[0]["exercise"] == "squat"
    assert doing[0]["left_s"] > doing[-1]["left_s"] > 0


def test_a_second_opinion_is_told_and_when_it_differs(server: Running, web: httpx.Client, tmp_path: Path) -> None:
    keep_opinion(tmp_path / "desk", sinking(tmp_path / "c.onnx", 310.0))
    poses = _sitting(85, SLUMP)
    with server.socket("/ws/desk") as talk:
        _start(talk, leave_out=["slump"])
        told = [one for one in _seen(talk, poses) if one["type"] == "desk"]
        talk.ask(type="stop")
    assert (told[10]["opinion"]["state"], told[-1]["opinion"]["state"]) == ("ok", "bad")
    assert told[-1]["opinion"]["value"] > told[-1]["opinion"]["limit"]
    ((kind, text),) = [(event["type"], event["text"]) for one in told for event in one["events"]]
    assert (kind, text) == ("disagreement", "We differ: your classifier calls this bad; I measure nothing off.")
    assert told[-1]["counts"]["disagreements"] == 1
    diary = web.get("/api/desk/diary").json()
    assert diary["days"][-1]["signatures"]["opinion"] > 20
    assert diary["titles"]["opinion"] == "Second opinion"
    (tmp_path / "desk" / "opinion.model").unlink()
    with server.socket("/ws/desk") as talk:
        refused = talk.ask(type="start", width=640, height=480)
        assert "cannot be opened" in refused["message"]


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ({"profile": "nobody"}, "name"),
        ({"quiet": "always"}, "name"),
        ({"leave_out": ["smile"]}, "name"),
        ({"distance": 5}, "message"),
        ({"place": "../../etc"}, "message"),
        ({"break_minutes": 0}, "message"),
    ],
)
def test_what_cannot_be_is_refused_in_words(talk: Talk, start: dict[str, Any], code: str) -> None:
    refused = talk.ask(type="start", width=640, height=480, **start)
    assert (refused["type"], refused["code"]) == ("error", code)
    assert refused["message"]
    _start(talk)


def test_poses_before_a_start_and_bodies_nobody_has(talk: Talk) -> None:
    poses = _sitting(2)
    assert talk.ask(**message(poses, 0))["code"] == "order"
    _start(talk)
    assert talk.ask(type="pose", t=1.0, keypoints=None)["problem"].startswith("I cannot see you")
    nobody = [[0.0, 0.0, 1.0]] * 33
    assert talk.ask(type="pose", t=2.0, keypoints=nobody)["type"] == "learning"
    assert talk.ask(type="ping", t=3.0) == {"type": "pong", "t": 3.0}
    assert talk.ask(type="dance")["code"] == "message"


def test_a_pose_that_is_not_later_than_the_last_is_passed_over(talk: Talk) -> None:
    _start(talk)
    assert talk.ask(type="pose", t=1.0, keypoints=None)["type"] == "learning"
    for t in (1.0, 0.5):
        talk.say(type="pose", t=t, keypoints=None)
    assert talk.ask(type="ping", t=3.0) == {"type": "pong", "t": 3.0}
