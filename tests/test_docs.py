"""The docs say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from poise.cli.docs import command_page, exercise_page, report_page
from poise.coach import exercises, load_exercise
from poise.coach.measures import MEASURES
from poise.report.schema import json_schema

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *DOCS.glob("*.md"), *(ROOT / "benchmarks").glob("*.md")]


@pytest.mark.parametrize(
    ("name", "made"),
    [("cli.md", command_page), ("exercises.md", exercise_page), ("report.md", report_page)],
)
def test_pages_made_from_the_code_are_current(name: str, made: object) -> None:
    assert callable(made)
    assert (DOCS / name).read_text() == made(), "make them again: python -m poise.cli.docs"


def test_the_schema_of_the_report_is_current() -> None:
    assert (DOCS / "report.schema.json").read_text() == json_schema()
    assert json.loads(json_schema())["title"] == "Report"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_line_in_the_docs_names_real_options() -> None:
    known = (DOCS / "cli.md").read_text()
    for page in PAGES:
        for line in re.findall(r"^ {4,}(poise [a-z].*)$", page.read_text(), re.MULTILINE):
            command = line.split()[1]
            assert f"`poise {command}`" in known, f"{page.name}: {line}"
            for option in re.findall(r"(?<=\s)--[a-z-]+", line):
                assert option in known, f"{page.name}: {line}"


def test_every_measure_and_rule_is_explained() -> None:
    for measure in MEASURES.values():
        assert len(measure.about) > 10, measure.name
    for name in exercises():
        exercise = load_exercise(name)
        assert exercise.fault, name
        for rule in exercise.fault:
            assert rule.cue
            assert rule.why
            assert rule.source
            assert rule.evidence != "C" or "ours" in rule.source or "coaching" in rule.source, (name, rule.name)
