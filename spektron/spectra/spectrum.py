"""The noun everything is made of: intensities on a uniform, ascending wavenumber axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "INTENSITY_UNITS",
    "KINDS",
    "METADATA_KEYS",
    "MODALITIES",
    "NUM_INSTRUMENT_FIELDS",
    "NUM_POINTS",
    "Spectrum",
    "SpectrumBatch",
]

# 2048 points hold 255 / 63 / 31 patches of 16 / 64 / 128 points at half-patch stride without a remainder.
NUM_POINTS = 2048

# The order is part of the schema: a modality is stored by name and given to the model by its place here.
MODALITIES = ("IR", "RAMAN", "NIR")

# Type, technique and detector: the fields of `spektron.spectra.instrument_terms`.
NUM_INSTRUMENT_FIELDS = 3

# How a spectrum came to be: measured on a sample, computed from a molecule by quantum chemistry or dynamics, or made by
# Spektron's own simulator. Mixtures are stated in these words.
KINDS = ("experimental", "computed", "simulated")

# What intensities are measured in. "arbitrary" is a scale that its publisher does not tie to a quantity.
INTENSITY_UNITS = {
    "absorbance": "−log10 of the transmitted or reflected share, as published or made from transmittance",
    "molar-absorption": "absorbance per amount and path, (µmol/mol)⁻¹ m⁻¹, base 10",
    "reflectance": "reflected share of the light, 0 to 1",
    "kubelka-munk": "(1 − R)² / 2R",
    "km/mol per cm-1": "computed IR intensity spread over its band",
    "A^4/amu per cm-1": "computed Raman activity spread over its band",
    "counts": "counts of a detector",
    "arbitrary": "no stated scale",
}

# What is known of the measurement, by name; every value is text, and every key may be missing.
METADATA_KEYS = {
    "technique": "ATR, transmission, diffuse reflectance, transflection, ...",
    "state": "gas, liquid, solid, solution, and how the sample was held",
    "resolution_cm1": "instrument's resolution",
    "laser_nm": "excitation wavelength",
    "detector": "kind of detector",
    "accessory": "cell, fibre, microscope, ...",
    "orientation": "oriented or unoriented crystal",
    "processing": "raw, or what the publisher did",
    "quality": "the publisher's own grade",
    "formula": "molecular formula",
    "method": "how a computed spectrum was computed",
    "title": "the publisher's title",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """One measured, computed or simulated spectrum on its own measured range; nothing is padded.

    Attributes
    ----------
    spectrum_id : str
        ``<source>/<sample>``, unique within a corpus.
    source : str
        Where it comes from: a source's name, or source and set (``table/quadram_meats``).
    compound_id : str
        What must stay on one side of a split: a compound, mineral, physical sample or block of one process.
    aliases : tuple of str
        Other names of the compound, written as compounds' ids are: spectra that share any name share a split.
    modality : str
        One of `MODALITIES`.
    instrument : str
        Free text; empty where the publisher says nothing.
    kind : str
        One of `KINDS`.
    intensity_unit : str
        A key of `INTENSITY_UNITS`.
    wavenumber_start_cm1, wavenumber_stop_cm1 : float
        First and last point of the axis in cm⁻¹; start < stop. Point i lies at
        ``start + i · (stop − start) / (NUM_POINTS − 1)``.
    intensity : ndarray, shape (NUM_POINTS,), float32
        In the publisher's own unit (absorbance, counts, ...); finite and not constant.
    repairs : tuple of str
        What was mended on the way here (``axis-descending``, ``nan-at-ends``, ...), for the build report.
    metadata : mapping of str to str
        What else is known of the measurement; the keys are those of `METADATA_KEYS`.
    """

    spectrum_id: str
    source: str
    compound_id: str
    modality: str
    instrument: str
    wavenumber_start_cm1: float
    wavenumber_stop_cm1: float
    intensity: NDArray[np.float32]
    kind: str = "experimental"
    intensity_unit: str = "arbitrary"
    aliases: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


_LEFT_OUT: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumBatch:
    """Spectra side by side, as the model takes them.

    Attributes
    ----------
    intensity : ndarray, shape (batch, NUM_POINTS), float32
        In the units the corpus holds; the model normalises.
    wavenumber_start_cm1, wavenumber_stop_cm1 : ndarray, shape (batch,), float32
        Ends of each axis in cm⁻¹.
    modality : ndarray, shape (batch,), int64
        Index into `MODALITIES`.
    instrument : ndarray, shape (batch, 3), int64
        What is known of the instrument: places in the fields of `spektron.spectra.instrument_terms.INSTRUMENT_TERMS`.
        Left out, nothing is stated.
    resolution_cm1 : ndarray, shape (batch,), float32
        The instrument's resolution in cm⁻¹, NaN where not stated.
    """

    intensity: NDArray[np.float32]
    wavenumber_start_cm1: NDArray[np.float32]
    wavenumber_stop_cm1: NDArray[np.float32]
    modality: NDArray[np.int64]
    instrument: NDArray[np.int64] = _LEFT_OUT
    resolution_cm1: NDArray[np.float32] = _LEFT_OUT

    def __post_init__(self) -> None:
        if self.instrument is _LEFT_OUT:
            object.__setattr__(self, "instrument", np.zeros((len(self), NUM_INSTRUMENT_FIELDS), dtype=np.int64))
        if self.resolution_cm1 is _LEFT_OUT:
            object.__setattr__(self, "resolution_cm1", np.full(len(self), np.nan, dtype=np.float32))

    def __len__(self) -> int:
        return len(self.modality)

    @classmethod
    def of(cls, spectra: Sequence[Spectrum]) -> SpectrumBatch:
        """Put spectra side by side, in their order."""
        return cls(
            intensity=np.array([spectrum.intensity for spectrum in spectra], dtype=np.float32).reshape(-1, NUM_POINTS),
            wavenumber_start_cm1=np.array([spectrum.wavenumber_start_cm1 for spectrum in spectra], dtype=np.float32),
            wavenumber_stop_cm1=np.array([spectrum.wavenumber_stop_cm1 for spectrum in spectra], dtype=np.float32),
            modality=np.array([MODALITIES.index(spectrum.modality) for spectrum in spectra], dtype=np.int64),
        )

    def take(self, rows: NDArray[np.intp] | slice) -> SpectrumBatch:
        """The rows named, in that order."""
        return SpectrumBatch(
            intensity=self.intensity[rows],
            wavenumber_start_cm1=self.wavenumber_start_cm1[rows],
            wavenumber_stop_cm1=self.wavenumber_stop_cm1[rows],
            modality=self.modality[rows],
            instrument=self.instrument[rows],
            resolution_cm1=self.resolution_cm1[rows],
        )
