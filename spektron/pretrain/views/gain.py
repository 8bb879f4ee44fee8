"""How strongly an instrument answers: a factor on everything, and a response that changes along the axis."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field
from torch import Tensor

from spektron.pretrain.views.effect import ASCENDING, Array, Effect, log_between, within
from spektron.pretrain.views.rows import Rows

__all__ = ["Gain"]

Factor = Annotated[float, Field(ge=1e-3, le=1e3)]


class Gain(Effect):
    """A factor (laser power, path length, exposure), and a tilt (quantum efficiency, depth of an ATR crystal)."""

    numbers: ClassVar[int] = 2

    factor: Annotated[tuple[Factor, Factor], ASCENDING] = (0.5, 2.0)
    """On the whole spectrum, its offset included; no unit, drawn evenly in its logarithm."""
    max_tilt: Annotated[float, Field(ge=0.0, le=0.9)] = 0.3
    """Largest change of the response from the middle of the axis to its end, either way, as a share; what lies above
    the spectrum's lowest point is multiplied by 1 − tilt at the first and 1 + tilt at the last point."""

    def strengths(self, uniform: Array) -> Array:
        """Logarithm of the factor, and tilt."""
        return np.stack((np.log(log_between(uniform[:, 0], self.factor)), within(uniform[:, 1], self.max_tilt)), axis=1)

    def apply(self, rows: Rows, strengths: Tensor) -> Rows:
        """Tilt the signal; the factor goes to its unit, with which all that follows is measured."""
        factor, tilt = strengths[:, :1].exp(), strengths[:, 1:]
        tilted = rows.signal * (1.0 + tilt * (2.0 * rows.place - 1.0))
        return replace(rows, signal=tilted, low=factor * rows.low, span=factor * rows.span)
