"""Light that never saw the sample: it fills dark bands, so that absorbance bends and ends."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from spektron.pretrain.views.effect import ASCENDING, Array, Effect, log_between
from spektron.pretrain.views.rows import Rows

__all__ = ["StrayLight"]

Share = Annotated[float, Field(gt=0.0, le=0.5)]


class StrayLight(Effect):
    """Stray light of an absorption measurement: ``T' = (T + s) / (1 + s)``, with T = 10^−A.

    Only IR and NIR rows: their signal times `Rows.peak_absorbance` is taken as A. The reference holds the same stray
    light, hence the divisor, which keeps A = 0. In Raman stray light adds to the background, which is `Baseline`'s.
    """

    numbers: ClassVar[int] = 1

    chance: Annotated[float, Field(ge=0.0, le=1.0)] = 0.3
    """Share of the rows that it is drawn for."""
    share: Annotated[tuple[Share, Share], ASCENDING] = (1e-4, 2e-2)
    """Stray light, as a share of the light that comes through an empty cell; drawn evenly in its logarithm. Double
    monochromators have less than 1e-6, small grating instruments up to a hundredth."""

    def strengths(self, uniform: Array) -> Array:
        """Share of the open beam."""
        return log_between(uniform, self.share)

    def apply(self, rows: Rows, strengths: Tensor) -> Rows:
        """Add it where light is what is measured."""
        # Lower than the lowest point a signal is by rounding only; a bound keeps any of it finite.
        light = torch.pow(10.0, -(rows.signal * rows.peak_absorbance).clamp(-1.0, 30.0))
        absorbance = -torch.log10((light + strengths) / (1.0 + strengths))
        return rows.with_signal(torch.where(rows.is_light, rows.signal, absorbance / rows.peak_absorbance))
