"""What stands in for masked points where a filter reaches over them: a function of visible points only."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["fill_masked"]


def fill_masked(values: Tensor, mask: Tensor) -> Tensor:
    """Bridge masked points by straight lines.

    Left at zero they would be data to a filter, and each edge of a mask a band. A line between the two visible
    neighbours has the slope of neither, but no jump.

    Parameters
    ----------
    values : Tensor, shape (batch, channels, points)
        Finite where visible; anything at all where masked.
    mask : Tensor, shape (batch, points), bool
        True where a point is hidden, in every channel.

    Returns
    -------
    Tensor, shape (batch, channels, points)
        Visible points as they are, bit for bit; between two of them the line; beyond the outermost its level; 0 where
        no point of a spectrum is visible.
    """
    hidden, points = mask.unsqueeze(1), mask.shape[-1]
    visible = values.masked_fill(hidden, 0.0)
    place = torch.arange(points, device=mask.device).expand_as(mask)
    left = place.masked_fill(mask, -1).cummax(dim=-1).values
    right = place.masked_fill(mask, points).flip(-1).cummin(dim=-1).values.flip(-1)
    # Beyond the outermost visible point both neighbours are that point; where there is none, a masked one, which is 0.
    left, right = torch.where(left < 0, right, left), torch.where(right == points, left, right)
    left, right = (side.clamp(0, points - 1) for side in (left, right))
    gone, apart = ((to - left).to(values.dtype).unsqueeze(1) for to in (place, right))
    share = (gone / apart.clamp_min(1.0)).clamp(0.0, 1.0)
    before, after = (visible.gather(-1, side.unsqueeze(1).expand_as(values)) for side in (left, right))
    # Not before + share · (after − before): the difference of two large values of opposite sign is infinite.
    return torch.where(hidden, (1.0 - share) * before + share * after, visible)
