"""Networks made on the spot, whose answers are given: what decoders make of them is known in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from poise.body import BLAZEPOSE33, Array, Skeleton
from poise.vision.weights import ModelFile

#: A person who stands with the arms away, facing the camera: where each keypoint is, in shares of the height.
STANDING = {
    "nose": (0.0, 0.08),
    "neck": (0.0, 0.18),
    "left_eye": (0.02, 0.06),
    "right_eye": (-0.02, 0.06),
    "left_ear": (0.05, 0.07),
    "right_ear": (-0.05, 0.07),
    "left_shoulder": (0.12, 0.2),
    "right_shoulder": (-0.12, 0.2),
    "left_elbow": (0.2, 0.36),
    "right_elbow": (-0.2, 0.36),
    "left_wrist": (0.26, 0.5),
    "right_wrist": (-0.26, 0.5),
    "left_hip": (0.08, 0.52),
    "right_hip": (-0.08, 0.52),
    "left_knee": (0.09, 0.74),
    "right_knee": (-0.09, 0.74),
    "left_ankle": (0.1, 0.95),
    "right_ankle": (-0.1, 0.95),
}


def standing(skeleton: Skeleton, x: float, top: float, height: float) -> Array:
    """The keypoints of somebody who stands there, ``(K, 2)`` pixels."""
    assert skeleton is not BLAZEPOSE33
    return np.array([STANDING[name] for name in skeleton.keypoints]) * height + (x, top)


def told(
    shape: tuple[int, ...], answers: Sequence[NDArray[Any]], blank: Sequence[NDArray[Any]], bright: float
) -> ModelFile:
    """An ONNX network that gives the answers when its input has a value above `bright`, else the blank ones."""
    given = helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)
    nodes = [
        helper.make_node("ReduceMax", ["picture"], ["brightest"], keepdims=0),
        helper.make_node("Greater", ["brightest", "bright"], ["somebody"]),
    ]
    constants = [numpy_helper.from_array(np.array(bright, np.float32), "bright")]
    made = []
    for i, (answer, nothing) in enumerate(zip(answers, blank, strict=True)):
        kind = TensorProto.INT64 if answer.dtype == np.int64 else TensorProto.FLOAT
        constants += [numpy_helper.from_array(a, f"{n}{i}") for a, n in ((answer, "yes"), (nothing, "no"))]
        nodes.append(helper.make_node("Where", ["somebody", f"yes{i}", f"no{i}"], [f"out{i}"]))
        made.append(helper.make_tensor_value_info(f"out{i}", kind, answer.shape))
    graph = helper.make_graph(nodes, "told", [given], made, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return ModelFile(model.SerializeToString())


def adder(inputs: int = 2) -> ModelFile:
    """An ONNX network that adds up its inputs of ``(1, 3)``."""
    names = [f"in{i}" for i in range(inputs)]
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 3)) for name in names]
    made = [helper.make_tensor_value_info("sum", TensorProto.FLOAT, (1, 3))]
    graph = helper.make_graph([helper.make_node("Sum", names, ["sum"])], "adder", given, made)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return ModelFile(model.SerializeToString())


def doubler(scale: float, zero: int) -> ModelFile:
    """A TFLite network that doubles ``(1, 3)``, in whole numbers 0..255 that stand for ``(n - zero) * scale``."""

    def tensor(name: str, step: float, middle: int) -> Any:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name, [1, 3], schema.TensorType.UINT8, 0
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale, made.quantization.zeroPoint = [step], [middle]
        return made

    add = schema.OperatorT()
    add.inputs, add.outputs, add.opcodeIndex = [0, 0], [1], 0
    add.builtinOptionsType, add.builtinOptions = schema.BuiltinOptions.AddOptions, schema.AddOptionsT()
    graph = schema.SubGraphT()
    graph.tensors = [tensor("given", scale, zero), tensor("made", 2 * scale, zero)]
    graph.inputs, graph.outputs, graph.operators = [0], [1], [add]
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = schema.BuiltinOperator.ADD, 0, 1
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], [code]
    model.buffers = [schema.BufferT()]
    builder = Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return ModelFile(bytes(builder.Output()))
