"""Reading rows of shards with plain pyarrow: which row groups hold them, and errors that name the shard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from spektron.core.errors import CorpusError
from spektron.core.storage import Storage
from spektron.corpus.manifest import Manifest
from spektron.corpus.schema import BATCH_COLUMNS, check_schema, decode
from spektron.spectra.spectrum import NUM_POINTS, SpectrumBatch

__all__ = [
    "RowSlice",
    "collect",
    "empty_batch",
    "kind_slices",
    "num_rows_of",
    "open_shard",
    "read_slices",
    "shard_errors",
    "split_slices",
]


@dataclass(frozen=True, slots=True)
class RowSlice:
    """Rows of one row group of one shard; the least that is read at once.

    Attributes
    ----------
    folder, file : Storage, str
        The shard.
    row_group : int
    start, stop : int
        First row and the one after the last; where rows were chosen, places among those chosen.
    chosen : tuple of int or None
        Rows of the group that count; None for all of them.
    """

    folder: Storage
    file: str
    row_group: int
    start: int
    stop: int
    chosen: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return self.stop - self.start

    def cut(self, first: int, last: int) -> RowSlice:
        """Rows `first` to `last` (exclusive) of these rows."""
        return replace(self, start=self.start + first, stop=self.start + last)

    @property
    def num_needed(self) -> int:
        """Rows that the group must have."""
        return self.stop if self.chosen is None else max(self.chosen[: self.stop], default=-1) + 1

    def of(self, table: pa.Table) -> pa.Table:
        """These rows of their group's table."""
        if self.chosen is None:
            return table.slice(self.start, len(self))
        return table.take(pa.array(self.chosen[self.start : self.stop], pa.int32()))


def num_rows_of(slices: Sequence[RowSlice]) -> int:
    """Rows of several slices together."""
    return sum(len(piece) for piece in slices)


def split_slices(folder: Storage, manifest: Manifest, split: str, num_rows: int) -> list[RowSlice]:
    """Return the first `num_rows` rows of a split, in rank order; no file is opened."""
    slices: list[RowSlice] = []
    left, per_group = num_rows, manifest.config.rows_per_group
    for shard in (shard for shard in manifest.shards if shard.split == split):
        for group, first in enumerate(range(0, shard.rows, per_group)):
            if left <= 0:
                return slices
            rows = min(per_group, shard.rows - first, left)
            slices.append(RowSlice(folder, shard.file, group, 0, rows))
            left -= rows
    return slices


def kind_slices(folder: Storage, manifest: Manifest, split: str, kind: str, num_rows: int) -> list[RowSlice]:
    """Return the first `num_rows` rows of one kind of a split, in rank order; only the column of kinds is read.

    Raises
    ------
    CorpusError
        When a shard is missing or damaged.
    """
    slices: list[RowSlice] = []
    left = num_rows
    for whole in split_slices(folder, manifest, split, manifest.num_spectra[split]):
        if left <= 0:
            break
        (table,) = read_slices([whole], ["kind"])
        chosen = tuple(np.flatnonzero(table["kind"].to_numpy() == kind)[:left].tolist())
        if chosen:
            slices.append(replace(whole, start=0, stop=len(chosen), chosen=chosen))
        left -= len(chosen)
    assert left <= 0, f"the manifest counts more {kind} rows in {split} than there are"
    return slices


@contextmanager
def shard_errors(folder: Storage, file: str) -> Iterator[None]:
    """Turn what pyarrow and the file system say about a damaged shard into a `CorpusError` that names it."""
    try:
        yield
    except FileNotFoundError:
        raise CorpusError(f"expected the shard {folder}/{file}, found no such file", _REMEDY) from None
    except (pa.ArrowException, OSError, IndexError) as error:
        raise CorpusError(f"expected a readable shard at {folder}/{file}, found: {error}", _REMEDY) from error


_REMEDY = "run `spektron corpus verify` to name every damaged shard; then copy it again or build the corpus again"


def open_shard(folder: Storage, file: str) -> pq.ParquetFile:
    """Open one shard, its schema checked. Mapped into memory: no copy between the page cache and the decoder."""
    with shard_errors(folder, file):
        # Buffering ahead hides an object store's latency; of a mapped file it is one copy more (10 % of a read's time).
        shard = pq.ParquetFile(folder.open(file, mapped=True), pre_buffer=not folder.is_local)
    check_schema(shard.schema_arrow, f"{folder}/{file}")
    return shard


def read_slices(slices: Sequence[RowSlice], columns: Sequence[str] = BATCH_COLUMNS) -> Iterator[pa.Table]:
    """Yield each slice's rows as a table of `columns`; a shard is opened once for neighbours that share it.

    Raises
    ------
    CorpusError
        When a shard is missing, truncated or of another schema.
    """
    opened, shard = ("", ""), None
    for piece in slices:
        if shard is None or (piece.folder.location, piece.file) != opened:
            opened, shard = (piece.folder.location, piece.file), open_shard(piece.folder, piece.file)
        with shard_errors(piece.folder, piece.file):
            table = shard.read_row_group(piece.row_group, columns=list(columns), use_threads=False)
        if len(table) < piece.num_needed:
            raise CorpusError(
                f"expected at least {piece.num_needed} rows in row group {piece.row_group} of "
                f"{piece.folder}/{piece.file}, found {len(table)}",
                _REMEDY,
            )
        yield piece.of(table)


def collect(tables: Iterator[pa.Table], num_rows: int) -> SpectrumBatch:
    """Copy rows into one batch of arrays that are its own and writable."""
    rows = empty_batch(num_rows)
    done = 0
    for table in tables:
        for batch in map(decode, table.to_batches()):
            place = slice(done, done + len(batch))
            for name in SpectrumBatch.__dataclass_fields__:
                getattr(rows, name)[place] = getattr(batch, name)
            done += len(batch)
    assert done == num_rows, f"expected {num_rows} rows, decoded {done}"
    return rows


def empty_batch(num_rows: int) -> SpectrumBatch:
    """Make a batch of arrays still to be filled."""
    return SpectrumBatch(
        intensity=np.empty((num_rows, NUM_POINTS), dtype=np.float32),
        wavenumber_start_cm1=np.empty(num_rows, dtype=np.float32),
        wavenumber_stop_cm1=np.empty(num_rows, dtype=np.float32),
        modality=np.empty(num_rows, dtype=np.int64),
    )
