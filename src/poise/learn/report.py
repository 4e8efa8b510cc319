"""What came of a run, as a page to read; and several runs side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from poise.errors import InputError

#: Width and height of a plot, and what is left free at its left and bottom.
WIDE, HIGH, LEFT, LOW = 420, 240, 44, 28


def page(said: dict[str, Any]) -> str:
    """The page of a run, from what ``run.json`` says."""
    environment = Environment(
        loader=PackageLoader("poise.learn"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = lambda value: f"{100 * value:.1f} %"
    epochs = said["epochs"]
    plots = {
        "loss": plot({k: [e[f"{k}_loss"] for e in epochs] for k in ("train", "validation")}),
        "accuracy": plot({k: [e[f"{k}_accuracy"] for e in epochs] for k in ("train", "validation")}, top=1.0),
        "reliability": reliability(said["test"]["bins"]),
    }
    steps = said["curve"]
    if len(steps) > 1:
        counts = [step["count"] for step in steps]
        plots["curve"] = plot({k: [s[k] for s in steps] for k in ("train", "test")}, top=1.0, x=counts)
    return environment.get_template("run.html.j2").render(run=said, plots=plots, size=(WIDE, HIGH, LEFT, LOW))


def plot(lines: dict[str, Sequence[float]], top: float = 0.0, x: Sequence[float] = ()) -> dict[str, Any]:
    """Lines over steps, as points of an SVG: the lines, and the marks of both axes."""
    longest = max((len(values) for values in lines.values()), default=0)
    places = list(x) or list(range(1, longest + 1))
    high = top or max((v for values in lines.values() for v in values), default=1.0) or 1.0
    first, last = (places[0], places[-1]) if places else (0, 1)

    def point(i: int, value: float) -> str:
        share = (places[i] - first) / (last - first) if last > first else 0.5
        return f"{LEFT + share * (WIDE - LEFT - 10):.1f},{(HIGH - LOW) * (1 - value / high) + 6:.1f}"

    return {
        "lines": {name: " ".join(point(i, v) for i, v in enumerate(values)) for name, values in lines.items()},
        "y": [(f"{high * i / 4:.2f}", f"{(HIGH - LOW) * (1 - i / 4) + 6:.1f}") for i in range(5)],
        "x": (f"{first:g}", f"{last:g}"),
    }


def reliability(bins: Sequence[dict[str, Any]]) -> list[dict[str, float]]:
    """Where the dots of a reliability diagram lie, and how large they are."""
    total = sum(one["count"] for one in bins) or 1
    return [
        {
            "x": LEFT + one["confidence"] * (WIDE - LEFT - 10),
            "y": (HIGH - LOW) * (1 - one["accuracy"]) + 6,
            "r": 3 + 12 * (one["count"] / total) ** 0.5,
        }
        for one in bins
    ]


def read_results(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """What the runs in folders say.

    Raises:
        InputError: when one is no run.

    """
    out = []
    for folder in folders:
        try:
            out.append(json.loads((folder / "run.json").read_text("utf-8")))
        except (OSError, ValueError) as error:
            raise InputError(f"{folder} is no folder of a run: {error}.", "Make one: poise learn train") from error
    return out
