"""Classifiers of sitting whose answer is known, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from poise.classify import METADATA, About

#: What they read.
KEYPOINTS = ("nose", "left_shoulder", "right_shoulder")


def sinking(
    path: Path,
    limit: float,
    labels: tuple[str, str] = ("good", "bad"),
    seconds: float = 0.0,
    steep: float = 1.0,
    centred: str = "",
) -> Path:
    """A classifier that says the second label where the shoulders are at last lower than ``limit`` pixels."""
    rate = 10.0 if seconds else 0.0
    about = About(labels, KEYPOINTS, seconds, rate, title="Sinking", card="Right of 9 in 10.", centred=centred)
    size = 9 * about.frames
    weights = np.zeros((size, 2), np.float32)
    weights[[-5, -2], 1] = steep / 2  # y of both shoulders
    parts = (("w", weights), ("b", np.array([0.0, -steep * limit], np.float32)))
    nodes = [
        helper.make_node("Flatten", ["given"], ["flat"], axis=1),
        helper.make_node("Gemm", ["flat", "w", "b"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["likely"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "sinking",
        [helper.make_tensor_value_info("given", TensorProto.FLOAT, (1, about.frames, 3, 3))],
        [helper.make_tensor_value_info("likely", TensorProto.FLOAT, (1, 2))],
        [onnx.numpy_helper.from_array(values, name) for name, values in parts],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {METADATA: about.text()})
    path.write_bytes(model.SerializeToString())
    return path
