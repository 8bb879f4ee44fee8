"""Spectra with axes of their own, brought to common cells at absolute wavenumbers.

Cell c of width w covers [c·w, (c + 1)·w] cm⁻¹, whatever the spectrum: two copies of one measurement that were cropped
or sampled differently meet in the same cells. A cell holds the mean of the linear interpolant over it, so noise is
averaged and a coarser or finer sampling changes little.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Cells", "cell_means", "full_cells"]

Cells = NDArray[np.float64]


def full_cells(
    start_cm1: ArrayLike, stop_cm1: ArrayLike, width_cm1: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First cell that lies wholly within a range, and the one after the last; they may be equal or crossed."""
    width = np.asarray(width_cm1, dtype=np.float64)
    first = np.ceil(np.asarray(start_cm1, dtype=np.float64) / width).astype(np.int64)
    end = np.floor(np.asarray(stop_cm1, dtype=np.float64) / width).astype(np.int64)
    return first, end


def cell_means(
    intensity: NDArray[np.floating],
    start_cm1: NDArray[np.floating],
    step_cm1: NDArray[np.floating],
    first_cell: NDArray[np.int64],
    num_cells: int,
    width_cm1: NDArray[np.floating] | float,
) -> Cells:
    """Mean of each spectrum over `num_cells` consecutive cells, less the spectrum's first value.

    Only sums in a fixed order and element-wise arithmetic: the same bits on every IEEE 754 machine.

    Parameters
    ----------
    intensity : ndarray, shape (rows, points)
        On uniform, ascending axes.
    start_cm1, step_cm1 : ndarray, shape (rows,)
        First point of each axis, and the distance of two.
    first_cell : ndarray of int, shape (rows,)
        Number of each row's first cell.
    num_cells : int
        How many from there.
    width_cm1 : float or ndarray, shape (rows,)
        Width of the cells.

    Returns
    -------
    ndarray, shape (rows, num_cells), float64
        Cells that reach beyond the axis hold what has no meaning; the caller knows them by `full_cells`.
    """
    rows, points = intensity.shape
    # Integrals of a spectrum of 8e5 counts lose no digits to a large constant.
    height = intensity.astype(np.float64) - intensity[:, :1].astype(np.float64)
    integral = np.zeros_like(height)
    np.cumsum(0.5 * (height[:, 1:] + height[:, :-1]), axis=1, out=integral[:, 1:])
    start, step = start_cm1.astype(np.float64)[:, None], step_cm1.astype(np.float64)[:, None]
    width = np.broadcast_to(np.asarray(width_cm1, dtype=np.float64), (rows,))[:, None]
    edge = ((first_cell[:, None] + np.arange(num_cells + 1)) * width - start) / step
    np.clip(edge, 0.0, points - 1, out=edge)
    left = np.minimum(edge.astype(np.int64), points - 2)
    part = edge - left
    flat = left + np.arange(rows)[:, None] * points
    low, high = height.ravel()[flat], height.ravel()[flat + 1]
    upto = integral.ravel()[flat] + part * low + 0.5 * part * part * (high - low)
    means: Cells = np.diff(upto, axis=1) / np.maximum(np.diff(edge, axis=1), 1e-9)
    return means
