"""How far the bands of a reconstruction are from the true ones, as a number that can be minimised.

A band is where a curve bends downwards: its *curvature map* is the negative second derivative (Savitzky–Golay) where
that is positive, zero elsewhere. Two maps are compared after both were blurred by a Gaussian whose standard deviation
is the tolerance in cm⁻¹. A band that is missing, or one that is not there, costs its blurred map's energy E. One that
is shifted by d costs 2E (1 − exp(−d² / 4s²)), s² being the map's own variance plus the tolerance's: next to nothing
where d is small beside the tolerance, 2E (missing here, spurious there) where it is large. Unlike squared error, its
gradient still points to the true place when the two bands themselves do not overlap."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["curvature_map", "peak_error"]

# Narrower than half a point, a Gaussian on a grid is none.
_LEAST_SIGMA_POINTS = 0.5


def curvature_map(values: Tensor, second_derivative: Tensor) -> Tensor:
    """Negative second derivative where it is positive; ``(batch, points)``, with a kernel ``(1, 1, window)``."""
    half = second_derivative.shape[-1] // 2
    padded = F.pad(values.unsqueeze(1), (half, half), mode="replicate")
    return F.relu(-F.conv1d(padded, second_derivative)).squeeze(1)


def peak_error(
    predicted: Tensor, truth: Tensor, step_cm1: Tensor, second_derivative: Tensor, tolerance_cm1: float
) -> Tensor:
    """Summed squared difference of two blurred curvature maps.

    Parameters
    ----------
    predicted, truth : Tensor, shape (batch, points), float32
        In one unit, that of the answer's root.
    step_cm1 : Tensor, shape (batch,)
        Distance of two points.
    second_derivative : Tensor, shape (1, 1, window)
        Kernel of unit norm.
    tolerance_cm1 : float
        Standard deviation of the blur, a Gaussian of unit norm.

    Returns
    -------
    Tensor, shape (batch,)
    """
    difference = curvature_map(predicted, second_derivative) - curvature_map(truth, second_derivative)
    # Energy after blurring, by Parseval, without going back: squared spectrum × squared transfer function. Padded to
    # twice the length, so that no band reaches round the ends.
    length = 2 * difference.shape[1]
    spectrum = torch.view_as_real(torch.fft.rfft(difference.float(), n=length))
    energy = spectrum.square().sum(dim=-1)
    sigma = (tolerance_cm1 / step_cm1.float()).clamp_min(_LEAST_SIGMA_POINTS).unsqueeze(1)
    frequency = torch.arange(energy.shape[1], device=energy.device) / length
    transfer = 2.0 * math.sqrt(math.pi) * sigma * torch.exp(-((2.0 * math.pi * sigma * frequency) ** 2))
    # A real signal's spectrum has each frequency twice, but for the first and the last.
    blurred = energy * transfer
    whole: Tensor = 2.0 * blurred.sum(dim=1) - blurred[:, 0] - blurred[:, -1]
    return whole / length
