"""What a library comes to: how much of what, the commonest faults, and the films that could not be followed."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources

import jinja2

from poise.batch.places import whole
from poise.batch.results import Problem, Results
from poise.batch.tables import read_table

#: Films in quarantine that the page names; all are in the table beside it.
_SHOWN = 200


@dataclass(frozen=True)
class Done:
    """How much was done of an exercise, and the films in which a fault was seen, the commonest first."""

    title: str
    films: int
    full: int
    partial: int
    invalid: int
    held_s: float
    faults: Mapping[str, int]


@dataclass(frozen=True)
class Summary:
    """What a library comes to.

    ``films`` were given, ``distinct`` of them differ; ``judged`` were followed and judged, and make up ``seconds``
    and ``frames``; ``quarantine`` says of all others why not.
    """

    films: int
    distinct: int
    judged: int
    frames: int
    seconds: float
    exercises: Mapping[str, Done]
    quarantine: Sequence[tuple[str, Problem]]

    def text(self) -> str:
        """As JSON."""
        why = [{"film": name, "message": one.message, "hint": one.hint} for name, one in self.quarantine]
        return json.dumps({**asdict(self), "quarantine": why}, indent=2) + "\n"


def sum_up(results: Results, quarantine: Sequence[tuple[str, Problem]], films: int, distinct: int) -> Summary:
    """The summary of the tables that are there, written beside them.

    Raises:
        OSError: when it cannot be written.

    """
    judged = read_table(results.tables("films"))
    by_exercise = defaultdict(list)
    for row in judged:
        by_exercise[row["exercise"]].append(row)
    exercises = {}
    for name, each in sorted(by_exercise.items(), key=lambda one: (-len(one[1]), one[0])):
        faults = Counter(said.split(":")[0] for row in each for said in row["faults"].split(";") if said)
        sums = {what: sum(row[what] or 0 for row in each) for what in ("full", "partial", "invalid", "held_s")}
        common = dict(sorted(faults.items(), key=lambda fault: (-fault[1], fault[0])))
        exercises[name] = Done(title=each[0]["title"], films=len(each), faults=common, **sums)
    summary = Summary(
        films=films,
        distinct=distinct,
        judged=len(judged),
        frames=sum(row["frames"] for row in judged),
        seconds=round(sum(row["seconds"] for row in judged), 3),
        exercises=exercises,
        quarantine=quarantine,
    )
    page = _page().render(summary=summary, shown=_SHOWN)
    for name, text in (
        ("summary.json", summary.text()),
        ("summary.html", page),
        ("quarantine.csv", _table(quarantine)),
    ):
        with whole(results.place / name) as file:
            file.write(text.encode())
    return summary


def _table(quarantine: Sequence[tuple[str, Problem]]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("film", "problem", "hint"))
    rows.writerows((name, problem.message, problem.hint) for name, problem in quarantine)
    return text.getvalue()


@cache
def _page() -> jinja2.Template:
    source = resources.files(__package__).joinpath("summary.html.j2").read_text(encoding="utf-8")
    return jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
