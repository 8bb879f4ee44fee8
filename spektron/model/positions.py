"""Where a patch lies: sines and cosines of its centre and its width in cm⁻¹.

The encoding is of true wavenumbers, not of indices, so that one model takes 4000–9090 cm⁻¹ NIR, 400–4000 cm⁻¹ IR and
100–3500 cm⁻¹ Raman, and a band has one position whatever range an instrument measures.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from spektron.model.config import EncoderConfig
from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["IndexPositions", "WavenumberPositions", "build_positions"]

# Shortest: about twice the step of fine patches on a mid-infrared axis (8 points · 1.8 cm⁻¹): neighbours differ.
# Longest: twice the widest axis met (visible to far infrared, 20,000 cm⁻¹), so that no two places look alike.
CENTRE_PERIODS_CM1 = (30.0, 40_000.0)
# A fine patch of a narrow axis spans about 10 cm⁻¹, a coarse one of a wide axis about 1,000.
WIDTH_PERIODS_CM1 = (30.0, 4_000.0)


class WavenumberPositions(nn.Module):
    """Sinusoidal encoding (Vaswani et al. 2017) of patch centres (¾ of `dim`) and patch widths (¼ of `dim`)."""

    centre_points: Tensor
    width_points: Tensor
    centre_frequencies: Tensor
    width_frequencies: Tensor

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        scales, dim = config.windows, config.dim
        centres = [torch.arange(s.num_tokens) * float(s.stride) + (s.patch - 1) / 2 for s in scales]
        widths = [torch.full((s.num_tokens,), float(s.patch)) for s in scales]
        # Derived from the configuration, so kept out of checkpoints.
        self.register_buffer("centre_points", torch.cat(centres), persistent=False)
        self.register_buffer("width_points", torch.cat(widths), persistent=False)
        self.register_buffer("centre_frequencies", _frequencies(CENTRE_PERIODS_CM1, 3 * dim // 8), persistent=False)
        self.register_buffer("width_frequencies", _frequencies(WIDTH_PERIODS_CM1, dim // 8), persistent=False)

    def forward(self, wavenumber_start_cm1: Tensor, wavenumber_stop_cm1: Tensor) -> Tensor:
        """Encode the patches of each axis: two ``(batch,)`` tensors in cm⁻¹ → ``(batch, tokens, dim)``, float32."""
        start = wavenumber_start_cm1.float().unsqueeze(1)
        step = (wavenumber_stop_cm1.float().unsqueeze(1) - start) / (NUM_POINTS - 1)
        centre = (start + step * self.centre_points).unsqueeze(-1) * self.centre_frequencies
        width = (step * self.width_points).unsqueeze(-1) * self.width_frequencies
        return torch.cat([centre.sin(), centre.cos(), width.sin(), width.cos()], dim=-1)


class IndexPositions(nn.Module):
    """A learned vector for each token of a scale, whatever its wavenumbers: what a model of images would do."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        num_tokens = sum(scale.num_tokens for scale in config.windows)
        self.places = nn.Parameter(0.02 * torch.randn(num_tokens, config.dim))

    def forward(self, wavenumber_start_cm1: Tensor, wavenumber_stop_cm1: Tensor) -> Tensor:
        """Give each spectrum the same: two ``(batch,)`` tensors in cm⁻¹ → ``(batch, tokens, dim)``."""
        return self.places.expand(len(wavenumber_start_cm1), -1, -1)


def build_positions(config: EncoderConfig) -> nn.Module:
    """The positions that a configuration names."""
    return WavenumberPositions(config) if config.positions == "wavenumber" else IndexPositions(config)


def _frequencies(periods_cm1: tuple[float, float], count: int) -> Tensor:
    shortest, longest = (math.log(period) for period in periods_cm1)
    return 2 * math.pi * torch.exp(-torch.linspace(shortest, longest, count))
