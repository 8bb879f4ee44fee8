"""The second door of a corpus, after the sources' own: what cannot be a row is turned away by name."""

from __future__ import annotations

import numpy as np

from spektron.spectra.spectrum import INTENSITY_UNITS, KINDS, METADATA_KEYS, MODALITIES, NUM_POINTS, Spectrum

__all__ = ["BUILD_REASONS", "DUPLICATE_REASONS", "problem_of"]

# Reasons of the build itself, beside `REJECT_REASONS` of the sources.
BUILD_REASONS = {
    "axis-not-ascending": "the axis does not ascend from start to stop",
    "axis-not-finite": "an end of the axis is NaN or infinite",
    "bad-id": "the spectrum or its compound has no id, or a name is not valid Unicode",
    "constant": "all intensities are the same: nothing was measured",
    "not-finite": "an intensity is NaN or infinite",
    "unknown-modality": "the modality is none of those known",
    "unknown-word": "kind, intensity unit or a key of the metadata is none of those known",
    "wrong-length": f"the spectrum does not hold {NUM_POINTS} points",
}

# Why a good spectrum is not kept: it is there already.
DUPLICATE_REASONS = {
    "duplicate-content": "modality, axis and every intensity equal those of an earlier spectrum",
    "near-duplicate": "an earlier spectrum of another source is the same one, sampled, scaled or rounded otherwise",
    "same-calculation": "an earlier source holds the same compound, computed in the same way by the same authors",
}


def problem_of(spectrum: Spectrum) -> tuple[str, str] | None:
    """Reason and detail if the spectrum cannot be a row of a corpus, else None."""
    start, stop = spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1
    if not spectrum.spectrum_id or not spectrum.compound_id or not _is_unicode(spectrum):
        return "bad-id", f"found spectrum {spectrum.spectrum_id!a} of compound {spectrum.compound_id!a}"
    if spectrum.modality not in MODALITIES:
        return "unknown-modality", f"expected one of {', '.join(MODALITIES)}, found {spectrum.modality!r}"
    if unknown := _unknown_word(spectrum):
        return "unknown-word", unknown
    if spectrum.intensity.shape != (NUM_POINTS,):
        return "wrong-length", f"expected {NUM_POINTS} points, found shape {spectrum.intensity.shape}"
    if not np.isfinite([start, stop]).all():
        return "axis-not-finite", f"found {start} to {stop} cm⁻¹"
    if start >= stop:
        return "axis-not-ascending", f"expected start < stop, found {start} to {stop} cm⁻¹"
    return _intensity_problem(spectrum)


def _unknown_word(spectrum: Spectrum) -> str:
    if spectrum.kind not in KINDS:
        return f"expected a kind of {', '.join(KINDS)}, found {spectrum.kind!r}"
    if spectrum.intensity_unit not in INTENSITY_UNITS:
        return f"expected an intensity unit of {', '.join(INTENSITY_UNITS)}, found {spectrum.intensity_unit!r}"
    if unknown := sorted(set(spectrum.metadata) - set(METADATA_KEYS)):
        return f"expected metadata of {', '.join(METADATA_KEYS)}, found {', '.join(map(repr, unknown))}"
    return ""


def _intensity_problem(spectrum: Spectrum) -> tuple[str, str] | None:
    with np.errstate(over="ignore"):
        intensity = spectrum.intensity.astype("<f4", copy=False)
    finite = np.isfinite(intensity)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        return "not-finite", f"{len(bad)} of {NUM_POINTS} points, the first at {bad[0]}: {intensity[bad[0]]}"
    if intensity.min() == intensity.max():
        return "constant", f"every intensity is {intensity[0]}"
    return None


def _is_unicode(spectrum: Spectrum) -> bool:
    texts = (spectrum.spectrum_id, spectrum.compound_id, *spectrum.aliases, spectrum.source, spectrum.instrument)
    try:
        "".join((*texts, *spectrum.metadata.values())).encode()
    except UnicodeEncodeError:
        return False
    return True
