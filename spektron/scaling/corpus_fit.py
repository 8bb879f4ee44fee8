"""One estimator's corpus law: its parameters, and what its resamples say about any size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spektron.scaling._log_huber import DELTA, Terms, minimise_huber, refine_batch
from spektron.scaling._projection import BETA_RANGE, project_corpus
from spektron.scaling.estimate import Band, Estimate, estimate_of, interval_of
from spektron.scaling.noise import Noise, measure_noise
from spektron.scaling.points import CorpusPoints

__all__ = ["CorpusFit", "EstimatorName", "differing_parameters", "fit_log_huber", "fit_projection"]

Floats = NDArray[np.float64]
EstimatorName = Literal["variable_projection", "log_huber"]

# The window of ln β shrinks by 4 a round from 0.06: to 1e-6 for a resample, to rounding error for the fit itself.
_RESAMPLE_ROUNDS, _POINT_ROUNDS = 8, 25
_HUBER_FLOORS = (1e-3, 0.5, 0.9)
_HUBER_BETAS = (0.1, 0.4, 1.2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorpusFit:
    """``L(D) = E + B · D^(−β)`` by one estimator.

    Attributes
    ----------
    estimator : str
        "variable_projection" (relative least squares) or "log_huber" (Hoffmann et al. 2022).
    E, B, beta : Estimate
        B and β are NaN where the loss does not fall (`identified` is False).
    objective : float
        Minimum reached: half the weighted sum of squared relative residuals of size means, or the sum of log-Huber
        losses of runs.
    noise : Noise
        Scatter about this fit.
    converged : bool
        Whether a start ended by a convergence test (always, for the projection).
    point : ndarray, shape (3,)
        E, C and β of ``E + C · (D / reference_size)^(−β)``.
    draws : ndarray, shape (num_resamples, 3)
        The same of every resample.
    """

    estimator: EstimatorName
    E: Estimate
    B: Estimate
    beta: Estimate
    objective: float
    noise: Noise
    converged: bool
    confidence: float
    reference_size: float
    point: Floats = field(repr=False)
    draws: Floats = field(repr=False)

    @property
    def identified(self) -> bool:
        """Whether the loss falls with size, so that B and β mean something."""
        return bool(np.isfinite(self.beta.value))

    def curve(self, sizes: Floats) -> Floats:
        """Predicted loss at `sizes`, shape (sizes,)."""
        return np.asarray(_law(self.point[None], sizes / self.reference_size)[0])

    def curve_draws(self, sizes: Floats) -> Floats:
        """Predicted loss of every resample, shape (num_resamples, sizes)."""
        return _law(self.draws, sizes / self.reference_size)

    def band(self, sizes: Floats, *, new_run: bool = False) -> Band:
        """Predicted loss at `sizes` with its interval; `new_run` widens it to hold one further run."""
        value, draws = self.curve(sizes), self.curve_draws(sizes)
        if new_run:
            # A fixed stream: the same question gives the same answer, and sizes share their draws.
            rng = np.random.default_rng(0)
            sd = float(np.hypot(self.noise.run_sd, self.noise.size_sd))
            draws = draws * np.exp(sd * rng.standard_t(self.noise.dof, (len(draws), 1)))
        low, high = interval_of(draws, self.confidence)
        return Band(value, np.minimum(low, value), np.maximum(high, value))


def fit_projection(
    points: CorpusPoints, *, num_resamples: int, confidence: float, rng: np.random.Generator, falls: bool = True
) -> CorpusFit:
    """Variable projection with its bootstrap; `falls` False fits a constant and leaves B and β unidentified."""
    size = points.log_relative_size
    best, objective = project_corpus(size, points.loss[None], points.num_runs, rounds=_POINT_ROUNDS)
    point = best[0] if falls else _constant(points)
    fitted_log = np.log(_law(point[None], np.exp(size))[0])
    noise = measure_noise(points, fitted_log, num_fitted=3 if falls else 1)
    new_mean = fitted_log + points.mean_of_runs(noise.draw(rng, points, num_resamples))
    draws, _ = project_corpus(size, np.exp(new_mean), points.num_runs, rounds=_RESAMPLE_ROUNDS)
    return _package("variable_projection", points, point, draws, 0.5 * objective[0], noise, confidence, falls)


def fit_log_huber(
    points: CorpusPoints,
    start: Floats,
    *,
    num_resamples: int,
    confidence: float,
    rng: np.random.Generator,
    falls: bool = True,
) -> CorpusFit:
    """Log-Huber with its bootstrap.

    The fit itself is multi-start L-BFGS-B. Each resample starts from its own variable projection, which is a global
    search, and from the fit, and keeps the better: both run in one vectorised Gauss–Newton descent.
    """
    log_size = points.log_relative_size
    terms = Terms.of(log_size[points.size_of_run][None], points.loss, BETA_RANGE)
    starts = np.vstack([_theta(start[None]), _start_grid(points)])
    theta, objective, converged = minimise_huber(terms, points.log_loss, starts)
    point = _params(theta[None])[0] if falls else _constant(points, median=True)
    fitted_log = np.log(_law(point[None], np.exp(log_size))[0])
    noise = measure_noise(points, fitted_log, num_fitted=3 if falls else 1)
    new_log = fitted_log[points.size_of_run] + noise.draw(rng, points, num_resamples)
    projected, _ = project_corpus(log_size, np.exp(points.mean_of_runs(new_log)), points.num_runs, rounds=3)
    tries = [
        refine_batch(terms, new_log, s, delta=DELTA) for s in (_theta(projected), np.tile(theta, (len(new_log), 1)))
    ]
    better = tries[0][1] <= tries[1][1]
    draws = _params(np.where(better[:, None], tries[0][0], tries[1][0]))
    return _package("log_huber", points, point, draws, objective, noise, confidence, falls, converged)


def differing_parameters(ours: CorpusFit, theirs: CorpusFit) -> tuple[str, ...]:
    """Name the parameters whose value by `theirs` lies outside the interval by `ours`.

    Differences of less than one part in a million are rounding: noise-free points have intervals of no width.
    """
    names = ("E", "B", "beta") if ours.identified and theirs.identified else ("E",)
    scale = {"E": float(ours.curve(np.array([ours.reference_size]))[0])}
    pairs = [(name, getattr(ours, name), getattr(theirs, name).value) for name in names]
    return tuple(
        name
        for name, estimate, value in pairs
        if not estimate.contains(value) and abs(value - estimate.value) > 1e-6 * scale.get(name, abs(estimate.value))
    )


def _package(
    estimator: EstimatorName,
    points: CorpusPoints,
    point: Floats,
    draws: Floats,
    objective: float,
    noise: Noise,
    confidence: float,
    falls: bool,
    converged: bool = True,
) -> CorpusFit:
    unknown = Estimate(float("nan"), float("nan"), float("nan"))
    log_reference = np.log(points.reference_size)

    def in_spectra(params: Floats) -> Floats:
        return np.asarray(params[..., 1] * np.exp(params[..., 2] * log_reference))

    return CorpusFit(
        estimator=estimator,
        E=estimate_of(point[0], draws[:, 0], confidence),
        B=estimate_of(float(in_spectra(point)), in_spectra(draws), confidence) if falls else unknown,
        beta=estimate_of(point[2], draws[:, 2], confidence) if falls else unknown,
        objective=float(objective),
        noise=noise,
        converged=converged,
        confidence=confidence,
        reference_size=points.reference_size,
        point=point,
        draws=draws,
    )


def _law(params: Floats, relative_size: Floats) -> Floats:
    floor, scale, beta = params.T[:, :, None]
    return np.asarray(floor + scale * relative_size**-beta)


def _constant(points: CorpusPoints, *, median: bool = False) -> Floats:
    level = np.median(points.log_loss) if median else points.log_loss.mean()
    return np.array([np.exp(level), 0.0, 1.0])


def _theta(params: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.column_stack([np.log(params[:, 0]), np.log(params[:, 1]), params[:, 2]])


def _params(theta: Floats) -> Floats:
    return np.column_stack([np.exp(theta[:, 0]), np.exp(theta[:, 1]), theta[:, 2]])


def _start_grid(points: CorpusPoints) -> Floats:
    """θ of floors at several heights below the smallest loss, with the rest put on the term, for several β."""
    smallest, middle = points.loss.min(), np.exp(points.mean_log_loss.mean())
    floors = np.array(_HUBER_FLOORS) * smallest
    floor, beta = (grid.ravel() for grid in np.meshgrid(floors, _HUBER_BETAS))
    return np.column_stack([np.log(floor), np.log(middle - floor), beta])
