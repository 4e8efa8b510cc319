"""The networks of poise as the browser's runtime wants them: a ``.task`` file, without the mask nobody reads.

The runtime (MediaPipe Tasks) takes a zip of two TFLite networks, each with a note of what black and white become.
It insists on all five outputs of the landmark network, in order; here the third, the segmentation mask, is another
name for the second, the flag that somebody is there, so that the layers that drew the mask are dead and left out.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

#: The flag that somebody is there, and the mask, among the outputs of the landmark network.
_FLAG, _MASK, _OUTPUTS = 1, 2, 5
_NOTE = b"TFLITE_METADATA"
_FEATURE, _IMAGE, _NORMALIZATION, _RGB = 1, 2, 1, 1  # numbers in the published schema of that note
_DATE = (1980, 1, 1, 0, 0, 0)


def task_file(detector: bytes, landmarks: bytes, *, mask: bool = False) -> bytes:
    """A ``.task`` file of two ``.tflite`` networks; the same bytes for the same networks.

    Args:
        detector: finds people; trained on values from -1 to 1.
        landmarks: finds the keypoints of one; trained on values from 0 to 1.
        mask: whether to keep the layers that draw the segmentation mask, to compare with.

    """
    networks = {
        "pose_detector.tflite": _network(detector, 127.5, 127.5, mask=True),
        "pose_landmarks_detector.tflite": _network(landmarks, 0.0, 255.0, mask),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as bundle:
        for name, network in networks.items():
            bundle.writestr(zipfile.ZipInfo(name, _DATE), network)
    return file.getvalue()


def _network(data: bytes, mean: float, std: float, mask: bool) -> bytes:
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    (graph,) = model.subgraphs
    if not mask:
        _without_mask(graph)
        model.signatureDefs = None  # they name the output that is gone
    model.metadata = model.metadata or []
    if all(bytes(note.name) != _NOTE for note in model.metadata):
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(_normalization(mean, std, len(graph.outputs)), np.uint8)
        note = schema.MetadataT()
        note.name, note.buffer = _NOTE.decode(), len(model.buffers)
        model.buffers.append(buffer)
        model.metadata.append(note)
    builder = _Aligned(len(data) + (1 << 20))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _without_mask(graph: Any) -> None:
    """Let the mask be another name for the flag, and drop the layers that nothing needs any more."""
    if len(graph.outputs) != _OUTPUTS:
        raise ValueError(f"a landmark network has {_OUTPUTS} outputs, not {len(graph.outputs)}")
    graph.outputs = graph.outputs.copy()
    graph.outputs[_MASK] = graph.outputs[_FLAG]
    needed, layers = {int(tensor) for tensor in graph.outputs}, []
    for layer in reversed(graph.operators):
        if needed.intersection(int(tensor) for tensor in layer.outputs):
            layers.append(layer)
            needed.update(int(tensor) for tensor in layer.inputs)
    graph.operators = layers[::-1]


class _Aligned(flatbuffers.Builder):  # type: ignore[misc]
    """Writes vectors of bytes, which the weights are, where the runtime can read them in place."""

    def StartVector(self, size: int, count: int, alignment: int) -> Any:  # noqa: N802 - the library's name
        return super().StartVector(size, count, max(alignment, 16) if size == 1 else alignment)


def _normalization(mean: float, std: float, outputs: int) -> bytes:
    """The note ("M001" of the published schema): an RGB picture comes in, less `mean` and divided by `std`."""
    builder = flatbuffers.Builder(1024)

    def floats(value: float) -> int:
        return int(builder.CreateNumpyVector(np.array([value], np.float32)))

    def table(**fields: Any) -> int:
        """A table with fields ``f0=…``; an int is the offset of what was written, bytes are one byte."""
        builder.StartObject(8)
        for name, value in fields.items():
            slot = int(name[1:])
            if isinstance(value, bytes):
                builder.PrependUint8Slot(slot, value[0], 0)
            else:
                builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        return int(builder.EndObject())

    def vector(offsets: list[int]) -> int:
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return int(builder.EndVector())

    unit = table(f0=bytes([_NORMALIZATION]), f1=table(f0=floats(mean), f1=floats(std)))
    picture = table(f0=bytes([_IMAGE]), f1=table(f0=bytes([_RGB])))
    given = table(f0=builder.CreateString("picture"), f3=picture, f4=vector([unit]))
    found = [
        table(f0=builder.CreateString(f"output_{i}"), f3=table(f0=bytes([_FEATURE]), f1=table()))
        for i in range(outputs)
    ]
    graph = table(f2=vector([given]), f3=vector(found))
    builder.Finish(
        table(f0=builder.CreateString("pose"), f3=vector([graph]), f7=builder.CreateString("1.0.0")), b"M001"
    )
    return bytes(builder.Output())
