"""Intensities as a file gives them, with the unit it states, as the corpus holds them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spektron.spectra.intensity import IntensityScale, parse_intensity_unit, rescaled, to_absorbance

__all__ = ["as_held"]


def as_held(y: ArrayLike, unit: str, modality: str) -> tuple[NDArray[np.float64], str, tuple[str, ...]]:
    """Convert transmittance to absorbance and percentages to fractions; leave everything else.

    Parameters
    ----------
    y : array_like, shape (points,)
        NaN is "not measured".
    unit : str
        The file's own words; empty where it has none.
    modality : str
        One of `MODALITIES`. Of Raman spectra only counts are believed: nothing is transmitted there.

    Returns
    -------
    tuple
        The intensities, their key of `INTENSITY_UNITS`, and the repairs made.
    """
    stated = parse_intensity_unit(unit)
    if modality == "RAMAN" and stated is not IntensityScale.COUNTS:
        stated = IntensityScale.ARBITRARY
    values, scale, overruled = rescaled(y, stated)
    repairs = ("intensity-scale-from-values",) if overruled else ()
    if not scale.is_transmitted:
        return values, scale.stored_as, repairs
    values, num_clipped = to_absorbance(values, scale)
    clipped = ("transmittance-clipped",) if num_clipped else ()
    return values, scale.stored_as, (*repairs, "absorbance-from-transmittance", *clipped)
