"""Prediction intervals of any calibration for the child, validated with five standards and more."""

from __future__ import annotations

import warnings
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from crepes import ConformalRegressor
from scipy import stats
from sklearn.base import clone
from sklearn.utils.validation import check_array

from spektron.transfer.classical import ChildCalibration
from spektron.transfer.classical._calibration import Array, Known, LeftOut
from spektron.transfer.classical._expected_error import samples
from spektron.transfer.classical._left_out import PRIOR, left_out, squared_error
from spektron.transfer.uncertainty._leverage import Leverage

__all__ = ["Interval", "PredictionIntervals", "Unsure"]


class Interval(NamedTuple):
    """Predictions and the ends of their intervals, each of shape (samples,), in the property's unit."""

    predicted: Array
    low: Array
    high: Array


@runtime_checkable
class Unsure(Protocol):
    """A calibration that says of every sample how unsure it is."""

    def deviation(self, X: Any) -> Array:
        """How far off it believes that it may be, in the property's unit, shape (samples,)."""


class PredictionIntervals(ChildCalibration):
    """A calibration that says how far off it may be.

    Parameters
    ----------
    calibration : ChildCalibration
        It is cloned; what is predicted is what it predicts.
    kind : {"student", "conformal"}
        "student": Student's intervals of the parent's own shape, from 3 standards on, validated from 5 on: with 3 and
        with 4 standards those of 90 % held 84 and 83 % of corn's test samples (24 tasks, labelled standards, two
        splits). "conformal": the quantile of left-out standards' errors, without a distribution, and infinite below 9
        standards at 90 %; they need the standards' property.
    folds : int
        How often the calibration is made again to leave samples out; those that leave samples out anyway are not.

    Attributes
    ----------
    calibration_ : ChildCalibration
    left_out_ : LeftOut
    scale_ : float
        Standard deviation of an error on the child, of a sample as far from the others as is usual.
    degrees_of_freedom_ : float
        Of Student's distribution: how well the scale is known.

    Notes
    -----
    The scale is the parent's left-out error, times by how much left-out standards' errors are greater on the child than
    on the parent, drawn towards what needs no label: how far the instruments' predictions of one sample are apart.

    Errors are not Gaussian: some samples are odd, which makes the standard deviation large and leaves most errors
    small. The parent has enough left-out errors to say so: the interval is Student's times what the quantile of the
    parent's errors is above a Gaussian's of their deviation. It is the empirical quantile at confidence (n + 1) / n,
    interpolated between errors and at most the largest of them. That is near the conformal one but has no conformal
    guarantee: where a conformal interval of few errors would be infinite, this one ends at the largest.

    Errors grow with the distance from the calibration set, so each interval is as wide as is to be expected at its
    sample's distance (normalised nonconformity: Papadopoulos, Gammerman and Vovk 2008; here half of the variance grows
    with the squared distance in three components). A calibration that says itself how unsure it is (`Unsure`: an
    ensemble, dropout, a variance that was learned) is taken at its word instead, but for the scale: its deviation over
    the geometric mean of those of the calibration set, and the scale is of errors over it. A few samples of great doubt
    would rule the scale otherwise.
    """

    _least_standards = 3
    _least_calibration = 3
    _where_few = (
        "its scale is of errors of standards that are left out, and two have to stay; measure more samples on both "
        "instruments, or predict without intervals"
    )

    def __init__(
        self, calibration: ChildCalibration, kind: Literal["student", "conformal"] = "student", folds: int = 10
    ) -> None:
        self.calibration = calibration
        self.kind = kind
        self.folds = folds

    def predict_interval(self, X: Any, confidence: float = 0.9) -> Interval:
        """Predict the property of samples measured on the child, with intervals.

        Parameters
        ----------
        X : array of shape (samples, channels)
        confidence : float
            Share of new samples whose property is to lie inside.

        Raises
        ------
        ValueError
            For a confidence that is not between 0 and 1.
        """
        if not 0 < confidence < 1:
            raise ValueError(f"confidence: expected between 0 and 1, found {confidence}")
        predicted = self.predict(X)
        child = check_array(X, dtype=np.float64, input_name="X")
        deviation = np.sqrt(self._variance(child))
        if self.kind == "conformal":
            ends = conformal_ends(self._conformal, predicted, confidence, deviation)
            return Interval(predicted, ends[:, 0], ends[:, 1])
        half = stats.t.ppf((1 + confidence) / 2, self.degrees_of_freedom_) * self._shape(confidence) * self.scale_
        half = half * deviation
        return Interval(predicted, predicted - half, predicted + half)

    def _needed(self) -> int:
        return max(self._least_standards, self.calibration._needed())

    def _fit(self, known: Known) -> None:
        if self.kind not in ("student", "conformal"):
            raise ValueError(f'kind: expected "student" or "conformal", found {self.kind!r}')
        if self.kind == "conformal" and known.labels is None:
            raise ValueError("conformal intervals need the standards' property: give y_standards")
        self._require_standards(len(np.unique(samples(known)[1])), "different standards")
        self.calibration_ = clone(self.calibration).fit(
            known.child, known.parent, X_calibration=known.x, y_calibration=known.y, y_standards=known.labels
        )
        self.left_out_: LeftOut = self.calibration_.left_out_ or left_out(
            lambda: clone(self.calibration), known, self.folds
        )
        self._moved = (known.child - known.parent).mean(axis=0)
        self._leverage = Leverage(known.x)
        self._usual = self._usual_deviation(known.x + self._moved)
        variance = self._variance(known.child if self._usual else known.parent + self._moved)
        of_parent = self.left_out_.parent / np.sqrt(self._variance(known.x + self._moved))
        self.scale_ = float(np.sqrt(self._squared_error(variance, of_parent)))
        # The relative variances of two estimates that are multiplied add up, so that the scarcer of them rules. Both
        # are mean squares about zero, from which no mean was taken.
        self.degrees_of_freedom_ = 1 / (1 / (len(variance) + PRIOR) + 1 / len(self.left_out_.parent))
        typical = float(np.sqrt(np.square(of_parent).mean()))
        self._relative = np.abs(of_parent) / typical if typical > 0 else np.ones(len(of_parent))
        if self.left_out_.child is not None:
            self._conformal = ConformalRegressor().fit(self.left_out_.child, sigmas=np.sqrt(variance))

    def _usual_deviation(self, child: Array) -> float | None:
        """The calibration's own, of a usual sample; None where it has none to tell."""
        if not isinstance(self.calibration_, Unsure):
            return None
        deviation = self.calibration_.deviation(child)
        return float(np.exp(np.log(deviation).mean())) if (deviation > 0).all() else None

    def _squared_error(self, variance: Array, of_parent: Array) -> float:
        """Of a usual sample on the child, from left-out errors; those on the parent over their deviations beside it."""
        errors = self.left_out_
        if self._usual is None:
            return float(squared_error(errors, variance))
        of_child = None if errors.child is None else errors.child / np.sqrt(variance)
        return float(
            squared_error(LeftOut(child=of_child, between=errors.between / np.sqrt(variance), parent=of_parent))
        )

    def _variance(self, child: Array) -> Array:
        """Variance of an error there over that of a usual sample."""
        if self._usual is None or not isinstance(self.calibration_, Unsure):
            return self._leverage.variance(child - self._moved)
        relative: Array = np.square(self.calibration_.deviation(child) / self._usual)
        return relative

    def _shape(self, confidence: float) -> float:
        """What the parent's errors have this share below, over what Gaussian errors of their deviation have.

        Interpolated, and at most the largest error, so that it is no conformal quantile.
        """
        number = len(self._relative)
        quantile = np.quantile(self._relative, min(1.0, confidence * (number + 1) / number))
        return float(quantile / stats.norm.ppf((1 + confidence) / 2))

    def _predict(self, child: Array) -> Array:
        predicted: Array = self.calibration_.predict(child)
        return predicted


def conformal_ends(
    conformal: ConformalRegressor, predicted: Array, confidence: float, sigmas: Array | None = None
) -> Array:
    """Both ends, shape (samples, 2); infinite where errors are too few for the confidence, which is documented."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="the no. of calibration examples", category=UserWarning)
        ends: Array = conformal.predict_int(predicted, sigmas=sigmas, confidence=confidence)
    return ends
