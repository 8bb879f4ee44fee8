"""A corpus in memory: what `SpectrumSource` asks for, without a build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

import numpy as np

from spektron.corpus.streaming.mixture import KindShare, kind_shares
from spektron.spectra.spectrum import NUM_POINTS, SpectrumBatch


def make_batch(rows: int, seed: int = 0) -> SpectrumBatch:
    """Gaussian bands at shared places with varying heights, on a sloping baseline, with a little noise."""
    generator = np.random.default_rng(seed)
    places = np.linspace(100, NUM_POINTS - 100, 12)
    x = np.arange(NUM_POINTS)
    shapes = np.exp(-(((x[None] - places[:, None]) / 30) ** 2))
    heights = generator.gamma(2.0, size=(rows, 2)) @ generator.gamma(1.0, size=(2, 12))
    intensity = heights @ shapes + 0.001 * x * generator.normal(size=(rows, 1))
    intensity += 0.01 * generator.normal(size=intensity.shape)
    return SpectrumBatch(
        intensity=intensity.astype(np.float32),
        wavenumber_start_cm1=np.full(rows, 400.0, np.float32),
        wavenumber_stop_cm1=np.full(rows, 4000.0, np.float32),
        modality=np.arange(rows, dtype=np.int64) % 3,
    )


class MemoryCorpus:
    """Train and validation rows in memory; global batches are dealt out row by row, as `Corpus` does."""

    def __init__(self, train: SpectrumBatch, validation: SpectrumBatch, fingerprint: str = "memory") -> None:
        self._splits = {"train": train, "validation": validation}
        self.fingerprint = fingerprint

    def num_spectra(self, split: str) -> int:
        return len(self._splits[split])

    def read(self, split: str, limit: int | None = None, *, instruments: bool = False) -> SpectrumBatch:
        return self._splits[split].take(slice(0, limit))

    def spectrum_ids(self, batch: SpectrumBatch) -> list[str]:
        rows = self._splits["train"].intensity
        return [
            next((f"row-{i}" for i, known in enumerate(rows) if np.array_equal(known, row)), "")
            for row in batch.intensity
        ]

    def shares(self, mix: Mapping[str, float], num_spectra: int | None = None) -> tuple[KindShare, ...]:
        return kind_shares({"computed": self.num_spectra("train")}, mix, num_spectra)

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
        unique = num_spectra or self.num_spectra("train")
        per_step = batch_size * world_size
        for step in count(start_batch):
            places = np.arange(step * per_step + rank, (step + 1) * per_step, world_size)
            orders = {int(e): np.random.default_rng([seed, int(e)]).permutation(unique) for e in {*(places // unique)}}
            rows = np.array([orders[int(place // unique)][place % unique] for place in places])
            yield self._splits["train"].take(rows)
