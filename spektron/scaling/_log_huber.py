"""The published estimator: Huber loss (δ = 1e-3) of log-loss residuals (Hoffmann et al. 2022, §3.3).

A law is ``f = E + Σ_k C_k · exp(−γ_k · u_k)`` with ``u_k = ln(X_k / reference_k)``; it is fitted in
``θ = (ln E, ln C_1, γ_1, ln C_2, γ_2, …)``. One term is the corpus law, two are the joint law.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

__all__ = ["DELTA", "Terms", "huber_sum", "minimise_huber", "refine_batch"]

Floats = NDArray[np.float64]

DELTA = 1e-3  # Hoffmann et al. 2022: residuals beyond 0.1 % count linearly


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The power-law terms of a law and the box its θ is kept in.

    Attributes
    ----------
    logs : ndarray, shape (terms, points)
        ``u_k`` of each point.
    lower, upper : ndarray, shape (1 + 2 · terms,)
        Bounds of θ.
    """

    logs: Floats
    lower: Floats
    upper: Floats

    @classmethod
    def of(cls, logs: Floats, loss: Floats, exponents: tuple[float, float]) -> Terms:
        """Bounds wide enough to be no prior: coefficients from 1e-9 of the smallest loss to 1e3 of the largest."""
        small, large = np.log(1e-9 * loss.min()), np.log(1e3 * loss.max())
        pairs = [(small, np.log(loss.max()))] + [(small, large), exponents] * len(logs)
        lower, upper = np.array(pairs).T
        return cls(logs, lower, upper)

    def log_law(self, theta: Floats) -> tuple[Floats, Floats]:
        """``ln f`` and its Jacobian for θ of shape (sets, p): shapes (sets, points) and (sets, points, p)."""
        floor = np.exp(theta[:, :1])
        terms = [
            np.exp(theta[:, [1 + 2 * k]] - theta[:, [2 + 2 * k]] * log_size) for k, log_size in enumerate(self.logs)
        ]
        total = floor + sum(terms)
        jacobian = np.empty((*total.shape, theta.shape[1]))
        jacobian[..., 0] = floor / total
        for k, term in enumerate(terms):
            jacobian[..., 1 + 2 * k] = term / total
            jacobian[..., 2 + 2 * k] = -jacobian[..., 1 + 2 * k] * self.logs[k]
        return np.log(total), jacobian

    def clip(self, theta: Floats) -> Floats:
        """θ moved into the box."""
        return np.clip(theta, self.lower, self.upper)


def huber_sum(residual: Floats, delta: float = DELTA) -> Floats:
    """Sum of Huber losses over the last axis; `delta` = inf is half the sum of squares."""
    size = np.abs(residual)
    inner = np.minimum(size, delta)
    return np.asarray(np.sum(inner * (size - 0.5 * inner), axis=-1))


def minimise_huber(terms: Terms, log_loss: Floats, starts: Floats) -> tuple[Floats, float, bool]:
    """Run L-BFGS-B from every start and keep the best.

    The objective is divided by δ² on the way in: L-BFGS-B stops when it falls by less than a fraction of max(f, 1),
    and at its natural size (1e-3 and less) that is at once. (A mean instead of a sum did just this to the published
    Chinchilla fit: Besiroglu et al. 2024.)

    Returns
    -------
    theta : ndarray, shape (p,)
    objective : float
        Sum of log-Huber losses at `theta`.
    converged : bool
        Whether the best run, or another that reached its value to 1 part in 10⁶, ended by a convergence test.
    """
    bounds = list(zip(terms.lower, terms.upper))

    def scaled(theta: Floats) -> tuple[float, Floats]:
        model, jacobian = terms.log_law(theta[None])
        residual = model[0] - log_loss
        slope = np.clip(residual, -DELTA, DELTA)
        return float(huber_sum(residual)) / DELTA**2, slope @ jacobian[0] / DELTA**2

    options = {"maxiter": 2000, "maxfun": 4000, "ftol": 1e-13, "gtol": 1e-9}
    runs = [
        minimize(scaled, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        for start in terms.clip(starts)
    ]
    best = min(runs, key=lambda run: float(run.fun))
    # One polish: on the kinked valley of an almost absolute loss L-BFGS-B stops short of the optimum.
    theta, value = refine_batch(terms, log_loss[None], np.asarray(best.x)[None], delta=DELTA, max_iterations=400)
    converged = any(run.success and run.fun <= best.fun * (1 + 1e-6) + 1e-12 for run in runs)
    return theta[0], float(value[0]), converged


def refine_batch(
    terms: Terms, log_loss: Floats, start: Floats, *, delta: float, max_iterations: int = 100
) -> tuple[Floats, Floats]:
    """Fit many data sets at once by damped, iteratively reweighted Gauss–Newton steps.

    Parameters
    ----------
    log_loss : ndarray, shape (sets, points)
    start : ndarray, shape (sets, p)
    delta : float
        Of the Huber loss; inf is least squares on log loss.

    Returns
    -------
    theta : ndarray, shape (sets, p)
        Never worse than `start`.
    objective : ndarray, shape (sets,)
    """
    theta = terms.clip(start)
    objective = huber_sum(terms.log_law(theta)[0] - log_loss, delta)
    damping = np.full(len(theta), 1e-3)
    active = np.arange(len(theta))
    for _ in range(max_iterations):
        proposal = _step(terms, theta[active], log_loss[active], damping[active], delta)
        value = huber_sum(terms.log_law(proposal)[0] - log_loss[active], delta)
        gain = objective[active] - value
        better = gain > 0
        moved = active[better]
        theta[moved], objective[moved] = proposal[better], value[better]
        damping[active] *= np.where(better, 0.2, 8.0)
        done = np.where(better, gain < 1e-9 * value, damping[active] > 1e7)
        active = active[~done]
        if not len(active):
            break
    return theta, objective


def _step(terms: Terms, theta: Floats, log_loss: Floats, damping: Floats, delta: float) -> Floats:
    model, jacobian = terms.log_law(theta)
    residual = model - log_loss
    weight = np.minimum(1.0, delta / np.maximum(np.abs(residual), 1e-300))[..., None]
    weighted = np.swapaxes(jacobian * weight, 1, 2)
    hessian = weighted @ jacobian
    gradient = weighted @ residual[..., None]
    diagonal = np.einsum("spp->sp", hessian)
    # The floor keeps a coefficient that has vanished (E → 0) from making the system singular.
    diagonal += damping[:, None] * diagonal + 1e-12 * diagonal.max(axis=1, keepdims=True) + 1e-300
    return terms.clip(theta - np.linalg.solve(hessian, gradient)[..., 0])
