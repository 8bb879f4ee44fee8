"""The parent's own calibration, asked about corrected spectra of the child: what a correction is for."""

from __future__ import annotations

from sklearn.base import clone

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, whole_number
from spektron.transfer.classical._correction import SpectrumCorrection
from spektron.transfer.pls import choose_num_latent, fit_pls

__all__ = ["CorrectedPLS"]


class CorrectedPLS(ChildCalibration):
    """Partial least squares of the parent's set; the child's spectra are corrected before they are predicted from.

    The parent's model stays as it is, so that one calibration serves many instruments. It takes as few standards as its
    correction does: `MeanShift` one, without a safeguard against a bad one.

    Parameters
    ----------
    correction : SpectrumCorrection, optional
        It is cloned and fitted on the standards, with the parent's regression vector to choose its settings by. None
        is no transfer at all: the child's spectra as they come.
    num_latent : int, optional
        Latent variables; chosen by cross-validation on the parent's set where it is not given.

    Attributes
    ----------
    correction_ : SpectrumCorrection or None
    num_latent_ : int
    parent_coef_ : ndarray, shape (channels,)
    parent_intercept_ : float
    """

    def __init__(self, correction: SpectrumCorrection | None = None, num_latent: int | None = None) -> None:
        self.correction = correction
        self.num_latent = num_latent

    def _needed(self) -> int:
        return 1 if self.correction is None else self.correction._least_standards

    def _fit(self, known: Known) -> None:
        whole_number("num_latent", self.num_latent, 1)
        number = choose_num_latent(known.x, known.y) if self.num_latent is None else self.num_latent
        pls = fit_pls(known.x, known.y, number)
        self.num_latent_ = min(number, len(pls.coefficients))
        self.parent_coef_ = pls.coefficients[self.num_latent_ - 1]
        self.parent_intercept_ = pls.y_mean - float(pls.x_mean @ self.parent_coef_)
        self.correction_ = None
        if self.correction is not None:
            self.correction_ = clone(self.correction).fit(known.child, known.parent, regression=self.parent_coef_)

    def _predict(self, child: Array) -> Array:
        corrected = child if self.correction_ is None else self.correction_.transform(child)
        predicted: Array = corrected @ self.parent_coef_ + self.parent_intercept_
        return predicted
