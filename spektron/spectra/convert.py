"""From a publisher's x and y to a `Spectrum`, or a named refusal. The one gate every real spectrum passes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spektron.spectra.axis import AxisUnit, to_wavenumber
from spektron.spectra.modality import check_range
from spektron.spectra.rejection import SpectrumRejected
from spektron.spectra.resample import resample_uniform
from spektron.spectra.spectrum import Spectrum

__all__ = ["MIN_POINTS", "REPAIRS", "spectrum_from_xy"]

# 2048 points made of fewer than 64 measured ones would be more interpolation than measurement (the smallest grating
# and filter instruments in use have 100 to 128 pixels).
MIN_POINTS = 64

# A step wider than this many of the usual ones is a stretch that nobody measured. Real axes stay far below: the widest
# step of 7,400 spectra by some thirty publishers is 2.0 of their usual ones, where positions are whole numbers.
MAX_STEP_RATIO = 20.0

# Everything that is mended rather than refused, because it has one right answer; the build report counts each.
REPAIRS = {
    "axis-descending": "the axis ran downwards in its own unit; it was turned round together with the intensities",
    "nan-at-ends": "unmeasured points at the ends of the range were cut off",
    "outside-detector-range": "the ends of the axis, where the set's instrument is known to measure nothing, were cut",
    "unit-from-readme": "the unit of the axis was taken from the README beside the file",
    "modality-from-readme": "the modality was taken from the README beside the file",
    "duplicate-id": "the publisher used one name twice in a set; the later ones got a suffix",
    "identifier-ignored": "what was given as InChIKey or CAS number is none; the compound goes by another name",
    "id-from-row": "the publisher gave no name; the row number stands for it",
    "below-laser-line-cut": "points at or below the laser line, where no Raman shift is, were cut off",
    "beyond-vibrations-cut": "points above every vibration, where a transform holds noise alone, were cut off",
    "dc-artefact-cut": "points next to zero wavenumber, where a transform holds its mean and drift, were cut off",
    "field-name-variant": "a field goes by another name than the one published, and was taken by that name",
    "imaginary-modes-dropped": "modes of imaginary frequency, where a molecule was not at its minimum, were left out",
    "smiles-unreadable": "no structure is given, or an impossible one; its text or the record's name stands for it",
    "archive-directory-rebuilt": "the archive's directory was lost; its entries were found by their own headers",
    "absorbance-from-transmittance": "the file gives transmittance; its negative decadic logarithm stands for it",
    "axis-end-from-step": "the last position is missing or contradicts the rest; first position and step gave the axis",
    "axis-ends-swapped": "first and last position were exchanged; the table told which is which",
    "axis-step-from-ends": "the step given misses the last position by more than a point; first and last gave the axis",
    "end-record-missing": "nothing closes the block, but all points that it states are there",
    "intensity-scale-from-values": "a percentage was called a fraction, or the other way round; the values told which",
    "modality-from-range": "called infrared without more, but measured where only near-infrared instruments measure",
    "num-points-corrected": "the number of points stated is wrong; the axis and its ends agree on another",
    "transmittance-clipped": "transmittance above 1 or below 0.001 was set to that before its logarithm was taken",
}


def spectrum_from_xy(
    x: ArrayLike,
    y: ArrayLike,
    *,
    unit: AxisUnit,
    modality: str,
    spectrum_id: str,
    source: str,
    compound_id: str,
    instrument: str = "",
    kind: str = "experimental",
    intensity_unit: str = "arbitrary",
    aliases: tuple[str, ...] = (),
    repairs: tuple[str, ...] = (),
    metadata: Mapping[str, str] | None = None,
) -> Spectrum:
    """Build a spectrum of 2048 points on a uniform, ascending wavenumber axis.

    Parameters
    ----------
    x, y : array_like, shape (points,)
        Positions in `unit`, in either direction, and intensities; NaN is "not measured".
    unit : AxisUnit
        What `x` is measured in.
    modality : str
        One of `MODALITIES`.
    spectrum_id, source, compound_id, instrument, kind, intensity_unit, aliases
        As in `Spectrum`.
    repairs : tuple of str
        What the reader mended already; what is mended here is added.
    metadata : mapping of str to str, optional
        As in `Spectrum`.

    Raises
    ------
    SpectrumRejected
        ``length-mismatch``, ``too-few-points``, ``not-finite``, ``nan-inside``, ``axis-not-finite``,
        ``axis-not-monotonic``, ``gap-inside``, ``out-of-range`` or ``constant``.
    """
    positions, intensity = _paired(x, y)
    measured = _measured(intensity)
    if measured != slice(0, len(intensity)):
        repairs = (*repairs, "nan-at-ends")
    wavenumber, intensity, descending = _ascending(positions[measured], intensity[measured], unit)
    if descending:
        repairs = (*repairs, "axis-descending")
    check_range(modality, wavenumber[0], wavenumber[-1])
    return Spectrum(
        spectrum_id=spectrum_id,
        source=source,
        compound_id=compound_id,
        modality=modality,
        instrument=instrument,
        wavenumber_start_cm1=float(wavenumber[0]),
        wavenumber_stop_cm1=float(wavenumber[-1]),
        intensity=_resampled(wavenumber, intensity),
        kind=kind,
        intensity_unit=intensity_unit,
        aliases=aliases,
        repairs=repairs,
        metadata=metadata or {},
    )


def _paired(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    positions, intensity = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if positions.ndim != 1 or positions.shape != intensity.shape:
        raise SpectrumRejected(
            "length-mismatch", f"expected as many intensities as positions, found {intensity.size} and {positions.size}"
        )
    return positions, intensity


def _measured(intensity: NDArray[np.float64]) -> slice:
    """Where the measurement begins and ends; refuses what lies between them and is no number."""
    finite = np.isfinite(intensity)
    if not finite.all() and (infinite := int(np.isinf(intensity).sum())):
        raise SpectrumRejected("not-finite", f"expected finite intensities, found {infinite} infinite of {finite.size}")
    kept = np.flatnonzero(finite)
    if len(kept) < MIN_POINTS:
        raise SpectrumRejected("too-few-points", f"expected at least {MIN_POINTS} measured points, found {len(kept)}")
    inside = slice(int(kept[0]), int(kept[-1]) + 1)
    if missing := inside.stop - inside.start - len(kept):
        raise SpectrumRejected("nan-inside", f"expected no gaps, found {missing} missing of {finite.size} points")
    return inside


def _ascending(
    positions: NDArray[np.float64], intensity: NDArray[np.float64], unit: AxisUnit
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Positions in ascending cm⁻¹, intensities along with them, and whether the axis ran downwards in its own unit."""
    if bad := int((~np.isfinite(positions)).sum()):
        raise SpectrumRejected("axis-not-finite", f"expected finite positions, found {bad} that are not")
    descending = bool(positions[0] > positions[-1])
    steps = np.diff(positions) * (-1.0 if descending else 1.0)
    if (backward := int((steps <= 0).sum())) > 0:
        raise SpectrumRejected(
            "axis-not-monotonic",
            f"expected positions in one direction, found {backward} of {len(steps)} steps that repeat or turn back",
        )
    _require_no_gap(positions, steps, unit)
    wavenumber = to_wavenumber(positions, unit)
    if wavenumber[0] > wavenumber[-1]:
        return wavenumber[::-1], intensity[::-1], descending
    return wavenumber, intensity, descending


def _require_no_gap(positions: NDArray[np.float64], steps: NDArray[np.float64], unit: AxisUnit) -> None:
    """Refuse an axis with a hole in it, judged in its own unit, in which instruments step evenly."""
    widest, usual = int(steps.argmax()), float(np.median(steps))
    if steps[widest] > MAX_STEP_RATIO * usual:
        raise SpectrumRejected(
            "gap-inside",
            f"expected steps of about {usual:.4g} {unit.value}, found nothing measured between "
            f"{positions[widest]:.6g} and {positions[widest + 1]:.6g} {unit.value}",
        )


def _resampled(wavenumber: NDArray[np.float64], intensity: NDArray[np.float64]) -> NDArray[np.float32]:
    largest = float(np.abs(intensity).max())
    if largest > float(np.finfo(np.float32).max):
        raise SpectrumRejected("not-finite", f"expected intensities that fit float32, found {largest:g}")
    # Judged as stored: a spectrum whose variation vanishes in float32 holds nothing to learn either.
    resampled = resample_uniform(wavenumber, intensity).astype(np.float32)
    if resampled.min() == resampled.max():
        raise SpectrumRejected("constant", f"expected intensities that vary, found {intensity[0]:g} throughout")
    return resampled
