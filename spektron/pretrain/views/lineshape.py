"""Broader lines: what a coarser instrument makes of the same bands, with every band's area kept.

A row has a line shape of its own, so the convolution is a product with a transfer function in Fourier space. The
spectrum is mirrored at both ends first: nothing wraps from one end to the other, and the sum over the points is kept.
"""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from spektron.pretrain.views.effect import ASCENDING, Array, Effect, log_between
from spektron.pretrain.views.rows import Rows

__all__ = ["Resolution", "broadened"]

Width = Annotated[float, Field(gt=0.0, le=200.0)]
_GAUSS = math.pi**2 / (4.0 * math.log(2.0))  # exp(−_GAUSS f²): transfer of a Gaussian of FWHM 1


class Resolution(Effect):
    """A broader instrument line, on top of the one that the spectrum was measured with.

    Convolved is the signal itself. In Raman that is light, as in an instrument; an absorbance is convolved as it is,
    where an instrument convolves the light that comes through. Of a Lorentzian half as wide as the line that leaves a
    peak 2 % too high at an absorbance of 0.1, 12 % at 0.5 and 38 % at 1.5.
    """

    numbers: ClassVar[int] = 2

    fwhm_cm1: Annotated[tuple[Width, Width], ASCENDING] = (1.0, 12.0)
    """Full width at half maximum of the line that is convolved with, in cm⁻¹; drawn evenly in its logarithm. A Gaussian
    of 6.9 makes 4 cm⁻¹ resolution 8."""
    max_triangle: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    """Largest share of a triangle, the line of a grating with equal slits, in the line; the rest is a Gaussian, as
    apodised interferograms have."""

    def strengths(self, uniform: Array) -> Array:
        """FWHM in cm⁻¹, and the triangle's share."""
        return np.stack((log_between(uniform[:, 0], self.fwhm_cm1), self.max_triangle * uniform[:, 1]), axis=1)

    def apply(self, rows: Rows, strengths: Tensor) -> Rows:
        """Convolve with the line."""
        return broadened(rows, strengths[:, :1], strengths[:, 1:])


def broadened(rows: Rows, fwhm_cm1: Tensor, triangle: Tensor | None = None) -> Rows:
    """Convolve each row with a line of unit area.

    Parameters
    ----------
    rows : Rows
    fwhm_cm1 : Tensor, shape (rows, 1)
        Full width at half maximum, 0 for none; held within a sixteenth of the axis.
    triangle : Tensor, shape (rows, 1), optional
        Share of a triangle in the line, beside a Gaussian of the same width.
    """
    signal, points = rows.signal, rows.signal.shape[1]
    mirrored = torch.cat((signal, signal.flip(1)), dim=1)
    frequency = torch.arange(points + 1, device=signal.device) / (2.0 * points)  # cycles per point
    cycles = frequency * (rows.held(fwhm_cm1) / rows.step_cm1)
    transfer = torch.exp(-_GAUSS * cycles.square())
    if triangle is not None:
        transfer = torch.lerp(transfer, torch.sinc(cycles).square(), triangle)
    spread = torch.fft.irfft(torch.fft.rfft(mirrored) * transfer, n=2 * points)
    return rows.with_signal(spread[:, :points])
