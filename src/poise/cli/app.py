"""The commands and what they share: the console, how problems are told, how progress is shown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pkgutil import iter_modules
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from poise.cli import commands
from poise.errors import PoiseError

#: Told how far the work has got: the stage, how much of it is done and how much there is (None: unknown).
Telling = Callable[[str, float, float | None], None]

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

#: What commands end with; the last paragraph of each one's help.
EXITS = (
    "Exit status: 0 it was done, or ended by Ctrl+C where that is how it ends; 1 something could not be done, and "
    "the last lines say what and what to do; 2 it was typed wrong; 130 interrupted."
)
_SECTION = re.compile(r"^(?=(?:Examples|Files|Environment):$)", re.MULTILINE)

app = typer.Typer(
    name="poise",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _top(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """A posture and workout coach for any camera: it sees how you move, counts, and says what is off and why.

    'poise COMMAND --help' tells all of one command.

    Examples:
        poise demo --open          # what it does, on a film that ships
        poise analyze workout.mp4  # a film of yours
        poise live                 # coached in the browser
        poise desk                 # how you sit

    Environment:
        POISE_DATA         the folder of all that is yours; history and films, too
        POISE_MODELS       where model files are looked for first
        POISE_LANGUAGE     of what is said: de, en, es, fr, ko

    """
    if show_version:
        out.print(f"poise {version('poise')}")
        raise typer.Exit


def complain(problem: PoiseError, about: str = "") -> None:
    """Tell a problem on the error console: what is wrong, then what to do."""
    start = f"{about}: " if about else ""
    err.print("[bold red]✗[/]", end=" ")
    err.print(f"{start}{problem.message}", markup=False)
    if problem.hint:
        err.print(f"  {problem.hint}", markup=False)


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Telling | None]:
    """A bar with the time left on the error console, a line for each stage; nothing when quiet."""
    if quiet:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        stages: dict[str, TaskID] = {}

        def tell(stage: str, done: float, total: float | None) -> None:
            if stage not in stages:
                stages[stage] = bar.add_task(stage, total=total)
            bar.update(stages[stage], completed=done, total=total)

        yield tell


def complete() -> typer.Typer:
    """The app with every command, for its help and its docs."""
    return load(())


def load(words: Sequence[str]) -> typer.Typer:
    """The app with the command that was typed, or with all when that is none of them; a version needs none.

    Each command is a module of `poise.cli.commands` that adds itself to the app when it is imported; only one being
    imported keeps the start short.
    """
    known = [module.name for module in iter_modules(commands.__path__)]
    asked = words[0] if words else ""
    for name in [asked] if asked in known else () if asked == "--version" else known:
        import_module(f"{commands.__name__}.{name}")
    _told(app)
    app.registered_commands.sort(key=lambda command: command.name or "")  # whoever imported which first
    app.registered_groups.sort(key=lambda group: group.name or "")
    return app


def _told(page: typer.Typer) -> None:
    """Make the help of every command, and of every group's own, of its docstring."""
    groups = [group.typer_instance for group in page.registered_groups if group.typer_instance]
    for one in (*page.registered_commands, page.registered_callback):
        if one and one.callback:
            one.help, one.epilog = manual(inspect.getdoc(one.callback) or "")
    for group in groups:
        _told(group)


def manual(about: str) -> tuple[str, str]:
    r"""What stands before the arguments, paragraph by paragraph, and what stands after them, line by line.

    >>> before, after = manual("Do it.\n\nMore than\na line.\n\nFiles:\n    done.csv")
    >>> before
    'Do it.\n\nMore than a line.'
    >>> after.splitlines()[:3]
    ['Files:', '', '    done.csv']

    """
    text, *sections = _SECTION.split(about)
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n")]
    after = [section.strip().replace(":\n", ":\n\n", 1) for section in sections]
    return "\n\n".join(paragraphs), "\n\n".join([*after, EXITS])
