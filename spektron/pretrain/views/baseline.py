"""What lies under the bands: a drifting polynomial, and light scattered by grains or close to a laser line."""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from spektron.pretrain.views.effect import ASCENDING, Array, Effect, between, within
from spektron.pretrain.views.rows import Rows

__all__ = ["Baseline"]

Power = Annotated[float, Field(ge=0.0, le=8.0)]


class Baseline(Effect):
    """Added to the signal: ``Σ cₖ Pₖ(x) + scatter``, Legendre polynomials of order 0 to 3 on x from −1 to 1.

    Scatter goes as (ν / ν_stop)^power in IR and NIR, where small grains scatter short waves most (4 for Rayleigh's, 0
    for grains far larger than the wave), and as (1 − t)^power in Raman, t from 0 to 1 up the axis: the wing of the
    laser line.
    """

    numbers: ClassVar[int] = 6

    max_polynomial: Annotated[float, Field(ge=0.0, le=10.0)] = 0.1
    """Largest coefficient cₖ, either way, as a share of the spectrum's range."""
    max_scatter: Annotated[float, Field(ge=0.0, le=10.0)] = 0.3
    """Largest scatter at its strongest point, as a share of the spectrum's range."""
    scatter_power: Annotated[tuple[Power, Power], ASCENDING] = (0.5, 4.0)
    """Power with which scatter rises, no unit."""

    def strengths(self, uniform: Array) -> Array:
        """Four coefficients, scatter, and its power (zero where nothing scatters)."""
        polynomial = within(uniform[:, :4], self.max_polynomial)
        scatter = self.max_scatter * uniform[:, 4:5]
        power = np.where(scatter > 0.0, between(uniform[:, 5:], self.scatter_power), 0.0)
        return np.concatenate((polynomial, scatter, power), axis=1)

    def apply(self, rows: Rows, strengths: Tensor) -> Rows:
        """Add both."""
        x = 2.0 * rows.place - 1.0
        square = x * x
        legendre = (x, 1.5 * square - 0.5, x * (2.5 * square - 1.5))
        wavenumber = rows.start_cm1 + rows.range_cm1 * rows.place
        rising = wavenumber.clamp_min(0.0) / rows.stop_cm1.clamp_min(1.0)
        height = torch.where(rows.is_light, 1.0 - rows.place, rising)
        scattered = strengths[:, 4:5] * height.pow(strengths[:, 5:])
        signal = rows.signal + strengths[:, :1]
        # Not a matrix product: its rounding depends on the number of rows, and on a GPU's settings.
        for order, polynomial in enumerate(legendre, start=1):
            signal = signal + strengths[:, order, None] * polynomial
        return rows.with_signal(signal + scattered)
