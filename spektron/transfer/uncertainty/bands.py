"""How far a corrected spectrum may be from what the parent would have measured, channel by channel."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats
from sklearn.base import clone
from sklearn.utils.validation import check_array

from spektron.transfer._samples import same_sample, sample_folds
from spektron.transfer.classical._correction import Array, SpectrumCorrection

__all__ = ["correction_band"]

_FOLDS = 10


def correction_band(
    correction: SpectrumCorrection,
    child: Any,
    parent: Any,
    *,
    confidence: float = 0.9,
    regression: Any = None,
) -> Array:
    """Half-width of a pointwise band around corrected spectra.

    Parameters
    ----------
    correction : SpectrumCorrection
        It is cloned, and fitted again for each fold.
    child, parent : array of shape (standards, channels)
        Standards on both instruments. Rows whose spectra on the parent are the same are one standard; repeats that
        differ by noise are to be averaged before.
    confidence : float
        Share of channels of new spectra that are to lie inside: each channel for itself, not the whole curve.
    regression : array, optional
        As `SpectrumCorrection.fit` takes it.

    Returns
    -------
    ndarray, shape (parent channels,)
        In the parent's unit; Student's quantile of the errors of left-out standards.

    Raises
    ------
    ValueError
        For fewer than 3 standards, other numbers of rows, values that are not finite, or a confidence that is not
        between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected between 0 and 1, found {confidence}")
    child = check_array(child, dtype=np.float64, input_name="child")
    parent = check_array(parent, dtype=np.float64, input_name="parent")
    if len(child) != len(parent):
        raise ValueError(
            f"expected one row a standard, found {len(child)} of the child and {len(parent)} of the parent"
        )
    first = same_sample(parent)
    number = len(np.unique(first))
    if number < 3:
        raise ValueError(f"expected at least 3 standards to leave one out of, found {number}")
    squared = np.zeros(parent.shape[1])
    for kept, left in sample_folds(first, _FOLDS):
        fitted = clone(correction).fit(child[kept], parent[kept], regression=regression)
        squared += np.square(fitted.transform(child[left]) - parent[left]).sum(axis=0)
    quantile = float(stats.t.ppf((1 + confidence) / 2, number - 1))
    half: Array = quantile * np.sqrt(squared / len(child))
    return half
