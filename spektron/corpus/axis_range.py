"""Over which wavenumbers the training spectra of each modality lie, one odd spectrum aside.

A range that is the lowest start and the highest stop of all is opened for good by one spectrum with a wrong axis, and
nothing measured far from everything else is ever marked again. Counted here is what several spectra share: the range
reaches as low as at least k spectra do, and as high as at least k do, where k is half a per cent of the modality's
spectra, at least 2, at most half of them. So one odd spectrum counts for nothing from four spectra on, and of a corpus
of 400,000 the 2,000 that reach furthest are not thought enough to have taught a model anything. (A quantile of few
spectra would be interpolated towards the odd one: of 50 the 0.5 % quantile lies three quarters of the way to it.)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from spektron.corpus.corpus import Corpus
from spektron.corpus.streaming.reading import RowSlice, kind_slices, read_slices, split_slices

__all__ = ["ODD_SHARE", "shared_range", "training_axis_cm1"]

# Of a modality's spectra; those that reach further than the others up to this share are odd ones out.
ODD_SHARE = 0.005

_COLUMNS = ["modality", "wavenumber_start_cm1", "wavenumber_stop_cm1"]

Floats = NDArray[np.float64]


def training_axis_cm1(
    corpus: Corpus, *, num_spectra: int | None = None, mix: Mapping[str, float] | None = None
) -> dict[str, tuple[float, float]]:
    """Range of each modality over the spectra that a run is trained on, from three columns; no intensity is read.

    Parameters
    ----------
    corpus : Corpus
    num_spectra : int, optional
        Size of the training subset; without it the whole training split.
    mix : mapping, optional
        Kind → share of every batch, as in `Corpus.stream`: then the first spectra of each kind.

    Returns
    -------
    dict
        Modality → low start and high stop in cm⁻¹; modalities that the subset lacks are left out.

    Raises
    ------
    CorpusError
        When a shard is missing or damaged.
    """
    table = pa.concat_tables(read_slices(_slices(corpus, num_spectra, mix), _COLUMNS)).unify_dictionaries()
    modality = pc.cast(table["modality"], pa.string())
    ranges = {}
    for name in sorted(pc.unique(modality).to_pylist()):
        rows = table.filter(pc.equal(modality, name))
        ranges[name] = shared_range(*(rows[column].to_numpy() for column in _COLUMNS[1:]))
    return ranges


def shared_range(starts_cm1: Floats, stops_cm1: Floats) -> tuple[float, float]:
    """The lowest start and the highest stop that at least k of n axes reach, k as the module says; low < high."""
    num = len(starts_cm1)
    needed = min(max(2, int(np.ceil(ODD_SHARE * num))), max(1, num // 2))
    return float(np.sort(starts_cm1)[needed - 1]), float(np.sort(stops_cm1)[-needed])


def _slices(corpus: Corpus, num_spectra: int | None, mix: Mapping[str, float] | None) -> list[RowSlice]:
    folder, manifest = corpus.folder, corpus.manifest
    if mix is None:
        return split_slices(folder, manifest, "train", num_spectra or corpus.num_spectra("train"))
    shares = corpus.shares(mix, num_spectra)
    return [row for share in shares for row in kind_slices(folder, manifest, "train", share.kind, share.unique)]
