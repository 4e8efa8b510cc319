"""A TFLite network on LiteRT, cut down to the outputs that are read.

LiteRT is imported when it is first used: a tenth of a second that OpenVINO does without.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from poise.vision.frame import Picture

Shape = tuple[int, ...]
Tensor = NDArray[np.float32]

# Where a subgraph keeps its outputs and its operators, in the vtable of the published TFLite schema.
_OUTPUTS, _OPERATORS = 8, 10

#: Held by who redirects the process's standard error: two at once would leave it redirected.
_REDIRECTING = Lock()


class Network:
    """A network of one square RGB picture, run on the CPU.

    Args:
        model: the network, the bytes of a ``.tflite`` file.
        outputs: the shapes of the outputs to read, which must be distinct; all others are cut from the network.
        values: what black and white become: the range of values the network was trained on.
        threads: how many threads one run may use.

    """

    runtime = "litert"

    def __init__(self, model: bytes, outputs: Sequence[Shape], values: tuple[float, float], threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with _silent():
            self._net = Interpreter(model_content=pruned(model, set(outputs)), num_threads=threads)
            self._net.allocate_tensors()
        (given,) = self._net.get_input_details()
        self._input = self._net.tensor(given["index"])
        index = {tuple(int(n) for n in out["shape"]): out["index"] for out in self._net.get_output_details()}
        self._outputs = [index[shape] for shape in outputs]
        self._low, self._step = np.float32(values[0]), np.float32((values[1] - values[0]) / 255)
        #: How many pixels wide and high the picture must be.
        self.pixels = int(given["shape"][1])

    @property
    def delegated(self) -> bool:
        """Whether a delegate runs it, which on a CPU is XNNPACK, and not LiteRT's plain kernels."""
        return any(operator["op_name"] == "DELEGATE" for operator in self._net._get_ops_details())

    def run(self, picture: Picture) -> list[Tensor]:
        """The outputs for a picture of ``(pixels, pixels, 3)``, in the order they were asked for."""
        values = self._input()
        np.multiply(picture, self._step, out=values[0], dtype=np.float32)
        if self._low:
            values += self._low
        del values  # the interpreter refuses to run while its memory is looked at
        self._net.invoke()
        return [self._net.get_tensor(index) for index in self._outputs]


def pruned(model: bytes, outputs: Collection[Shape]) -> bytes:
    """The same network without the other outputs, and without the operators that only they needed.

    The segmentation mask, which nobody reads here, is 9 % of BlazePose's arithmetic and 40 % of its time.
    Two vectors of the file are shortened in place, so what remains computes bit for bit what it did.

    Raises:
        ValueError: when the network lacks one of the outputs.

    """
    from ai_edge_litert import schema_py_generated as schema

    data = bytearray(model)
    graph = schema.Model.GetRootAs(data).Subgraphs(0)
    kept = [int(i) for i in graph.OutputsAsNumpy() if tuple(graph.Tensors(i).ShapeAsNumpy()) in outputs]
    if len(kept) != len(outputs):
        raise ValueError(f"the network has no outputs shaped {sorted(outputs)}")
    needed, operators = set(kept), []
    for i in reversed(range(graph.OperatorsLength())):
        operator = graph.Operators(i)
        if needed.intersection(operator.OutputsAsNumpy().tolist()):
            operators.append(i)
            needed.update(operator.InputsAsNumpy().tolist())

    start = graph._tab.Vector(graph._tab.Offset(_OUTPUTS))
    struct.pack_into(f"<I{len(kept)}i", data, start - 4, len(kept), *kept)
    # Elements of a vector of tables are distances from the element to its table.
    start = graph._tab.Vector(graph._tab.Offset(_OPERATORS))
    tables = [start + 4 * i + struct.unpack_from("<I", data, start + 4 * i)[0] for i in reversed(operators)]
    distances = [table - (start + 4 * i) for i, table in enumerate(tables)]
    struct.pack_into(f"<I{len(tables)}I", data, start - 4, len(tables), *distances)
    return bytes(data)


def give_back_memory() -> None:
    """Hand the memory of networks that are gone back to the system; glibc keeps 100 MB of it otherwise."""
    with suppress(AttributeError, OSError, TypeError):  # other C libraries do so by themselves
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what the runtime prints on being opened ("Created ... delegate") off the user's terminal."""
    with _REDIRECTING:
        stderr = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            os.close(nowhere)
