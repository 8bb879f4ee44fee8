"""Noise of a detector: of the light's own grain (shot), and of the electronics; with the grain of its pixels."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from spektron.pretrain.views.effect import ASCENDING, Array, Effect, log_between
from spektron.pretrain.views.normals import normals
from spektron.pretrain.views.rows import Rows

__all__ = ["Noise"]

Ratio = Annotated[float, Field(ge=1.0, le=1e9)]
Pitch = Annotated[float, Field(gt=0.0, le=100.0)]

# Where next to no light is left its noise is without bound: past two decades nothing more is to be hidden.
_DARKEST = 2.0


class Noise(Effect):
    """Shot and detector noise as signal-to-noise ratios: the spectrum's own range over the noise at full light.

    With L the share of the full light, the standard deviation of the light is √L / shot SNR and 1 / detector SNR.
    A Raman signal is light, and L its share of the brightest point, counted from zero counts: a background that is
    higher than the bands brings its shot noise. An absorbance is −log10 of it, so that both are divided by L: deep
    bands are noisy. Full light is there at the spectrum's lowest point.
    """

    numbers: ClassVar[int] = 3

    shot_snr: Annotated[tuple[Ratio, Ratio], ASCENDING] = (50.0, 5000.0)
    """Of shot noise, no unit; drawn evenly in its logarithm."""
    detector_snr: Annotated[tuple[Ratio, Ratio], ASCENDING] = (100.0, 10_000.0)
    """Of detector noise, no unit; drawn evenly in its logarithm."""
    pixel_cm1: Annotated[tuple[Pitch, Pitch], ASCENDING] = (1.0, 8.0)
    """Distance of the detector's own pixels, in cm⁻¹, drawn evenly in its logarithm: noise is drawn for each and
    interpolated between them; finer pixels than the axis' points are as these."""

    def strengths(self, uniform: Array) -> Array:
        """Standard deviations at full light, as shares of the range, and the pixels' distance in cm⁻¹."""
        shot = 1.0 / log_between(uniform[:, 0], self.shot_snr)
        detector = 1.0 / log_between(uniform[:, 1], self.detector_snr)
        return np.stack((shot, detector, log_between(uniform[:, 2], self.pixel_cm1)), axis=1)

    def apply(self, rows: Rows, strengths: Tensor) -> Rows:
        """Add both at once: variances add."""
        shot, detector = strengths[:, :1].square(), strengths[:, 1:2].square()
        light = _light(rows)
        deviation = (shot * light + detector).sqrt() / torch.where(rows.is_light, 1.0, light)
        return rows.with_signal(rows.signal + deviation * _grained(rows, strengths[:, 2:]))


def _light(rows: Rows) -> Tensor:
    """Share of the full light at each point, in [0, 1]."""
    offset = (rows.low / rows.span).clamp_min(0.0)
    counted = (rows.signal + offset).clamp_min(0.0)
    share = counted / counted.amax(dim=1, keepdim=True).clamp_min(1e-6)
    above = (rows.signal - rows.signal.amin(dim=1, keepdim=True)) * rows.peak_absorbance
    return torch.where(rows.is_light, share, torch.pow(10.0, -above.clamp_max(_DARKEST)))


def _grained(rows: Rows, pitch_cm1: Tensor) -> Tensor:
    """Noise of unit variance at every point, correlated over pixels; cf. `spektron.spectra.response.Grain`."""
    points = rows.signal.shape[1]
    white = normals(rows.seed, points + 2)
    pitch = (pitch_cm1 / rows.step_cm1).clamp_min(1.0)
    place = torch.arange(points, device=white.device) / pitch
    pixel = place.long()
    share = place - pixel
    share = share * share * (3.0 - 2.0 * share)  # without kinks at the pixels
    rest = 1.0 - share
    mixed = rest * white.gather(1, pixel) + share * white.gather(1, pixel + 1)
    return mixed * (rest.square() + share.square()).rsqrt()
