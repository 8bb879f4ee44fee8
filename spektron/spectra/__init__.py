"""Spectra as physics: axes and units, resampling, simulation. numpy, scipy and scikit-learn only."""

from spektron.spectra.axis import AxisUnit, parse_unit
from spektron.spectra.convert import REPAIRS, spectrum_from_xy
from spektron.spectra.instrument_terms import INSTRUMENT_TERMS, count_terms, read_instrument
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
    "INSTRUMENT_TERMS",
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
    "count_terms",
    "parse_modality",
    "parse_unit",
    "read_instrument",
    "resample_uniform",
    "spectrum_from_xy",
]
