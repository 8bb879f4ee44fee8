"""Spectra as physics: axes and units, resampling, simulation. numpy, scipy and scikit-learn only."""

from spektron.spectra.axis import AxisUnit, parse_unit
from spektron.spectra.convert import REPAIRS, spectrum_from_xy
from spektron.spectra.modality import parse_modality
from spektron.spectra.rejection import SpectrumRejected
from spektron.spectra.resample import resample_uniform
from spektron.spectra.spectrum import (
    INTENSITY_UNITS,
    KINDS,
    METADATA_KEYS,
    MODALITIES,
    NUM_POINTS,
    Spectrum,
    SpectrumBatch,
)

__all__ = [
    "INTENSITY_UNITS",
    "KINDS",
    "METADATA_KEYS",
    "MODALITIES",
    "NUM_POINTS",
    "REPAIRS",
    "AxisUnit",
    "Spectrum",
    "SpectrumBatch",
    "SpectrumRejected",
    "parse_modality",
    "parse_unit",
    "resample_uniform",
    "spectrum_from_xy",
]
