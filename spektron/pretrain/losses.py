"""The reconstruction objective: error, derivative error, peak error and spectral angle of what was hidden.

``L = mse_weight · MSE + derivative_weight · (D1 + D2) + peak_weight · P + angle_weight · A`` on masked points. The
residual is the composite's: zero where the spectrum is visible (the truth stands there), prediction minus truth where
it is masked. So a derivative at the edge of a region also sees whether the prediction joins the visible curve.

**Units.** Targets are centred and scaled by the visible points, as the encoder's input is. A spectrum whose visible
part happens to be flat (a Raman spectrum with its bands hidden) would then have targets of hundreds, and outweigh the
batch. So each residual is weighted by visible deviation / whole deviation: an error of 1 is one standard deviation of
the whole spectrum. The weight is near 1 where the visible part is typical, and it never reaches the encoder.

**Derivatives.** Savitzky–Golay kernels (1964), scaled to unit L2 norm: of a residual that is white noise of variance v,
MSE, D1 and D2 are all v, so the weights compare like with like; of a smooth residual D1 and D2 are smaller, which is
their point, as they ask for the shape of bands and not for their offset.

**Peaks** as `spektron.pretrain.peaks` has them, per masked point. **Angle** between truth and prediction as vectors of
their masked points, both from the visible mean (Kruse et al. 1993): blind to the height of bands, so it is no
objective alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from scipy.signal import savgol_coeffs
from torch import Tensor, nn

from spektron.core.settings import Settings
from spektron.model import Reconstruction
from spektron.pretrain.peaks import peak_error

__all__ = ["LossConfig", "LossTerms", "ReconstructionLoss", "masked_residual", "spectral_angle", "spread_of"]

# 15 points are 27 cm⁻¹ of a mid-infrared axis, about the width of a condensed-phase band.
SAVGOL_WINDOW, SAVGOL_ORDER = 15, 3
# As in model.normalise: below this share of its size a spectrum's variation is rounding.
RELATIVE_FLOOR, ABSOLUTE_FLOOR = 1e-6, 1e-30
# Keeps the root of a distance of zero differentiable; an angle below 1e-6 is none in float32.
_ANGLE_FLOOR = 1e-12


class LossConfig(Settings):
    """Weights of the terms."""

    mse_weight: float = Field(default=1.0, ge=0.0)
    """λ1, of the squared error."""
    derivative_weight: float = Field(default=0.5, ge=0.0)
    """λ2, of the squared first and second derivative error, each with a unit-norm kernel."""
    peak_weight: float = Field(default=0.0, ge=0.0)
    """λ3, of missing, spurious and shifted bands."""
    peak_tolerance_cm1: float = Field(default=10.0, gt=0.0)
    """Shift of a band below which it costs next to nothing, in cm⁻¹."""
    angle_weight: float = Field(default=0.0, ge=0.0)
    """λ4, of the spectral angle in radians."""

    @model_validator(mode="after")
    def _some_objective(self) -> LossConfig:
        if not (self.mse_weight or self.derivative_weight or self.peak_weight):
            raise ValueError("expected a weight on squared error, derivatives or peaks: an angle alone fixes no height")
        return self


class LossTerms(NamedTuple):
    """Each term before its weight, and what is minimised; scalars, in whole-spectrum variances, the angle in radians.

    A term without weight is 0: only squared error is always taken.
    """

    total: Tensor
    mse: Tensor
    derivative: Tensor
    peak: Tensor
    angle: Tensor


class ReconstructionLoss(nn.Module):
    """λ1 · MSE + λ2 · (first + second derivative) + λ3 · peaks + λ4 · angle, on masked points."""

    kernels: Tensor

    def __init__(self, config: LossConfig) -> None:
        super().__init__()
        self.config = config
        kernels = np.stack([savgol_coeffs(SAVGOL_WINDOW, SAVGOL_ORDER, deriv=d, use="dot") for d in (1, 2)])
        kernels /= np.linalg.norm(kernels, axis=1, keepdims=True)
        self.register_buffer("kernels", torch.tensor(kernels, dtype=torch.float32).unsqueeze(1), persistent=False)

    def forward(self, reconstruction: Reconstruction, intensity: Tensor, mask: Tensor, step_cm1: Tensor) -> LossTerms:
        """Compare a reconstruction with the truth.

        Parameters
        ----------
        reconstruction : Reconstruction
        intensity : Tensor, shape (batch, 2048), float32
            The whole spectrum, in the corpus' unit.
        mask : Tensor, shape (batch, 2048), bool
            True where it was hidden.
        step_cm1 : Tensor, shape (batch,)
            Distance of two points, for the tolerance of peaks.
        """
        config, count = self.config, mask.sum().clamp_min(1)
        residual = masked_residual(reconstruction, intensity, mask)
        mse = residual.square().sum() / count
        derivative = peak = angle = mse.new_zeros(())
        if config.derivative_weight:
            slopes = F.conv1d(residual.unsqueeze(1), self.kernels, padding=SAVGOL_WINDOW // 2)
            derivative = (slopes.square() * mask.unsqueeze(1)).sum() / count
        if config.peak_weight or config.angle_weight:
            truth = intensity / spread_of(intensity).unsqueeze(1)
            truth = truth - _visible_mean(truth, mask)
            if config.peak_weight:
                second, tolerance = self.kernels[1:], config.peak_tolerance_cm1
                peak = peak_error(truth + residual, truth, step_cm1, second, tolerance).sum() / count
            if config.angle_weight:
                angle = spectral_angle(truth.masked_fill(~mask, 0.0), truth.masked_fill(~mask, 0.0) + residual).mean()
        total = config.mse_weight * mse + config.derivative_weight * derivative
        total = total + config.peak_weight * peak + config.angle_weight * angle
        return LossTerms(total, mse, derivative, peak, angle)


def spread_of(intensity: Tensor) -> Tensor:
    """Return the standard deviation of whole spectra, ``(batch, points)`` → ``(batch,)``; above rounding and zero."""
    # In units of the largest point, as in model.normalise: no unit's squares leave float32's range.
    size = intensity.abs().amax(dim=1).clamp_min(ABSOLUTE_FLOOR)
    return (intensity / size.unsqueeze(1)).std(dim=1, correction=0).clamp_min(RELATIVE_FLOOR) * size


def spectral_angle(one: Tensor, other: Tensor) -> Tensor:
    """Angle between vectors in radians, ``(batch, points)`` twice → ``(batch,)``.

    By Kahan's formula, which is exact and has a gradient where arccos of a cosine near 1 has neither.
    """
    one, other = (F.normalize(vector, dim=1, eps=ABSOLUTE_FLOOR) for vector in (one, other))
    apart, along = (vector.square().sum(dim=1).add(_ANGLE_FLOOR).sqrt() for vector in (one - other, one + other))
    return 2.0 * torch.atan2(apart, along)


def _visible_mean(intensity: Tensor, mask: Tensor) -> Tensor:
    """Mean of the visible points, ``(batch, 1)``; 0 where none is."""
    visible = (~mask).sum(dim=1, keepdim=True).clamp_min(1)
    return intensity.masked_fill(mask, 0.0).sum(dim=1, keepdim=True) / visible


def masked_residual(reconstruction: Reconstruction, intensity: Tensor, mask: Tensor) -> Tensor:
    """Prediction minus truth in whole-spectrum deviations, 0 where visible: ``(batch, 2048)``, float32."""
    spread = spread_of(intensity)
    truth = (intensity - reconstruction.center.unsqueeze(1)) / spread.unsqueeze(1)
    predicted = reconstruction.values.float() * (reconstruction.scale / spread).unsqueeze(1)
    return torch.where(mask, predicted - truth, 0.0)
