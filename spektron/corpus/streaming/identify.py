"""Which spectra a batch holds: batches carry no names, so they are found again by their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.schema import BATCH_COLUMNS, decode
from spektron.corpus.streaming.reading import read_slices, split_slices
from spektron.spectra.spectrum import SpectrumBatch

if TYPE_CHECKING:
    from spektron.corpus.corpus import Corpus

__all__ = ["spectrum_ids"]

# Points that are compared first, spread over the axis; what agrees there is compared whole.
_PROBED = slice(0, None, 256)


def spectrum_ids(corpus: Corpus, batch: SpectrumBatch) -> list[str]:
    """Name the training spectra of a batch, whatever stream it came from.

    The corpus holds equal numbers (modality, axis and intensities) once, so they are as good as a name. The training
    split is read until all are found: seconds, which a run that trains well never spends. That holds for every subset
    and mixture, in memory or read through Ray Data, because nothing is asked of the order in which rows came.

    Returns
    -------
    list of str
        One id a row; empty where no training spectrum has these numbers.
    """
    found = [""] * len(batch)
    places: dict[bytes, list[int]] = {}
    for place, row in enumerate(batch.intensity):
        places.setdefault(_key(row), []).append(place)
    slices = split_slices(corpus.folder, corpus.manifest, "train", corpus.num_spectra("train"))
    for table in read_slices(slices, [*BATCH_COLUMNS, "spectrum_id"]):
        names = table["spectrum_id"]
        first = 0
        for rows in map(decode, table.to_batches()):
            for row in _candidates(rows.intensity, batch.intensity):
                for place in places.get(_key(rows.intensity[row]), ()):
                    if _is_same(rows, int(row), batch, place):
                        found[place] = names[first + int(row)].as_py()
            first += len(rows)
        if all(found):
            break
    return found


def _is_same(rows: SpectrumBatch, row: int, batch: SpectrumBatch, place: int) -> bool:
    return (
        rows.modality[row] == batch.modality[place]
        and rows.wavenumber_start_cm1[row] == batch.wavenumber_start_cm1[place]
        and rows.wavenumber_stop_cm1[row] == batch.wavenumber_stop_cm1[place]
        and np.array_equal(rows.intensity[row], batch.intensity[place])
    )


def _candidates(rows: NDArray[np.float32], wanted: NDArray[np.float32]) -> NDArray[np.intp]:
    """Rows that begin as one of those wanted does; few, so that only they are looked at one by one."""
    return np.flatnonzero(np.isin(_bits(rows[:, 0]), _bits(wanted[:, 0])))


def _bits(values: NDArray[np.float32]) -> NDArray[np.int32]:
    return np.ascontiguousarray(values).view(np.int32)


def _key(row: NDArray[np.float32]) -> bytes:
    return row[_PROBED].tobytes()
