"""Recipes: how a classifier is made, in one TOML file each; those that come with poise lie in ``recipes/``."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from poise.body import SKELETONS
from poise.errors import InputError, UnknownName


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Look(_Part):
    """What the network is shown: which keypoints, how many seconds, how often; and what becomes of them in it."""

    keypoints: tuple[str, ...] = Field(min_length=1)
    seconds: float = Field(0.0, ge=0)
    rate: float = Field(0.0, ge=0)
    hop: float = Field(0.5, gt=0)
    centred: Literal["", "part"] = ""
    prepare: Literal["embedding", "plain", "gravity", "differences", "streams"]

    @field_validator("keypoints", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        """A skeleton's name stands for its keypoints."""
        if isinstance(value, str):
            if value not in SKELETONS:
                raise ValueError(f"no skeleton is called {value!r}; known: {', '.join(sorted(SKELETONS))}")
            return SKELETONS[value].keypoints
        return value


class Layers(_Part):
    """The network after that.

    ``dense`` is the widths of dense layers with ``activation``, after which the labels come. In a sequence network
    ``convolutions`` (size and channels of each, over time) and a bidirectional ``lstm`` come before, either of
    which may be left out; ``residual`` is the dilations of residual blocks of ``width`` channels instead.
    """

    convolutions: tuple[tuple[int, int], ...] = ()
    lstm: int = 0
    residual: tuple[int, ...] = ()
    width: int = 64
    dense: tuple[int, ...] = ()
    activation: Literal["relu", "relu6", "sigmoid"] = "relu"
    dropout: float = Field(0.0, ge=0, lt=1)


class Training(_Part):
    """How it learns, by Adam.

    It stops after ``patience`` epochs without progress on the validation, and keeps the best; without patience it
    goes to the end and keeps the last. ``balanced`` lets every class weigh alike.
    """

    rate: float = Field(gt=0)
    batch: int = Field(gt=0)
    epochs: int = Field(gt=0)
    patience: int = 0
    decay: float = 0.0
    smoothing: float = 0.0
    schedule: Literal["", "cosine"] = ""
    validation: float = Field(0.2, gt=0, lt=1)
    test: float = Field(0.2, gt=0, lt=1)
    calibrated: bool = False
    balanced: bool = False


class Vary(_Part):
    """How examples are varied while it learns: shares of them, and sizes.

    ``mirror`` is the share that is mirrored, ``turn`` the share seen from elsewhere by up to ``turn_by`` degrees
    (where there are keypoints in metres), ``lean`` degrees of a camera that is not level, ``jitter`` a share of the
    body's size, ``lose`` the share of keypoints lost.
    """

    mirror: float = 0.0
    turn: float = 0.0
    turn_by: float = 180.0
    lean: float = 0.0
    jitter: float = 0.0
    lose: float = 0.0


class Recipe(_Part):
    """A whole recipe."""

    name: str
    title: str
    about: str
    source: str
    look: Look
    layers: Layers
    training: Training
    vary: Vary = Vary()
    search: dict[str, tuple[Any, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        moving = bool(self.layers.convolutions or self.layers.lstm or self.layers.residual)
        if moving != bool(self.look.seconds) or moving != bool(self.look.rate):
            raise ValueError("a network over time needs look.seconds and look.rate, and others must not have them")
        if moving != (self.look.prepare in ("differences", "streams")):
            raise ValueError(f"{self.look.prepare!r} does not go with these layers")
        return self

    def changed(self, **changes: Any) -> Recipe:
        """The recipe with some values changed, named ``part.value`` (or ``part__value``).

        >>> load_recipe("snu_squat").changed(layers__lstm=0).layers.lstm
        0

        Raises:
            InputError: when there is no such value, or it cannot be that.

        """
        said = self.model_dump()
        for name, value in changes.items():
            part, _, key = name.replace("__", ".").partition(".")
            if not key or part not in said or key not in said[part]:
                raise InputError(f"A recipe has no {name!r}.", "For example: training.epochs")
            said[part] = {**said[part], key: value}
        return _checked(said, f"{self.name} as changed")

    def searched(self) -> Iterator[tuple[dict[str, Any], Recipe]]:
        """Every combination of what ``search`` lists, and the recipe with it."""
        for values in itertools.product(*self.search.values()):
            changes = dict(zip(self.search, values, strict=True))
            yield changes, self.changed(**changes)


def recipes() -> list[str]:
    """The names of the recipes that come with poise."""
    folder = resources.files("poise.learn") / "recipes"
    return sorted(one.name.removesuffix(".toml") for one in folder.iterdir() if one.name.endswith(".toml"))


def load_recipe(given: str | Path) -> Recipe:
    """A recipe of poise by its name, or one of your own by its path.

    Raises:
        UnknownName: when it is neither.
        InputError: when the file breaks the rules of recipes.

    """
    path = Path(given)
    if path.suffix == ".toml":
        try:
            text = path.read_text("utf-8")
        except OSError as error:
            raise InputError(f"{path} cannot be opened: {error.strerror}.", "Check the path.") from error
    elif str(given) in recipes():
        text = (resources.files("poise.learn") / "recipes" / f"{given}.toml").read_text("utf-8")
    else:
        raise UnknownName("recipe", str(given), recipes())
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{given} is not TOML: {error}.", "See the recipes that come with poise.") from error
    return _checked(said, str(given))


def _checked(said: dict[str, Any], name: str) -> Recipe:
    try:
        return Recipe.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"The recipe {name} is wrong at {place or 'the top'}: {first['msg']}.", _HINT) from error


_HINT = "Known parts: look, layers, training, vary, search; see the recipes that come with poise."
