"""Dense networks: trained by torch, written as ONNX files that `poise.coach.network` runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

#: What normalised inputs are held to: nothing real lies further out in training.
LIMIT = 4.0

Activation = Literal["Relu", "Sigmoid"]


class Dense(nn.Module):
    """Several networks of the same shape side by side, each with its own weights.

    Inputs ``(N, F)`` are normalised by the mean and the standard deviation they were made with, what is unknown
    becomes the mean, and what is far out is held to `LIMIT`. Gives the logits ``(members, N, classes)``.
    """

    def __init__(
        self,
        inputs: NDArray[np.float32],
        widths: Sequence[int],
        members: int,
        activation: Activation,
        dropout: float,
    ) -> None:
        super().__init__()
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("mean", torch.from_numpy(np.nanmean(inputs, 0)))
        self.register_buffer("scale", torch.from_numpy(1 / np.maximum(np.nanstd(inputs, 0), 1e-3)))
        self.activation, self.dropout = activation, dropout
        sizes = (inputs.shape[1], *widths)
        self.weights = nn.ParameterList(
            torch.randn(members, a, b) * (2.0 if activation == "Relu" else 1.0) ** 0.5 * a**-0.5
            for a, b in pairwise(sizes)
        )
        self.biases = nn.ParameterList(torch.zeros(members, 1, b) for b in sizes[1:])

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``(members, N, classes)`` of inputs ``(N, F)``, or of ones for each member ``(members, N, F)``."""
        x = torch.nan_to_num((x - self.mean) * self.scale).clamp(-LIMIT, LIMIT)
        last = len(self.weights) - 1
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.matmul(x, weight) + bias
            if i < last:
                x = torch.relu(x) if self.activation == "Relu" else torch.sigmoid(x)
                x = nn.functional.dropout(x, self.dropout, self.training)
        return x


def trained(
    inputs: NDArray[np.float32],
    labels: NDArray[np.int64],
    widths: Sequence[int],
    *,
    weights: Sequence[float] | None = None,
    members: int = 1,
    activation: Activation = "Relu",
    dropout: float = 0.2,
    epochs: int = 20,
    smoothing: float = 0.05,
    decay: float = 1e-2,
    disturbed: float = 0.0,
    batch: int = 256,
    seed: int = 0,
) -> Dense:
    """A network trained on inputs ``(N, F)`` and labels ``(N,)``, classes weighing alike or by ``weights``.

    ``disturbed`` is the standard deviation of the noise that normalised inputs get, and half that share of them is
    blanked, so that nothing hangs on a single number.
    """
    torch.manual_seed(seed)
    model = Dense(inputs, widths, members, activation, dropout)
    x, y = torch.from_numpy(inputs), torch.from_numpy(labels)
    weight = torch.tensor(weights or [1.0] * widths[-1]) / torch.bincount(y, minlength=widths[-1]).clamp(min=1)
    loss = nn.CrossEntropyLoss(weight / weight.mean(), label_smoothing=smoothing)
    batch = min(batch, len(y))
    steps = epochs * (len(y) // batch)
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    model.train()
    for _ in range(epochs):
        orders = torch.stack([torch.randperm(len(y)) for _ in range(members)])
        for i in range(len(y) // batch):
            chosen = orders[:, i * batch : (i + 1) * batch]
            seen = x[chosen]
            if disturbed:
                noise = torch.randn_like(seen) * disturbed / model.scale
                seen = torch.where(torch.rand_like(seen) < disturbed / 2, torch.nan, seen + noise)
            logits = model(seen)
            total = loss(logits.reshape(-1, logits.shape[-1]), y[chosen].reshape(-1))
            optimiser.zero_grad()
            total.backward()
            optimiser.step()
            schedule.step()
    return model.eval()


def write_network(
    path: Path, models: Sequence[Dense], metadata: dict[str, str], counts_as: Sequence[int] | None = None
) -> None:
    """Write networks of one shape as one that averages the probabilities of all their members.

    Inputs are ``(N, F)``, outputs ``(N, classes)``: what the networks tell apart or, given the places of the
    classes that each of these ``counts_as``, the sums of what counts as one.
    """
    model = models[0]

    def of_all(each: Iterable[tuple[Dense, Tensor]]) -> NDArray[Any]:
        """What members have, those of one network after those of another."""
        return np.concatenate([x.detach().expand(len(m.weights[0]), *x.shape[-2:]).numpy() for m, x in each])

    constants: dict[str, NDArray[Any]] = {
        "mean": of_all((m, m.mean[None]) for m in models),
        "scale": of_all((m, m.scale[None]) for m in models),
        "nothing": np.zeros(1, np.float32),
        "low": np.array(-LIMIT, np.float32),
        "high": np.array(LIMIT, np.float32),
        "members": np.zeros(1, np.int64),
    }
    nodes = [
        helper.make_node("Sub", ["x", "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "scale"], ["normal"]),
        helper.make_node("IsNaN", ["normal"], ["unknown"]),
        helper.make_node("Where", ["unknown", "nothing", "normal"], ["known"]),
        helper.make_node("Clip", ["known", "low", "high"], ["a0"]),
    ]
    last = len(model.weights) - 1
    for i in range(last + 1):
        constants[f"w{i}"] = of_all((m, m.weights[i]) for m in models)
        constants[f"b{i}"] = of_all((m, m.biases[i]) for m in models)
        nodes.append(helper.make_node("MatMul", [f"a{i}", f"w{i}"], [f"m{i}"]))
        nodes.append(helper.make_node("Add", [f"m{i}", f"b{i}"], [f"s{i}"]))
        if i < last:
            nodes.append(helper.make_node(model.activation, [f"s{i}"], [f"a{i + 1}"]))
    nodes.append(helper.make_node("Softmax", [f"s{last}"], ["each"], axis=-1))
    nodes.append(helper.make_node("ReduceMean", ["each", "members"], ["apart" if counts_as else "y"], keepdims=0))
    if counts_as:
        constants["counts_as"] = np.eye(max(counts_as) + 1, dtype=np.float32)[list(counts_as)]
        nodes.append(helper.make_node("MatMul", ["apart", "counts_as"], ["y"]))
    outputs = max(counts_as) + 1 if counts_as else model.biases[-1].shape[-1]
    graph = helper.make_graph(
        nodes,
        "poise",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", constants["mean"].shape[-1]])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", outputs])],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    made.producer_name = "poise.learn"
    helper.set_model_props(made, metadata)
    onnx.checker.check_model(made)
    path.write_bytes(made.SerializeToString(deterministic=True))
