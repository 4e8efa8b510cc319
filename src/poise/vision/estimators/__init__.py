"""Estimators: frames in, poses out. One file a backend; third parties add theirs by an entry point.

An entry point in the group ``poise.backends`` names an opener, a function with the keyword arguments of
`open_estimator` after its first. `check_estimator` holds what it opens to the contract.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from types import TracebackType
from typing import Any, Protocol, Self

from poise.body import Pose, Skeleton
from poise.errors import InputError, MissingExtra, UnknownName
from poise.vision.estimators.contract import check_estimator
from poise.vision.frame import Frame
from poise.vision.weights import Progress

__all__ = [
    "BACKENDS",
    "ENTRY_POINTS",
    "PoseEstimator",
    "check_estimator",
    "known_backends",
    "known_options",
    "open_estimator",
    "read_options",
]


class PoseEstimator(Protocol):
    """Finds people in one stream of frames. Leaving it as a context closes it; closing twice does no harm."""

    @property
    def skeleton(self) -> Skeleton:
        """The skeleton of every pose it finds."""

    def estimate(self, frames: Sequence[Frame]) -> list[list[Pose]]:
        """For each frame the people in it, at most as many as asked for; `Pose.person` tells them apart.

        Raises:
            ValueError: when a frame is not later than the one before it, in this call or an earlier one.

        """

    def reset(self) -> None:
        """Forget the stream: the next frame is the first of another, and what it sees is as if newly opened."""

    def close(self) -> None:
        """Let go of models and memory; it cannot estimate afterwards."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


#: The backends of poise: name -> (``module:opener``, the extra to install for it or "").
BACKENDS: dict[str, tuple[str, str]] = {
    "blazepose": ("poise.vision.estimators.blazepose:open_blazepose", ""),
    "hrnet": ("poise.vision.estimators.topdown:open_topdown", "onnx"),
    "mediapipe": ("poise.vision.estimators.mediapipe:open_mediapipe", "mediapipe"),
    "movenet": ("poise.vision.estimators.movenet:open_movenet", ""),
    "openpose": ("poise.vision.estimators.openpose:open_openpose", "openvino"),
    "posenet": ("poise.vision.estimators.posenet:open_posenet", ""),
    "rtmpose": ("poise.vision.estimators.topdown:open_topdown", "onnx"),
}

#: The entry point group of everybody else's.
ENTRY_POINTS = "poise.backends"


def known_backends() -> list[str]:
    """The names `open_estimator` knows: poise's own and those of installed packages."""
    return sorted({*BACKENDS, *(point.name for point in entry_points(group=ENTRY_POINTS))})


def open_estimator(
    backend: str = "blazepose",
    *,
    model: str = "",
    people: int = 1,
    threads: int = 1,
    progress: Progress | None = None,
    trust: bool = False,
    **options: Any,
) -> PoseEstimator:
    """An estimator for one stream; fetches its model files when they are not here. Must be closed.

    Args:
        backend: one of `known_backends`.
        model: which of the backend's models; "" for its default; of most, the path of a model file too.
        people: how many people to find at most.
        threads: how many threads a network may use.
        progress: told about model files as they arrive.
        trust: whether a model file may be used that nobody published, as far as poise knows.
        options: whatever else the backend's opener takes.

    Raises:
        UnknownName: when there is no such backend or model.
        MissingExtra: when the backend needs something that is not installed.
        ModelUnavailable: when a model file is not here and cannot be fetched, is not trusted, or not suitable.

    """
    opener = _opener(backend)
    return opener(model=model, people=people, threads=threads, progress=progress, trust=trust, **options)


#: What every backend takes; whatever else its opener takes are its own options.
_EVERY = {"model", "people", "threads", "progress", "trust"}
_YES_OR_NO = {"": True, "yes": True, "true": True, "no": False, "false": False}


def known_options(backend: str) -> dict[str, type]:
    """The options that only this backend has, and what each is: a word, a number, or yes or no.

    Raises:
        UnknownName: when there is no such backend.
        MissingExtra: when the backend needs something that is not installed.

    """
    said = inspect.signature(_opener(backend), eval_str=True).parameters.values()
    kinds = {one.name: one.annotation for one in said if one.name not in _EVERY}
    return {name: kind for name, kind in kinds.items() if kind in (str, int, float, bool)}


def read_options(backend: str, given: Sequence[str]) -> dict[str, Any]:
    """Options of a backend as `open_estimator` takes them, from ``NAME=VALUE`` as people type them.

    ``NAME`` alone says yes.

    Raises:
        UnknownName: when there is no such backend, or it has no such option.
        InputError: when a value is none of that option's.
        MissingExtra: when the backend needs something that is not installed.

    """
    known = known_options(backend) if given else {}
    options: dict[str, Any] = {}
    for one in given:
        name, _, value = one.partition("=")
        if name not in known:
            raise UnknownName(f"option of {backend}", name, known)
        kind = known[name]
        try:
            options[name] = _YES_OR_NO[value.lower()] if kind is bool else kind(value)
        except (ValueError, KeyError):
            kinds = {bool: "yes or no", int: "a whole number", float: "a number"}
            raise InputError(
                f"{one!r} does not say {kinds[kind]}.", f"Write it as {name}=VALUE, with {kinds[kind]}."
            ) from None
    return options


def _opener(backend: str) -> Callable[..., PoseEstimator]:
    if backend in BACKENDS:
        place, extra = BACKENDS[backend]
        module, name = place.split(":")
        try:
            found: Callable[..., PoseEstimator] = getattr(import_module(module), name)
        except ImportError as problem:
            raise MissingExtra(f"The backend {backend!r}", extra) from problem
        return found
    for point in entry_points(group=ENTRY_POINTS, name=backend):
        opener: Callable[..., PoseEstimator] = point.load()
        return opener
    raise UnknownName("backend", backend, known_backends())
