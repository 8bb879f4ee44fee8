"""Bands that move against the axis they are told on: a calibration that is off by a shift and a stretch.

The axis keeps its label, because an instrument that is off does not know it. A point labelled ν shows what lies at
ν − displacement(ν), and displacement changes linearly along the axis.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from spektron.pretrain.views.effect import Array, Effect, within
from spektron.pretrain.views.rows import Rows

__all__ = ["AxisError", "displaced"]


class AxisError(Effect):
    """A wavenumber calibration that is off, by what is found between kept and neglected instruments."""

    numbers: ClassVar[int] = 2

    max_shift_cm1: Annotated[float, Field(ge=0.0, le=50.0)] = 3.0
    """Largest shift of all bands, either way, in cm⁻¹."""
    max_stretch_ppm: Annotated[float, Field(ge=0.0, le=10_000.0)] = 500.0
    """Largest stretch about 0 cm⁻¹, either way, in millionths: 500 moves a band at 3000 cm⁻¹ by 1.5 cm⁻¹. A laser line
    (interferometers) or a grating's angle that is off stretches the axis."""

    def strengths(self, uniform: Array) -> Array:
        """Shift in cm⁻¹, and stretch as a share."""
        shift, stretch = uniform[:, 0], uniform[:, 1]
        return np.stack((within(shift, self.max_shift_cm1), within(stretch, self.max_stretch_ppm) * 1e-6), axis=1)

    def apply(self, rows: Rows, strengths: Tensor) -> Rows:
        """Move bands by ``shift + stretch · ν``."""
        shift, stretch = strengths[:, :1], strengths[:, 1:]
        return displaced(rows, shift + stretch * rows.start_cm1, shift + stretch * rows.stop_cm1)


def displaced(rows: Rows, at_start_cm1: Tensor, at_stop_cm1: Tensor) -> Rows:
    """Move bands along the axis.

    Between points the curve is Keys's cubic through four of them (1981, IEEE Trans. ASSP 29, 1153), right to the third
    order in the step; linear interpolation would broaden bands, by up to a quarter of a squared step in variance. What
    comes from beyond an end is not known and not made up: the end's value is held, for the length of the displacement.

    Parameters
    ----------
    rows : Rows
    at_start_cm1, at_stop_cm1 : Tensor, shape (rows, 1)
        How far a band at each end moves, up the axis where positive, in cm⁻¹; held within a sixteenth of the axis.
    """
    signal, last = rows.signal, rows.signal.shape[1] - 1
    first_by, last_by = rows.held(at_start_cm1) / rows.step_cm1, rows.held(at_stop_cm1) / rows.step_cm1
    # Split before it is added to the place: a place near 2000 in float32 is right to 1e-4 of a step only.
    moved = torch.lerp(first_by, last_by, rows.place)
    whole = moved.floor()
    # What is shown at point i lies at i − moved: between b and b + 1, at `share` from b.
    share = 1.0 - (moved - whole)
    b = torch.arange(last + 1, device=signal.device) - whole.long() - 1

    def at(offset: int) -> Tensor:
        return signal.gather(1, (b + offset).clamp_(0, last))

    return rows.with_signal(_keys_cubic(at(-1), at(0), at(1), at(2), share))


def _keys_cubic(a: Tensor, b: Tensor, c: Tensor, d: Tensor, share: Tensor) -> Tensor:
    """Between b (share 0) and c (share 1), with the slopes that a and d give them."""
    cubic = 0.5 * (3.0 * (b - c) + d - a)
    square = a - 2.5 * b + 2.0 * c - 0.5 * d
    return b + share * (0.5 * (c - a) + share * (square + share * cubic))
