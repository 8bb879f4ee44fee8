"""Masked spectrum reconstruction: what lies under the mask, said by every scale and averaged."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from spektron.model.conditioning import Instrument
from spektron.model.config import EncoderConfig
from spektron.model.encoder import INIT_STD, EncoderOutput, SpectrumEncoder
from spektron.model.patches import join_windows

__all__ = ["MaskedReconstructor", "Reconstruction", "ReconstructionHead"]


class ReconstructionHead(nn.Module):
    """Per scale a linear map from token to the points of its window; overlaps and scales are averaged."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.scales = config.token_windows
        self.points = nn.ModuleList(nn.Linear(config.dim, scale.patch) for scale in self.scales)
        for linear in self.points:
            assert isinstance(linear, nn.Linear)
            # Starts near the visible mean, which is the best guess of a model that knows nothing yet.
            nn.init.normal_(linear.weight, std=INIT_STD)
            nn.init.zeros_(linear.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """Reconstruct ``(batch, tokens, dim)`` as ``(batch, 2048)`` in normalised units."""
        per_scale = torch.split(tokens, [scale.num_tokens for scale in self.scales], dim=1)
        curves = [join_windows(linear(part), scale) for linear, part, scale in zip(self.points, per_scale, self.scales)]
        return torch.stack(curves).mean(dim=0)


class Reconstruction(NamedTuple):
    """A reconstructed spectrum and what the encoder said of it.

    Attributes
    ----------
    values : Tensor, shape (batch, 2048)
        The first channel, in units of its visible points: ``intensity ≈ values · scale + center``.
    center, scale : Tensor, shape (batch,)
        Of the first channel's visible points, in the intensity's unit.
    encoded : EncoderOutput
        Tokens and [CLS], for objectives that look at the representation.
    """

    values: Tensor
    center: Tensor
    scale: Tensor
    encoded: EncoderOutput


class MaskedReconstructor(nn.Module):
    """Encoder and reconstruction head: what pretraining trains."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder = SpectrumEncoder(config)
        self.head = ReconstructionHead(config)

    def forward(
        self,
        intensity: Tensor,
        wavenumber_start_cm1: Tensor,
        wavenumber_stop_cm1: Tensor,
        modality: Tensor,
        mask: Tensor,
        instrument: Instrument | None = None,
    ) -> Reconstruction:
        """Reconstruct the first channel from what is visible; arguments as in `SpectrumEncoder.forward`."""
        encoded = self.encoder(intensity, wavenumber_start_cm1, wavenumber_stop_cm1, modality, mask, instrument)
        return Reconstruction(self.head(encoded.tokens), encoded.center[:, 0], encoded.scale[:, 0], encoded)
