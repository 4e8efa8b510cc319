"""Options that several commands take, worded once."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from poise.language import VARIABLE, languages


def exercise_names(incomplete: str) -> list[str]:
    """Exercises that begin so, for the shell."""
    from poise.coach import exercises, own_exercises

    return [name for name in ("auto", "any", *exercises(), *own_exercises()) if name.startswith(incomplete)]


def _backends(incomplete: str) -> list[str]:
    from poise.vision.estimators import known_backends

    return [name for name in known_backends() if name.startswith(incomplete)]


Backend = Annotated[str, typer.Option(autocompletion=_backends, help="Who looks; 'poise doctor' lists them.")]
Model = Annotated[str, typer.Option(help="Which of its models, such as lite, full or heavy; or a model file.")]
Trust = Annotated[
    bool, typer.Option("--trust", help="Use a model file even if nobody is known to have published it.")
]
Option = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME[=VALUE]",
        help="What only this backend takes, such as flip or detector=rtmdet-nano, and again for more; "
        "'poise doctor' lists them.",
    ),
]
People = Annotated[int, typer.Option(min=1, help="How many people to look for; one of them is coached.")]
Person = Annotated[str, typer.Option(help="Who of several people is coached: largest, central, or X,Y (pixels).")]
HowStrictly = Annotated[
    Literal["beginner", "standard", "strict"],
    typer.Option(help="How strictly form is judged.", case_sensitive=False),
]


def _bodies(incomplete: str) -> list[str]:
    from poise.coach import BODIES

    return [name for name in BODIES if name.startswith(incomplete)]


Body = Annotated[
    str,
    typer.Option(
        autocompletion=_bodies,
        help="What of the body exercises: whole, seated, left-arm, right-arm, or seated,left-arm. The rest is "
        "neither asked for nor judged.",
    ),
]
Language = Annotated[
    str, typer.Option(envvar=VARIABLE, help=f"The language of what is said: {', '.join(languages())}.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print problems only.")]
