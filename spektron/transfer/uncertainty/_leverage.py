"""How far a sample lies from the calibration set: what errors grow with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Leverage"]

Array = NDArray[np.float64]
_COMPONENTS = 3


class Leverage:
    """Squared Mahalanobis distance in the first principal components, over their number: 1 for a usual sample.

    Three components hold what varies most; distances in those of noise say nothing.

    Parameters
    ----------
    x : ndarray, shape (samples, channels)
        The parent's calibration set.
    """

    def __init__(self, x: Array) -> None:
        self._mean = x.mean(axis=0)
        _, strengths, directions = np.linalg.svd(x - self._mean, full_matrices=False)
        kept = strengths[:_COMPONENTS] > np.finfo(np.float64).eps * max(x.shape) * strengths[:1].sum()
        deviations = strengths[:_COMPONENTS][kept] / np.sqrt(max(len(x) - 1, 1))
        self._to_scores = directions[:_COMPONENTS][kept].T / deviations

    def of(self, spectra: Array) -> Array:
        """Of spectra as the parent measures them, shape (samples,)."""
        scores = (spectra - self._mean) @ self._to_scores
        if not scores.shape[1]:
            return np.ones(len(spectra))
        far: Array = np.square(scores).mean(axis=1)
        return far

    def variance(self, spectra: Array) -> Array:
        """Variance of an error there over that of a usual sample: half of it grows with the distance."""
        grown: Array = (1 + self.of(spectra)) / 2
        return grown
