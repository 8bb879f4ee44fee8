"""Centre and scale of a spectrum, taken of its visible points only."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from spektron.model.config import Normalisation

__all__ = ["Normalised", "normalise_visible"]

# A float32 carries 7 digits: where the visible part varies by less than 1e-6 of its size, that variation is rounding,
# and dividing by it would blow rounding up to the size of a band.
RELATIVE_FLOOR = 1e-6
# Keeps an all-zero visible part at 0 / 1e-30 = 0. Smaller than any unit in use (cross-sections in cm² are near 1e-20).
ABSOLUTE_FLOOR = 1e-30


class Normalised(NamedTuple):
    """A spectrum as the encoder may see it, and the way back: ``intensity = values · scale + center``.

    Attributes
    ----------
    values : Tensor, shape (batch, channels, points)
        Normalised; 0 at every masked point.
    center, scale : Tensor, shape (batch, channels)
        Of the visible points, in the intensity's unit; scale > 0. (0, 1) where no point is visible.
    """

    values: Tensor
    center: Tensor
    scale: Tensor


def normalise_visible(intensity: Tensor, mask: Tensor, kind: Normalisation) -> Normalised:
    """Replace masked points, then centre and scale by what is left.

    Parameters
    ----------
    intensity : Tensor, shape (batch, channels, points)
        Finite where visible; anything at all (NaN, infinities) where masked.
    mask : Tensor, shape (batch, points), bool
        True where a point is hidden, in every channel.
    kind : {"standard", "minmax", "none"}
        (mean, standard deviation), (minimum, range) or (0, 1) of the visible points.
    """
    hidden = mask.unsqueeze(1)
    # Replaced, not multiplied by zero: NaN · 0 is NaN. Nothing below reads `intensity` again.
    visible = intensity.masked_fill(hidden, 0.0)
    if kind == "none":
        center = visible.new_zeros(visible.shape[:2])
        return Normalised(visible, center, center + 1.0)
    # In units of the largest visible point: squares of a cross-section in cm² (1e-20) would underflow in float32.
    size = visible.abs().amax(dim=-1, keepdim=True).clamp_min(ABSOLUTE_FLOOR)
    visible = visible / size
    center, spread = _standard(visible, hidden) if kind == "standard" else _minmax(visible, hidden)
    spread = spread.clamp_min(RELATIVE_FLOOR)
    values = ((visible - center) / spread).masked_fill(hidden, 0.0)
    some = (~mask).any(dim=1, keepdim=True)
    center, scale = (center * size).squeeze(-1), (spread * size).squeeze(-1)
    return Normalised(values, torch.where(some, center, 0.0), torch.where(some, scale, 1.0))


def _standard(visible: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
    count = (~hidden).sum(dim=-1, keepdim=True).clamp_min(1)
    mean = visible.sum(dim=-1, keepdim=True) / count
    # Two passes: the mean of squares minus the squared mean loses a Raman band on a background of 8e5 counts.
    centred = (visible - mean).masked_fill(hidden, 0.0)
    return mean, (centred.square().sum(dim=-1, keepdim=True) / count).sqrt()


def _minmax(visible: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
    lowest = visible.masked_fill(hidden, torch.inf).amin(dim=-1, keepdim=True)
    highest = visible.masked_fill(hidden, -torch.inf).amax(dim=-1, keepdim=True)
    return lowest, highest - lowest
