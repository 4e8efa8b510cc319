"""The networks of BlazePose on OpenVINO, for whom it is installed: a fifth to a quarter faster than on LiteRT."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import platformdirs

from poise.body.formats import replacing
from poise.vision.estimators._tflite import Shape, Tensor, pruned
from poise.vision.estimators.runtime import openvino
from poise.vision.frame import Picture


def installed() -> bool:
    """Whether OpenVINO is there."""
    return find_spec("openvino") is not None


class OpenVINONetwork:
    """A `poise.vision.estimators._tflite.Network` on OpenVINO, with the same arguments.

    OpenVINO reads such networks from files only, and compiles for half a second; both are kept in poise's cache.

    Raises:
        OSError: when they cannot be written there.

    """

    runtime, delegated = "openvino", False

    def __init__(self, model: bytes, outputs: Sequence[Shape], values: tuple[float, float], threads: int) -> None:
        path = _kept(model, outputs)
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",  # bfloat16, the default of some processors, moves world keypoints
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,  # pinned, two networks side by side share one core
            "CACHE_DIR": str(path.parent),
        }
        compiled = openvino().Core().compile_model(path, "CPU", settings)
        self._request = compiled.create_infer_request()
        self._input = self._request.get_input_tensor(0).data
        index = {tuple(out.shape): i for i, out in enumerate(compiled.outputs)}
        self._outputs = [index[shape] for shape in outputs]
        self._low, self._step = np.float32(values[0]), np.float32((values[1] - values[0]) / 255)
        self.pixels = int(compiled.inputs[0].shape[1])

    def run(self, picture: Picture) -> list[Tensor]:
        """The outputs for a picture of ``(pixels, pixels, 3)``; the next run writes over them."""
        np.multiply(picture, self._step, out=self._input[0], dtype=np.float32)
        if self._low:
            self._input += self._low
        self._request.infer()
        return [self._request.get_output_tensor(index).data for index in self._outputs]


def _kept(model: bytes, outputs: Sequence[Shape]) -> Path:
    """The file in poise's cache that holds the network with those outputs; written there when it is new."""
    folder = Path(platformdirs.user_cache_dir("poise")) / "openvino"
    path = folder / f"{sha256(model + repr(sorted(outputs)).encode()).hexdigest()[:16]}.tflite"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(pruned(model, outputs))
    return path
