"""Any measured axis to a uniform one, without inventing or losing band area.

Each output point is the mean, over its own cell, of the monotone cubic (PCHIP) through the measured points
(Fritsch & Butland 1984, SIAM J. Sci. Stat. Comput. 5, 300). One rule serves both directions:

- where the measurement is denser than the output, averaging over the cell keeps every band's area, where sampling would
  alias narrow bands away;
- where it is sparser, the cell is short and the mean is the interpolant's value. PCHIP stays between neighbouring
  points (no overshoot, no negative lobes beside a band) and has a continuous slope: linear interpolation of a
  125-pixel spectrum to 2048 points is a polygon whose second derivative is a comb of spikes at the pixels, and the
  objective has second derivatives in it.

The first and last cell are half as wide, so the trapezoidal area of the output is the area of the interpolant, exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PPoly

from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["resample_uniform"]

# A spectrum that is already on the output axis is left as it is: averaging it again would soften it each time.
# A thousandth of a step moves a band by less than any instrument's repeatability, and covers float32 axes.
_SAME_AXIS_STEPS = 1e-3


def resample_uniform(
    wavenumber_cm1: NDArray[np.float64], intensity: NDArray[np.float64], num_points: int = NUM_POINTS
) -> NDArray[np.float64]:
    """Bring intensities to a uniform axis over the same range; nothing is extrapolated.

    Parameters
    ----------
    wavenumber_cm1 : ndarray, shape (points,)
        Finite and strictly ascending.
    intensity : ndarray, shape (points,)
        Finite.
    num_points : int
        Points of the new axis, whose ends are the old ends.

    Returns
    -------
    ndarray, shape (num_points,)
        Within the range of `intensity`; its trapezoidal area is that of the interpolant.
    """
    start, stop = wavenumber_cm1[0], wavenumber_cm1[-1]
    grid = np.linspace(start, stop, num_points)
    step = (stop - start) / (num_points - 1)
    if len(wavenumber_cm1) == num_points and np.abs(wavenumber_cm1 - grid).max() < _SAME_AXIS_STEPS * step:
        return intensity.copy()
    edges = np.concatenate(([start], grid[:-1] + 0.5 * step, [stop]))
    area = _pchip(wavenumber_cm1, intensity).antiderivative()(edges)
    mean: NDArray[np.float64] = np.diff(area) / np.diff(edges)
    # The difference of two areas carries rounding of about 1e-13 of the offset; the bound is the contract.
    return np.clip(mean, intensity.min(), intensity.max())


def _pchip(x: NDArray[np.float64], y: NDArray[np.float64]) -> PPoly:
    """`scipy.interpolate.PchipInterpolator`, whose own checks and copies take 85 % of its time on 1000 points."""
    width = np.diff(x)
    secant = np.diff(y) / width
    slope = np.empty_like(y)
    slope[1:-1] = _inner_slopes(width, secant)
    slope[0] = _end_slope(width[0], width[1], secant[0], secant[1])
    slope[-1] = _end_slope(width[-1], width[-2], secant[-1], secant[-2])
    excess = (slope[:-1] + slope[1:] - 2.0 * secant) / width
    coefficients = np.stack((excess / width, (secant - slope[:-1]) / width - excess, slope[:-1], y[:-1]))
    return PPoly.construct_fast(coefficients, x)


def _inner_slopes(width: NDArray[np.float64], secant: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted harmonic mean of the secants on both sides; zero at extrema, so that nothing overshoots."""
    left, right = 2.0 * width[1:] + width[:-1], width[1:] + 2.0 * width[:-1]
    before, after = secant[:-1], secant[1:]
    monotone = before * after > 0.0
    # Outside `monotone` the quotient is not used; a divisor of one keeps it finite.
    harmonic = left * after + right * before
    slopes: NDArray[np.float64] = np.where(
        monotone, (left + right) * before * after / np.where(monotone, harmonic, 1.0), 0.0
    )
    return slopes


def _end_slope(width0: float, width1: float, secant0: float, secant1: float) -> float:
    """Three-point estimate at an end, limited so that the curve stays monotone there (Moler 2004, section 3.6)."""
    slope = ((2.0 * width0 + width1) * secant0 - width0 * secant1) / (width0 + width1)
    if slope * secant0 <= 0.0:
        return 0.0
    if secant0 * secant1 <= 0.0 and abs(slope) > 3.0 * abs(secant0):
        return 3.0 * secant0
    return slope
