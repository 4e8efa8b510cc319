"""The tables that a library comes to, and how they are written: Parquet that any tool reads.

``films`` has a row for each film, ``reps`` one for each repetition, ``reports`` the whole report of each film as
JSON. In each of them ``film`` is the sha256 of the film.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from poise.batch.places import whole
from poise.body.formats.parquet import read_sealed, write_sealed
from poise.report import REP_COLUMNS, Report, rep_row
from poise.report.verdict import headline

#: What stands for a number there is none of.
_NONE: dict[type, float] = {int: -1, float: math.nan}

Table = Literal["films", "reps", "reports"]
Row = Mapping[str, Any]

#: The columns of each table, and what is in them.
COLUMNS: dict[Table, dict[str, type]] = {
    "films": {
        **{"film": str, "file": str, "exercise": str, "title": str, "confidence": float},
        **{"full": int, "partial": int, "invalid": int, "held_s": float, "sets": int},
        **{"faults": str, "headline": str, "view": str, "seen_share": float},
        **{"frames": int, "seconds": float, "width": int, "height": int},
    },
    "reps": {"film": str, **dict.fromkeys(REP_COLUMNS, float), "number": int}
    | dict.fromkeys(("exercise", "kind", "unit", "faults", "reasons"), str),
    "reports": {"film": str, "report": str},
}


def rows(film: str, report: Report) -> dict[Table, list[Row]]:
    """The rows of one film in each table."""
    faults = Counter(f.name for event in report.judged for f in event.faults if f.state == "fault")
    counts, source = report.counts, report.source
    one = {
        "film": film,
        "file": source.file,
        "exercise": report.exercise.name,
        "title": report.exercise.title,
        "confidence": report.exercise.confidence,
        **{name: getattr(counts, name) for name in ("full", "partial", "invalid", "held_s")},
        "sets": len(report.sets),
        "faults": ";".join(f"{name}:{n}" for name, n in sorted(faults.items())),
        "headline": headline(report),
        "view": report.view.name,
        "seen_share": report.seen_share,
        "frames": report.timing.frames,
        "seconds": report.timing.seconds,
        "width": source.width,
        "height": source.height,
    }
    reps: list[Row] = [{"film": film, **dict(zip(REP_COLUMNS, rep_row(rep), strict=True))} for rep in report.reps]
    return {"films": [one], "reps": reps, "reports": [{"film": film, "report": report.model_dump_json()}]}


def write_table(path: Path, table: Table, contents: Sequence[Row]) -> None:
    """Write a shard of a table, whole or not at all.

    Raises:
        OSError: when it cannot be written.

    """
    columns: dict[str, Any] = {}
    for name, kind in COLUMNS[table].items():
        values = [row[name] for row in contents]
        columns[name] = values if kind is str else np.array([_NONE[kind] if v is None else v for v in values], kind)
    with whole(path) as file:
        write_sealed(
            file,
            f"poise library, {table}",
            len(contents),
            lambda rows: {name: values[rows] for name, values in columns.items()},
        )


def read_table(paths: Iterable[Path], *names: str) -> list[dict[str, Any]]:
    """The rows of shards of a table; of the named columns only, where some are named.

    Raises:
        ValueError: when one of them is damaged or none of poise.
        OSError: when one of them cannot be read.

    """
    found: list[dict[str, Any]] = []
    for path in paths:
        with path.open("rb") as file:
            _, table = read_sealed(file)
        columns = names or tuple(table.column_names)
        values = [table.column(name).to_pylist() for name in columns]
        found += (dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True))
    return found
