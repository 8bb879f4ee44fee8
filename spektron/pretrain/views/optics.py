"""What happens to light before a detector: broader lines, stray light, an axis that is off."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["broadened", "moved", "with_stray_light"]

_FWHM_OF_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))
_LN10 = math.log(10.0)


def broadened(values: Tensor, fwhm_points: Tensor, is_slit: Tensor) -> Tensor:
    """Convolve each row with a line shape of unit area.

    Parameters
    ----------
    values : Tensor, shape (batch, points)
        Beyond the ends the spectrum is taken to go on as its mirror image.
    fwhm_points : Tensor, shape (batch,)
        Full width at half maximum of the line shape, in points; 0 leaves a row as it is.
    is_slit : Tensor, shape (batch,)
        1 for a triangle (two equal slits), 0 for a Gaussian.
    """
    points = values.shape[1]
    # The even extension has no step at its ends, so a cyclic convolution brings nothing round.
    spectrum = torch.fft.rfft(torch.cat([values, values.flip(1)], dim=1))
    frequency = torch.arange(points + 1, device=values.device, dtype=values.dtype) / (2 * points)
    width = fwhm_points.unsqueeze(1)
    gaussian = torch.exp(-2.0 * (math.pi * width / _FWHM_OF_SIGMA * frequency).square())
    triangle = torch.sinc(width * frequency).square()
    transfer = torch.where(is_slit.unsqueeze(1) > 0.5, triangle, gaussian)
    found = torch.fft.irfft(spectrum * transfer, n=2 * points)[:, :points]
    return torch.where(width > 0.0, found, values)


def with_stray_light(share_of_range: Tensor, share: Tensor, peak_absorbance: Tensor) -> Tensor:
    """Add light that misses the sample: ``A' = −log10((10^−A + s) / (1 + s))``.

    Parameters
    ----------
    share_of_range : Tensor, shape (batch, points)
        0 at the lowest point, 1 at the highest.
    share : Tensor, shape (batch,)
        s; 0 leaves a row as it is.
    peak_absorbance : Tensor, shape (batch,)
        Absorbance at 1.
    """
    peak, stray = peak_absorbance.unsqueeze(1), share.unsqueeze(1)
    absorbance = share_of_range * peak
    light = torch.exp(-_LN10 * absorbance)
    found = -torch.log10((light + stray) / (1.0 + stray)) / peak
    return torch.where(stray > 0.0, found, share_of_range)


def moved(values: Tensor, shift_points: Tensor, stretch: Tensor, tilt_points: Tensor) -> Tensor:
    """Move bands along the axis, whose label stays.

    Parameters
    ----------
    values : Tensor, shape (batch, points)
        Read between points on a straight line; beyond an end, the end's value.
    shift_points, tilt_points : Tensor, shape (batch,)
        Of every band, and additionally of a band at the upper end, in points (0 at the lower end, linear between).
    stretch : Tensor, shape (batch,)
        Relative, about the middle of the axis.
    """
    points = values.shape[1]
    place = torch.arange(points, device=values.device, dtype=values.dtype)
    by = shift_points[:, None] + stretch[:, None] * (place - (points - 1) / 2)
    by = by + tilt_points[:, None] * place / (points - 1)
    source = (place - by).clamp(0.0, points - 1.0)
    before = source.floor().clamp_max(points - 2.0)
    index = before.long()
    here, there = values.gather(1, index), values.gather(1, index + 1)
    found = here + (source - before) * (there - here)
    return torch.where((by != 0.0).any(dim=1, keepdim=True), found, values)
