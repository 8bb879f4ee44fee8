"""How runs scatter about a law, and new scatter of the same kind for the bootstrap.

With two or three seeds a size, drawing runs again within each size understates the scatter by half or a third and gives
each size only a handful of outcomes. So residuals of all sizes are pooled (log loss: the scatter of a loss is
proportional to it), rescaled to the unbiased variance, and each resample also draws that variance anew from its own
χ² uncertainty, which gives intervals the tails of Student's t. `docs/scaling.md` has the coverage this reaches.

Runs of one size train on the same subset, so a subset that is luckier than its size moves them together. Where sizes
scatter about the law by more than their runs do among themselves, the size is the unit that is resampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spektron.scaling.points import CorpusPoints

__all__ = ["Noise", "measure_noise", "resample_residuals"]

Floats = NDArray[np.float64]

# Pooling two variances after a test at 0.25 keeps the level near nominal (Bancroft & Han 1983); at 0.05 it does not.
POOL_P = 0.25

# exp(10): far beyond any scatter of a loss, far below overflow. Only a fit with one degree of freedom gets there.
_MAX_LOG_ERROR = 10.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Noise:
    """Scatter of log loss about a fitted law.

    Attributes
    ----------
    run_sd : float
        Standard deviation of one run, as a fraction of the loss.
    size_sd : float
        Standard deviation shared by all runs of one size, as a fraction; 0 where `level` is "run".
    level : {"run", "size"}
        What is resampled as independent.
    dof : int
        Degrees of freedom behind the variance of that level.
    lack_of_fit_p : float
        p value of the F test of the law against free means for each size; NaN without repeated sizes.
    seed_p : float
        p value of the F test for a shift common to all runs of one seed; NaN where it cannot be tested.
    pool : ndarray
        Standardised residuals (mean 0, variance 1) that runs are drawn from.
    """

    run_sd: float
    size_sd: float
    level: Literal["run", "size"]
    dof: int
    lack_of_fit_p: float
    seed_p: float
    pool: Floats

    def draw(self, rng: np.random.Generator, points: CorpusPoints, num_resamples: int) -> Floats:
        """Draw new log errors, shape (num_resamples, runs)."""
        inflate = np.sqrt(self.dof / rng.chisquare(self.dof, (num_resamples, 1)))
        runs = rng.choice(self.pool, (num_resamples, len(points.log_loss)))
        shared = rng.standard_normal((num_resamples, len(points.sizes)))[:, points.size_of_run]
        error = inflate * (self.run_sd * runs + self.size_sd * shared)
        return np.asarray(np.clip(error, -_MAX_LOG_ERROR, _MAX_LOG_ERROR))


def measure_noise(points: CorpusPoints, fitted_log: Floats, *, num_fitted: int = 3) -> Noise:
    """Take the scatter of `points` about a law.

    Parameters
    ----------
    fitted_log : ndarray, shape (sizes,)
        Log of the law at each size.
    num_fitted : int
        Parameters of the law.
    """
    residual = points.log_loss - fitted_log[points.size_of_run]
    within = points.log_loss - points.mean_log_loss[points.size_of_run]
    num_sizes, num_runs = len(points.sizes), len(residual)
    between_dof, within_dof = num_sizes - num_fitted, num_runs - num_sizes
    between_ss, within_ss = _between(points, fitted_log), float(within @ within)
    p = _f_test(between_ss, between_dof, within_ss, within_dof)
    seed_p = _seed_test(points, within)
    if within_dof and p < POOL_P:
        run_variance = within_ss / within_dof
        excess = max(between_ss / between_dof - run_variance, 0.0) * num_sizes / num_runs
        return Noise(
            run_sd=run_variance**0.5,
            size_sd=excess**0.5,
            level="size",
            dof=between_dof,
            lack_of_fit_p=p,
            seed_p=seed_p,
            pool=_standardised(within),
        )
    dof = num_runs - num_fitted
    variance = (between_ss + within_ss) / dof
    return Noise(
        run_sd=variance**0.5,
        size_sd=0.0,
        level="run",
        dof=dof,
        lack_of_fit_p=p,
        seed_p=seed_p,
        pool=_standardised(residual),
    )


def resample_residuals(
    rng: np.random.Generator, residual: Floats, cluster: NDArray[np.intp] | None, num_fitted: int, num_resamples: int
) -> Floats:
    """Draw new residuals for a law of many points, shape (num_resamples, points).

    Independent points are drawn from the pooled residuals. Points of one cluster (the checkpoints of a run) keep
    their residuals and change sign together: the wild cluster bootstrap (Cameron, Gelbach & Miller 2008). Both are
    rescaled to the unbiased variance and spread by its χ² uncertainty.
    """
    num_points = len(residual)
    scale = np.sqrt(num_points / (num_points - num_fitted))
    if cluster is None:
        dof, drawn = num_points - num_fitted, rng.choice(residual - residual.mean(), (num_resamples, num_points))
    else:
        num_clusters = int(cluster.max()) + 1
        dof, scale = num_clusters - 1, scale * np.sqrt(num_clusters / (num_clusters - 1))
        drawn = residual * rng.choice([-1.0, 1.0], (num_resamples, num_clusters))[:, cluster]
    inflate = np.sqrt(dof / rng.chisquare(dof, (num_resamples, 1)))
    return np.asarray(np.clip(inflate * scale * drawn, -_MAX_LOG_ERROR, _MAX_LOG_ERROR))


def _between(points: CorpusPoints, fitted_log: Floats) -> float:
    return float(points.num_runs @ (points.mean_log_loss - fitted_log) ** 2)


def _f_test(upper_ss: float, upper_dof: int, lower_ss: float, lower_dof: int) -> float:
    if upper_dof < 1 or lower_dof < 1:
        return float("nan")
    # Rounding alone scatters log losses by about 1e-15; below that both are noise-free.
    if upper_ss < 1e-24 * upper_dof:
        return 1.0
    if lower_ss == 0.0:
        return 0.0
    return float(stats.f.sf((upper_ss / upper_dof) / (lower_ss / lower_dof), upper_dof, lower_dof))


def _seed_test(points: CorpusPoints, within: Floats) -> float:
    if points.seed_of_run is None:
        return float("nan")
    count = np.bincount(points.seed_of_run)
    shift = np.bincount(points.seed_of_run, within) / count
    seed_ss, seed_dof = float(count @ shift**2), len(count) - 1
    rest_dof = len(within) - len(points.sizes) - seed_dof
    return _f_test(seed_ss, seed_dof, max(float(within @ within) - seed_ss, 0.0), rest_dof)


def _standardised(residual: Floats) -> Floats:
    centred = residual - residual.mean()
    spread = centred.std()
    return np.asarray(centred / spread) if spread > 0 else np.zeros(1)
