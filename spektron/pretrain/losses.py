"""The reconstruction objective: squared error and squared derivative error of what was hidden.

``L = mse_weight · MSE + derivative_weight · (D1 + D2)`` on masked points. The residual is the composite's: zero where
the spectrum is visible (the truth stands there), prediction minus truth where it is masked. So a derivative at the edge
of a region also sees whether the prediction joins the visible curve.

**Units.** Targets are centred and scaled by the visible points, as the encoder's input is. A spectrum whose visible
part happens to be flat (a Raman spectrum with its bands hidden) would then have targets of hundreds, and outweigh the
batch. So each residual is weighted by visible deviation / whole deviation: an error of 1 is one standard deviation of
the whole spectrum. The weight is near 1 where the visible part is typical, and it never reaches the encoder.

**Derivatives.** Savitzky–Golay kernels (1964), scaled to unit L2 norm: of a residual that is white noise of variance v,
MSE, D1 and D2 are all v, so the weights compare like with like; of a smooth residual D1 and D2 are smaller, which is
their point, as they ask for the shape of bands and not for their offset.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from scipy.signal import savgol_coeffs
from torch import Tensor, nn

from spektron.core.settings import Settings
from spektron.model import Reconstruction

__all__ = ["LossConfig", "LossTerms", "ReconstructionLoss", "masked_residual", "spread_of"]

# 15 points are 27 cm⁻¹ of a mid-infrared axis, about the width of a condensed-phase band.
SAVGOL_WINDOW, SAVGOL_ORDER = 15, 3
# As in model.normalise: below this share of its size a spectrum's variation is rounding.
RELATIVE_FLOOR, ABSOLUTE_FLOOR = 1e-6, 1e-30


class LossConfig(Settings):
    """Weights of the terms."""

    mse_weight: float = Field(default=1.0, ge=0.0)
    """λ1, of the squared error."""
    derivative_weight: float = Field(default=0.5, ge=0.0)
    """λ2, of the squared first and second derivative error, each with a unit-norm kernel."""


class LossTerms(NamedTuple):
    """Each term before its weight, and what is minimised; scalars, in whole-spectrum variances."""

    total: Tensor
    mse: Tensor
    derivative: Tensor


class ReconstructionLoss(nn.Module):
    """λ1 · MSE + λ2 · (first + second derivative), on masked points."""

    kernels: Tensor

    def __init__(self, config: LossConfig) -> None:
        super().__init__()
        self.config = config
        kernels = np.stack([savgol_coeffs(SAVGOL_WINDOW, SAVGOL_ORDER, deriv=d, use="dot") for d in (1, 2)])
        kernels /= np.linalg.norm(kernels, axis=1, keepdims=True)
        self.register_buffer("kernels", torch.tensor(kernels, dtype=torch.float32).unsqueeze(1), persistent=False)

    def forward(self, reconstruction: Reconstruction, intensity: Tensor, mask: Tensor) -> LossTerms:
        """Compare a reconstruction with the truth.

        Parameters
        ----------
        reconstruction : Reconstruction
        intensity : Tensor, shape (batch, 2048), float32
            The whole spectrum, in the corpus' unit.
        mask : Tensor, shape (batch, 2048), bool
            True where it was hidden.
        """
        residual = masked_residual(reconstruction, intensity, mask)
        count = mask.sum().clamp_min(1)
        mse = residual.square().sum() / count
        if self.config.derivative_weight == 0.0:
            return LossTerms(self.config.mse_weight * mse, mse, mse.new_zeros(()))
        slopes = F.conv1d(residual.unsqueeze(1), self.kernels, padding=SAVGOL_WINDOW // 2)
        derivative = (slopes.square() * mask.unsqueeze(1)).sum() / count
        total = self.config.mse_weight * mse + self.config.derivative_weight * derivative
        return LossTerms(total, mse, derivative)


def spread_of(intensity: Tensor) -> Tensor:
    """Return the standard deviation of whole spectra, ``(batch, points)`` → ``(batch,)``; above rounding and zero."""
    # In units of the largest point, as in model.normalise: no unit's squares leave float32's range.
    size = intensity.abs().amax(dim=1).clamp_min(ABSOLUTE_FLOOR)
    return (intensity / size.unsqueeze(1)).std(dim=1, correction=0).clamp_min(RELATIVE_FLOOR) * size


def masked_residual(reconstruction: Reconstruction, intensity: Tensor, mask: Tensor) -> Tensor:
    """Prediction minus truth in whole-spectrum deviations, 0 where visible: ``(batch, 2048)``, float32."""
    spread = spread_of(intensity)
    truth = (intensity - reconstruction.center.unsqueeze(1)) / spread.unsqueeze(1)
    predicted = reconstruction.values.float() * (reconstruction.scale / spread).unsqueeze(1)
    return torch.where(mask, predicted - truth, 0.0)
