"""Partial least squares of one property, all numbers of latent variables from one pass.

For a single y (Wold et al. 2001): each latent variable is the direction of greatest covariance with what is left of y,
its scores made orthogonal to those before. Coefficients for 1, 2, … latent variables come out together, so that
choosing their number costs one fit a fold. scikit-learn's `PLSRegression` gives the same coefficients, one number a
fit: for 60 spectra of 700 channels it takes 3 to 5 times as long for 15 latent variables alone, and 35 to 60 times for
all of 1 to 15 (`benchmarks/pls.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spektron.transfer._samples import Rows, same_sample, sample_folds

__all__ = ["MAX_LATENT", "Pls", "centred_pls", "choose_num_latent", "fit_pls", "for_all_numbers", "smallest_good"]

Array = NDArray[np.float64]

MAX_LATENT = 15
"""More than this is noise on sets of a hundred samples."""
_TOLERANCE = 1.05
"""The smallest number whose error is within 5 % of the least: the least itself is chosen by noise."""
_SHUFFLES = 10
"""Of folds: of 155 raw tablets, one shuffle chooses 6, 7 or 8 latent variables by chance, ten or twenty choose 7."""


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
    centred, residual = x - x_mean, y - y_mean
    if weights is not None:
        root = np.sqrt(weights)
        centred, residual = centred * root[:, None], residual * root
    return Pls(x_mean=x_mean, y_mean=y_mean, coefficients=centred_pls(centred, residual, min(max_latent, len(x) - 1)))


def centred_pls(x: Array, y: Array, max_latent: int) -> Array:
    """Coefficients for 1, 2, … latent variables of data that are taken as they are, shape (numbers, channels).

    Parameters
    ----------
    x : ndarray, shape (samples, channels)
    y : ndarray, shape (samples,)
    max_latent : int

    Notes
    -----
    Taking scores from y alone leaves the same directions as taking them from X too, because scores are orthogonal
    (Dayal and MacGregor 1997). So X is read twice a latent variable and never written. Scores are made orthogonal
    twice, which is enough to stay so up to rounding.
    """
    limit = max(1, min(max_latent, *x.shape))
    scores, rotations = np.zeros((limit, len(x))), np.zeros((limit, x.shape[1]))
    slopes, found = np.zeros(limit), 0
    # Below this there is rounding alone.
    smallest = np.finfo(np.float64).eps * max(x.shape) * np.linalg.norm(x)
    least_covariance = smallest * np.linalg.norm(y)
    for number in range(limit):
        direction = y @ x
        length = np.linalg.norm(direction)
        if length <= least_covariance:
            break
        direction /= length
        score = x @ direction
        held = scores[:number] @ score
        score -= held @ scores[:number]
        again = scores[:number] @ score
        score -= again @ scores[:number]
        power = np.linalg.norm(score)
        if power <= smallest:
            break
        scores[number] = score / power
        rotations[number] = (direction - (held + again) @ rotations[:number]) / power
        slopes[number] = scores[number] @ y
        y = y - slopes[number] * scores[number]
        found = number + 1
    if not found:
        return np.zeros((1, x.shape[1]))
    return np.cumsum(slopes[:found, None] * rotations[:found], axis=0)


def choose_num_latent(
    x: Array,
    y: Array,
    max_latent: int = MAX_LATENT,
    folds: int = 10,
    shuffles: int = _SHUFFLES,
    sample: Rows | None = None,
) -> int:
    """Choose by repeated cross-validation: the smallest number within 5 % of the least root mean squared error.

    Parameters
    ----------
    x, y : ndarray
    max_latent : int
    folds : int
        At most as many as samples.
    shuffles : int
        How often samples are dealt out to folds; once where every fold is one sample.
    sample : ndarray of int, shape (samples,), optional
        As `same_sample` gives it: rows of one sample are left out together. None: those whose spectra are the same.
    """
    sample = same_sample(x) if sample is None else sample
    dealt = sample_folds(sample, folds, shuffles=shuffles)
    kept = np.zeros((len(dealt), len(y)))
    for fold, (train, _) in enumerate(dealt):
        kept[fold, train] = 1.0
    errors = _predictions_of_all(x, y, kept, max_latent) - y
    return smallest_good(np.sqrt((np.square(errors) * (1 - kept)).sum(axis=(1, 2)))) + 1


def _predictions_of_all(x: Array, y: Array, kept: Array, max_latent: int) -> Array:
    """Predictions of all rows by models of the rows that are kept, shape (numbers, models, rows).

    Parameters
    ----------
    x, y : ndarray
    kept : ndarray, shape (models, rows)
        1 where a row is kept, 0 where it is left out.
    max_latent : int

    Notes
    -----
    The same latent variables as `centred_pls`, of all models at once and through the rows' Gram matrix: a direction of
    the spectra is a combination of rows. A hundred models of 60 spectra of 700 channels take 5 ms, one by one 80.
    """
    share = kept / kept.sum(axis=1, keepdims=True)
    centred = x - x.mean(axis=0)
    gram = centred @ centred.T
    y_mean = share @ y
    residual = (y - y_mean[:, None]) * kept
    predicted = np.empty((max_latent, *kept.shape))
    scores = np.zeros((*kept.shape, max_latent))
    so_far = np.tile(y_mean[:, None], len(y))
    smallest = np.finfo(np.float64).eps * max(x.shape) * max(float(np.trace(gram)), np.finfo(np.float64).tiny)
    for number in range(max_latent):
        # A combination's shares add up to 0, so that the rows' own mean drops out of it.
        score = residual @ gram
        score -= (share * score).sum(axis=1, keepdims=True)
        enough = np.linalg.norm(score * kept, axis=1) > smallest * np.linalg.norm(residual, axis=1)
        for _ in range(2):  # once leaves what rounding has left of those before
            held = np.einsum("mr,mra->ma", score * kept, scores)
            score -= np.einsum("mra,ma->mr", scores, held)
        power = np.linalg.norm(score * kept, axis=1)
        enough &= power > smallest * np.linalg.norm(residual, axis=1)
        score *= (enough / np.where(enough, power, 1.0))[:, None]
        scores[:, :, number] = score
        slope = np.einsum("mr,mr->m", score * kept, residual)
        residual -= slope[:, None] * score * kept
        so_far = so_far + slope[:, None] * score
        predicted[number] = so_far
    return predicted


def for_all_numbers(predicted: Array, max_latent: int) -> Array:
    """The last column again where a fit ended before `max_latent` latent variables."""
    return np.pad(predicted, ((0, 0), (0, max_latent - predicted.shape[1])), mode="edge")


def smallest_good(error: Array) -> int:
    """Place of the first error within 5 % of the least; errors are in order of what is simplest."""
    return int(np.flatnonzero(error <= _TOLERANCE * error.min())[0])
