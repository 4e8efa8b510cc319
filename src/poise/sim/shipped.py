"""The films poise ships: rendered athletes of whom every joint is known.

A film ``clips/NAME.mp4`` lies beside ``clips/NAME.json``, the recipe it was drawn by: who does what and how, seen
by which camera. The truth is worked out from the recipe, so nothing about the film needs to be stored. ::

    python -m poise.sim src/poise/sim/clips/squat.json --out squat.mp4      draws one anew

>>> [clip.name for clip in shipped()]
['push_up', 'squat']
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poise.body import Array, PoseSequence
from poise.sim.body import Body
from poise.sim.camera import Camera
from poise.sim.film import film_poses
from poise.sim.move import Tempo
from poise.sim.performance import Performance, perform

_CLIPS = Path(__file__).parent / "clips"


@dataclass(frozen=True, eq=False)
class ShippedClip:
    """A film and its truth: frame ``i`` shows ``performance`` at ``i / rate`` seconds through ``camera``."""

    name: str
    path: Path
    performance: Performance
    camera: Camera
    rate: float
    look: str

    @property
    def exercise(self) -> str:
        """What is exercised."""
        return self.performance.move.name

    def measures(self, t: Array) -> dict[str, Array]:
        """What is true of the body at instants ``t`` (see `poise.sim.truth`), each ``(T,)``."""
        return self.performance.measures(t)

    def poses(self, t: Array) -> PoseSequence:
        """Where every keypoint truly is in the pictures at instants ``t``."""
        return film_poses(self.performance, self.camera, t=t)


def shipped() -> tuple[ShippedClip, ...]:
    """The films that come with poise, by name."""
    return tuple(read_clip(path) for path in sorted(_CLIPS.glob("*.json")))


def read_clip(path: str | Path) -> ShippedClip:
    """The clip of a recipe file; its film, drawn or not, is the file beside it that ends in ``.mp4``."""
    path = Path(path)
    recipe: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    how = dict(recipe["performance"])
    if "tempo" in how:
        how["tempo"] = Tempo(*how["tempo"])
    camera = dict(recipe["camera"])
    return ShippedClip(
        name=path.stem,
        path=path.with_suffix(".mp4"),
        performance=perform(**how, body=Body.of(**recipe["body"])),
        camera=Camera(**{**camera, "size": tuple(camera["size"]), "target": tuple(camera["target"])}),
        rate=recipe["rate"],
        look=recipe["look"],
    )
