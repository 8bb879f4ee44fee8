"""Units of a spectrum's axis, read tolerantly, and the way from each to wavenumbers.

Publishers write the unit as free text: ``1/CM`` (JCAMP-DX), ``Wavelength (nm)``, ``nm (850-1050 linspace)``. What
stands before a parenthesis is the unit or the quantity; what stands in it is the unit or a remark. A text that names a
quantity but no unit ("wavenumber") is not guessed at.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from spektron.spectra.rejection import SpectrumRejected

__all__ = ["AxisUnit", "parse_unit", "to_wavenumber"]


class AxisUnit(Enum):
    """A unit that an axis can be measured in."""

    CM1 = "cm-1"
    NM = "nm"
    UM = "um"


# Units after normalisation by `_fold`: lower case, no spaces, superscripts and minus signs as ASCII.
_PATTERNS = {
    AxisUnit.CM1: re.compile(r"cm(\^|\*\*)?[({]?-1[)}]?|1/cm|/cm|percm|(reciprocal|inverse)cent[a-z]+|kayser"),
    AxisUnit.NM: re.compile(r"nm|nanomet(er|re)s?"),
    AxisUnit.UM: re.compile(r"[uμ]m|mikrons?|microns?|micromet(er|re)s?"),
}
# Words for "the n-th point": a number of this kind is not a position on any axis.
_COUNTING = re.compile(r"channel|index|indices|pixel|point|variable|feature|column|bin\b")
_QUANTITIES = re.compile(r"wave(number|length)s?|raman ?shift|x")

_CM1_TIMES = {AxisUnit.NM: 1e7, AxisUnit.UM: 1e4}  # 1 cm = 1e7 nm = 1e4 µm


def parse_unit(text: str) -> AxisUnit:
    """Read a publisher's unit.

    Raises
    ------
    SpectrumRejected
        ``no-axis-unit`` for an empty text, ``no-axis`` where points are only counted, ``unknown-unit`` otherwise.
    """
    if not text.strip():
        raise SpectrumRejected("no-axis-unit", "expected the unit of the axis (cm-1, nm or um), found none")
    head, _, remark = unicodedata.normalize("NFKC", text).casefold().replace("[", "(").replace("]", ")").partition("(")
    if _COUNTING.search(head):
        raise SpectrumRejected("no-axis", f"expected an axis in cm-1, nm or um, found {text.strip()!r}")
    candidates = [head]
    if _QUANTITIES.fullmatch(head.strip()):
        candidates.append(remark.rpartition(")")[0] or remark)
    # "Wavelength / nm" and "Raman shift, cm-1" put the unit last; "Wavenumber 1/cm" has a slash of its own.
    candidates.append(re.sub(rf"^\s*({_QUANTITIES.pattern})\s*[/,:]?\s+", "", head))
    for candidate in candidates:
        for unit, pattern in _PATTERNS.items():
            if pattern.fullmatch(_fold(candidate)):
                return unit
    raise SpectrumRejected("unknown-unit", f"expected an axis in cm-1, nm or um, found {text.strip()!r}")


def to_wavenumber(x: NDArray[np.float64], unit: AxisUnit) -> NDArray[np.float64]:
    """Convert positions to cm⁻¹, in the order given.

    Parameters
    ----------
    x : ndarray, shape (points,)
        Finite positions in `unit`.
    unit : AxisUnit
        What they are measured in.

    Raises
    ------
    SpectrumRejected
        ``out-of-range`` where a wavelength is zero or negative.
    """
    if unit is AxisUnit.CM1:
        return x
    if (lowest := x.min()) <= 0:
        raise SpectrumRejected("out-of-range", f"expected positive wavelengths, found {lowest:g} {unit.value}")
    wavenumber: NDArray[np.float64] = _CM1_TIMES[unit] / x
    return wavenumber


def _fold(text: str) -> str:
    """Drop spaces and make every dash a minus; NFKC has already made ¹ a 1 and µ (micro) a μ (mu)."""
    return re.sub(r"\s+", "", re.sub("[−–‐]", "-", text))
