"""What error is to be expected of a method on the child, and of what one would do without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from spektron.transfer.model.parts import TransferParts
from spektron.transfer.model.transfer_model import PropertyModel
from spektron.transfer.uncertainty import PredictionIntervals

__all__ = ["OPPONENTS", "Expected", "compare_methods", "expected_rmsep"]

OPPONENTS = {
    "none": "no transfer",
    "mean": "mean correction",
    "pds": "piecewise direct standardization",
    "recalibration": "recalibration on the standards alone",
}
"""Name → in words: what a chemist would do without a method of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A cross-validated error of prediction on the child.

    Attributes
    ----------
    method : str
    rmsep, low, high : float or None
        In the property's unit; None where the method could not be used, and `reason` says why.
    confidence : float
    reason : str
    """

    method: str
    rmsep: float | None
    low: float | None = None
    high: float | None = None
    confidence: float = 0.9
    reason: str = ""

    def rpd(self, spread: float) -> float | None:
        """Ratio of performance to deviation: a property's standard deviation over the error to expect."""
        return None if self.rmsep is None or self.rmsep <= 0 else spread / self.rmsep


def expected_rmsep(method: str, intervals: PredictionIntervals, confidence: float = 0.9) -> Expected:
    """The scale of a calibration's errors on samples as far from the others as is usual.

    Parameters
    ----------
    method : str
        What it is called.
    intervals : PredictionIntervals
        Fitted.
    confidence : float

    Notes
    -----
    Its interval is that of a standard deviation with the intervals' degrees of freedom (χ²): with five standards it is
    wide, and says so.
    """
    freedom, scale = intervals.degrees_of_freedom_, intervals.scale_
    tails = stats.chi2.ppf([(1 + confidence) / 2, (1 - confidence) / 2], freedom)
    low, high = scale * np.sqrt(freedom / tails)
    return Expected(method=method, rmsep=scale, low=float(low), high=float(high), confidence=confidence)


def compare_methods(parts: TransferParts, model: PropertyModel) -> Iterator[Expected]:
    """What the transfer's method and its opponents are expected to err, one after the other.

    Parameters
    ----------
    parts : TransferParts
    model : PropertyModel

    Yields
    ------
    Expected
        The transfer's own first.
    """
    yield expected_rmsep(parts.method, model.intervals)
    for method in OPPONENTS:
        if method == parts.method:
            continue
        try:
            found = PropertyModel.fit(parts, model.name, method)
        except ValueError as error:
            yield Expected(method=method, rmsep=None, reason=str(error))
        else:
            yield expected_rmsep(method, found.intervals)
