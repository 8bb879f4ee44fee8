"""Whether losses fall with size at all, and whether they rise again: asked before any law is believed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spektron.scaling.points import CorpusPoints

__all__ = ["falls_with_size", "rises_again"]

Floats = NDArray[np.float64]

_FALL_P = 0.025  # one-sided
_RISE_P = 0.01  # after correction for the number of pairs of sizes
_ROUNDING = 1e-12  # log losses that differ by less are equal


def falls_with_size(points: CorpusPoints, fitted_log: Floats) -> bool:
    """Whether the loss falls beyond its noise.

    By the slope of log loss over log size (t test), or by the law against a constant (F test), which also sees a
    fall that ends after the first sizes.
    """
    size, loss = points.log_relative_size[points.size_of_run], points.log_loss
    size, loss = size - size.mean(), loss - loss.mean()
    slope = float(size @ loss / (size @ size))
    rest = float(np.sum((loss - slope * size) ** 2))
    if slope >= 0:
        return False
    if rest < _ROUNDING**2 * len(loss):
        return abs(slope) > _ROUNDING
    dof = len(loss) - 2
    if stats.t.cdf(slope * np.sqrt((size @ size) * dof / rest), dof) < _FALL_P:
        return True
    law_rest = float(np.sum((points.log_loss - fitted_log[points.size_of_run]) ** 2))
    gained = max(float(loss @ loss) - law_rest, 0.0)
    dof = len(loss) - 3
    return bool(stats.f.sf(0.5 * gained * dof / max(law_rest, 1e-300), 2, dof) < _FALL_P)


def rises_again(points: CorpusPoints, fitted_log: Floats) -> bool:
    """Whether a size beyond the best one is worse than it by more than the noise explains."""
    mean, count = points.mean_log_loss, points.num_runs
    best = int(mean.argmin())
    if best == len(mean) - 1:
        return False
    variance, dof = _noise_of_runs(points, fitted_log)
    rise = mean[best + 1 :] - mean[best]
    error = np.sqrt(variance * (1.0 / count[best + 1 :] + 1.0 / count[best])) + _ROUNDING
    pairs = len(mean) * (len(mean) - 1) / 2
    return bool(stats.t.sf((rise / error).max(), dof) * pairs < _RISE_P)


def _noise_of_runs(points: CorpusPoints, fitted_log: Floats) -> tuple[float, int]:
    """Variance of one run and its degrees of freedom: between repeats, or else about the smoother of two curves."""
    within = points.log_loss - points.mean_log_loss[points.size_of_run]
    num_sizes, num_runs = len(points.sizes), len(within)
    if num_runs > num_sizes:
        return float(within @ within) / (num_runs - num_sizes), num_runs - num_sizes
    # Without repeats the law's own misfit would hide a rise; a parabola follows it.
    parabola = np.polynomial.Polynomial.fit(points.log_relative_size, points.mean_log_loss, 2)
    residuals = (points.mean_log_loss - fit for fit in (fitted_log, parabola(points.log_relative_size)))
    dof = num_sizes - 3
    return min(float(r @ r) for r in residuals) / dof, dof
