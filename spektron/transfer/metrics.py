"""How good predictions are, in the words of chemometrics."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spektron.core.errors import ConfigError

__all__ = [
    "IntervalQuality",
    "PredictionErrors",
    "error_intervals",
    "interval_quality",
    "prediction_errors",
    "transfer_efficiency",
]

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
        Standard deviation of the measured values over the SEP, no unit; NaN where they do not vary.
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
    # The mean of equal numbers is rounded, and differs from them by that.
    if np.ptp(measured) == 0:
        varied = 0.0
    deviation = math.sqrt(varied / (len(error) - 1)) if len(error) > 1 else math.nan
    return PredictionErrors(
        rmsep=float(np.sqrt(np.square(error).mean())),
        bias=bias,
        sep=sep,
        r2=1.0 - float(np.square(error).sum()) / varied if varied else math.nan,
        rpd=math.nan if not varied else deviation / sep if sep else math.inf,
        num_samples=len(error),
    )


def error_intervals(
    predicted: Array, measured: Array, confidence: float = 0.95, resamples: int = 2000, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """Bootstrap intervals of RMSEP, bias, SEP, R² and RPD: what other samples of the same kind would give.

    Parameters
    ----------
    predicted, measured : ndarray, shape (samples,)
        At least three samples, whose measured values vary.
    confidence : float
    resamples : int
    seed : int

    Returns
    -------
    dict
        ``rmsep``, ``bias``, ``sep``, ``r2``, ``rpd`` → low and high end.

    Raises
    ------
    ConfigError
        As `prediction_errors`, and for fewer samples.

    Notes
    -----
    Samples are resampled, each with its prediction; bias-corrected and accelerated (Efron 1987), by
    `scipy.stats.bootstrap`. It knows nothing of another calibration set or of other standards.
    """
    prediction_errors(predicted, measured)
    if len(measured) < 3:
        raise ConfigError(f"expected at least 3 samples to resample, found {len(measured)}")

    def statistics(predicted: Array, measured: Array, axis: int = -1) -> Array:
        error = predicted - measured
        number = error.shape[axis]
        squared, bias = np.square(error).mean(axis=axis), error.mean(axis=axis)
        sep = error.std(axis=axis, ddof=1)
        spread = measured.std(axis=axis, ddof=1)
        # A draw of one sample over and over has no spread to compare with.
        with np.errstate(divide="ignore", invalid="ignore"):
            r2 = 1 - squared * number / (np.square(spread) * (number - 1))
            return np.stack([np.sqrt(squared), bias, sep, r2, spread / sep])

    found = stats.bootstrap(
        (predicted, measured),
        statistics,
        paired=True,
        vectorized=True,
        n_resamples=resamples,
        confidence_level=confidence,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    names = ("rmsep", "bias", "sep", "r2", "rpd")
    return {name: (float(low), float(high)) for name, low, high in zip(names, found.low, found.high, strict=True)}


def transfer_efficiency(error: float, untransferred: float, ceiling: float) -> float:
    """Share η of what there was to gain that a transfer gains.

    Parameters
    ----------
    error, untransferred, ceiling : float
        RMSEP of the transfer, of the parent's calibration on the child's spectra as they are, and of a calibration made
        on the child with all samples.

    Returns
    -------
    float
        1: as good as measuring all samples on the child; 0: no better than no transfer; below 0: worse. NaN where there
        was nothing to gain.
    """
    gap = untransferred - ceiling
    return (untransferred - error) / gap if gap > 0 else math.nan


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
        For other shapes, no samples, measured values that are not finite, a low end above the high one, or a confidence
        that is not between 0 and 1.

    Notes
    -----
    The score: Gneiting and Raftery (2007), equation 43.
    """
    if not low.shape == high.shape == measured.shape or measured.ndim != 1 or not len(measured):
        raise ConfigError(
            f"expected as many intervals as measured values, found {low.shape}, {high.shape} and {measured.shape}"
        )
    if not 0 < confidence < 1:
        raise ConfigError(f"confidence: expected between 0 and 1, found {confidence}")
    if bad := int(np.count_nonzero(~np.isfinite(measured))):
        raise ConfigError(f"expected finite measured values, found {bad} of {len(measured)} that are not")
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
