"""Pixels to poses: films and cameras in, poses out, drawings on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poise.vision.estimators import check_estimator

__all__ = ["check_estimator"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'poise.vision' has no attribute {name!r}")
    from poise.vision import estimators  # only when asked for: importing a part loads no other

    return getattr(estimators, name)
