"""What pretraining trains: the masked reconstructor, and the heads of the second objective where it has a weight."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from spektron.model import Instrument, MaskedReconstructor, Reconstruction
from spektron.pretrain.byol import Byol
from spektron.pretrain.config import PretrainConfig

__all__ = ["Objective", "Online"]


class Online(NamedTuple):
    """What one masked pass gives to both objectives; `prediction` is None without the second."""

    reconstruction: Reconstruction
    prediction: Tensor | None


class Objective(nn.Module):
    """One module, so that `DistributedDataParallel` sees all parameters in one forward pass."""

    def __init__(self, config: PretrainConfig) -> None:
        super().__init__()
        self.reconstructor = MaskedReconstructor(config.encoder)
        # Nothing in it asks for a gradient then, nor does what goes in, so none is computed through it.
        self.reconstructor.encoder.requires_grad_(config.train_encoder)
        self.byol = Byol(config.byol, self.reconstructor.encoder) if config.byol_weight else None

    def forward(
        self,
        intensity: Tensor,
        wavenumber_start_cm1: Tensor,
        wavenumber_stop_cm1: Tensor,
        modality: Tensor,
        mask: Tensor,
        instrument: Instrument | None = None,
    ) -> Online:
        """Reconstruct masked spectra, and predict from their [CLS]; arguments as in `SpectrumEncoder.forward`."""
        found = self.reconstructor(intensity, wavenumber_start_cm1, wavenumber_stop_cm1, modality, mask, instrument)
        return Online(found, None if self.byol is None else self.byol.predict(found.encoded.cls))
