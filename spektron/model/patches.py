"""Cutting a spectrum into half-overlapping windows, which of them a mask touches, and putting them together again."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spektron.model.config import Scale

__all__ = ["PatchEmbedding", "join_windows", "touched_windows", "windows"]


def windows(values: Tensor, scale: Scale) -> Tensor:
    """Cut the last axis into windows: ``(..., points)`` → ``(..., tokens, patch)``.

    Two neighbouring half-windows side by side: the stride is half the patch, and copying whole halves is several times
    faster than gathering single points through `Tensor.unfold`.
    """
    halves = values.reshape(*values.shape[:-1], scale.num_tokens + 1, scale.stride)
    return torch.cat([halves[..., :-1, :], halves[..., 1:, :]], dim=-1)


def touched_windows(mask: Tensor, scale: Scale) -> Tensor:
    """Say which windows hold a masked point: ``(batch, points)`` → ``(batch, tokens)``, bool."""
    halves = mask.reshape(mask.shape[0], scale.num_tokens + 1, scale.stride).any(dim=-1)
    return halves[:, :-1] | halves[:, 1:]


def join_windows(patches: Tensor, scale: Scale) -> Tensor:
    """Average what overlapping windows say of each point: ``(batch, tokens, patch)`` → ``(batch, points)``."""
    left, right = torch.split(patches, scale.stride, dim=-1)
    inner = (left[:, 1:] + right[:, :-1]) * 0.5
    return torch.cat([left[:, :1], inner, right[:, -1:]], dim=1).flatten(1)


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
