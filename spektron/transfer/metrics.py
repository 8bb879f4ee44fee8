"""How good predictions are, in the words of chemometrics."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import ConfigError

__all__ = ["IntervalQuality", "PredictionErrors", "interval_quality", "prediction_errors"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionErrors:
    """Errors of predictions against the laboratory, in its unit unless said otherwise.

    Attributes
    ----------
    rmsep : float
        Root mean squared error of prediction.
    bias : float
        Mean of predicted − measured.
    sep : float
        Standard error of prediction: the deviation about the bias (n − 1), NaN for one sample.
    r2 : float
        1 − squared error over that of the measured mean, no unit; below 0 where the mean is the better guess, NaN where
        measured values do not vary.
    rpd : float
        Standard deviation of the measured values over the SEP, no unit.
    num_samples : int
    """

    rmsep: float
    bias: float
    sep: float
    r2: float
    rpd: float
    num_samples: int


def prediction_errors(predicted: Array, measured: Array) -> PredictionErrors:
    """Compare predictions with measured values.

    Parameters
    ----------
    predicted, measured : ndarray, shape (samples,)

    Raises
    ------
    ConfigError
        For other shapes, no samples, or values that are not finite.

    Notes
    -----
    SEP and RPD as in Naes, Isaksson, Fearn and Davies, *A User-Friendly Guide to Multivariate Calibration and
    Classification* (2002), chapter 13.
    """
    if predicted.shape != measured.shape or measured.ndim != 1 or not len(measured):
        raise ConfigError(
            f"expected as many predictions as measured values, at least one, found {predicted.shape} and "
            f"{measured.shape}"
        )
    for name, values in (("predictions", predicted), ("measured values", measured)):
        if bad := int(np.count_nonzero(~np.isfinite(values))):
            raise ConfigError(f"expected finite {name}, found {bad} of {len(values)} that are not")
    error = predicted - measured
    bias = float(error.mean())
    sep = float(error.std(ddof=1)) if len(error) > 1 else math.nan
    varied = float(np.square(measured - measured.mean()).sum())
    deviation = float(measured.std(ddof=1)) if len(error) > 1 else math.nan
    return PredictionErrors(
        rmsep=float(np.sqrt(np.square(error).mean())),
        bias=bias,
        sep=sep,
        r2=1.0 - float(np.square(error).sum()) / varied if varied else math.nan,
        rpd=deviation / sep if sep else math.inf,
        num_samples=len(error),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalQuality:
    """How often intervals hold what was measured, and how wide they are.

    Attributes
    ----------
    coverage : float
        Share of samples inside.
    width : float
        Mean, in the property's unit; infinite where one is.
    score : float
        Winkler's interval score, mean: the width, and for what lies outside 2 / (1 − confidence) times how far. Lower
        is better; the true quantiles have the lowest.
    num_samples : int
    """

    coverage: float
    width: float
    score: float
    num_samples: int


def interval_quality(low: Array, high: Array, measured: Array, confidence: float) -> IntervalQuality:
    """Compare intervals with measured values.

    Parameters
    ----------
    low, high, measured : ndarray, shape (samples,)
        Ends may be infinite.
    confidence : float
        What the intervals were asked to cover.

    Raises
    ------
    ConfigError
        For other shapes, no samples, or a low end above the high one.

    Notes
    -----
    The score: Gneiting and Raftery (2007), equation 43.
    """
    if not low.shape == high.shape == measured.shape or measured.ndim != 1 or not len(measured):
        raise ConfigError(
            f"expected as many intervals as measured values, found {low.shape}, {high.shape} and {measured.shape}"
        )
    if bad := int(np.count_nonzero(~(low <= high))):
        raise ConfigError(f"expected low ends below high ones, found {bad} of {len(low)} that are not")
    outside = np.maximum(low - measured, 0) + np.maximum(measured - high, 0)
    width = high - low
    return IntervalQuality(
        coverage=float((outside == 0).mean()),
        width=float(width.mean()),
        score=float((width + 2 / (1 - confidence) * outside).mean()),
        num_samples=len(measured),
    )
