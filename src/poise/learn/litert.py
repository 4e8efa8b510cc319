"""PyTorch to TFLite, where litert-torch is installed: run as a program of its own.

``python litert.py PROGRAM.pt2 OUT.tflite float32|float16|int8 SAMPLES.npy``

It imports nothing of poise: litert-torch and ai-edge-quantizer want older versions of other libraries than poise
is tested with, so they may live in an environment of their own (see `poise.learn.export.LITERT_PYTHON`).
``int8`` has weights of 8 bits and computes in 32: keypoints in pixels do not fit into 8 bits. ``static`` computes
in 8 bits, too, calibrated on the samples, for networks that are shown pictures.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch


def convert(program: Path, out: Path, precision: str, samples: Path) -> None:
    """Write the TFLite file."""
    import litert_torch

    net = torch.export.load(program).module()
    given = np.load(samples, allow_pickle=False)
    whole = out if precision == "float32" else out.with_suffix(".whole.tflite")
    litert_torch.convert(net, (torch.from_numpy(given[:1]),)).export(str(whole))
    if precision != "float32":
        try:
            _quantize(whole, out, precision, given)
        finally:
            whole.unlink()


def _quantize(whole: Path, out: Path, precision: str, samples: Any) -> None:
    from ai_edge_quantizer import qtyping, recipe
    from ai_edge_quantizer.quantizer import Quantizer

    work = Quantizer(str(whole))
    calibrated = None
    if precision == "float16":
        weights = qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT)
        work.update_quantization_recipe(
            regex=".*",
            operation_name=qtyping.TFLOperationName.ALL_SUPPORTED,
            op_config=qtyping.OpQuantizationConfig(
                weight_tensor_config=weights,
                compute_precision=qtyping.ComputePrecision.FLOAT,
                explicit_dequantize=True,
            ),
            algorithm_key=recipe.AlgorithmName.FLOAT_CASTING,
        )
    elif precision == "int8":
        work.load_quantization_recipe(recipe.dynamic_wi8_afp32())
    else:
        from ai_edge_litert.interpreter import Interpreter

        work.load_quantization_recipe(recipe.static_wi8_ai8())
        signature, sides = next(iter(Interpreter(str(whole)).get_signature_list().items()))
        calibrated = work.calibrate({signature: [{sides["inputs"][0]: one[None]} for one in samples]})
    out.unlink(missing_ok=True)
    work.quantize(calibrated).export_model(str(out))


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
