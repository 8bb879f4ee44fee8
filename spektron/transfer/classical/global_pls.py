"""Global calibration: one model of the parent's set and the child's labelled standards together."""

from __future__ import annotations

import numpy as np

from spektron.transfer._samples import Rows, same_sample, sample_folds
from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, at_least, whole_number
from spektron.transfer.pls import MAX_LATENT, fit_pls, for_all_numbers, smallest_good

__all__ = ["GlobalPLS"]

_FOLDS = 10
_SHUFFLES = 3  # one chooses by chance; as `pls.choose_num_latent`, which has one weight to fit, not several
_WEIGHTS = (1.0, 3.0, 10.0)
_ENOUGH = 10
"""Errors of fewer standards say too little of how much they should count."""


class GlobalPLS(ChildCalibration):
    """Partial least squares of both instruments' samples in one set, the "global model" (Feudale et al. 2002).

    Parameters
    ----------
    weight : float, optional
        What one standard counts, a calibration sample counting 1. More makes the model the child's own. None: the
        smallest of 1, 3 and 10 within 5 % of the least error of left-out standards (10 folds over all samples); 1 with
        fewer than 10 standards.
    num_latent : int, optional
        Latent variables. None: the smallest number within 5 % of the least error of the same folds, weighted.

    Attributes
    ----------
    weight_ : float
    num_latent_ : int
    """

    _needs_labels = True

    def __init__(self, weight: float | None = None, num_latent: int | None = None) -> None:
        self.weight = weight
        self.num_latent = num_latent

    def _fit(self, known: Known) -> None:
        assert known.labels is not None
        whole_number("num_latent", self.num_latent, 1)
        at_least("weight", self.weight, 0)
        x, y = np.concatenate([known.x, known.child]), np.concatenate([known.y, known.labels])
        own = np.arange(len(y)) >= len(known.x)
        sample = same_sample(np.concatenate([known.x, known.parent]))
        if self.weight is not None:
            weights: tuple[float, ...] = (self.weight,)
        else:
            weights = _WEIGHTS if len(known.child) >= _ENOUGH else _WEIGHTS[:1]
        errors, numbers = [], []
        for weight in weights if len(weights) > 1 or self.num_latent is None else ():
            counts = np.where(own, weight, 1.0)
            squared = _left_out(x, y, counts, sample, self.num_latent or MAX_LATENT)
            numbers.append(self.num_latent or smallest_good(np.sqrt(counts @ squared)) + 1)
            errors.append(float(np.sqrt(squared[own, numbers[-1] - 1].mean())))
        best = smallest_good(np.array(errors)) if len(errors) > 1 else 0
        self.weight_ = weights[best]
        wanted = numbers[best] if numbers else self.num_latent or 1
        model = fit_pls(x, y, wanted, np.where(own, self.weight_, 1.0))
        self.num_latent_ = len(model.coefficients)
        self._keep(model.coefficients[-1], model.x_mean, model.y_mean)


def _left_out(x: Array, y: Array, weights: Array, sample: Rows, most: int) -> Array:
    """Squared errors of samples that are left out on both instruments, summed over shuffles, shape (rows, numbers)."""
    squared = np.zeros((len(y), most))
    for train, test in sample_folds(sample, _FOLDS, shuffles=_SHUFFLES):
        predicted = fit_pls(x[train], y[train], most, weights[train]).predict_all(x[test])
        squared[test] += np.square(for_all_numbers(predicted, most) - y[test, None])
    return squared
