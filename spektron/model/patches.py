"""Cutting a spectrum into windows, which of them a mask touches, and putting them together again."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spektron.model.scales import Scale
from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["PatchEmbedding", "join_windows", "overlaps", "touched_windows", "windows"]


def windows(values: Tensor, scale: Scale) -> Tensor:
    """Cut the last axis into windows: ``(..., points)`` → ``(..., tokens, patch)``."""
    if scale.patch != 2 * scale.stride:
        return values.unfold(-1, scale.patch, scale.stride)
    # Two neighbouring half-windows side by side: copying whole halves is several times faster than gathering points.
    halves = values.reshape(*values.shape[:-1], scale.num_tokens + 1, scale.stride)
    return torch.cat([halves[..., :-1, :], halves[..., 1:, :]], dim=-1)


def touched_windows(mask: Tensor, scale: Scale) -> Tensor:
    """Say which windows hold a masked point: ``(batch, points)`` → ``(batch, tokens)``, bool."""
    if scale.patch != 2 * scale.stride:
        return mask.unfold(-1, scale.patch, scale.stride).any(dim=-1)
    halves = mask.reshape(mask.shape[0], scale.num_tokens + 1, scale.stride).any(dim=-1)
    return halves[:, :-1] | halves[:, 1:]


def join_windows(patches: Tensor, scale: Scale) -> Tensor:
    """Average what overlapping windows say of each point: ``(batch, tokens, patch)`` → ``(batch, points)``."""
    if scale.patch != 2 * scale.stride:
        total = _added(patches, scale)
        return total / _added(torch.ones_like(patches[:1]), scale)
    left, right = torch.split(patches, scale.stride, dim=-1)
    inner = (left[:, 1:] + right[:, :-1]) * 0.5
    return torch.cat([left[:, :1], inner, right[:, -1:]], dim=1).flatten(1)


def overlaps(of: Scale, with_: Scale) -> Tensor:
    """Points that each window of one scale shares with each of another, ``(of.num_tokens, with_.num_tokens)``."""
    starts, others = (torch.arange(s.num_tokens, dtype=torch.float32) * s.stride for s in (of, with_))
    ends = torch.minimum(starts[:, None] + of.patch, others + with_.patch)
    return (ends - torch.maximum(starts[:, None], others)).clamp_min(0.0)


class PatchEmbedding(nn.Module):
    """One linear map from the points of a window, in all channels, to a token."""

    def __init__(self, scale: Scale, in_channels: int, dim: int) -> None:
        super().__init__()
        self.scale = scale
        self.project = nn.Linear(in_channels * scale.patch, dim)

    def forward(self, values: Tensor) -> Tensor:
        """Embed ``(batch, channels, points)`` as ``(batch, tokens, dim)``."""
        cut = windows(values, self.scale).transpose(1, 2).flatten(2)
        projected: Tensor = self.project(cut)
        return projected


def _added(patches: Tensor, scale: Scale) -> Tensor:
    total = F.fold(patches.transpose(1, 2), (1, NUM_POINTS), (1, scale.patch), stride=(1, scale.stride))
    return total.flatten(1)
