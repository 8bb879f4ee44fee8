"""A detector that can tell no more: the highest points are cut."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from spektron.pretrain.views.effect import Array, Effect
from spektron.pretrain.views.rows import Rows

__all__ = ["Saturation"]


class Saturation(Effect):
    """The converter's last count (Raman), or the darkest that can be told (absorbance): a hard ceiling."""

    numbers: ClassVar[int] = 1

    chance: Annotated[float, Field(ge=0.0, le=1.0)] = 0.1
    """Share of the rows that it is drawn for."""
    max_cut: Annotated[float, Field(ge=0.0, le=0.9)] = 0.3
    """Largest share of the spectrum's range, as it reaches the detector, that lies above the ceiling."""

    def strengths(self, uniform: Array) -> Array:
        """Share of the range that is cut."""
        return self.max_cut * uniform

    def apply(self, rows: Rows, strengths: Tensor) -> Rows:
        """Cut it."""
        low, high = rows.signal.aminmax(dim=1, keepdim=True)
        return rows.with_signal(torch.minimum(rows.signal, high - strengths * (high - low)))
