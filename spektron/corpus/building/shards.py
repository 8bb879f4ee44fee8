"""Last stage: the rows of one shard are gathered from the runs and written in rank order.

A shard is written alone, by whoever is free; its bytes depend on its rows only. What is known of it lies in a small
JSON of its own, written last: a shard without one is written again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from spektron.core.storage import Storage
from spektron.corpus.building.runs import ROWS_PER_BATCH, run_name
from spektron.corpus.manifest import Shard
from spektron.corpus.schema import SCHEMA

__all__ = ["RunRows", "ShardRows", "gather", "is_written", "write_shard"]

# Names repeat or are short; axis ends repeat; intensities never do and must stay plain to be read without a copy.
_DICTIONARY_COLUMNS = [
    "source",
    "kind",
    "modality",
    "instrument",
    "intensity_unit",
    "metadata",
    "wavenumber_start_cm1",
    "wavenumber_stop_cm1",
]


@dataclass(frozen=True, slots=True)
class RunRows:
    """Rows of runs, by place.

    Attributes
    ----------
    part, run : ndarray, shape (rows,), int32
        Which run each row lies in.
    row : ndarray, shape (rows,), int32
        Where in it.
    """

    part: NDArray[np.int32]
    run: NDArray[np.int32]
    row: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRows:
    """What goes into one shard.

    Attributes
    ----------
    split : str
    index : int
        Place among the shards of its split.
    rows : RunRows
        In rank order.
    names, groups : dict
        Row → its name or its split group, where it is not the one it was read with (or its compound).
    """

    split: str
    index: int
    rows: RunRows
    names: dict[int, str]
    groups: dict[int, str]

    @property
    def file(self) -> str:
        """``train-00000.parquet``."""
        return f"{self.split}-{self.index:05d}.parquet"


def is_written(work: Storage, folder: Storage, shard: ShardRows) -> bool:
    """Whether the shard lies in `folder` already, whole."""
    return _known(work, folder, shard.file) is not None


def write_shard(work: Storage, folder: Storage, shard: ShardRows, rows_per_group: int) -> Shard:
    """Write one shard into `folder`, unless it is there already.

    Returns
    -------
    Shard
        Its name, rows, bytes and sha256.
    """
    if known := _known(work, folder, shard.file):
        return known
    file = shard.file
    table = gather(work, shard.rows)
    with folder.writing(file) as stream:
        hashing = _Hashing(stream)
        writer = pq.ParquetWriter(
            hashing,
            SCHEMA,
            compression="NONE",
            use_dictionary=_DICTIONARY_COLUMNS,
            write_statistics=["rank"],
            data_page_size=rows_per_group * 8192,
        )
        for first in range(0, len(table), rows_per_group):
            writer.write_table(_group(table, shard, first, rows_per_group), row_group_size=rows_per_group)
        writer.close()
    written = Shard(
        file=file, split=shard.split, rows=len(table), bytes=hashing.num_bytes, sha256=hashing.sha256.hexdigest()
    )
    work.write_bytes(f"shards/{file}.json", written.model_dump_json().encode())
    return written


def gather(work: Storage, rows: RunRows) -> pa.Table:
    """Take rows from their runs, in the order asked for.

    Only the record batches that hold them are read; on a local disk, only the pages.
    """
    order = np.lexsort((rows.row, rows.run, rows.part))
    tables = []
    for part, run, places in _by_run(rows, order):
        with work.open(run_name(part, run, "rows"), mapped=True) as file:
            tables.append(pa.Table.from_batches(_take(pa.ipc.open_file(file), places)))
    # `order` says where each gathered row belongs; its inverse brings them there.
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    return pa.concat_tables(tables).take(inverse) if tables else pa.table({})


def _by_run(rows: RunRows, order: NDArray[np.intp]) -> Iterator[tuple[int, int, NDArray[np.int32]]]:
    part, run, row = rows.part[order], rows.run[order], rows.row[order]
    borders = np.flatnonzero(np.diff(part) | np.diff(run)) + 1
    for places in np.split(np.arange(len(order)), borders):
        if len(places):
            yield int(part[places[0]]), int(run[places[0]]), row[places]


def _take(reader: pa.ipc.RecordBatchFileReader, places: NDArray[np.int32]) -> Iterator[pa.RecordBatch]:
    for number in np.unique(places // ROWS_PER_BATCH):
        inside = places[places // ROWS_PER_BATCH == number] - number * ROWS_PER_BATCH
        yield reader.get_batch(int(number)).take(pa.array(inside))


def _group(table: pa.Table, shard: ShardRows, first: int, num_rows: int) -> pa.Table:
    # Dictionaries are made anew for each row group, from its own rows in their order: no trace of the runs is left.
    piece = table.slice(first, num_rows)
    columns = {name: piece[name].combine_chunks() for name in piece.column_names}
    columns["split_group"] = _replaced(columns["compound_id"], shard.groups, first)
    columns["spectrum_id"] = _replaced(columns["spectrum_id"], shard.names, first)
    return pa.table([_column(columns[field.name], field.type) for field in SCHEMA], schema=SCHEMA)


def _replaced(column: pa.Array, texts: dict[int, str], first: int) -> pa.Array:
    mine = {row - first: text for row, text in texts.items() if first <= row < first + len(column)}
    if not mine:
        return column
    values = column.to_pylist()
    for row, text in mine.items():
        values[row] = text
    return pa.array(values, column.type)


def _column(column: pa.Array, type_: pa.DataType) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks)
    return column.dictionary_encode() if pa.types.is_dictionary(type_) else column


def _known(work: Storage, folder: Storage, file: str) -> Shard | None:
    try:
        known = Shard.model_validate(json.loads(work.read_bytes(f"shards/{file}.json")))
    except FileNotFoundError:
        return None
    return known if folder.size(file) == known.bytes else None


class _Hashing:
    """A file that is hashed on its way out, so that it need not be read again."""

    closed = False

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.sha256 = hashlib.sha256()
        self.num_bytes = 0

    def write(self, data: Any) -> int:
        """Write and hash."""
        view = memoryview(data)
        self.sha256.update(view)
        self.num_bytes += view.nbytes
        self._stream.write(view)
        return view.nbytes

    def tell(self) -> int:
        """Bytes so far."""
        return self.num_bytes

    def flush(self) -> None:
        """Nothing: the storage syncs when the file is whole."""

    def close(self) -> None:
        """Nothing: the storage closes the file."""

    def readable(self) -> bool:
        """No."""
        return False

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """No."""
        return False
