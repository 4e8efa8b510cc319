from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from poise.coach.events import Review
from poise.report.schema import Report, Source, Timing, json_schema
from tests.report import made_up

ROOT = Path(__file__).parents[2]


def report_of(review: Review, **changes: Any) -> Report:
    given: dict[str, Any] = {"exercise": made_up.exercise(), "source": Path("squats.mp4"), "notes": ()} | changes
    return Report.of(review, made_up.film_of(review), timing=made_up.timing(review), **given)


def told(review: Review) -> Any:
    return json.loads(report_of(review).text())


@pytest.mark.parametrize(
    "review", [made_up.squats(), made_up.plank(), made_up.nothing()], ids=["reps", "hold", "-"]
)
def test_what_is_written_obeys_the_schema_and_reads_back(review: Review) -> None:
    report = report_of(review)
    validator = jsonschema.Draft202012Validator(json.loads(json_schema()))
    validator.check_schema(validator.schema)
    validator.validate(json.loads(report.text()))
    assert Report.model_validate_json(report.text()) == report


def test_the_published_schema_is_the_present_one() -> None:
    published = (ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8")
    assert published == json_schema(), "write it anew: python -m poise.report > docs/report.schema.json"


def test_the_schema_is_printed_by_a_command() -> None:
    done = subprocess.run([sys.executable, "-m", "poise.report"], capture_output=True, check=True)
    assert done.stdout.decode() == json_schema()


def test_every_field_is_described_and_every_number_says_its_unit() -> None:
    schema = json.loads(json_schema())
    units = (
        "seconds",
        "degree",
        "pixel",
        "bytes",
        "0 to 1",
        "`unit`",
        "1 ",
        "repetitions",
        "movements",
        "pictures",
    )
    for part in (schema, *schema["$defs"].values()):
        for name, field in part["properties"].items():
            assert field.get("description") or "$ref" in field, name
            kinds = {field.get("type"), *(option.get("type") for option in field.get("anyOf", ()))}
            if kinds & {"number", "integer"}:
                assert any(unit in field["description"].lower() for unit in units), (name, field["description"])


def test_the_contract_has_what_was_promised() -> None:
    report = told(made_up.squats())
    assert report["schema_version"] == "1.2"
    assert report["poise"] == version("poise")
    assert report["exercise"]["name"] == "squat"
    assert report["exercise"]["title"] == "Squat"
    assert report["exercise"]["confidence"] == 1.0
    assert report["counts"] == {"full": 8, "partial": 1, "invalid": 1, "held_s": 0.0}
    assert report["view"] == {"name": "side", "yaw": 84.0, "sigma": 9.0, "facing": 1}
    assert report["notes"] == ["2 people seen; the larger one is coached."]
    assert report["advice"][0]["name"] == "face_camera"
    assert report["seen_share"] == 0.973
    assert report["model"] == {"backend": "blazepose", "model": "pose_landmark_full"}
    assert report["timing"]["ms"] == {"decode": 2.1, "pose": 18.4, "coach": 0.2}
    assert report["timing"]["frames"] == len(made_up.squats().t)
    assert (report["source"]["width"], report["source"]["height"]) == (1280, 720)


def test_a_repetition_and_its_faults_are_told_field_by_field() -> None:
    review = made_up.squats()
    rep, wanted = told(review)["reps"][1], review.reps[1]
    for name in ("number", "kind", "start", "turn", "end", "rom", "eccentric_s", "pause_s", "concentric_s"):
        assert rep[name] == pytest.approx(getattr(wanted, name)) if name != "kind" else rep[name] == "full"
    assert rep["asymmetry"] == pytest.approx(wanted.asymmetry)
    fault = rep["faults"][0]
    assert set(fault) == set(vars(wanted.faults[0]))
    assert (fault["name"], fault["state"], fault["value"], fault["limit"]) == ("depth", "fault", 17.6, 10)
    assert (fault["unit"], fault["sigma"], fault["view"], fault["evidence"]) == ("deg", 3.9, "side", "A")
    assert told(review)["reps"][4]["reasons"] == ["It turned at a third of the usual depth."]


def test_what_is_not_known_is_null_and_never_nan() -> None:
    report = told(made_up.squats())
    hidden = report["reps"][0]["faults"][-1]
    assert (hidden["name"], hidden["state"]) == ("valgus", "not_observable")
    assert hidden["value"] is hidden["sigma"] is hidden["probability"] is None
    assert hidden["reason"].startswith("Face the camera")
    assert report["reps"][9]["rom"] is report["reps"][9]["asymmetry"] is None
    assert told(made_up.nothing())["view"]["yaw"] is None
    assert "NaN" not in report_of(made_up.squats()).text()
    assert report_of(made_up.squats(confidence=math.inf)).exercise.confidence is None


def test_numbers_are_rounded_to_four_decimals() -> None:
    review = made_up.squats()
    third = replace(review.reps[0], rom=100 / 3)
    assert told(replace(review, reps=(third,)))["reps"][0]["rom"] == 33.3333


def test_holds_are_told_too() -> None:
    report = told(made_up.plank())
    assert report["counts"]["held_s"] == 42.5
    assert [(hold["number"], hold["held_s"]) for hold in report["holds"]] == [(1, 31.0), (2, 11.5)]
    assert report["holds"][1]["faults"][0]["state"] == "fault"


def test_without_an_exercise_repetitions_are_only_counted() -> None:
    report = report_of(made_up.squats(exercise="any"), exercise=None)
    assert (report.exercise.name, report.exercise.title, report.exercise.setup) == ("any", "Any movement", "")


def test_notes_of_the_caller_follow_those_of_the_review() -> None:
    report = report_of(made_up.squats(), notes=["The film is cut short."])
    assert report.notes == ("2 people seen; the larger one is coached.", "The film is cut short.")


def test_the_source_is_named_without_its_folder_and_known_by_its_hash(tmp_path: Path) -> None:
    film = tmp_path / "squats.mp4"
    film.write_bytes(b"not really a film")
    source = Source.of(film, made_up.film_of(made_up.nothing()))
    assert (source.file, source.bytes) == ("squats.mp4", 17)
    assert source.sha256 == hashlib.sha256(b"not really a film").hexdigest()
    assert source.duration_s == pytest.approx(149 / 30, abs=1e-4)


def test_a_folder_or_camera_has_a_name_only(tmp_path: Path) -> None:
    sequence = replace(made_up.film_of(made_up.nothing()), size=None)
    source = Source.of(tmp_path, sequence)
    assert (source.file, source.sha256, source.bytes) == (tmp_path.name, None, None)
    assert source.width is source.height is None


def test_a_misspelt_field_is_no_field() -> None:
    with pytest.raises(ValidationError, match="frmaes"):
        Timing.model_validate({"frames": 1, "seconds": 1.0, "frmaes": 2})


def test_the_log_of_a_workout_is_told_set_by_set() -> None:
    squats, lunges, plank = told(made_up.workout())["sets"]
    assert (squats["exercise"], squats["title"], squats["rest_s"], squats["numbers"]) == (
        *("squat", "Squat", None, [1, 2, 3, 4]),
    )
    assert lunges["counts"] == {"full": 4, "partial": 1, "invalid": 1, "held_s": 0.0}
    assert lunges["rest_s"] == pytest.approx(40 + 0.4)
    assert (plank["title"], plank["counts"]["held_s"], plank["numbers"]) == ("Plank", 31.0, [11])
    assert told(made_up.squats())["sets"] == []
    assert [rep["exercise"] for rep in told(made_up.workout())["reps"]][3:5] == ["squat", "lunge"]
