"""The docs say what the code does."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import typer
from mypy import api as mypy
from typer.core import TyperCommand, TyperGroup

from poise.body.formats import write_recording
from poise.cli.app import complete
from poise.cli.docs import command_page, exercise_page, report_page
from poise.coach import exercises, load_exercise
from poise.coach.exercise import (
    Benchmark,
    Condition,
    Exercise,
    Moment,
    Part,
    Rule,
    Signal,
    Still,
    Support,
    Unjudged,
    Working,
    parse_exercise,
)
from poise.coach.form import SEEN, SURE
from poise.coach.measures import GATES, KEYPOINT_SIGMA, MEASURES
from poise.coach.recognise import COMMIT_S
from poise.coach.smoothing import DELAY, HOLD
from poise.coach.view import YAW_SIGMA
from poise.report.schema import json_schema
from poise.sim.camera import Camera
from poise.sim.film import film_poses
from poise.sim.performance import perform
from poise.sim.shipped import ShippedClip

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
ROOT_COMMAND = typer.main.get_group(complete())
#: Pages that somebody writes, not a program.
WRITTEN = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "benchmarks" / "README.md"]
    + [page for page in DOCS.glob("*.md") if page.name not in ("cli.md", "exercises.md", "report.md")]
)
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


def shown(page: Path) -> Iterator[str]:
    """The command lines of poise that a page shows on lines of their own, without what is said beside them."""
    text = re.sub(r"\\\n\s+", "", page.read_text())
    for line in re.findall(r"^ {4,}(?:\.venv/bin/)?(poise [a-z].*)$", text, re.MULTILINE):
        yield re.split(r" {3,}|  #", line)[0].removesuffix("&")


def mentioned(page: Path) -> Iterator[str]:
    """Those within its sentences, which may leave out what does not matter there."""
    for words in re.findall(r"(?<!`)`(poise [a-z][^`]*)`", page.read_text()):
        yield " ".join(words.split())


def command_of(words: list[str]) -> tuple[TyperCommand | TyperGroup, typer.Context, list[str]]:
    """The command that the words name, the context it is in, and the words that are left for it."""
    command: TyperCommand | TyperGroup = ROOT_COMMAND
    within = typer.Context(command, info_name=words[0])
    words = words[1:]
    while isinstance(command, TyperGroup) and words and (found := command.get_command(within, words[0])):
        assert isinstance(found, TyperCommand | TyperGroup)
        within, command, words = typer.Context(found, parent=within, info_name=words[0]), found, words[1:]
    return command, within, words


@pytest.mark.parametrize(
    ("page", "line"), [(page.name, line) for page in [*WRITTEN, DOCS / "cli.md"] for line in shown(page)]
)
def test_command_lines_are_understood(page: str, line: str) -> None:
    command, within, given = command_of(shlex.split(line))
    if isinstance(command, TyperGroup):
        assert command is not ROOT_COMMAND, f"{page}: there is no such command"
        assert not given or given[0].startswith("-"), f"{page}: there is no command {given[0]!r}"
    command.make_context(within.info_name, [word for word in given if word != "…"], parent=within.parent)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_commands_within_sentences_have_the_options_named_there(page: Path) -> None:
    for line in mentioned(page):
        command, within, given = command_of(shlex.split(line))
        assert command is not ROOT_COMMAND or not given or given[0].startswith("-"), f"{page.name}: {line}"
        known = {name for one in command.get_params(within) for name in (*one.opts, *one.secondary_opts)}
        assert {word for word in given if word.startswith("--")} <= known, f"{page.name}: {line}"


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_benchmarks_named_are_there_with_their_options(page: Path) -> None:
    for name, options in re.findall(r"python benchmarks/(\w+\.py)([^`\n]*)", page.read_text()):
        program = (ROOT / "benchmarks" / name).read_text()
        for option in re.findall(r"--[a-z-]+", options):
            assert f'"{option}"' in program, f"{page.name}: {name} {option}"


@pytest.fixture
def desk_of_a_reader(squat: ShippedClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that examples name: the film that ships, and recordings of somebody squatting."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POISE_DATA", str(tmp_path / "data"))
    shutil.copy(squat.path, "squat.mp4")
    good, shallow = perform("squat", reps=4), perform("squat", reps=4, form={"depth": 70})
    for name, performance, camera in (
        ("side", good, Camera(yaw=90)),
        ("front", good, Camera(yaw=60)),
        ("bent", shallow, Camera(yaw=90)),
    ):
        write_recording(f"{name}.npz", film_poses(performance, camera))
    return tmp_path


@pytest.mark.parametrize(
    "page", [page for page in WRITTEN if "```python" in page.read_text()], ids=lambda p: p.name
)
def test_examples_run(page: Path, desk_of_a_reader: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for example in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        exec(compile(example, page.name, "exec"), names)
    assert capsys.readouterr().out or "print" not in page.read_text()


def test_examples_are_typed_as_users_see_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page's examples pass `mypy --strict` in a folder of their own, by the types that poise brings along."""
    monkeypatch.chdir(tmp_path)
    for page in WRITTEN:
        examples = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        if examples:
            Path(page.stem.replace("-", "_") + ".py").write_text("\n".join(examples))
    options = ["--config-file=", "--strict", "--cache-dir", str(ROOT / ".mypy_cache" / "examples")]
    said, _, _ = mypy.run([*options, "--python-executable", sys.executable, "."])
    assert re.fullmatch(r"Success: no issues found in [5-9] source files\n", said), said


def test_what_an_exercise_file_may_say_is_told_key_by_key() -> None:
    text = (DOCS / "add-exercise.md").read_text()
    (example,) = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert parse_exercise(example, "the example").fault
    named = re.findall(r"(?<!`)`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    told = {word for name in named for word in re.findall(r"\w+", name)}
    for part in (Exercise, Signal, Condition, Still, Rule, Benchmark, Unjudged):
        assert set(part.model_fields) <= told, part.__name__
    for choices in (Moment, Part, Working, Support):
        assert set(get_args(choices)) <= told


def test_how_it_judges_is_told_with_the_numbers_it_judges_by() -> None:
    page = " ".join((DOCS / "judging.md").read_text().split())
    for words in (
        f"not seen for {HOLD:g} s",
        f"one {DELAY:.2f} s late",
        f"likely for {COMMIT_S:g} s",
        f"wrong by {KEYPOINT_SIGMA:.0%} of the torso, the view by {YAW_SIGMA:g} degrees".replace("%", " %"),
        f"| more than {SURE:g} |",
        f"| less than {1 - SURE:.1f} |",
        f"more than {GATES['sagittal']:g} degrees off",
        f"scored below {SEEN:g}",
    ):
        assert words in page


def test_every_variable_of_the_environment_is_told() -> None:
    source = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    names = set(re.findall(r"\"(POISE_[A-Z_]+)\"", source))
    assert len(names) > 2
    assert names <= set(re.findall(r"^``(\w+)``$", (DOCS / "api.rst").read_text(), re.MULTILINE))


def test_what_is_said_of_a_peer_has_its_source() -> None:
    text = (DOCS / "peers.md").read_text()
    rows = [
        line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ") and line.count("|") == 4
    ]
    told = [claim for _, _, others in rows if others.strip() != "others" for claim in others.split("; ")]
    told += re.findall(r"^- .*(?:\n  .*)*", text, re.MULTILINE)
    assert len(told) > 40
    for claim in told:
        assert re.search(r"\]\(https://", claim), claim


def test_the_gallery_shows_every_picture_that_is_made() -> None:
    kept = {path.name for path in (DOCS / "pictures").iterdir()}
    assert len(kept) > 5
    assert set(re.findall(r"pictures/([\w.]+)", (DOCS / "gallery.md").read_text())) == kept
    assert set(re.findall(r"\w+\.jpg", (ROOT / "benchmarks" / "pictures.py").read_text())) == kept


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
