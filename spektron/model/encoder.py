"""From a masked spectrum to tokens, without a leak.

No function of a masked point reaches the output: masked points are replaced before anything is computed from them,
centre and scale come from visible points, and at every scale a token whose window touches a masked point is replaced by
the mask token. What a mask token does know is where it lies and which modality it belongs to.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from spektron.core.errors import SpectrumError
from spektron.model.conditioning import Instrument, build_conditioning
from spektron.model.config import EncoderConfig
from spektron.model.merges import build_merge
from spektron.model.normalise import normalise_visible
from spektron.model.patches import PatchEmbedding, touched_windows
from spektron.model.positions import build_positions
from spektron.model.preprocessing import build_preprocessing
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS

__all__ = ["UNKNOWN_MODALITY", "EncoderOutput", "SpectrumEncoder"]

# The domain token of a spectrum whose modality nobody states.
UNKNOWN_MODALITY = len(MODALITIES)

# Of embeddings and of weights that write into the residual stream (GPT-2, BERT).
INIT_STD = 0.02


class EncoderOutput(NamedTuple):
    """What the encoder knows of a batch of spectra.

    Attributes
    ----------
    tokens : Tensor, shape (batch, tokens, dim)
        One per window of `EncoderConfig.token_windows`, scale after scale from fine to coarse, along the axis within
        one.
    cls : Tensor, shape (batch, dim)
        The spectrum as a whole: [CLS], or what `EncoderConfig.embedding` says.
    center, scale : Tensor, shape (batch, channels)
        ``intensity = normalised · scale + center``, from visible points, in the intensity's unit.
    """

    tokens: Tensor
    cls: Tensor
    center: Tensor
    scale: Tensor


class SpectrumEncoder(nn.Module):
    """A multi-scale transformer encoder of vibrational spectra.

    Parameters
    ----------
    config : EncoderConfig
        What it is made of.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.scales = config.windows
        self.preprocessing = build_preprocessing(config.preprocessing)
        self.patches = nn.ModuleList(PatchEmbedding(scale, config.patch_channels, config.dim) for scale in self.scales)
        self.positions = build_positions(config)
        self.scale_embedding = nn.Parameter(INIT_STD * torch.randn(len(self.scales), config.dim))
        self.modality_embedding = nn.Embedding(len(MODALITIES) + 1, config.dim)
        self.mask_token = nn.Parameter(INIT_STD * torch.randn(config.dim))
        self.cls_token = nn.Parameter(INIT_STD * torch.randn(config.dim))
        self.merge = build_merge(config)
        self.conditioning = build_conditioning(config)
        nn.init.normal_(self.modality_embedding.weight, std=INIT_STD)

    def forward(
        self,
        intensity: Tensor,
        wavenumber_start_cm1: Tensor,
        wavenumber_stop_cm1: Tensor,
        modality: Tensor,
        mask: Tensor | None = None,
        instrument: Instrument | None = None,
    ) -> EncoderOutput:
        """Encode spectra of which some points may be hidden.

        Parameters
        ----------
        intensity : Tensor, shape (batch, channels, 2048), float32
            In the corpus' unit; at masked points anything at all.
        wavenumber_start_cm1, wavenumber_stop_cm1 : Tensor, shape (batch,)
            Ends of each axis in cm⁻¹.
        modality : Tensor, shape (batch,), int64
            Index into `spektron.spectra.spectrum.MODALITIES`, or `UNKNOWN_MODALITY`.
        mask : Tensor, shape (batch, 2048), bool, optional
            True where a point is hidden; without it the whole spectrum is visible.
        instrument : Instrument, optional
            What is known of the instrument; without it nothing is stated. Looked at by `conditioning` alone.

        Raises
        ------
        SpectrumError
            For another number of channels or points than the encoder has.
        """
        if intensity.shape[1:] != (expected := (self.config.in_channels, NUM_POINTS)):
            raise SpectrumError(
                f"expected intensities of shape (batch, {expected[0]}, {expected[1]}), found {tuple(intensity.shape)}",
                "channels are versions of one spectrum, as many as encoder.in_channels says; resample each to "
                f"{NUM_POINTS} points",
            )
        if mask is None:
            mask = torch.zeros_like(intensity[:, 0], dtype=torch.bool)
        visible = normalise_visible(intensity, mask, self.config.normalisation)
        # What is reconstructed, and its centre and scale, stay those of the spectrum as it came.
        seen = visible.values if self.preprocessing is None else self.preprocessing(visible.values, mask)
        domain = self.modality_embedding(modality).unsqueeze(1)
        place = self.positions(wavenumber_start_cm1, wavenumber_stop_cm1)
        tokens = self._patch_tokens(seen, mask) + place + self._scale_of_token() + domain
        whole = torch.cat([self.cls_token.expand_as(domain), domain], dim=1)
        per_scale = torch.split(tokens, [scale.num_tokens for scale in self.scales], dim=1)
        tokens, whole = self.merge(per_scale, whole, self._condition(instrument, modality))
        summary = whole[:, 0] if self.config.embedding == "cls" else tokens.mean(dim=1)
        return EncoderOutput(tokens, summary, visible.center, visible.scale)

    def _condition(self, instrument: Instrument | None, modality: Tensor) -> Tensor | None:
        if self.conditioning is None:
            return None
        condition: Tensor = self.conditioning(instrument or Instrument.not_stated(len(modality), modality.device))
        return condition

    def _patch_tokens(self, values: Tensor, mask: Tensor) -> Tensor:
        tokens = torch.cat([embed(values) for embed in self.patches], dim=1)
        hidden = torch.cat([touched_windows(mask, scale) for scale in self.scales], dim=1)
        return torch.where(hidden.unsqueeze(-1), self.mask_token.to(tokens.dtype), tokens)

    def _scale_of_token(self) -> Tensor:
        rows = [row.expand(scale.num_tokens, -1) for row, scale in zip(self.scale_embedding, self.scales)]
        return torch.cat(rows)
