"""A trained HRNet taken to where it runs: ONNX and TFLite, with how far each is from the original.

The formats are `poise.learn.export`'s; here is what is particular to networks that are shown pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from poise.learn import export
from poise.learn.keypoints.data import People
from poise.learn.keypoints.evaluate import Heatmaps, Network, found_by, torch_network
from poise.learn.keypoints.hrnet import HRNet
from poise.learn.keypoints.oks import Found, evaluate
from poise.vision.estimators.runtime import open_network
from poise.vision.weights import ModelFile


@dataclass(frozen=True)
class Parity:
    """How far an exported network is from the original, on the same people.

    ``median_px`` and ``most_px`` are distances of keypoints in pixels of the pictures, ``ap`` the average precision
    of the original and of the export, ``n`` how many keypoints were compared.
    """

    median_px: float
    most_px: float
    ap: tuple[float, float]
    n: int


def to_onnx(net: HRNet, size: tuple[int, int], path: Path) -> None:
    """Write a network for pictures ``(1, 3, H, W)`` of that width and height as ONNX."""
    export.to_onnx(net, _empty(size), path)


def to_tflite(net: HRNet, size: tuple[int, int], path: Path) -> None:
    """Write a network for pictures ``(1, 3, H, W)`` as TFLite, in 32-bit numbers.

    Raises:
        PoiseError: when litert-torch is not installed.

    """
    export.to_tflite(net, _empty(size), path)


def to_int8(net: HRNet, pictures: Sequence[torch.Tensor], path: Path) -> None:
    """Write a network as TFLite in whole numbers, calibrated on pictures ``(3, H, W)``.

    Raises:
        PoiseError: when litert-torch and ai-edge-quantizer are not installed.

    """
    export.to_tflite(net, torch.stack(list(pictures)).numpy(), path, "static")


def _empty(size: tuple[int, int]) -> npt.NDArray[np.float32]:
    return np.zeros((1, 3, size[1], size[0]), np.float32)


def exported(path: Path, runtime: str = "") -> Network:
    """The network in an exported file, one picture at a time."""
    network = open_network(ModelFile(path.read_bytes()), runtime=runtime)

    def run(pictures: torch.Tensor) -> Heatmaps:
        return np.concatenate([network.run(picture[None].numpy())[0] for picture in pictures])

    return run


def parity(net: HRNet, path: Path, people: People) -> Parity:
    """How far an exported file is from the network it was made of, on annotated people."""
    one, other = (list(found_by(network, people)) for network in (torch_network(net), exported(path)))
    off = np.concatenate([_off(a, b) for a, b in zip(one, other, strict=True)])
    both = evaluate(people.people, one).ap, evaluate(people.people, other).ap
    return Parity(float(np.median(off)), float(off.max()), both, len(off))


def _off(a: Found, b: Found) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(np.linalg.norm(a.keypoints - b.keypoints, axis=1))
