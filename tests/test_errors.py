from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from poise import errors
from poise.errors import InputError, MissingExtra, ModelCorrupt, ModelUnavailable, PoiseError, UnknownName


def test_every_error_of_the_room_is_one_poise_can_explain_and_is_drawn_in_the_tree() -> None:
    raised = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert all(issubclass(kind, PoiseError) for kind in raised)
    drawn = re.findall(r"─ (\w+)", str(errors.__doc__))
    assert sorted(kind.__name__ for kind in raised) == sorted(["PoiseError", *drawn])


def test_an_error_says_what_went_wrong_and_then_what_to_do() -> None:
    error = InputError("There is no film.", "Give the path of one.")
    assert (error.message, error.hint) == ("There is no film.", "Give the path of one.")
    assert str(error) == "There is no film. Give the path of one."
    assert str(InputError("There is no film.")) == "There is no film."


def test_an_unknown_name_is_a_key_error_that_reads_like_a_sentence() -> None:
    with pytest.raises(KeyError) as caught:
        raise UnknownName("backend", "blazepoze", ["blazepose", "replay"])
    text = str(caught.value)
    assert text == "No backend is called 'blazepoze'. Did you mean 'blazepose'? Known: blazepose, replay."


def test_where_nothing_is_known_it_says_so() -> None:
    assert str(UnknownName("profile", "Ann", [])) == "No profile is called 'Ann'. There is none yet."


def test_a_name_like_no_other_gets_no_guess() -> None:
    assert "Did you mean" not in str(UnknownName("exercise", "xyz", ["squat", "lunge"]))


def test_errors_can_be_caught_as_what_they_also_are() -> None:
    assert issubclass(UnknownName, InputError)
    assert issubclass(MissingExtra, ImportError)
    assert issubclass(ModelCorrupt, ModelUnavailable)
    assert not issubclass(ModelUnavailable, InputError)


def test_a_missing_extra_says_what_to_type() -> None:
    assert str(MissingExtra("Drawing", "render")).endswith("pip install 'poise[render]'")


POISE = Path(errors.__file__).parent
KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, PoiseError)}


def made(*kinds: str) -> Iterator[tuple[str, ast.Call]]:
    """Every place in poise that makes an error of these kinds."""
    for path in sorted(POISE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds:
                yield f"{path.relative_to(POISE)}:{node.lineno}", node


def test_every_error_says_what_to_do_next() -> None:
    """Those of an unknown name and a missing extra do by themselves."""
    found = list(made(*KINDS - {"UnknownName", "MissingExtra"}))
    assert len(found) > 200
    bare = [
        where
        for where, call in found
        if len(call.args) < 2 or (isinstance(call.args[1], ast.Constant) and not call.args[1].value)
    ]
    assert bare == []


def test_every_extra_that_is_asked_for_is_there() -> None:
    project = tomllib.loads((POISE.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {call.args[1].value for _, call in made("MissingExtra") if isinstance(call.args[1], ast.Constant)}
    assert len(asked) > 7
    assert asked <= set(project["optional-dependencies"])
