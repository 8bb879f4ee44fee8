"""Which rows are one sample: what is left out of a calibration must not stay in it under another row.

A sample that was measured twice on the parent, or is a calibration sample and a standard, has the same spectrum there
up to rounding. Repeats whose spectra differ by noise cannot be told from like samples, and are to be averaged before:
`spektron.datasets.load_pairs` does with ``replicates="mean"``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from sklearn.model_selection import RepeatedKFold

__all__ = ["folds_of", "repeats_of", "same_sample", "sample_folds", "sample_means"]

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

_SAME = 3e-4
"""Share of how far a usual spectrum lies from the median, in the channel where it is farthest. The derivative of a copy
in single precision is off by up to 5.8e-5 of it on corn; different samples of corn and tablets are apart by 3.1e-2 and
more, under every preprocessing."""
_ROUNDING = 1e-9
"""Share of the greatest value, of what was computed in another order."""
_CHANNELS = 8
"""Channels, those that vary most, in which candidates are looked for."""


def same_sample(spectra: Array) -> Rows:
    """Number of the first row that is the same sample, for every row.

    Parameters
    ----------
    spectra : ndarray, shape (rows, channels)
        Of the parent.

    Notes
    -----
    Rows are one sample where a chain of rows joins them, each within the tolerance of the next. Spectra of many
    channels lie far apart, and no such chain has been seen. Of one channel, or of what is made of one component alone,
    a few thousand different samples lie denser than the tolerance and are joined: of 5,000 Gaussian values, 3,771
    samples are found. A tolerance that tells them apart would not know the derivative of a copy in single precision.
    """
    number = len(spectra)
    if number < 2:
        return np.zeros(number, dtype=np.intp)
    # Of deviations, for a level that all share, however high, says nothing of how samples differ.
    usual = np.median(np.abs(spectra - np.median(spectra, axis=0)).max(axis=1))
    near = max(_SAME * float(usual), _ROUNDING * float(np.abs(spectra).max()))
    varying = np.argsort(np.ptp(spectra, axis=0), kind="stable")[-_CHANNELS:]
    pairs = KDTree(spectra[:, varying]).query_pairs(near, p=np.inf, output_type="ndarray")
    # By blocks: a set of spectra that are all alike has as many pairs as rows squared.
    kept = [block[_alike(spectra, block, near)] for block in np.array_split(pairs, 1 + pairs.size // 2000)]
    one, other = np.concatenate(kept).T
    if not len(one):
        return np.arange(number)
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(number, number))
    sample = connected_components(graph, directed=False)[1]
    first = np.full(sample.max() + 1, number)
    np.minimum.at(first, sample, np.arange(number))
    found: Rows = first[sample].astype(np.intp)
    return found


def sample_folds(first: Rows, folds: int, seed: int = 0, shuffles: int = 1) -> list[tuple[Rows, Rows]]:
    """Rows that are kept and rows that are left out, samples dealt out at random.

    Parameters
    ----------
    first : ndarray of int, shape (rows,)
        As `same_sample` gives it. Where all rows are one sample, they are dealt out for want of others.
    folds : int
        At most as many as samples.
    seed : int
    shuffles : int
        How often all are dealt out; once where every fold is one sample.

    Returns
    -------
    list of (ndarray of int, ndarray of int)
        Those of scikit-learn's `RepeatedKFold` where every row is a sample of its own.
    """
    _, sample = np.unique(first, return_inverse=True)
    if sample.max() == 0:
        sample = np.arange(len(first))
    number = int(sample.max()) + 1
    repeats = shuffles if folds < number else 1
    dealt = RepeatedKFold(n_splits=min(folds, number), n_repeats=repeats, random_state=seed).split(np.arange(number))
    return [(np.flatnonzero(np.isin(sample, kept)), np.flatnonzero(np.isin(sample, left))) for kept, left in dealt]


def folds_of(first: Rows, folds: int, seed: int = 0) -> Rows:
    """The fold in which each row is left out, shape (rows,)."""
    of = np.zeros(len(first), dtype=np.intp)
    if len(first) > 1:
        for fold, (_, left) in enumerate(sample_folds(first, folds, seed)):
            of[left] = fold
    return of


def repeats_of(sample: Rows) -> list[Rows]:
    """Rows of each sample that has more than one."""
    return [rows for one in np.unique(sample) if len(rows := np.flatnonzero(sample == one)) > 1]


def sample_means(values: Array, sample: Rows) -> Array:
    """Mean over the rows of each sample, samples in the order in which they first come.

    To measure a sample again says little more of how samples differ, so repeats are not to count as samples.

    Parameters
    ----------
    values : ndarray, shape (rows, ...)
    sample : ndarray of int, shape (rows,)

    Returns
    -------
    ndarray, shape (samples, ...)
        `values` as they are where every row is a sample of its own.
    """
    _, first, of = np.unique(sample, return_index=True, return_inverse=True)
    total = np.zeros((len(first), *values.shape[1:]))
    np.add.at(total, of, values)
    means: Array = (total.T / np.bincount(of)).T
    return means[np.argsort(first)]


def _alike(spectra: Array, pairs: Rows, near: float) -> NDArray[np.bool_]:
    apart = np.abs(spectra[pairs[:, 0]] - spectra[pairs[:, 1]]).max(axis=1, initial=0.0)
    found: NDArray[np.bool_] = apart <= near
    return found
