"""What calibrations made for the child share: the parent's set and the standards in, a property out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d, validate_data

from spektron.transfer._columns import check_columns
from spektron.transfer.classical._refitting import wholly
from spektron.transfer.classical._settings import at_least, whole_number

__all__ = ["Array", "ChildCalibration", "Known", "LeftOut", "at_least", "weighted", "whole_number"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that may be learned from.

    Attributes
    ----------
    child, parent : ndarray, shape (standards, channels)
        The standards on both instruments, row by row.
    labels : ndarray, shape (standards,), or None
        The property of the standards.
    x, y : ndarray, shapes (samples, channels) and (samples,)
        The parent's calibration set.
    """

    child: Array
    parent: Array
    labels: Array | None
    x: Array
    y: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Cross-validated errors, each of a calibration that has seen the sample on neither instrument.

    Attributes
    ----------
    child : ndarray, shape (standards,), or None
        Predicted from the child's spectrum less the property; None where the standards have none.
    between : ndarray, shape (standards,)
        Predicted from the child's spectrum less predicted from the parent's.
    parent : ndarray, shape (samples,)
        Errors of calibration samples, predicted from the parent's spectra.
    """

    child: Array | None
    between: Array
    parent: Array


def weighted(errors: Sequence[LeftOut | None], weights: Array) -> LeftOut | None:
    """Errors of an average of calibrations; None where those of one are not known."""
    known = [one for one in errors if one is not None]
    if len(known) < len(errors):
        return None
    of_child = [one.child for one in known if one.child is not None]
    return LeftOut(
        child=weights @ np.stack(of_child) if len(of_child) == len(known) else None,
        between=weights @ np.stack([one.between for one in known]),
        parent=weights @ np.stack([one.parent for one in known]),
    )


class ChildCalibration(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A regressor of the child's spectra, fitted on the parent's calibration set and on standards.

    Row i of `X_child` and of `X_parent` is standard i; both instruments are on one axis. Settings that are not given
    are chosen from these data alone. Subclasses say how in `_fit`, and whether they need the standards' property.
    Those that are linear in the child's spectra as they come leave `coef_` and `intercept_`; the others, `CorrectedPLS`
    and what wraps a calibration among them, say how in `_predict`. After a fit that raises, a calibration is not
    fitted, whatever it was before.

    Attributes
    ----------
    coef_ : ndarray, shape (channels,)
        Of those that leave it: property a unit of the child's spectrum.
    intercept_ : float
    left_out_ : LeftOut or None
        Errors of left-out samples, of those that leave samples out anyway to choose their settings.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where ``X_child`` is a data frame whose columns have strings for names.
    """

    left_out_: LeftOut | None = None
    _least_standards = 2
    _least_calibration = 2
    _where_few = "measure more samples on both instruments"
    _needs_labels = False

    @wholly
    def fit(
        self, X_child: Any, X_parent: Any, *, X_calibration: Any, y_calibration: Any, y_standards: Any = None
    ) -> Self:
        """Learn the calibration.

        Parameters
        ----------
        X_child : array of shape (standards, channels)
            Of the child instrument.
        X_parent : array of shape (standards, channels)
            Of the parent instrument. Rows that are the same are one sample, measured again on the child, and are left
            out together; repeats that differ by noise are to be averaged before (``load_pairs(replicates="mean")``).
        X_calibration : array of shape (samples, channels)
            The parent's calibration set.
        y_calibration : array of shape (samples,)
            Its property.
        y_standards : array of shape (standards,), optional
            The standards' property; what needs it says so.

        Raises
        ------
        ValueError
            For values that are not finite, shapes or names of columns that do not match, or fewer standards or
            calibration samples than the method needs.
        """
        columns = check_columns(X_child=X_child, X_parent=X_parent, X_calibration=X_calibration)
        child = check_array(X_child, dtype=np.float64, estimator=self, input_name="X_child")
        parent = check_array(X_parent, dtype=np.float64, estimator=self, input_name="X_parent")
        self._require_standards(len(child))
        x = check_array(X_calibration, dtype=np.float64, input_name="X_calibration")
        self._require_calibration(len(x))
        labels = None if y_standards is None else _property(y_standards, "y_standards")
        if labels is None and self._needs_labels:
            raise ValueError(f"{type(self).__name__} needs the standards' property: give y_standards")
        known = Known(child=child, parent=parent, labels=labels, x=x, y=_property(y_calibration, "y_calibration"))
        _same_number("standards", X_child=known.child, X_parent=known.parent, y_standards=known.labels)
        _same_number("calibration samples", X_calibration=known.x, y_calibration=known.y)
        if len({child.shape[1], parent.shape[1], x.shape[1]}) > 1:
            raise ValueError(
                "expected one axis, found "
                f"{child.shape[1]} channels of the child, {parent.shape[1]} of the parent and {x.shape[1]} of its "
                "calibration set: resample them first"
            )
        self._columns = columns
        validate_data(self, X_child, skip_check_array=True)
        self._fit(known)
        return self

    def predict(self, X: Any) -> Array:
        """Predict the property of samples measured on the child.

        Parameters
        ----------
        X : array of shape (samples, channels)
            A data frame's columns have to be those of the data frames that were learned from, in the same order.

        Returns
        -------
        ndarray, shape (samples,)
        """
        return self._predict(self._checked(X))

    def _checked(self, X: Any) -> Array:
        """New spectra, of the channels that were learned from."""
        check_is_fitted(self, "n_features_in_")
        check_columns(X_child=self._columns, X=X)
        spectra: Array = check_array(X, dtype=np.float64, input_name="X")
        if spectra.shape[1] != self.n_features_in_:
            raise ValueError(f"expected {self.n_features_in_} channels, found {spectra.shape[1]}")
        return spectra

    def _learner(self) -> ChildCalibration:
        """Whose need of standards counts: another's, where this one only does something to spectra first."""
        return self

    def _needed(self) -> int:
        """Standards that it cannot do without."""
        return self._least_standards

    def _require_standards(self, number: int, what: str = "standards") -> None:
        """Refuse fewer than it cannot do without, and say what to do."""
        if number < (least := self._needed()):
            learner = self._learner()
            raise ValueError(
                f"{type(learner).__name__}: expected at least {least} {what}, found {number}: {learner._where_few}"
            )

    def _require_calibration(self, number: int) -> None:
        """Refuse fewer samples of the parent than it cannot do without."""
        learner = self._learner()
        if number < (least := learner._least_calibration):
            raise ValueError(
                f"{type(learner).__name__}: expected at least {least} calibration samples, found {number}: give the "
                "parent's whole calibration set"
            )

    def _fit(self, known: Known) -> None:
        raise NotImplementedError

    def _predict(self, child: Array) -> Array:
        predicted: Array = child @ self.coef_ + self.intercept_
        return predicted

    def _keep(self, coefficients: Array, x_mean: Array, y_mean: float) -> None:
        """Predict y_mean at x_mean of the child, and from there along the coefficients."""
        self.coef_ = coefficients
        self.intercept_ = float(y_mean - x_mean @ coefficients)


def _same_number(what: str, **arrays: Array | None) -> None:
    found = {name: len(array) for name, array in arrays.items() if array is not None}
    if len(set(found.values())) > 1:
        counts = ", ".join(f"{number} in {name}" for name, number in found.items())
        raise ValueError(f"expected one row for each of the {what}, found {counts}: match them by sample")


def _property(values: Any, name: str) -> Array:
    found: Array = column_or_1d(np.asarray(values, dtype=np.float64), warn=False)
    if bad := int(np.count_nonzero(~np.isfinite(found))):
        raise ValueError(f"{name}: expected finite values, found {bad} of {len(found)} that are not")
    return found
