"""``.parquet``: an ordinary table for pandas, DuckDB, Spark and their kin; one row per instant.

What a file says of itself lies under ``poise`` in the schema's metadata. In the file's own lies a seal: the sha256
of the whole file, taken with the seal's own digits at zero. The library that decodes Parquet can bring the whole
process down on damaged bytes, so no file reaches it whose seal is broken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from io import SEEK_END, BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from poise.body.formats.layout import Header, from_columns, to_columns
from poise.body.pose import PoseSequence

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_MAGIC = b"PAR1"
#: Rows encoded at a time: what a long recording needs in memory besides itself.
_ROWS = 1024
_BLANK = b"poise-seal:" + b"0" * 64
_SEAL = re.compile(rb"poise-seal:[0-9a-f]{64}")


class _Sink(BytesIO):
    """Passes what is written on to a file and keeps the first error: in the encoder it would be a crash."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self.error: OSError | None = None

    def write(self, data: ReadableBuffer) -> int:
        """Write, unless an earlier piece could not be written."""
        if self.error is None:
            try:
                self._file.write(data)
            except OSError as error:
                self.error = error
        return memoryview(data).nbytes


def write(file: BinaryIO, sequence: PoseSequence) -> None:
    """Write a sequence as a table of 64-bit floating-point columns; NaN stays NaN, never null."""
    write_sealed(file, Header.of(sequence).text(), len(sequence), lambda rows: to_columns(sequence[rows]))


def read(file: BinaryIO) -> PoseSequence:
    """The sequence in that table.

    Raises:
        ValueError: when it is no Parquet file, not one of poise, or its seal is broken.

    """
    about, table = read_sealed(file)
    columns = {
        name: np.concatenate([np.empty(0), *(chunk.to_numpy() for chunk in table.column(name).chunks)])
        for name in table.column_names
    }
    return from_columns(Header.parse(about), columns)


def write_sealed(file: BinaryIO, about: str, count: int, columns: Callable[[slice], dict[str, Any]]) -> None:
    """Write a table with its seal; the same table makes the same bytes.

    Args:
        file: open for writing and reading back.
        about: what the file says of itself.
        count: how many rows there are.
        columns: the columns of some of the rows: numbers as arrays, words as lists.

    """
    from arro3.core import Array, DataType, RecordBatch, RecordBatchReader
    from arro3.io import write_parquet

    def batch(rows: slice) -> RecordBatch:
        arrays = [
            Array(values, DataType.string())
            if isinstance(values, list)
            else Array.from_numpy(np.ascontiguousarray(values))
            for values in columns(rows).values()
        ]
        return RecordBatch.from_arrays(arrays, names=list(columns(slice(0, 0))))

    schema = batch(slice(0, 0)).schema.with_metadata({"poise": about})
    batches = (batch(slice(i, i + _ROWS)).with_schema(schema) for i in range(0, count, _ROWS))
    sink = _Sink(file)
    write_parquet(
        RecordBatchReader.from_batches(schema, batches),
        sink,
        compression="lz4_raw",
        dictionary_enabled=False,
        max_row_group_size=_ROWS,
        key_value_metadata={"poise.seal": _BLANK.decode()},  # of several the order would be another each time
    )
    if sink.error:
        raise sink.error
    end = file.seek(-8, SEEK_END)
    footer = end - int.from_bytes(file.read(4), "little")
    file.seek(footer)
    place = footer + file.read().index(_BLANK)
    file.seek(0)
    whole = sha256()
    while piece := file.read(1 << 20):
        whole.update(piece)
    file.seek(place)
    file.write(b"poise-seal:" + whole.hexdigest().encode())
    file.seek(0, SEEK_END)


def read_sealed(file: BinaryIO) -> tuple[str, Any]:
    """What a sealed table says of itself, and the table, as arro3 has it.

    Raises:
        ValueError: when it is no Parquet file, not one of poise, or its seal is broken.

    """
    from arro3.io import read_parquet

    data = file.read()
    if data[:4] != _MAGIC:
        raise ValueError("it is not a Parquet file")
    if data[-4:] != _MAGIC:
        raise ValueError("the file is cut short")
    seal = _SEAL.search(data)
    if not seal:
        raise ValueError("it was not written by poise, or another program rewrote it")
    start, end = seal.span()
    if seal.group() != _sealing(data[:start] + _BLANK + data[end:]):
        raise ValueError("the file is damaged")
    table = read_parquet(BytesIO(data)).read_all()
    return table.schema.metadata_str["poise"], table


def _sealing(data: bytes) -> bytes:
    return b"poise-seal:" + sha256(data).hexdigest().encode()
