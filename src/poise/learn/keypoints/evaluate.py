"""How well a network finds keypoints: OKS average precision with annotated or detected boxes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from poise.body import COCO17, Array
from poise.errors import UnreadableRecording
from poise.learn.keypoints.data import STRIDE, People, normalised, view_of
from poise.learn.keypoints.oks import Found, Labelled, Scores, evaluate
from poise.vision.estimators.heads import from_heatmaps, turned_back

Heatmaps = NDArray[np.float32]
#: Pictures ``(N, 3, H, W)`` to heatmaps ``(N, 17, H/4, W/4)``.
Network = Callable[[torch.Tensor], Heatmaps]

#: The score from which a keypoint counts in how surely somebody was found (the authors').
_COUNTS = 0.2


def found_by(
    network: Network,
    people: People,
    boxes: Iterable[Labelled] | None = None,
    *,
    flip: bool = False,
    dark: bool = True,
    batch: int = 32,
) -> Iterator[Found]:
    """Whom a network finds in some boxes: those annotated, or those that a detector gave.

    Args:
        network: the network.
        people: whose pictures and sizes to use.
        boxes: where to look; None for where people are annotated.
        flip: look at mirror images too, and take the mean.
        dark: place peaks as DARK does, else a quarter of a cell towards the higher neighbour.
        batch: how many boxes at a time.

    """
    size = people.recipe.size
    waiting = iter(people.people if boxes is None else boxes)
    while some := list(islice(waiting, batch)):
        views = [view_of(person.box, size) for person in some]
        pictures = torch.stack([normalised(v.of(people.picture(p))) for v, p in zip(views, some, strict=True)])
        maps = network(pictures)
        if flip:
            maps = (maps + turned_back(network(pictures.flip(-1)), COCO17.mirror)) * np.float32(0.5)
        for view, person, heat in zip(views, some, maps, strict=True):
            places, score = from_heatmaps(heat, STRIDE, dark=dark)
            sure = score[score > _COUNTS]
            yield Found(person.image, view.to_picture(places), float(sure.mean()) if len(sure) else 0.0)


def torch_network(net: torch.nn.Module, device: str = "cpu") -> Network:
    """A network of torch, to be evaluated on a device."""
    net = net.to(device).eval()

    def run(pictures: torch.Tensor) -> Heatmaps:
        with torch.inference_mode():
            heatmaps: Heatmaps = net(pictures.to(device)).float().cpu().numpy()
        return heatmaps

    return run


def precision(network: Network, people: People, *, flip: bool = False, dark: bool = True) -> Scores:
    """The scores of a network on annotated people, in their annotated boxes."""
    return evaluate(people.people, found_by(network, people, flip=flip, dark=dark))


def read_boxes(path: Path, least: float = 0.0) -> list[Labelled]:
    """The boxes a detector found, as COCO's results of boxes: ``image_id``, ``bbox``, ``score``.

    Raises:
        UnreadableRecording: when it is no such file.

    """
    try:
        rows = json.loads(path.read_bytes())
        return [
            Labelled(int(row["image_id"]), np.zeros((17, 3)), np.array(row["bbox"], dtype=np.float64), 0.0)
            for row in rows
            if row.get("category_id", 1) == 1 and row["score"] >= least
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableRecording(
            f"{path} holds no boxes: {error}.", "Give COCO's results of a detector."
        ) from error


def write_results(path: Path, found: Iterable[Found]) -> None:
    """Write people as COCO's results, for any other evaluation."""
    rows = [
        {
            "image_id": one.image,
            "category_id": 1,
            "keypoints": _triples(one.keypoints),
            "score": one.score,
        }
        for one in found
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")


def _triples(places: Array) -> list[float]:
    values: list[float] = np.column_stack([places, np.ones(len(places))]).ravel().tolist()
    return values
