"""Agreement of two views of a spectrum, without negatives (BYOL: Grill et al. 2020).

The online network sees one view, masked, and predicts what the target network makes of the other, whole; the target is
an exponential moving average of the online one and gets no gradient. The pass that reconstructs a masked view is the
online pass too: its [CLS] goes on to the projector, so that both objectives share it.

Nothing in the loss forbids the trivial answer, one embedding for all spectra. What keeps it away is the predictor and
the slow target, so collapse is looked for at every evaluation: `embedding_spread`."""

from __future__ import annotations

import copy
import math
from typing import Self

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from spektron.core.settings import Settings
from spektron.model import EncoderConfig, Instrument, SpectrumEncoder

__all__ = ["Byol", "ByolConfig", "agreement_loss", "embedding_spread", "momentum_at"]


class ByolConfig(Settings):
    """The heads, and how slowly the target follows."""

    hidden_dim: int = Field(default=512, ge=8)
    """Hidden width of projector and predictor."""
    projection_dim: int = Field(default=128, ge=8)
    """Width of what is compared."""
    momentum: float = Field(default=0.99, ge=0.0, lt=1.0)
    """Share of itself that the target keeps at the first step; rises by a cosine to 1 at the last."""


class Byol(nn.Module):
    """Projector and predictor of the online network, and the target network.

    Parameters
    ----------
    config : ByolConfig
    encoder : SpectrumEncoder
        The online encoder, of which the target is a copy.
    """

    def __init__(self, config: ByolConfig, encoder: SpectrumEncoder) -> None:
        super().__init__()
        width: EncoderConfig = encoder.config
        self.projector = _head(width.dim, config)
        self.predictor = _head(config.projection_dim, config)
        self.target_encoder = copy.deepcopy(encoder).requires_grad_(requires_grad=False)
        self.target_projector = copy.deepcopy(self.projector).requires_grad_(requires_grad=False)
        self.target_encoder.eval()

    def train(self, mode: bool = True) -> Self:
        """Switch the online heads; nothing is dropped from the target, whose answer is to be the same each time."""
        super().train(mode)
        self.target_encoder.eval()
        return self

    def predict(self, cls: Tensor) -> Tensor:
        """Online [CLS] of masked views, ``(batch, dim)`` → predictions, ``(batch, projection_dim)``."""
        predicted: Tensor = self.predictor(self.projector(cls))
        return predicted

    @torch.no_grad()
    def targets(
        self,
        intensity: Tensor,
        wavenumber_start_cm1: Tensor,
        wavenumber_stop_cm1: Tensor,
        modality: Tensor,
        instrument: Instrument | None = None,
    ) -> Tensor:
        """What the target network makes of whole views; arguments as in `SpectrumEncoder.forward`."""
        encoded = self.target_encoder(
            intensity, wavenumber_start_cm1, wavenumber_stop_cm1, modality, instrument=instrument
        )
        projected: Tensor = self.target_projector(encoded.cls)
        return projected

    @torch.no_grad()
    def follow(self, encoder: SpectrumEncoder, momentum: float) -> None:
        """Move the target towards the online network, after a step of that."""
        for target, online in ((self.target_encoder, encoder), (self.target_projector, self.projector)):
            for kept, new in zip(target.parameters(), online.parameters(), strict=True):
                kept.lerp_(new.detach(), 1.0 - momentum)


def agreement_loss(predicted: Tensor, targets: Tensor) -> Tensor:
    """Mean squared distance of unit vectors, ``2 − 2 cos``, of ``(batch, projection_dim)``: 0 where they agree."""
    predicted, targets = F.normalize(predicted.float(), dim=1), F.normalize(targets.float(), dim=1)
    return 2.0 - 2.0 * (predicted * targets).sum(dim=1).mean()


def momentum_at(step: int, steps: int, first: float) -> float:
    """Momentum after step 1, 2, …, `steps`: from near `first` by a cosine to 1."""
    return 1.0 - (1.0 - first) * (math.cos(math.pi * step / steps) + 1.0) / 2.0


def embedding_spread(embedding: Tensor) -> tuple[float, float]:
    """How far embeddings are from one point, and over how many directions.

    Parameters
    ----------
    embedding : Tensor, shape (spectra, dim)

    Returns
    -------
    float
        Root of dim × the mean variance of unit vectors: near 1 where directions are spread evenly, 0 where all are one.
    float
        Effective rank (Roy and Vetterli 2007) of the centred embeddings: exp of the entropy of their singular values,
        1 to min(spectra, dim).
    """
    unit = F.normalize(embedding.double(), dim=1)
    spread = float(unit.var(dim=0, correction=0).sum().sqrt())
    singular = torch.linalg.svdvals(embedding.double() - embedding.double().mean(dim=0))
    share = singular / singular.sum().clamp_min(torch.finfo(torch.float64).tiny)
    entropy = -(share * share.clamp_min(1e-300).log()).sum()
    return spread, float(entropy.exp()) if float(singular.sum()) > 0.0 else 1.0


def _head(in_dim: int, config: ByolConfig) -> nn.Sequential:
    # Norms of layers, not of batches: a laptop's batch is 8 spectra, and workers need not exchange statistics.
    return nn.Sequential(
        nn.Linear(in_dim, config.hidden_dim),
        nn.LayerNorm(config.hidden_dim),
        nn.GELU(),
        nn.Linear(config.hidden_dim, config.projection_dim),
    )
