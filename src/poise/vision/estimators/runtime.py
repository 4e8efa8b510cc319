"""Networks on what runs them fastest here: LiteRT, ONNX Runtime and OpenVINO behind one door.

LiteRT is always there; the others are the extras ``onnx`` and ``openvino``. Which of those installed runs a file
is settled by `ORDER`, from measurements, and not by a race at every start: two runs of one film must agree bit
for bit.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from poise.errors import MissingExtra, UnknownName, UnsuitableModel
from poise.vision.weights import Kind, ModelFile

Floats = NDArray[np.float32]

#: Which runtimes can run a kind of file, the fastest first, as `benchmarks/backends.py --runtimes` measured them.
ORDER: dict[Kind, tuple[str, ...]] = {
    "tflite": ("litert",),
    "onnx": ("onnxruntime", "openvino"),
    "openvino": ("openvino",),
}


class Tensor(NamedTuple):
    """What goes in or comes out: its shape (0 where any size will do), and what whole numbers stand for."""

    shape: tuple[int, ...]
    scale: float = 0.0
    zero: int = 0


class Network(Protocol):
    """A network with one input, opened by `open_network`."""

    runtime: str
    given: Tensor
    made: tuple[Tensor, ...]

    def run(self, values: NDArray[Any]) -> list[Floats]:
        """The outputs for an input of the shape of `given`, in the file's order; real numbers in and out."""


def open_network(file: ModelFile, *, threads: int = 1, runtime: str = "") -> Network:
    """The network in a file, on the fastest runtime that is installed, or on the one named.

    Raises:
        UnknownName: when the runtime named is none that runs such a file.
        MissingExtra: when none of those that could run it is installed.
        UnsuitableModel: when the file holds no network with one input.

    """
    able = ORDER[file.kind]
    if runtime and runtime not in able:
        raise UnknownName(f"runtime of {file.kind} files", runtime, able)
    chosen = runtime or fastest(file.kind)
    _, package, extra, opened = _RUNTIMES[chosen or able[0]]
    if chosen is None or find_spec(package) is None:
        raise MissingExtra(f"running a {file.kind} file", extra)
    try:
        return opened(file, threads)
    except UnsuitableModel:
        raise
    except Exception as problem:  # each runtime has errors of its own, and none of them says more than the others
        said = (str(problem).strip() or "it does not say why").splitlines()[0]
        raise UnsuitableModel(
            f"{_RUNTIMES[chosen].title} cannot open the {file.kind} file: {said}.",
            "Check that it is whole, and a network.",
        ) from problem


def fastest(kind: Kind) -> str | None:
    """The fastest runtime installed for a kind of file; None when there is none."""
    return next((name for name in ORDER[kind] if find_spec(_RUNTIMES[name].package)), None)


def title(runtime: str) -> str:
    """The name of a runtime as its makers write it."""
    return _RUNTIMES[runtime].title


def installed() -> dict[str, bool]:
    """Every runtime that poise knows, and whether it is installed."""
    return {name: find_spec(row.package) is not None for name, row in _RUNTIMES.items()}


def expect(network: Network, shapes: Sequence[tuple[int, ...]], what: str) -> None:
    """Hold the outputs of a network to shapes, in which 0 is any size.

    Raises:
        UnsuitableModel: when they are others.

    """
    made = [tensor.shape for tensor in network.made]
    fits = len(made) == len(shapes) and all(
        len(a) == len(b) and all(n in (0, m) or m == 0 for n, m in zip(b, a, strict=True))
        for a, b in zip(made, shapes, strict=True)
    )
    if not fits:
        wanted = ", ".join(str(shape).replace("0", "any") for shape in shapes)
        raise UnsuitableModel(f"The file is no {what}: its outputs are {made}.", f"One has the outputs {wanted}.")


def _one(items: Sequence[Any]) -> Any:
    if len(items) != 1:
        raise UnsuitableModel(f"The file's network takes {len(items)} inputs.", "A pose network takes one picture.")
    return items[0]


class _LiteRT:
    runtime = "litert"

    def __init__(self, file: ModelFile, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        from poise.vision.estimators._tflite import _silent

        with _silent():
            self._net = Interpreter(model_content=file.data, num_threads=threads)
            self._net.allocate_tensors()
        self._in = _one(self._net.get_input_details())
        self._out = self._net.get_output_details()
        self.given = self._tensor(self._in)
        self.made = tuple(self._tensor(out) for out in self._out)

    @staticmethod
    def _tensor(details: dict[str, Any]) -> Tensor:
        scale, zero = details["quantization"]
        shape = details["shape_signature"] if len(details["shape_signature"]) else details["shape"]
        return Tensor(tuple(max(int(n), 0) for n in shape), float(scale), int(zero))

    def run(self, values: NDArray[Any]) -> list[Floats]:
        dtype = self._in["dtype"]
        if self.given.scale:
            values = np.rint(values / self.given.scale + self.given.zero)
        if np.issubdtype(dtype, np.integer):
            bounds = np.iinfo(dtype)
            values = values.clip(bounds.min, bounds.max)
        self._net.set_tensor(self._in["index"], np.ascontiguousarray(values, dtype=dtype))
        self._net.invoke()
        return [
            _real(self._net.get_tensor(out["index"]), made) for out, made in zip(self._out, self.made, strict=True)
        ]


def _real(values: NDArray[Any], tensor: Tensor) -> Floats:
    if not tensor.scale or not np.issubdtype(values.dtype, np.integer):
        return values.astype(np.float32, copy=False)
    return (values.astype(np.float32) - np.float32(tensor.zero)) * np.float32(tensor.scale)


class _OnnxRuntime:
    runtime = "onnxruntime"

    def __init__(self, file: ModelFile, threads: int) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._net = ort.InferenceSession(file.data, options, providers=["CPUExecutionProvider"])
        source = _one(self._net.get_inputs())
        self._name = source.name
        self._dtype = np.uint8 if source.type == "tensor(uint8)" else np.float32
        self.given = Tensor(self._shape(source.shape))
        self.made = tuple(Tensor(self._shape(out.shape)) for out in self._net.get_outputs())

    @staticmethod
    def _shape(shape: Sequence[Any]) -> tuple[int, ...]:
        return tuple(n if isinstance(n, int) and n > 0 else 0 for n in shape)

    def run(self, values: NDArray[Any]) -> list[Floats]:
        made = self._net.run(None, {self._name: np.ascontiguousarray(values, dtype=self._dtype)})
        return [np.asarray(out, dtype=np.float32) for out in made]


class _OpenVINO:
    runtime = "openvino"

    #: Full precision (bfloat16, its default on some processors, moves keypoints), and threads left where the system
    #: puts them: pinned, two networks side by side share one core.
    _SETTINGS: ClassVar = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": False,
    }

    def __init__(self, file: ModelFile, threads: int) -> None:
        import io

        core = openvino().Core()
        if file.kind == "openvino":
            model = core.read_model(model=file.data, weights=file.parameters)
        else:
            model = core.read_model(io.BytesIO(file.data))
        source = _one(model.inputs)
        self._dtype = source.element_type.to_dtype()
        self.given = Tensor(self._shape(source))
        self.made = tuple(Tensor(self._shape(out)) for out in model.outputs)
        compiled = core.compile_model(model, "CPU", {**self._SETTINGS, "INFERENCE_NUM_THREADS": threads})
        self._request = compiled.create_infer_request()
        self._outputs = compiled.outputs

    @staticmethod
    def _shape(port: Any) -> tuple[int, ...]:
        return tuple(n.get_length() if n.is_static else 0 for n in port.get_partial_shape())

    def run(self, values: NDArray[Any]) -> list[Floats]:
        values = np.ascontiguousarray(values, dtype=self._dtype)
        found = self._request.infer([values], share_inputs=True)
        return [np.array(found[out], dtype=np.float32) for out in self._outputs]


def openvino() -> Any:
    """OpenVINO's module without its converter of models, which on being imported reports that to its makers.

    That takes as long as all the rest of it.
    """
    sys.modules.setdefault("openvino.tools.ovc", cast(Any, None))  # importing it fails, which OpenVINO is ready for
    return import_module("openvino")


class _Row(NamedTuple):
    title: str
    package: str
    extra: str
    opened: Callable[[ModelFile, int], Network]


_RUNTIMES: dict[str, _Row] = {
    "litert": _Row("LiteRT", "ai_edge_litert", "", _LiteRT),
    "onnxruntime": _Row("ONNX Runtime", "onnxruntime", "onnx", _OnnxRuntime),
    "openvino": _Row("OpenVINO", "openvino", "openvino", _OpenVINO),
}

#: The extra that brings each runtime; LiteRT is always there.
EXTRAS = {name: row.extra for name, row in _RUNTIMES.items()}
