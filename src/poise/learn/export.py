"""A trained network taken to where it runs: ONNX and TFLite, saying what it is, and held to the original.

::

    torch ─► ONNX                                        by torch
          ─► TFLite in 32 or 16 bits, or 8-bit weights   by litert-torch, in a process of its own (`litert`)

`exported` writes a run's classifier and holds it to the network it was made of: on a thousand windows no decision
may change in 32 and 16 bits, and in 8 bits few may.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from poise.classify import METADATA, About, open_classifier
from poise.errors import PoiseError
from poise.learn import litert
from poise.learn.run import Kept

Precision = Literal["float32", "float16", "int8"]

#: Names the Python of an environment in which litert-torch and ai-edge-quantizer are installed.
LITERT_PYTHON = "POISE_LITERT_PYTHON"
#: How far a probability may be off, and the share of decisions that may change, by precision. Ours.
TOLERANCE: dict[Precision, tuple[float, float]] = {
    "float32": (1e-3, 0.0),
    "float16": (2e-2, 0.0),
    "int8": (0.5, 0.05),
}
#: Decisions as close as this are nobody's: the two likeliest labels are equally likely.
_TIE = 1e-4


@dataclass(frozen=True)
class Parity:
    """How an exported file compares with the network it was made of.

    ``most`` is the largest difference of a probability, ``changed`` how many of ``count`` decisions are others,
    ``size`` the file's bytes, ``ms`` milliseconds of one window by runtime, on one thread.
    """

    file: str
    precision: Precision
    count: int
    most: float
    changed: int
    size: int
    ms: dict[str, float]

    @property
    def passes(self) -> bool:
        """Whether it is within `TOLERANCE`."""
        most, share = TOLERANCE[self.precision]
        return self.most <= most and self.changed <= share * self.count

    def plain(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {**asdict(self), "passes": self.passes}


class ParityLost(PoiseError):
    """An exported file that does not answer as the network it was made of."""


def to_onnx(net: nn.Module, given: NDArray[np.float32], path: Path, about: About | None = None) -> None:
    """Write a network as ONNX for inputs of the shape of ``given``, with what it says about itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, about its other exporter
        torch.onnx.export(
            net.cpu().eval(),
            (torch.from_numpy(given),),
            str(path),
            input_names=["given"],
            output_names=["made"],
            opset_version=17,
            dynamo=False,
        )
    if about:
        model = onnx.load(str(path))
        onnx.helper.set_model_props(model, {METADATA: about.text()})
        path.write_bytes(model.SerializeToString(deterministic=True))


def to_tflite(
    net: nn.Module,
    samples: NDArray[np.float32],
    path: Path,
    precision: Precision | Literal["static"] = "float32",
    about: About | None = None,
) -> None:
    """Write a network as TFLite for one input of the shape of a sample, with what it says about itself.

    Raises:
        PoiseError: when litert-torch is not installed, here or where `LITERT_PYTHON` says, or cannot do it.

    """
    python = os.environ.get(LITERT_PYTHON, "")
    if not python and (find_spec("litert_torch") is None or find_spec("ai_edge_quantizer") is None):
        raise PoiseError(
            "Writing TFLite needs litert-torch and ai-edge-quantizer.",
            "In an environment of its own: pip install litert-torch ai-edge-quantizer; "
            f"then set {LITERT_PYTHON} to its Python.",
        )
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program, given = Path(scratch) / "net.pt2", Path(scratch) / "samples.npy"
        torch.export.save(torch.export.export(net.cpu().eval(), (torch.from_numpy(samples[:1]),)), program)
        np.save(given, samples)
        command = [python or sys.executable, litert.__file__, str(program), str(path), precision, str(given)]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        said = (done.stderr.strip() or "it does not say why").splitlines()[-1]
        raise PoiseError(f"litert-torch could not write {path.name}: {said}", "Write ONNX instead: --out NAME.onnx")
    if about:
        _say(path, about)


def _say(path: Path, about: About) -> None:
    """Write what a classifier says about itself into its TFLite file."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    buffer, note = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(about.text().encode(), np.uint8)
    note.name, note.buffer = METADATA, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), note]
    builder = flatbuffers.Builder(path.stat().st_size + (1 << 16))
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


def exported(run: Kept, path: Path, precision: Precision = "float32") -> Parity:
    """Write a run's classifier and hold it to its network on the run's windows; the file's ending says the format.

    Raises:
        PoiseError: when it cannot be written.
        ParityLost: when it does not answer alike; the file stays, to be looked at.

    """
    if path.suffix == ".tflite":
        to_tflite(run.net, run.windows, path, precision, run.about)
    elif path.suffix == ".onnx" and precision == "float32":
        to_onnx(run.net, run.windows[:1], path, run.about)
    else:
        raise PoiseError(
            f"{path.name} cannot be written in {precision}.",
            "Known: .onnx in float32, and .tflite in all precisions.",
        )
    found = parity(run, path, precision)
    if not found.passes:
        raise ParityLost(
            f"{path} does not answer as its network: {found.changed} of {found.count} decisions changed, "
            f"probabilities off by up to {found.most:.4f}.",
            f"In {precision} {TOLERANCE[precision][1]:.0%} may change, by {TOLERANCE[precision][0]}. "
            "Export it with more bits.",
        )
    return found


def parity(run: Kept, path: Path, precision: Precision) -> Parity:
    """How a file compares with a run's network on the run's windows."""
    with torch.no_grad():
        wanted = torch.cat([run.net(part) for part in torch.split(torch.from_numpy(run.windows), 256)]).numpy()
    runtime = "litert" if path.suffix == ".tflite" else "onnxruntime"
    classifier = open_classifier(path, runtime=runtime)
    answers, ms = classifier(run.windows), {runtime: _milliseconds(classifier, run.windows[:1])}
    ordered = np.sort(wanted, axis=1)
    decided = ordered[:, -1] - ordered[:, -2] > _TIE
    changed = (answers.argmax(1) != wanted.argmax(1)) & decided
    most = float(np.abs(answers - wanted).max())
    return Parity(path.name, precision, len(wanted), most, int(changed.sum()), path.stat().st_size, ms)


def _milliseconds(classifier: Any, window: NDArray[np.float32], runs: int = 30) -> float:
    took = []
    for _ in range(runs):
        took.append(-time.perf_counter())
        classifier(window)
        took[-1] += time.perf_counter()
    return 1e3 * float(np.median(took))
