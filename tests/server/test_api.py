from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import httpx
import numpy as np
import pytest

from poise.body.formats import read_recording
from poise.coach import exercises
from poise.server.desk_messages import desk_schema
from poise.server.messages import schema
from tests.server.conftest import Running
from tests.store.made import fault, hold, one_set, poses, rep


@pytest.fixture
def session(server: Running) -> str:
    """Two squats and a plank, kept."""
    made = server.store.begin("me", "auto")
    sets = [one_set(1, "squat", 2), one_set(2, "plank", 1, 8.5)]
    server.store.append(
        made, poses(30, world=True), [rep(1, faults=(fault(),)), rep(2, 3.0), hold(1, 8.0, 8.5)], sets
    )
    server.store.finish(made)
    return made


def test_it_says_what_it_is_and_knows(web: httpx.Client) -> None:
    assert web.get("/api/health").json()["status"] == "ok"
    assert [one["name"] for one in web.get("/api/exercises").json()] == list(exercises())
    assert {"blazepose-full", "blazepose-lite"} <= {one["name"] for one in web.get("/api/models").json()}
    assert web.get("/api/protocol.json").json() == json.loads(json.dumps({**schema(), "desk": desk_schema()}))
    assert web.get("/api/page").json()["vendor"] == ""


def test_the_interface_describes_itself_with_its_own_scripts(web: httpx.Client) -> None:
    page = web.get("/docs").text
    assert "http" not in page
    for path in ("/docs/start.js", "/docs/ui/swagger-ui-bundle.js", "/docs/ui/swagger-ui.css"):
        assert path in page
        assert web.get(path).status_code == 200
    described = web.get("/openapi.json").json()["paths"]
    assert {
        "/api/sessions/{session}",
        "/api/uploads/{upload}",
        "/api/jobs/{job}/results/{name}",
    } <= described.keys()
    protocol = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()
    for path, methods in described.items():
        short = path.replace("{session}", "{id}").replace("{upload}", "{id}").replace("{job}", "{id}")
        for method in methods:
            known = short.replace("{profile}", "{id}")
            assert f"{method.upper()} {known}" in protocol, (method, known)


def test_profiles_come_and_go(web: httpx.Client) -> None:
    ada = web.post("/api/profiles", json={"name": " Ada "})
    assert (ada.status_code, ada.json()["name"]) == (201, "Ada")
    again = web.post("/api/profiles", json={"name": "Ada"})
    assert (again.status_code, again.json()["hint"]) == (400, "Choose another name.")
    path = f"/api/profiles/{ada.json()['id']}"
    assert web.patch(path, json={"name": "Ada L."}).json()["name"] == "Ada L."
    assert [one["name"] for one in web.get("/api/profiles").json()] == ["Me", "Ada L."]
    assert web.delete(path).status_code == 204
    assert web.delete(path).status_code == 404
    assert web.patch(path, json={"name": "X"}).status_code == 404
    for name in ("", " ", "x" * 61, "a\x00b"):
        assert web.post("/api/profiles", json={"name": name}).status_code == 422


def test_sessions_are_listed_and_shown(web: httpx.Client, session: str) -> None:
    (listed,) = web.get("/api/sessions", params={"profile": "me", "exercise": "squat"}).json()
    assert [one["exercise"] for one in listed["done"]] == ["squat", "plank"]
    assert listed["done"][0]["faults"] == {"Too shallow": 1}
    assert web.get("/api/sessions", params={"exercise": "lunge"}).json() == []
    assert web.get("/api/sessions", params={"until": "2020-01-01T00:00:00"}).json() == []
    assert len(web.get("/api/sessions", params={"since": "2020-01-01T00:00:00+02:00"}).json()) == 1
    assert web.get("/api/sessions", params={"since": "0001-01-01T00:00:00+14:00"}).status_code == 400
    whole = web.get(f"/api/sessions/{session}").json()
    assert [one["number"] for one in whole["reps"]] == [1, 2]
    assert whole["holds"][0]["held_s"] == 8.5
    assert web.get("/api/sessions/unknown").json()["message"] == "There is no such session."


def test_keypoints_come_back_for_drawing_them(web: httpx.Client, session: str) -> None:
    replay = web.get(f"/api/sessions/{session}/keypoints").json()
    sent = poses(30)
    assert (replay["width"], replay["height"], replay["more"]) == (640, 480, False)
    assert replay["points"][0][0] is None
    assert replay["points"][29][1] == pytest.approx(sent.points[29, 1].tolist(), abs=0.1)
    part = web.get(f"/api/sessions/{session}/keypoints", params={"start": 0.5, "end": 1.0}).json()
    assert part["t"][0] >= 0.5
    assert part["t"][-1] <= 1.0
    assert web.get("/api/sessions/unknown/keypoints").status_code == 404


def test_everything_can_be_taken_along(web: httpx.Client, session: str, tmp_path: Path) -> None:
    as_json = web.get(f"/api/sessions/{session}/export")
    assert "attachment" in as_json.headers["content-disposition"]
    (told,) = as_json.json()["sessions"]
    assert (told["id"], len(told["reps"]), told["done"][0]["full"]) == (session, 2, 2)
    rows = list(csv.DictReader(io.StringIO(web.get("/api/export", params={"profile": "me"}).text)))
    assert [(row["exercise"], row["kind"], row["faults"]) for row in rows] == [
        ("squat", "full", "shallow"),
        ("squat", "full", ""),
        ("plank", "hold", ""),
    ]
    assert rows[2]["held_s"] == "8.5"
    file = tmp_path / "keypoints.npz"
    file.write_bytes(web.get(f"/api/sessions/{session}/export", params={"format": "npz"}).content)
    np.testing.assert_allclose(read_recording(file).points, poses(30).points, atol=0.05)
    assert web.get("/api/export", params={"profile": "nobody"}).text.count("\n") == 1


def test_everything_can_be_deleted(server: Running, web: httpx.Client, session: str) -> None:
    assert web.delete(f"/api/sessions/{session}").status_code == 204
    assert web.delete(f"/api/sessions/{session}").status_code == 404
    going = server.store.begin("me", "squat")
    done = server.store.begin("me", "squat")
    server.store.finish(done)
    assert web.delete("/api/sessions").status_code == 422
    assert web.delete("/api/sessions", params={"profile": "me"}).json() == {"deleted": 1}
    assert [one["id"] for one in web.get("/api/sessions").json()] == [going]


def test_a_body_is_kept_with_its_profile_and_offers_what_it_can_do(web: httpx.Client) -> None:
    (me,) = web.get("/api/profiles").json()
    assert me["body"] == "whole"
    changed = web.patch(f"/api/profiles/{me['id']}", json={"body": "seated"}).json()
    assert (changed["body"], changed["name"]) == ("seated", me["name"])
    assert web.patch(f"/api/profiles/{me['id']}", json={"name": "Ada"}).json()["body"] == "seated"
    assert web.patch(f"/api/profiles/{me['id']}", json={"body": "legless"}).status_code == 422
    offered = {one["name"]: one for one in web.get("/api/exercises", params={"body": "seated"}).json()}
    assert "squat" not in offered
    press = offered["shoulder_press"]
    assert press["unjudged"] == ["Knees driving"]
    assert "Knees driving" not in press["faults"]
    assert press["setup"].startswith("Sit side-on")
    assert all(one["unjudged"] == [] for one in web.get("/api/exercises").json())
