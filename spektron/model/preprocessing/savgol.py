"""Derivatives by filters that are learned and stay derivatives.

Taps ``t_k``, k = −reach … reach, are a filter of derivative d that is exact for polynomials up to a degree n if and
only if ``Σ k^m t_k`` is d! for m = d and 0 for every other m ≤ n. Those of Savitzky and Golay (1964) are the shortest
such vector: all others differ from them by a vector that every power up to n is orthogonal to. So what is learned is
any vector, projected on what is orthogonal to these powers, and no value of it leaves the filters of that derivative.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["DerivativeFilter", "derivative_flops"]

# Derivatives are per this many points. Of 512 real IR, Raman and NIR spectra, normalised, first and second ones (window
# 15, degree 3) then have deviations of 0.36 and 0.48 in the median, beside 1 of the spectra.
PER_POINTS = 24


class DerivativeFilter(nn.Module):
    """A derivative along the axis, per point of it, by a learned filter.

    Parameters
    ----------
    order : int
        Of the derivative, 1 or more.
    window : int
        Taps, odd.
    degree : int
        Polynomials up to it are differentiated exactly; from `order` to `window` − 2.

    Attributes
    ----------
    learned : Parameter, shape (window,)
        What is added before projection, in units of the classical filter's L2 norm; 0 at the start, which is the
        classical filter. (A basis of the orthogonal space would take fewer numbers, but bases differ from one linear
        algebra library to the next, and a stored filter would become another one; the projection is the same.)
    factor : float
        What `forward` multiplies the derivative per point by, fixed: `PER_POINTS` to the power of the order.
    """

    classical: Tensor
    projection: Tensor

    def __init__(self, order: int, window: int, degree: int) -> None:
        super().__init__()
        self.reach = window // 2
        # Powers of k / reach, not of k: at degree 8 scipy's `savgol_coeffs` are wrong in the seventh digit for that.
        powers, triangle = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, window), degree + 1, increasing=True))
        moments = np.zeros(degree + 1)
        moments[order] = math.factorial(order) / self.reach**order
        classical = powers @ np.linalg.solve(triangle.T, moments)
        self.factor, self.size = float(PER_POINTS**order), float(np.linalg.norm(classical))
        projection = np.eye(window) - powers @ powers.T
        self.learned = nn.Parameter(torch.zeros(window))
        # In float64: the conditions hold to rounding for taps of any size. Derived, so kept out of checkpoints.
        self.register_buffer("classical", torch.tensor(classical, dtype=torch.float64), persistent=False)
        self.register_buffer("projection", torch.tensor(projection, dtype=torch.float64), persistent=False)

    def taps(self) -> Tensor:
        """Return the filter, ``(window,)``, float64: ``derivative_i = Σ_k taps_k · values_{i + k}`` per point."""
        return self.classical + self.projection @ (self.size * self.learned.double())

    def forward(self, values: Tensor) -> Tensor:
        """Differentiate ``(..., points)`` → ``(..., points)``, times `factor`.

        Beyond its ends a curve is continued turned by half a turn about its last point, so that a line stays a line.
        """
        first, last = values[..., :1], values[..., -1:]
        before = 2.0 * first - values[..., 1 : self.reach + 1].flip(-1)
        after = 2.0 * last - values[..., -self.reach - 1 : -1].flip(-1)
        longer = torch.cat([before, values, after], dim=-1).flatten(0, -2).unsqueeze(1)
        taps = (self.taps() * self.factor).to(values.dtype)
        return F.conv1d(longer, taps.view(1, 1, -1)).view_as(values)


def derivative_flops(window: int) -> int:
    """Operations of forward and backward for one curve that has no gradient itself."""
    return 2 * 2 * window * NUM_POINTS
