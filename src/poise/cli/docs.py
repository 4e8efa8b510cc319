"""The pages of the docs that are made from the code: ``python -m poise.cli.docs`` writes them into ``docs/``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer
from typer.cli import get_docs_for_click

from poise.cli.app import EXITS, complete
from poise.coach import exercises, load_exercise
from poise.coach.form import error_model
from poise.coach.measures import MEASURES
from poise.report.schema import json_schema

_MADE = "<!-- Made from the code by: python -m poise.cli.docs -->\n"


def command_page() -> str:
    """``cli.md``: every command with its arguments and options."""
    root = typer.main.get_command(complete())
    page: str = get_docs_for_click(obj=root, ctx=typer.Context(root, info_name="poise"), name="poise")
    return _MADE + "\n" + page.replace(f"{EXITS}\n\n", "").rstrip() + f"\n\n{EXITS}\n"


def exercise_page() -> str:
    """``exercises.md``: every exercise, how it is counted, and every limit with its source."""
    lines = [_MADE, "# Exercises\n"]
    lines.append(
        "Angles are degrees: flexion is 0 for a straight joint; a lean is 0 upright and positive forwards; an"
        " elevation is 0 level. Lengths are shares of the torso. Evidence A is a published criterion and number, B"
        " a published criterion with a number of ours, C ours. Between *fine* and *fault* nothing is said.\n"
    )
    for name in exercises():
        exercise = load_exercise(name)
        signal = exercise.signal
        lines += [
            f"## {exercise.title} (`{name}`)\n",
            f"{exercise.setup}\n",
            f"Counted by {_words(signal.measure)} ({signal.quantity.unit}): about {signal.rest:g} at rest, "
            f"{signal.turn:g} at the turn. ROM: {_words(exercise.angle)}.\n",
        ]
        for benchmark in exercise.benchmark:
            lines.append(
                f"- {benchmark.title}: {_words(benchmark.measure)} usually {benchmark.low:g} to"
                f" {benchmark.high:g}. {benchmark.source}."
            )
        lines.append("\nFaults:\n")
        for rule in exercise.fault:
            beyond = "above" if rule.above else "below"
            needs = ", ".join(_words(name) for name in rule.quantity.keypoints("near"))
            lines += [
                f"- **{rule.title}** (`{rule.name}`): {rule.taken}; fine to {rule.ok:g}, a fault {beyond}"
                f" {rule.limit:g} {rule.unit}. *{rule.cue}* {rule.why}",
                f"  - seen from: {rule.seen_from}; needs {needs}",
                f"  - error: {error_model(rule)}",
                f"  - evidence {rule.evidence}: {rule.source}.",
            ]
        lines += [f"\nNot judged: {other.title.lower()}. {other.why}" for other in exercise.unjudged]
        lines.append("")
    lines += [
        "## Measures\n",
        "What an exercise can be counted by, and held to; a file of your own may name any of them"
        " ([how](add-exercise.md)).\n",
        "| measure | unit | seen from | what it is |",
        "|---|---|---|---|",
    ]
    for measure in MEASURES.values():
        view = {"sagittal": "the side", "frontal": "the front", "any": "anywhere"}[measure.plane]
        lines.append(f"| `{measure.name}` | {measure.unit} | {view} | {' '.join(measure.about.split())} |")
    return "\n".join([*lines, ""])


def report_page() -> str:
    """``report.md``: the contract of ``report.json``, field by field."""
    schema = json.loads(json_schema())
    lines = [_MADE, "# report.json\n", f"{schema['description']}\n"]
    lines.append("The same as a JSON schema: [report.schema.json](report.schema.json).\n")
    for name, part in ((schema["title"], schema), *sorted(schema["$defs"].items())):
        lines += [f"## {name}\n", f"{part.get('description', '')}\n"] if part is not schema else ["## Report\n"]
        for field, about in part.get("properties", {}).items():
            lines.append(f"- `{field}` ({_kind(about)}) {about.get('description', '')}".rstrip())
        lines.append("")
    return "\n".join(lines)


def _kind(about: dict[str, Any]) -> str:
    if "$ref" in about:
        return str(about["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in about:
        return " or ".join(_kind(part) for part in about["anyOf"])
    if about.get("type") == "array":
        return f"list of {_kind(about['items'])}" if "items" in about else "list"
    if "enum" in about:
        return " or ".join(f"`{value}`" for value in about["enum"])
    return str(about.get("type", about.get("const", "value")))


def _words(name: str) -> str:
    return name.replace("_", " ")


def write(folder: Path) -> None:
    """Write every page that is made from the code."""
    for name, made in (("cli.md", command_page), ("exercises.md", exercise_page), ("report.md", report_page)):
        (folder / name).write_text(made(), encoding="utf-8")
    (folder / "report.schema.json").write_text(json_schema(), encoding="utf-8")


if __name__ == "__main__":
    write(Path("docs"))
