"""Writing the rows of one split, in rank order, as Parquet shards whose bytes depend on the rows alone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from spektron.core.files import sha256_file
from spektron.corpus.manifest import BuildConfig, Shard
from spektron.corpus.schema import SCHEMA

__all__ = ["ShardWriter", "shard_name"]

# Names repeat or are short; axis ends repeat; intensities never do and must stay plain to be read without a copy.
_DICTIONARY_COLUMNS = ["source", "instrument", "modality", "wavenumber_start_cm1", "wavenumber_stop_cm1"]


def shard_name(split: str, index: int) -> str:
    """``train-00000.parquet``."""
    return f"{split}-{index:05d}.parquet"


class ShardWriter:
    """Collect rows of one split and write them in whole row groups and whole shards.

    Row groups do not depend on how the rows arrive, so the same rows give the same bytes whatever the buckets were.
    """

    def __init__(self, folder: Path, split: str, config: BuildConfig) -> None:
        self._folder, self._split, self._config = folder, split, config
        self._waiting: list[pa.Table] = []
        self._num_waiting = 0
        self._writer: pq.ParquetWriter | None = None
        self._rows_in_shard = 0
        self.shards: list[Shard] = []

    def add(self, table: pa.Table) -> None:
        """Take rows that follow all earlier ones in rank."""
        self._waiting.append(table)
        self._num_waiting += len(table)
        while self._num_waiting >= self._next_group_rows():
            self._write_group(self._next_group_rows())

    def close(self) -> None:
        """Write what waits and close the last shard."""
        if self._num_waiting:
            self._write_group(self._num_waiting)
        self._close_shard()

    def abandon(self) -> None:
        """Close the open file after a failure, whatever it says; the folder is about to be removed."""
        if self._writer is not None:
            with suppress(OSError):
                self._writer.close()
            self._writer = None

    def _next_group_rows(self) -> int:
        return min(self._config.rows_per_group, self._config.rows_per_shard - self._rows_in_shard)

    def _write_group(self, num_rows: int) -> None:
        group = _take_first(self._waiting, num_rows)
        self._num_waiting -= num_rows
        if self._writer is None:
            path = self._folder / shard_name(self._split, len(self.shards))
            self._writer = pq.ParquetWriter(
                path,
                SCHEMA,
                compression="NONE",
                use_dictionary=_DICTIONARY_COLUMNS,
                write_statistics=["rank"],
                data_page_size=self._config.rows_per_group * 8192,
            )
        self._writer.write_table(group, row_group_size=num_rows)
        self._rows_in_shard += num_rows
        if self._rows_in_shard == self._config.rows_per_shard:
            self._close_shard()

    def _close_shard(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        self._writer = None
        path = self._folder / shard_name(self._split, len(self.shards))
        shard = Shard(
            file=path.name,
            split=self._split,
            rows=self._rows_in_shard,
            bytes=path.stat().st_size,
            sha256=sha256_file(path),
        )
        self.shards.append(shard)
        self._rows_in_shard = 0


def _take_first(tables: list[pa.Table], num_rows: int) -> pa.Table:
    # Dictionaries are made anew for each row group, from its own rows in their order: no trace of the bucket is left.
    whole = pa.concat_tables(tables)
    tables[:] = [whole.slice(num_rows)] if len(whole) > num_rows else []
    return pa.table(
        [_column(whole.slice(0, num_rows)[field.name], field.type) for field in SCHEMA],
        schema=SCHEMA,
    )


def _column(column: pa.ChunkedArray, type_: pa.DataType) -> pa.Array:
    array: pa.Array = pa.concat_arrays(column.chunks)
    return array.dictionary_encode() if pa.types.is_dictionary(type_) else array
