"""What is known of single published sets and stands in none of their files."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["cut_to_detector_range"]

Floats = NDArray[np.float64]

# Set → cm⁻¹ between which its instrument measured. Of the 1,626 fermentation scans the point-to-point noise (median
# second difference) is 0.0006 to 0.025 absorbance from 900 to 1790 cm⁻¹, 0.05 at 870, 3 below 650 and up to 450 at
# 750 (values of ±3,000 "absorbance"); above 1790 the file is padded with zeros. The ATR fibre passes nothing there,
# and with these ends every statistic of the spectrum would be the detector's noise. chemotools' own tutorial on this
# set uses 950 to 1500 cm⁻¹.
_DETECTOR_RANGE_CM1 = {"chemotools_fermentation": (900.0, 1788.0)}


def cut_to_detector_range(set_name: str, x_cm1: Floats, y: Floats) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Cut a spectrum of a known set to the range its instrument measured.

    Parameters
    ----------
    set_name : str
        The data set.
    x_cm1, y : ndarray, shape (points,)
        Axis in cm⁻¹ (as these sets are written), and intensities.

    Returns
    -------
    tuple
        Axis, intensities, and the repairs made (``outside-detector-range`` or none).
    """
    if set_name not in _DETECTOR_RANGE_CM1 or len(x_cm1) != len(y):
        return x_cm1, y, ()
    low, high = _DETECTOR_RANGE_CM1[set_name]
    inside = (x_cm1 >= low) & (x_cm1 <= high)
    return (x_cm1, y, ()) if inside.all() else (x_cm1[inside], y[inside], ("outside-detector-range",))
