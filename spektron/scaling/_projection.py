"""Variable projection for ``L(D) = E + B · D^(−β)``, many data sets at once.

For a given β the law is linear in (E, B), and two-variable non-negative least squares has a closed form; only β is
searched, on a grid and then by shrinking windows around the best point (Golub & Pereyra 1973). Residuals are relative
(each divided by the size's mean loss), because the noise of a loss is proportional to it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["BETA_RANGE", "project_corpus"]

Floats = NDArray[np.float64]

# Below 0.01 a power law cannot be told from a logarithm over any corpus that exists; above 3 it is a step.
BETA_RANGE = (0.01, 3.0)
_GRID = np.geomspace(*BETA_RANGE, 97)  # 6 % apart: far narrower than any interval of β
_WINDOW = np.linspace(-1.0, 1.0, 9)


def project_corpus(log_size: Floats, loss: Floats, num_runs: Floats, *, rounds: int) -> tuple[Floats, Floats]:
    """Fit every row of `loss`.

    Parameters
    ----------
    log_size : ndarray, shape (sizes,)
        ``ln(D / reference)``.
    loss : ndarray, shape (sets, sizes)
        Mean loss of each size, positive.
    num_runs : ndarray, shape (sizes,)
        Runs behind each mean: its weight.
    rounds : int
        Window refinements; each divides the uncertainty of ln β (0.06 at first) by 4.

    Returns
    -------
    params : ndarray, shape (sets, 3)
        E, C and β of ``E + C · (D / reference)^(−β)``.
    objective : ndarray, shape (sets,)
        Weighted sum of squared relative residuals.
    """
    weight = num_runs / loss**2
    centre = np.log(_GRID[_best_on_grid(log_size, loss, weight)])
    step = np.log(_GRID[1] / _GRID[0])
    low, high = np.log(BETA_RANGE)
    for _ in range(rounds):
        log_beta = np.clip(centre[:, None] + step * _WINDOW, low, high)
        rss = _solve(log_size, loss, weight, np.exp(log_beta))[2]
        centre = np.take_along_axis(log_beta, rss.argmin(axis=1)[:, None], axis=1)[:, 0]
        step *= _WINDOW[1] - _WINDOW[0]
    beta = np.exp(centre)
    floor, scale, rss = _solve(log_size, loss, weight, beta[:, None])
    return np.column_stack([floor[:, 0], scale[:, 0], beta]), rss[:, 0]


def _best_on_grid(log_size: Floats, loss: Floats, weight: Floats) -> NDArray[np.intp]:
    # All sets share the grid's powers, so that every moment is one matrix product.
    power = np.exp(-_GRID[:, None] * log_size).T
    total, mean_y = weight.sum(1)[:, None], ((weight * loss).sum(1) / weight.sum(1))[:, None]
    mean_x = weight @ power / total
    sxx = weight @ power**2
    sxy = (weight * loss) @ power
    syy = (weight * loss**2).sum(1)[:, None]
    slope = (sxy - total * mean_x * mean_y) / np.maximum(sxx - total * mean_x**2, 1e-300)
    explained = total * mean_y**2 + slope * (sxy - total * mean_x * mean_y)
    explained = np.where(slope <= 0, total * mean_y**2, explained)
    explained = np.where(mean_y - slope * mean_x < 0, sxy**2 / sxx, explained)
    return np.asarray((syy - explained).argmin(axis=1))


def _solve(log_size: Floats, loss: Floats, weight: Floats, beta: Floats) -> tuple[Floats, Floats, Floats]:
    """Non-negative (E, C) and their sum of squares for β of shape (sets, trials); each result has that shape."""
    x = np.exp(-beta[:, :, None] * log_size)
    y, w = loss[:, None, :], weight[:, None, :]
    mean_x, mean_y = (np.sum(w * v, axis=2) / np.sum(w, axis=2) for v in (x, y))
    centred = x - mean_x[..., None]
    scale = np.sum(w * centred * y, axis=2) / np.maximum(np.sum(w * centred**2, axis=2), 1e-300)
    floor = mean_y - scale * mean_x
    # One violated bound is active at the optimum; both cannot be violated, because y > 0.
    through_zero = np.sum(w * x * y, axis=2) / np.sum(w * x * x, axis=2)
    rising, no_floor = scale <= 0, floor < 0
    scale = np.where(rising, 0.0, np.where(no_floor, through_zero, scale))
    floor = np.where(rising, mean_y, np.where(no_floor, 0.0, floor))
    residual = floor[..., None] + scale[..., None] * x - y
    return floor, scale, np.sum(w * residual**2, axis=2)
