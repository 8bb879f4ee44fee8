"""Variable projection for ``L(N, D) = E + A · N^(−α) + B · D^(−β)``.

For given (α, β) the law is linear in (E, A, B): non-negative least squares of three columns. Searching the two
exponents alone has a condition number of about 11; the five parameters together have 3.5e11. Residuals are relative to
the loss.
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, nnls

__all__ = ["EXPONENT_RANGE", "grid_joint", "project_joint"]

Floats = NDArray[np.float64]

EXPONENT_RANGE = (0.01, 3.0)
# A factor of 1.36 apart: a start for a descent, not an answer.
_GRID = np.array(list(product(np.geomspace(0.02, 2.0, 16), repeat=2)))
_SUBSETS = [list(s) for size in (1, 2, 3) for s in combinations(range(3), size)]
_NUM_STARTS = 3


def project_joint(logs: Floats, loss: Floats) -> tuple[Floats, float, bool]:
    """Fit one data set to rounding error.

    Parameters
    ----------
    logs : ndarray, shape (2, points)
        ``ln(N / reference)`` and ``ln(D / reference)``.
    loss : ndarray, shape (points,)

    Returns
    -------
    params : ndarray, shape (5,)
        E, A', α, B', β; coefficients belong to the references.
    objective : float
        Half the sum of squared relative residuals.
    converged : bool
    """

    def residual(log_exponents: Floats) -> Floats:
        design = _design(logs, np.exp(log_exponents)) / loss[:, None]
        return np.asarray(design @ nnls(design, np.ones_like(loss))[0] - 1.0)

    bounds = tuple(np.log([[low] * 2 for low in EXPONENT_RANGE]))
    starts = _GRID[np.argsort(_grid_objective(logs, loss[None], loss)[1][0])[:_NUM_STARTS]]
    tight = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15, "max_nfev": 200}
    runs = [least_squares(residual, np.log(start), jac="3-point", bounds=bounds, **tight) for start in starts]
    best = min(runs, key=lambda run: float(run.cost))
    alpha, beta = np.exp(best.x)
    design = _design(logs, np.array([alpha, beta])) / loss[:, None]
    floor, model_scale, data_scale = nnls(design, np.ones_like(loss))[0]
    return np.array([floor, model_scale, alpha, data_scale, beta]), float(best.cost), best.status > 0


def grid_joint(logs: Floats, loss_sets: Floats, loss: Floats) -> Floats:
    """Best grid point of each row of `loss_sets`, relative to `loss`: parameters of shape (sets, 5)."""
    coefficients, objective = _grid_objective(logs, loss_sets, loss)
    best = objective.argmin(axis=1)
    floor, model_scale, data_scale = coefficients[np.arange(len(best)), best].T
    return np.column_stack([floor, model_scale, _GRID[best, 0], data_scale, _GRID[best, 1]])


def _design(logs: Floats, exponents: Floats) -> Floats:
    return np.column_stack([np.ones(logs.shape[1]), np.exp(-exponents[:, None] * logs).T])


def _grid_objective(logs: Floats, loss_sets: Floats, loss: Floats) -> tuple[Floats, Floats]:
    """Non-negative least squares at every grid point: coefficients (sets, grid, 3) and sums of squares (sets, grid).

    Three columns have seven sets of positive coefficients; the solution is the best feasible one of them.
    """
    design = np.stack([_design(logs, exponents) for exponents in _GRID]) / loss[:, None]
    target = loss_sets / loss
    gram = np.swapaxes(design, 1, 2) @ design
    moment = np.einsum("sn,gnk->sgk", target, design, optimize=True)
    coefficients = np.zeros_like(moment)
    explained = np.full(moment.shape[:2], -np.inf)
    for subset in _SUBSETS:
        inverse = np.linalg.pinv(gram[:, subset][:, :, subset], hermitian=True)
        trial = np.einsum("gjk,sgk->sgj", inverse, moment[..., subset])
        gained = np.where((trial >= 0).all(axis=2), np.sum(trial * moment[..., subset], axis=2), -np.inf)
        better = gained > explained
        explained = np.where(better, gained, explained)
        padded = np.zeros_like(moment)
        padded[..., subset] = trial
        coefficients = np.where(better[..., None], padded, coefficients)
    return coefficients, np.sum(target**2, axis=1)[:, None] - explained
