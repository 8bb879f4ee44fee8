"""Subsets that stay decoded in memory, once per process.

Trials of a scaling study run one after another in reused actor processes and read nested subsets of one corpus. The
longest prefix read so far, of the corpus or of each kind in it, is kept and serves every shorter one; a longer request,
or another corpus, replaces it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from spektron.corpus.schema import INTENSITY_BYTES
from spektron.corpus.streaming.order import StreamOrder
from spektron.spectra.spectrum import SpectrumBatch

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RESIDENT_ROW_BYTES", "resident_batches", "resident_rows"]

# Intensities, two float32 axis ends, an int64 modality. The 28 bytes of the instrument are left out: a third of a
# percent, and which subsets are kept, and so the order of their rows, stays as it was before there were any.
RESIDENT_ROW_BYTES = INTENSITY_BYTES + 2 * 4 + 8

Prefix = tuple[str, str | None, bool]

_lock = threading.Lock()
# (fingerprint, kind or None for all kinds, whether instruments were read) → rows; of one corpus at a time.
_kept: dict[Prefix, SpectrumBatch] = {}


def resident_rows(prefix: Prefix, num_rows: int, read: Callable[[int], SpectrumBatch]) -> SpectrumBatch:
    """Return the first `num_rows` train rows of a corpus or of one kind in it, from memory if they were read before.

    Parameters
    ----------
    prefix : tuple of (str, str or None, bool)
        Fingerprint of the corpus's content (the same content under another path is the same rows), the kind, and
        whether its instruments are read.
    num_rows : int
        Rows asked for.
    read : callable
        Reads that many rows; called at most once, and by one thread at a time.
    """
    with _lock:
        # Give the memory back before more is taken: other corpora, and kinds where all are wanted or the other way.
        for other in [kept for kept in _kept if _company(kept) != _company(prefix)]:
            del _kept[other]
        if prefix not in _kept or len(_kept[prefix]) < num_rows:
            _kept.pop(prefix, None)
            _kept[prefix] = read(num_rows)
        return _kept[prefix].take(slice(0, num_rows))


def _company(prefix: Prefix) -> tuple[str, bool, bool]:
    fingerprint, kind, instruments = prefix
    return fingerprint, kind is None, instruments


def forget_resident_rows() -> None:
    """Give the memory back."""
    with _lock:
        _kept.clear()


def resident_batches(rows: SpectrumBatch, order: StreamOrder, start_batch: int) -> Iterator[SpectrumBatch]:
    """Endless batches as gathers; every batch is a copy of its own."""
    return map(rows.take, order.batches(start_batch))
