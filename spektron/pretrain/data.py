"""What the training loop asks of a corpus, and its batches as tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from spektron.corpus.streaming.mixture import KindShare
from spektron.spectra.spectrum import SpectrumBatch

__all__ = ["SpectrumSource", "TensorBatch", "to_tensors"]


class SpectrumSource(Protocol):
    """A corpus, as far as training goes (`spektron.corpus.Corpus` is one)."""

    @property
    def fingerprint(self) -> str:
        """Name of the content."""

    def num_spectra(self, split: str) -> int:
        """Rows of a split."""

    def read(self, split: str, limit: int | None = None) -> SpectrumBatch:
        """Read the first rows of a split, in rank order."""

    def shares(self, mix: Mapping[str, float], num_spectra: int | None = None) -> tuple[KindShare, ...]:
        """What a mixture of kinds is made of."""

    def stream(
        self,
        *,
        num_spectra: int | None,
        batch_size: int,
        seed: int,
        rank: int,
        world_size: int,
        start_batch: int,
        mix: Mapping[str, float] | None,
    ) -> Iterator[SpectrumBatch]:
        """Stream this worker's batches of the training subset, without end, from batch `start_batch` on."""


class TensorBatch(NamedTuple):
    """A batch on the device, in the order `MaskedReconstructor.forward` takes it."""

    intensity: Tensor
    wavenumber_start_cm1: Tensor
    wavenumber_stop_cm1: Tensor
    modality: Tensor
    mask: Tensor

    @property
    def step_cm1(self) -> Tensor:
        """Distance of two points of each row, ``(batch,)``."""
        return (self.wavenumber_stop_cm1 - self.wavenumber_start_cm1) / (self.intensity.shape[-1] - 1)

    def parts(self, count: int) -> list[TensorBatch]:
        """Cut into `count` equal parts, along the batch."""
        return [TensorBatch(*fields) for fields in zip(*(field.chunk(count) for field in self))]


def to_tensors(batch: SpectrumBatch, mask: object, device: torch.device) -> TensorBatch:
    """Put a batch and its masks, ``(batch, 2048)`` bool, on the device; intensities get their channel axis."""
    fields = (
        batch.intensity[:, None, :],
        batch.wavenumber_start_cm1,
        batch.wavenumber_stop_cm1,
        batch.modality,
        mask,
    )
    return TensorBatch(*(torch.as_tensor(field).to(device, non_blocking=True) for field in fields))
