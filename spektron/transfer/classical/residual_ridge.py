"""Residual ridge: the parent's model, and a small linear correction of its errors on the child."""

from __future__ import annotations

import numpy as np

from spektron.transfer._samples import Rows, repeats_of, same_sample
from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, at_least, whole_number
from spektron.transfer.pls import choose_num_latent, fit_pls

__all__ = ["ResidualRidge"]

_PENALTIES = tuple(10.0 ** (0.5 * step) for step in range(-12, 5))
"""From next to none up to what leaves hardly more than a correction of the bias."""
_LEAST_LEFT = 1e-7
"""Of a sample's residual, the share that the fit leaves: the weakest penalty leaves 5e-7 of each of two standards, and
less is rounding. A sample that the fit goes through whatever it is says nothing: its error is 0 / 0."""
_LEVEL = 1e-8
"""Errors that are apart by less of themselves are level: of two standards they are so up to 7e-10 on corn."""


class ResidualRidge(ChildCalibration):
    """The parent's partial least squares, plus ridge regression of the labelled standards' residuals on the child.

    The linear twin of fine-tuning: the less the standards say, the more of the parent's model stays. However strong the
    penalty, the bias is corrected.

    Parameters
    ----------
    penalty : float, optional
        Share of the standards' sum of squares about their mean. None: chosen among 17 from 10⁻⁶ to 100 by how well the
        residuals of standards are predicted that are left out of the correction one by one. The parent's model has
        seen the labels of those that are calibration samples, so that residuals are a little smaller than a new
        sample's.
    num_latent : int, optional
        Latent variables of the parent's model. None: the smallest number within 5 % of the least error, of 10 folds
        over its calibration set.

    Attributes
    ----------
    penalty_ : float
    num_latent_ : int
    """

    _needs_labels = True

    def __init__(self, penalty: float | None = None, num_latent: int | None = None) -> None:
        self.penalty = penalty
        self.num_latent = num_latent

    def _fit(self, known: Known) -> None:
        assert known.labels is not None
        whole_number("num_latent", self.num_latent, 1)
        at_least("penalty", self.penalty, 0)
        model = fit_pls(known.x, known.y, self.num_latent or choose_num_latent(known.x, known.y))
        self.num_latent_ = len(model.coefficients)
        residual = known.labels - model.predict(known.child, self.num_latent_)
        centred = known.child - known.child.mean(axis=0)
        strengths, axes = np.linalg.eigh(centred @ centred.T)
        strengths = np.where(strengths > _rounding(strengths), strengths, 0.0)
        whole = float(strengths.sum())
        sample = same_sample(known.parent)
        self.penalty_ = _chosen(strengths, axes, residual, whole, sample) if self.penalty is None else self.penalty
        correction = _inverse(strengths, self.penalty_ * whole)
        moved = centred.T @ (axes @ (correction * (axes.T @ (residual - residual.mean()))))
        self.coef_ = model.coefficients[-1] + moved
        self.intercept_ = float(
            model.y_mean - model.x_mean @ model.coefficients[-1] + residual.mean() - known.child.mean(axis=0) @ moved
        )


def _inverse(strengths: Array, penalty: float) -> Array:
    """1 / (strength + penalty); nothing along axes that have neither."""
    total = strengths + penalty
    floor = _rounding(strengths)
    kept: Array = np.where(total > floor, 1.0 / np.where(total > floor, total, 1.0), 0.0)
    return kept


def _rounding(strengths: Array) -> float:
    return float(np.finfo(np.float64).eps * len(strengths) * strengths.max(initial=0.0))


def _chosen(strengths: Array, axes: Array, residual: Array, whole: float, sample: Rows) -> float:
    """The penalty with the least error of standards left out one by one (PRESS, Allen 1974), repeats together.

    Where several are level, the largest: two standards, of which one is left out, say nothing of a penalty.
    """
    middle = residual - residual.mean()
    repeats = repeats_of(sample)
    errors = []
    for penalty in _PENALTIES:
        fitted = strengths * _inverse(strengths, penalty * whole)
        own = 1 / len(residual) + np.square(axes) @ fitted
        left = middle - axes @ (fitted * (axes.T @ middle))
        missed = left / np.maximum(1 - own, _LEAST_LEFT)
        for rows in repeats:
            together = np.eye(len(rows)) - 1 / len(residual) - (axes[rows] * fitted) @ axes[rows].T
            missed[rows] = np.linalg.lstsq(together, left[rows], rcond=_LEAST_LEFT)[0]
        errors.append(float(np.square(missed).mean()))
    level = np.flatnonzero(np.array(errors) <= (1 + _LEVEL) * min(errors))
    largest: float = _PENALTIES[int(level[-1])]
    return largest
