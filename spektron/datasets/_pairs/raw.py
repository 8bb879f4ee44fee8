"""One curve of one sample as its file holds it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RawSpectrum"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSpectrum:
    """What a reader gives.

    Attributes
    ----------
    sample_id : str
    x, y : ndarray, shape (points,)
        In the order of the file; `y` is NaN where nothing was measured.
    x_unit, intensity_unit : str
        In the words of the file; empty where it says nothing.
    where : str
        File, and row or column.
    problem : str
        What keeps it from being read; empty where nothing does.
    """

    sample_id: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    x_unit: str
    intensity_unit: str
    where: str
    problem: str = ""
