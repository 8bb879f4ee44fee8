"""A sample at another temperature: its bands move a little, and broaden where it is warmer."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field
from torch import Tensor

from spektron.pretrain.views.axis import displaced
from spektron.pretrain.views.effect import ASCENDING, Array, Effect, between, within
from spektron.pretrain.views.lineshape import broadened
from spektron.pretrain.views.rows import Rows

__all__ = ["Temperature"]

ShiftPerKelvin = Annotated[float, Field(ge=-1.0, le=1.0)]
WidthPerKelvin = Annotated[float, Field(ge=0.0, le=1.0)]


class Temperature(Effect):
    """Anharmonic shift and thermal broadening, in proportion to the difference of temperature.

    Each end of the axis has a coefficient of its own, and between them it changes linearly: no two vibrations shift
    alike, which is what tells a warm sample from a calibration that is off.
    """

    numbers: ClassVar[int] = 4

    max_delta_k: Annotated[float, Field(ge=0.0, le=500.0)] = 20.0
    """Largest difference from the temperature of the measurement, warmer or colder, in K."""
    shift_cm1_per_k: Annotated[tuple[ShiftPerKelvin, ShiftPerKelvin], ASCENDING] = (-0.04, 0.01)
    """Shift per kelvin, in cm⁻¹/K: most bands soften with warmth; hydrogen-bonded O-H stretches stiffen."""
    width_cm1_per_k: Annotated[tuple[WidthPerKelvin, WidthPerKelvin], ASCENDING] = (0.0, 0.05)
    """FWHM per kelvin of the Gaussian that a warmer sample's bands are convolved with, in cm⁻¹/K. A colder sample's
    bands only shift: to narrow them would be to divide by a transfer function, and noise with it."""

    def strengths(self, uniform: Array) -> Array:
        """Shift at either end, and FWHM, in cm⁻¹."""
        delta_k = within(uniform[:, :1], self.max_delta_k)
        shift = delta_k * between(uniform[:, 1:3], self.shift_cm1_per_k)
        width = np.maximum(delta_k, 0.0) * between(uniform[:, 3:], self.width_cm1_per_k)
        return np.concatenate((shift, width), axis=1)

    def apply(self, rows: Rows, strengths: Tensor) -> Rows:
        """Move, then broaden."""
        return broadened(displaced(rows, strengths[:, :1], strengths[:, 1:2]), strengths[:, 2:])
