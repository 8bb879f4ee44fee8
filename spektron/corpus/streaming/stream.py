"""Batches of a corpus that does not fit in memory: row slices in random order through Ray Data, shuffled in windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spektron.corpus.schema import BATCH_COLUMNS, decode
from spektron.corpus.streaming.order import WINDOW_ROWS, StreamOrder, cut_rows
from spektron.corpus.streaming.ray_read import ray_tables
from spektron.corpus.streaming.reading import RowSlice, empty_batch
from spektron.spectra.spectrum import SpectrumBatch

__all__ = ["shuffled_batches", "slices_from", "streaming_batches"]


def streaming_batches(
    slices: Sequence[RowSlice], order: StreamOrder, start_batch: int, columns: Sequence[str] = BATCH_COLUMNS
) -> Iterator[SpectrumBatch]:
    """Endless batches; a start in the middle of an epoch reads nothing before the window it starts in.

    Parameters
    ----------
    slices : sequence of RowSlice
        All rows of the subset, the same for every worker.
    order : StreamOrder
        Of this worker.
    start_batch : int
        The first batch to yield.
    columns : sequence of str
        What of the corpus is read.
    """
    position = start_batch * order.batch_size
    tables = ray_tables(slices_from(slices, order, position), columns)
    try:
        yield from shuffled_batches(tables, order, position)
    finally:
        tables.close()  # type: ignore[attr-defined]


def slices_from(slices: Sequence[RowSlice], order: StreamOrder, position: int) -> Iterator[RowSlice]:
    """Yield what a worker reads, endlessly, from the window that holds its row number `position` on."""
    first_epoch, offset = divmod(position, order.rows_per_epoch)
    skip = offset // WINDOW_ROWS * WINDOW_ROWS
    for epoch in count(first_epoch):
        yield from cut_rows(order.epoch_slices(epoch, slices), skip, order.rows_per_epoch)
        skip = 0


def shuffled_batches(tables: Iterator[pa.Table], order: StreamOrder, position: int) -> Iterator[SpectrumBatch]:
    """Yield full batches of a worker's rows from row number `position` on.

    Parameters
    ----------
    tables : iterator of pyarrow.Table
        The rows of `slices_from` with the same `position`, in any portions.
    """
    rows = _Rows(tables)
    skip = position % order.rows_per_epoch % WINDOW_ROWS
    batch, filled = empty_batch(order.batch_size), 0
    for window in order.windows(position):
        chunks, places, done = rows.take(window.num_rows), order.window_rows(window), skip
        skip = 0
        while done < window.num_rows:
            num = min(order.batch_size - filled, window.num_rows - done)
            # Within a batch the order of rows means nothing; sorted, they are read chunk by chunk.
            _gather(chunks, np.sort(places[done : done + num]), batch, filled)
            done, filled = done + num, filled + num
            if filled == order.batch_size:
                yield batch
                batch, filled = empty_batch(order.batch_size), 0


class _Rows:
    """Tables of any length, cut into runs of the length asked for; nothing is copied."""

    def __init__(self, tables: Iterator[pa.Table]) -> None:
        self._chunks = (decode(batch) for table in tables for batch in table.to_batches())
        self._rest: SpectrumBatch | None = None

    def take(self, num_rows: int) -> list[SpectrumBatch]:
        """Return the next `num_rows` rows, as views of the chunks they lie in."""
        run: list[SpectrumBatch] = []
        while num_rows:
            chunk = self._rest if self._rest is not None else next(self._chunks)
            run.append(chunk.take(slice(0, num_rows)))
            self._rest = chunk.take(slice(num_rows, None)) if len(chunk) > num_rows else None
            num_rows -= len(run[-1])
        return run


def _gather(chunks: Sequence[SpectrumBatch], places: NDArray[np.intp], batch: SpectrumBatch, filled: int) -> None:
    """Copy the rows at `places`, sorted, of chunks laid end to end into `batch` from row `filled` on."""
    begin = 0
    for chunk in chunks:
        first, last = np.searchsorted(places, [begin, begin + len(chunk)])
        target = slice(filled + first, filled + last)
        for name in SpectrumBatch.__dataclass_fields__:
            np.take(getattr(chunk, name), places[first:last] - begin, 0, getattr(batch, name)[target], mode="clip")
        begin += len(chunk)
