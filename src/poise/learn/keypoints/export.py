"""A trained HRNet taken to where it runs: ONNX and TFLite, with how far each is from the original.

ONNX by torch, TFLite by `litert-torch` and whole numbers by `ai-edge-quantizer`, which want older versions of other
libraries than poise is tested with: install them into an environment of their own (`pip install litert-torch`).
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from poise.errors import PoiseError
from poise.learn.keypoints.data import People
from poise.learn.keypoints.evaluate import Heatmaps, Network, found_by, precision, torch_network
from poise.learn.keypoints.hrnet import HRNet
from poise.learn.keypoints.oks import Found
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
    given = torch.zeros(1, 3, size[1], size[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, about its other exporter
        torch.onnx.export(
            net.cpu().eval(),
            (given,),
            str(path),
            input_names=["picture"],
            output_names=["heatmaps"],
            opset_version=17,
            dynamo=False,
        )


def to_tflite(net: HRNet, size: tuple[int, int], path: Path) -> None:
    """Write a network for pictures ``(1, 3, H, W)`` as TFLite, in 32-bit numbers.

    Raises:
        PoiseError: when litert-torch is not installed.

    """
    litert = _needed("litert_torch", "litert-torch")
    litert.convert(net.cpu().eval(), (torch.zeros(1, 3, size[1], size[0]),)).export(str(path))


def to_int8(path: Path, pictures: Sequence[torch.Tensor], to: Path) -> None:
    """Write a TFLite file again in whole numbers, calibrated on pictures ``(3, H, W)``.

    Raises:
        PoiseError: when ai-edge-quantizer is not installed.

    """
    quantizer = _needed("ai_edge_quantizer.quantizer", "ai-edge-quantizer")
    recipe = _needed("ai_edge_quantizer.recipe", "ai-edge-quantizer")
    names = _needed("ai_edge_litert.interpreter", "ai-edge-litert").Interpreter(str(path)).get_signature_list()
    signature, sides = next(iter(names.items()))
    work = quantizer.Quantizer(str(path))
    work.load_quantization_recipe(recipe.static_wi8_ai8())
    samples = [{sides["inputs"][0]: picture[None].numpy()} for picture in pictures]
    calibrated = work.calibrate({signature: samples})
    to.unlink(missing_ok=True)
    work.quantize(calibrated).export_model(str(to))


def _needed(module: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as problem:
        raise PoiseError(
            f"Writing TFLite needs {package}.",
            f"In an environment of its own: pip install 'poise[train]' {package}",
        ) from problem


def exported(path: Path, runtime: str = "") -> Network:
    """The network in an exported file, one picture at a time."""
    network = open_network(ModelFile(path.read_bytes()), runtime=runtime)

    def run(pictures: torch.Tensor) -> Heatmaps:
        return np.concatenate([network.run(picture[None].numpy())[0] for picture in pictures])

    return run


def parity(net: HRNet, path: Path, people: People) -> Parity:
    """How far an exported file is from the network it was made of, on annotated people."""
    original, copy = torch_network(net), exported(path)
    one, other = list(found_by(original, people)), list(found_by(copy, people))
    off = np.concatenate([_off(a, b) for a, b in zip(one, other, strict=True)])
    both = precision(original, people).ap, precision(copy, people).ap
    return Parity(float(np.median(off)), float(off.max()), both, len(off))


def _off(a: Found, b: Found) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(np.linalg.norm(a.keypoints - b.keypoints, axis=1))
