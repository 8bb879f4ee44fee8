"""What the training loop asks of a corpus, and its batches as tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from spektron.corpus.streaming.mixture import KindShare
from spektron.model import Instrument
from spektron.spectra.spectrum import SpectrumBatch

__all__ = ["SpectrumSource", "TensorBatch", "to_tensors"]


class SpectrumSource(Protocol):
    """A corpus, as far as training goes (`spektron.corpus.Corpus` is one)."""

    @property
    def fingerprint(self) -> str:
        """Name of the content."""

    def num_spectra(self, split: str) -> int:
        """Rows of a split."""

    def read(self, split: str, limit: int | None = None, *, instruments: bool = False) -> SpectrumBatch:
        """Read the first rows of a split, in rank order, and if asked what is known of their instruments."""

    def spectrum_ids(self, batch: SpectrumBatch) -> list[str]:
        """Name the training spectra of a batch."""

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
        instruments: bool = False,
    ) -> Iterator[SpectrumBatch]:
        """Stream this worker's batches of the training subset, without end, from batch `start_batch` on."""


class TensorBatch(NamedTuple):
    """A batch on the device, in the order `MaskedReconstructor.forward` takes it."""

    intensity: Tensor
    wavenumber_start_cm1: Tensor
    wavenumber_stop_cm1: Tensor
    modality: Tensor
    mask: Tensor
    instrument: Instrument | None = None

    @property
    def step_cm1(self) -> Tensor:
        """Distance of two points of each row, ``(batch,)``."""
        return (self.wavenumber_stop_cm1 - self.wavenumber_start_cm1) / (self.intensity.shape[-1] - 1)

    def parts(self, count: int) -> list[TensorBatch]:
        """Cut into `count` equal parts, along the batch."""
        return self.split(-(-len(self.modality) // count))

    def split(self, rows: int) -> list[TensorBatch]:
        """Cut into parts of `rows` rows, along the batch; the last may have fewer."""
        *fields, instrument = self
        plain: list[TensorBatch] = [
            TensorBatch._make((*parts, None)) for parts in zip(*(torch.split(field, rows) for field in fields))
        ]
        if instrument is None:
            return plain
        known = [Instrument(*parts) for parts in zip(*(torch.split(field, rows) for field in instrument))]
        return [part._replace(instrument=each) for part, each in zip(plain, known, strict=True)]

    @classmethod
    def together(cls, batches: Sequence[TensorBatch]) -> TensorBatch:
        """Batches one after the other, in one."""
        joined = cls._make((*(torch.cat(fields) for fields in zip(*(batch[:-1] for batch in batches))), None))
        known = [batch.instrument for batch in batches if batch.instrument is not None]
        if not known:
            return joined
        return joined._replace(instrument=Instrument(*(torch.cat(fields) for fields in zip(*known, strict=True))))


def to_tensors(batch: SpectrumBatch, mask: object, device: torch.device) -> TensorBatch:
    """Put a batch and its masks, ``(batch, 2048)`` bool, on the device; intensities get their channel axis."""
    fields = (
        batch.intensity[:, None, :],
        batch.wavenumber_start_cm1,
        batch.wavenumber_stop_cm1,
        batch.modality,
        mask,
        batch.instrument,
        batch.resolution_cm1,
    )
    *tensors, codes, resolution_cm1 = (torch.as_tensor(field).to(device, non_blocking=True) for field in fields)
    return TensorBatch._make((*tensors, Instrument(codes, resolution_cm1)))
