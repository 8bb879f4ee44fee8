"""Partial least squares of one property, all numbers of latent variables from one pass.

NIPALS for a single y (Wold et al. 2001): each latent variable is the direction of greatest covariance with what is
left of y; its part of X is taken away before the next. Coefficients for 1, 2, … latent variables come out together, so
that choosing their number costs one fit a fold. scikit-learn's `PLSRegression` gives the same coefficients for one
number a fit, at about twenty times the price of all of them here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold

__all__ = ["MAX_LATENT", "Pls", "choose_num_latent", "fit_pls"]

Array = NDArray[np.float64]

MAX_LATENT = 15
"""More than this is noise on sets of a hundred samples."""
_TOLERANCE = 1.05
"""The smallest number whose error is within 5 % of the least: the least itself is chosen by noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pls:
    """A fitted model for every number of latent variables up to some.

    Attributes
    ----------
    x_mean : ndarray, shape (channels,)
    y_mean : float
    coefficients : ndarray, shape (numbers, channels)
        Row a − 1 is of a latent variables.
    """

    x_mean: Array
    y_mean: float
    coefficients: Array

    def predict_all(self, x: Array) -> Array:
        """Predictions with 1, 2, … latent variables, shape (samples, numbers)."""
        predicted: Array = (x - self.x_mean) @ self.coefficients.T + self.y_mean
        return predicted

    def predict(self, x: Array, num_latent: int) -> Array:
        """Predictions with `num_latent` latent variables, shape (samples,)."""
        predicted: Array = (x - self.x_mean) @ self.coefficients[num_latent - 1] + self.y_mean
        return predicted


def fit_pls(x: Array, y: Array, max_latent: int = MAX_LATENT, weights: Array | None = None) -> Pls:
    """Fit all numbers of latent variables.

    Parameters
    ----------
    x : ndarray, shape (samples, channels)
    y : ndarray, shape (samples,)
    max_latent : int
        At most as many as there are samples less one, and channels; fewer where y is explained before.
    weights : ndarray, shape (samples,), optional
        How much each sample counts; centres are weighted means.

    Returns
    -------
    Pls
        With at least one number; coefficients of zero where y or X does not vary.
    """
    share = None if weights is None else weights / weights.sum()
    x_mean = np.average(x, axis=0, weights=share)
    y_mean = float(np.average(y, weights=share))
    root = 1.0 if weights is None else np.sqrt(weights)[:, None]
    left, residual = (x - x_mean) * root, (y - y_mean) * np.ravel(root)
    num_channels = x.shape[1]
    limit = max(1, min(max_latent, len(x) - 1, num_channels))
    directions, loadings, slopes = (np.zeros((limit, num_channels)), np.zeros((limit, num_channels)), np.zeros(limit))
    smallest = np.finfo(np.float64).eps * np.linalg.norm(left) * np.linalg.norm(residual)
    found = 0
    for number in range(limit):
        direction = left.T @ residual
        length = np.linalg.norm(direction)
        if length <= smallest:
            break
        direction /= length
        scores = left @ direction
        power = scores @ scores
        loadings[number] = scores @ left / power
        slopes[number] = scores @ residual / power
        left = left - np.outer(scores, loadings[number])
        residual = residual - slopes[number] * scores
        directions[number], found = direction, number + 1
    coefficients = _coefficients(directions[:found], loadings[:found], slopes[:found], num_channels)
    return Pls(x_mean=x_mean, y_mean=y_mean, coefficients=coefficients)


def _coefficients(directions: Array, loadings: Array, slopes: Array, num_channels: int) -> Array:
    """Σ slope · rotation over the first 1, 2, … latent variables; rotations undo the deflation."""
    if not len(slopes):
        return np.zeros((1, num_channels))
    # Unit upper triangular with one band beside the diagonal, up to rounding.
    rotations = np.linalg.solve((loadings @ directions.T).T, directions) if len(slopes) > 1 else directions.copy()
    if len(slopes) == 1:
        rotations /= loadings[0] @ directions[0]
    return np.cumsum(slopes[:, None] * rotations, axis=0)


def choose_num_latent(x: Array, y: Array, max_latent: int = MAX_LATENT, folds: int = 10, seed: int = 0) -> int:
    """Choose by cross-validation: the smallest number within 5 % of the least root mean squared error.

    Parameters
    ----------
    x, y : ndarray
    max_latent : int
    folds : int
        At most as many as samples.
    seed : int
        Of the shuffled folds.
    """
    squared: list[Array] = []
    for train, test in KFold(min(folds, len(y)), shuffle=True, random_state=seed).split(x):
        predicted = fit_pls(x[train], y[train], max_latent).predict_all(x[test])
        padded = np.pad(predicted, ((0, 0), (0, max_latent - predicted.shape[1])), mode="edge")
        squared.append((padded - y[test, None]) ** 2)
    error = np.sqrt(np.concatenate(squared).mean(axis=0))
    return int(np.flatnonzero(error <= _TOLERANCE * error.min())[0]) + 1
