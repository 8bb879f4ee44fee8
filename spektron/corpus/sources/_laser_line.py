"""Where a Raman spectrum begins: above its laser line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spektron.spectra import AxisUnit
from spektron.spectra.modality import PLAUSIBLE_CM1

__all__ = ["above_laser_line"]

Floats = NDArray[np.float64]


def above_laser_line(x: Floats, y: Floats, unit: AxisUnit, modality: str) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Cut what a detector recorded at and below the laser line.

    Fibre-probe instruments write all their pixels: of 146 real scans of six instruments 98 begin at shifts of −2 to
    −62 cm⁻¹, where a filter blocks the laser. Such a spectrum is sound from there on.

    Parameters
    ----------
    x, y : ndarray, shape (points,)
        Positions in `unit`, and intensities.
    unit : AxisUnit
        Only shifts in cm⁻¹ are cut.
    modality : str
        Only RAMAN is cut.

    Returns
    -------
    tuple
        Positions, intensities, and the repairs made (``below-laser-line-cut`` or none).
    """
    low, high = PLAUSIBLE_CM1["RAMAN"]
    if modality != "RAMAN" or unit is not AxisUnit.CM1 or len(x) != len(y) or not np.isfinite(x).all():
        return x, y, ()
    above = x >= low
    if above.all() or not above.any() or float(x.min()) < -high:
        return x, y, ()
    return x[above], y[above], ("below-laser-line-cut",)
