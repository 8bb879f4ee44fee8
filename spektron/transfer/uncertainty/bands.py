"""How far a corrected spectrum may be from what the parent would have measured, channel by channel."""

from __future__ import annotations

import numpy as np
from scipy import stats
from sklearn.base import clone
from sklearn.model_selection import KFold

from spektron.transfer.classical._correction import Array, SpectrumCorrection

__all__ = ["correction_band"]

_FOLDS = 10


def correction_band(
    correction: SpectrumCorrection,
    child: Array,
    parent: Array,
    *,
    confidence: float = 0.9,
    regression: Array | None = None,
) -> Array:
    """Half-width of a pointwise band around corrected spectra.

    Parameters
    ----------
    correction : SpectrumCorrection
        It is cloned, and fitted again for each fold.
    child, parent : ndarray, shape (standards, channels)
        Standards on both instruments.
    confidence : float
        Share of channels of new spectra that are to lie inside: each channel for itself, not the whole curve.
    regression : ndarray, optional
        As `SpectrumCorrection.fit` takes it.

    Returns
    -------
    ndarray, shape (parent channels,)
        In the parent's unit; Student's quantile of the errors of left-out standards.

    Raises
    ------
    ValueError
        For fewer than 3 standards, or a confidence that is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected between 0 and 1, found {confidence}")
    if len(child) < 3:
        raise ValueError(f"expected at least 3 standards to leave one out of, found {len(child)}")
    squared = np.zeros(parent.shape[1])
    for kept, left in KFold(min(_FOLDS, len(child)), shuffle=True, random_state=0).split(child):
        fitted = clone(correction).fit(child[kept], parent[kept], regression=regression)
        squared += np.square(fitted.transform(child[left]) - parent[left]).sum(axis=0)
    quantile = float(stats.t.ppf((1 + confidence) / 2, len(child) - 1))
    half: Array = quantile * np.sqrt(squared / len(child))
    return half
