"""Simulated spectra: any number, from a seed, without a download; IR, Raman and NIR of one sample share a compound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field, field_validator

from spektron.core.settings import Settings
from spektron.corpus.sources.base import PART_RECORDS, Part
from spektron.spectra import MODALITIES, Spectrum
from spektron.spectra.simulate import BLOCK_SPECTRA, SIMULATOR_VERSION, SimulatedBlock, simulate_block

__all__ = ["Simulated"]

# Whole blocks, so that no block is made for two parts.
_PART_SPECTRA = PART_RECORDS // BLOCK_SPECTRA * BLOCK_SPECTRA

# What the simulated instruments give (`spektron.spectra.response`).
_UNITS = {"IR": "absorbance", "RAMAN": "counts", "NIR": "absorbance"}


class Simulated(Settings):
    """`num_spectra` simulated spectra; the first n of a larger number are the n of a smaller one."""

    num_spectra: int = Field(ge=1)
    """How many to make."""
    seed: int = Field(default=0, ge=0)
    """Names the random stream."""
    modalities: tuple[str, ...] = MODALITIES
    """Which of IR, RAMAN and NIR each sample is measured in."""

    @field_validator("modalities")
    @classmethod
    def _known_and_different(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or len(set(value)) != len(value) or not set(value) <= set(MODALITIES):
            raise ValueError(f"expected different ones of {', '.join(MODALITIES)}")
        return value

    @property
    def name(self) -> str:
        """The source's name."""
        return "simulated"

    def parts(self) -> Sequence[Part]:
        """Runs of whole blocks."""
        starts = range(0, self.num_spectra, _PART_SPECTRA)
        return [Part("", start, min(start + _PART_SPECTRA, self.num_spectra)) for start in starts]

    def read(self, part: Part) -> Iterator[Spectrum]:
        """Yield the spectra in order; none is refused."""
        for first in range(part.start, part.stop, BLOCK_SPECTRA):
            block = simulate_block(self.seed, first // BLOCK_SPECTRA, self.modalities)
            for row in range(min(BLOCK_SPECTRA, part.stop - first)):
                yield self._spectrum(block, first, row)

    def describe(self) -> dict[str, Any]:
        """Give the settings and the simulator's version: together they are the spectra."""
        config = {**self.model_dump(mode="json"), "simulator": SIMULATOR_VERSION}
        licence = {"licence": "none needed: computed", "citation": "spektron.spectra.simulate"}
        return {"name": self.name, "config": config, "licences": {self.name: licence}}

    def _spectrum(self, block: SimulatedBlock, first: int, row: int) -> Spectrum:
        # Samples are named by the whole stream, modalities included: with others, the same seed gives other samples.
        stream = f"s{self.seed}-{'-'.join(self.modalities).lower()}"
        sample = first // len(self.modalities) + int(block.molecule[row])
        return Spectrum(
            spectrum_id=f"{self.name}/{stream}/{first + row:08d}",
            source=self.name,
            compound_id=f"{self.name}/{stream}/{sample:08d}",
            modality=block.modality[row],
            instrument=block.instrument[row],
            wavenumber_start_cm1=float(block.wavenumber_start_cm1[row]),
            wavenumber_stop_cm1=float(block.wavenumber_stop_cm1[row]),
            intensity=block.intensity[row],
            kind="simulated",
            intensity_unit=_UNITS[block.modality[row]],
        )
