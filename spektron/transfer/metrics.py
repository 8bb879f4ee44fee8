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
        At least three samples, whose measured values vary whichever of them is left out.
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
        As `prediction_errors`; for fewer samples; and for measured values that are all equal, or all but one, so that
        without that one there is neither an R² nor an RPD.

    Notes
    -----
    Samples are resampled, each with its prediction; bias-corrected and accelerated (Efron 1987). A resample whose
    measured values are all equal has nothing to compare with, and another is drawn in its place: of three samples one
    resample in nine, of ten different ones none.

    RMSEP's and SEP's intervals are too short for 20 samples and fewer: of 20 with Gaussian errors, those of 95 % hold
    what they are of 88 times in 100. They know nothing of another calibration set or of other standards.
    """
    prediction_errors(predicted, measured)
    number = len(measured)
    if number < 3:
        raise ConfigError(f"expected at least 3 samples to resample, found {number}")
    if (equal := int(np.unique(measured, return_counts=True)[1].max())) >= number - 1:
        raise ConfigError(
            "expected measured values that vary whichever sample is left out, "
            f"found {equal} of {number} that are equal",
            "give more samples, or take prediction_errors, which has no intervals",
        )
    drawn = _resamples(measured, resamples, np.random.default_rng(seed))
    others = np.array([np.delete(np.arange(number), one) for one in range(number)])
    found, of_draws, of_others = (
        _statistics(predicted[rows], measured[rows]) for rows in (np.arange(number), drawn, others)
    )
    names = ("rmsep", "bias", "sep", "r2", "rpd")
    return {
        name: _bca(float(found[place]), of_draws[place], of_others[place], confidence)
        for place, name in enumerate(names)
    }


def _resamples(measured: Array, resamples: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Rows of every resample, shape (resamples, samples); the measured values of each vary."""
    drawn = rng.integers(0, len(measured), (resamples, len(measured)))
    while (alike := np.ptp(measured[drawn], axis=1) == 0).any():
        drawn[alike] = rng.integers(0, len(measured), (int(alike.sum()), len(measured)))
    return drawn


def _statistics(predicted: Array, measured: Array) -> Array:
    """RMSEP, bias, SEP, R² and RPD of the last axis, shape (5, …)."""
    error = predicted - measured
    squared, bias = np.square(error).mean(axis=-1), error.mean(axis=-1)
    sep, spread = error.std(axis=-1, ddof=1), measured.std(axis=-1, ddof=1)
    number = error.shape[-1]
    with np.errstate(divide="ignore"):  # errors that are all bias
        return np.stack(
            [np.sqrt(squared), bias, sep, 1 - squared * number / (np.square(spread) * (number - 1)), spread / sep]
        )


def _bca(found: float, of_draws: Array, of_others: Array, confidence: float) -> tuple[float, float]:
    """Bias-corrected and accelerated ends (Efron and Tibshirani 1993, equations 14.9 to 14.15)."""
    rarest = 0.5 / len(of_draws)
    below = np.clip(((of_draws < found).mean() + (of_draws <= found).mean()) / 2, rarest, 1 - rarest)
    # An RPD is infinite where errors are all bias.
    away = of_others.mean() - of_others if np.isfinite(of_others).all() else np.zeros(1)
    spread = float(np.square(away).sum())
    acceleration = float(np.power(away, 3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0
    shift, ends = stats.norm.ppf(below), stats.norm.ppf([(1 - confidence) / 2, (1 + confidence) / 2])
    shares = stats.norm.cdf(shift + (shift + ends) / (1 - acceleration * (shift + ends)))
    low, high = np.quantile(of_draws, shares, method="linear" if np.isfinite(of_draws).all() else "higher")
    return float(low), float(high)


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
