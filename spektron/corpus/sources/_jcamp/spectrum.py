"""From a JCAMP-DX block to a `Spectrum`: what its headers mean."""

from __future__ import annotations

import re

from spektron.corpus.sources._jcamp import Block, Curve, Headers, JcampError, curve_of
from spektron.spectra import AxisUnit, Spectrum, SpectrumRejected, parse_modality, parse_unit, spectrum_from_xy
from spektron.spectra.axis import to_wavenumber
from spektron.spectra.intensity import stored_intensity
from spektron.spectra.modality import PLAUSIBLE_CM1

__all__ = ["name_of", "spectrum_of_block"]

_REASONS = {"damaged": "damaged-record", "length": "length-mismatch", "size": "too-large"}

# What a spectrometer also saves under a modality's name and is none of its spectra.
_NO_SPECTRUM = re.compile(r"interferogram|single[\s-]*beam|background|phase|peak|assignment", flags=re.IGNORECASE)

# Metadata that one label or another holds as it is wanted.
_METADATA_LABELS = {
    "title": ("TITLE",),
    "state": ("STATE",),
    "formula": ("MOLFORM",),
    "technique": ("SAMPLINGPROCEDURE", "YLABEL"),
    "detector": ("DETECTOR",),
    "accessory": ("INSTRUMENTPARAMETERS", "ACCESSORY"),
    "processing": ("DATAPROCESSING",),
    "quality": ("CLASS",),
}
_LONGEST_TEXT = 300


def spectrum_of_block(
    block: Block,
    *,
    spectrum_id: str,
    source: str,
    compound_id: str,
    aliases: tuple[str, ...] = (),
    wavenumber_resolution: bool,
) -> Spectrum:
    """Make a spectrum of a block.

    Parameters
    ----------
    block : Block
        As it was read, damaged or not.
    spectrum_id, source, compound_id, aliases
        As in `Spectrum`.
    wavenumber_resolution : bool
        Whether RESOLUTION is in cm⁻¹ even where the axis is a wavelength.

    Raises
    ------
    SpectrumRejected
        Where the block holds no curve (``no-spectrum``, ``peaks-only``, ``unsupported-form``), is damaged
        (``damaged-record``, ``length-mismatch``, ``too-large``), or is refused on the way (`parse_modality`,
        `parse_unit`, `spectrum_from_xy`).
    """
    headers = block.headers
    data_type = headers.text("DATATYPE")
    _require_curve(block, data_type)
    modality, unit = parse_modality(data_type), parse_unit(headers.text("XUNITS"))
    curve = _curve(block)
    modality, by_range = _by_range(modality, data_type, curve, unit)
    intensity, intensity_unit, by_values = stored_intensity(curve.y, headers.text("YUNITS"), modality)
    repairs = (*curve.repairs, *by_range, *by_values)
    return spectrum_from_xy(
        curve.x,
        intensity,
        unit=unit,
        modality=modality,
        spectrum_id=spectrum_id,
        source=source,
        compound_id=compound_id,
        aliases=aliases,
        instrument=_clean(headers.text("SPECTROMETERDATASYSTEM", "SPECTROMETER", "INSTRUMENT")),
        intensity_unit=intensity_unit,
        repairs=repairs,
        metadata=_metadata(headers, unit, wavenumber_resolution),
    )


def name_of(headers: Headers) -> str:
    """The compound's name as the file gives it, in lower case; empty where there is none."""
    return _clean(headers.text("CASNAME", "NAMES", "TITLE")).casefold()


def _require_curve(block: Block, data_type: str) -> None:
    if block.error is None and not block.form:
        raise SpectrumRejected("no-spectrum", f"line {block.line}: expected a block with a table, found none")
    if block.form in ("PEAKTABLE", "PEAKASSIGNMENTS", "ASSIGNMENTS"):
        raise SpectrumRejected("peaks-only", f"line {block.line}: expected a curve, found {block.form}")
    if block.table is None and block.error is None:
        expected = "expected XYDATA as (X++(Y..Y)) or (XY..XY), or XYPOINTS"
        raise SpectrumRejected("unsupported-form", f"line {block.line}: {expected}, found {_clean(block.form)}")
    if _NO_SPECTRUM.search(data_type):
        raise SpectrumRejected("no-spectrum", f"line {block.line}: expected a spectrum, found {_clean(data_type)!r}")


def _curve(block: Block) -> Curve:
    try:
        if block.error is not None:
            raise block.error
        return curve_of(block)
    except JcampError as error:
        raise SpectrumRejected(_REASONS[error.kind], str(error)) from error


def _by_range(modality: str, data_type: str, curve: Curve, unit: AxisUnit) -> tuple[str, tuple[str, ...]]:
    """Tell near-infrared spectra, for which the standard of 1988 has no word but INFRARED SPECTRUM, by their axes.

    Only beyond all mid-infrared instruments, and where nothing below what near-infrared ones measure is there.
    """
    if modality != "IR" or re.search(r"mid|far", data_type, flags=re.IGNORECASE):
        return modality, ()
    ends_cm1 = to_wavenumber(curve.x[[0, -1]], unit)
    low, high = float(ends_cm1.min()), float(ends_cm1.max())
    if high > PLAUSIBLE_CM1["IR"][1] and low >= PLAUSIBLE_CM1["NIR"][0]:
        return "NIR", ("modality-from-range",)
    return modality, ()


def _metadata(headers: Headers, unit: AxisUnit, wavenumber_resolution: bool) -> dict[str, str]:
    found = {key: _clean(headers.text(*labels)) for key, labels in _METADATA_LABELS.items()}
    found["state"] = found["state"].casefold()
    # Some give the distance of points as RESOLUTION, and the resolution under a name of its own.
    for label in ("SPECTRALRESOLUTION", "RESOLUTION"):
        in_cm1 = wavenumber_resolution or unit is AxisUnit.CM1 or "cm" in headers.text(label).casefold()
        resolution = headers.number(label)
        if resolution is not None and resolution > 0 and in_cm1:
            found["resolution_cm1"] = f"{resolution:g}"
            break
    laser = headers.number("LASERWAVELENGTH") or headers.number("EXCITATIONWAVELENGTH")
    found["laser_nm"] = f"{laser:g}" if laser is not None and laser > 0 else ""
    return {key: value for key, value in found.items() if value}


def _clean(text: str) -> str:
    """Fit for JSON and a terminal, on one line."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:_LONGEST_TEXT]
