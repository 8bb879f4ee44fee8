"""Units of a spectrum's intensities, read tolerantly, and the way from a transmitted share to an absorbance."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "LOWEST_TRANSMITTANCE",
    "IntensityScale",
    "parse_intensity_unit",
    "rescaled",
    "stored_intensity",
    "to_absorbance",
]

# Transmittance below this is clipped: absorbance ends at 3. A grating instrument's stray light is some tenths of a
# per cent of the beam, paper charts (from which archives digitised) can be read to half a per cent, and what FTIR
# detectors leave of a black band is noise and nonlinearity of about 0.001. A zero on file says "nothing came through",
# not how little; and −log10 of what noise left of it would make spikes of any height.
LOWEST_TRANSMITTANCE = 1e-3

# Where half of the points of a share lie above 2 it is a percentage: real fractions, drifting baselines included, reach
# 1.10, and a sample that lets 2 % through at every second point shows nothing.
_HIGHEST_FRACTION = 2.0
# Where no point of a percentage lies above 1.5, and some above 0.5, it is a fraction.
_LOWEST_PERCENTAGE = 1.5
_TYPICAL_FRACTION = 0.5


class IntensityScale(Enum):
    """What intensities are measured in, as publishers write them.

    `stored_as` is the key of `INTENSITY_UNITS` that they have once `to_absorbance` or `rescaled` were applied.
    """

    ABSORBANCE = "absorbance"
    TRANSMITTANCE = "transmittance"
    PERCENT_TRANSMITTANCE = "percent transmittance"
    REFLECTANCE = "reflectance"
    PERCENT_REFLECTANCE = "percent reflectance"
    KUBELKA_MUNK = "kubelka-munk"
    MOLAR_ABSORPTION = "molar-absorption"
    COUNTS = "counts"
    ARBITRARY = "arbitrary"

    @property
    def stored_as(self) -> str:
        """The unit after conversion."""
        return _STORED_AS.get(self, self.value)

    @property
    def is_transmitted(self) -> bool:
        """Whether `to_absorbance` takes it."""
        return self in (IntensityScale.TRANSMITTANCE, IntensityScale.PERCENT_TRANSMITTANCE)


_STORED_AS = {
    IntensityScale.TRANSMITTANCE: "absorbance",
    IntensityScale.PERCENT_TRANSMITTANCE: "absorbance",
    IntensityScale.PERCENT_REFLECTANCE: "reflectance",
}
_PERCENT = {
    IntensityScale.TRANSMITTANCE: IntensityScale.PERCENT_TRANSMITTANCE,
    IntensityScale.REFLECTANCE: IntensityScale.PERCENT_REFLECTANCE,
}
_FRACTION = {percent: fraction for fraction, percent in _PERCENT.items()}

_TRANSMITTANCE = r"(transmit?tance|transmission)"
_REFLECTANCE = r"(reflectance|reflectivity)"
_PERCENT_SIGN = r"(%|percent|percentage|pct)"
# Asked in this order of the folded text: lower case, no spaces, one kind of minus.
_PATTERNS = tuple(
    (scale, re.compile("|".join(patterns)))
    for scale, *patterns in (
        (IntensityScale.MOLAR_ABSORPTION, r"\(?(micro|[uμ])mol/mol\)?(\^?-1)[.*]?m\^?-1(\(?base10\)?)?"),
        (IntensityScale.KUBELKA_MUNK, r"kubelka-?munk(units?)?", r"k-?m(units?)?", r"f\(r\)"),
        (IntensityScale.ABSORBANCE, r"absorbance(units?)?(\([^)]*\))?", r"abs\.?", r"o\.?d\.?", "opticaldensity"),
        (IntensityScale.ABSORBANCE, r"-?log(10)?\(?(1/)?[rt]\)?"),
        (IntensityScale.PERCENT_TRANSMITTANCE, rf"{_PERCENT_SIGN}-?(t|{_TRANSMITTANCE})"),
        (IntensityScale.PERCENT_TRANSMITTANCE, rf"(t|{_TRANSMITTANCE})[(/,]?{_PERCENT_SIGN}\)?"),
        (IntensityScale.TRANSMITTANCE, _TRANSMITTANCE, "t"),
        (IntensityScale.PERCENT_REFLECTANCE, rf"{_PERCENT_SIGN}-?(r|{_REFLECTANCE})"),
        (IntensityScale.PERCENT_REFLECTANCE, rf"(r|{_REFLECTANCE})[(/,]?{_PERCENT_SIGN}\)?"),
        (IntensityScale.REFLECTANCE, rf"(diffuse|total|specular)?{_REFLECTANCE}", "r"),
        (IntensityScale.COUNTS, r"(detector|raman|photon|ccd)?counts?(/s|persecond)?", "cps"),
    )
)


def parse_intensity_unit(text: str) -> IntensityScale:
    """Read a publisher's unit of intensity: ``%T``, ``TRANSMITTANCE``, ``(micromol/mol)-1m-1 (base 10)``.

    Whatever states no known quantity (``ARBITRARY UNITS``, ``Raman intensity``, nothing) is `IntensityScale.ARBITRARY`:
    its numbers are as good, only their scale is not known.
    """
    folded = re.sub(r"[\s_]+", "", re.sub("[−–‐]", "-", unicodedata.normalize("NFKC", text[:200]).casefold()))
    for scale, pattern in _PATTERNS:
        if pattern.fullmatch(folded):
            return scale
    return IntensityScale.ARBITRARY


def stored_intensity(y: ArrayLike, text: str, modality: str) -> tuple[NDArray[np.float64], str, tuple[str, ...]]:
    """Bring intensities to what a corpus stores: absorbance where a share was transmitted, else as they are.

    Parameters
    ----------
    y : array_like, shape (points,)
        NaN is "not measured".
    text : str
        Their unit, as the publisher writes it.
    modality : str
        Of RAMAN nothing is transmitted or absorbed: a unit that says so is a writer's default, and not believed.

    Returns
    -------
    tuple
        Intensities, their unit (a key of `INTENSITY_UNITS`), and the repairs made.
    """
    stated = parse_intensity_unit(text)
    if modality == "RAMAN" and stated is not IntensityScale.COUNTS:
        stated = IntensityScale.ARBITRARY
    values, scale, overruled = rescaled(y, stated)
    repairs = ("intensity-scale-from-values",) if overruled else ()
    if not scale.is_transmitted:
        return values, scale.stored_as, repairs
    values, num_clipped = to_absorbance(values, scale)
    clipped = ("transmittance-clipped",) if num_clipped else ()
    return values, scale.stored_as, (*repairs, "absorbance-from-transmittance", *clipped)


def rescaled(y: ArrayLike, scale: IntensityScale) -> tuple[NDArray[np.float64], IntensityScale, bool]:
    """Decide whether a share is a fraction or a percentage, by its values where they contradict its unit.

    Writers say TRANSMITTANCE and give 14 to 95, or %T and give 0.2 to 1. Percentages of reflection are made fractions;
    those of transmission are left to `to_absorbance`.

    Parameters
    ----------
    y : array_like, shape (points,)
        NaN is "not measured".
    scale : IntensityScale
        What the publisher says.

    Returns
    -------
    tuple
        The intensities, their scale, and whether the values overruled the publisher.
    """
    values = np.asarray(y, dtype=np.float64)
    finite = values[np.isfinite(values)]
    right = scale
    if finite.size and scale in _PERCENT and np.median(finite) > _HIGHEST_FRACTION:
        right = _PERCENT[scale]
    elif finite.size and scale in _FRACTION and _TYPICAL_FRACTION < finite.max() <= _LOWEST_PERCENTAGE:
        right = _FRACTION[scale]
    if right is IntensityScale.PERCENT_REFLECTANCE:
        values = values / 100.0
        return values, IntensityScale.REFLECTANCE, right is not scale
    return values, right, right is not scale


def to_absorbance(y: ArrayLike, unit: IntensityScale) -> tuple[NDArray[np.float64], int]:
    """Convert a transmitted share to absorbance, −log10 of it.

    Parameters
    ----------
    y : array_like, shape (points,)
        Transmittance; NaN is "not measured" and stays so, as do infinities.
    unit : IntensityScale
        `TRANSMITTANCE` or `PERCENT_TRANSMITTANCE`.

    Returns
    -------
    absorbance : ndarray, shape (points,), float64
        Between 0 and 3: what lies above 1 (a baseline or a reference that drifted; no sample makes light) is clipped
        to 1, and what lies below `LOWEST_TRANSMITTANCE` to that.
    num_clipped : int
        Points that were clipped, at either end.
    """
    assert unit.is_transmitted, unit
    share = np.asarray(y, dtype=np.float64) / (100.0 if unit is IntensityScale.PERCENT_TRANSMITTANCE else 1.0)
    finite = np.isfinite(share)
    clipped = finite & ((share > 1.0) | (share < LOWEST_TRANSMITTANCE))
    share = np.where(finite, np.clip(share, LOWEST_TRANSMITTANCE, 1.0), share)
    with np.errstate(invalid="ignore", divide="ignore"):
        absorbance: NDArray[np.float64] = -np.log10(share) + 0.0  # no negative zero
    return absorbance, int(clipped.sum())
