from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from poise.body import BLAZEPOSE33
from poise.coach.events import Rep
from poise.server.messages import REQUEST, PoseGiven, RepDone, Start, schema

BODY = [[10.0, 20.0, 0.5]] * len(BLAZEPOSE33)


def test_a_start_needs_only_the_picture() -> None:
    start = REQUEST.validate_json('{"type": "start", "width": 640, "height": 480}')
    assert isinstance(start, Start)
    assert (start.exercise, start.profile, start.mode, start.resume) == ("auto", "", "workout", None)


def test_a_pose_may_lack_keypoints_or_a_body() -> None:
    pose = REQUEST.validate_python({"type": "pose", "t": 1, "keypoints": [None, *BODY[1:]]})
    assert isinstance(pose, PoseGiven)
    assert pose.keypoints is not None
    assert pose.keypoints[:2] == [None, (10.0, 20.0, 0.5)]
    assert REQUEST.validate_python({"type": "pose", "t": 1, "keypoints": None})


@pytest.mark.parametrize(
    "said",
    [
        '{"type": "pose", "t": 1}',
        '{"type": "pose", "t": -1, "keypoints": null}',
        '{"type": "pose", "t": NaN, "keypoints": null}',
        '{"type": "pose", "t": 1e12, "keypoints": null}',
        json.dumps({"type": "pose", "t": 1, "keypoints": BODY[1:]}),
        json.dumps({"type": "pose", "t": 1, "keypoints": [*BODY[1:], [1e9, 0, 1]]}),
        json.dumps({"type": "pose", "t": 1, "keypoints": [*BODY[1:], [0, 0, 2]]}),
        json.dumps({"type": "pose", "t": 1, "keypoints": BODY, "image": "pixels"}),
        '{"type": "start", "width": 640, "height": 480, "exercise": "../x"}',
        '{"type": "start", "width": 0, "height": 480}',
        '{"type": "feedback"}',
        "[]",
        "not json",
    ],
)
def test_anything_else_is_refused(said: str) -> None:
    with pytest.raises(ValidationError):
        REQUEST.validate_json(said)


def test_an_event_says_what_it_is_and_what_cannot_be_measured_is_null() -> None:
    rep = Rep(1, "full", 0, 1.2, 3, 90, "deg", 1.2, 0.3, 1.5, float("nan"), 1, exercise="squat")
    told = json.loads(RepDone.model_validate(rep).model_dump_json())
    assert (told["type"], told["tempo"], told["asymmetry"]) == ("rep", "1.2-0.3-1.5", None)


def test_the_page_of_the_protocol_names_every_message_and_field() -> None:
    page = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()
    for side in schema().values():
        for message, about in side["$defs"].items():
            fields = about.get("properties", {})
            for field in fields if "type" in fields else ():
                assert f"`{field}`" in page or f'"{field}"' in page, (message, field)
