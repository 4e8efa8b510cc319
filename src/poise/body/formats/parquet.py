"""``.parquet``: an ordinary table for pandas, DuckDB, Spark and their kin; one row per instant.

The header lies under ``poise`` in the key-value metadata, the file's and the schema's. Beside it lies a seal:
the sha256 of the whole file, taken with the seal's own digits at zero. The library that decodes Parquet can
bring the whole process down on damaged bytes, so no file reaches it whose seal is broken.
"""

from __future__ import annotations

import re
from hashlib import sha256
from io import BytesIO
from typing import BinaryIO

import numpy as np

from poise.body.formats.layout import Header, from_columns, to_columns
from poise.body.pose import PoseSequence

_MAGIC = b"PAR1"
#: Rows encoded at a time: what a long recording needs in memory besides itself.
_ROWS = 4096
_BLANK = b"poise-seal:" + b"0" * 64
_SEAL = re.compile(rb"poise-seal:[0-9a-f]{64}")


def write(file: BinaryIO, sequence: PoseSequence) -> None:
    """Write a sequence as a table of 64-bit floating-point columns; NaN stays NaN, never null."""
    from arro3.core import Array, Table
    from arro3.io import write_parquet

    about = {"poise": Header.of(sequence).text()}
    columns = to_columns(sequence)
    names = list(columns)
    arrays = [Array.from_numpy(np.ascontiguousarray(columns.pop(name))) for name in names]
    table = Table.from_arrays(arrays, names=names)
    del arrays
    held = BytesIO()
    write_parquet(
        table.with_schema(table.schema.with_metadata(about)),
        held,
        compression="lz4_raw",
        dictionary_enabled=False,
        max_row_group_size=_ROWS,
        key_value_metadata={**about, "poise.seal": _BLANK.decode()},
    )
    del table
    data = held.getbuffer()
    start = held.getvalue().rindex(_BLANK)
    data[start : start + len(_BLANK)] = _sealing(data)
    file.write(data)


def read(file: BinaryIO) -> PoseSequence:
    """The sequence in that table.

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
    header = Header.parse(table.schema.metadata_str["poise"])
    columns = {
        name: np.concatenate([np.empty(0), *(chunk.to_numpy() for chunk in table.column(name).chunks)])
        for name in table.column_names
    }
    return from_columns(header, columns)


def _sealing(data: bytes | memoryview) -> bytes:
    return b"poise-seal:" + sha256(data).hexdigest().encode()
