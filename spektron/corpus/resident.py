"""Subsets that stay decoded in memory, once per process.

Trials of a scaling study run one after another in reused actor processes and read nested subsets of one corpus. The
longest prefix read so far is kept and serves every shorter one; a longer request, or another corpus, replaces it, so a
process never holds more than one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from spektron.corpus.order import StreamOrder
from spektron.corpus.schema import INTENSITY_BYTES
from spektron.spectra.spectrum import SpectrumBatch

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RESIDENT_ROW_BYTES", "resident_batches", "resident_rows"]

# Intensities, two float32 axis ends, an int64 modality.
RESIDENT_ROW_BYTES = INTENSITY_BYTES + 2 * 4 + 8

_lock = threading.Lock()
_kept: tuple[str, SpectrumBatch] | None = None


def resident_rows(fingerprint: str, num_rows: int, read: Callable[[int], SpectrumBatch]) -> SpectrumBatch:
    """Return the first `num_rows` train rows of the corpus `fingerprint`, from memory if they were read before.

    Parameters
    ----------
    fingerprint : str
        Of the corpus's content: the same content under another path is the same rows.
    num_rows : int
        Rows asked for.
    read : callable
        Reads that many rows; called at most once, and by one thread at a time.
    """
    global _kept
    with _lock:
        if _kept is None or _kept[0] != fingerprint or len(_kept[1]) < num_rows:
            _kept = None  # give the memory back before more is taken
            _kept = (fingerprint, read(num_rows))
        return _kept[1].take(slice(0, num_rows))


def forget_resident_rows() -> None:
    """Give the memory back."""
    global _kept
    with _lock:
        _kept = None


def resident_batches(rows: SpectrumBatch, order: StreamOrder, start_batch: int) -> Iterator[SpectrumBatch]:
    """Endless batches as gathers from an exact permutation of each epoch; every batch is a copy of its own."""
    epoch, offset = divmod(start_batch * order.batch_size, order.rows_per_epoch)
    waiting = order.epoch_rows(epoch)[offset:]
    while True:
        while len(waiting) < order.batch_size:
            epoch += 1
            waiting = np.concatenate([waiting, order.epoch_rows(epoch)])
        yield rows.take(waiting[: order.batch_size])
        waiting = waiting[order.batch_size :]
