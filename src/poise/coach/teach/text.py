"""An exercise as the text of its file, to be read and changed by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from poise.coach.exercise import Exercise, Rule

_TABLES = ("condition", "benchmark", "fault", "unjudged")


def exercise_text(exercise: Exercise, notes: Sequence[str] = ()) -> str:
    """The TOML of an exercise: what it says beyond the defaults, after ``notes`` as comments.

    >>> from poise.coach.exercise import load_exercise, parse_exercise
    >>> squat = load_exercise("squat")
    >>> parse_exercise(exercise_text(squat), "squat.toml") == squat
    True
    """
    told = exercise.model_dump(exclude_defaults=True, exclude_none=True)
    lines = [f"# {line}".rstrip() for note in notes for line in note.splitlines()]
    lines += [""] if lines else []
    lines += [f"{key} = {_value(value)}" for key, value in told.items() if key not in _TABLES]
    parts = [_table(name, row) for name in _TABLES for row in told.get(name, ())]
    return "\n".join(lines) + "\n" + "".join(parts)


def rule_text(rule: Rule) -> str:
    """The TOML of one rule, to be put at the end of an exercise file."""
    return _table("fault", rule.model_dump(exclude_defaults=True, exclude_none=True))


def _table(name: str, row: dict[str, Any]) -> str:
    return "\n".join([f"\n[[{name}]]", *(f"{key} = {_value(value)}" for key, value in row.items())]) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(v)}" for key, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
