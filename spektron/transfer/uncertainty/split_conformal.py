"""Split-conformal intervals: what others are to be narrower than."""

from __future__ import annotations

from typing import Any

import numpy as np
from crepes import ConformalRegressor
from sklearn.base import clone

from spektron.transfer._samples import same_sample
from spektron.transfer.classical import ChildCalibration
from spektron.transfer.classical._calibration import Array, Known
from spektron.transfer.classical._expected_error import samples
from spektron.transfer.uncertainty.intervals import Interval, conformal_ends

__all__ = ["SplitConformal"]


class SplitConformal(ChildCalibration):
    """Every other standard calibrates, the rest say how far off the predictions are (Lei et al. 2018).

    Parameters
    ----------
    calibration : ChildCalibration
        It is cloned.

    Attributes
    ----------
    calibration_ : ChildCalibration

    Notes
    -----
    Intervals are all of one width. They need no model of errors, but standards that are new samples' like, and at 90 %
    at least 18 of them: with fewer they are infinite. Rows whose spectra on the parent are the same are one sample and
    fall into one half; repeats that differ by noise are to be averaged before (``load_pairs(replicates="mean")``).
    """

    _least_standards = 3
    _needs_labels = True

    def __init__(self, calibration: ChildCalibration) -> None:
        self.calibration = calibration

    def predict_interval(self, X: Any, confidence: float = 0.9) -> Interval:
        """Predict the property of samples measured on the child, with intervals.

        Parameters
        ----------
        X : array of shape (samples, channels)
        confidence : float
            Share of new samples whose property is to lie inside.
        """
        predicted = self.predict(X)
        ends = conformal_ends(self._conformal, predicted, confidence)
        return Interval(predicted, ends[:, 0], ends[:, 1])

    def _fit(self, known: Known) -> None:
        assert known.labels is not None
        # Standards come in the order they were chosen in, the most extreme first: halves are to be alike.
        different, first = np.unique(same_sample(known.parent), return_inverse=True)
        if len(different) < 2:
            raise ValueError(
                "expected at least two different standards, one to learn from and one to test, found one sample "
                f"measured {len(known.child)} times"
            )
        made_of = first % 2 == 0
        if made_of.sum() < 2:  # one sample, and another that was measured again
            made_of = ~made_of
        # What the others are tested on must not have been learned on the parent either, in none of its repeats.
        of_x, of_standard = samples(known)
        learned = ~np.isin(of_x, of_standard[~made_of])
        self.calibration_ = clone(self.calibration).fit(
            known.child[made_of],
            known.parent[made_of],
            X_calibration=known.x[learned],
            y_calibration=known.y[learned],
            y_standards=known.labels[made_of],
        )
        error = known.labels[~made_of] - self.calibration_.predict(known.child[~made_of])
        self._conformal = ConformalRegressor().fit(error)

    def _predict(self, child: Array) -> Array:
        predicted: Array = self.calibration_.predict(child)
        return predicted
