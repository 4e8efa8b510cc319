"""A small network from an ONNX file, run by numpy: dense layers need no runtime of their own.

An ONNX file is a protocol buffer: fields of a number and a wire type, nested. What is read of it are the constants
and the operators of the graph, which are then applied in order. Only the operators in `OPERATORS` are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poise.errors import InputError

Floats = NDArray[np.float32]

# Field numbers of onnx.proto3 and the types of tensors it numbers.
_GRAPH, _METADATA = 7, 14
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_OPERATOR, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INT = 1, 3
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 8, 9
_TYPES = {1: np.float32, 7: np.int64}


def _softmax(x: Floats, axis: int = -1) -> Floats:
    e = np.exp(x - x.max(axis, keepdims=True))
    return np.asarray(e / e.sum(axis, keepdims=True))


#: What an operator does; attributes are keyword arguments.
OPERATORS: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Clip": np.clip,
    "IsNaN": np.isnan,
    "Where": np.where,
    "MatMul": np.matmul,
    "Relu": lambda x: np.maximum(x, 0),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Softmax": _softmax,
    "ReduceMean": lambda x, axes, keepdims=1: x.mean(tuple(axes), keepdims=bool(keepdims)),
}


@dataclass(frozen=True)
class _Node:
    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, int]


class Network:
    """A network read from an ONNX file; calling it gives its first output for its first input.

    Raises:
        InputError: when the file is no such network, or uses an operator that is not in `OPERATORS`.

    """

    def __init__(self, path: Path) -> None:
        try:
            model = list(_fields(path.read_bytes()))
            graph = [field for n, value in model if n == _GRAPH for field in _fields(value)]
            self._constants = dict(_tensor(value) for n, value in graph if n == _INITIALIZER)
            self._nodes = [_node(value) for n, value in graph if n == _NODE]
            ends = {n: _text(dict(_fields(value))[1]) for n, value in graph if n in (_INPUT, _OUTPUT)}
            self.input, self.output = ends[_INPUT], ends[_OUTPUT]
            self.metadata = _metadata(model)
        except (IndexError, KeyError, StopIteration, TypeError, ValueError) as error:
            raise InputError(f"{path} is not an ONNX network.", "Give a file written by poise.learn.") from error
        unknown = {node.operator for node in self._nodes} - set(OPERATORS)
        if unknown:
            raise InputError(f"{path} needs {', '.join(sorted(unknown))}.", "Only small dense networks can be run.")

    def __call__(self, x: NDArray[Any]) -> Floats:
        """The output for an input, in single precision."""
        values: dict[str, Any] = {**self._constants, self.input: np.asarray(x, dtype=np.float32)}
        for node in self._nodes:
            inputs = [values[name] for name in node.inputs]
            values[node.output] = OPERATORS[node.operator](*inputs, **node.attributes)
        return np.asarray(values[self.output])


def onnx_metadata(data: bytes) -> dict[str, str]:
    """What an ONNX file says about itself, by name; nothing when it is not one."""
    try:
        return _metadata(list(_fields(data)))
    except (IndexError, KeyError, TypeError, ValueError):
        return {}


def _metadata(model: list[tuple[int, Any]]) -> dict[str, str]:
    entries = [dict(_fields(value)) for n, value in model if n == _METADATA]
    return {_text(entry[1]): _text(entry[2]) for entry in entries}


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message: numbers for varints, bytes for what has a length; fixed-width ones as bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value: Any
            value, at = _varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(kind)
            if size is None:
                if kind != 2:
                    raise ValueError(f"wire type {kind}")
                size, at = _varint(data, at)
            if at + size > len(data):
                raise ValueError("cut short")
            value, at = data[at : at + size], at + size
        yield key >> 3, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value - (1 << 64) if value >> 63 else value, at


def _text(value: bytes) -> str:
    return value.decode("utf-8")


def _tensor(data: bytes) -> tuple[str, NDArray[Any]]:
    dims: list[int] = []
    parts: dict[int, Any] = {}
    for n, value in _fields(data):
        if n == _TENSOR_DIMS:  # packed or one by one
            dims += [value] if isinstance(value, int) else list(_packed(value))
        else:
            parts[n] = value
    flat = np.frombuffer(parts.get(_TENSOR_RAW, b""), dtype=_TYPES[parts[_TENSOR_TYPE]])
    return _text(parts[_TENSOR_NAME]), flat.reshape(dims)


def _packed(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _node(data: bytes) -> _Node:
    fields = list(_fields(data))
    attributes = [dict(_fields(value)) for n, value in fields if n == _NODE_ATTRIBUTE]
    return _Node(
        operator=next(_text(value) for n, value in fields if n == _NODE_OPERATOR),
        inputs=tuple(_text(value) for n, value in fields if n == _NODE_INPUT),
        output=next(_text(value) for n, value in fields if n == _NODE_OUTPUT),
        attributes={_text(a[_ATTRIBUTE_NAME]): a[_ATTRIBUTE_INT] for a in attributes},
    )
