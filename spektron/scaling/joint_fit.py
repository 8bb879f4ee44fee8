"""One estimator's joint law: its parameters, and what its resamples say about any (N, D)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spektron.scaling._joint_projection import EXPONENT_RANGE, grid_joint, project_joint
from spektron.scaling._log_huber import DELTA, Terms, minimise_huber, refine_batch
from spektron.scaling.estimate import Band, Estimate, estimate_of, interval_of
from spektron.scaling.joint_points import NUM_PARAMETERS, JointPoints
from spektron.scaling.noise import resample_residuals

__all__ = ["JointFit", "fit_joint_log_huber", "fit_joint_projection"]

Floats = NDArray[np.float64]

_START_EXPONENTS = (0.15, 0.35, 0.8)
_START_FLOORS = (0.01, 0.5, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointFit:
    """``L(N, D) = E + A · N^(−α) + B · D^(−β)`` by one estimator.

    Attributes
    ----------
    estimator : str
        "variable_projection" (relative least squares) or "log_huber" (Hoffmann et al. 2022).
    E, A, B, alpha, beta : Estimate
    objective : float
        Minimum reached: half the sum of squared relative residuals, or the sum of log-Huber losses.
    converged : bool
        Whether a start ended by a convergence test.
    references : ndarray, shape (2,)
        What N and D are divided by in `point` and `draws`.
    point : ndarray, shape (5,)
        E, A', α, B', β.
    draws : ndarray, shape (num_resamples, 5)
        The same of every resample.
    """

    estimator: Literal["variable_projection", "log_huber"]
    E: Estimate
    A: Estimate
    B: Estimate
    alpha: Estimate
    beta: Estimate
    objective: float
    converged: bool
    confidence: float
    references: Floats = field(repr=False)
    point: Floats = field(repr=False)
    draws: Floats = field(repr=False)

    def band(self, num_params: Floats, num_tokens: Floats) -> Band:
        """Predicted mean loss with its interval; both sizes of shape (points,)."""
        logs = np.log(np.stack([num_params, num_tokens]) / self.references[:, None])
        value, draws = _law(self.point[None], logs)[0], _law(self.draws, logs)
        low, high = interval_of(draws, self.confidence)
        return Band(value, np.minimum(low, value), np.maximum(high, value))


def fit_joint_projection(
    points: JointPoints, *, num_resamples: int, confidence: float, rng: np.random.Generator
) -> JointFit:
    """Variable projection with its bootstrap; each resample starts from a grid over (α, β) and from the fit."""
    logs = points.logs
    point, objective, converged = project_joint(logs, points.loss)
    terms = Terms.of(logs, points.loss, EXPONENT_RANGE)
    new_log = _resampled(points, logs, point, num_resamples, rng)
    starts = (grid_joint(logs, np.exp(new_log), points.loss), np.tile(point, (num_resamples, 1)))
    draws = _params(_best_of(terms, new_log, [_theta(start) for start in starts], delta=np.inf))
    return _package("variable_projection", points, point, draws, objective, converged, confidence)


def fit_joint_log_huber(
    points: JointPoints, start: Floats, *, num_resamples: int, confidence: float, rng: np.random.Generator
) -> JointFit:
    """Log-Huber with its bootstrap: multi-start L-BFGS-B for the fit; each resample as in the projection."""
    logs = points.logs
    terms = Terms.of(logs, points.loss, EXPONENT_RANGE)
    starts = np.vstack([_theta(start[None]), _start_grid(points)])
    theta, objective, converged = minimise_huber(terms, np.log(points.loss), starts)
    point = _params(theta[None])[0]
    new_log = _resampled(points, logs, point, num_resamples, rng)
    tries = [_theta(grid_joint(logs, np.exp(new_log), points.loss)), np.tile(theta, (num_resamples, 1))]
    draws = _params(_best_of(terms, new_log, tries, delta=DELTA))
    return _package("log_huber", points, point, draws, objective, converged, confidence)


def _resampled(
    points: JointPoints, logs: Floats, point: Floats, num_resamples: int, rng: np.random.Generator
) -> Floats:
    fitted_log = np.log(_law(point[None], logs)[0])
    residual = np.log(points.loss) - fitted_log
    return np.asarray(fitted_log + resample_residuals(rng, residual, points.cluster, NUM_PARAMETERS, num_resamples))


def _best_of(terms: Terms, log_loss: Floats, starts: list[Floats], *, delta: float) -> Floats:
    tries = [refine_batch(terms, log_loss, start, delta=delta) for start in starts]
    best = np.argmin([objective for _, objective in tries], axis=0)
    return np.asarray(np.stack([theta for theta, _ in tries])[best, np.arange(len(best))])


def _package(
    estimator: Literal["variable_projection", "log_huber"],
    points: JointPoints,
    point: Floats,
    draws: Floats,
    objective: float,
    converged: bool,
    confidence: float,
) -> JointFit:
    log_n, log_d = np.log(points.references)

    def in_units(params: Floats) -> Floats:
        """E, A, α, B, β for N and D as counts."""
        shift = np.ones_like(params)
        shift[..., 1], shift[..., 3] = np.exp(params[..., 2] * log_n), np.exp(params[..., 4] * log_d)
        return np.asarray(params * shift)

    values, samples = in_units(point), in_units(draws)
    names = ("E", "A", "alpha", "B", "beta")
    estimates = {name: estimate_of(values[i], samples[:, i], confidence) for i, name in enumerate(names)}
    return JointFit(
        estimator=estimator,
        **estimates,
        objective=objective,
        converged=converged,
        confidence=confidence,
        references=points.references,
        point=point,
        draws=draws,
    )


def _law(params: Floats, logs: Floats) -> Floats:
    floor, model_scale, alpha, data_scale, beta = params.T[:, :, None]
    return np.asarray(floor + model_scale * np.exp(-alpha * logs[0]) + data_scale * np.exp(-beta * logs[1]))


def _theta(params: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        coefficients = np.log(params[:, [0, 1, 3]])
    return np.column_stack([coefficients[:, :2], params[:, 2], coefficients[:, 2], params[:, 4]])


def _params(theta: Floats) -> Floats:
    return np.column_stack([np.exp(theta[:, :2]), theta[:, 2], np.exp(theta[:, 3]), theta[:, 4]])


def _start_grid(points: JointPoints) -> Floats:
    """θ of every combination of floor, α and β, with what is above the floor shared between the two terms."""
    middle = float(np.exp(np.log(points.loss).mean()))
    axes = np.meshgrid(_START_FLOORS, _START_EXPONENTS, _START_EXPONENTS)
    share, alpha, beta = (axis.ravel() for axis in axes)
    floor = share * points.loss.min()
    half = 0.5 * (middle - floor)
    return np.column_stack([np.log(floor), np.log(half), alpha, np.log(half), beta])
