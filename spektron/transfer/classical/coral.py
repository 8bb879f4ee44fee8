"""Correlation alignment: the child's spectra made to vary as the parent's do, without pairs."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.utils.validation import check_array, validate_data

from spektron.transfer._columns import check_columns
from spektron.transfer.classical._correction import Array, SpectrumCorrection, about_mean
from spektron.transfer.classical._refitting import wholly

__all__ = ["CORAL"]


class CORAL(SpectrumCorrection):
    """Correlation alignment (Sun, Feng and Saenko 2016), with shrunken covariances.

    The child's spectra are whitened by their covariance and coloured by the parent's, and the mean is moved. No pairs
    are needed: any spectra of both instruments will do, if they are of the same kind of samples.

    Parameters
    ----------
    shrinkage : float, optional
        Above 0 and at most 1: how far each covariance is drawn towards a multiple of the identity. Without it, what
        Ledoit and Wolf (2004) find for each; 0.5 for two spectra, which centred are one and its opposite, so that they
        find no scatter in it.

    Attributes
    ----------
    shrinkage_ : tuple of float
        Of the child and of the parent.
    """

    def __init__(self, shrinkage: float | None = None) -> None:
        self.shrinkage = shrinkage

    @wholly
    def fit(self, X: Any, y: Any, *, regression: Any = None) -> Self:
        """Learn both covariances.

        Parameters
        ----------
        X : array of shape (child samples, channels)
        y : array of shape (parent samples, channels)
            Of other samples, or of as many as there are.
        regression
            Not looked at: there is nothing to choose by it.

        Raises
        ------
        ValueError
            For spectra that are not finite, fewer than 2 of an instrument or all alike, other channels, or a shrinkage
            that is not above 0 and at most 1.
        """
        if self.shrinkage is not None and not 0 < self.shrinkage <= 1:
            raise ValueError(f"shrinkage: expected above 0 and at most 1, found {self.shrinkage}")
        check_columns(X_child=X, X_parent=y)
        child = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        parent = np.asarray(y, dtype=np.float64)
        parent = check_array(parent.reshape(len(parent), -1), ensure_min_samples=2, input_name="X_parent")
        if child.shape[1] != parent.shape[1]:
            raise ValueError(
                f"expected the child's {child.shape[1]} channels of the parent too, found {parent.shape[1]}"
            )
        self.child_mean_, self.parent_mean_ = child.mean(axis=0), parent.mean(axis=0)
        whiten, of_child = _power(about_mean(child, self.child_mean_, "X_child"), self.shrinkage, -0.5)
        colour, of_parent = _power(about_mean(parent, self.parent_mean_, "X_parent"), self.shrinkage, 0.5)
        self.shrinkage_ = (of_child, of_parent)
        self._whiten, self._colour = whiten, colour
        return self

    def _transform(self, child: Array) -> Array:
        return self._colour.apply(self._whiten.apply(child))


class _Power:
    """A power of a shrunken covariance: one number in all directions, others in the few that were seen."""

    def __init__(self, directions: Array, values: Array, elsewhere: float) -> None:
        self.directions, self.values, self.elsewhere = directions, values, elsewhere

    def apply(self, spectra: Array) -> Array:
        seen = spectra @ self.directions.T
        found: Array = self.elsewhere * spectra + (seen * (self.values - self.elsewhere)) @ self.directions
        return found


def _power(centred: Array, shrinkage: float | None, exponent: float) -> tuple[_Power, float]:
    share = _shrinkage(centred) if shrinkage is None else shrinkage
    share = max(share, 1e-6)  # or directions that were not seen would be divided by nothing
    _, strengths, directions = np.linalg.svd(centred, full_matrices=False)
    variances = strengths**2 / len(centred)
    mean = max(float(variances.sum()) / centred.shape[1], np.finfo(np.float64).tiny)
    values = ((1 - share) * variances + share * mean) ** exponent
    return _Power(directions, values, (share * mean) ** exponent), share


def _shrinkage(centred: Array) -> float:
    return 0.5 if len(centred) == 2 else float(ledoit_wolf_shrinkage(centred, assume_centered=True))
