"""Global calibration: one model of the parent's set and the child's labelled standards together."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import KFold

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, at_least
from spektron.transfer.pls import MAX_LATENT, fit_pls, for_all_numbers, smallest_good

__all__ = ["GlobalPLS"]

_FOLDS = 10


class GlobalPLS(ChildCalibration):
    """Partial least squares of both instruments' samples in one set, the "global model" (Feudale et al. 2002).

    Parameters
    ----------
    weight : float
        What one standard counts, a calibration sample counting 1. More makes the model the child's own.
    num_latent : int, optional
        Latent variables. None: the smallest number within 5 % of the least error, of 10 folds over all samples.

    Attributes
    ----------
    num_latent_ : int
    """

    _needs_labels = True

    def __init__(self, weight: float = 1.0, num_latent: int | None = None) -> None:
        self.weight = weight
        self.num_latent = num_latent

    def _fit(self, known: Known) -> None:
        assert known.labels is not None
        at_least("num_latent", self.num_latent, 1)
        at_least("weight", self.weight, 0)
        x, y = np.concatenate([known.x, known.child]), np.concatenate([known.y, known.labels])
        weights = np.repeat([1.0, self.weight], [len(known.x), len(known.child)])
        wanted = self.num_latent or _chosen(x, y, weights)
        model = fit_pls(x, y, wanted, weights)
        self.num_latent_ = len(model.coefficients)
        self._keep(model.coefficients[-1], model.x_mean, model.y_mean)


def _chosen(x: Array, y: Array, weights: Array) -> int:
    squared = np.zeros(MAX_LATENT)
    for train, test in KFold(min(_FOLDS, len(y)), shuffle=True, random_state=0).split(x):
        predicted = fit_pls(x[train], y[train], MAX_LATENT, weights[train]).predict_all(x[test])
        squared += weights[test] @ np.square(for_all_numbers(predicted, MAX_LATENT) - y[test, None])
    return smallest_good(np.sqrt(squared)) + 1
