"""Near-duplicates: the same measurement or calculation met twice, in another processing.

Meant are other samplings, roundings, scales, offsets and crops of one measurement, not other samples that look alike;
docs/near_duplicates.md has the measured table of what is found and what is missed. Three steps, none of which knows
where rows come from or holds more than it is given:

1. `sketch` gives each row a few keys, from its intensities and axis alone;
2. `candidate_pairs` names the rows that meet under a key, at most a fixed number for each;
3. `near_duplicates` compares such pairs exactly, and `components` joins what is left into groups.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spektron.corpus.neighbours.candidates import REACH, PairBlock, candidate_pairs
from spektron.corpus.neighbours.closeness import (
    MAX_DISTANCE,
    MAX_DISTANCE_ACROSS,
    WORTH_A_SECOND_LOOK,
    outline_distance,
    relative_distance,
)
from spektron.corpus.neighbours.sketch import NUM_KEYS, sketch_block
from spektron.spectra.spectrum import SpectrumBatch

__all__ = [
    "MAX_DISTANCE",
    "MAX_DISTANCE_ACROSS",
    "NUM_KEYS",
    "REACH",
    "PairBlock",
    "candidate_pairs",
    "components",
    "near_duplicates",
    "near_duplicates_among",
    "relative_distance",
    "sketch",
]

# Rows at a time: their integrals, cells and windows are about 30 MB, and one at a time takes four times as long.
_ROWS = 256


def sketch(
    modality_index: ArrayLike, wavenumber_start_cm1: ArrayLike, wavenumber_stop_cm1: ArrayLike, intensity: ArrayLike
) -> NDArray[np.uint64]:
    """Keys under which copies of a spectrum meet.

    Each row's keys depend on that row alone. On IEEE 754 machines they are the same to the bit for the same float32 or
    float64 input: sums are in a fixed order or of integers, and no BLAS rounding, no random generator is involved. What
    may differ between machines is the input itself, where it was resampled or simulated there.

    Parameters
    ----------
    modality_index : array_like of int, shape (rows,)
        Index into `MODALITIES`.
    wavenumber_start_cm1, wavenumber_stop_cm1 : array_like, shape (rows,)
        Ends of each axis.
    intensity : array_like, shape (rows, points)
        Finite.

    Returns
    -------
    ndarray, shape (rows, NUM_KEYS), uint64
        0 is "no key": the range holds fewer windows (one needs 512 cm⁻¹ of IR or RAMAN, 1024 of NIR, and up to 128 or
        256 more for its place), or a window holds nothing but a straight line.
    """
    modality, curves = np.asarray(modality_index, dtype=np.int64), np.asarray(intensity)
    start, stop = np.asarray(wavenumber_start_cm1), np.asarray(wavenumber_stop_cm1)
    keys = np.zeros((len(curves), NUM_KEYS), dtype=np.uint64)
    for low in range(0, len(curves), _ROWS):
        rows = slice(low, low + _ROWS)
        keys[rows] = sketch_block(modality[rows], start[rows], stop[rows], curves[rows])
    return keys


def near_duplicates(first: SpectrumBatch, second: SpectrumBatch, *, across: ArrayLike = False) -> NDArray[np.bool_]:
    """Whether the spectra of each pair are one measurement, shape (pairs,).

    Parameters
    ----------
    first, second : SpectrumBatch
        Row r of one is compared with row r of the other.
    across : bool or array_like of bool, shape (pairs,)
        Whether the two are of different sources: the limit of `relative_distance` is then `MAX_DISTANCE_ACROSS`, else
        `MAX_DISTANCE`.
    """
    limit = np.where(np.asarray(across, dtype=np.bool_), MAX_DISTANCE_ACROSS, MAX_DISTANCE)
    return relative_distance(first, second) <= limit


def near_duplicates_among(
    spectra: SpectrumBatch, pairs: NDArray[np.intp], *, across: ArrayLike = False
) -> NDArray[np.bool_]:
    """Whether pairs of rows are one measurement each, shape (pairs,); `near_duplicates` for pairs that share rows.

    Parameters
    ----------
    spectra : SpectrumBatch
    pairs : ndarray of int, shape (pairs, 2)
        Rows of `spectra`.
    across : bool or array_like of bool, shape (pairs,)
        As in `near_duplicates`.
    """
    near = np.zeros(len(pairs), dtype=np.bool_)
    # Few candidates are alike in outline as well: only they are worth the full comparison, which costs ten times more.
    alike = np.flatnonzero(outline_distance(spectra, pairs) < WORTH_A_SECOND_LOOK)
    if len(alike):
        some, limits = pairs[alike], np.broadcast_to(np.asarray(across, dtype=np.bool_), len(pairs))[alike]
        near[alike] = near_duplicates(spectra.take(some[:, 0]), spectra.take(some[:, 1]), across=limits)
    return near


def components(num_rows: int, pairs: ArrayLike) -> NDArray[np.int64]:
    """Join pairs into groups: the lowest row of each row's group, shape (num_rows,).

    A row in no pair is a group of its own. The labels do not depend on the order of the pairs.

    Parameters
    ----------
    num_rows : int
        How many rows there are.
    pairs : array_like of int, shape (pairs, 2)
        Rows that belong together; may be empty.
    """
    linked = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(linked), dtype=np.int8), (linked[:, 0], linked[:, 1])), shape=(num_rows, num_rows))
    _, label = connected_components(graph, directed=False)
    lowest = np.full(label.max(initial=-1) + 1, num_rows, dtype=np.int64)
    np.minimum.at(lowest, label, np.arange(num_rows))
    group: NDArray[np.int64] = lowest[label]
    return group
